"""What the messages of the openpi protocol say, and how observations, chunks and specifications travel in them.

| direction | message |
|---|---|
| server, once, on connecting | its metadata; ours holds `"moravec"`: the specification |
| client | `"observation/state"`, `"observation/CAMERA"`, `"prompt"`; to ours `"moravec": {"t": seconds}` as well |
| server | `"actions"` (chunk, a), `"confidence"`, `"policy_timing"`, `"server_timing"`, `"notes"` |
| client, a new episode | ours: `"moravec": {"reset": seed}`; RoboArena: `"endpoint": "reset"` |
| server | ours: `"moravec": {"reset": seed}`; RoboArena: the text `reset successful` |
| server, an error | text, then it closes the line with 1011 |
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, TypeGuard

import numpy as np

from moravec.core.errors import BadInput, ContractError
from moravec.models.contract import (
    CameraSpec,
    Channel,
    Floats,
    Picture,
    PolicyChunk,
    PolicyInput,
    PolicySpec,
    check_input,
)

OURS = "moravec"
VERSION = 1
STATE, PROMPT = "observation/state", "prompt"
RESET_DONE = "reset successful"
MOST = 1_024  # channels, cameras
MOST_ACTIONS = 10_000  # rows of one answer
MOST_NOTES = 32


@dataclass(frozen=True, slots=True)
class WireNames:
    """Under which keys an observation and its answer travel, for servers that have names of their own.

    `state`: the keys and how many numbers each holds, in the order of the specification; empty: all of it under
    "observation/state". `cameras`: the key of a camera, where it is not "observation/CAMERA". `actions`: the keys of a
    server that answers with one array for each part of the body, in the order of the specification; empty: one array.
    """

    state: tuple[tuple[str, int], ...] = ()
    cameras: Mapping[str, str] = field(default_factory=dict)
    prompt: str = PROMPT
    actions: tuple[str, ...] = ()

    def camera(self, name: str) -> str:
        """The key of a camera's picture."""
        return self.cameras.get(name, f"observation/{name}")

    def states(self, spec: PolicySpec) -> tuple[tuple[str, int], ...]:
        """The keys of the state, and how many numbers each holds."""
        return self.state or (((STATE, len(spec.state)),) if spec.state else ())


NAMES = WireNames()


def check_key(key: str | None) -> None:
    """Whether an API key can stand in a header. Raises BadInput, and does not repeat it."""
    if key is not None and not (key and key.isascii() and key.isprintable()):
        raise BadInput("the API key", "one that no header can carry", "one or more plain letters, digits and signs")


def check_names(spec: PolicySpec, names: WireNames = NAMES) -> None:
    """Whether everything of `spec` has a key of its own. Raises ContractError."""
    states = names.states(spec)
    if sum(count for _, count in states) != len(spec.state):
        raise ContractError(f"the state's keys {dict(states)}: found {len(spec.state)} channels; allowed: as many as they hold")
    cameras = [names.camera(camera.name) for camera in spec.cameras]
    keys = [*(key for key, _ in states), *cameras, names.prompt, OURS, "endpoint", "session_id"]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise ContractError(f"the keys of an observation: found {', '.join(twice)} twice; allowed: one meaning for each")


def spec_to_wire(spec: PolicySpec) -> dict[str, Any]:
    """A specification as maps, lists, text and numbers."""
    return {"version": VERSION, **{k: list(v) if isinstance(v, tuple) else v for k, v in asdict(spec).items()}}


def spec_from_wire(found: object) -> PolicySpec:
    """A specification out of another's metadata. Raises ContractError that names what is wrong with it."""
    version = found.get("version") if isinstance(found, Mapping) else None
    if not isinstance(found, Mapping) or type(version) is not int or version != VERSION:
        raise ContractError(f"the server's specification: found version {str(version)[:40]}; allowed: {VERSION}")
    rate, chunk = _number(found, "rate"), _number(found, "chunk")
    if not (math.isfinite(rate) and rate > 0.0 and 1 <= chunk <= MOST_ACTIONS and chunk == int(chunk)):
        raise ContractError(f"the server's specification: found {rate:g} Hz, chunks of {chunk:g}; allowed: both above 0")
    return PolicySpec(
        state=tuple(_channel(one) for one in _list(found, "state")),
        cameras=tuple(_camera(one) for one in _list(found, "cameras")),
        action=tuple(_channel(one) for one in _list(found, "action")),
        rate=rate,
        chunk=int(chunk),
        language=found.get("language", True) is not False,
    )


