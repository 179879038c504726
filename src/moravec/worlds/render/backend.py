"""Which renderer draws on this machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import mujoco
import numpy as np
from numpy.typing import NDArray

from moravec.core.errors import BadInput, WorldError
from moravec.worlds.render.glcontext import Context, EglContext, OsmesaContext, quiet
from moravec.worlds.render.opengl import OpenGLRenderer
from moravec.worlds.render.rays import RayRenderer
from moravec.worlds.render.view import QUALITIES, Quality

BACKENDS = ("egl", "osmesa", "rays")  # best first
_MAX_SIDE = 4096  # [px]


class Renderer(Protocol):
    """Draws what a camera of the model sees."""

    name: str  # "egl", "osmesa" or "rays"

    def render(self, data: mujoco.MjData, camera: str | int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Colour (h, w, 3) and depth (h, w) along the optical axis [m], infinite where nothing is seen.

        Positions must be up to date (`mj_forward` or `mj_kinematics` + `mj_camlight`). Raises `BadInput` for an
        unknown camera and `WorldError` after `close`.
        """

    def close(self) -> None:
        """Give its memory back. A second call does nothing."""


def open_renderer(
    model: mujoco.MjModel, height: int, width: int, prefer: str | None = None, quality: Quality = "sensor"
) -> Renderer:
    """The best renderer that really draws here.

    `quality` is "sensor" (fast, no shadows) or "pretty" (shadows, smooth edges). For the first it tries EGL, then
    OSMesa, then ray casting, which always draws. For the second it takes ray casting at once: its shadows are soft and
    without the stray dots of MuJoCo's shadow maps, and the same on every machine. With `prefer` only that renderer is
    tried. Raises `BadInput` for an unknown name or size and `WorldError` where the preferred one does not draw.
    One process can use EGL or OSMesa, not both; ray casting goes with either.
    """
    if prefer is not None and prefer not in BACKENDS:
        raise BadInput("renderer", prefer, BACKENDS)
    if quality not in QUALITIES:
        raise BadInput("picture quality", quality, QUALITIES)
    if not (1 <= height <= _MAX_SIDE and 1 <= width <= _MAX_SIDE):
        raise BadInput("picture size", f"{height} x {width}", f"1 to {_MAX_SIDE} pixels a side")
    if prefer is not None:
        return _open(prefer, model, height, width, quality)
    for name in BACKENDS[:-1] if quality == "sensor" else ():
        try:
            return _open(name, model, height, width, quality)
        except WorldError:
            continue
    return RayRenderer(model, height, width, quality)


def _open(name: str, model: mujoco.MjModel, height: int, width: int, quality: Quality) -> Renderer:
    if name == "rays":
        return RayRenderer(model, height, width, quality)
    make: dict[str, Callable[[], Context]] = {"egl": EglContext, "osmesa": OsmesaContext}
    with quiet():
        return OpenGLRenderer(model, height, width, quality, make[name](), name)
