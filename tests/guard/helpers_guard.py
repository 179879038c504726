"""Values for the guard's tests: a small robot that needs nothing below the guard, commands and states."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from moravec.core.command import Command
from moravec.core.observation import RobotState
from moravec.core.verdict import Approved
from moravec.guard.compiled import INTERPRETED, Kernel
from moravec.guard.counted import counted
from moravec.guard.guard import Guard
from moravec.guard.kernel.form import Answer
from moravec.guard.kernel.kinematics import place
from moravec.guard.limits import LimitTable
from moravec.guard.parts import Box, Capsule
from moravec.guard.separation import Separation
from moravec.guard.stop import StopState

N = 6
PERIOD = 0.002
HALF_PI = float(np.pi / 2)
HOME = np.array([0.1, -1.3, 1.4, -1.6, -1.5, 0.2])


# The capsules of the arm of `table`, each in its link's frame: a column, two tubes, the hand.
BODIES = (
    Capsule("column", 0, (0.0, 0.0, 0.0), (0.0, 0.0, 0.1), 0.06),
    Capsule("upper", 2, (0.0, 0.0, 0.0), (0.42, 0.0, 0.0), 0.04),
    Capsule("fore", 3, (0.0, 0.0, 0.0), (0.39, 0.0, 0.0), 0.035),
    Capsule("hand", 6, (0.0, 0.0, 0.0), (0.0, 0.0, 0.18), 0.03),
)
APART = (("column", "fore"), ("column", "hand"), ("upper", "hand"))

TERMS = Separation(
    human_speed=1.6,
    reaction_time=0.02,
    reading_age_max=0.1,
    braking=3.0,
    intrusion=0.1,
    human_uncertainty=0.05,
    robot_uncertainty=0.02,
)


def table(**changes: Any) -> LimitTable:
    """A six-axis arm with different limits on each joint; nothing near it, and nobody watched for."""
    return replace(
        LimitTable(
            robot="test-arm",
            position_min=(-3.0, -3.1, -2.9, -3.2, -3.3, -3.4),
            position_max=(3.0, 3.1, 2.9, 3.2, 3.3, 3.4),
            velocity=(2.0, 2.1, 2.2, 3.0, 3.1, 3.2),
            acceleration=(10.0, 11.0, 12.0, 13.0, 14.0, 15.0),
            jerk=(1e6,) * N,
            torque=(150.0, 150.0, 150.0, 28.0, 28.0, 28.0),
            tracking=(0.1, 0.11, 0.12, 0.13, 0.14, 0.15),
            tool_speed=1.0,
            tool_speed_reduced=0.25,
            tool_force=200.0,
            payload=5.0,
            allowed=(Box((-2.0, -2.0, -2.0), (2.0, 2.0, 2.0)),),
            forbidden=(),
            bodies=(),
            apart=(),
            body_clearance=0.005,
            obstacles=(),
            cell_clearance=0.0,
            zones=(),
            separation=None,
            touch=None,
            command_age_max=0.02,
            sequence_gap_max=3,
            chunk_age_max=30.0,
            sight_age_max=60.0,
            novelty_max=None,
            grip_width_min=0.0,
            grip_width_max=0.1,
            grip_force_max=60.0,
            dh=(
                (0.0, 0.0, 0.16, HALF_PI),
                (0.0, -0.42, 0.0, 0.0),
                (0.0, -0.39, 0.0, 0.0),
                (0.0, 0.0, 0.13, HALF_PI),
                (0.0, 0.0, 0.1, -HALF_PI),
                (0.0, 0.0, 0.1, 0.0),
            ),
            tool_offset=(0.0, 0.0, 0.2),
            control_period=PERIOD,
        ),
        **changes,
    )


def with_parts(**changes: Any) -> LimitTable:
    """The same arm with its capsules."""
    return table(**{"bodies": BODIES, "apart": APART, **changes})


def fast_tool(**changes: Any) -> LimitTable:
    """The same arm with a tool speed that never decides, for tests of the joints."""
    return table(tool_speed=100.0, **changes)


def placed(q: Any, limits: LimitTable) -> Answer:
    """Frames, tool and parts of the arm at posture `q`."""
    o = Answer()
    place([float(x) for x in q], counted(limits), o)
    return o


def tool_at(q: Any, limits: LimitTable) -> np.ndarray:
    """The tool point (3,) [m] at posture `q`."""
    return np.array(placed(q, limits).tool)


def command(seq: int, q: Any, dq: Any = None, t: float | None = None, **changes: Any) -> Command:
    """A command of tick `seq`, as fresh as can be, from a chunk just made that goes on for a second."""
    q, t = np.array(q, dtype=np.float64), seq * PERIOD if t is None else t
    dq = np.zeros(len(q)) if dq is None else np.array(dq, dtype=np.float64)
    now = seq * PERIOD
    made = Command(seq, t, q, dq, 0.05, 10.0, "t", made=now, expires=now + 1.0, seen=now, novelty=0.0)
    return replace(made, **changes)


def state(tick: int, q: Any, dq: Any = None, **changes: Any) -> RobotState:
    """A measured state of a robot at `q`, standing still unless told."""
    q = np.array(q, dtype=np.float64)
    dq = np.zeros(N) if dq is None else np.array(dq, dtype=np.float64)
    made = RobotState(tick, tick * PERIOD, q, dq, np.zeros(N), 0.05, 0.0, np.zeros(6), False)
    return replace(made, **changes)


class Rig:
    """A guard with a robot that follows at once; counts the ticks."""

    def __init__(
        self, limits: LimitTable | None = None, q: Any = HOME, dq: Any = None, kernel: Kernel = INTERPRETED
    ) -> None:
        self.guard = Guard(limits or table(), kernel)
        self.q = np.array(q, dtype=np.float64)
        self.dq = np.zeros(N) if dq is None else np.array(dq, dtype=np.float64)
        self.tick = 0

    @property
    def now(self) -> float:
        """[s]"""
        return self.tick * PERIOD

    @property
    def steps(self) -> np.ndarray:
        """The steps (n,) [rad] that the last set-point was reached with."""
        return self.guard._memory.numbers("steps", N)

    def plant(self, **memory: Any) -> None:
        """Sets what the guard remembers: a past that no lawful session has."""
        for name, value in memory.items():
            if np.ndim(value):
                self.guard._memory.fill(name, np.array(value, dtype=np.float64))
            else:
                self.guard._memory.put(name, value)

    def send(self, q: Any, dq: Any = None, measured: dict[str, Any] | None = None, **changes: Any) -> Approved:
        """One tick with a fresh command for `q`."""
        return self.give(replace(command(self.tick, q, dq), **changes), measured)

    def give(self, sent: Any, measured: dict[str, Any] | None = None) -> Approved:
        """One tick with exactly this command."""
        found = replace(state(self.tick, self.q, self.dq), **(measured or {}))
        answer = self.guard.check(sent, found, self.now)
        self.q, self.dq = np.array(answer.command.q), np.array(answer.command.dq)
        self.tick += 1
        return answer

    def hold(self, measured: dict[str, Any] | None = None) -> Approved:
        """One tick with a command to stay at the last set-point."""
        return self.send(self.q if self.tick == 0 else np.array(self.guard.setpoint), measured=measured)

    def cruise(self, joint: int, speed: float, ticks: int = 10_000) -> list[Approved]:
        """Speeds up one joint at its acceleration limit to `speed` [rad/s]; returns the answers."""
        out = [self.hold()]
        gain = self.guard.limits.acceleration[joint] * PERIOD
        v, sign = 0.0, 1.0 if speed > 0 else -1.0
        while v < abs(speed) and len(out) < ticks:
            v = min(v + gain, abs(speed))
            q = np.array(self.guard.setpoint)
            q[joint] += sign * v * PERIOD
            dq = np.zeros(N)
            dq[joint] = sign * v
            out.append(self.send(q, dq))
        return out


def told(answer: Approved) -> tuple[str, str]:
    return answer.verdict.decision, answer.verdict.check


def bad_commands() -> list[tuple[str, Any]]:
    def tweak(**changes: Any) -> Any:
        return lambda seq, q: command(seq, q, **changes)

    out: list[tuple[str, Any]] = [
        ("command_shape", lambda seq, q: None),
        ("command_shape", lambda seq, q: "go"),
        ("command_shape", lambda seq, q: command(seq, q[:5])),
        ("command_shape", lambda seq, q: replace(command(seq, q), q=q.tolist())),
        ("command_shape", lambda seq, q: replace(command(seq, q), q=q.astype(np.float32))),
        ("command_shape", lambda seq, q: replace(command(seq, q), dq=np.zeros(7))),
        ("command_shape", tweak(source=None)),
        ("command_shape", tweak(t="now")),
        ("command_shape", tweak(t=True)),
        ("command_shape", tweak(grip_width=None)),
        ("command_shape", tweak(grip_force="60")),
        ("command_shape", lambda seq, q: replace(command(seq, q), seq=1.0)),
        ("command_shape", lambda seq, q: replace(command(seq, q), seq=True)),
        ("command_finite", lambda seq, q: replace(command(seq, q), seq=10**400)),
        ("command_finite", tweak(t=math.nan)),
        ("command_finite", tweak(grip_width=math.inf)),
        ("command_finite", tweak(grip_force=-math.inf)),
        ("command_age", lambda seq, q: command(seq, q, t=seq * PERIOD - 0.0201)),
        ("command_from_future", lambda seq, q: command(seq, q, t=seq * PERIOD + 0.001)),
        ("sequence_repeat", lambda seq, q: replace(command(seq, q), seq=seq - 1)),
        ("sequence_repeat", lambda seq, q: replace(command(seq, q), seq=0)),
        ("sequence_gap", lambda seq, q: replace(command(seq, q), seq=seq + 3)),
        ("grip_width", tweak(grip_width=0.2)),
        ("grip_width", tweak(grip_width=-0.2)),
        ("grip_force", tweak(grip_force=61.0)),
        ("grip_force", tweak(grip_force=-1.0)),
    ]
    for joint in range(N):
        for bad in (math.nan, math.inf, -math.inf, 1e300):
            spoiled = np.zeros(N)
            spoiled[joint] = bad
            out.append(("command_finite", lambda seq, q, spoiled=spoiled: command(seq, q + spoiled)))
            out.append(("command_finite", lambda seq, q, spoiled=spoiled: command(seq, q, spoiled)))
    return out


def run_to_rest(rig: Rig, spoil: Any = None) -> list[Approved]:
    """Bad commands until the guard holds; each answer must be a lawful point of braking."""
    answers: list[Approved] = []
    before = rig.steps
    while rig.guard.state in (StopState.RUN, StopState.BRAKING, StopState.ENDING) and len(answers) < 2000:
        start = np.array(rig.guard.setpoint)
        answers.append(rig.give(spoil(rig.tick, start) if spoil else None))
        steps = answers[-1].command.q - start
        assert answers[-1].verdict.decision == "stop"
        assert np.all(
            np.abs(steps - before) <= np.array(rig.guard.limits.acceleration) * PERIOD**2 * (1 + 1e-9) + 1e-12
        )
        assert np.all(np.abs(steps) <= np.abs(before) + 1e-12)
        before = steps
    return answers


def drive(rig: Rig, joint: int, speed: float, ticks: int, measured: Any = None) -> list[Approved]:
    """Speeds one joint up to `speed` [rad/s] and goes on until the guard stops it, or for `ticks`; `measured(rig)` changes
    what is measured in each tick."""
    v, out = 0.0, [rig.hold(measured(rig) if measured else None)]
    gain = rig.guard.limits.acceleration[joint] * PERIOD
    while len(out) < ticks and rig.guard.state is StopState.RUN:
        v = float(np.clip(speed, v - gain, v + gain))
        dq = np.zeros(N)
        dq[joint] = v
        out.append(rig.send(np.array(rig.guard.setpoint) + dq * PERIOD, dq, measured(rig) if measured else None))
    return out


def gap(limits: LimitTable, q: Any, one: str, other: str | Box) -> float:
    """Distance [m] of two parts, or of a part and a box, from points along them: never too small, by at most 2 mm too large."""
    o, names = placed(q, limits), [body.name for body in limits.bodies]

    def points(name: str) -> tuple[np.ndarray, float]:
        i = names.index(name)
        ends = np.array(o.points[6 * i : 6 * i + 6]).reshape(2, 3)
        return ends[0] + np.linspace(0.0, 1.0, 200)[:, None] * (ends[1] - ends[0]), limits.bodies[i].radius

    a, radius = points(one)
    if isinstance(other, Box):
        beyond = np.maximum(np.maximum(np.array(other.low) - a, a - np.array(other.high)), 0.0)
        return float(np.linalg.norm(beyond, axis=1).min()) - radius
    b, more = points(other)
    return float(np.linalg.norm(a[:, None] - b[None], axis=2).min()) - radius - more
