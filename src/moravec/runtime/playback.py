"""A chunk of motion being played: path time, which may pass more slowly than the clock, and short chunks that end or mend it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import numpy as np

from moravec.core.command import ActionChunk, Provenance
from moravec.core.frames import Matrix

SETTLE_TIME = 0.04  # [s] held after a motion, until the arm has caught up with its set-point
BRAKE_SHARE = 0.8  # of the acceleration limits, for a motion that is ended early
REJOIN_SHARE = 0.4  # of the acceleration limits, for the way back to a motion the guard interrupted
REJOIN_LEAST = 0.2  # [s]
# Peak acceleration of the quintic from rest to rest over distance D in time T is this times D / T^2.
QUINTIC_PEAK = 10.0 / np.sqrt(3.0)


@final
class Playback:
    """Where a chunk stands. `seen` [s]: when the newest picture before it was taken."""

    def __init__(self, chunk: ActionChunk, seen: float, rate: float = 1.0) -> None:
        self.chunk, self.seen, self.rate = chunk, seen, rate
        self.path = 0.0  # [s] of the chunk's own time

    @property
    def over(self) -> bool:
        """Whether the motion has ended and settled."""
        return self.path >= self.chunk.duration + SETTLE_TIME

    @property
    def left(self) -> float:
        """Path time [s] until it is over."""
        return max(self.chunk.duration + SETTLE_TIME - self.path, 0.0)

    def provenance(self, now: float) -> Provenance:
        """A policy's own, as it said; of a program's motion the age is its path time, which stands still while it waits."""
        return self.chunk.provenance or Provenance(now - self.path, now + self.left, self.seen, 0.0)

    def setpoint(self) -> tuple[Matrix, Matrix]:
        """Position (n,) [rad] and velocity (n,) [rad/s] now, at the rate it is played."""
        q, dq = self.chunk.sample(self.path)
        return (q, dq) if self.rate == 1.0 else (q, self.rate * dq)

    def slopes(self, period: float) -> tuple[Matrix, Matrix]:
        """Velocity (n,) [rad/s] and acceleration (n,) [rad/s^2] of the path at full rate."""
        _, dq = self.chunk.sample(self.path)
        _, ahead = self.chunk.sample(self.path + period)
        return dq, (ahead - dq) / period

    def advance(self, rate: float, period: float) -> None:
        """Lets a period pass at `rate`. What has ended settles at the clock's pace."""
        self.rate = rate
        self.path += period if self.path >= self.chunk.duration else rate * period


def braking_chunk(q: Matrix, dq: Matrix, acceleration: Sequence[float], source: str) -> ActionChunk:
    """From `q` (n,) [rad] and `dq` (n,) [rad/s] to rest, all joints together, with BRAKE_SHARE of `acceleration` [rad/s2]."""
    duration = max(0.01, float(np.max(np.abs(dq) / (BRAKE_SHARE * np.asarray(acceleration)))))
    times = np.linspace(0.0, duration, max(3, int(duration / 0.004)))
    left = 1.0 - times / duration
    positions = q + dq * (times * (1 + left) / 2)[:, None]
    return ActionChunk.of(times, positions, dq * left[:, None], source)


def rejoining_chunk(start: Matrix, end: Matrix, acceleration: Sequence[float], source: str) -> ActionChunk:
    """From rest at `start` (n,) to rest at `end` (n,) [rad] along the straight way, by a quintic with little acceleration."""
    way = end - start
    share = REJOIN_SHARE * np.asarray(acceleration)
    duration = max(REJOIN_LEAST, float(np.sqrt(np.max(QUINTIC_PEAK * np.abs(way) / share))))
    times = np.linspace(0.0, duration, 40)
    s = times / duration
    place = s**3 * (10.0 - 15.0 * s + 6.0 * s * s)
    speed = 30.0 * s * s * (1.0 - s) ** 2 / duration
    return ActionChunk.of(times, start + place[:, None] * way, speed[:, None] * way, source)
