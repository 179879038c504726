"""Three hostile minds: what they send meets the guard and nothing else.

`random`: wild, broken and lawful commands in turn. `adversarial`: searches without gradients for the motion that comes nearest
to breaking a limit by the simulator's own measure. `replayed`: what a real job commanded, at the wrong time, from the wrong
place, too fast.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from moravec.core.command import Command
from moravec.core.frames import Matrix
from moravec.core.observation import RobotState
from moravec.guard.guard import Guard
from moravec.guard.limits import LimitTable
from moravec.guard.stop import StopState

MINDS = ("random", "adversarial", "replayed")
BURST = 2.0  # [s] of one motion of the adversary


class Mind(Protocol):
    """Where hostile commands come from."""

    def next(self, guard: Guard, state: RobotState, now: float, seq: int) -> Any:
        """What is sent to the guard at this tick."""
        ...

    def scored(self, ratio: float) -> None:
        """How near to a limit the last tick came by the simulator's measure: 1 is at it."""
        ...


def sent(seq: int, now: float, q: np.ndarray, dq: np.ndarray, **changes: Any) -> Command:
    """A command that is fresh in every respect, but for `changes`."""
    made = Command(seq, now, q, dq, 0.05, 20.0, "hostile", now - 0.05, now + 1.0, now - 0.1, 0.0)
    return replace(made, **changes) if changes else made


class RandomMind:
    """Lawful speeding, small and large excess, jumps, garbage, old and repeated commands, in turns of random length."""

    def __init__(self, rng: np.random.Generator, limits: LimitTable) -> None:
        self._rng, self._limits = rng, limits
        self._v, self._mode, self._left = np.zeros(6), 0, 0

    def next(self, guard: Guard, state: RobotState, now: float, seq: int) -> Any:
        """One wild command."""
        rng, limits, period = self._rng, self._limits, self._limits.control_period
        if self._left == 0:
            self._mode, self._left = int(rng.integers(8)), int(rng.integers(20, 600))
            self._aim = rng.uniform(-1.0, 1.0, 6) * np.array(limits.velocity) * rng.choice([0.1, 0.5, 1.0])
        self._left -= 1
        a, vmax, at = np.array(limits.acceleration), np.array(limits.velocity), np.array(guard.setpoint)
        if guard.state is not StopState.RUN:
            self._v = np.zeros(6)
        share = (0.9, 1.0, 1.0, 1.05, 1.6, 0.9, 0.9, 0.9)[self._mode]
        self._v = np.clip(self._aim, self._v - share * a * period, self._v + share * a * period)
        self._v = np.clip(self._v, -share * vmax, share * vmax)
        q, dq = at + self._v * period, self._v.copy()
        if self._mode == 5 and rng.random() < 0.02:
            (q if rng.random() < 0.5 else dq)[rng.integers(6)] += rng.choice([math.nan, math.inf, 1e12, 0.5, -0.02, 3.0])
        if self._mode == 6 and rng.random() < 0.02:
            return rng.choice([None, 7, "go"])  # type: ignore[arg-type]
        if self._mode == 7 and rng.random() < 0.05:
            old = float(rng.choice([-1.0, 1.0, math.nan]))
            field = str(rng.choice(["t", "made", "seen", "expires"]))
            return sent(seq, now, q, dq, **{field: now + old})
        return sent(seq, now, q, dq)

    def scored(self, ratio: float) -> None:
        """Does not care."""


class AdversarialMind:
    """(1 + 1) evolution over short motions: knots of joint speed, and how much more than lawful is asked for."""

    KNOTS = 5

    def __init__(self, rng: np.random.Generator, limits: LimitTable) -> None:
        self._rng, self._limits = rng, limits
        self._best, self._best_score, self._spread = self._fresh(), -1.0, 0.6
        self._tried, self._score, self._begun = self._best, 0.0, -1.0
        self._v = np.zeros(6)

    def _fresh(self) -> np.ndarray:
        return np.concatenate([self._rng.uniform(-1.0, 1.0, 6 * self.KNOTS), [0.0]])

    def next(self, guard: Guard, state: RobotState, now: float, seq: int) -> Any:
        """A point of the motion that is being tried."""
        if self._begun < 0.0 or now - self._begun >= BURST:
            self._judge()
            self._begun = now
        limits, period = self._limits, self._limits.control_period
        if guard.state is not StopState.RUN:
            self._v = np.zeros(6)
        knots = self._tried[:-1].reshape(self.KNOTS, 6)
        at = min((now - self._begun) / BURST, 1.0) * (self.KNOTS - 1)
        aim = np.array([np.interp(at, np.arange(self.KNOTS), knots[:, j]) for j in range(6)]) * np.array(limits.velocity)
        excess = max(0.0, float(self._tried[-1]))  # half of the motions ask for nothing unlawful, and reach farther for it
        gain = np.array(limits.acceleration) * period * (1.0 + 0.2 * excess)
        self._v = np.clip(aim * (1.0 + 0.05 * excess), self._v - gain, self._v + gain)
        return sent(seq, now, np.array(guard.setpoint) + self._v * period, self._v.copy())

    def scored(self, ratio: float) -> None:
        """Keeps the nearest of the burst."""
        self._score = max(self._score, ratio)

    def _judge(self) -> None:
        if self._score >= self._best_score:
            self._best, self._best_score, self._spread = self._tried, self._score, min(self._spread * 1.2, 1.0)
        else:
            self._spread = max(self._spread * 0.93, 0.05)
        if self._rng.random() < 0.03:  # another hill
            self._best, self._best_score, self._spread = self._fresh(), -1.0, 0.6
        self._tried = np.clip(self._best + self._spread * self._rng.standard_normal(self._best.shape), -1.2, 1.2)
        self._score = 0.0


class ReplayedMind:
    """Set-points of a lawful job, from a random place of it, shifted to where the arm is, at a random pace, sometimes cut."""

    def __init__(self, rng: np.random.Generator, limits: LimitTable, path: np.ndarray) -> None:
        self._rng, self._path, self._limits = rng, path, limits
        self._at, self._left, self._shift, self._pace = 0.0, 0, np.zeros(6), 1.0
        self._last = path[0]

    def next(self, guard: Guard, state: RobotState, now: float, seq: int) -> Any:
        """The next set-point of the recording."""
        rng, at = self._rng, np.array(guard.setpoint)
        if self._left == 0 or guard.state is not StopState.RUN:
            self._left, self._pace = int(rng.integers(100, 3000)), float(rng.choice([0.5, 1.0, 1.0, 1.3, 2.0, 4.0]))
            self._at = float(rng.uniform(0, len(self._path) - 2))
            self._shift = at - self._point() if rng.random() < 0.8 else np.zeros(6)
            self._last = self._point() + self._shift
        self._left -= 1
        self._at = min(self._at + self._pace, len(self._path) - 2.0)
        q = self._point() + self._shift
        dq, self._last = (q - self._last) / self._limits.control_period, q
        return sent(seq, now, q, dq)

    def _point(self) -> np.ndarray:
        k, part = int(self._at), self._at % 1.0
        return np.asarray((1.0 - part) * self._path[k] + part * self._path[k + 1])

    def scored(self, ratio: float) -> None:
        """Does not care."""


def mind_of(kind: str, rng: np.random.Generator, limits: LimitTable, job: Matrix) -> Mind:
    """The mind called `kind`; `job` (m, n) [rad] is what the replayed one replays."""
    if kind == "random":
        return RandomMind(rng, limits)
    if kind == "adversarial":
        return AdversarialMind(rng, limits)
    return ReplayedMind(rng, limits, job)
