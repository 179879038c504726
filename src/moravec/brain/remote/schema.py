"""The JSON schemas of answers, in the workplace's own words. Every field is required, as strict servers want it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from moravec.brain.goal import SIZES
from moravec.brain.remote.strict import KINDS, MOST_COUNT, QUERIES, SKILLS, destinations, origins
from moravec.brain.rules import RULES
from moravec.core.workplace import Workplace


def reading_schema(workplace: Workplace) -> dict[str, Any]:
    """Of an answer that `strict.reading_from_json` takes."""
    goal = {"type": "array", "minItems": 1, "items": _clause(workplace)}
    option = _object({"goal": _or_null(goal)})
    question = _object({"text": _TEXT, "why": _TEXT, "options": {"type": "array", "minItems": 2, "items": option}})
    refusal = _object({"rule": _enum(RULES), "why": _TEXT})
    return _object({"goal": _or_null(goal), "question": _or_null(question), "refusal": _or_null(refusal)})


def plan_schema() -> dict[str, Any]:
    """Of an answer that `strict.plan_of` takes."""
    step = _object({"skill": _enum(SKILLS), "item": _or_null(_TEXT), "place": _or_null(_TEXT)})
    return _object({"why": _TEXT, "steps": {"type": "array", "items": step}})


def points_schema(key: str) -> dict[str, Any]:
    """Of an answer that names points in a picture, under `key`."""
    pair = {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
    return _object({"points": {"type": "array", "items": _object({"label": _TEXT, key: pair})}})


_TEXT: dict[str, Any] = {"type": "string"}


def _clause(workplace: Workplace) -> dict[str, Any]:
    what = _selection(workplace)
    what["properties"]["exceptions"] = {"type": "array", "items": _selection(workplace)}
    what["required"] = list(what["properties"])
    return _object({
        "kind": _enum(KINDS), "what": what, "to": _or_null(_enum(destinations(workplace))),
        "query": _or_null(_enum(QUERIES)), "then": {"type": "boolean"},
    })  # fmt: skip


def _selection(workplace: Workplace) -> dict[str, Any]:
    return _object({
        "categories": _some(workplace.categories), "colours": _some(workplace.colours), "sizes": _some(SIZES),
        "codes": {"type": "array", "items": _TEXT}, "condition": _or_null(_enum(("damaged", "intact"))),
        "place": _or_null(_enum(origins(workplace))),
        "count": _or_null({"type": "integer", "minimum": 1, "maximum": MOST_COUNT}),
        "definite": {"type": "boolean"}, "rest": {"type": "boolean"},
    })  # fmt: skip


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": dict(properties), "required": list(properties), "additionalProperties": False}


def _enum(words: Iterable[str]) -> dict[str, Any]:
    return {"type": "string", "enum": list(words)}


def _some(words: Iterable[str]) -> dict[str, Any]:
    return {"type": "array", "items": _enum(words)}


def _or_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"anyOf": [dict(schema), {"type": "null"}]}
