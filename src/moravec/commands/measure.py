"""The measurements behind `moravec bench`."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, final

import numpy as np

from moravec.brain.bench import plan_benchmark
from moravec.core.command import ActionChunk, Command
from moravec.core.frames import Matrix, frozen
from moravec.core.observation import CameraFrame, RobotState
from moravec.core.verdict import Approved, Verdict
from moravec.guard.guard import Guard
from moravec.robots.protocol import RobotSpec
from moravec.robots.ur5e.kinematics import JOINTS
from moravec.robots.ur5e.limits import CONTROL_PERIOD, ur5e_limits
from moravec.runtime.loop import Runtime
from moravec.runtime.pace import AsFastAsPossible
from moravec.runtime.recorder import Unrecorded
from moravec.skills.contract import Follow, Note, Request
from moravec.worlds.cell.layout import HOME_Q

PERIOD = CONTROL_PERIOD  # [s]
_SWING = 0.15  # [rad] how far the arm swings in a benchmark
_TURN = 1.0  # [s] of one swing


def guard_times(n: int, seed: int) -> Matrix:
    """Seconds (n,) of one verdict each, on an arm that swings about its resting posture."""
    body, guard = _Echo(seed), Guard(ur5e_limits())
    chunk = _swing(n * PERIOD, seed)
    spent = np.empty(n)
    for i in range(n):
        state, now = body.read(), body.now()
        q, dq = chunk.sample(now)
        command = Command(i + 1, now, q, dq, 0.05, 20.0, "bench")
        start = time.perf_counter()
        approved = guard.check(command, state, now)
        spent[i] = time.perf_counter() - start
        body.apply(approved)
        body.advance()
    return spent


def loop_times(n: int, seed: int) -> Matrix:
    """Seconds (n,) of one control tick each: read, sample, verdict, apply, record nowhere; no physics, no pictures."""
    body = _Echo(seed)
    watch = _Stopwatch()
    runtime = Runtime(body, Unrecorded(), AsFastAsPossible(), lambda ask: ask.default, (watch,))

    def routine() -> Generator[Request, Any, None]:
        yield Follow(_swing(n * PERIOD, seed))

    runtime.run(routine())
    return np.diff(np.array(watch.times[: n + 1]))


def plan_times(n: int, items: int, seed: int) -> Matrix:
    """Seconds (n,) of planning one delivery of `items` each."""
    return np.array([plan_benchmark(items, time.perf_counter, seed + i) for i in range(n)])


def statistics(name: str, seconds: Matrix) -> dict[str, Any]:
    """The figures of a benchmark in microseconds, in the form of the design."""
    micro = 1e6 * seconds
    p50, p99, p99_9 = (round(float(np.percentile(micro, q)), 3) for q in (50, 99, 99.9))
    figures = {"p50": p50, "p99": p99, "p99_9": p99_9, "max": round(float(micro.max()), 3)}
    return {"name": name, "unit": "us", "n": len(micro), **figures, "machine": machine()}


def machine() -> str:
    """This machine in words: processor, cores, system, Python."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        names = [line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
        cpu = names[0] if names else cpu
    return f"{cpu}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def _swing(duration: float, seed: int) -> ActionChunk:
    """All joints swing about the resting posture, each with a phase of its own, and start from rest."""
    times = np.arange(0.0, duration + 0.01, 0.01)
    phase = np.random.default_rng(seed).uniform(0.8, 1.2, 6)
    rise = np.clip(times / 2.0, 0.0, 1.0)[:, None]
    wave = 2 * np.pi * times[:, None] * phase / (4 * _TURN)
    q = np.array(HOME_Q) + _SWING * rise * np.sin(wave)
    return ActionChunk.of(times, q, np.gradient(q, times, axis=0), "bench")


@final
class _Echo:
    """A body without weight: it is where it was told to be."""

    def __init__(self, seed: int) -> None:
        self.spec = RobotSpec("ur5e", JOINTS, (), ur5e_limits(), PERIOD)
        self._q, self._dq = frozen(HOME_Q), frozen(np.zeros(6))
        self._zero, self._wrench = frozen(np.zeros(6)), frozen(np.zeros(6))
        self._ticks = 0

    def now(self) -> float:
        return self._ticks * PERIOD

    def read(self) -> RobotState:
        return RobotState(self._ticks, self.now(), self._q, self._dq, self._zero, 0.05, 0.0, self._wrench, False)

    def apply(self, approved: Approved) -> None:
        self._q, self._dq = frozen(approved.command.q), frozen(approved.command.dq)

    def advance(self) -> None:
        self._ticks += 1

    def expose(self, camera: str) -> Callable[[], CameraFrame]:
        raise NotImplementedError(f"{camera}: this body has no cameras")


@final
class _Stopwatch:
    """A watcher that notes when each tick ended."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def ticked(self, t: float, state: RobotState, verdict: Verdict) -> None:
        """Between two ticks."""
        self.times.append(time.perf_counter())

    def framed(self, frame: CameraFrame) -> None:
        """Nothing."""

    def noted(self, t: float, note: Note) -> None:
        """Nothing."""
