"""What `--rules` and `--permit` mean: the charter that a job keeps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from moravec.commands.minds import text_in

if TYPE_CHECKING:
    from moravec.brain.conduct.charter import Charter
    from moravec.core.workplace import Workplace


class Ruled(Protocol):
    """Options of a command that has a job planned."""

    @property
    def rules(self) -> Path | None:
        """The workplace's own rules."""
        ...

    @property
    def permit(self) -> str | None:
        """What plans may do."""
        ...


def opened_charter(options: Ruled, workplace: Workplace) -> Charter:
    """The charter that `options` state in the words of `workplace`. Raises BadInput."""
    from moravec.brain.conduct.charter import Charter
    from moravec.brain.conduct.permit import permit_of
    from moravec.brain.conduct.rules_file import charter_of
    from moravec.skills.manifests import BY_NAME

    charter = Charter() if options.rules is None else charter_of(text_in("--rules", options.rules), workplace)
    return charter if options.permit is None else replace(charter, permit=permit_of(options.permit, workplace, BY_NAME))
