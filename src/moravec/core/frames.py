"""Rigid transforms as 4x4 matrices. `T_world_tool` is the pose of the tool in the world."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Matrix = NDArray[np.float64]


def frozen(values: ArrayLike, dtype: type = np.float64) -> Matrix:
    """A read-only copy of `values`; arrays that cross a boundary are read-only."""
    array: Matrix = np.array(values, dtype=dtype)
    array.setflags(write=False)
    return array


def sealed(array: Matrix) -> Matrix:
    """`array`, which nobody else may hold, made read-only: `frozen` without the copy."""
    array.setflags(write=False)
    return array


def transform(rotation: ArrayLike, position: ArrayLike) -> Matrix:
    """The 4x4 transform with `rotation` (3, 3) and `position` (3,) [m]."""
    T = np.eye(4)
    T[:3, :3] = rotation
    T[:3, 3] = position
    return T


def inverse(T: Matrix) -> Matrix:
    """The inverse of the rigid transform `T` (4, 4), by transposition."""
    R_t = T[:3, :3].T
    return transform(R_t, -R_t @ T[:3, 3])


def apply(T: Matrix, points: ArrayLike) -> Matrix:
    """`points` (..., 3) [m] carried by `T` (4, 4)."""
    return np.asarray(points, dtype=np.float64) @ T[:3, :3].T + T[:3, 3]


def rotation_z(angle: float) -> Matrix:
    """Rotation by `angle` [rad] about z, shape (3, 3)."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s, 0.0], [s, c, 0.0], [0.0, 0.0, 1.0]])


def tool_down(position: ArrayLike, yaw: float) -> Matrix:
    """T_world_tool with the tool's z axis pointing down and the fingers closing along `yaw` [rad].

    The tool's x axis (the closing direction) lies at `yaw` about the world's z axis.
    """
    c, s = np.cos(yaw), np.sin(yaw)
    rotation = np.array([[c, s, 0.0], [s, -c, 0.0], [0.0, 0.0, -1.0]])
    return transform(rotation, position)


def matrix_from_quaternion(quaternion: ArrayLike) -> Matrix:
    """Rotation matrix (3, 3) of the unit quaternion (w, x, y, z)."""
    w, x, y, z = np.asarray(quaternion, dtype=np.float64)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )


def wrap_angle(angle: float, period: float = 2 * np.pi) -> float:
    """`angle` [rad] brought into [-period/2, period/2)."""
    return float((angle + period / 2) % period - period / 2)
