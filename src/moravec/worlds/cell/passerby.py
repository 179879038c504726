"""Somebody who comes to look at the cell, stands there for a while, goes away, and comes again."""

from __future__ import annotations

from typing import final

import mujoco
import numpy as np

from moravec.core.frames import Matrix
from moravec.guard.separation import WALKING_SPEED
from moravec.worlds.cell.config import Walk
from moravec.worlds.cell.scene import PARKED, TABLE_EDGES

STROLLING_SPEED = 1.2  # [m/s]
FIRST_VISIT = (5.0, 25.0)  # [s] from the start
STAY = (3.0, 10.0)  # [s] at the table
AWAY = (10.0, 45.0)  # [s] out of sight, before the next visit
EARLY_LATE = (0.1, 0.6)  # share of the time between two visits, where they are so many a minute
BESIDE = (0.02, 0.50)  # [m] between the table's edge and the body
ALONG = 0.45  # [m] to either side of where the arm works
BODY_DEPTH, BODY_WIDTH = 0.16, 0.31  # [m] of the figure from its middle, along x and along y

_LEFT, _RIGHT, _FRONT, _BACK = TABLE_EDGES
# Where somebody stands at each side of the table, as (middle, outwards), and the way there from out of sight.
_SIDES: dict[str, tuple[tuple[float, float], tuple[float, float], tuple[tuple[float, float], ...]]] = {
    "front": ((_FRONT + BODY_DEPTH, 0.0), (1.0, 0.0), ((2.0, -2.6),)),
    "right": ((0.2, _RIGHT - BODY_WIDTH), (0.0, -1.0), ((0.2, -2.4),)),
    "back": ((_BACK - BODY_DEPTH, 0.0), (-1.0, 0.0), ((-2.2, -0.5),)),
    "left": ((0.1, _LEFT + BODY_WIDTH), (0.0, 1.0), ((-2.2, -0.5), (-1.6, 2.0), (0.1, 2.0))),
}
_STRAIGHT = ((3.2, -3.0), (3.5, 0.0))


@final
class Passerby:
    """Visits the table again and again, when `present`; each visit is drawn from `rng` when the one before it has ended.

    With `often` [1/min] somebody sets out that often, each a little early or late, and as soon as the one before is gone.

    walk "visits"    strolls to any side of the table, sometimes up to its edge
    walk "straight"  walks as fast as the guard reckons with, straight up to the edge in front of the arm
    """

    def __init__(
        self, model: mujoco.MjModel, data: mujoco.MjData, present: bool, walk: Walk, rng: np.random.Generator,
        often: float = 0.0,
    ) -> None:  # fmt: skip
        self._data, self._present, self._walk, self._rng, self._often = data, present or often > 0.0, walk, rng, often
        self._count = 0
        self._motors = [model.actuator(name).id for name in ("person_x", "person_y")]
        self.times, self.points = np.zeros(1), np.array([PARKED])  # [s], [m]: the visit that is planned or under way
        if often > 0.0:
            self._plan(self._due())
        elif present:
            self._plan(rng.uniform(*FIRST_VISIT))

    def step(self) -> None:
        """Moves the figure's set-point to where it belongs now."""
        if not self._present:
            return
        t = float(self._data.time)
        if t > self.times[-1]:
            self._plan(max(t, self._due()) if self._often > 0.0 else t + self._rng.uniform(*AWAY))
        for axis, motor in enumerate(self._motors):
            self._data.ctrl[motor] = np.interp(t, self.times, self.points[:, axis])

    def _due(self) -> float:
        """When the next visit begins [s], where somebody comes `often` [1/min]."""
        self._count += 1
        return 60.0 / self._often * (self._count - 1 + self._rng.uniform(*EARLY_LATE))

    def _plan(self, start: float) -> None:
        """There, a stop, and the same way back, from `start` [s] on."""
        way, speed = self._way()
        there = np.array([PARKED, *way])
        self.points = np.concatenate([there, there[::-1]])
        legs = np.linalg.norm(np.diff(self.points, axis=0), axis=1) / speed
        legs[len(there) - 1] = self._rng.uniform(*STAY)
        self.times = start + np.concatenate([[0.0], np.cumsum(legs)])

    def _way(self) -> tuple[list[Matrix], float]:
        """The points after the one out of sight, and the speed [m/s]."""
        if self._walk == "straight":
            spot = np.array(_SIDES["front"][0]) + [BESIDE[0], 0.0]
            return [*map(np.array, _STRAIGHT), spot], WALKING_SPEED
        middle, outwards, via = _SIDES[str(self._rng.choice(sorted(_SIDES)))]
        out = np.array(outwards)
        along = np.array([-out[1], out[0]])
        beside = BESIDE[0] + (BESIDE[1] - BESIDE[0]) * self._rng.uniform() ** 2  # the curious come close
        spot = np.array(middle) + beside * out + self._rng.uniform(-ALONG, ALONG) * along
        return [*map(np.array, via), spot], STROLLING_SPEED
