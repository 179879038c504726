"""Where in a bin, a parcel or on a table there is room, read off a height map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from moravec.core.workplace import Place
from moravec.perception.height_map import HeightMap

FOOTPRINT = 0.07  # [m] side of the square that an item takes up
EDGE = 0.055  # [m] kept from the walls, so that the open hand fits between them
AROUND = 0.16  # [m] side of the square around a spot, in which what is carried there must not touch anything
STANDS_OUT = 0.12  # [m] over the rim; what is seen higher than that is not in the bin but in front of the camera
NEAREST, HALF_STRETCHED, FARTHEST = 0.34, 0.62, 0.72  # [m] from the robot's foot: nearer, the hand comes against the upper arm
CENTRING = 0.02  # a spot one metre farther from the middle must be this much lower [m] to be better


@dataclass(frozen=True, slots=True)
class Spot:
    """A place to let go: x, y [m], and the height [m] of what lies there."""

    x: float
    y: float
    height: float
    highest: float = 0.0  # [m] of what stands around it


def lowest_spots(heights: HeightMap, place: Place, count: int = 5, taken: Sequence[Place] = ()) -> list[Spot]:
    """The spots whose footprints are lowest, the middle ones of equals; apart by half a footprint, best first. On a table, where
    the arm is neither folded nor stretched, and not on the places `taken`; of equals those at half its stretch.

    What nobody sees counts as the floor.
    """
    grid = np.where(np.isfinite(heights.heights), heights.heights, place.floor).astype(np.float32)
    grid = np.clip(grid, place.floor, None)
    cells = max(1, int(round(FOOTPRINT / heights.resolution)))
    level = cv2.blur(grid, (cells, cells), borderType=cv2.BORDER_REPLICATE)
    around = cv2.dilate(_contents(grid, place), np.ones((round(AROUND / heights.resolution),) * 2, np.uint8))
    rows, columns = np.mgrid[0 : grid.shape[0], 0 : grid.shape[1]]
    x, y = heights.world(rows, columns)
    dx, dy = np.abs(x - place.centre[0]), np.abs(y - place.centre[1])
    reach_x, reach_y = (max(0.0, side / 2 - EDGE) + heights.resolution for side in place.size)
    from_foot = np.hypot(x, y)
    away = np.abs(from_foot - HALF_STRETCHED) if place.kind == "table" else np.hypot(dx, dy)
    cost = level + CENTRING * away
    cost[(dx > reach_x) | (dy > reach_y)] = np.inf
    if place.kind == "table":
        cost[(from_foot < NEAREST) | (from_foot > FARTHEST)] = np.inf
        for other in taken:
            half = (np.array(other.size) + FOOTPRINT) / 2
            cost[(np.abs(x - other.centre[0]) < half[0]) & (np.abs(y - other.centre[1]) < half[1])] = np.inf
    spots: list[Spot] = []
    while len(spots) < count and np.isfinite(cost).any():
        best = np.unravel_index(int(np.argmin(cost)), cost.shape)
        spots.append(Spot(float(x[best]), float(y[best]), float(level[best]), float(around[best])))
        cost[np.hypot(x - x[best], y - y[best]) < FOOTPRINT / 2] = np.inf
    return spots


def heap_height(heights: HeightMap, place: Place) -> float:
    """How high [m] the contents of `place` reach, at most STANDS_OUT over its rim; its floor where nothing is seen."""
    grid = np.where(np.isfinite(heights.heights), heights.heights, place.floor).astype(np.float32)
    return max(place.floor, float(_contents(grid, place).max()))


def _contents(grid: NDArray[np.float32], place: Place) -> NDArray[np.float32]:
    """`grid` [m] without what is higher than anything that lies in `place`, and without single cells that stand out."""
    return np.asarray(cv2.medianBlur(np.where(grid > place.rim + STANDS_OUT, np.float32(place.floor), grid), 5))
