"""A Manip package: what is in its folder, how it is written from a run, and how it is opened for work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from moravec.core.errors import BadInput
from moravec.models.contract import plain_spec, spec_from
from moravec.models.manip.config import View
from moravec.models.manip.normal import normal_from
from moravec.models.manip.policy import ManipPolicy, Recipe
from moravec.models.manip.text import Vocabulary
from moravec.models.package import Package, open_package, write_package

FILE = "manip.onnx"
KIND = "manip"


def write(
    folder: Path, facts: Mapping[str, Any], difference: float, evaluation: Mapping[str, Any], key: Ed25519PrivateKey
) -> Package:
    """Signs a folder in which FILE stands. `facts` are those of the run, `difference` is the parity with PyTorch."""
    spec = replace(spec_from(facts["spec"]), chunk=facts["config"]["net"]["chunk"])
    manifest = {
        "kind": KIND, "spec": plain_spec(spec), "view": facts["config"]["view"], "normal": facts["normal"],
        "vocabulary": facts["vocabulary"], "parameters": facts["parameters"], "data": facts["data"],
        "training": facts["config"], "step": facts["step"],
        "version": facts["version"], "parity": difference, "evaluation": dict(evaluation),
    }  # fmt: skip
    return write_package(folder, [FILE], manifest, key)


def open_policy(folder: Path, trusted: Iterable[str], threads: int = 2) -> ManipPolicy:
    """Checks signature and files and loads. Raises BadInput, ContractError."""
    package = open_package(folder, trusted)
    return ManipPolicy(package.file(FILE), recipe(package), threads)


def recipe(package: Package) -> Recipe:
    """What a manifest says beside the weights.

    Raises BadInput for another kind of model or a field that is missing, ContractError for fields that do not fit each other.
    """
    manifest = package.manifest
    if manifest.get("kind") != KIND:
        raise BadInput(f"the model {package.folder}, its kind", manifest.get("kind"), KIND)
    try:
        spec = spec_from(manifest["spec"])
        return Recipe(spec, View(**manifest["view"]), normal_from(manifest["normal"]), Vocabulary(tuple(manifest["vocabulary"])))
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(f"the model {package.folder}, its manifest", repr(error), "what 'moravec export' wrote") from error
