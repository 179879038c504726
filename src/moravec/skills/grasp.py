"""Where two parallel fingers can take hold, found in a height map from above.

For many closing directions the map is turned so that the fingers close along its columns. A grasp is sound where something
stands between the fingers, the fingers' own columns are free down to their tips, and both flanks are steep and even.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from moravec.core.frames import Matrix
from moravec.perception.height_map import HeightMap

FINGER_THICKNESS = 0.010  # [m] along the closing direction
FINGER_WIDTH = 0.022  # [m] across it
MAX_OPENING = 0.097  # [m]
MAX_WIDTH = 0.082  # [m] of what is grasped
MIN_WIDTH = 0.008  # [m]
BESIDE = 0.005  # [m] kept free between finger and flank while going down
DEPTH = 0.036  # [m] how far the tips go below the top
TIP_CLEARANCE = 0.005  # [m] kept above the floor and above what lies under the fingers
MIN_HEIGHT = 0.012  # [m] above the floor; flatter things are not grasped
DIRECTIONS = 18
FLANK_STEP = 0.008  # [m] before and after the grasp, where the flanks are compared
MAX_SLANT = 0.45  # largest tangent of the angle between a flank and the finger
REACH = 0.070  # [m] half length of the profile that is looked at


Point = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Grasp:
    """Tips to `position` (3,) [m], fingers closing along `yaw` [rad], opened to `opening` [m] on the way down."""

    position: Point
    yaw: float
    opening: float
    width: float  # expected between the fingers [m]
    top: float  # height of what is grasped [m]
    score: float
    lean: float = 0.0  # of the hand, away from the nearest wall [rad]


def plan_grasps(
    heights: HeightMap,
    floor: float,
    target: tuple[float, float] | None,
    radius: float = 0.06,
    count: int = 12,
    beside: float = BESIDE,
    depth: float = DEPTH,
    fits: Callable[[Point], bool] = lambda position: True,
) -> list[Grasp]:
    """The best grasps, best first; near `target` (x, y) [m] within `radius` [m], or anywhere when it is None.

    `floor` [m] is what things rest on; `beside` [m] is kept free between the fingers and the flanks; the tips go `depth` [m]
    below the top. Only grasps at positions that `fits` lets pass. At most `count`, spread over places and directions.
    """
    filled = _filled(heights, floor)
    found: list[Grasp] = []
    for yaw in np.arange(DIRECTIONS) * np.pi / DIRECTIONS:
        found.extend(_along(heights, filled, float(yaw), floor, target, radius, beside, depth))
    return _spread(sorted((g for g in found if fits(g.position)), key=lambda g: -g.score), count)


def _filled(heights: HeightMap, floor: float) -> NDArray[np.float32]:
    """The map with its holes taken from around them; what nobody saw beside a tall thing counts as floor."""
    grid = heights.heights.astype(np.float32)
    holes = ~np.isfinite(grid)
    grid[holes] = floor
    if holes.any():
        closed = cv2.medianBlur(grid, 5)
        small = cv2.erode(holes.astype(np.uint8), np.ones((5, 5), np.uint8)) == 0
        grid[holes & small] = closed[holes & small]
    return grid


def _along(
    heights: HeightMap,
    grid: NDArray[np.float32],
    yaw: float,
    floor: float,
    target: tuple[float, float] | None,
    radius: float,
    beside: float,
    depth: float,
) -> list[Grasp]:
    """Grasps that close along `yaw`."""
    res = heights.resolution
    turned, to_world = _turned(heights, grid, yaw)
    across = max(1, int(round(FINGER_WIDTH / res)) | 1)
    highest = cv2.dilate(turned, np.ones((across, 1), np.uint8))  # what fingers of this width would meet
    middle = cv2.erode(turned, np.ones((max(1, across // 2) | 1, 1), np.uint8))  # what is surely there to hold
    half = int(REACH / res)
    rows, columns = np.nonzero(turned > floor + MIN_HEIGHT)
    keep = (columns >= half) & (columns < turned.shape[1] - half) & (rows % 2 == 0) & (columns % 2 == 0)
    rows, columns = rows[keep], columns[keep]
    if target is not None and len(rows):
        points = to_world(rows, columns)
        near = np.hypot(points[:, 0] - target[0], points[:, 1] - target[1]) < radius
        rows, columns = rows[near], columns[near]
    if not len(rows):
        return []
    offsets = np.arange(-half, half + 1)
    index = columns[:, None] + offsets[None, :]
    tall, solid = highest[rows[:, None], index], middle[rows[:, None], index]  # (k, 2 half + 1)
    ahead = max(1, int(round(FLANK_STEP / res)))
    last = turned.shape[0] - 1
    sides = [turned[np.clip(rows + d, 0, last)[:, None], index] for d in (-ahead, ahead)]
    return _judge(tall, solid, sides, rows, columns, res, floor, yaw, to_world, target, beside, depth)


def _turned(heights: HeightMap, grid: NDArray[np.float32], yaw: float):  # type: ignore[no-untyped-def]
    """The map turned so that `yaw` runs along its columns, and the way back from (row, column) to world (x, y)."""
    res = heights.resolution
    n, m = grid.shape
    side = int(np.ceil(np.hypot(n, m))) + 2 * int(REACH / res)
    c, s = np.cos(yaw), np.sin(yaw)
    # A turned pixel (column u, row v) lies at world offset R (u, v) from the map's middle.
    centre = heights.centre
    u0 = v0 = (side - 1) / 2

    def to_world(rows: Matrix, columns: Matrix) -> Matrix:
        u, v = (np.asarray(columns) - u0) * res, (np.asarray(rows) - v0) * res
        return np.stack([centre[0] + c * u - s * v, centre[1] + s * u + c * v], axis=-1)

    vv, uu = np.mgrid[0:side, 0:side].astype(np.float32)
    du, dv = (uu - u0) * res, (vv - v0) * res
    x, y = heights.local(centre[0] + c * du - s * dv, centre[1] + s * du + c * dv)
    columns, rows = (x + heights.size[0] / 2) / res - 0.5, (y + heights.size[1] / 2) / res - 0.5
    turned = cv2.remap(grid, columns.astype(np.float32), rows.astype(np.float32), cv2.INTER_LINEAR, borderValue=1.0)
    return turned, to_world


def _judge(tall, solid, sides, rows, columns, res, floor, yaw, to_world, target, beside, most):  # type: ignore[no-untyped-def]
    """Keeps the candidates whose fingers fit, and scores them."""
    k, length = tall.shape
    half = length // 2
    top = solid[:, half]
    tip = np.maximum(floor + TIP_CLEARANCE, top - most)
    stands = tall > (tip + 0.004)[:, None]  # the widest part under the fingers' width decides how far they open
    left = _run(stands[:, half::-1])
    right = _run(stands[:, half:])
    width = (left + right - 1) * res
    middle = (right - left) / 2  # [cells] from the candidate to the middle between the flanks
    blocked = tall > (tip - 0.002)[:, None]
    gap, thick = int(np.ceil(beside / res)), int(np.ceil(FINGER_THICKNESS / res)) + 1
    first_l, first_r = half - left, half + right
    free = np.ones(k, bool)
    for side_first, sign in ((first_l, -1), (first_r, 1)):
        for step in range(gap + thick):
            at = np.clip(side_first + sign * step, 0, length - 1)
            hit = blocked[np.arange(k), at]
            # right at the flank the height map is smeared by a cell or two: that is the thing itself
            free &= ~hit if step >= 2 else np.ones(k, bool)
    depth = top - tip
    ok = free & (width >= MIN_WIDTH) & (width <= MAX_WIDTH) & (depth > 0.006) & (left < half) & (right < half)
    ok &= np.abs(middle) * res < 0.012
    slant = _slant(sides, tip, half) * res / (2 * FLANK_STEP)
    ok &= slant < MAX_SLANT
    grasps = []
    shift = middle[ok]
    points = to_world(rows[ok], columns[ok] + shift)
    for point, w, z, t, d, lean in zip(points, width[ok], tip[ok], top[ok], depth[ok], slant[ok], strict=True):
        opening = min(MAX_OPENING, float(w) + 2 * beside)
        score = 1.2 * float(d) / DEPTH + 0.8 * float(t - floor) / 0.08 - 0.35 * float(w) / MAX_WIDTH - 2.0 * float(lean)
        if target is not None:
            score -= 18.0 * float(np.hypot(point[0] - target[0], point[1] - target[1]))
        grasps.append(Grasp((float(point[0]), float(point[1]), float(z)), yaw, opening, float(w), float(t), score))
    return grasps


def _slant(sides: list[NDArray[np.float32]], tip: NDArray[np.float32], half: int) -> NDArray[np.float64]:
    """How far the flanks run askew between a strip before and a strip after the grasp [cells], the worse flank, shape (k,).

    Flanks that fall away on both sides, as a ball's do, count as straight: it is the turn that makes a thing slide.
    """
    edges = []
    for heights in sides:
        stands = heights > (tip + 0.004)[:, None]
        edges.append((_run(stands[:, half::-1]), _run(stands[:, half:])))
    (left_a, right_a), (left_b, right_b) = edges
    return np.maximum(np.abs(left_b - left_a), np.abs(right_b - right_a)).astype(np.float64)


def _run(stands: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How many cells in a row are true from the first column on, shape (k,)."""
    return np.where(stands.all(axis=1), stands.shape[1], np.argmin(stands, axis=1))


def _spread(grasps: list[Grasp], count: int) -> list[Grasp]:
    """The best of `grasps`, leaving out those that nearly repeat a better one."""
    kept: list[Grasp] = []
    for grasp in grasps:
        for other in kept:
            turn = abs((grasp.yaw - other.yaw + np.pi / 2) % np.pi - np.pi / 2)
            apart = np.hypot(grasp.position[0] - other.position[0], grasp.position[1] - other.position[1])
            if apart < 0.012 and turn < 0.25:
                break
        else:
            kept.append(grasp)
            if len(kept) == count:
                break
    return kept
