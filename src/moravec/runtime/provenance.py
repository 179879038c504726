"""What ran: versions, and hashes of code and configuration."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import moravec
from moravec.guard.limits import LimitTable

_PACKAGES = ("numpy", "scipy", "mujoco", "mink", "ruckig", "opencv-python-headless", "onnxruntime", "mcap")


@cache
def code_sha256() -> str:
    """SHA-256 over the package's own source files, in the order of their names."""
    root = Path(moravec.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py"), key=lambda p: p.relative_to(root).as_posix()):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def models_sha256() -> dict[str, str]:
    """SHA-256 of each trained model that the package carries, by its path in the package."""
    root = Path(moravec.__file__).parent
    return {p.relative_to(root).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(root.rglob("*.onnx"))}


def versions() -> dict[str, str]:
    """Of this project, of Python, and of every package that can change a result."""
    found = {"moravec": moravec.__version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found | {"code": code_sha256()[:16]}


def tape_meta(instruction: str, limits: LimitTable, config: Mapping[str, Any]) -> dict[str, Any]:
    """The first record of a tape. `config` is plain JSON data and holds the "seed"."""
    text = json.dumps(dict(config), sort_keys=True)
    return {
        "instruction": instruction,
        "seed": config["seed"],
        "config": dict(config),
        "guard_limits": json.loads(limits.to_json()),
        "versions": versions(),
        "hashes": {
            "code": code_sha256(),
            "config": hashlib.sha256(text.encode()).hexdigest(),
            "guard_limits": limits.sha256(),
            **models_sha256(),
        },
    }
