"""The JSON schemas of answers. Every field is required, as strict servers want it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from moravec.brain.remote.strict import LONGEST_READING, MOST_READINGS, SKILLS


def reading_schema() -> dict[str, Any]:
    """Of an answer that `strict.meant_in` takes."""
    line = {"type": "string", "maxLength": LONGEST_READING}
    return _object({"readings": {"type": "array", "minItems": 1, "maxItems": MOST_READINGS, "items": line}})


def plan_schema() -> dict[str, Any]:
    """Of an answer that `strict.plan_of` takes."""
    step = _object({"skill": _enum(SKILLS), "item": _or_null(_TEXT), "place": _or_null(_TEXT)})
    return _object({"why": _TEXT, "steps": {"type": "array", "items": step}})


def points_schema(key: str) -> dict[str, Any]:
    """Of an answer that names points in a picture, under `key`."""
    pair = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
    return _object({"points": {"type": "array", "items": _object({"label": _TEXT, key: pair})}})


_TEXT: dict[str, Any] = {"type": "string"}


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties), "required": list(properties), "additionalProperties": False}


def _enum(words: Iterable[str]) -> dict[str, Any]:
    return {"type": "string", "enum": list(words)}


def _or_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"anyOf": [dict(schema), {"type": "null"}]}
