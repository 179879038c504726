"""What is found of light and cameras in pictures and in a compiled world, not in what was asked for.

Each reading is compared with the same reading of a world as drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import mujoco
import numpy as np
from numpy.typing import NDArray

from moravec.core.frames import Matrix, wrap_angle
from moravec.core.observation import CameraFrame
from moravec.worlds.cell.conditions.light import LUMINANCE, mired_between
from moravec.worlds.render.sensor import DepthNoise

Picture = NDArray[np.uint8]

_TAIL = 5.0  # medians of the absolute deviation: a normal distribution has 0.07 % beyond
_BAND = (0.02, 0.08)  # [1/px] coarse enough to outlive a blur, fine enough to show it


@dataclass(frozen=True, slots=True)
class Lamps:
    """The lamps of a world: luminance of all together, colour (3,), and where the main one stands [rad]."""

    level: float
    colour: Matrix
    azimuth: float
    elevation: float


def lamps(model: mujoco.MjModel) -> Lamps:
    """As the compiled `model` has them."""
    main, head = model.light("main"), model.vis.headlight
    colour: Matrix = np.array(main.diffuse + head.ambient + head.diffuse, dtype=np.float64)
    x, y, z = -main.dir
    return Lamps(float(colour @ LUMINANCE), colour, float(np.arctan2(y, x)), float(np.arctan2(z, np.hypot(x, y))))


def lamps_against(usual: Lamps, found: Lamps) -> dict[str, float]:
    """How `found` differs from `usual`, by the names of the conditions."""
    return {
        "light.level": found.level / usual.level,
        "light.mired": mired_between(usual.colour, found.colour),
        "light.turn": wrap_angle(found.azimuth - usual.azimuth),
        "light.lowered": usual.elevation - found.elevation,
    }


def brightness(rgb: Picture) -> float:
    """Mean of all counts, 0 to 255."""
    return float(np.mean(rgb))


def sharpness(rgb: Picture) -> float:
    """Variance of the Laplacian of the grey picture [counts^2]: what defocus takes first.

    Source: J. L. Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", ICPR 2000.
    """
    return float(cv2.Laplacian(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), cv2.CV_64F).var())


def darkened(usual: Picture, found: Picture, below: float) -> float:
    """The share of pixels that show less than `below` of what they show in `usual`; black ones do not count."""
    before, now = usual.astype(float).sum(axis=2), found.astype(float).sum(axis=2)
    seen = before > 0.0
    return float(np.mean(now[seen] < below * before[seen]))


def colour_grain(one: Picture, other: Picture) -> float:
    """One sigma [counts] of the grain in two pictures of a scene at rest; each channel's own gain is taken out."""
    left = []
    for channel in range(3):
        a, b = one[..., channel].astype(float).ravel(), other[..., channel].astype(float).ravel()
        left.append(b - a * (a @ b) / (a @ a))
    return float(np.std(left) / np.sqrt(2.0))


def disparity_noise(one: CameraFrame, other: CameraFrame) -> float:
    """One sigma [px] of the disparity's noise in two pictures of a scene at rest; edges, where it is far larger, do not count."""
    scale = float(one.K[0, 0]) * DepthNoise().baseline
    difference = scale / one.depth - scale / other.depth
    known = difference[np.isfinite(difference)]
    usual = known[np.abs(known) <= _TAIL * max(float(np.median(np.abs(known))), DepthNoise().disparity_step)]
    return float(np.std(usual) / np.sqrt(2.0))


def defocus(usual: Picture, found: Picture) -> float:
    """By what Gaussian [px, one sigma] `found` is `usual` blurred; both of one scene.

    Such a blur takes exp(-4 pi^2 sigma^2 f^2) of the power at a frequency f [1/px]: fitted where pictures have most of theirs.
    """
    power = [np.abs(np.fft.fft2(_windowed(rgb))) ** 2 for rgb in (usual, found)]
    height, width = usual.shape[:2]
    square = np.fft.fftfreq(height)[:, None] ** 2 + np.fft.fftfreq(width)[None, :] ** 2
    band = (square > _BAND[0] ** 2) & (square < _BAND[1] ** 2)
    weight, f2, lost = power[0][band], square[band], -np.log(power[1][band] / power[0][band])
    variance = np.sum(weight * f2 * lost) / (4.0 * np.pi**2 * np.sum(weight * f2**2))
    return float(np.sqrt(max(variance, 0.0)))


def _windowed(rgb: Picture) -> NDArray[np.float64]:
    """The grey picture (h, w), faded out towards its borders, so that no edge runs along them."""
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY).astype(float)
    faded: NDArray[np.float64] = (grey - grey.mean()) * np.outer(np.hanning(grey.shape[0]), np.hanning(grey.shape[1]))
    return faded
