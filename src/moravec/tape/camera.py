"""A camera's intrinsics and pose in the forms that viewers know."""

from __future__ import annotations

from typing import Any

import numpy as np

from moravec.core.frames import Matrix
from moravec.core.observation import CameraFrame
from moravec.tape.stamps import stamp


def calibration(frame: CameraFrame) -> dict[str, Any]:
    """foxglove.CameraCalibration of `frame`, and its exact T_world_camera (4, 4) row by row."""
    height, width = frame.size
    K = np.asarray(frame.K, dtype=np.float64)
    return {
        "timestamp": stamp(frame.t),
        "frame_id": frame.camera,
        "width": width,
        "height": height,
        "distortion_model": "plumb_bob",
        "D": [0.0] * 5,
        "K": K.ravel(),
        "R": np.eye(3).ravel(),
        "P": np.hstack([K, np.zeros((3, 1))]).ravel(),
        "seq": frame.seq,
        "T_world_camera": np.asarray(frame.T_world_camera, dtype=np.float64).ravel(),
    }


def camera_transform(frame: CameraFrame) -> dict[str, Any]:
    """foxglove.FrameTransform of the camera in the world."""
    T = np.asarray(frame.T_world_camera, dtype=np.float64)
    w, x, y, z = _quaternion(T[:3, :3])
    return {
        "timestamp": stamp(frame.t),
        "parent_frame_id": "world",
        "child_frame_id": frame.camera,
        "translation": {"x": T[0, 3], "y": T[1, 3], "z": T[2, 3]},
        "rotation": {"x": x, "y": y, "z": z, "w": w},
    }


def _quaternion(R: Matrix) -> tuple[float, float, float, float]:
    """Unit quaternion (w, x, y, z) of the rotation `R` (3, 3).

    Source: I. Y. Bar-Itzhack, "New Method for Extracting the Quaternion from a Rotation Matrix", JGCD 23 (2000):
    the eigenvector of the largest eigenvalue, which also serves for a matrix that is not quite a rotation.
    """
    if not np.all(np.isfinite(R)):
        return 1.0, 0.0, 0.0, 0.0
    (xx, xy, xz), (yx, yy, yz), (zx, zy, zz) = R.tolist()
    N = np.array(
        [
            [xx + yy + zz, zy - yz, xz - zx, yx - xy],
            [zy - yz, xx - yy - zz, xy + yx, xz + zx],
            [xz - zx, xy + yx, yy - xx - zz, yz + zy],
            [yx - xy, xz + zx, yz + zy, zz - xx - yy],
        ]
    )
    w, x, y, z = np.linalg.eigh(N)[1][:, -1].tolist()
    return (w, x, y, z) if w >= 0.0 else (-w, -x, -y, -z)
