"""The things in a delivery: what they are, drawn by seed, and how they are built into a MuJoCo model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import mujoco
import numpy as np

CATEGORIES = ("box", "can", "bottle", "ball", "tool", "part")
COLOURS: dict[str, tuple[float, float, float]] = {
    "red": (0.80, 0.16, 0.14),
    "blue": (0.12, 0.36, 0.74),
    "green": (0.14, 0.56, 0.30),
    "yellow": (0.95, 0.76, 0.10),
    "white": (0.93, 0.93, 0.91),
    "purple": (0.50, 0.24, 0.62),
}
METAL = (0.62, 0.65, 0.68, 1.0)
CRACK = (0.05, 0.04, 0.04, 1.0)
MASS_RANGE = (0.03, 0.8)  # [kg]
FRICTION = (0.8, 0.01, 0.0015)  # sliding, torsional [m], rolling [m]: cardboard, paint, plastic; our choice
ITEM_GROUP = 1
TAG_SIDE = 0.026  # [m] printed label, white border included
_REST = 0.0006  # [m] how far painted details stand out


@dataclass(frozen=True, slots=True)
class ItemSpec:
    """One thing. `size` holds the category's own measures [m]; see `_BUILDERS`. `code` is its AprilTag's number."""

    name: str
    category: str
    colour: str
    size: tuple[float, ...]
    mass: float  # [kg]
    damaged: bool
    code: int | None
    shape_seed: int


def _draw_size(category: str, rng: np.random.Generator) -> tuple[float, ...]:
    u = rng.uniform
    if category == "box":  # half length, half width, half height
        return (u(0.034, 0.062), u(0.020, 0.034), u(0.017, 0.036))
    if category == "can":  # radius, half height
        return (u(0.025, 0.034), u(0.034, 0.043))
    if category == "bottle":  # radius, half height of the body, neck radius, neck half length
        return (u(0.021, 0.030), u(0.042, 0.052), u(0.009, 0.012), u(0.011, 0.015))
    if category == "ball":  # radius
        return (u(0.021, 0.034),)
    if category == "tool":  # half handle length, half handle thickness, half head length, half head thickness
        return (u(0.052, 0.066), u(0.009, 0.012), u(0.026, 0.034), u(0.010, 0.013))
    return (u(0.026, 0.044), u(0.024, 0.033), u(0.017, 0.027))  # part: half axes of the blob its corners lie on


def draw_items(
    count: int, rng: np.random.Generator, damaged_share: float, tagged_share: float, kinds: Sequence[str] = ()
) -> tuple[ItemSpec, ...]:
    """`count` items; about one in six repeats an earlier one in category, colour and size. With `kinds`, of those categories."""
    items: list[ItemSpec] = []
    for index in range(count):
        earlier = [item for item in items if not kinds or item.category == kinds[index]]
        twin = earlier[int(rng.integers(len(earlier)))] if earlier and rng.random() < 1 / 6 else None
        drawn = twin.category if twin else str(rng.choice(CATEGORIES))
        category = kinds[index] if kinds else drawn
        colour = twin.colour if twin else str(rng.choice(list(COLOURS)))
        size = twin.size if twin else _draw_size(category, rng)
        mass = float(np.exp(rng.uniform(*np.log(MASS_RANGE)))) if category != "ball" else float(rng.uniform(0.03, 0.3))
        damaged = bool(rng.random() < damaged_share)
        code = None
        if category == "box":  # both are drawn for every box, so that another share moves nothing else
            tagged, number = rng.random() < tagged_share, int(rng.integers(0, 500))
            code = number if tagged else None
        items.append(ItemSpec(f"thing_{index}", category, colour, size, mass, damaged, code, int(rng.integers(2**31))))
    return tuple(items)


class _Painter:
    """Adds geoms to one item's body: solid parts share the mass by volume, painted details weigh nothing."""

    def __init__(self, spec: mujoco.MjSpec, body: mujoco.MjsBody, item: ItemSpec) -> None:
        self.spec, self.body, self.item = spec, body, item
        self.rgba = (*COLOURS[item.colour], 1.0)
        self.solid: list[mujoco.MjsGeom] = []

    def add(self, kind: str, size: tuple[float, ...], pos=(0, 0, 0), rgba=None, quat=(1, 0, 0, 0)) -> None:
        """A solid part."""
        geom = self.body.add_geom(
            type=getattr(mujoco.mjtGeom, f"mjGEOM_{kind.upper()}"), size=[*size, 0, 0][:3], pos=pos, quat=quat,
            rgba=rgba or self.rgba, group=ITEM_GROUP, friction=FRICTION, condim=6, density=1000.0,
        )  # fmt: skip
        self.solid.append(geom)

    def paint(self, kind: str, size: tuple[float, ...], pos=(0, 0, 0), rgba=CRACK, quat=(1, 0, 0, 0), **more) -> None:
        """A painted detail, without weight or contact."""
        self.body.add_geom(
            type=getattr(mujoco.mjtGeom, f"mjGEOM_{kind.upper()}"), size=[*size, 0, 0][:3], pos=pos, quat=quat,
            rgba=rgba, group=ITEM_GROUP, contype=0, conaffinity=0, mass=0, **more,
        )  # fmt: skip


