"""The cell's cameras: what they see, with a sensor's noise and a calibration that is never quite right."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import final

import mujoco
import numpy as np
from numpy.typing import NDArray

from moravec.core.frames import Matrix, frozen
from moravec.core.observation import CameraFrame
from moravec.worlds.cell.config import CellConfig
from moravec.worlds.render.backend import Renderer, open_renderer
from moravec.worlds.render.camera import camera_matrix, camera_pose
from moravec.worlds.render.sensor import DepthNoise, degrade

CALIBRATION_ANGLE = np.deg2rad(0.05)  # [rad] one sigma per axis
CALIBRATION_OFFSET = 0.0005  # [m] one sigma per axis
PORTRAIT_SIZE = (720, 960)  # [px]
SENSOR_CAMERAS = ("overhead", "wrist")


def _small_error(rng: np.random.Generator) -> Matrix:
    """The error of a camera's calibration, as a transform of the camera's own frame."""
    vector = rng.normal(0.0, CALIBRATION_ANGLE, 3)
    rotation, quat = np.zeros(9), np.zeros(4)
    mujoco.mju_axisAngle2Quat(quat, vector / (np.linalg.norm(vector) + 1e-12), float(np.linalg.norm(vector)))
    mujoco.mju_quat2Mat(rotation, quat)
    T = np.eye(4)
    T[:3, :3], T[:3, 3] = rotation.reshape(3, 3), rng.normal(0.0, CALIBRATION_OFFSET, 3)
    return T


@final
class Pictures:
    """Exposes now, develops later: `expose` copies the scene in the control thread, the returned call draws it. `light` is the
    share of the usual light that there is.

    Renderers belong to the thread that draws, as OpenGL wants it.
    """

    def __init__(
        self,
        model: mujoco.MjModel,
        data: mujoco.MjData,
        config: CellConfig,
        streams: dict[str, np.random.Generator],
        light: Callable[[], float],
    ) -> None:
        self._model, self._data, self._config, self._light = model, data, config, light
        self._streams = {name: streams[f"camera_{name}"] for name in SENSOR_CAMERAS}
        self._error = {name: _small_error(self._streams[name]) for name in SENSOR_CAMERAS}
        height, width = config.image
        self._K = {name: frozen(camera_matrix(model, name, height, width)) for name in SENSOR_CAMERAS}
        self._noise = {name: DepthNoise(focal=float(K[0, 0])) for name, K in self._K.items()}
        self._renderers: dict[tuple[int, str], Renderer] = {}
        self._seq = 0

    @property
    def renderer_name(self) -> str:
        """Which renderer draws: "egl", "osmesa" or "rays"."""
        return self._renderer("sensor").name

    def expose(self, camera: str) -> Callable[[], CameraFrame]:
        """Freezes what `camera` sees now; the call draws it."""
        model, data = self._model, self._data
        snapshot = mujoco.MjData(model)
        snapshot.qpos[:], snapshot.time = data.qpos, data.time
        self._seq += 1
        seq, seed, light = self._seq, self._streams[camera].integers(2**63), self._light()

        def develop() -> CameraFrame:
            mujoco.mj_kinematics(model, snapshot)
            mujoco.mj_comPos(model, snapshot)
            mujoco.mj_camlight(model, snapshot)
            rgb, depth = self._renderer("sensor").render(snapshot, camera)
            if light < 1.0:
                rgb = (rgb * light).astype(np.uint8)
            rgb, depth = degrade(rgb, depth, np.random.default_rng(seed), self._noise[camera])
            rgb.setflags(write=False)
            depth.setflags(write=False)
            pose = frozen(camera_pose(model, snapshot, camera) @ self._error[camera])
            return CameraFrame(camera, seq, float(snapshot.time), rgb, depth, self._K[camera], pose)

        return develop

    def take(self, camera: str) -> CameraFrame:
        """`expose` and develop at once."""
        return self.expose(camera)()

    def portrait(self) -> NDArray[np.uint8]:
        """A pleasing picture (720, 960, 3) of the whole cell, without noise; for people."""
        mujoco.mj_camlight(self._model, self._data)
        rgb, _ = self._renderer("pretty").render(self._data, "portrait")
        return rgb

    def close(self) -> None:
        """Frees this thread's renderers."""
        for renderer in self._renderers.values():
            renderer.close()
        self._renderers.clear()

    def _renderer(self, kind: str) -> Renderer:
        key = (threading.get_ident(), kind)
        if key not in self._renderers:
            height, width = self._config.image if kind == "sensor" else PORTRAIT_SIZE
            self._renderers[key] = open_renderer(
                self._model, height, width, self._config.renderer, "pretty" if kind == "pretty" else "sensor"
            )
        return self._renderers[key]
