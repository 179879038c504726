"""The cell's cameras: what they see, with a sensor's noise and a calibration that is never quite right."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import final

import mujoco
import numpy as np
from numpy.typing import NDArray

from moravec.core.frames import frozen, inverse
from moravec.core.observation import CameraFrame
from moravec.worlds.cell.conditions.camera import Cameras
from moravec.worlds.cell.config import CellConfig
from moravec.worlds.cell.imaging.feed import Exposure, Feed, longest_still, repeated
from moravec.worlds.cell.imaging.optics import Optics
from moravec.worlds.cell.imaging.pose import SENSOR_CAMERAS, apart, calibration_error, knock, mounted
from moravec.worlds.render.backend import Renderer, open_renderer
from moravec.worlds.render.camera import camera_matrix, camera_pose
from moravec.worlds.render.sensor import DepthNoise, degrade

PORTRAIT_SIZE = (720, 960)  # [px]


def _sensor(focal: float, cameras: Cameras) -> DepthNoise:
    """A sensor with pictures of this `focal` length [px], as good as `cameras` says."""
    usual = DepthNoise(focal=focal, defocus=cameras.blur, gain=cameras.exposure)
    return replace(
        usual, subpixel=usual.subpixel * cameras.depth_noise, read_noise=usual.read_noise * cameras.colour_noise,
        shot_noise=usual.shot_noise * cameras.colour_noise,
    )  # fmt: skip


@final
class Pictures:
    """Exposes now, develops later: `expose` copies the scene in the control thread, the returned call draws it. `light` is the
    share of the usual light that there is. Where the conditions say that cameras were knocked, they are moved in `model`.

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
        self._error = {name: calibration_error(self._streams[name]) for name in SENSOR_CAMERAS}
        height, width = config.image
        self._K = {name: frozen(camera_matrix(model, name, height, width)) for name in SENSOR_CAMERAS}
        lamps, cameras = config.conditions.light, config.conditions.camera
        self._noise = {name: _sensor(float(K[0, 0]), cameras) for name, K in self._K.items()}
        knocks, *others = streams["imaging"].spawn(1 + 2 * len(SENSOR_CAMERAS))
        self._mounts = {name: mounted(model, name) for name in SENSOR_CAMERAS}
        moved = knock(model, cameras, knocks)
        self._claim = {name: inverse(moved[name]) @ self._error[name] if name in moved else self._error[name]
                       for name in SENSOR_CAMERAS}  # fmt: skip
        pairs = zip(SENSOR_CAMERAS, others[: len(SENSOR_CAMERAS)], strict=True)
        self._optics = {name: Optics(self._K[name], config.image, lamps, cameras, rng) for name, rng in pairs}
        self._feeds = {n: Feed(cameras, rng) for n, rng in zip(SENSOR_CAMERAS, others[len(SENSOR_CAMERAS) :], strict=True)}
        self._lens = dict(zip(SENSOR_CAMERAS, reversed(SENSOR_CAMERAS) if cameras.swapped else SENSOR_CAMERAS, strict=True))
        self._renderers: dict[tuple[int, str], Renderer] = {}
        self._seq = 0

    @property
    def renderer_name(self) -> str:
        """Which renderer draws: "egl", "osmesa" or "rays"."""
        return self._renderer("sensor").name

    def expose(self, camera: str) -> Callable[[], CameraFrame]:
        """Freezes what `camera` sees now; the call draws it."""
        scene = mujoco.MjData(self._model)
        scene.qpos[:], scene.time = self._data.qpos, self._data.time
        self._seq += 1
        order, asked, feed = self._seq, float(scene.time), self._feeds[camera]
        seed = int(self._streams[camera].integers(2**63))
        shown, stamped = feed.hand_on(Exposure(self._lens[camera], order, scene, seed, self._light()))

        def develop() -> CameraFrame:
            rgb, depth = self._draw(shown)
            feed.saw(order, asked, rgb)
            self._place(stamped.scene)
            pose = frozen(camera_pose(self._model, stamped.scene, camera) @ self._claim[camera])
            return CameraFrame(camera, stamped.seq, stamped.t, rgb, depth, self._K[camera], pose)

        return develop

    def take(self, camera: str) -> CameraFrame:
        """`expose` and develop at once."""
        return self.expose(camera)()

    def found(self) -> dict[str, float]:
        """What of the cameras' conditions is seen at no cost, by its name: how far they stand from their drawing now, how much of
        their pictures lies under specks, and, of the worse line, how long the same picture came and which share came again."""
        told = {}
        for name in SENSOR_CAMERAS:
            told[f"camera.{name}_shift"], told[f"camera.{name}_tilt"] = apart(self._mounts[name], mounted(self._model, name))
        covered = [optics.covered for optics in self._optics.values()]
        told["camera.dust"] = float(np.mean([0.0 if there is None else there.mean() for there in covered]))
        told["camera.frozen"] = max(longest_still(feed.shown) for feed in self._feeds.values())
        told["camera.dropped"] = max(repeated(feed.shown) for feed in self._feeds.values())
        return told

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

    def _draw(self, exposure: Exposure) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Colour and depth of `exposure`, drawn at the first call."""
        if exposure.picture is None:
            lens, scene = exposure.lens, exposure.scene
            self._place(scene)
            rgb, depth = self._renderer("sensor").render(scene, lens)
            if exposure.light < 1.0:
                rgb = (rgb * exposure.light).astype(np.uint8)
            optics = self._optics[lens]
            rgb = optics.through(rgb, depth, camera_pose(self._model, scene, lens))
            rgb, depth = degrade(rgb, depth, np.random.default_rng(exposure.seed), self._noise[lens])
            if optics.covered is not None:
                depth[optics.covered] = np.nan
            rgb.setflags(write=False)
            depth.setflags(write=False)
            exposure.picture = rgb, depth
        return exposure.picture

    def _place(self, scene: mujoco.MjData) -> None:
        """Everything where the joints of `scene` put it."""
        mujoco.mj_kinematics(self._model, scene)
        mujoco.mj_comPos(self._model, scene)
        mujoco.mj_camlight(self._model, scene)

    def _renderer(self, kind: str) -> Renderer:
        key = (threading.get_ident(), kind)
        if key not in self._renderers:
            height, width = self._config.image if kind == "sensor" else PORTRAIT_SIZE
            self._renderers[key] = open_renderer(
                self._model, height, width, self._config.renderer, "pretty" if kind == "pretty" else "sensor"
            )
        return self._renderers[key]
