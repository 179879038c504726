"""A Manip package: what is in its folder, how it is written from a run, and how it is opened for work."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from moravec.core.errors import BadInput
from moravec.models.contract import CameraSpec, Channel, PolicySpec
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
    spec = dict(facts["spec"]) | {"chunk": facts["config"]["net"]["chunk"]}
    manifest = {
        "kind": KIND, "spec": _finite(spec), "view": facts["config"]["view"], "normal": facts["normal"],
        "vocabulary": facts["vocabulary"], "parameters": facts["parameters"], "data": facts["data"], "training": facts["config"],
        "version": facts["version"], "parity": difference, "evaluation": dict(evaluation),
    }  # fmt: skip
    return write_package(folder, [FILE], manifest, key)


def open_policy(folder: Path, trusted: Iterable[str], threads: int = 2) -> ManipPolicy:
    """Checks signature and files and loads. Raises BadInput, ContractError."""
    package = open_package(folder, trusted)
    return ManipPolicy(package.file(FILE), recipe(package), threads)


def recipe(package: Package) -> Recipe:
    """What a manifest says beside the weights. Raises BadInput for another kind of model or a field that is missing."""
    manifest = package.manifest
    if manifest.get("kind") != KIND:
        raise BadInput(f"the model {package.folder}, its kind", manifest.get("kind"), KIND)
    try:
        spec = spec_from(manifest["spec"])
        return Recipe(spec, View(**manifest["view"]), normal_from(manifest["normal"]), Vocabulary(tuple(manifest["vocabulary"])))
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(f"the model {package.folder}, its manifest", repr(error), "what 'moravec export' wrote") from error


def spec_from(plain: Mapping[str, Any]) -> PolicySpec:
    """A specification out of JSON: bounds that are missing are infinite."""
    channels = {
        what: tuple(Channel(**{k: v for k, v in channel.items() if v is not None}) for channel in plain[what])
        for what in ("state", "action")
    }
    cameras = tuple(CameraSpec(**camera) for camera in plain["cameras"])
    return PolicySpec(channels["state"], cameras, channels["action"], plain["rate"], plain["chunk"], plain["language"])


def plain_spec(spec: PolicySpec) -> dict[str, Any]:
    """For JSON, which has no infinity."""
    return _finite(json.loads(json.dumps(asdict(spec))))


def _finite(spec: Mapping[str, Any]) -> dict[str, Any]:
    def mended(channel: Mapping[str, Any]) -> dict[str, Any]:
        return {k: None if isinstance(v, float) and abs(v) == float("inf") else v for k, v in channel.items()}

    return {**spec, **{what: [mended(channel) for channel in spec[what]] for what in ("state", "action")}}
