"""Pictures by MuJoCo's OpenGL renderer, with depth in metres."""

from __future__ import annotations

import threading

import mujoco
import numpy as np
from numpy.typing import NDArray

from moravec.core.errors import WorldError
from moravec.worlds.render.camera import camera_id, camera_matrix, pixel_rays
from moravec.worlds.render.glcontext import Context
from moravec.worlds.render.materials import Materials
from moravec.worlds.render.sky import has_skybox, sky_colour, sky_table
from moravec.worlds.render.view import Quality, visible_options

_SHADOW_SIZE = 1024  # MuJoCo's default of 4096 costs 20 to 40 ms a picture in software
_PRETTY_SAMPLES = 4
_MAX_GEOMS = 10_000


class OpenGLRenderer:
    """Draws with EGL or OSMesa. It belongs to the thread that made it."""

    def __init__(
        self, model: mujoco.MjModel, height: int, width: int, quality: Quality, context: Context, name: str
    ) -> None:
        """Takes `context` over. Raises `WorldError` where MuJoCo cannot draw with it."""
        self.name = name
        self._model, self._height, self._width = model, height, width
        self._thread = threading.get_ident()
        self._context: Context | None = context
        self._target: mujoco.MjrContext | None = None
        # MuJoCo's skybox leaves a depth; where depth comes from the same drawing, the sky is painted in afterwards.
        skybox = quality == "pretty" and has_skybox(model)
        self._sky = None if skybox else sky_table(model)
        self._rect = mujoco.MjrRect(0, 0, width, height)
        self._scene = mujoco.MjvScene(model, _MAX_GEOMS)
        self._options = visible_options()
        self._eye = mujoco.MjvCamera()
        self._eye.type = mujoco.mjtCamera.mjCAMERA_FIXED
        # With several samples a pixel the depth of one of them comes back; drawing segments takes the pixel's centre.
        self._exact_depth = quality == "sensor"
        self._scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = quality == "pretty"
        self._scene.flags[mujoco.mjtRndFlag.mjRND_REFLECTION] = quality == "pretty"
        self._scene.flags[mujoco.mjtRndFlag.mjRND_HAZE] = False
        self._scene.flags[mujoco.mjtRndFlag.mjRND_SKYBOX] = skybox
        try:
            context.make_current()
            self._target = self._make_target(quality)
        except (mujoco.FatalError, WorldError) as error:
            self.close()
            raise WorldError(f"MuJoCo cannot draw with {name}: {error}") from error
        self._rgb = np.empty((height, width, 3), dtype=np.uint8)
        self._z = np.empty((height, width), dtype=np.float32)

    def _make_target(self, quality: Quality) -> mujoco.MjrContext:
        # MuJoCo reads these from the model when the context is made, and only then: the model is left as it was.
        wanted, general = self._model.vis.quality, self._model.vis.global_
        before = wanted.shadowsize, wanted.offsamples, general.offwidth, general.offheight
        try:
            wanted.shadowsize = _SHADOW_SIZE if quality == "pretty" else 0
            wanted.offsamples = _PRETTY_SAMPLES if quality == "pretty" else 0
            general.offwidth, general.offheight = self._width, self._height
            target = mujoco.MjrContext(self._model, mujoco.mjtFontScale.mjFONTSCALE_100)
        finally:
            wanted.shadowsize, wanted.offsamples, general.offwidth, general.offheight = before
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, target)
        target.readDepthMap = mujoco.mjtDepthMap.mjDEPTH_ZEROFAR
        drawn = np.zeros((self._height, self._width, 3), dtype=np.uint8)
        mujoco.mjr_rectangle(self._rect, 1.0, 0.0, 1.0, 1.0)
        mujoco.mjr_readPixels(drawn, None, self._rect, target)
        if target.currentBuffer != mujoco.mjtFramebuffer.mjFB_OFFSCREEN or (drawn != (255, 0, 255)).any():
            target.free()
            raise WorldError("the driver draws nothing into memory")
        return target

    def render(self, data: mujoco.MjData, camera: str | int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Colour (h, w, 3) and depth (h, w) along the optical axis [m], infinite where nothing is seen."""
        if self._context is None or self._target is None:
            raise WorldError("this renderer is closed")
        if threading.get_ident() != self._thread:
            raise WorldError("an OpenGL renderer draws only in the thread that made it; make one for each thread")
        index = camera_id(self._model, camera)
        self._eye.fixedcamid = index
        self._context.make_current()
        everything = mujoco.mjtCatBit.mjCAT_ALL
        mujoco.mjv_updateScene(self._model, data, self._options, None, self._eye, everything, self._scene)
        mujoco.mjr_render(self._rect, self._scene, self._target)
        if self._exact_depth:
            mujoco.mjr_readPixels(self._rgb, self._z, self._rect, self._target)
        else:
            mujoco.mjr_readPixels(self._rgb, None, self._rect, self._target)
            for geom in self._scene.geoms[: self._scene.ngeom]:
                if geom.rgba[3] < Materials.OPAQUE:  # they leave no depth in the ordinary drawing either
                    geom.segid = -1
            self._scene.flags[mujoco.mjtRndFlag.mjRND_SEGMENT] = True
            mujoco.mjr_render(self._rect, self._scene, self._target)
            mujoco.mjr_readPixels(None, self._z, self._rect, self._target)
            self._scene.flags[mujoco.mjtRndFlag.mjRND_SEGMENT] = False
        self._context.release()
        rgb = np.ascontiguousarray(self._rgb[::-1])
        depth = self._metres(self._z[::-1])
        if self._sky is not None:
            self._paint_sky(rgb, depth, data, index)
        return rgb, depth

    def _metres(self, z: NDArray[np.float32]) -> NDArray[np.float32]:
        # MuJoCo's reversed depth: 1 at the near plane, 0 at the far one; z = near (far - d) / (d (far - near)).
        extent = self._model.stat.extent
        near, far = self._model.vis.map.znear * extent, self._model.vis.map.zfar * extent
        depth = (near * far) / (z * (far - near) + near)
        return np.where(z > 0.0, depth, np.inf).astype(np.float32)

    def _paint_sky(self, rgb: NDArray[np.uint8], depth: NDArray[np.float32], data: mujoco.MjData, index: int) -> None:
        empty = np.isinf(depth)
        if self._sky is None or not empty.any():
            return
        K = camera_matrix(self._model, index, self._height, self._width)
        rays = pixel_rays(K, self._height, self._width)[empty.ravel()] * (1.0, -1.0, -1.0)
        colours = sky_colour(self._sky, rays @ data.cam_xmat[index].reshape(3, 3).T)
        rgb[empty] = np.rint(255.0 * colours).astype(np.uint8)

    def close(self) -> None:
        """Give the driver's memory back. A second call does nothing."""
        if self._context is None:
            return
        if self._target is not None:
            self._context.make_current()
            self._target.free()
            self._target = None
        self._context.free()
        self._context = None
