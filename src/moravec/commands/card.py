"""`moravec card`: what a model takes and gives, what it was measured to do, and where it fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import tyro

from moravec.commands.options import Options, show


@dataclass(frozen=True, kw_only=True)
class Card(Options):
    """Show a model's card, after its signature and files were checked."""

    model: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="manip|DIR")]
    """A shipped model, or a folder of 'moravec export'."""
    trust: Annotated[str, tyro.conf.arg(metavar="KEYS")] = ""
    """Public keys of models to trust besides the project's, separated by commas."""

    def execute(self) -> int:
        """Prints it. Raises BadInput for a model that is none, or whose signature does not hold."""
        from moravec.models.card import markdown
        from moravec.models.package import open_package
        from moravec.models.suite import TRUSTED, folder_of, keys

        package = open_package(folder_of(self.model), (*TRUSTED, *keys(self.trust)))
        show(self, package.manifest, markdown(package))
        return 0
