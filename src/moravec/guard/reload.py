"""A limit table from the JSON that it wrote. Whatever else stands in a file is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from moravec.core.errors import GuardConfigError
from moravec.guard.limits import JOINT_VECTORS, LimitTable
from moravec.guard.parts import Box, Capsule, Obstacle, Touch, Zone, refused
from moravec.guard.separation import Separation

_PARTS: Mapping[str, type] = {
    "allowed": Box,
    "forbidden": Box,
    "bodies": Capsule,
    "obstacles": Obstacle,
    "zones": Zone,
    "separation": Separation,
    "touch": Touch,
    "box": Box,
}


def limits_from_json(text: str) -> LimitTable:
    """The table that `LimitTable.to_json` wrote. Raises GuardConfigError for anything else."""
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise GuardConfigError(f"limit table: found text that is not JSON ({error}); allowed: JSON") from error
    made = _made("limit table", LimitTable, raw)
    assert isinstance(made, LimitTable)
    return made


def _made(what: str, kind: type, raw: Any) -> Any:
    names = {field.name for field in fields(kind)}
    if not isinstance(raw, dict) or set(raw) != names:
        found = sorted(names.symmetric_difference(raw)) if isinstance(raw, dict) else type(raw).__name__
        raise refused(f"{what}: fields missing or unknown", found, "exactly " + ", ".join(sorted(names)))
    return kind(**{name: _value(name, value) for name, value in raw.items()})


def _value(name: str, value: Any) -> Any:
    kind = _PARTS.get(name)
    if kind is not None and name not in ("separation", "touch", "box"):
        if not isinstance(value, list):
            raise refused(name, value, "a list")
        return tuple(_made(name, kind, item) for item in value)
    if kind is not None:
        return None if value is None else _made(name, kind, value)
    if name in JOINT_VECTORS and not isinstance(value, list):
        raise refused(name, value, "a list")
    return _frozen(value)


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
