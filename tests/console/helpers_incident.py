"""Tapes of stops, made by a real guard and an arm that is a line of arithmetic."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from moravec.core.clock import ManualClock
from moravec.core.command import ActionChunk, Command
from moravec.core.frames import Matrix, frozen
from moravec.core.observation import NOBODY, CameraFrame, RobotState
from moravec.core.verdict import Approved, Verdict
from moravec.guard.compiled import INTERPRETED, Kernel
from moravec.guard.guard import Guard
from moravec.guard.limits import LimitTable
from moravec.guard.separation import WALKING_SPEED, Separation
from moravec.guard.stop import Mode, StopState
from moravec.robots.ur5e.kinematics import JOINTS
from moravec.robots.ur5e.limits import ur5e_limits
from moravec.tape.writer import TapeWriter

REST = np.array([0.0, -1.6, 1.8, -1.8, -1.57, 0.0])
PERIOD = 0.002  # [s]
SPEEDING = 6.0  # [rad/s2] by which the stage's arm speeds up
NEAR = ((0.9, 0.55),)  # [m] somebody in the way of an arm that swings
TERMS = Separation(WALKING_SPEED, 0.02, 0.2, 3.0, 0.12, 0.05, 0.01)


def table(**changes: Any) -> LimitTable:
    """The arm's table where a sensor watches for people."""
    return replace(ur5e_limits(), **{"separation": TERMS, **changes})


class Stage:
    """A guard, a tape, and an arm whose next measurement is the last approved set-point."""

    def __init__(self, tape: TapeWriter, limits: LimitTable, kernel: Kernel) -> None:
        self.guard, self.tape = Guard(limits, kernel), tape
        self.i = 0
        self.q, self.dq = REST.copy(), np.zeros(6)
        self.speed = 0.0
        self.made = self.seen = 0.0
        self.answers: list[Approved] = []
        self.states: list[StopState] = []
        self.shift = 0.0  # [s] by which the clock has jumped

    @property
    def t(self) -> float:
        """[s]"""
        return self.i * PERIOD + self.shift

    @property
    def here(self) -> Matrix:
        """The last set-point (n,) [rad]; the posture found, before the first."""
        return np.array(self.guard.setpoint) if self.answers else self.q

    def tick(self, q: Any, dq: Any, /, changes: dict[str, Any] | None = None, **state: Any) -> Approved:
        """One control tick; `changes` to the command, `state` to the measured one."""
        found = RobotState(
            self.i, self.t, frozen(self.q), frozen(self.dq), frozen(np.full(6, 3.0)), 0.05, 5.0,
            frozen([0.0, 3.0, -4.0, 0.0, 0.0, 0.0]), False, self.t - 0.01, NOBODY,
        )  # fmt: skip
        found = replace(found, **state)
        asked = Command(
            self.i, self.t, frozen(q), frozen(dq), 0.05, 10.0, "pick", self.made, self.made + 20.0, self.seen, 0.0
        )
        asked = replace(asked, **(changes or {}))
        answer = self.guard.check(asked, found, self.t)
        self.tape.write_tick(self.t, found, asked, answer)
        self.answers.append(answer)
        self.states.append(self.guard.state)
        self.q, self.dq = np.array(answer.command.q), np.array(answer.command.dq)
        self.i += 1
        return answer

    def hold(self, ticks: int = 1, **more: Any) -> None:
        """Commands to stay."""
        self.speed = 0.0
        for _ in range(ticks):
            self.tick(self.here, np.zeros(6), **more)

    def swing(self, ticks: int, speed: float = 0.59, joint: int = 0, **more: Any) -> None:
        """Commands to turn one joint at `speed` [rad/s], sped up evenly; none after a stop."""
        for _ in range(ticks):
            self.speed += float(np.clip(speed - self.speed, -SPEEDING * PERIOD, SPEEDING * PERIOD))
            dq = np.zeros(6)
            dq[joint] = self.speed
            if self.tick(self.here + dq * PERIOD, dq, **more).verdict.decision == "stop":
                self.speed = 0.0
                return

    def brake(self, ticks: int = 400, **more: Any) -> int:
        """Commands to stay until the guard is at rest; how many ticks that took."""
        for count in range(ticks):
            if not self.answers[-1].command.dq.any():
                return count
            self.tick(self.here, np.zeros(6), **more)
        raise AssertionError("it does not come to rest")

    def reset(self) -> Verdict:
        """An operator's reset."""
        state = RobotState(self.i, self.t, frozen(self.q), frozen(np.zeros(6)), frozen(np.zeros(6)), 0.05, 0.0,
                           frozen(np.zeros(6)), False, self.t, NOBODY)  # fmt: skip
        verdict = self.guard.reset(state, self.t)
        self.tape.write_reset(self.t, state, verdict)
        return verdict

    def mode(self, mode: Mode, why: str) -> None:
        """Another mode."""
        self.guard.degrade(mode)
        self.tape.write_mode(self.t, mode.name.lower(), why)

    def tighten(self, who: str, limits: LimitTable | None) -> None:
        """A tighter table."""
        self.guard.tighten(limits)
        self.tape.write_tighten(self.t, who, None if limits is None else limits.to_json())

    def skill(self, name: str, item: str, status: str = "started", **more: Any) -> None:
        """A note of a skill."""
        self.tape.write("/skill", self.t, {"skill": name, "args": {"item": item}, "status": status, **more})

    def chunk(self) -> None:
        """A chunk of motion is made now."""
        self.made = self.t
        times = np.array([0.0, 2.0])
        self.tape.write_chunk(self.t, ActionChunk.of(times, np.tile(self.q, (2, 1)), np.zeros((2, 6)), "pick"))

    def picture(self, camera: str = "wrist") -> None:
        """A picture is taken now."""
        self.seen = self.t
        shade = np.linspace(40, 220, 64).astype(np.uint8)
        rgb = np.stack([np.tile(shade, (48, 1)), np.full((48, 64), 90, np.uint8), np.tile(shade[::-1], (48, 1))], axis=2)
        depth = np.ones((48, 64), np.float32)
        self.tape.write_frame(CameraFrame(camera, self.i, self.t, rgb, depth, np.eye(3), np.eye(4)))


@contextmanager
def staged(path: Path, limits: LimitTable | None = None, kernel: Kernel = INTERPRETED) -> Iterator[Stage]:
    """A stage whose tape is finished at the end."""
    limits = limits or table()
    meta = {"guard_limits": json.loads(limits.to_json())}
    with TapeWriter(path, ManualClock(), meta, joint_names=JOINTS) as tape:
        yield Stage(tape, limits, kernel)


def somebody(*places: tuple[float, float]) -> Matrix:
    """People as a state has them."""
    return frozen(np.array(places).reshape(-1, 2))


def an_estop(stage: Stage) -> None:
    """The emergency stop is pressed in a swing, released; reset and restarted."""
    stage.picture()
    stage.skill("pick", "item-1")
    stage.hold(20)
    stage.chunk()
    stage.swing(150)
    stage.tick(np.array(stage.guard.setpoint), np.zeros(6), estop=True)
    stage.brake(estop=True)
    stage.hold(50, estop=True)
    stage.hold(300)
    assert stage.reset().decision == "pass"
    stage.hold(20)
