"""A reader's package: what is in its folder, how it is written from a run, and how it is opened for work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from moravec.brain.reader.calibrate import Calibration
from moravec.brain.reader.grammar import WISHES
from moravec.brain.reader.reader import Reader
from moravec.core.errors import BadInput
from moravec.models.package import Package, open_package, write_package
from moravec.models.reader.network import READ_FILE, WRITE_FILE, Network
from moravec.models.reader.text import Vocabulary

KIND = "reader"


def write(
    folder: Path, facts: Mapping[str, Any], difference: float, calibration: Calibration, evaluation: Mapping[str, Any],
    key: Ed25519PrivateKey,
) -> Package:  # fmt: skip
    """Signs a folder in which both files stand. `facts` are those of the run, `difference` is the parity with PyTorch."""
    manifest = {
        "kind": KIND, "vocabulary": facts["vocabulary"], "tokens": facts["tokens"], "calibration": calibration.plain(),
        "parameters": facts["parameters"], "data": facts["data"], "training": facts["config"], "step": facts["step"],
        "version": facts["version"], "parity": difference, "evaluation": dict(evaluation),
    }  # fmt: skip
    return write_package(folder, [READ_FILE, WRITE_FILE], manifest, key)


def open_reader(folder: Path, trusted: Iterable[str]) -> Reader:
    """Checks signature and files and loads. Raises BadInput, also for a reader of another grammar, and ContractError."""
    package = open_package(folder, trusted)
    manifest = package.manifest
    if manifest.get("kind") != KIND:
        raise BadInput(f"the model {folder}, its kind", manifest.get("kind"), KIND)
    try:
        tokens, vocabulary = tuple(manifest["tokens"]), Vocabulary(tuple(manifest["vocabulary"]))
        calibration = Calibration(**manifest["calibration"])
    except (KeyError, TypeError) as error:
        raise BadInput(f"the model {folder}, its manifest", repr(error), "that of a reader") from error
    if tokens != WISHES.tokens:
        raise BadInput(f"the reader {folder}, its grammar", f"{len(tokens)} other tokens", "one of this version; train it anew")
    return Reader(Network(package.file(READ_FILE), package.file(WRITE_FILE)), vocabulary, calibration)
