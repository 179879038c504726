"""Pictures of the table, drawn in one of two ways: quickly, or as the public protocol's default renderer does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import mujoco
import numpy as np
from numpy.typing import NDArray

from moravec.core.errors import BadInput, WorldError
from moravec.core.frames import Matrix
from moravec.worlds.render.camera import camera_id, camera_matrix, camera_pose
from moravec.worlds.render.glcontext import Context, EglContext, OsmesaContext, quiet

Drawing = Literal["plain", "protocol"]
DRAWINGS: tuple[Drawing, ...] = ("plain", "protocol")
CONTEXTS: dict[str, Callable[[], Context]] = {"egl": EglContext, "osmesa": OsmesaContext}

CAMERA = "corner2"
CAMERA_POSITION = (0.75, 0.075, 0.7)  # [m], where LeRobot's environment moves that camera (src/lerobot/envs/metaworld.py)
KINDS = {"box": mujoco.mjtGeom.mjGEOM_BOX, "ball": mujoco.mjtGeom.mjGEOM_SPHERE, "can": mujoco.mjtGeom.mjGEOM_CYLINDER}
_MAX_GEOMS = 10_000


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that is drawn and is not there. `shape` is one of KINDS, `position` (3,) [m] its middle in the world's frame;
    `size` [m] half of its extent; `colour` (3,) 0 to 1."""

    shape: str
    position: tuple[float, float, float]
    size: float
    colour: tuple[float, float, float]


class Pictures:
    """Draws a model's CAMERA, `size` pixels a side and upright: that camera hangs upside down.

    "plain" leaves out shadows, reflections and several samples a pixel, which cost ten times the rest in software; "protocol" is
    MuJoCo's default. Both show sites: they mark the goals. An instance belongs to the thread that made it.
    """

    def __init__(self, model: mujoco.MjModel, size: int, drawing: Drawing = "plain") -> None:
        """Raises BadInput for a drawing or size that is none, WorldError where no OpenGL draws into memory here."""
        if drawing not in DRAWINGS:
            raise BadInput("the drawing", drawing, DRAWINGS)
        if not 16 <= size <= 1024:
            raise BadInput("the picture's size", size, "16 to 1024 pixels a side")
        self.size, self._model = size, model
        self._rect = mujoco.MjrRect(0, 0, size, size)
        self._options = mujoco.MjvOption()
        self._scene = mujoco.MjvScene(model, _MAX_GEOMS)
        if drawing == "plain":
            self._scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = False
            self._scene.flags[mujoco.mjtRndFlag.mjRND_REFLECTION] = False
        self._eye = mujoco.MjvCamera()
        self._eye.type, self._eye.fixedcamid = mujoco.mjtCamera.mjCAMERA_FIXED, camera_id(model, CAMERA)
        self._context, self.name = _open_context()
        self._target: mujoco.MjrContext | None = None
        self._rgb = np.empty((size, size, 3), np.uint8)
        wanted, general = model.vis.quality, model.vis.global_
        before = wanted.shadowsize, wanted.offsamples, general.offwidth, general.offheight
        try:
            if drawing == "plain":
                wanted.shadowsize, wanted.offsamples = 0, 0
            general.offwidth, general.offheight = size, size
            self._context.make_current()
            self._target = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_150)
            mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._target)
        except (mujoco.FatalError, WorldError) as error:
            self.close()
            raise WorldError(f"MuJoCo cannot draw with {self.name}: {error}") from error
        finally:
            wanted.shadowsize, wanted.offsamples, general.offwidth, general.offheight = before

    def draw(self, data: mujoco.MjData, marks: Sequence[Mark] = ()) -> NDArray[np.uint8]:
        """(size, size, 3), RGB, the first row on top. `marks` are drawn besides what the model holds."""
        if self._context is None or self._target is None:
            raise WorldError("these pictures are closed")
        self._context.make_current()
        everything = mujoco.mjtCatBit.mjCAT_ALL
        mujoco.mjv_updateScene(self._model, data, self._options, None, self._eye, everything, self._scene)
        for mark in marks:
            self._add(mark)
        mujoco.mjr_render(self._rect, self._scene, self._target)
        mujoco.mjr_readPixels(self._rgb, None, self._rect, self._target)
        return np.ascontiguousarray(self._rgb[:, ::-1])  # OpenGL's rows come from below: both axes are turned

    def _add(self, mark: Mark) -> None:
        """Raises WorldError where there is no room for one more."""
        if self._scene.ngeom >= self._scene.maxgeom:
            raise WorldError(f"a picture of more than {self._scene.maxgeom} shapes")
        size, colour = np.full(3, mark.size), np.array([*mark.colour, 1.0], np.float32)
        geom = self._scene.geoms[self._scene.ngeom]
        mujoco.mjv_initGeom(geom, KINDS[mark.shape], size, np.array(mark.position), np.eye(3).flatten(), colour)
        self._scene.ngeom += 1

    def close(self) -> None:
        """Gives the driver's memory back. A second call does nothing."""
        if self._context is None:
            return
        if self._target is not None:
            self._context.make_current()
            self._target.free()
            self._target = None
        self._context.free()
        self._context = None


def _open_context() -> tuple[Context | None, str]:
    """The first OpenGL that opens, and its name. Raises WorldError."""
    for name, make in CONTEXTS.items():
        try:
            with quiet():
                return make(), name
        except WorldError:
            continue
    raise WorldError(
        f"Meta-World's pictures need OpenGL without a window ({', '.join(CONTEXTS)}): none opens here; 'moravec doctor' says "
        "which package mends it"
    )


def pixels(model: mujoco.MjModel, data: mujoco.MjData, points: Matrix, size: int) -> Matrix:
    """Where `points` (k, 3) [m], in the world's frame, are in an upright picture: (k, 2), right and down [px].

    Points behind the camera get NaN. Whole numbers are pixel centres.
    """
    T_world_camera = camera_pose(model, data, CAMERA)
    K = camera_matrix(model, CAMERA, size, size)
    seen = (points - T_world_camera[:3, 3]) @ T_world_camera[:3, :3]
    depth = np.where(seen[:, 2:] > 1e-6, seen[:, 2:], np.nan)
    return (size - 1.0) - (seen / depth @ K.T)[:, :2]  # turned by 180 degrees
