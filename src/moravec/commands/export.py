"""`moravec export`: a training run's weights as a signed folder that runs without PyTorch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from moravec.commands.options import Options, folder, needing, show
from moravec.core.errors import BadInput

KEY = Path("~/.config/moravec/signing.key")


@dataclass(frozen=True, kw_only=True)
class Export(Options):
    """Export a training run as a signed model that runs on ONNX.

    Compared with PyTorch on random inputs first. The key signs the manifest; whoever loads the model trusts its public half.
    """

    run: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="RUN")]
    """A run's folder, with weights.safetensors."""
    key: Annotated[Path, tyro.conf.arg(metavar="FILE")] = KEY
    """The private key; made where there is none."""
    evaluation: Annotated[str, tyro.conf.arg(metavar="FILES")] = ""
    """Files result.json of 'moravec trial', separated by commas, to stand in the manifest."""

    def execute(self) -> int:
        """Writes --out. Raises BadInput, ContractError where both forms differ, MoravecError without PyTorch."""
        with needing("train"):
            from moravec.models.checkpoint import load
            from moravec.models.manip.export import export, rebuilt
        from moravec.models.manip import shipped
        from moravec.models.manip.config import View
        from moravec.models.package import key_at

        if self.out is None:
            raise BadInput("'moravec export'", "no --out", "a folder for the model")
        weights, facts = load(self.run / "weights.safetensors")
        evaluation, key, out = _evaluation(self.evaluation), key_at(self.key.expanduser()), folder(self.out)
        difference = export(rebuilt(facts, weights), View(**facts["config"]["view"]), out / shipped.FILE)
        package = shipped.write(out, facts, difference, evaluation, key)
        size = (out / shipped.FILE).stat().st_size
        result = {"folder": str(out), "parameters": facts["parameters"], "bytes": size, "parity": difference, "key": package.key}
        show(self, result, f"{facts['parameters']:,} parameters, {size / 1e6:.1f} MB in {out}; largest difference from PyTorch "
             f"{difference:.2g}; public key {package.key}")  # fmt: skip
        return 0


def _evaluation(paths: str) -> dict[str, Any]:
    """Trials by the words and the drawing they were made with."""
    found: dict[str, Any] = {}
    for path in filter(None, paths.split(",")):
        try:
            trial = dict(json.loads(Path(path).read_text()))
            words = trial["sentences"] if trial["sentences"] in ("train", "held_out") else Path(trial["sentences"]).name
            drawn = f", drawing {trial['drawing']}" if "drawing" in trial else ""
            found[f"{trial['suite']}, sentences {words}{drawn}"] = trial
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise BadInput("--evaluation", f"{path}: {error!r}", "a result.json of 'moravec trial'") from error
    return found
