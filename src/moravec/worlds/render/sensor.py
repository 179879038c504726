"""What an RGB-D camera makes of a perfect picture: a stereo depth camera's noise, holes and edges, and grain in colour.

Sources: depth noise and disparity step of Intel's D400 white papers, "Tuning depth cameras for best performance"
(theoretical RMS limit, sigma_z = z^2 s / (f B)) and "Subpixel linearity improvement" (disparity in 1/32 px). The
default probabilities and the subpixel noise are typical values, not measured on a real camera (unverified).
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist

import cv2
import numpy as np
from numpy.typing import NDArray

from moravec.core.errors import BadInput, ContractError

Depth = NDArray[np.float32]
Mask = NDArray[np.bool_]
Picture = NDArray[np.uint8]

SPOT = 1.0  # [px] one sigma of a projected spot in focus; project's choice
_GRAIN_LEVELS = 256


@dataclass(frozen=True, slots=True)
class DepthNoise:
    """How good the camera is. The defaults are near an Intel RealSense D435 drawn 640 pixels wide."""

    focal: float = 600.0  # [px]; K[0, 0] of the picture that is degraded
    baseline: float = 0.05  # between the two imagers [m]
    subpixel: float = 0.08  # one standard deviation of the disparity [px], in focus
    defocus: float = 0.0  # of both imagers: one sigma of a point's spot [px]
    grain: float = 0.8  # how far depth noise is shared between neighbours: sigma of a Gaussian [px], 0 for none
    disparity_step: float = 1.0 / 32.0  # [px]; 0 for none
    nearest: float = 0.10  # no depth nearer than this [m]
    farthest: float = 4.0  # nor farther [m]
    occlusion: bool = True  # no depth where only one imager sees
    edge_jump: float = 0.02  # a step in depth is an edge from this, as a share of the depth
    edge_hole: float = 0.30  # probability of no depth at an edge
    edge_flying: float = 0.25  # probability of a depth between both sides of an edge
    grazing: float = 0.20  # cosine of incidence under which depth fades out, down to none at half of it
    dropout: float = 0.002  # probability of no depth anywhere
    gain: float = 1.0  # counts that a picture's count becomes, clipped at 255
    exposure: float = 0.02  # one standard deviation of the gain, shared by all pixels
    white_balance: float = 0.01  # one standard deviation of each channel's own gain
    read_noise: float = 1.0  # one standard deviation in the dark [counts of 255]
    shot_noise: float = 0.12  # growing with the root of the signal [counts / sqrt(count)]

    def __post_init__(self) -> None:
        """Raises `BadInput` for a value outside its range."""
        for name in ("edge_hole", "edge_flying", "dropout", "grazing"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise BadInput(f"DepthNoise.{name}", getattr(self, name), "0 to 1")
        if self.edge_hole + self.edge_flying > 1.0:
            raise BadInput("DepthNoise.edge_hole + edge_flying", self.edge_hole + self.edge_flying, "0 to 1")
        for name in ("focal", "baseline", "edge_jump", "farthest"):
            if not 0.0 < getattr(self, name) < np.inf:
                raise BadInput(f"DepthNoise.{name}", getattr(self, name), "above 0 and finite")
        for name in (
            "subpixel", "defocus", "grain", "disparity_step", "nearest", "gain", "exposure", "white_balance", "read_noise",
            "shot_noise",
        ):  # fmt: skip
            if not 0.0 <= getattr(self, name) < np.inf:
                raise BadInput(f"DepthNoise.{name}", getattr(self, name), "0 or above and finite")

    def sigma(self, z: NDArray[np.floating] | float) -> NDArray[np.floating] | float:
        """One standard deviation of depth at depth `z` [m], before rounding of the disparity [m]."""
        return z * z * (self.disparity / (self.focal * self.baseline))

    @property
    def disparity(self) -> float:
        """One standard deviation of the disparity [px], before rounding.

        A Gaussian spot of constant light is matched as well as the energy of its gradient allows (Cramer-Rao), which falls with
        the fourth power of its width: the deviation grows with the square. The projector's spots are taken to be SPOT wide.
        """
        return self.subpixel * (1.0 + (self.defocus / SPOT) ** 2)


def degrade(rgb: Picture, depth: Depth, rng: np.random.Generator, noise: DepthNoise) -> tuple[Picture, Depth]:
    """What the camera gives for a perfect picture: colour (h, w, 3) and depth (h, w) [m], NaN where there is none.

    `depth` is along the optical axis and infinite or NaN where nothing is seen. The inputs are left as they are. Equal
    inputs and an equal state of `rng` give equal results. Raises `ContractError` for shapes or types that do not fit.
    """
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
        raise ContractError(f"colour must be uint8 (h, w, 3); found {rgb.dtype} {rgb.shape}")
    if depth.shape != rgb.shape[:2] or depth.dtype != np.float32:
        raise ContractError(f"depth must be float32 {rgb.shape[:2]}; found {depth.dtype} {depth.shape}")
    # The draws come in a fixed order, and each in one go, so that a seed names one picture.
    chance = rng.random(depth.shape, dtype=np.float32)
    between = rng.random(depth.shape, dtype=np.float32)
    error = _grainy(rng.standard_normal(depth.shape, dtype=np.float32), noise.grain)
    coloured = _colour_noise(rgb, rng, noise)
    return coloured, _depth_noise(depth, chance, between, error, noise)


def _depth_noise(depth: Depth, chance: Depth, between: Depth, error: Depth, noise: DepthNoise) -> Depth:
    scale = float(noise.focal * noise.baseline)
    known = np.isfinite(depth) & (depth > 0.0)
    clean = np.where(known, depth, np.float32(1e6))
    nearer, farther = cv2.erode(clean, np.ones((3, 3), np.uint8)), cv2.dilate(clean, np.ones((3, 3), np.uint8))
    slope = _tangent(clean, noise.focal)
    edge = _edges(clean, nearer, farther, noise.edge_jump)
    seen = known & (chance >= noise.dropout)
    seen &= ~(edge & (chance < noise.dropout + noise.edge_hole))
    if noise.grazing > 0.0:
        cosine = 1.0 / np.sqrt(1.0 + slope * slope)
        # `chance` decided the holes already; `between` is not used away from edges.
        seen &= edge | (between < cosine * (2.0 / noise.grazing) - 1.0)
    flying = edge & (chance > 1.0 - noise.edge_flying)
    surface = np.where(flying, nearer + between * (np.minimum(farther, noise.farthest) - nearer), clean)
    disparity = scale / surface
    if noise.occlusion:
        seen &= ~_hidden_from_one(scale / clean)
    if noise.defocus > 0.0:  # both sides of an edge run into each other: nothing matches
        seen &= ~_within(edge, noise.defocus)
    disparity += noise.disparity * error
    if noise.disparity_step > 0.0:
        disparity = np.rint(disparity * (1.0 / noise.disparity_step)) * np.float32(noise.disparity_step)
    measured = scale / np.maximum(disparity, 1e-6)
    seen &= (measured >= noise.nearest) & (measured <= noise.farthest)
    return np.where(seen, measured, np.nan).astype(np.float32)


def _grainy(white: Depth, grain: float) -> Depth:
    """White noise smoothed to `grain` [px], of unit variance again (a little more within `grain` of the border)."""
    if grain <= 0.0:
        return white
    reach = int(np.ceil(3.0 * grain))
    kernel = cv2.getGaussianKernel(2 * reach + 1, grain, cv2.CV_32F)
    power = float((kernel**2).sum())  # the variance that smoothing along one axis leaves
    smooth: Depth = cv2.sepFilter2D(white, cv2.CV_32F, kernel, kernel) / power
    return smooth


def _tangent(depth: Depth, focal: float) -> Depth:
    """Tangent of the angle between the optical axis and the surface's normal, by central differences."""
    across = cv2.Sobel(depth, cv2.CV_32F, 1, 0, ksize=1)
    down = cv2.Sobel(depth, cv2.CV_32F, 0, 1, ksize=1)
    tangent: Depth = cv2.magnitude(across, down) * np.float32(0.5 * focal) / depth
    return tangent


