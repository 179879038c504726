"""Position, extent and direction of a thing from its points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from moravec.core.frames import wrap_angle
from moravec.perception.cloud import Cloud, Mask, depth_sigma

_ANGLES = np.deg2rad(np.arange(0.0, 90.0, 1.5))
# Measured in our cell on pictures for which nothing was trained; shares of one standard deviation.
SHAPE_SHIFT = 0.015  # of the long side: what a look from above leaves unsaid
HIDDEN_SHIFT = 0.35  # of the long side, where the whole outline is hidden
PROPPED_SHIFT = 0.40  # of the height, where the whole outline lies on other things
_TRIM = 0.2  # percent of the points on either side that may be flying pixels
SPREAD_WEIGHT = 0.5
MOST_POINTS = 1500  # are looked at
CALIBRATION_OFFSET = 0.0008  # [m] one standard deviation of where the camera is
CALIBRATION_ANGLE = 0.0012  # [rad] of where it looks, both axes together


@dataclass(frozen=True, slots=True)
class Box:
    """An upright box: `centre` (x, y, z), `extent` (long, short, height) and `sigma` of the centre [m], `yaw` [rad]."""

    centre: tuple[float, float, float]
    extent: tuple[float, float, float]
    yaw: float
    sigma: tuple[float, float, float]


def upright_box(
    view: Cloud, mask: Mask, floor: float, lens: NDArray[np.float64], hidden: float = 0.0, propped: float = 0.0
) -> Box:
    """The smallest upright box around the points of `mask` (h, w), standing on `floor` [m]; `lens` (3,) is the camera [m].

    `hidden` is the share of the outline in [0, 1] behind which there may be more of the thing than is seen, `propped` the
    share along which it may lie on another thing rather than on the floor.
    """
    points = view.points[mask & view.seen].astype(np.float64)
    points = points[:: max(1, len(points) // MOST_POINTS)]
    flat = points[:, :2]
    middle = flat.mean(axis=0)
    local = flat - middle
    axes = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)])
    along = local @ axes
    across = local @ np.stack([-axes[1], axes[0]])
    low, high = np.percentile(np.concatenate([along, across], axis=1), [_TRIM, 100.0 - _TRIM], axis=0)
    width = (high - low).reshape(2, -1)
    area, spread = width[0] * width[1], np.minimum(along.var(axis=0), across.var(axis=0))
    # Area alone cannot tell how a T or a triangle lies; how far its points spread about the long side can.
    best = int(np.argmin(area / area.min() + SPREAD_WEIGHT * spread / spread.min()))
    a, b = width[0, best], width[1, best]
    mid = (high + low).reshape(2, -1)[:, best] / 2
    c, s = np.cos(_ANGLES[best]), np.sin(_ANGLES[best])
    centre = middle + np.array([c * mid[0] - s * mid[1], s * mid[0] + c * mid[1]])
    yaw = float(_ANGLES[best]) + (0.0 if a >= b else np.pi / 2)
    top = float(np.percentile(points[:, 2], 97.0))
    height = max(top - floor, 0.002)
    distance = float(np.linalg.norm(lens - [*centre, top]))
    offset = CALIBRATION_OFFSET + CALIBRATION_ANGLE * distance
    pixel = 0.5 * np.sqrt(a * b / max(len(points), 1))
    sideways = float(np.linalg.norm([offset, pixel, SHAPE_SHIFT * max(a, b), HIDDEN_SHIFT * hidden * max(a, b)]))
    upwards = float(np.linalg.norm([CALIBRATION_OFFSET / 2, depth_sigma(distance) / 2, PROPPED_SHIFT * propped * height]))
    return Box(
        (float(centre[0]), float(centre[1]), floor + height / 2), (max(a, b), min(a, b), height),
        wrap_angle(yaw, np.pi), (sideways, sideways, upwards),
    )  # fmt: skip