def metadata(spec: PolicySpec, extra: Mapping[str, Any]) -> dict[str, Any]:
    """What a server says of itself on connecting; `extra` (a reset pose, RoboArena's fields ..) goes first."""
    sizes = {(camera.height, camera.width) for camera in spec.cameras}
    return {
        "image_resolution": list(sizes.pop()) if len(sizes) == 1 else None,
        "action_dim": len(spec.action),
        "action_horizon": spec.chunk,
        **extra,
        OURS: spec_to_wire(spec),
    }


def observation(spec: PolicySpec, seen: PolicyInput, names: WireNames = NAMES) -> dict[str, Any]:
    """An observation as a request. `seen` fits `spec`."""
    request: dict[str, Any] = {}
    at = 0
    for key, count in names.states(spec):
        request[key] = np.asarray(seen.state, dtype=np.float32)[at : at + count]
        at += count
    for camera in spec.cameras:
        request[names.camera(camera.name)] = seen.pictures[camera.name]
    if spec.language:
        request[names.prompt] = str(seen.prompt)
    return request


def seen_from_wire(spec: PolicySpec, request: Mapping[Any, Any], now: float, names: WireNames = NAMES) -> PolicyInput:
    """The observation in a request, dated `now` [s] where it has no date. Raises BadInput for what does not fit
    `spec`."""
    state = np.concatenate([np.zeros(0, np.float32), *(_floats(request, key) for key, _ in names.states(spec))])
    pictures = {camera.name: _picture(request, names.camera(camera.name)) for camera in spec.cameras}
    prompt = _text(_needed(request, names.prompt)) if spec.language else ""
    ours = request.get(OURS)
    t = ours.get("t", now) if isinstance(ours, Mapping) else now
    if not _is_number(t) or not math.isfinite(t):
        raise BadInput("the observation's time", str(t)[:40], "seconds")
    seen = PolicyInput(float(t), state, pictures, prompt)
    check_input(spec, seen)
    return seen


def chunk_from_wire(spec: PolicySpec, answer: object, names: WireNames = NAMES) -> PolicyChunk:
    """The chunk in a server's answer: `"actions"` in a map, or an array alone. Raises ContractError; `check_chunk` is
    the caller's to do."""
    if isinstance(answer, np.ndarray):
        return PolicyChunk(_actions(spec, answer, "actions"))
    if not isinstance(answer, Mapping) or "actions" not in answer:
        has = _keys(answer) if isinstance(answer, Mapping) else type(answer).__name__
        raise ContractError(f"the server's answer: found {has}; allowed: a map with 'actions'")
    found = answer["actions"]
    if isinstance(found, Mapping):
        found = _side_by_side(found, names.actions)
    confidence = answer.get("confidence", math.nan)
    if not _is_number(confidence) or not (math.isnan(confidence) or 0.0 <= confidence <= 1.0):
        raise ContractError(f"the server's confidence: found {str(confidence)[:40]!r}; allowed: 0 to 1, or NaN")
    return PolicyChunk(_actions(spec, found, "actions"), float(confidence), _notes(answer))


def _side_by_side(parts: Mapping[Any, Any], order: Sequence[str]) -> object:
    """One array out of one for each part of the body."""
    if not order or set(order) != set(parts):
        raise ContractError(
            f"the server's actions: found one array for each of {_keys(parts)}; "
            f"allowed: {', '.join(order) or 'one array, unless WireNames.actions names the parts in order'}"
        )
    arrays = [parts[key] for key in order]
    if not all(isinstance(one, np.ndarray) and one.ndim == 2 and one.dtype.kind in "iuf" for one in arrays):
        raise ContractError(f"the server's actions: found no numbers (chunk, n) in one of {_keys(parts)}; allowed: in each")
    if len({len(one) for one in arrays}) > 1:
        raise ContractError(f"the server's actions: found parts of unlike length in {_keys(parts)}; allowed: of the same")
    return np.concatenate(arrays, axis=1)


