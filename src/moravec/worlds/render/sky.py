"""What a camera sees where there is nothing."""

from __future__ import annotations

import mujoco
import numpy as np
from numpy.typing import NDArray

Colours = NDArray[np.float32]

_ZENITH = np.array([0.62, 0.70, 0.79], dtype=np.float32)
_HORIZON = np.array([0.90, 0.92, 0.94], dtype=np.float32)
_GROUND = np.array([0.80, 0.80, 0.79], dtype=np.float32)
_STEPS = 64


def has_skybox(model: mujoco.MjModel) -> bool:
    """Whether the model brings its own sky."""
    return bool((model.tex_type == mujoco.mjtTexture.mjTEXTURE_SKYBOX).any())


def sky_table(model: mujoco.MjModel) -> Colours:
    """Colours (n, 3) in [0, 1] from straight up to straight down, evenly spaced in elevation.

    Taken from the skybox's middle column where the model has one (azimuth is ignored), else a pale gradient.
    """
    found = np.flatnonzero(model.tex_type == mujoco.mjtTexture.mjTEXTURE_SKYBOX)
    elevation = np.linspace(np.pi / 2, -np.pi / 2, _STEPS)
    if not len(found):
        up = np.clip(np.sin(elevation), 0, 1)[:, None]
        down = np.clip(-np.sin(elevation), 0, 1)[:, None] ** 0.5
        return (_HORIZON + up**0.7 * (_ZENITH - _HORIZON) + down * (_GROUND - _HORIZON)).astype(np.float32)
    t = int(found[0])
    side, channels, start = int(model.tex_width[t]), int(model.tex_nchannel[t]), int(model.tex_adr[t])
    faces = model.tex_data[start : start + 6 * side * side * channels].reshape(-1, side, side, channels)[..., :3]
    if int(model.tex_height[t]) == side:  # one face, repeated
        faces = np.repeat(faces[:1], 6, axis=0)
    x, z = np.cos(elevation), np.sin(elevation)
    middle = side // 2
    half = 0.5 * (side - 1)
    on_side = np.clip(np.rint(half * (1 - z / np.maximum(x, 1e-9))), 0, side - 1).astype(int)
    on_cap = np.clip(np.rint(half * (1 + x / np.maximum(np.abs(z), 1e-9))), 0, side - 1).astype(int)
    colours = np.where(
        (np.abs(z) <= x)[:, None],
        faces[4][on_side, middle],
        np.where((z > 0)[:, None], faces[2][on_cap, middle], faces[3][on_cap, middle]),
    )
    return colours.astype(np.float32) / 255.0


def sky_colour(table: Colours, directions: NDArray[np.floating]) -> Colours:
    """Colours (n, 3) in [0, 1] seen along world `directions` (n, 3) of any length."""
    length = np.sqrt(np.einsum("ij,ij->i", directions, directions))
    angle = np.arccos(np.clip(directions[:, 2] / length, -1.0, 1.0))
    place = angle * ((len(table) - 1) / np.pi)
    low = np.minimum(place.astype(np.int32), len(table) - 2)
    part = (place - low).astype(np.float32)[:, None]
    return table[low] * (1 - part) + table[low + 1] * part
