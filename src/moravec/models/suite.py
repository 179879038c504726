"""The models that come with the project, and the keys that sign them."""

from __future__ import annotations

from pathlib import Path

from moravec.core.errors import BadInput

SHIPPED = ("manip",)
PICK = Path(__file__).parent / "manip" / "pick"  # where the model of the learned pick stands, if one came with the package
TRUSTED: tuple[str, ...] = ()  # public keys, in hex


def shipped_folder(name: str) -> Path:
    """The folder of a model that is part of the package. Raises BadInput."""
    if name not in SHIPPED:
        raise BadInput("the model", name, SHIPPED)
    return Path(__file__).parent / name / "weights"
