"""How near somebody truly was to the moving arm: measured in the simulator's geometry, for scoring only.

The law that is counted, at every step and for every part of the arm that moves:

    d >= v_h T_s + v T_s / 2        with T_s = max over the joints of |dq_j| / a_j

d is the part's true horizontal distance to the figure's body, v the true speed of its fastest end, dq the joints' true
velocities, v_h and a_j the limit table's human speed and accelerations: braking evenly now, the arm rests before somebody
who walks towards it from now on can reach it. There is no reaction time, no age of a reading, no intrusion and no
uncertainty in it: those are what a guard needs on top to keep this law although it learns late and inexactly. A guard that
allows for its reading's age (up to 70 ms here) and then brakes is inside it throughout: while it brakes, d shrinks by
v_h + v a second at most, and so does the right side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import mujoco
import numpy as np

from moravec.core.frames import Matrix
from moravec.guard.limits import LimitTable
from moravec.guard.separation import WALKING_SPEED

WATCHED = 2.5  # [m] from the base: whoever is farther is beyond every distance the law can ask for
MOVING = 0.01  # [m/s] a part that is slower is at rest: it only trembles in its servos
_ARM = ("link_1", "link_2", "link_3", "link_4", "link_5", "link_6", "flange", "finger_left", "finger_right")
# Edges of a box as pairs of corners that differ along one axis.
_CORNERS = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
_EDGES = [(i, j) for i in range(8) for j in range(i) if np.abs(_CORNERS[i] - _CORNERS[j]).sum() == 2.0]


@dataclass(frozen=True, slots=True)
class Near:
    """One step with somebody near. `margin` is the least d minus what the law asks [m], of the parts that move."""

    distance: float  # [m] to the nearest part, horizontally
    margin: float  # [m]; infinite where nothing moves


def required(speed: float | Matrix, stop_time: float, human_speed: float) -> float | Matrix:
    """What the law asks [m] of a part with `speed` [m/s] in an arm that rests `stop_time` [s] after braking began."""
    return human_speed * stop_time + 0.5 * speed * stop_time


@final
class Nearness:
    """Watches the arm's parts against the figure's body. Boxes are their edges, everything else capsules."""

    def __init__(self, model: mujoco.MjModel, data: mujoco.MjData, dof: Matrix, limits: LimitTable) -> None:
        self._data, self._dof, self._period = data, dof, float(model.opt.timestep)
        self._acceleration = np.array(limits.acceleration)
        self._human_speed = limits.separation.human_speed if limits.separation else WALKING_SPEED
        self._person = model.body("person").id
        self._discs, self._disc_radii = _discs(model, self._person)
        self._geoms, self._ends, self._radii = _segments(model)
        self._last: Matrix | None = None

    def watch(self) -> Near | None:
        """Of the step that has just been made; None while nobody is near. To be called once in each step."""
        data = self._data
        person = data.xpos[self._person, :2]
        if person[0] * person[0] + person[1] * person[1] > WATCHED * WATCHED:
            self._last = None
            return None
        rotated = self._ends @ data.geom_xmat[self._geoms].reshape(-1, 3, 3).swapaxes(1, 2)
        ends = data.geom_xpos[self._geoms, None] + rotated
        distance = self.distances(ends[:, :, :2], person) - self._radii
        last, self._last = self._last, ends
        if last is None:
            return Near(float(distance.min()), np.inf)
        speed = np.linalg.norm(ends - last, axis=2).max(axis=1) / self._period
        stop_time = float(np.max(np.abs(data.qvel[self._dof]) / self._acceleration))
        margin = np.where(speed > MOVING, distance - required(speed, stop_time, self._human_speed), np.inf)
        return Near(float(distance.min()), float(margin.min()))

    def distances(self, ends: Matrix, person: Matrix) -> Matrix:
        """Of each segment with `ends` (n, 2, 2) to the body of the figure standing at `person` (2,), as seen from above, (n,)
        [m]; negative inside it."""
        start, along = ends[:, None, 0], (ends[:, 1] - ends[:, 0])[:, None]
        to = (person + self._discs)[None] - start
        square = np.maximum((along * along).sum(axis=2), 1e-12)
        s = np.clip((to * along).sum(axis=2) / square, 0.0, 1.0)
        gap = to - s[:, :, None] * along
        return np.asarray((np.hypot(gap[:, :, 0], gap[:, :, 1]) - self._disc_radii).min(axis=1))


def _discs(model: mujoco.MjModel, body: int) -> tuple[Matrix, Matrix]:
    """The figure as seen from above: middles (k, 2), relative to its own, and radii (k,) [m]. Its capsules stand nearly upright:
    two discs each. Discs inside others are left out."""
    discs: list[tuple[float, Matrix]] = []
    for g in _geoms_of(model, body):
        rotation = np.zeros(9)
        mujoco.mju_quat2Mat(rotation, model.geom_quat[g])
        axis = rotation.reshape(3, 3)[:2, 2]
        is_capsule = model.geom_type[g] == mujoco.mjtGeom.mjGEOM_CAPSULE
        half = model.geom_size[g, 1] if is_capsule else 0.0
        for sign in (-1.0, 1.0):
            discs.append((float(model.geom_size[g, 0]), model.geom_pos[g, :2] + sign * half * axis))
    outer: list[tuple[float, Matrix]] = []
    for radius, middle in sorted(discs, key=lambda disc: -disc[0]):
        if all(np.hypot(*(middle - other)) + radius > largest + 1e-9 for largest, other in outer):
            outer.append((radius, middle))
    return np.array([middle for _, middle in outer]), np.array([radius for radius, _ in outer])


def _segments(model: mujoco.MjModel) -> tuple[Matrix, Matrix, Matrix]:
    """The moving arm: geom of each segment (n,), its ends in the geom's frame (n, 2, 3) [m], its radius (n,) [m]."""
    geoms, ends, radii = [], [], []
    for name in _ARM:
        for g in _geoms_of(model, model.body(name).id):
            size = model.geom_size[g]
            if model.geom_type[g] == mujoco.mjtGeom.mjGEOM_BOX:
                found, radius = [(_CORNERS[i] * size, _CORNERS[j] * size) for i, j in _EDGES], 0.0
            else:
                found, radius = [(np.array([0, 0, -size[1]]), np.array([0, 0, size[1]]))], float(size[0])
            geoms += [g] * len(found)
            ends += found
            radii += [radius] * len(found)
    return np.array(geoms), np.array(ends), np.array(radii)


def _geoms_of(model: mujoco.MjModel, body: int) -> range:
    return range(int(model.body_geomadr[body]), int(model.body_geomadr[body] + model.body_geomnum[body]))
