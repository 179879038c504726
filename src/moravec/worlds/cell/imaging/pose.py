"""Where a camera really is, and where its calibration says it is."""

from __future__ import annotations

import mujoco
import numpy as np

from moravec.core.frames import Matrix, transform
from moravec.worlds.cell.conditions.camera import Cameras
from moravec.worlds.render.camera import camera_id

CALIBRATION_ANGLE = np.deg2rad(0.05)  # [rad] one sigma per axis
CALIBRATION_OFFSET = 0.0005  # [m] one sigma per axis
SENSOR_CAMERAS = ("overhead", "wrist")
_FLIP = np.diag([1.0, -1.0, -1.0, 1.0])  # OpenCV's camera axes in MuJoCo's, and back


def calibration_error(rng: np.random.Generator) -> Matrix:
    """The error of a camera's calibration, as a transform (4, 4) of the camera's own frame."""
    return transform(_rotation(rng.normal(0.0, CALIBRATION_ANGLE, 3)), rng.normal(0.0, CALIBRATION_OFFSET, 3))


def knock(model: mujoco.MjModel, cameras: Cameras, rng: np.random.Generator) -> dict[str, Matrix]:
    """Moves the sensor cameras of `model` as far as `cameras` says, each in a direction of its own; in place.

    Answers T_drawn_knocked (4, 4) of each camera that was moved, in OpenCV's axes. Directions are drawn in any case, so that one
    camera's knock is the same whatever happens to the other.
    """
    moved = {}
    for name in SENSOR_CAMERAS:
        shift, tilt = (cameras.shift(name) * _direction(rng), cameras.tilt(name) * _direction(rng))
        if shift.any() or tilt.any():
            moved[name] = transform(_rotation(tilt), shift)
            _move(model, camera_id(model, name), _FLIP @ moved[name] @ _FLIP)
    return moved


def mounted(model: mujoco.MjModel, camera: str) -> Matrix:
    """T_body_camera (4, 4) of a `camera` in MuJoCo's axes: how it is mounted on its body."""
    index, R = camera_id(model, camera), np.zeros(9)
    mujoco.mju_quat2Mat(R, model.cam_quat[index])
    return transform(R.reshape(3, 3), model.cam_pos[index])


def apart(T_one: Matrix, T_other: Matrix) -> tuple[float, float]:
    """How far [m] and by what angle [rad] two poses (4, 4) differ."""
    R = T_one[:3, :3].T @ T_other[:3, :3]
    sine = 0.5 * np.linalg.norm([R[2, 1] - R[1, 2], R[0, 2] - R[2, 0], R[1, 0] - R[0, 1]])
    angle = np.arctan2(sine, 0.5 * (np.trace(R) - 1.0))
    return float(np.linalg.norm(T_one[:3, 3] - T_other[:3, 3])), float(angle)


def _move(model: mujoco.MjModel, index: int, T_drawn_knocked: Matrix) -> None:
    """In MuJoCo's camera axes."""
    R, quat, turn = np.zeros(9), np.zeros(4), np.zeros(4)
    mujoco.mju_quat2Mat(R, model.cam_quat[index])
    mujoco.mju_mat2Quat(turn, np.ascontiguousarray(T_drawn_knocked[:3, :3]).ravel())
    mujoco.mju_mulQuat(quat, model.cam_quat[index], turn)
    model.cam_pos[index] += R.reshape(3, 3) @ T_drawn_knocked[:3, 3]
    model.cam_quat[index] = quat


def _direction(rng: np.random.Generator) -> Matrix:
    """A direction (3,) like any other."""
    vector: Matrix = rng.standard_normal(3)
    return vector / np.linalg.norm(vector)


def _rotation(vector: Matrix) -> Matrix:
    """The rotation (3, 3) about `vector` (3,) by its length [rad]."""
    rotation, quat = np.zeros(9), np.zeros(4)
    mujoco.mju_axisAngle2Quat(quat, vector / (np.linalg.norm(vector) + 1e-12), float(np.linalg.norm(vector)))
    mujoco.mju_quat2Mat(rotation, quat)
    return rotation.reshape(3, 3)
