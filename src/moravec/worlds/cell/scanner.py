"""The cell's safety scanner: two laser scanners at leg height, under opposite corners of the table.

Each sweeps a fan of rays in one level plane, as SICK's nanoScan3 and its like do (275 degrees, 30 to 40 ms, 3 to 4 m); the
figures below are chosen after what makers quote, and unverified. What the empty room looks like is taught once, at the start;
whatever is clearly nearer than that is taken for a person. The table's own legs are the reference: a scanner to which all
of them are gone is blind, and says so. Nothing here knows where anybody is but by the ranges its rays return.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Literal, TypeAlias, final, get_args

import mujoco
import numpy as np

from moravec.core.errors import BadInput
from moravec.core.frames import Matrix, frozen
from moravec.core.observation import NOBODY

# Body in the scene, and where its fan's middle looks [rad].
SCANNERS = (("scanner_right", -np.pi / 4), ("scanner_left", 3 * np.pi / 4))
SPAN = np.deg2rad(275.0)  # [rad]
RAYS = 276  # one a degree
RANGE = 4.0  # [m]
PERIOD = 0.04  # [s] between two scans
LATENCY = 0.03  # [s] from a scan to its reading
RANGE_NOISE = 0.01  # [m], one sigma
DROPPED = 0.005  # share of rays that return nothing although they hit

TEACHING = 16  # scans of the empty room, of which the nearest ranges count
MARGIN = 0.08  # [m] nearer than taught, that is 8 sigma and more: somebody
# All points within this of somebody's nearest one are the same body [m]: two legs and the gap between them.
GAP = 0.40
# Shoulders and hips stand out beyond the legs that are seen [m].
BODY_BEYOND_LEGS = 0.11
# What is seen narrower than this is one leg that hides the other: to either side of it there may be more of the body [m].
ONE_LEG, BODY_BEYOND_ONE_LEG = 0.20, 0.20
MOST = 8  # points in a reading

Fault: TypeAlias = Literal["", "frozen", "dark", "missing"]
Reading: TypeAlias = tuple[float, Matrix]  # when the scan was taken [s]; points of people (k, 2) [m]

UNUSABLE: Reading = (math.nan, NOBODY)


def people_in(points: Matrix) -> Matrix:
    """Where people stand (k, 2) [m], given foreground `points` (n, 2) [m], both in the base frame; at most MOST.

    A body is a cluster: all that is within GAP of its point nearest to the base. Each is told by its front and its two sides as
    seen from the base, moved out by what a body stands out beyond its legs: with one point alone, a hand beside somebody's
    shoulder would seem farther from them than it is. The fronts come first, then the sides of the nearest.
    """
    fronts: list[Matrix] = []
    sides: list[Matrix] = []
    points = points[np.argsort(np.hypot(points[:, 0], points[:, 1]))]
    while len(points) and len(fronts) < MOST:
        x, y = points[0]
        same = np.hypot(points[:, 0] - x, points[:, 1] - y) <= GAP
        body, points = points[same], points[~same]
        # Bearings relative to the nearest point's, so that a cluster across +-pi stays one.
        turn = np.arctan2(x * body[:, 1] - y * body[:, 0], x * body[:, 0] + y * body[:, 1])
        middle = math.atan2(y, x) + 0.5 * float(turn.min() + turn.max())
        right, left = body[turn.argmin()], body[turn.argmax()]
        spread = BODY_BEYOND_LEGS if math.hypot(*(left - right)) > ONE_LEG else BODY_BEYOND_ONE_LEG
        fronts.append(_moved(math.hypot(x, y) * np.array([math.cos(middle), math.sin(middle)]), 0.0))
        sides += [_moved(right, -spread), _moved(left, spread)]
    return frozen(np.array([*fronts, *sides][:MOST])) if fronts else NOBODY


def _moved(point: Matrix, left: float) -> Matrix:
    """Nearer to the base by what a body stands out beyond its legs, and by `left` [m] to the left as seen from there."""
    out = point / max(float(np.hypot(*point)), 1e-9)
    return np.asarray(point - BODY_BEYOND_LEGS * out + left * np.array([-out[1], out[0]]))


@final
class SafetyScanner:
    """Both scanners and their one reading. `rng` is their noise and nothing else's.

    The room has to be empty when it is built: that is when the contour is taught. The first scan is taken, and read, at once.
    """

    def __init__(self, model: mujoco.MjModel, data: mujoco.MjData, rng: np.random.Generator) -> None:
        self._model, self._data, self._rng = model, data, rng
        self._scene = mujoco.MjData(model)  # rays want positions of this instant, not of the last step's beginning
        self._bodies = [model.body(name).id for name, _ in SCANNERS]
        angles = [middle + np.linspace(-SPAN / 2, SPAN / 2, RAYS) for _, middle in SCANNERS]
        self._rays = np.array([np.stack([np.cos(a), np.sin(a), np.zeros(RAYS)], axis=1) for a in angles])
        self._origins = np.array([model.body_pos[body] for body in self._bodies])
        self._hit, self._geoms = np.empty(RAYS), np.empty(RAYS, np.int32)
        self._fault: Fault = ""
        taught = np.min([self._sweep() for _ in range(TEACHING)], axis=0)
        self._reference = np.isfinite(taught)
        self._contour = np.where(self._reference, taught - MARGIN, RANGE)
        self._shown = self._scan()
        self._due = float(data.time) + PERIOD
        self._coming: deque[tuple[float, Reading]] = deque()

    def step(self) -> None:
        """Takes a scan where one is due. To be called once in each step of the world."""
        now = float(self._data.time)
        if now < self._due - self._model.opt.timestep / 2:
            return
        self._due = max(self._due, now - PERIOD) + PERIOD
        if self._fault != "frozen":
            self._coming.append((now + LATENCY, self._scan()))

    def reading(self) -> Reading:
        """The newest reading that has arrived by now: when it was taken [s], NaN for one that cannot be used, and where people
        stand (k, 2), in the base frame [m]."""
        now = float(self._data.time) + self._model.opt.timestep / 2
        while self._coming and self._coming[0][0] <= now:
            self._shown = self._coming.popleft()[1]
        return UNUSABLE if self._fault == "missing" else self._shown

    def fail(self, kind: Fault) -> None:
        """Breaks the scanner, or heals it with "": "frozen" repeats its last reading, "dark" gets no ray back, "missing" says
        nothing. Raises BadInput for another kind."""
        if kind not in get_args(Fault):
            raise BadInput("a fault of the scanner", kind, [f"{name!r}" for name in get_args(Fault)])
        self._fault = kind

    def _sweep(self) -> Matrix:
        """Ranges (2, RAYS) [m] of all rays now, with noise; infinite where nothing came back."""
        self._scene.qpos[:] = self._data.qpos
        mujoco.mj_kinematics(self._model, self._scene)
        ranges = np.empty((len(SCANNERS), RAYS))
        for k, body in enumerate(self._bodies):
            mujoco.mj_multiRay(
                self._model, self._scene, self._origins[k], self._rays[k].ravel(), None, 1, body,
                self._geoms, self._hit, None, RAYS, RANGE,
            )  # fmt: skip
            ranges[k] = self._hit
        seen = (
            (ranges >= 0.0) & (ranges <= RANGE) & (self._rng.random(ranges.shape) >= DROPPED) & (self._fault != "dark")
        )
        noisy = np.maximum(ranges + RANGE_NOISE * self._rng.standard_normal(ranges.shape), 0.0)
        return np.where(seen, noisy, np.inf)

    def _scan(self) -> Reading:
        ranges = self._sweep()
        seen = np.isfinite(ranges)
        if not np.all(np.any(seen & self._reference, axis=1)):
            return UNUSABLE
        near = ranges < self._contour
        if not near.any():
            return float(self._data.time), NOBODY
        scanner, ray = np.nonzero(near)
        points = self._origins[scanner, :2] + ranges[near][:, None] * self._rays[scanner, ray, :2]
        return float(self._data.time), people_in(points)
