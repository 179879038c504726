"""What a tool takes: declared once, shown to clients as a JSON schema, and read strictly."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from moravec.core.errors import BadInput

LONGEST = 1000  # characters of a text, where nothing else is said


@dataclass(frozen=True, slots=True)
class Field:
    """One argument. `low` and `high` bound a number, or the characters of a text; `choices` are all that a text may be.

    kind   "text"; "whole" or "number"; "position": three numbers [m]
    """

    name: str
    kind: Literal["text", "whole", "number", "position"]
    doc: str
    low: float = 1
    high: float = LONGEST
    choices: tuple[str, ...] = ()
    required: bool = False


def schema_of(fields: Sequence[Field]) -> dict[str, Any]:
    """The JSON schema of an object with these fields and no others."""
    return {
        "type": "object", "properties": {field.name: _schema(field) for field in fields},
        "required": [field.name for field in fields if field.required], "additionalProperties": False,
    }  # fmt: skip


def read(tool: str, fields: Sequence[Field], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that were given, each as its field says. Raises BadInput."""
    names = [field.name for field in fields]
    for name in arguments:
        if name not in names:
            raise BadInput(f"an argument of {tool!r}", name[:LONGEST], names or "none, it takes no arguments")
    found: dict[str, Any] = {}
    for field in fields:
        value = arguments.get(field.name)
        if value is not None:
            found[field.name] = _value(f"{field.name!r} of {tool!r}", field, value)
        elif field.required:
            raise BadInput(f"{field.name!r} of {tool!r}", "nothing", f"{_allowed(field)}: {field.doc}")
    return found


def _schema(field: Field) -> dict[str, Any]:
    if field.kind == "position":
        return {"type": "array", "items": {"type": "number"}, "minItems": 3, "maxItems": 3, "description": field.doc}
    if field.kind == "text":
        shape: dict[str, Any] = {"enum": list(field.choices)} if field.choices else {
            "minLength": int(field.low), "maxLength": int(field.high)
        }  # fmt: skip
        return {"type": "string", **shape, "description": field.doc}
    kind = "integer" if field.kind == "whole" else "number"
    return {"type": kind, "minimum": field.low, "maximum": field.high, "description": field.doc}


def _allowed(field: Field) -> str:
    if field.kind == "position":
        return "a list of three numbers [m]"
    if field.kind == "text":
        return f"a text of {field.low:g} to {field.high:g} characters"
    return f"a {'whole number' if field.kind == 'whole' else 'number'} from {field.low:g} to {field.high:g}"


def _value(asked: str, field: Field, value: Any) -> Any:
    if field.kind == "text":
        if field.choices and value not in field.choices:
            raise BadInput(asked, _short(value), field.choices)
        if not isinstance(value, str) or not (field.choices or field.low <= len(value) <= field.high):
            raise BadInput(asked, _short(value), _allowed(field))
        return value
    if field.kind == "position":
        if not (isinstance(value, list) and len(value) == 3 and all(_is_number(part) for part in value)):
            raise BadInput(asked, _short(value), _allowed(field))
        return tuple(float(part) for part in value)
    whole = field.kind == "whole"
    if not _is_number(value) or (whole and value != int(value)) or not field.low <= value <= field.high:
        raise BadInput(asked, _short(value), _allowed(field))
    return int(value) if whole else float(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300 and math.isfinite(value)


def _short(value: Any) -> Any:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 80 else f"{text[:80]}… ({len(text)} characters)"
