"""A place as perception sees it: a level rectangle with a floor."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from moravec.core.workplace import Place
from moravec.perception.cloud import Cloud, Mask

FROM_WALL = 0.003  # [m]
FROM_KERB = 0.006  # [m] the station's kerb


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
