"""A robot that follows at once and can be bent, and a recorder that keeps everything."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Generator, Sequence
from typing import Any

import numpy as np

from moravec.core.command import ActionChunk, Command
from moravec.core.errors import BadInput
from moravec.core.frames import frozen
from moravec.core.observation import CameraFrame, RobotState
from moravec.core.verdict import Approved, Verdict
from moravec.guard.degraded import Fitness
from moravec.guard.limits import LimitTable
from moravec.robots.protocol import RobotSpec
from moravec.robots.ur5e.kinematics import JOINTS
from moravec.robots.ur5e.limits import ur5e_limits
from moravec.runtime.loop import Runtime
from moravec.runtime.pace import AsFastAsPossible, Pace
from moravec.skills.contract import Ask, Note
from moravec.skills.trajectory import MotionLimits, joint_motion

HOME = np.array([0.0, -1.95, 2.05, -1.67, -1.5708, 0.0])
LIMITS = ur5e_limits()
PERIOD = LIMITS.control_period

LIMITS_OF_TESTS = MotionLimits(acceleration=8.0, jerk=80.0)  # what times in these tests were chosen for


class FakeRobot:
    """Joints are where the last approved command put them; `wrench`, `blocked`, `estop` and `noise` bend it."""

    def __init__(self, q: np.ndarray = HOME, noise: float = 0.0, limits: LimitTable = LIMITS) -> None:
        self.spec = RobotSpec("fake", JOINTS, ("wrist", "overhead"), limits, PERIOD)
        self.people: Callable[[float], tuple[float, list[tuple[float, float]]]] = lambda t: (t, [])  # seen when, and where
        self.q, self.dq, self.ticks, self.reads = np.array(q), np.zeros(6), 0, 0
        self.width, self.force = 0.05, 0.0
        self.width_stop = 0.0  # [m] the fingers come no closer
        self.wrench: Callable[[float], float | Sequence[float]] = lambda t: 0.0  # [N] over time, along the tool or (3,)
        self.blocked = np.zeros(6, bool)
        self.estop = False
        self.dark_until, self.camera_delay = 0.0, 0.0  # [s]; [s] by which pictures are old
        self.applied: list[Approved] = []
        self.order: list[str] = []
        self._noise, self._rng = noise, np.random.default_rng(0)

    def now(self) -> float:
        return self.ticks * PERIOD

    def read(self) -> RobotState:
        self.order.append("read")
        self.reads += 1
        wrench = np.zeros(6)
        push = self.wrench(self.now())
        wrench[:3] = (0.0, 0.0, push) if isinstance(push, float) else push
        q = self.q + self._noise * self._rng.standard_normal(6)
        seen, people = self.people(self.now())
        return RobotState(
            self.reads, self.now(), frozen(q), frozen(self.dq), frozen(np.zeros(6)), self.width, self.force,
            frozen(wrench), self.estop, seen, frozen(np.array(people, dtype=np.float64).reshape(-1, 2)),
        )  # fmt: skip

    def apply(self, approved: Approved) -> None:
        assert isinstance(approved, Approved)
        self.order.append("apply")
        self.applied.append(approved)

    def advance(self) -> None:
        self.order.append("advance")
        command = self.applied[-1].command
        self.q = np.where(self.blocked, self.q, command.q)
        self.dq = np.where(self.blocked, 0.0, command.dq)
        step = 0.15 * PERIOD
        self.width += float(np.clip(max(command.grip_width, self.width_stop) - self.width, -step, step))
        self.force = command.grip_force if self.width <= self.width_stop else 0.0
        self.ticks += 1

    def expose(self, camera: str) -> Callable[[], CameraFrame]:
        if camera not in self.spec.cameras:
            raise BadInput("a camera of fake", camera, self.spec.cameras)
        t = self.now()
        rgb, depth = np.full((2, 2, 3), 2 if t < self.dark_until else 90, np.uint8), np.ones((2, 2), np.float32)
        t -= self.camera_delay
        return lambda: CameraFrame(camera, 1, t, rgb, depth, frozen(np.eye(3)), frozen(np.eye(4)))

    @property
    def path(self) -> np.ndarray:
        """All approved set-points (m, n) [rad]."""
        return np.array([a.command.q for a in self.applied])


class Log:
    """A recorder and a watcher: keeps all, and a hash of every tick."""

    def __init__(self) -> None:
        self.ticks: list[tuple[float, RobotState, Command, Approved]] = []
        self.frames: list[CameraFrame] = []
        self.chunks: list[tuple[float, ActionChunk]] = []
        self.notes: list[tuple[float, Note]] = []
        self.resets: list[Verdict] = []
        self.tightened: list[tuple[float, str, LimitTable | None]] = []
        self.modes: list[tuple[float, Fitness]] = []
        self.watched: list[tuple[float, Verdict]] = []
        self._hash = hashlib.sha256()

    def tick(self, now: float, state: RobotState, asked: Command, approved: Approved) -> None:
        self.ticks.append((now, state, asked, approved))
        out, verdict = approved.command, approved.verdict
        for values in (state.q, state.dq, state.tau, state.wrench, asked.q, asked.dq, out.q, out.dq):
            self._hash.update(np.ascontiguousarray(values).tobytes())
        numbers = (now, state.grip_width, state.grip_force, asked.grip_width, out.grip_width, verdict.value, verdict.margin)
        self._hash.update(struct.pack("<7d", *numbers) + verdict.check.encode() + asked.source.encode())

    def frame(self, frame: CameraFrame) -> None:
        self.frames.append(frame)
        self._hash.update(np.ascontiguousarray(frame.rgb).tobytes() + np.ascontiguousarray(frame.depth).tobytes())

    def chunk(self, t: float, chunk: ActionChunk) -> None:
        self.chunks.append((t, chunk))

    def note(self, t: float, note: Note) -> None:
        self.notes.append((t, note))

    def reset(self, now: float, state: RobotState, verdict: Verdict) -> None:
        self.resets.append(verdict)

    def tighten(self, t: float, who: str, limits: LimitTable | None) -> None:
        self.tightened.append((t, who, limits))

    def mode(self, t: float, fitness: Fitness) -> None:
        self.modes.append((t, fitness))

    def ticked(self, t: float, state: RobotState, verdict: Verdict) -> None:
        self.watched.append((t, verdict))

    def framed(self, frame: CameraFrame) -> None:
        self.watched.append((frame.t, frame))  # type: ignore[arg-type]

    def noted(self, t: float, note: Note) -> None:
        self.watched.append((t, note))  # type: ignore[arg-type]

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()


class Rig:
    """A runtime on a fake robot."""

    def __init__(
        self, robot: FakeRobot | None = None, pace: Pace | None = None, answer: Any = None, log: Log | None = None
    ) -> None:
        self.robot, self.log, self.watcher = robot or FakeRobot(), log or Log(), Log()
        self.asked: list[Ask] = []

        def default(ask: Ask) -> str:
            self.asked.append(ask)
            return ask.default

        self.runtime = Runtime(self.robot, self.log, pace or AsFastAsPossible(), answer or default, (self.watcher,))

    def serve(self, *requests: Any) -> list[Any]:
        """The answers to `requests`, one after the other."""

        def routine() -> Generator[Any, Any, list[Any]]:
            answers = []
            for request in requests:
                answers.append((yield request))
            return answers

        return self.runtime.run(routine())

    def way(self, turn: float = 0.3, joint: int = 0) -> ActionChunk:
        """A motion of one joint by `turn` [rad] from where the arm is."""
        start = self.runtime.posture()
        return joint_motion(start, start + turn * np.eye(6)[joint], LIMITS_OF_TESTS, "test")


def lawful(path: np.ndarray) -> None:
    """No set-point asks for more than the table allows: speeds and accelerations by differences."""
    steps = np.diff(path, axis=0)
    assert np.all(np.abs(steps) / PERIOD <= np.array(LIMITS.velocity) * 1.001)
    assert np.all(np.abs(np.diff(steps, axis=0)) / PERIOD**2 <= np.array(LIMITS.acceleration) * 1.001)
