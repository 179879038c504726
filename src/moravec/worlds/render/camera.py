"""Pinhole geometry of MuJoCo's cameras, in OpenCV's convention."""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from moravec.core.errors import BadInput, WorldError
from moravec.core.frames import Matrix, transform

# MuJoCo's cameras look along -z with y up; OpenCV's look along +z with y down.
_FLIP = np.diag([1.0, -1.0, -1.0])


def camera_id(model: mujoco.MjModel, camera: str | int) -> int:
    """The index of `camera`, given by name or index.

    Raises `BadInput` where there is no such camera, `WorldError` where it is not a plain pinhole.
    """
    names = [model.camera(i).name or str(i) for i in range(model.ncam)]
    if isinstance(camera, str):
        if camera not in names:
            raise BadInput("camera", camera, names)
        index = names.index(camera)
    else:
        if not 0 <= camera < model.ncam:
            raise BadInput("camera", camera, f"0 to {model.ncam - 1} ({', '.join(names)})")
        index = int(camera)
    if model.cam_sensorsize[index].any() or model.cam_projection[index] != mujoco.mjtProjection.mjPROJ_PERSPECTIVE:
        raise WorldError(f"camera {names[index]!r} has sensor intrinsics or no perspective; give it `fovy` alone")
    return index


def intrinsics(fovy: float, height: int, width: int) -> Matrix:
    """Pinhole matrix K (3, 3) [px] of a picture with square pixels and vertical field of view `fovy` [rad].

    Whole coordinates are pixel centres (OpenCV's convention), so the principal point is at ((w-1)/2, (h-1)/2).
    """
    focal = 0.5 * height / np.tan(0.5 * fovy)
    return np.array([[focal, 0.0, 0.5 * (width - 1)], [0.0, focal, 0.5 * (height - 1)], [0.0, 0.0, 1.0]])


def camera_matrix(model: mujoco.MjModel, camera: str | int, height: int, width: int) -> Matrix:
    """K (3, 3) [px] of a model's camera drawn at `height` x `width`."""
    return intrinsics(float(np.deg2rad(model.cam_fovy[camera_id(model, camera)])), height, width)


def camera_pose(model: mujoco.MjModel, data: mujoco.MjData, camera: str | int) -> Matrix:
    """T_world_camera (4, 4): the pose of the OpenCV camera frame (x right, y down, z forward)."""
    index = camera_id(model, camera)
    return transform(data.cam_xmat[index].reshape(3, 3) @ _FLIP, data.cam_xpos[index])


def pixel_rays(K: Matrix, height: int, width: int, shift: tuple[float, float] = (0.0, 0.0)) -> NDArray[np.float64]:
    """Directions (height*width, 3) through the pixels in the OpenCV camera frame, scaled so that z = 1.

    `shift` (right, down) [px] moves every ray within its pixel. A point at depth d along the axis is d times its ray.
    """
    u = (np.arange(width) + shift[0] - K[0, 2]) / K[0, 0]
    v = (np.arange(height) + shift[1] - K[1, 2]) / K[1, 1]
    rays = np.ones((height, width, 3))
    rays[..., 0] = u[None, :]
    rays[..., 1] = v[:, None]
    return rays.reshape(-1, 3)
