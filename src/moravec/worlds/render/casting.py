"""What each ray of a picture meets, by MuJoCo's own ray casting."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray

from moravec.worlds.render.materials import Materials
from moravec.worlds.render.view import VISIBLE_GROUPS

Floats = NDArray[np.float64]

_SOLID, _CLEAR, _HIDDEN = 0, 1, 5  # geom groups of the private copy
_FAR = 1e10
_MAX_SHELLS = 4  # how many geoms around the camera are peeled off before giving up


@dataclass(frozen=True, slots=True)
class Hits:
    """What `n` rays of one origin meet."""

    geom: NDArray[np.int32]  # (n,), -1 where nothing
    reach: Floats  # (n,) in lengths of each ray, -1 where nothing
    normal: Floats  # (n, 3) outward unit normals in the world

    def pick(self, rows: NDArray[np.intp]) -> Hits:
        """Those of the rays at `rows`."""
        return Hits(self.geom[rows], self.reach[rows], self.normal[rows])


class Caster:
    """Casts rays at the visible geoms of a model.

    It works on its own copy of the model, in which geom groups say solid, see-through or hidden, so that the model
    that is being simulated is never touched.
    """

    def __init__(self, model: mujoco.MjModel) -> None:
        self._live = model
        self._copy = copy.copy(model)
        _widen(self._copy)

    def refresh(self, materials: Materials) -> None:
        """Take over what may change while the simulation runs: sizes, groups and colours."""
        self._copy.geom_size[:] = self._live.geom_size
        alpha = materials.rgba[:, 3]
        groups = np.where(alpha < materials.OPAQUE, _CLEAR, _SOLID)
        groups[(alpha <= 0.0) | (self._live.geom_group >= VISIBLE_GROUPS)] = _HIDDEN
        self._copy.geom_group[:] = groups
        # MuJoCo skips geoms whose own alpha is zero, also where a material says otherwise.
        self._copy.geom_matid[:] = -1
        self._copy.geom_rgba[:, 3] = 1.0

    @property
    def has_clear(self) -> bool:
        """Whether any visible geom is see-through."""
        return bool((self._copy.geom_group == _CLEAR).any())

    def solid(
        self, data: mujoco.MjData, origin: Floats, rays: Floats, around: tuple[int, ...] = ()
    ) -> tuple[Hits, tuple[int, ...]]:
        """The nearest solid surfaces, and the geoms around the origin that were left out.

        OpenGL culls back faces, so a camera inside its own housing sees through it: such geoms are peeled off.
        `around` names geoms known to hold the origin, which saves finding them again.
        """
        peeled = list(around)
        self._copy.geom_group[peeled] = _HIDDEN
        hits = self._cast(data, origin, rays, _SOLID)
        for _ in range(_MAX_SHELLS):
            inside = np.unique(hits.geom[(hits.geom >= 0) & (np.einsum("ij,ij->i", hits.normal, rays) > 0.0)])
            if not len(inside):
                break
            peeled.extend(inside.tolist())
            self._copy.geom_group[inside] = _HIDDEN
            hits = self._cast(data, origin, rays, _SOLID)
        self._copy.geom_group[peeled] = _SOLID
        return hits, tuple(peeled)

    def clear(self, data: mujoco.MjData, origin: Floats, rays: Floats) -> tuple[NDArray[np.intp], Hits]:
        """Which rays may meet something see-through, and the nearest such surfaces on those rays."""
        close = np.zeros(len(rays), dtype=bool)
        square = np.einsum("ij,ij->i", rays, rays)
        for geom in np.flatnonzero(self._copy.geom_group == _CLEAR):
            to_centre = data.geom_xpos[geom] - origin
            distance, radius = float(np.linalg.norm(to_centre)), float(self._live.geom_rbound[geom])
            if radius == 0.0 or distance <= radius:  # an endless plane, or the origin is within reach of it
                close[:] = True
                break
            along = rays @ to_centre
            close |= (along > 0.0) & (along * along >= square * (distance * distance - radius * radius))
        rows = np.flatnonzero(close)
        return rows, self._cast(data, origin, rays[rows], _CLEAR)

    def blocked(self, data: mujoco.MjData, origin: Floats, points: Floats, slack: float) -> NDArray[np.bool_]:
        """Whether something solid lies between `origin` and each of `points` (n, 3), over `slack` [m] before it."""
        rays = points - origin
        hits = self._cast(data, origin, rays, _SOLID)
        length = np.sqrt(np.einsum("ij,ij->i", rays, rays))
        return (hits.geom >= 0) & ((1.0 - hits.reach) * length > slack)

    def _cast(self, data: mujoco.MjData, origin: Floats, rays: Floats, group: int) -> Hits:
        n = len(rays)
        geom, reach, normal = np.full(n, -1, dtype=np.int32), np.full(n, -1.0), np.zeros(3 * n)
        if n:
            groups = (np.arange(6) == group).astype(np.uint8)
            vectors = np.ascontiguousarray(rays).reshape(-1)
            mujoco.mj_multiRay(self._copy, data, origin, vectors, groups, 1, -1, geom, reach, normal, n, _FAR)
        return Hits(geom, reach, normal.reshape(-1, 3))


def _widen(model: mujoco.MjModel) -> None:
    """Let `mj_multiRay` look at every geom of a body that a ray may meet.

    It skips a body whose bounding volume a ray misses. In MuJoCo 3.8.1 that volume is taken about the centre of mass,
    without its own offset, and knows colliding geoms only: the far end of a hammer and what is merely painted vanish.
    Here it becomes a cube about the centre of mass that holds all geoms, whatever way they are turned.
    """
    for body in np.flatnonzero(model.body_bvhnum > 0):
        geoms = slice(model.body_geomadr[body], model.body_geomadr[body] + model.body_geomnum[body])
        away = np.linalg.norm(model.geom_pos[geoms] - model.body_ipos[body], axis=1)
        endless = (model.geom_rbound[geoms] == 0.0).any()  # a plane
        reach = _FAR if endless else float(np.max(away + model.geom_rbound[geoms]))
        root = model.body_bvhadr[body]
        model.bvh_aabb[root, :3], model.bvh_aabb[root, 3:] = 0.0, reach
