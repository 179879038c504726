"""What a robot reports: its joints, its hand, its pictures."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from moravec.core.frames import Matrix, frozen

NOBODY = frozen(np.zeros((0, 2)))


@dataclass(frozen=True, slots=True)
class RobotState:
    """The body's state at one instant, as its own sensors and the cell's safety devices give it.

    `wrench` is force [N] and torque [N m] on the tool, in the tool's frame, without the hand's own weight.
    """

    seq: int
    t: float  # [s], the robot's clock
    q: Matrix  # (n,) joint positions [rad]
    dq: Matrix  # (n,) joint velocities [rad/s]
    tau: Matrix  # (n,) joint torques [N m]
    grip_width: float  # opening between the fingers [m]
    grip_force: float  # force of one finger [N]
    wrench: Matrix  # (6,) [N, N m]
    estop: bool  # the emergency stop's input
    people_t: float = math.nan  # [s], when the safety scanner last saw who is near; NaN where there is none
    people: Matrix = field(default_factory=lambda: NOBODY)  # (k, 2) where people stand (x, y), in the base frame [m]


@dataclass(frozen=True, slots=True)
class CameraFrame:
    """One registered RGB-D picture.

    The camera frame is OpenCV's: x right, y down, z forward.
    """

    camera: str
    seq: int
    t: float  # [s], when the picture was taken
    rgb: NDArray[np.uint8]  # (h, w, 3)
    depth: NDArray[np.float32]  # (h, w) along the optical axis [m]; NaN where there is none
    K: Matrix  # (3, 3) pinhole intrinsics [px]
    T_world_camera: Matrix  # (4, 4) pose of the camera in the world

    @property
    def size(self) -> tuple[int, int]:
        """Height and width [px]."""
        return self.depth.shape[0], self.depth.shape[1]
