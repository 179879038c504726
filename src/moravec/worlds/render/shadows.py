"""Soft shadows: one ray from a disc-shaped light to each point, shared out among neighbours.

Each pixel of a 4 x 4 tile looks from another place on the light; averaging over the tile gives the penumbra for the
price of one ray a pixel (interleaved sampling: Keller and Heidrich, Eurographics Workshop on Rendering 2001).
"""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from moravec.worlds.render.casting import Caster
from moravec.worlds.render.shading import Light, Surface, towards

Floats = NDArray[np.float32]

_TILE = 4
_LIFT = 1e-3  # [m] above the surface, so that it does not shadow itself
_SLACK = 5e-4  # [m]
_SUN_EXTENTS = 8.0  # how far away a directional light is put, in extents of the scene
_DISC = 0.04  # radius of a light over its distance: as wide as a large studio lamp
_SAME_NORMAL = 0.9  # cosine; the light of a neighbour that faces another way is not shared


def _disc(n: int) -> Floats:
    """`n` points (n, 2) spread evenly over the unit disc (Vogel's spiral)."""
    k = np.arange(n)
    radius, angle = np.sqrt((k + 0.5) / n), k * np.pi * (3.0 - np.sqrt(5.0))
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).astype(np.float32)


def _bulb(light: Light, extent: float, centre: NDArray[np.float64]) -> NDArray[np.float64]:
    """Places (16, 3) [m] on the light, as seen from the scene."""
    position = light.position.astype(np.float64)
    if light.directional:
        position = centre - light.direction.astype(np.float64) * _SUN_EXTENTS * extent
    axis = light.direction.astype(np.float64)
    side = np.cross(axis, [0.0, 1.0, 0.0] if abs(axis[0]) > 0.7 else [1.0, 0.0, 0.0])
    side /= np.linalg.norm(side)
    radius = max(light.bulb, _DISC * float(np.linalg.norm(position - centre)))
    spread = _disc(_TILE * _TILE) * radius
    places: NDArray[np.float64] = position + spread[:, :1] * side + spread[:, 1:] * np.cross(axis, side)
    return places


def share_of_light(
    caster: Caster,
    data: mujoco.MjData,
    light: Light,
    surface: Surface,
    rows: NDArray[np.intp],
    shape: tuple[int, int] | None,
    stat: mujoco.MjStatistic,
) -> Floats:
    """Share (n,) of the light that reaches each point of `surface`, in [0, 1].

    `rows` (n,) are the points' places in a picture of `shape`; without `shape` they are apart from each other and
    every one looks at one place of the light only.
    """
    to_light, arrives = towards(light, surface.point)
    facing = (surface.normal * to_light).sum(axis=0) > 0.0
    facing &= np.broadcast_to(arrives, facing.shape) > 0.0
    places = _bulb(light, float(stat.extent), np.asarray(stat.center, dtype=np.float64))
    width = shape[1] if shape else _TILE
    tile = (rows // width % _TILE) * _TILE + rows % width % _TILE if shape else rows * 7 % (_TILE * _TILE)
    share = np.ones(len(rows), dtype=np.float32)
    points = (surface.point.astype(np.float64) + surface.normal * _LIFT).T
    for k, place in enumerate(places):
        picked = np.flatnonzero(facing & (tile == k))
        share[picked] = ~caster.blocked(data, place, points[picked], _SLACK)
    return _over_tiles(share, surface, rows, shape) if shape else share


def _over_tiles(share: Floats, surface: Surface, rows: NDArray[np.intp], shape: tuple[int, int]) -> Floats:
    """Average over each point's 4 x 4 surroundings, on the same geom and facing the same way."""
    height, width = shape
    geom = np.full((height + _TILE, width + _TILE), -1, dtype=np.int32)
    light = np.zeros(geom.shape, dtype=np.float32)
    normal = np.zeros((*geom.shape, 3), dtype=np.float32)
    y, x = rows // width + _TILE // 2, rows % width + _TILE // 2
    geom[y, x], light[y, x], normal[y, x] = surface.geom, share, surface.normal.T
    total, count = np.zeros((height, width), dtype=np.float32), np.zeros((height, width), dtype=np.float32)
    middle = slice(_TILE // 2, _TILE // 2 + height), slice(_TILE // 2, _TILE // 2 + width)
    for dy in range(_TILE):
        for dx in range(_TILE):
            near = slice(dy, dy + height), slice(dx, dx + width)
            same = geom[near] == geom[middle]
            same &= np.einsum("ijk,ijk->ij", normal[near], normal[middle]) > _SAME_NORMAL
            total += np.where(same, light[near], 0.0)
            count += same
    return (total / np.maximum(count, 1.0)).reshape(-1)[rows]
