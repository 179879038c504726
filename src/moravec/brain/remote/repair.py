"""JSON out of a model's answer: found, and read strictly. What is cut short or stands there twice is no answer.

Repaired is only what cannot change the meaning: prose and fences around it, a model's thinking before it, commas before a
closing bracket. Nothing that is missing is ever added.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from moravec.core.errors import BadInput

DEPTH = 32  # of nesting; a goal needs seven
LONGEST = 200_000  # characters; a plan of the most steps has fewer
MOST = 20  # values in one text
_SHOWN = 120
_THINKS = re.compile(r"<think(?:ing)?>", re.IGNORECASE)
_THOUGHT = re.compile(r"</think(?:ing)?>", re.IGNORECASE)
_FENCE = "```"
_CLOSING = {"{": "}", "[": "]"}


def json_of(text: str) -> Any:
    """The one JSON object or list in `text`. Raises BadInput: none, more than one, cut short, or not strictly JSON."""
    if len(text) > LONGEST:
        raise BadInput("an answer in JSON", f"{len(text)} characters", f"at most {LONGEST}")
    text = text.removeprefix("\ufeff").strip()
    if text[:1] in _CLOSING:  # the usual case; what stands in its strings is left alone
        whole = _pieces(text)
        if len(whole) == 1 and whole[0] == text:
            return _strict(text)
    text = _after_thinking(text)
    blocks = [re.sub("^json", "", block, flags=re.IGNORECASE).strip() for block in text.split(_FENCE)[1::2]]
    fenced = [block for block in blocks if block[:1] in _CLOSING]
    found = [piece for block in fenced for piece in _pieces(block)] if fenced else _pieces(text)
    if not found:
        raise BadInput("an answer in JSON", _shown(text), "one JSON object and nothing else")
    values = [_strict(piece) for piece in found]
    if any(json.dumps(value, sort_keys=True) != json.dumps(values[0], sort_keys=True) for value in values[1:]):
        raise BadInput("an answer in JSON", f"{len(values)} different JSON values", "one JSON object and nothing else")
    return values[0]


def _after_thinking(text: str) -> str:
    """What follows a model's thinking, whose beginning some servers leave out. Raises BadInput for thinking without end."""
    ends = [found.end() for found in _THOUGHT.finditer(text)]
    text = text[ends[-1] :] if ends else text
    if _THINKS.search(text):
        raise BadInput("an answer in JSON", "thinking that does not end", "one JSON object and nothing else")
    return text


def _pieces(text: str) -> list[str]:
    """The outermost objects and lists in `text`. Raises BadInput for one that is not closed, or nested too deeply, and for too
    many."""
    pieces: list[str] = []
    open_: list[str] = []
    start = 0
    for at, mark in _marks(text):
        if mark in _CLOSING:
            if not open_:
                start = at
            open_.append(_CLOSING[mark])
            if len(open_) > DEPTH:
                raise BadInput("an answer in JSON", f"nesting beyond {DEPTH} levels", "one JSON object and nothing else")
        elif open_:
            if mark != open_.pop():
                raise BadInput("an answer in JSON", f"{mark!r} at {at}, which closes nothing", "one JSON object")
            if not open_:
                pieces.append(text[start : at + 1])
                if len(pieces) > MOST:
                    raise BadInput("an answer in JSON", f"more than {MOST} JSON values", "one JSON object and nothing else")
    if open_:
        raise BadInput("an answer in JSON", f"one that is cut off: … {text[-40:]}", "a whole JSON object")
    return pieces


def _marks(text: str) -> Iterator[tuple[int, str]]:
    """Every bracket outside strings, by its place. Before the first bracket a quotation mark is prose."""
    at, depth, end = 0, 0, len(text)
    while at < end:
        mark = text[at]
        if mark == '"' and depth:
            at += 1
            while at < end and text[at] != '"':
                at += 2 if text[at] == "\\" else 1
        elif mark in "{[":
            depth += 1
            yield at, mark
        elif mark in "}]":
            depth = max(depth - 1, 0)
            yield at, mark
        at += 1


def _without_last_commas(piece: str) -> str:
    """`piece` without commas that stand before a closing bracket; those in strings stay."""
    out: list[str] = []
    for number, part in enumerate(re.split(r'("(?:[^"\\]|\\.)*")', piece, flags=re.DOTALL)):
        out.append(part if number % 2 else re.sub(r",(\s*)(?=[}\]])", r"\1", part))
    return "".join(out)


def _strict(piece: str) -> Any:
    try:
        return _parsed(piece)
    except ValueError as first:
        mended = _without_last_commas(piece)
        if mended == piece:
            raise BadInput("an answer in JSON", f"{_shown(piece)} ({first})", "strict JSON") from first
        try:
            return _parsed(mended)
        except ValueError as error:
            raise BadInput("an answer in JSON", f"{_shown(piece)} ({error})", "strict JSON") from error


def _parsed(piece: str) -> Any:
    """Raises ValueError, for NaN, infinite numbers, names given twice and halves of characters as well."""
    value = json.loads(piece, object_pairs_hook=_once, parse_constant=_no_constant, parse_float=_finite)
    json.dumps(value, ensure_ascii=False).encode()
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name is given twice")
    return found


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is no number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text[:20]} is too large")
    return value


def _shown(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _SHOWN else f"{flat[:_SHOWN]} …"
