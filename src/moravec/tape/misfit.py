"""Values that do not keep the contract of their field: a string for a number, an array of the wrong shape.

The guard refuses them, so the tape must hold them, and replay must refuse them again. The field takes a neutral value
and the note of the tick says, in words, what was really there; read back, the field holds those words, which fit it
no better than the original did. Whole numbers too large for the wire are noted too and come back as numbers.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np

from moravec.core.command import Command
from moravec.core.errors import TapeError
from moravec.core.observation import RobotState
from moravec.tape.records import Tick

_F64 = np.dtype(np.float64)
_EMPTY = np.zeros(0)
_NOBODY = np.zeros((0, 2))
_LONGEST = 2000  # characters of one value's words
_WHOLE = 2**63
_EXACT = 2**53  # whole numbers up to here are exact as float64

_NEUTRAL_STATE = RobotState(0, 0.0, _EMPTY, _EMPTY, _EMPTY, 0.0, 0.0, _EMPTY, False, 0.0, _NOBODY)
_NEUTRAL_COMMAND = Command(0, 0.0, _EMPTY, _EMPTY, 0.0, 0.0, "", 0.0, 0.0, 0.0, 0.0)


def _array(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype == _F64


def _rows(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.ndim == 2 and value.shape[1] == 2 and value.dtype == _F64


def _float(value: Any) -> bool:
    return isinstance(value, float) or (type(value) is int and -_EXACT <= value <= _EXACT)


def _int(value: Any) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and -_WHOLE <= int(value) < _WHOLE


# By the type of a field; `people` has a shape of its own.
_KINDS: dict[str, tuple[Callable[[Any], bool], Any]] = {
    "people": (_rows, _NOBODY),
    "Matrix": (_array, _EMPTY),
    "float": (_float, 0.0),
    "int": (_int, 0),
    "str": (lambda value: isinstance(value, str), ""),
    "bool": (lambda value: isinstance(value, bool | np.bool_), False),
}


def fits(tick: Tick) -> bool:
    """Whether everything asked and measured in `tick` keeps its contract; quick, because it runs at every tick."""
    state, asked = tick.state, tick.asked
    return (
        isinstance(tick.now, float)
        and type(state) is RobotState
        and type(asked) is Command
        and type(state.seq) is int
        and type(asked.seq) is int
        and -_WHOLE <= state.seq < _WHOLE
        and -_WHOLE <= asked.seq < _WHOLE
        and isinstance(state.t, float)
        and isinstance(asked.t, float)
        and isinstance(state.grip_width, float)
        and isinstance(state.grip_force, float)
        and isinstance(asked.grip_width, float)
        and isinstance(asked.grip_force, float)
        and isinstance(asked.made, float)
        and isinstance(asked.expires, float)
        and isinstance(asked.seen, float)
        and isinstance(asked.novelty, float)
        and isinstance(state.people_t, float)
        and _rows(state.people)
        and type(state.estop) is bool
        and type(asked.source) is str
        and all(map(_array, (state.q, state.dq, state.tau, state.wrench, asked.q, asked.dq)))
    )


def neutral(tick: Tick) -> tuple[Tick, str]:
    """`tick` with every misfit replaced, and the note that `restored` needs; an empty note where all fits."""
    notes: dict[str, str] = {}
    now = _repaired_value("now", tick.now, "float", notes)
    state = _repaired("state", tick.state, _NEUTRAL_STATE, notes)
    asked = _repaired("asked", tick.asked, _NEUTRAL_COMMAND, notes)
    command = _repaired("approved", tick.approved.command, _NEUTRAL_COMMAND, notes)
    approved = replace(tick.approved, command=command)
    return Tick(now, state, asked, approved), json.dumps(notes, sort_keys=True) if notes else ""


def restored(tick: Tick, note: str) -> Tick:
    """The tick that `neutral` took apart. Raises TapeError."""
    try:
        notes = json.loads(note)
        for place, words in sorted(notes.items()):
            tick = _set(tick, place.split("."), _read(words))
    except (ValueError, AttributeError, TypeError) as error:
        raise TapeError(f"the note {note[:80]!r} of a tick on the tape cannot be read: {error}") from error
    return tick


def neutral_state(state: Any) -> tuple[RobotState, dict[str, str]]:
    """`state` with every misfit replaced, and what was really there."""
    notes: dict[str, str] = {}
    return _repaired("state", state, _NEUTRAL_STATE, notes), notes


def restored_state(state: RobotState, notes: dict[str, str]) -> RobotState:
    """The state that `neutral_state` took apart."""
    for place, words in sorted(notes.items()):
        path = place.split(".")[1:]
        state = replace(state, **{path[0]: _read(words)}) if path else _read(words)
    return state


def _repaired(name: str, value: Any, otherwise: Any, notes: dict[str, str]) -> Any:
    if type(value) is not type(otherwise):
        notes[name] = _words(value)
        return otherwise
    new: dict[str, Any] = {}
    for field in fields(value):
        kind = field.name if field.name in _KINDS else str(field.type)
        new[field.name] = _repaired_value(f"{name}.{field.name}", getattr(value, field.name), kind, notes)
    return replace(value, **new)


def _repaired_value(place: str, value: Any, kind: str, notes: dict[str, str]) -> Any:
    fit, otherwise = _KINDS[kind]
    if fit(value):
        return value
    notes[place] = _words(value)
    return otherwise


def _words(value: Any) -> str:
    """`value` in words that begin with "is", so that no text can be taken for a number."""
    if type(value) is int:
        return f"{value:#x}"
    return ("is " + (value if isinstance(value, str) else repr(value)))[:_LONGEST]


def _read(words: str) -> Any:
    return words[3:] if words.startswith("is ") else int(words, 16)


def _set(tick: Tick, path: list[str], value: Any) -> Tick:
    if path[0] == "approved":
        command = replace(tick.approved.command, **{path[1]: value}) if len(path) > 1 else value
        return replace(tick, approved=replace(tick.approved, command=command))
    inner = getattr(tick, path[0])
    if len(path) > 1 and is_dataclass(inner) and not isinstance(inner, type):
        value = replace(inner, **{path[1]: value})
    return replace(tick, **{path[0]: value})
