"""Pictures by ray casting on the processor, for machines without OpenGL.

Same eye, colours, lights and textures as MuJoCo's OpenGL renderer, so that perception works on either.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
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

Floats = NDArray[np.float32]
Rows = NDArray[np.intp]

_FLIP = np.array([1.0, -1.0, -1.0])  # OpenCV's camera axes in MuJoCo's
_PART = 16_384  # rays
_EDGE_CONTRAST = 0.06  # of full scale; softer steps need no smoothing
_CREASE = 0.9  # cosine between neighbouring normals
_EDGE_SHIFTS = ((-0.125, -0.375), (0.375, -0.125), (0.125, 0.375), (-0.375, 0.125))  # rotated grid [px]


@dataclass(frozen=True, slots=True)
class _Fan:
    """Rays in MuJoCo's camera axes."""

    long: NDArray[np.float64]  # (n, 3), depth 1 along the optical axis
    unit: Floats  # (3, n)
    length: Floats  # (n,) of `long`

    def pick(self, rows: Rows | slice) -> _Fan:
        return _Fan(self.long[rows], self.unit[:, rows], self.length[rows])


@dataclass(frozen=True, slots=True)
class _Shot:
    """What stays the same for all rays of one picture."""

    data: mujoco.MjData
    camera: int
    turn: NDArray[np.float64]  # (3, 3) camera axes in the world
    materials: Materials
    lights: tuple[Light, ...]


def _depth(hits: Hits) -> Floats:
    return np.where(hits.geom >= 0, hits.reach, np.inf).astype(np.float32)


