"""What `--rules` and `--permit` mean: the charter that a job keeps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from moravec.commands.minds import BrainOptions, text_in
from moravec.commands.options import unset

if TYPE_CHECKING:
    from moravec.brain.conduct.charter import Charter
    from moravec.core.workplace import Workplace


@dataclass(frozen=True, kw_only=True)
class CharterOptions(BrainOptions):
    """What a command takes that makes plans."""

    rules: Annotated[Path | None, unset("FILE")] = None
    """Rules of the workplace's own, a TOML file, that hold besides the built-in ones; see docs/rules.md."""
    permit: Annotated[str | None, unset("PERMIT")] = None
    """What plans may do: "skills=NAME,NAME places=NAME,NAME categories=NAME,NAME", each of which may be left out."""


def opened_charter(options: CharterOptions, workplace: Workplace) -> Charter:
    """The charter that `options` state in the words of `workplace`. Raises BadInput."""
    from moravec.brain.conduct.charter import Charter
    from moravec.brain.conduct.permit import permit_of
    from moravec.brain.conduct.rules_file import charter_of
    from moravec.skills.manifests import BY_NAME

    charter = Charter() if options.rules is None else charter_of(text_in("--rules", options.rules), workplace)
    return charter if options.permit is None else replace(charter, permit=permit_of(options.permit, workplace, BY_NAME))
