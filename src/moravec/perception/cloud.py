"""From a registered RGB-D picture to points in the world."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from moravec.core.observation import CameraFrame

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

HAND_REACH = 0.20  # [m] nearer than this the wrist camera sees only its own fingers
_FAR = np.float32(1e3)  # [m] stands for "no depth" where a filter wants a number


@dataclass(frozen=True, slots=True)
class Cloud:
    """The points of one picture. `points` is (h, w, 3) [m] in the world, NaN where there is no depth."""

    points: Floats
    seen: Mask  # (h, w), where there is a depth
    hand: Mask  # (h, w), where the robot's own fingers are in the way


def cloud(frame: CameraFrame) -> Cloud:
    """The world's points in `frame`, after a 5 x 5 median that drops flying pixels and closes pinholes."""
    depth = np.where(np.isfinite(frame.depth), frame.depth, _FAR)
    smooth = np.asarray(cv2.medianBlur(depth, 5), np.float32)
    near = frame.camera != "overhead"
    fingers = (depth < HAND_REACH).astype(np.uint8) if near else np.zeros(depth.shape, np.uint8)
    hand = np.asarray(cv2.dilate(fingers, np.ones((9, 9), np.uint8)), bool)
    seen = np.asarray((smooth < _FAR / 2) & ~hand, bool)
    smooth[~seen] = np.nan
    return Cloud(unproject(smooth, frame), seen, hand)


def unproject(depth: Floats, frame: CameraFrame) -> Floats:
    """World points (h, w, 3) [m] of the depths (h, w) [m] along `frame`'s optical axis."""
    h, w = depth.shape
    K, T = frame.K, frame.T_world_camera.astype(np.float32)
    u = ((np.arange(w) - K[0, 2]) / K[0, 0]).astype(np.float32)
    v = ((np.arange(h) - K[1, 2]) / K[1, 1]).astype(np.float32)
    points = np.empty((h, w, 3), np.float32)
    for axis in range(3):
        direction = T[axis, 0] * u[None, :] + (T[axis, 1] * v[:, None] + T[axis, 2])
        points[..., axis] = direction * depth + T[axis, 3]
    return points


def project(points: NDArray[np.floating], frame: CameraFrame) -> NDArray[np.float64]:
    """Pixels (n, 2) (right, down) of world points (n, 3) [m]."""
    T = frame.T_world_camera
    local = (np.asarray(points, np.float64) - T[:3, 3]) @ T[:3, :3]
    pixels = local @ frame.K.T
    result: NDArray[np.float64] = pixels[:, :2] / pixels[:, 2:]
    return result


def on_plane(pixels: NDArray[np.floating], z: float, frame: CameraFrame) -> NDArray[np.float64]:
    """World points (n, 3) [m] where the rays through `pixels` (n, 2) meet the level plane at height `z` [m]."""
    K, T = frame.K, frame.T_world_camera
    pixels = np.asarray(pixels, np.float64)
    rays = np.column_stack([(pixels[:, 0] - K[0, 2]) / K[0, 0], (pixels[:, 1] - K[1, 2]) / K[1, 1], np.ones(len(pixels))])
    directions = rays @ T[:3, :3].T
    result: NDArray[np.float64] = T[:3, 3] + directions * ((z - T[2, 3]) / directions[:, 2])[:, None]
    return result


def depth_sigma(distance: float) -> float:
    """One standard deviation of one depth reading at `distance` [m], in metres.

    sigma_z = z^2 s / (f B), with a disparity noise s of 0.08 px and f B = 30 px m (Intel, "Tuning depth cameras for best
    performance"; an assumption about the camera, not a measurement).
    """
    return distance * distance * 0.08 / 30.0