_ALONG_X = (0.70710678, 0.0, 0.70710678, 0.0)  # turns a shape's z axis to x
_ALONG_Y = (0.70710678, 0.70710678, 0.0, 0.0)  # turns a shape's z axis to -y


def _box(p: _Painter, rng: np.random.Generator) -> None:
    hx, hy, hz = p.item.size
    p.add("box", (hx, hy, hz))
    if p.item.damaged:  # torn tape round the middle, and a crushed corner, on every side
        at = rng.uniform(-0.4, 0.4) * hx
        p.paint("box", (0.0045, hy + _REST, hz + _REST), (at, 0, 0))
        p.paint("box", (hx * 0.35, hy + _REST, hz + _REST), (hx * 0.66 + _REST, 0, 0), quat=(1, 0, 0, 0))
    if p.item.code is not None:
        side = TAG_SIDE / 2
        x = -0.35 * hx if p.item.damaged else 0.0
        y_fits = hz > side + 0.002
        faces = [((x, 0, hz), (1, 0, 0, 0)), ((x, 0, -hz), (0, 1, 0, 0))]
        faces += [((x, hy, 0), (0.70710678, -0.70710678, 0, 0)), ((x, -hy, 0), (0.70710678, 0.70710678, 0, 0))] * y_fits
        for pos, quat in faces:
            p.paint("box", (side, side, 2 * _REST), pos, (1, 1, 1, 1), quat, material=f"tag_{p.item.code}")


def _can(p: _Painter, rng: np.random.Generator) -> None:
    r, h = p.item.size
    p.add("cylinder", (r, h))
    for z in (-1, 1):
        p.paint("cylinder", (r * 0.93, 2 * _REST), (0, 0, z * h), METAL)
        # A millimetre short of the end: level with it, the two would fight over the pixels of the coloured edge.
        p.paint("cylinder", (r + _REST, 0.003), (0, 0, z * (h - 0.004)), METAL)
    if p.item.damaged:  # a burst seam right round, and split ends
        p.paint("cylinder", (r + 2 * _REST, 0.006), (0, 0, rng.uniform(-0.4, 0.4) * h))
        for z in (-1, 1):
            p.paint("box", (r * 0.9, 0.004, 3 * _REST), (0, 0, z * h))


def _bottle(p: _Painter, rng: np.random.Generator) -> None:
    r, h, neck_r, neck_h = p.item.size
    p.add("cylinder", (r, h), (0, 0, -neck_h))
    p.add("cylinder", (neck_r, neck_h), (0, 0, h))
    p.paint("ellipsoid", (r * 0.98, r * 0.98, r * 0.6), (0, 0, h - neck_h), p.rgba)
    p.paint("cylinder", (neck_r * 1.25, neck_h * 0.55), (0, 0, h + neck_h * 0.55), METAL)
    if p.item.damaged:  # cracked right round, and a chipped foot
        p.paint("cylinder", (r + 2 * _REST, 0.006), (0, 0, rng.uniform(-0.5, 0.2) * h))
        p.paint("box", (r * 0.9, 0.004, 3 * _REST), (0, 0, -h - neck_h))


