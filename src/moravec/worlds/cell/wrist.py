"""Where the wrist's camera is said to be: the arm's own kinematics at what the encoders say, not where the camera really is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import final

import mujoco

from moravec.core.frames import Matrix, frozen, inverse
from moravec.core.observation import CameraFrame
from moravec.robots.ur5e.joints import Joints
from moravec.robots.ur5e.kinematics import JOINTS
from moravec.worlds.render.camera import camera_pose

WRIST = "wrist"


@final
class WristPose:
    """Corrects what is told of the wrist's pictures for an arm whose encoders are off."""

    def __init__(
        self, model: mujoco.MjModel, data: mujoco.MjData, joints: Joints, expose: Callable[[str], Callable[[], CameraFrame]]
    ) -> None:
        self._model, self._data, self._joints, self._expose = model, data, joints, expose
        self._qpos = model.jnt_qposadr[[model.joint(name).id for name in JOINTS]]
        self._told = mujoco.MjData(model)

    def expose(self, camera: str) -> Callable[[], CameraFrame]:
        """As the cameras do."""
        develop = self._expose(camera)
        if camera != WRIST:
            return develop
        q = self._data.qpos[self._qpos]
        T_told_true = self._pose(self._joints.encoders(q)) @ inverse(self._pose(q))
        return lambda: _moved(develop(), T_told_true)

    def _pose(self, q: Matrix) -> Matrix:
        """T_world_camera with the arm's joints at `q` (6,) [rad]."""
        self._told.qpos[:] = self._data.qpos
        self._told.qpos[self._qpos] = q
        mujoco.mj_kinematics(self._model, self._told)
        mujoco.mj_comPos(self._model, self._told)
        mujoco.mj_camlight(self._model, self._told)
        return camera_pose(self._model, self._told, WRIST)


def _moved(frame: CameraFrame, T: Matrix) -> CameraFrame:
    return replace(frame, T_world_camera=frozen(T @ frame.T_world_camera))