def _actions(spec: PolicySpec, found: object, what: str) -> Floats:
    if not isinstance(found, np.ndarray) or found.dtype.kind not in "iuf":
        kind = str(found.dtype) if isinstance(found, np.ndarray) else type(found).__name__
        raise ContractError(f"the server's {what}: found {kind}; allowed: an array of numbers")
    if found.ndim != 2 or not 1 <= len(found) <= MOST_ACTIONS:
        raise ContractError(
            f"the server's {what}: found shape {found.shape}; allowed: (1 to {MOST_ACTIONS:,}, {len(spec.action)})"
        )
    with np.errstate(over="ignore"):  # what becomes infinite is refused by check_chunk
        actions = found.astype(np.float32)
    actions.flags.writeable = False
    return actions


def _notes(answer: Mapping[Any, Any]) -> dict[str, float]:
    """The numbers that a server tells of itself."""
    notes: dict[str, float] = {}
    for prefix in ("policy_timing", "server_timing", "notes"):
        part = answer.get(prefix)
        for key, value in part.items() if isinstance(part, Mapping) else ():
            if isinstance(key, str) and _is_number(value) and len(notes) < MOST_NOTES:
                notes[key if prefix == "notes" else f"{prefix}/{key}"] = float(value)
    return notes


def _keys(found: Mapping[Any, Any]) -> str:
    names = [str(key)[:60] for key in list(found)[:12]]
    return ", ".join(names) + (" .." if len(found) > 12 else "") or "nothing"


def _needed(request: Mapping[Any, Any], key: str) -> Any:
    if key not in request:
        near = difflib.get_close_matches(key, [k for k in request if isinstance(k, str)], n=1)
        hint = f"; {near[0][:60]!r} was meant to be it?" if near else ""
        raise BadInput("the observation's keys", _keys(request), f"{key!r} among them{hint}")
    return request[key]


def _floats(request: Mapping[Any, Any], key: str) -> Floats:
    value = _needed(request, key)
    if isinstance(value, list) and all(_is_number(one) for one in value):
        value = np.array([float(one) for one in value])
    if not isinstance(value, np.ndarray) or value.dtype.kind not in "iuf" or value.ndim != 1:
        kind = f"{value.dtype} {value.shape}" if isinstance(value, np.ndarray) else type(value).__name__
        raise BadInput(f"the observation's {key}", kind, "an array of numbers, one dimension")
    with np.errstate(over="ignore"):  # what becomes infinite is refused by check_input
        return value.astype(np.float32)


def _picture(request: Mapping[Any, Any], key: str) -> Picture:
    value = _needed(request, key)
    if not isinstance(value, np.ndarray):
        raise BadInput(f"the observation's {key}", type(value).__name__, "an array (height, width, 3) of uint8")
    return value


def _text(value: object) -> str:
    if isinstance(value, np.ndarray) and value.dtype.kind == "U" and value.size == 1:
        value = value.item()
    if not isinstance(value, str):
        raise BadInput("the instruction", type(value).__name__, "text")
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        raise BadInput("the instruction", value[:40], "whole letters")
    return str(value)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)


def _number(found: Mapping[Any, Any], key: str) -> float:
    value = found.get(key)
    if not _is_number(value):
        raise ContractError(f"the server's specification, {key}: found {str(value)[:40]!r}; allowed: a number")
    return float(value)


def _list(found: Mapping[Any, Any], key: str) -> list[Mapping[Any, Any]]:
    value = found.get(key)
    if not isinstance(value, list) or len(value) > MOST or not all(isinstance(one, Mapping) for one in value):
        raise ContractError(f"the server's specification, {key}: found {type(value).__name__}; allowed: up to {MOST} maps")
    return value


def _word(found: Mapping[Any, Any], key: str) -> str:
    value = found.get(key, "")
    if not isinstance(value, str) or len(value) > 200:
        raise ContractError(f"the server's specification, {key}: found {str(value)[:40]!r}; allowed: a short text")
    return value


def _channel(found: Mapping[Any, Any]) -> Channel:
    low, high = _number(found, "low"), _number(found, "high")
    if not low <= high:
        raise ContractError(f"the server's channel {_word(found, 'name')!r}: found {low:g} to {high:g}; allowed: low to high")
    return Channel(_word(found, "name"), _word(found, "unit"), _word(found, "frame"), low, high)


def _camera(found: Mapping[Any, Any]) -> CameraSpec:
    height, width = _number(found, "height"), _number(found, "width")
    if not all(1 <= side <= 20_000 and side == int(side) for side in (height, width)):
        raise ContractError(f"the server's camera {_word(found, 'name')!r}: found {height:g}x{width:g}; allowed: 1 to 20,000")
    return CameraSpec(_word(found, "name"), int(height), int(width))
