"""Pictures by ray casting on the processor, for machines without OpenGL.

Same eye, colours, lights and textures as MuJoCo's OpenGL renderer, so that perception works on either.
"""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

from moravec.core.errors import WorldError
from moravec.worlds.render.camera import camera_id, camera_matrix, pixel_rays
from moravec.worlds.render.casting import Caster, Hits
from moravec.worlds.render.materials import Materials, Texture, read_materials
from moravec.worlds.render.shading import Light, Surface, apply_textures, read_lights, shade
from moravec.worlds.render.shadows import share_of_light
from moravec.worlds.render.sky import sky_colour, sky_table
from moravec.worlds.render.view import Quality, visible_options

_FLIP = np.array([1.0, -1.0, -1.0])  # OpenCV's camera axes in MuJoCo's
_EDGE_CONTRAST = 0.06  # of full scale; softer steps need no smoothing
_EDGE_SHIFTS = ((-0.125, -0.375), (0.375, -0.125), (0.125, 0.375), (-0.375, 0.125))  # rotated grid [px]


class RayRenderer:
    """Draws with `mj_multiRay`. One see-through layer in front of the solid ones; no reflections, skins or cloth."""

    name = "rays"

    def __init__(self, model: mujoco.MjModel, height: int, width: int, quality: Quality) -> None:
        """Needs no driver and never fails on a valid model."""
        self._model, self._height, self._width, self._quality = model, height, width, quality
        self._caster: Caster | None = Caster(model)
        self._scene = mujoco.MjvScene(model, 1000)
        self._options = visible_options()
        self._eye = mujoco.MjvCamera()
        self._eye.type = mujoco.mjtCamera.mjCAMERA_FIXED
        self._sky = sky_table(model)
        used = np.unique(read_materials(model).texture)
        self._textures = {int(t): Texture(model, int(t)) for t in used if t >= 0}
        self._around: dict[int, tuple[int, ...]] = {}  # geoms of a camera's own body that hold it inside
        self._rays: dict[tuple[float, tuple[float, float]], NDArray[np.float64]] = {}

    def render(
        self, data: mujoco.MjData, camera: str | int
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """Colour (h, w, 3) and depth (h, w) along the optical axis [m], infinite where nothing is seen."""
        caster = self._live_caster()
        index = camera_id(self._model, camera)
        materials = read_materials(self._model)
        caster.refresh(materials)
        self._add_textures(materials)
        self._eye.fixedcamid = index
        lights_only = mujoco.mjtCatBit.mjCAT_STATIC
        mujoco.mjv_updateScene(self._model, data, self._options, None, self._eye, lights_only, self._scene)
        lights = read_lights(self._scene)
        rays = self._directions(index, (0.0, 0.0)) @ data.cam_xmat[index].reshape(3, 3).T
        colours, hits = self._trace(data, index, rays, materials, lights, shadows=self._quality == "pretty")
        picture = colours.reshape(self._height, self._width, 3)
        if self._quality == "pretty":
            self._smooth_edges(picture, data, index, materials, lights)
        depth = np.where(hits.geom >= 0, hits.reach, np.inf).astype(np.float32)
        rgb = (picture * np.float32(255.0) + np.float32(0.5)).astype(np.uint8)
        return rgb, depth.reshape(self._height, self._width)

    def _add_textures(self, materials: Materials) -> None:
        for t in np.unique(materials.texture).tolist():
            if t >= 0 and t not in self._textures:
                self._textures[t] = Texture(self._model, t)

    def _directions(self, index: int, shift: tuple[float, float]) -> NDArray[np.float64]:
        key = float(self._model.cam_fovy[index]), shift
        if key not in self._rays:
            K = camera_matrix(self._model, index, self._height, self._width)
            self._rays[key] = pixel_rays(K, self._height, self._width, shift) * _FLIP
        return self._rays[key]

    def _trace(
        self,
        data: mujoco.MjData,
        index: int,
        rays: NDArray[np.float64],
        materials: Materials,
        lights: tuple[Light, ...],
        shadows: bool,
    ) -> tuple[NDArray[np.float32], Hits]:
        """Colours (n, 3) in [0, 1] along world `rays` (n, 3), and the solid surfaces that they meet."""
        caster = self._live_caster()
        eye = data.cam_xpos[index]
        hits, peeled = caster.solid(data, eye, rays, self._around.get(index, ()))
        # What moves with the camera is around it next time too.
        self._around[index] = tuple(g for g in peeled if self._model.geom_bodyid[g] == self._model.cam_bodyid[index])
        seen = hits.geom >= 0
        rows = np.flatnonzero(seen)
        colours = np.empty((len(rays), 3), dtype=np.float32)
        if len(rows) < len(rays):
            colours[~seen] = sky_colour(self._sky, rays[~seen])
        colours[rows] = self._colours(data, index, rays, hits, rows, materials, lights, shadows)
        if caster.has_clear:
            front = caster.clear(data, eye, rays)
            rows = np.flatnonzero((front.geom >= 0) & (~seen | (front.reach < hits.reach)))
            if len(rows):
                over = self._colours(data, index, rays, front, rows, materials, lights, shadows=False)
                alpha = materials.rgba[front.geom[rows], 3][:, None]
                colours[rows] = colours[rows] * (1.0 - alpha) + over * alpha
        return colours, hits

    def _colours(
        self,
        data: mujoco.MjData,
        index: int,
        rays: NDArray[np.float64],
        hits: Hits,
        rows: NDArray[np.intp],
        materials: Materials,
        lights: tuple[Light, ...],
        shadows: bool,
    ) -> NDArray[np.float32]:
        surface = self._surface(data, index, rays, hits, rows)
        lit = {}
        if shadows:
            shape = (self._height, self._width) if len(rays) == self._height * self._width else None
            for i, light in enumerate(lights):
                if light.casts:
                    lit[i] = share_of_light(self._live_caster(), data, light, surface, rows, shape, self._model.stat)
        colours = shade(surface, materials, lights, lit)
        apply_textures(colours, surface, materials, self._textures, self._model, data)
        return np.clip(colours, 0.0, 1.0, out=colours)

    def _surface(
        self, data: mujoco.MjData, index: int, rays: NDArray[np.float64], hits: Hits, rows: NDArray[np.intp]
    ) -> Surface:
        whole = len(rows) == len(rays)
        some = slice(None) if whole else rows
        ray = rays[some].astype(np.float32)
        reach = hits.reach[some].astype(np.float32)
        eye = data.cam_xpos[index].astype(np.float32)
        length = np.sqrt(np.einsum("ij,ij->i", ray, ray))
        focal = 0.5 * self._height / np.tan(0.5 * np.deg2rad(self._model.cam_fovy[index]))
        return Surface(
            geom=hits.geom[some],
            point=eye + ray * reach[:, None],
            normal=hits.normal[some].astype(np.float32),
            view=ray / -length[:, None],
            footprint=reach / np.float32(focal),
        )

    def _smooth_edges(
        self,
        picture: NDArray[np.float32],
        data: mujoco.MjData,
        index: int,
        materials: Materials,
        lights: tuple[Light, ...],
    ) -> None:
        """Cast four more rays through each pixel of `picture` (h, w, 3), in place, that differs from a neighbour."""
        grey = picture.mean(axis=2)
        edge = np.zeros(grey.shape, dtype=bool)
        across, down = np.abs(np.diff(grey, axis=1)), np.abs(np.diff(grey, axis=0))
        for jump, first, second in (
            (across, edge[:, :-1], edge[:, 1:]),
            (down, edge[:-1], edge[1:]),
        ):
            first |= jump > _EDGE_CONTRAST
            second |= jump > _EDGE_CONTRAST
        rows = np.flatnonzero(edge.ravel())
        if not len(rows):
            return
        turn = data.cam_xmat[index].reshape(3, 3).T
        total = np.zeros((len(rows), 3), dtype=np.float32)
        for shift in _EDGE_SHIFTS:
            rays = self._directions(index, shift)[rows] @ turn
            total += self._trace(data, index, rays, materials, lights, shadows=True)[0]
        picture.reshape(-1, 3)[rows] = total / len(_EDGE_SHIFTS)

    def _live_caster(self) -> Caster:
        if self._caster is None:
            raise WorldError("this renderer is closed")
        return self._caster

    def close(self) -> None:
        """Give its memory back. A second call does nothing."""
        self._caster = None
        self._rays.clear()
        self._textures.clear()
