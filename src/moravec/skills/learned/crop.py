"""The part of a wrist picture around a target: always the same size in metres, whatever the height."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from moravec.core.observation import CameraFrame
from moravec.models.contract import Picture

CAMERA = "target"  # what a policy calls these pictures
SIDE = 0.22  # [m] of the square, at the target's depth
PIXELS = 160  # of its side
NEAREST = 0.05  # [m] a target nearer than this is taken to be this far


@dataclass(frozen=True, slots=True)
class Crop:
    """A square picture (PIXELS, PIXELS, 3), black where the camera saw nothing, and where it lies in the camera's picture:
    its upper left corner (right, down) [px] and the camera's pixels in each of its own."""

    picture: Picture
    corner: tuple[float, float]
    scale: float


def crop(frame: CameraFrame, anchor: tuple[float, float, float]) -> Crop:
    """Around the projection of `anchor` (3,) [m] in the world."""
    (right, down), depth = _pixel(frame, anchor)
    side = SIDE * float(frame.K[0, 0]) / depth
    scale = side / PIXELS
    corner = (right + 0.5 - side / 2, down + 0.5 - side / 2)  # edges, not middles, of pixels
    # by area where the picture is made smaller: first blurred over what becomes one pixel
    blurred = cv2.blur(frame.rgb, (max(1, round(scale)),) * 2) if scale >= 1.5 else frame.rgb
    to_frame = np.array([[scale, 0.0, corner[0] + scale / 2 - 0.5], [0.0, scale, corner[1] + scale / 2 - 0.5]])
    picture = cv2.warpAffine(
        np.ascontiguousarray(blurred), to_frame, (PIXELS, PIXELS), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT, borderValue=(0, 0, 0),
    )  # fmt: skip
    return Crop(np.asarray(picture, np.uint8), corner, scale)


def seen_at(frame: CameraFrame, cut: Crop, point: tuple[float, float, float]) -> tuple[float, float]:
    """Where (right, down) [px] in the crop the world point (3,) [m] lies; whole numbers are the middles of pixels."""
    (right, down), _ = _pixel(frame, point)
    return (right + 0.5 - cut.corner[0]) / cut.scale - 0.5, (down + 0.5 - cut.corner[1]) / cut.scale - 0.5


def _pixel(frame: CameraFrame, point: tuple[float, float, float]) -> tuple[tuple[float, float], float]:
    """The projection [px] of a world point, and its depth [m]."""
    T = frame.T_world_camera
    local: NDArray[np.float64] = T[:3, :3].T @ (np.asarray(point, np.float64) - T[:3, 3])
    depth = max(float(local[2]), NEAREST)
    right, down, _ = frame.K @ (local / depth)
    return (float(right), float(down)), depth
