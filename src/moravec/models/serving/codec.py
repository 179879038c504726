"""Messages as bytes: msgpack, with arrays in the form of openpi's client (openpi_client.msgpack_numpy).

An array is a map of four, its keys bytes: `{b"__ndarray__": True, b"data": C order, b"dtype": "<f4", b"shape": [..]}`.
A numpy scalar is `{b"__npgeneric__": True, b"data": .., b"dtype": ..}`. Keys that are text (vla-eval) are read as well.
Nothing that is read is run: no pickle, no objects, no extension types.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgpack
import numpy as np

from moravec.core.errors import BadInput

MIB = 1 << 20
KINDS = "biufSU"  # truth, whole numbers, floats, bytes, text; never V (records), O (objects) or c (complex)
DTYPE = re.compile(rf"[<>=|]?[{KINDS}]\d{{1,7}}")
WIDEST = 8  # bytes of one number: longer floats differ between machines
LAST_LETTER = 0x10FFFF
REFUSED = "bool, int, uint, float of up to 64 bits, bytes or text"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a message may be at most. `items` counts everything in it: a number, a key, an array's bytes, each is
    one."""

    message_bytes: int = 32 * MIB
    depth: int = 16
    items: int = 10_000
    dimensions: int = 8


LIMITS = Limits()


def pack(value: object) -> bytes:
    """`value` as bytes: maps, lists, text, bytes, numbers and arrays. Raises BadInput for anything else."""
    try:
        packed: bytes = msgpack.packb(value, default=_plain, use_bin_type=True)
    except (TypeError, ValueError, OverflowError) as error:  # an unknown type; too deep or half a letter; too large
        raise BadInput("a message to send", str(error)[:200], "maps, lists, text, bytes, numbers and arrays") from error
    return packed


def unpack(data: bytes, limits: Limits = LIMITS) -> Any:
    """What `data` says. Arrays are read-only and share its memory; scalars of numpy stay scalars of numpy.

    Raises BadInput for what is longer, deeper or more than `limits`, cut short, followed by more, or no msgpack, and
    for an array whose bytes, shape and type do not fit.
    """
    if len(data) > limits.message_bytes:
        raise BadInput("a message", f"{len(data):,} bytes", f"at most {limits.message_bytes:,}")
    _measure(data, limits)

    def known(found: dict[Any, Any]) -> Any:
        return _known(found, limits)

    try:
        return msgpack.unpackb(data, object_hook=known, raw=False, strict_map_key=True)
    except ValueError as error:  # no text in UTF-8; a key that is neither text nor bytes
        raise BadInput("a message", str(error)[:200], "msgpack, its keys text") from error


def _plain(value: object) -> object:
    """An array or a numpy scalar as a map."""
    if not isinstance(value, np.ndarray | np.generic):
        raise TypeError(f"{type(value).__name__} cannot be sent")
    _allowed(value.dtype)
    if isinstance(value, np.ndarray):
        return {b"__ndarray__": True, b"data": value.tobytes(), b"dtype": value.dtype.str, b"shape": value.shape}
    return {b"__npgeneric__": True, b"data": value.item(), b"dtype": value.dtype.str}


def _allowed(dtype: np.dtype[Any]) -> None:
    wide = WIDEST if dtype.kind not in "SU" else math.inf
    if dtype.kind not in KINDS or not 1 <= dtype.itemsize <= wide:
        raise BadInput("an array's type", str(dtype), REFUSED)


def _known(found: dict[Any, Any], limits: Limits) -> Any:
    """A map, or the array or scalar that it stands for."""
    for key, build in ((b"__ndarray__", _array), (b"__npgeneric__", _scalar)):
        if key in found:
            return build({_name(k): v for k, v in found.items()}, limits)
        if key.decode() in found:
            return build(found, limits)
    return found


def _name(key: str | bytes) -> str:
    return key.decode("latin-1") if isinstance(key, bytes) else key


def _dtype(found: Mapping[str, Any]) -> np.dtype[Any]:
    name = found.get("dtype")
    if not isinstance(name, str) or not DTYPE.fullmatch(name):
        raise BadInput("an array's type", str(name)[:40], REFUSED)
    try:
        dtype = np.dtype(name)
    except TypeError as error:  # "<f3"
        raise BadInput("an array's type", name, REFUSED) from error
    _allowed(dtype)
    return dtype


