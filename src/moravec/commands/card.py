"""`moravec card`: what a model takes and gives, what it was measured to do, and where it fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import tyro

from moravec.commands.options import Options, show
from moravec.core.errors import BadInput


@dataclass(frozen=True, kw_only=True)
class Card(Options):
    """Show a model's card, after its signature and files were checked."""

    model: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="manip|reader|DIR")]
    """A shipped model, or a folder of 'moravec export'."""
    trust: Annotated[str, tyro.conf.arg(metavar="KEYS")] = ""
    """Public keys of models to trust besides the project's, separated by commas."""

    def execute(self) -> int:
        """Prints it. Raises BadInput for a model that is none, or whose signature does not hold."""
        from moravec.brain.reader import card as reader
        from moravec.models import card as manip
        from moravec.models.package import open_package
        from moravec.models.suite import TRUSTED, folder_of, keys

        package = open_package(folder_of(self.model), (*TRUSTED, *keys(self.trust)))
        cards = {"manip": manip.markdown, "reader": reader.markdown}
        kind = str(package.manifest.get("kind"))
        if kind not in cards:
            raise BadInput(f"the model {package.folder}, its kind", kind, cards)
        show(self, package.manifest, cards[kind](package))
        return 0
