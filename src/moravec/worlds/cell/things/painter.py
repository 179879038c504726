"""How one thing is put together: solid parts that share its mass, and painted details that weigh nothing."""

from __future__ import annotations

from typing import Any, TypeAlias, final

import mujoco
import numpy as np

from moravec.worlds.cell.items import COLOURS, ItemSpec

Floats: TypeAlias = tuple[float, ...]
METAL = (0.62, 0.65, 0.68, 1.0)
CRACK = (0.05, 0.04, 0.04, 1.0)
FRICTION = (0.8, 0.01, 0.0015)  # sliding, torsional [m], rolling [m]: cardboard, paint, plastic; our choice
ITEM_GROUP = 1
REST = 0.0006  # [m] how far painted details stand out
ALONG_X = (0.70710678, 0.0, 0.70710678, 0.0)  # turns a shape's z axis to x
ALONG_Y = (0.70710678, 0.70710678, 0.0, 0.0)  # turns a shape's z axis to -y


@final
class Painter:
    """Adds geoms to one item's body: solid parts share the mass by volume, painted details weigh nothing."""

    def __init__(self, spec: mujoco.MjSpec, body: mujoco.MjsBody, item: ItemSpec) -> None:
        self.spec, self.body, self.item = spec, body, item
        self.rgba = (*COLOURS[item.colour], 1.0)
        self.solid: list[mujoco.MjsGeom] = []

    def add(
        self, kind: str, size: Floats, pos: Floats = (0, 0, 0), rgba: Floats | None = None, quat: Floats = (1, 0, 0, 0),
        **more: Any,
    ) -> None:  # fmt: skip
        """A solid part."""
        geom = self.body.add_geom(
            type=getattr(mujoco.mjtGeom, f"mjGEOM_{kind.upper()}"), size=[*size, 0, 0][:3], pos=pos, quat=quat,
            rgba=rgba or self.rgba, group=ITEM_GROUP, friction=FRICTION, condim=6, density=1000.0, **more,
        )  # fmt: skip
        self.solid.append(geom)

    def hull(self, corners: np.ndarray) -> None:
        """A solid part: the convex hull of `corners` (n, 3) [m]. One for each thing."""
        name = f"{self.item.name}_mesh"
        self.spec.add_mesh(name=name, uservert=corners.flatten(), inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_CONVEX)
        geom = self.body.add_geom(
            type=mujoco.mjtGeom.mjGEOM_MESH, meshname=name, rgba=self.rgba, group=ITEM_GROUP, friction=FRICTION, condim=6,
            density=1000.0,
        )  # fmt: skip
        self.solid.append(geom)

    def paint(
        self, kind: str, size: Floats, pos: Floats = (0, 0, 0), rgba: Floats = CRACK, quat: Floats = (1, 0, 0, 0), **more: Any
    ) -> None:
        """A painted detail, without weight or contact."""
        self.body.add_geom(
            type=getattr(mujoco.mjtGeom, f"mjGEOM_{kind.upper()}"), size=[*size, 0, 0][:3], pos=pos, quat=quat,
            rgba=rgba, group=ITEM_GROUP, contype=0, conaffinity=0, mass=0, **more,
        )  # fmt: skip

    def slice_hull(
        self, corners: np.ndarray, share: float, half: float, name: str, rgba: Floats = CRACK, blown: float = 0.03
    ) -> None:
        """A painted slice, `half` [m] to either side, of the hull of `corners` at `share` of its length along x, blown up a
        little: a hoop right round it."""
        from scipy.spatial import ConvexHull

        centre = (1 - share) * corners[:, 0].min() + share * corners[:, 0].max()
        hull = ConvexHull(corners)
        edges = {tuple(sorted((f[i], f[(i + 1) % 3]))) for f in hull.simplices for i in range(3)}
        points = []
        for x in (centre - half, centre + half):
            for i, j in edges:
                a, b = corners[i], corners[j]
                if (a[0] - x) * (b[0] - x) < 0:
                    q = a + (b - a) * (x - a[0]) / (b[0] - a[0])
                    points.append(np.array([x, *(q[1:] * (1 + blown))]))
        name = f"{self.item.name}_{name}"
        self.spec.add_mesh(
            name=name, uservert=np.array(points).flatten(), inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_CONVEX
        )
        self.paint("mesh", (0, 0, 0), rgba=rgba, meshname=name)

    def share_mass(self, mass: float) -> None:
        """`mass` [kg] over the solid parts, by their volumes."""
        volumes = np.array([_volume(geom) for geom in self.solid])
        for geom, volume in zip(self.solid, volumes, strict=True):
            geom.mass = mass * float(volume / volumes.sum())


def _volume(geom: mujoco.MjsGeom) -> float:
    """[m3]; of a mesh any positive figure will do: it is its thing's only solid part."""
    a, b, c = geom.size
    if geom.type == mujoco.mjtGeom.mjGEOM_BOX:
        return float(8 * a * b * c)
    if geom.type == mujoco.mjtGeom.mjGEOM_CYLINDER:
        return float(2 * np.pi * a * a * b)
    if geom.type == mujoco.mjtGeom.mjGEOM_CAPSULE:
        return float(2 * np.pi * a * a * b + 4 / 3 * np.pi * a**3)
    if geom.type == mujoco.mjtGeom.mjGEOM_SPHERE:
        return float(4 / 3 * np.pi * a**3)
    return 4.0
