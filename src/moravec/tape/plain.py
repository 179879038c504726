"""Values as JSON, without losing a bit of a number.

Python writes a float with the shortest digits that read back to the same bits, so finite numbers are exact. JSON has
no word for the others: they are written as the strings "NaN", "Infinity" and "-Infinity", as protobuf's JSON does; a
NaN of other bits than the usual ones as "NaN:" and its 16 hexadecimal digits.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

from moravec.core.errors import TapeError

_USUAL_NAN = struct.pack(">d", math.nan)
_NAN = re.compile("NaN:([0-9a-f]{16})")


def plain(value: Any) -> Any:
    """`value` as JSON data: dataclasses become objects, arrays and sets lists. Raises TapeError for anything else."""
    if value is None or isinstance(value, str | bool | int):
        return int(value) if isinstance(value, int) and type(value) not in (bool, int) else value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else _word(value)
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, Mapping):
        return {_key(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((plain(item) for item in value), key=encode)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    raise TapeError(
        f"the tape cannot hold a {type(value).__name__} as JSON; "
        "allowed: numbers, strings, lists, sets, mappings with string keys, arrays, dataclasses"
    )


def encode(value: Any) -> bytes:
    """`value` as canonical JSON: equal data gives equal bytes. Raises TapeError."""
    return json.dumps(plain(value), allow_nan=False, sort_keys=True, separators=(",", ":")).encode("ascii")


def decode(data: bytes) -> dict[str, Any]:
    """The JSON object in `data`. Raises TapeError."""
    try:
        value = json.loads(data)
    except ValueError as error:  # covers UnicodeDecodeError and JSONDecodeError
        raise TapeError(f"a JSON record on the tape cannot be read: {error}") from error
    if not isinstance(value, dict):
        raise TapeError(f"a JSON record on the tape is a {type(value).__name__}; allowed: an object")
    return value


def number(value: Any) -> float:
    """A float written by `plain`, with its words for non-finite numbers. Raises TapeError."""
    if isinstance(value, int | float) or (isinstance(value, str) and value in ("NaN", "Infinity", "-Infinity")):
        return float(value)
    odd = _NAN.fullmatch(value) if isinstance(value, str) else None
    if odd is not None:
        return float(struct.unpack(">d", bytes.fromhex(odd[1]))[0])
    raise TapeError(f"found {value!r} on the tape where a number belongs")


def _word(value: float) -> str:
    if math.isnan(value):
        bits = struct.pack(">d", value)
        return "NaN" if bits == _USUAL_NAN else f"NaN:{bits.hex()}"
    return "Infinity" if value > 0 else "-Infinity"


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise TapeError(f"the tape cannot hold {key!r} as the key of a JSON object; allowed: a string")
    return key
