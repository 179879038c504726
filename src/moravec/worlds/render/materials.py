"""Colours, finish and textures of geoms, as MuJoCo's renderer reads them from the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import cv2
import mujoco
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_DEFAULT_RGBA = np.array([0.5, 0.5, 0.5, 1.0], dtype=np.float32)
_DEFAULT_SPECULAR = _DEFAULT_SHININESS = 0.5  # MuJoCo's for a geom without material
_SHININESS_SCALE = 128.0  # OpenGL's range of the exponent


@dataclass(frozen=True, slots=True)
class Materials:
    """One row per geom."""

    OPAQUE: ClassVar[float] = 0.995  # MuJoCo blends what is below
    rgba: Floats  # (ngeom, 4) in [0, 1]
    emission: Floats  # (ngeom,)
    specular: Floats  # (ngeom,)
    exponent: Floats  # (ngeom,) of the specular lobe
    texture: NDArray[np.int32]  # (ngeom,) index into the model's textures, -1 where none


def read_materials(model: mujoco.MjModel) -> Materials:
    """The finish of every geom: its own colour where it has one, else its material's."""
    ids = model.geom_matid
    none = ids < 0
    if model.nmat == 0:
        some = np.zeros(model.ngeom, dtype=np.float32)
        rgba, emission = model.geom_rgba.astype(np.float32), some
        specular, shininess = some + _DEFAULT_SPECULAR, some + _DEFAULT_SHININESS
        texture = np.full(model.ngeom, -1, dtype=np.int32)
    else:
        own = none | (model.geom_rgba != _DEFAULT_RGBA).any(axis=1)
        rgba = np.where(own[:, None], model.geom_rgba, model.mat_rgba[ids]).astype(np.float32)
        emission = np.where(none, 0.0, model.mat_emission[ids]).astype(np.float32)
        specular = np.where(none, _DEFAULT_SPECULAR, model.mat_specular[ids]).astype(np.float32)
        shininess = np.where(none, _DEFAULT_SHININESS, model.mat_shininess[ids]).astype(np.float32)
        texture = np.where(none, -1, model.mat_texid[ids, mujoco.mjtTextureRole.mjTEXROLE_RGB]).astype(np.int32)
    return Materials(rgba, emission, specular, shininess * _SHININESS_SCALE, texture)


def _linear(pixels: NDArray[np.uint8], srgb: bool) -> Floats:
    values = pixels.astype(np.float32) / np.float32(255.0)
    if not srgb:
        return values
    # IEC 61966-2-1, as OpenGL decodes sRGB textures.
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4).astype(np.float32)


class Texture:
    """One texture of the model with its halved copies, so that distant print does not flicker."""

    def __init__(self, model: mujoco.MjModel, index: int) -> None:
        """Reads texture `index`; a cube texture becomes its mean colour."""
        width, height = int(model.tex_width[index]), int(model.tex_height[index])
        channels, start = int(model.tex_nchannel[index]), int(model.tex_adr[index])
        pixels = model.tex_data[start : start + width * height * channels].reshape(height, width, channels)
        pixels = np.repeat(pixels, 3, axis=2) if channels == 1 else pixels[..., :3]
        level = _linear(pixels, model.tex_colorspace[index] == mujoco.mjtColorSpace.mjCOLORSPACE_SRGB)
        self.flat = model.tex_type[index] != mujoco.mjtTexture.mjTEXTURE_2D
        self.mean: Floats = level.mean(axis=(0, 1))
        self._levels: list[Floats] = [level]
        while not self.flat and min(level.shape[:2]) > 1:
            level = cv2.resize(level, (level.shape[1] // 2, level.shape[0] // 2), interpolation=cv2.INTER_AREA)
            self._levels.append(level)

    def sample(self, s: Floats, t: Floats, texels: float) -> Floats:
        """Colours (n, 3) in [0, 1] at texture coordinates (n,), repeating; `texels` is how many fall on one pixel."""
        step = int(np.clip(np.floor(np.log2(max(texels, 1.0)) + 0.5), 0, len(self._levels) - 1))
        level = self._levels[step]
        height, width = level.shape[:2]
        x, y = s * width - 0.5, t * height - 0.5
        x0, y0 = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
        a, b = (x - x0).astype(np.float32)[:, None], (y - y0).astype(np.float32)[:, None]
        left, right, top, bottom = x0 % width, (x0 + 1) % width, y0 % height, (y0 + 1) % height
        upper = level[top, left] * (1 - a) + level[top, right] * a
        lower = level[bottom, left] * (1 - a) + level[bottom, right] * a
        result: Floats = upper * (1 - b) + lower * b
        return result

    def size(self) -> tuple[int, int]:
        """Height and width [texels]."""
        return self._levels[0].shape[0], self._levels[0].shape[1]


def texture_scale(model: mujoco.MjModel, geom: int) -> tuple[float, float]:
    """Texture repeats per metre of the geom's own x and y.

    MuJoCo projects a 2D texture along the geom's z axis: s = x kx - 1/2, t = -y ky - 1/2, repeating.
    """
    repeat = model.mat_texrepeat[model.geom_matid[geom]]
    if model.mat_texuniform[model.geom_matid[geom]]:
        return 0.5 * float(repeat[0]), 0.5 * float(repeat[1])
    size = model.geom_size[geom]
    round_ones = (mujoco.mjtGeom.mjGEOM_SPHERE, mujoco.mjtGeom.mjGEOM_CAPSULE, mujoco.mjtGeom.mjGEOM_CYLINDER)
    wide, deep = float(size[0]), float(size[0] if model.geom_type[geom] in round_ones else size[1])
    return 0.5 * float(repeat[0]) / (wide or 1.0), 0.5 * float(repeat[1]) / (deep or 1.0)