def _edges(depth: Depth, nearer: Depth, farther: Depth, jump: float) -> Mask:
    """Where depth steps rather than slopes: the bend is as large as the rise itself."""
    rise = farther - nearer
    bend = np.abs(nearer + farther - 2.0 * depth)
    edge: Mask = (rise > jump * nearer) & (bend > 0.4 * rise)
    return edge


def _within(mask: Mask, reach: float) -> Mask:
    """What lies no farther than `reach` [px] from `mask`."""
    if not mask.any():
        return mask
    away: Mask = cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) <= reach
    return away


def _hidden_from_one(disparity: Depth) -> Mask:
    """Where the second imager, to the right, has something nearer in the way of what the first one sees.

    A point in column x appears at x - disparity there; it is hidden where a point further right appears as far left.
    """
    place = np.arange(disparity.shape[1], dtype=np.float32) - disparity
    further_right = np.minimum.accumulate(place[:, ::-1], axis=1)[:, ::-1]
    hidden = np.zeros(disparity.shape, dtype=bool)
    hidden[:, :-1] = further_right[:, 1:] < place[:, :-1]
    return hidden


def _colour_noise(rgb: Picture, rng: np.random.Generator, noise: DepthNoise) -> Picture:
    gain = 1.0 + noise.exposure * rng.standard_normal() + noise.white_balance * rng.standard_normal(3)
    draw = rng.integers(0, _GRAIN_LEVELS, rgb.shape, dtype=np.uint8)
    result = np.empty_like(rgb)
    # Every (count, draw) pair has one answer: look it up rather than compute it a million times.
    counts = np.arange(256, dtype=np.float64)
    for channel in range(3):
        signal = counts * (noise.gain * gain[channel])
        sigma = np.sqrt(noise.read_noise**2 + noise.shot_noise**2 * np.maximum(signal, 0.0))
        table = np.clip(np.rint(signal[:, None] + sigma[:, None] * _quantiles()), 0, 255).astype(np.uint8)
        index = rgb[..., channel].astype(np.uint16)
        index <<= 8
        index |= draw[..., channel]
        result[..., channel] = np.take(table.reshape(-1), index)
    return result


def _quantiles() -> NDArray[np.float64]:
    """The normal distribution in equally likely steps, of unit variance."""
    normal = NormalDist()
    steps = np.array([normal.inv_cdf((k + 0.5) / _GRAIN_LEVELS) for k in range(_GRAIN_LEVELS)])
    unit: NDArray[np.float64] = steps / steps.std()
    return unit
