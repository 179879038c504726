"""Which pixels belong to which thing, whatever the things are."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from moravec.core.workplace import Place
from moravec.perception.cloud import Cloud, Mask

LOWEST_THING = 0.007  # [m] above the floor
FROM_WALL = 0.003  # [m]
FROM_KERB = 0.006  # [m] the station's kerb
SMALLEST = 2.0e-4  # [m2] of a thing as seen from above


@dataclass(frozen=True, slots=True)
class Region:
    """A level rectangle in which things can lie: `centre` and `size` [m], turned by `yaw` [rad]; `floor` and `rim` [m]."""

    centre: tuple[float, float]
    size: tuple[float, float]
    yaw: float
    floor: float
    rim: float


def region_of(place: Place, pose: tuple[float, float, float] | None = None) -> Region:
    """The inside of `place`, moved to `pose` (x, y [m], yaw [rad]) where one was measured."""
    margin = FROM_WALL if place.rim > place.floor else FROM_KERB
    size = (place.size[0] - 2 * margin, place.size[1] - 2 * margin)
    x, y, yaw = pose if pose is not None else (*place.centre, 0.0)
    return Region((x, y), size, yaw, place.floor, place.rim)


def inside(view: Cloud, region: Region) -> Mask:
    """Pixels (h, w) whose points lie over `region`."""
    c, s = np.cos(region.yaw), np.sin(region.yaw)
    x, y = view.points[..., 0] - region.centre[0], view.points[..., 1] - region.centre[1]
    over: Mask = (np.abs(c * x + s * y) < region.size[0] / 2) & (np.abs(c * y - s * x) < region.size[1] / 2)
    return over & view.seen


def segment(view: Cloud, rgb: NDArray[np.uint8], region: Region) -> list[Mask]:
    """One mask (h, w) per thing that stands out of `region`'s floor, largest first."""
    things = inside(view, region) & (view.points[..., 2] > region.floor + LOWEST_THING)
    solid = cv2.morphologyEx(things.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    reach = cv2.distanceTransform(solid, cv2.DIST_L2, 5)
    count, seeds = cv2.connectedComponents((reach > 0.6 * cv2.dilate(reach, np.ones((41, 41)))).astype(np.uint8))
    marks = seeds.astype(np.int32) + 1
    marks[(solid > 0) & (seeds == 0)] = 0
    marks[solid == 0] = 1
    edges = cv2.bilateralFilter(rgb, 5, 30, 5)
    cv2.watershed(np.ascontiguousarray(edges), marks)
    size = pixel_area(view)
    masks = [(marks == k) & (solid > 0) for k in range(2, count + 1)]
    areas = [float(size[mask].sum()) for mask in masks]
    order = np.argsort(areas)[::-1]
    return [masks[k] for k in order if areas[k] > SMALLEST]


def pixel_area(view: Cloud) -> NDArray[np.float32]:
    """Level area (h, w) [m2] that each pixel covers; 0 where there is no depth."""
    x, y = view.points[..., 0], view.points[..., 1]
    across = np.hypot(np.diff(x, axis=1, append=np.nan), np.diff(y, axis=1, append=np.nan))
    typical = float(np.nanmedian(across)) if np.isfinite(across).any() else 0.0
    return np.where(view.seen, np.float32(typical**2), np.float32(0.0))
