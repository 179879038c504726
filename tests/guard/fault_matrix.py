"""Every input of the guard, spoiled in every way, in every mode: what the guard ends in, and how soon it begins to slow down.

A robot cruises; from one tick on one input is spoiled, for 0.4 s. The long suite runs the same matrix from many starts.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from helpers_guard import HOME, PERIOD, N, command, state, table

from moravec.guard.compiled import compiled
from moravec.guard.guard import Guard
from moravec.guard.parts import Capsule
from moravec.guard.separation import Separation
from moravec.guard.stop import Mode

WARM, SPOILED, AFTER = 120, 200, 60  # ticks
LATE = 250  # ticks of delay
TERMS = Separation(
    human_speed=1.6, reaction_time=0.02, reading_age_max=0.2, braking=3.0,
    intrusion=0.1, human_uncertainty=0.05, robot_uncertainty=0.01,
)  # fmt: skip

COMMAND = ("q", "dq", "t", "seq", "grip_width", "grip_force", "made", "expires", "seen", "novelty")
STATE = ("q", "dq", "tau", "wrench", "grip_width", "grip_force", "t", "estop", "people_t", "people")
INPUTS = (
    *(f"command.{name}" for name in COMMAND), *(f"state.{name}" for name in STATE), "command", "state", "clock",
)  # fmt: skip
FAULTS = (
    "missing", "late", "frozen", "nan", "out_of_range", "duplicated", "reordered", "jumping", "wrong_shape", "wrong_unit",
)  # fmt: skip


def limits() -> Any:
    """The test arm, watched for people, with a policy that reports a score."""
    return table(separation=TERMS, novelty_max=1.0, bodies=(Capsule("hand", N, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0), 0.1),))


@dataclass
class Outcome:
    """What became of one cell of the matrix."""

    end: str  # the guard's state at the end of the fault
    check: str  # the check that stopped it first, "" for none
    first_slower: float  # [s] from the fault's first tick to the first tick that is slower than the one before; inf for never
    rest: float  # [s] from the fault's first tick to rest; inf for never
    path: np.ndarray  # (ticks, n) approved set-points
    active: bool  # whether the spoiled input ever differed from the sound one


def spoil(fault: str, value: Any, history: deque[Any], onset: Any) -> Any:
    """`value` with `fault`; `history` are the sound values before, newest last, `onset` the one at the fault's first tick."""
    array = isinstance(value, np.ndarray)
    if fault == "missing":
        return None
    if fault == "late":
        return history[0]
    if fault == "frozen":
        return onset
    if fault == "nan":
        return np.full_like(value, math.nan) if array else math.nan
    if fault == "out_of_range":
        return value + 1e3 if array else (not value if isinstance(value, bool) else value + 10**6)
    if fault in ("duplicated", "reordered"):
        return history[-1] if len(history) % 2 else history[-2]
    if fault == "jumping":
        return value + 0.5 if array else (not value if isinstance(value, bool) else value + (1 if type(value) is int else 0.5))
    if fault == "wrong_shape":
        return value[:-1] if array and value.ndim == 1 else np.zeros(3)
    return np.rad2deg(value) if array else (int(value) if isinstance(value, bool) else value * 1000)


def run(name: str, fault: str, mode: Mode, seed: int = 0) -> Outcome:
    """One cell of the matrix, from a start drawn from `seed`."""
    rng, guard = np.random.default_rng(seed), Guard(limits(), compiled())
    direction = np.array([1.0, -0.6, 0.4, 0.8, -0.5, 0.3]) * np.sign(rng.uniform(-1, 1, N)) * rng.uniform(0.5, 1.0, N)
    top = 0.1 if mode is Mode.REDUCED else 0.4
    q, v, path, told = HOME.copy(), 0.0, [], []
    sound: deque[dict[str, Any]] = deque(maxlen=LATE)
    onset: dict[str, Any] = {}
    active, end = False, ""
    for k in range(WARM + SPOILED + AFTER):
        now = k * PERIOD
        if k == WARM:
            guard.degrade(mode)
        v = min(v + 4.0 * PERIOD, top) if guard.state.name in ("INIT", "HOLD", "RUN") else 0.0
        if guard.state.name == "HOLD" and k > WARM:
            v = 0.004
        if k > 0:
            q = np.array(guard.setpoint) + direction * v * PERIOD
        asked = command(k, q, direction * v if k else np.zeros(N), t=now, made=now - 0.05, expires=now + 0.5, seen=now - 0.1,
                        novelty=0.3)  # fmt: skip
        measured = state(
            k, np.array(guard.setpoint) if k else HOME, dq=direction * v if k else np.zeros(N), people_t=now - 0.05,
            people=np.array([[6.0, 1.0 + 0.1 * v]]),
        )  # fmt: skip
        values = {f"command.{n}": getattr(asked, n) for n in COMMAND} | {f"state.{n}": getattr(measured, n) for n in STATE}
        values |= {"command": asked, "state": measured, "clock": now}
        if k == WARM:
            onset = dict(values)
        given: dict[str, Any] = {"command": asked, "state": measured, "clock": now}
        if WARM <= k < WARM + SPOILED:
            bad = spoil_whole(name, fault, values, sound, onset)
            active = active or not same(bad, values[name])
            room, _, field = name.partition(".")
            given[room] = replace(values[room], **{field: bad}) if field else bad
        sound.append(values)
        answer = guard.check(given["command"], given["state"], given["clock"])
        told.append(answer.verdict)
        path.append(answer.command.q)
        if k == WARM + SPOILED - 1:
            end = guard.state.name
    return judged(np.array(path), told, end, active)


def spoil_whole(name: str, fault: str, values: dict[str, Any], sound: deque[dict[str, Any]], onset: dict[str, Any]) -> Any:
    """The spoiled input; a whole message that is out of range, jumping or in wrong units is so in its first array."""
    history = deque((v[name] for v in sound), maxlen=LATE)
    if name in ("command", "state") and fault in ("nan", "out_of_range", "jumping", "wrong_shape", "wrong_unit"):
        return replace(values[name], q=spoil(fault, values[name].q, history, None))
    return spoil(fault, values[name], history, onset[name])


def same(a: Any, b: Any) -> bool:
    """Equal bits, for what may be arrays, numbers or messages."""
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and a.shape == b.shape and bool(np.array_equal(a, b))
    return a is b or (type(a) is type(b) and isinstance(a, (int, float, bool)) and a == b)


def judged(path: np.ndarray, told: list[Any], end: str, active: bool) -> Outcome:
    """The outcome, read off the approved set-points."""
    speed = np.max(np.abs(np.diff(path, axis=0)), axis=1) / PERIOD
    from_fault = speed[WARM - 1 :]
    slower = np.nonzero(np.diff(from_fault) < -1e-9)[0]
    rest = np.nonzero(from_fault[1:] == 0.0)[0]
    stops = [verdict.check for verdict in told[WARM:] if verdict.decision == "stop"]
    return Outcome(
        end, stops[0] if stops else "",
        float(slower[0]) * PERIOD if len(slower) else math.inf, float(rest[0]) * PERIOD if len(rest) else math.inf,
        path, active,
    )  # fmt: skip