def _array(found: Mapping[str, Any], limits: Limits) -> np.ndarray[Any, Any]:
    dtype, data, shape = _dtype(found), found.get("data"), found.get("shape")
    if not isinstance(shape, list) or not all(type(n) is int and 0 <= n <= limits.message_bytes for n in shape):
        raise BadInput("an array's shape", str(shape)[:100], f"up to {limits.dimensions} whole numbers, 0 or more")
    if len(shape) > limits.dimensions:
        raise BadInput("an array's shape", f"{len(shape)} dimensions", f"at most {limits.dimensions}")
    if not isinstance(data, bytes) or len(data) != math.prod(shape) * dtype.itemsize:
        has = f"{len(data):,} bytes" if isinstance(data, bytes) else type(data).__name__
        raise BadInput("an array's data", has, f"{math.prod(shape) * dtype.itemsize:,} bytes for {shape} of {dtype}")
    array: np.ndarray[Any, Any] = np.ndarray(tuple(shape), dtype, data)
    if dtype.kind == "U" and array.size:
        letters = np.frombuffer(data, dtype.str[0] + "u4")
        if int(letters.max()) > LAST_LETTER:
            raise BadInput("an array's text", f"the letter {int(letters.max()):#x}", f"letters up to {LAST_LETTER:#x}")
    return array


def _scalar(found: Mapping[str, Any], limits: Limits) -> np.generic:
    dtype, data = _dtype(found), found.get("data")
    wanted = {"S": bytes, "U": str}.get(dtype.kind, (bool, int, float))
    if not isinstance(data, wanted):
        raise BadInput("a number", type(data).__name__, f"one {dtype}")
    try:
        with np.errstate(over="raise"):
            scalar: np.generic = dtype.type(data)
    except (TypeError, ValueError, ArithmeticError) as error:
        raise BadInput("a number", str(data)[:40], f"one {dtype}") from error
    return scalar


# What follows a first byte from 0xc0 to 0xdf: so many bytes; a length of so many bytes; a count of so many bytes, and
# how many items each counts for.
_FIXED = {0xC0: 0, 0xC2: 0, 0xC3: 0, 0xCA: 4, 0xCB: 8, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8}
_LONG = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4}
_MANY = {0xDC: (2, 1), 0xDD: (4, 1), 0xDE: (2, 2), 0xDF: (4, 2)}


def _measure(data: bytes, limits: Limits) -> None:
    """Walks over the message without building anything of it. A few bytes can ask for gigabytes: they are refused
    here."""
    at, size, items = 0, len(data), 0
    left = [1]  # what is still to come, container by container
    while left:
        if left[-1] == 0:
            left.pop()
            continue
        left[-1] -= 1
        items += 1
        if items > limits.items:
            raise BadInput("a message", f"more than {limits.items:,} items", "fewer: numbers travel as arrays")
        if at >= size:
            raise BadInput("a message", f"{size:,} bytes, cut short", "one whole msgpack value")
        at, inside = _head(data, at)
        if inside:
            left.append(inside)
            if len(left) > limits.depth:
                raise BadInput("a message", "maps or lists within each other", f"at most {limits.depth - 1} deep")
    if at != size:
        what = "cut short" if at > size else f"{size - at:,} of them after its end"
        raise BadInput("a message", f"{size:,} bytes, {what}", "one whole msgpack value")


def _head(data: bytes, at: int) -> tuple[int, int]:
    """The place after the item at `at`, as far as it is no container, and how many items it contains."""
    first = data[at]
    at += 1
    if first <= 0x7F or first >= 0xE0:
        return at, 0
    if first <= 0x8F:
        return at, 2 * (first & 0x0F)
    if first <= 0x9F:
        return at, first & 0x0F
    if first <= 0xBF:
        return at + (first & 0x1F), 0
    if first in _FIXED:
        return at + _FIXED[first], 0
    if first in _LONG:
        width = _LONG[first]
        return at + width + int.from_bytes(data[at : at + width], "big"), 0
    if first in _MANY:
        width, each = _MANY[first]
        return at + width, each * int.from_bytes(data[at : at + width], "big")
    raise BadInput("a message", f"the type {first:#04x}", "nil, truth, numbers, text, bytes, lists and maps")