def _ball(p: _Painter, rng: np.random.Generator) -> None:
    (r,) = p.item.size
    p.add("sphere", (r,))
    if p.item.damaged:  # split along two great circles, so that it shows from any side
        for quat in (_ALONG_X, _ALONG_Y):
            p.paint("cylinder", (r + _REST, 0.0035), quat=quat)


def _tool(p: _Painter, rng: np.random.Generator) -> None:
    length, t, head, ht = p.item.size
    p.add("box", (length, t, t * 0.85), (-ht, 0, 0))
    p.add("box", (ht, head, ht), (length, 0, 0), METAL)
    if p.item.damaged:  # a split handle
        at = rng.uniform(-0.4, 0.2) * length
        p.paint("box", (0.007, t + _REST, t * 0.85 + _REST), (at, 0, 0))
        p.paint("box", (0.0035, t + _REST, t * 0.85 + _REST), (at - 0.018, 0, 0))


def _part(p: _Painter, rng: np.random.Generator) -> None:
    axes = np.array(p.item.size)
    directions = rng.normal(size=(14, 3))
    corners = directions / np.linalg.norm(directions, axis=1, keepdims=True) * axes * rng.uniform(0.85, 1.0, (14, 1))
    name = f"{p.item.name}_mesh"
    p.spec.add_mesh(name=name, uservert=corners.flatten(), inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_CONVEX)
    geom = p.body.add_geom(
        type=mujoco.mjtGeom.mjGEOM_MESH, meshname=name, rgba=p.rgba, group=ITEM_GROUP, friction=FRICTION, condim=6,
        density=1000.0,
    )  # fmt: skip
    p.solid.append(geom)
    if p.item.damaged:  # cracks: two thin dark hoops that follow the corners' hull
        for share in (0.35, 0.65):
            _crack_hull(p, corners, share)


def _crack_hull(p: _Painter, corners: np.ndarray, share: float) -> None:
    """A thin slice of the hull at `share` of its length, blown up a little, as a dark crack right round the part."""
    from scipy.spatial import ConvexHull

    centre = (1 - share) * corners[:, 0].min() + share * corners[:, 0].max()
    hull = ConvexHull(corners)
    edges = {tuple(sorted((f[i], f[(i + 1) % 3]))) for f in hull.simplices for i in range(3)}
    points = []
    for x in (centre - 0.003, centre + 0.003):
        for i, j in edges:
            a, b = corners[i], corners[j]
            if (a[0] - x) * (b[0] - x) < 0:
                q = a + (b - a) * (x - a[0]) / (b[0] - a[0])
                points.append(np.array([x, *(q[1:] * (1 + 0.03))]))
    name = f"{p.item.name}_crack_{round(share * 100)}"
    p.spec.add_mesh(name=name, uservert=np.array(points).flatten(), inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_CONVEX)
    p.paint("mesh", (0, 0, 0), meshname=name)


_BUILDERS = {"box": _box, "can": _can, "bottle": _bottle, "ball": _ball, "tool": _tool, "part": _part}


def add_item(spec: mujoco.MjSpec, item: ItemSpec, park: tuple[float, float, float]) -> None:
    """Adds `item` as a free body that waits at `park` [m]."""
    body = spec.worldbody.add_body(name=item.name, pos=park)
    body.add_freejoint(name=item.name)
    painter = _Painter(spec, body, item)
    _BUILDERS[item.category](painter, np.random.default_rng(item.shape_seed))
    _share_mass(painter)


def _volume(geom: mujoco.MjsGeom, item: ItemSpec) -> float:
    a, b, c = geom.size
    if geom.type == mujoco.mjtGeom.mjGEOM_BOX:
        return 8 * a * b * c
    if geom.type == mujoco.mjtGeom.mjGEOM_CYLINDER:
        return 2 * np.pi * a * a * b
    return 4.0  # a body of one solid part: any positive figure will do


def _share_mass(painter: _Painter) -> None:
    volumes = np.array([_volume(geom, painter.item) for geom in painter.solid])
    for geom, volume in zip(painter.solid, volumes, strict=True):
        geom.mass = painter.item.mass * float(volume / volumes.sum())