class RayRenderer:
    """Draws with `mj_multiRay`. One see-through layer in front of the solid ones; no reflections, skins or cloth."""

    name = "rays"

    def __init__(self, model: mujoco.MjModel, height: int, width: int, quality: Quality) -> None:
        """Needs no driver and never fails on a valid model."""
        self._model, self._height, self._width, self._quality = model, height, width, quality
        self._caster: Caster | None = Caster(model)
        self._scene = mujoco.MjvScene(model, 10_000)
        self._options = visible_options()
        self._eye = mujoco.MjvCamera()
        self._eye.type = mujoco.mjtCamera.mjCAMERA_FIXED
        self._sky = sky_table(model)
        self._textures: dict[int, Texture] = {}
        self._around: dict[int, tuple[int, ...]] = {}  # geoms of a camera's own body that hold it inside
        self._fans: dict[tuple[float, tuple[float, float]], _Fan] = {}

    def render(self, data: mujoco.MjData, camera: str | int) -> tuple[NDArray[np.uint8], Floats]:
        """Colour (h, w, 3) and depth (h, w) along the optical axis [m], infinite where nothing is seen."""
        caster = self._live_caster()
        index = camera_id(self._model, camera)
        materials = read_materials(self._model)
        caster.refresh(materials)
        for t in np.unique(materials.texture).tolist():
            if t >= 0 and t not in self._textures:
                self._textures[t] = Texture(self._model, t)
        self._eye.fixedcamid = index
        everything = mujoco.mjtCatBit.mjCAT_ALL
        mujoco.mjv_updateScene(self._model, data, self._options, None, self._eye, everything, self._scene)
        turn = data.cam_xmat[index].reshape(3, 3)
        shot = _Shot(data, index, turn, materials, read_lights(self._scene))
        fan = self._fan(index, (0.0, 0.0))
        if self._quality == "pretty":
            colours, hits = self._trace(shot, fan, whole=True)
            self._smooth_edges(shot, colours, hits)
            depth = _depth(hits)
        else:
            colours, depth = self._trace_in_parts(shot, fan)
        colours *= np.float32(255.0)
        planes = (colours + np.float32(0.5)).astype(np.uint8).reshape(3, self._height, self._width)
        return cv2.merge(list(planes)), depth.reshape(self._height, self._width)

    def _fan(self, index: int, shift: tuple[float, float]) -> _Fan:
        key = float(self._model.cam_fovy[index]), shift
        if key not in self._fans:
            K = camera_matrix(self._model, index, self._height, self._width)
            long = pixel_rays(K, self._height, self._width, shift) * _FLIP
            length = np.linalg.norm(long, axis=1)
            unit = np.ascontiguousarray((long / length[:, None]).T, dtype=np.float32)
            self._fans[key] = _Fan(long, unit, length.astype(np.float32))
        return self._fans[key]

    def _trace_in_parts(self, shot: _Shot, fan: _Fan) -> tuple[Floats, Floats]:
        """Colours (3, n) in [0, 1] and depth (n,) [m]: `_trace`, a part at a time that stays in the cache."""
        n = len(fan.length)
        colours, depth = np.empty((3, n), dtype=np.float32), np.empty(n, dtype=np.float32)
        for start in range(0, n, _PART):
            part = slice(start, start + _PART)
            colours[:, part], hits = self._trace(shot, fan.pick(part), whole=False)
            depth[part] = _depth(hits)
        return colours, depth

    def _trace(self, shot: _Shot, fan: _Fan, whole: bool) -> tuple[Floats, Hits]:
        """Colours (3, n) in [0, 1] along the rays of `fan`, and the solid surfaces that they meet.

        `whole` says that they are the whole picture in its order, and asks for shadows softened over neighbours.
        """
        caster = self._live_caster()
        eye, rays = shot.data.cam_xpos[shot.camera], fan.long @ shot.turn.T
        hits, peeled = caster.solid(shot.data, eye, rays, self._around.get(shot.camera, ()))
        body = self._model.cam_bodyid[shot.camera]
        self._around[shot.camera] = tuple(g for g in peeled if self._model.geom_bodyid[g] == body)
        seen = hits.geom >= 0
        if seen.all():
            colours = self._colours(shot, fan, hits, np.arange(len(rays)), whole)
        else:
            rows = np.flatnonzero(seen)
            colours = np.empty((3, len(rays)), dtype=np.float32)
            colours[:, ~seen] = sky_colour(self._sky, rays[~seen]).T
            colours[:, rows] = self._colours(shot, fan.pick(rows), hits.pick(rows), rows, whole)
        if caster.has_clear:
            rows, front = caster.clear(shot.data, eye, rays)
            ahead = np.flatnonzero((front.geom >= 0) & (~seen[rows] | (front.reach < hits.reach[rows])))
            rows, front = rows[ahead], front.pick(ahead)
            over = self._colours(shot, fan.pick(rows), front, rows, None)
            # MuJoCo draws see-through geoms twice: front to back, then back to front.
            alpha = 1.0 - (1.0 - shot.materials.rgba[front.geom, 3]) ** 2
            colours[:, rows] = colours[:, rows] * (1.0 - alpha) + over * alpha
        return colours, hits

    def _colours(self, shot: _Shot, fan: _Fan, hits: Hits, rows: Rows, whole: bool | None) -> Floats:
        """Colours (3, n) in [0, 1] of `hits`, which lie at `rows` of the picture; no shadows where `whole` is None."""
        data = shot.data
        surface = self._surface(shot, fan, hits)
        lit = {}
        if self._quality == "pretty" and whole is not None:
            shape = (self._height, self._width) if whole else None
            for i, light in enumerate(shot.lights):
                if light.casts:
                    lit[i] = share_of_light(self._live_caster(), data, light, surface, rows, shape, self._model.stat)
        colours = shade(surface, shot.materials, shot.lights, lit)
        apply_textures(colours, surface, shot.materials, self._textures, self._model, data)
        return np.clip(colours, 0.0, 1.0, out=colours)

    def _surface(self, shot: _Shot, fan: _Fan, hits: Hits) -> Surface:
        reach = hits.reach.astype(np.float32)
        unit = shot.turn.astype(np.float32) @ fan.unit
        eye = shot.data.cam_xpos[shot.camera].astype(np.float32)[:, None]
        focal = 0.5 * self._height / np.tan(0.5 * np.deg2rad(self._model.cam_fovy[shot.camera]))
        return Surface(
            geom=hits.geom,
            point=unit * (reach * fan.length) + eye,
            normal=hits.normal.T.astype(np.float32, order="C"),
            view=-unit,
            footprint=reach / np.float32(focal),
        )

    def _smooth_edges(self, shot: _Shot, colours: Floats, hits: Hits) -> None:
        """Cast four more rays through each pixel of `colours` (3, h w), in place, at an outline, a crease or print."""
        shape = self._height, self._width
        printed = np.append(shot.materials.texture >= 0, False)[hits.geom].reshape(shape)
        geom, grey = hits.geom.reshape(shape), colours.mean(axis=0).reshape(shape)
        normal = hits.normal.reshape(*shape, 3)
        edge = np.zeros(shape, dtype=bool)
        for first, second in ((np.s_[:, :-1], np.s_[:, 1:]), (np.s_[:-1], np.s_[1:])):
            step = geom[first] != geom[second]
            step |= np.einsum("ijk,ijk->ij", normal[first], normal[second]) < _CREASE
            step |= printed[first]
            step &= np.abs(grey[first] - grey[second]) > _EDGE_CONTRAST
            edge[first] |= step
            edge[second] |= step
        rows = np.flatnonzero(edge.ravel())
        total = np.zeros((3, len(rows)), dtype=np.float32)
        for shift in _EDGE_SHIFTS:
            total += self._trace(shot, self._fan(shot.camera, shift).pick(rows), whole=False)[0]
        colours[:, rows] = total / len(_EDGE_SHIFTS)

    def _live_caster(self) -> Caster:
        if self._caster is None:
            raise WorldError("this renderer is closed")
        return self._caster

    def close(self) -> None:
        """Give its memory back. A second call does nothing."""
        self._caster = None
        self._fans.clear()
        self._textures.clear()
