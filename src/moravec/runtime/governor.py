"""How fast a planned motion may be played while somebody is near, so that the guard need not stop it.

The guard stops what is too fast for the distance; this slows down before. It never makes anything safer than the guard does,
only smoother: a motion that is played slower along its path stays the same motion.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np

from moravec.core.frames import Matrix
from moravec.guard.limits import LimitTable
from moravec.guard.separation import Separation, allowed_speed

COMFORT = 0.10  # [m] kept beyond what the guard asks for
LAG = 0.12  # [s] that the rate takes to follow, in which somebody may walk on
SHARE = 0.85  # of the speed that is then allowed: parts speed up and slow down along a path
CREEP = 0.02  # rate below which a motion's own speed cannot be told from what is left of it
HEADROOM = 0.9  # share of the acceleration limit that playing faster or slower may use, the path's own included
STEEPEST = 4.0  # [1/s] change of the rate
STIFFNESS = 12.0  # [1/s] how fast the rate follows what is wanted
LEAST = 1.0  # [1/s] of slope while it does not yet have it, so that it arrives
SOFTNESS = 0.3  # share of the jerk limit that a change of the rate's slope may use
REDUCED_SHARE = 0.95  # of the reduced speed
IDLE = 0.1  # [rad/s2] below this a path leaves nothing for a change of rate; it may still change that much


Slopes: TypeAlias = Callable[[float], tuple[Matrix, Matrix]]


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """Who is near, as the guard saw it last: `distance` [m] and how long ago it was measured, `age` [s]."""

    distance: float
    age: float


@final
class Governor:
    """The rate at which path time passes: 1 at full speed, 0 standing still. One for one runtime."""

    def __init__(self, limits: LimitTable) -> None:
        self._terms: Separation | None = limits.separation
        self._acceleration = HEADROOM * np.array(limits.acceleration)
        self._bend = SOFTNESS * np.array(limits.jerk) * limits.control_period  # [rad/s2] in one tick
        self._period = limits.control_period
        self._full_speed = 0.0
        self._slope = 0.0  # [1/s] of the rate
        # What is planned keeps the tool's speed limit: played at this rate it keeps the reduced one.
        self._reduced = min(1.0, REDUCED_SHARE * limits.tool_speed_reduced / limits.tool_speed)
        self._ceiling = 1.0
        self.rate = 1.0

    def begin(self) -> None:
        """A new motion starts from rest: it may start at any rate."""
        self._full_speed = self._slope = 0.0
        self.rate = min(self.rate, self._ceiling)

    def reduce(self, reduced: bool) -> None:
        """Keeps every motion at reduced speed from now on, or no longer."""
        self._ceiling = self._reduced if reduced else 1.0

    def advance(self, near: Neighbourhood, fastest: float, slopes: Slopes) -> float:
        """The rate for the next tick.

        `fastest` is the speed [m/s] of the fastest part in the last tick; `slopes` gives velocity (n,) [rad/s] and acceleration
        (n,) [rad/s^2] of the path at full rate, and is asked only where the rate has to change.
        """
        wanted = min(self._ceiling, self._wanted(near, fastest))
        if wanted != self.rate or self._slope != 0.0:
            self._follow(wanted, *slopes(self._period))
        return self.rate

    def _wanted(self, near: Neighbourhood, fastest: float) -> float:
        """The rate that whoever is near leaves."""
        if self._terms is None:
            return 1.0
        allowed = self._allowed(near)
        if self.rate > CREEP:
            self._full_speed = fastest / self.rate
        if allowed <= 0.0:
            return 0.0
        return 1.0 if self._full_speed <= allowed else allowed / self._full_speed

    def _follow(self, wanted: float, dq: Matrix, ddq: Matrix) -> None:
        """Moves the rate towards `wanted`, so that neither the joints' acceleration nor their jerk becomes too much."""
        steepest, bend = self._steepest(dq, ddq), float(np.min(self._bend / np.maximum(np.abs(dq), 1e-6)))
        gap = wanted - self.rate
        slope = float(np.copysign(min(max(STIFFNESS * abs(gap), LEAST), steepest), gap))
        self._slope += float(np.clip(slope - self._slope, -bend, bend))
        rate = self.rate + self._slope * self._period
        if abs(gap) <= LEAST * self._period and abs(self._slope) <= LEAST + bend:
            rate, self._slope = wanted, 0.0
        self.rate = min(max(rate, 0.0), 1.0)

    def blocked(self, near: Neighbourhood) -> bool:
        """Whether somebody is so near that no motion should begin."""
        return self._terms is not None and self._allowed(near) <= 0.0

    def _allowed(self, near: Neighbourhood) -> float:
        assert self._terms is not None
        return SHARE * allowed_speed(near.distance - COMFORT, near.age + LAG, self._terms)

    def rest(self) -> None:
        """The guard stopped the motion: it starts again from a standstill."""
        self.rate = self._slope = 0.0

    def _steepest(self, dq: Matrix, ddq: Matrix) -> float:
        """The fastest change of the rate [1/s] that no joint's acceleration limit forbids."""
        left = np.maximum(self._acceleration - self.rate**2 * np.abs(ddq), IDLE)
        return float(min(STEEPEST, np.min(left / np.maximum(np.abs(dq), 1e-6))))
