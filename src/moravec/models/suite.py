"""The models that come with the project, and the keys that sign them."""

from __future__ import annotations

from pathlib import Path

from moravec.core.errors import BadInput
from moravec.models.package import MANIFEST

POLICIES = ("manip",)
SHIPPED = (*POLICIES, "reader")
PICK = Path(__file__).parent / "manip" / "pick"  # where the model of the learned pick stands, if one came with the package
TRUSTED = ("b842bbc6676182624d9428ad4423a28d7164f5285cb34c76cddc28c67e8c6a81",)  # public keys, in hex


def shipped_folder(name: str) -> Path:
    """The folder of a model that is part of the package. Raises BadInput."""
    if name not in SHIPPED:
        raise BadInput("the model", name, SHIPPED)
    folder = Path(__file__).parent / name / "weights"
    if not (folder / MANIFEST).is_file():
        raise BadInput(f"the shipped model {name}", "no weights in this version", "a folder of 'moravec export'")
    return folder


def folder_of(model: str) -> Path:
    """The folder that a person means: a shipped model's by its name, or any by its path. Raises BadInput."""
    return shipped_folder(model) if model in SHIPPED else Path(model)


def keys(words: str) -> tuple[str, ...]:
    """Public keys that a person trusts, separated by commas."""
    return tuple(key for key in words.split(",") if key)
