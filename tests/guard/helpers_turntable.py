"""The least robot there is: one joint about z with the tool 1 m from its axis, in round numbers, for tests of one tick."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from helpers_guard import table

from moravec.guard.counted import counted
from moravec.guard.kernel import codes
from moravec.guard.kernel.decide import settle
from moravec.guard.kernel.form import Answer, Asked, Memory, Table
from moravec.guard.kernel.motion import survey
from moravec.guard.limits import JOINT_VECTORS
from moravec.guard.parts import Capsule

TICK = 1.0 / 512.0  # [s]: speeds and steps convert without rounding
BALL = Capsule("ball", 1, (0.5, 0.0, 0.0), (0.5, 0.0, 0.0), 0.125)


def turntable(**changes: Any) -> Table:
    """One joint about z with the tool point 1 m from its axis; nothing near it."""
    joint: dict[str, Any] = {name: getattr(table(), name)[:1] for name in JOINT_VECTORS}
    own = {"dh": ((0.0, 0.5, 0.0, 0.0),), "tool_offset": (0.5, 0.0, 0.0), "control_period": TICK, "tool_speed": 1e6}
    return counted(table(**{**joint, **own, **changes}))


def at(t: Table, q: float, step: float = 0.0) -> tuple[Memory, Asked, Answer]:
    """The guard's memory of a set-point `q` [rad] that was reached with `step`, a second after it began."""
    m, a, o = Memory(), Asked(), Answer()
    m.q[0], m.steps[0], m.window_q[0], m.now, m.window_t = q, step, q, 1.0, 1.0
    survey(m.q, t, o)
    settle(t, m, o)
    return m, a, o


def running(t: Table, q: float = 0.0, step: float = 0.0) -> tuple[Memory, Asked, Answer]:
    """A guard in RUN whose last tick was at 1 s, and the next tick's lawful input: go on with the same step."""
    m, a, o = at(t, q, step)
    m.state, m.begun, m.due, m.numbered, m.seq, m.grip_width, m.grip_force = codes.RUN, 1, 1.0 + TICK, 1, 7, 0.05, 10.0
    now = 1.0 + TICK
    a = replace(
        a, now=now, command_fits=1, seq=8, t=now, grip_width=0.05, grip_force=10.0, made=now, expires=now, seen=now,
        state_fits=1, state_t=now, people_t=now,
    )  # fmt: skip
    a.q[0], a.dq[0], a.measured_q[0], a.measured_dq[0] = q + step, step / TICK, q, step / TICK
    return m, a, o


def told(o: Answer) -> tuple[float, ...]:
    """The finding in the answer."""
    return (o.check, o.joint, o.value, o.limit, o.margin, o.relative)


def cause(m: Memory) -> tuple[float, ...]:
    """The finding in memory, as an answer tells it."""
    return (m.cause, m.cause_joint, m.cause_value, m.cause_limit, m.cause_margin, -1.0)
