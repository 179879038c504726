"""What happens to light between the scene and a camera's sensor: a shadow that lies on the scene, focus, dust.

Of these only focus and dust touch depth: a stereo depth camera throws its own pattern in infrared, which no lamp's shadow
darkens. What defocus does to depth belongs to the sensor, see `DepthNoise.defocus`; under a speck there is none.
"""

from __future__ import annotations

from typing import final

import cv2
import numpy as np
from numpy.typing import NDArray

from moravec.core.frames import Matrix
from moravec.worlds.cell import layout
from moravec.worlds.cell.conditions.camera import Cameras
from moravec.worlds.cell.conditions.light import Light

Floats = NDArray[np.float32]

PENUMBRA = 0.06  # [m] from full light to the depth of the shadow; project's choice
SPECK = 0.01  # of the picture's width: how large specks are, one sigma of what they are cut from; project's choice
SPECK_EDGE = 0.5  # sigmas of it from no dust to full dust
DARKNESS = 0.7  # of the light, that a speck takes in its middle; project's choice
_SKY = 10.0  # [m] how far away what has no depth is taken to be


@final
class Optics:
    """Of one camera with intrinsics `K` (3, 3) [px] and pictures of `image` (height, width) [px]. Specks come from `rng`."""

    def __init__(
        self, K: Matrix, image: tuple[int, int], light: Light, cameras: Cameras, rng: np.random.Generator
    ) -> None:
        self._shadow, self._blur = light.shadow, cameras.blur
        self.passing = specks(cameras.dust, image, rng) if cameras.dust > 0.0 else None  # (h, w) share of the light
        height, width = image
        self._across = ((np.arange(width) - K[0, 2]) / K[0, 0]).astype(np.float32)[None, :]
        self._down = ((np.arange(height) - K[1, 2]) / K[1, 1]).astype(np.float32)[:, None]
        self._clear = self.passing is None and not self._shadow and not self._blur

    def through(self, rgb: NDArray[np.uint8], depth: Floats, T_world_camera: Matrix) -> NDArray[np.uint8]:
        """What of a perfect picture (h, w, 3) with its `depth` (h, w) [m] falls on the sensor, taken from where the camera is."""
        if self._clear:
            return rgb
        light = rgb.astype(np.float32)
        if self._shadow:
            light *= self._lit(depth, T_world_camera)[:, :, None]
        if self._blur:
            blurred = cv2.GaussianBlur(light, (0, 0), self._blur, borderType=cv2.BORDER_REPLICATE)
            light = blurred.astype(np.float32, copy=False)
        if self.passing is not None:
            light *= self.passing[:, :, None]
        return np.rint(light).astype(np.uint8)

    @property
    def covered(self) -> NDArray[np.bool_] | None:
        """Where a speck takes half of what it takes in its middle or more (h, w); None where there is no dust."""
        return None if self.passing is None else self.passing <= 1.0 - 0.5 * DARKNESS

    def _lit(self, depth: Floats, T_world_camera: Matrix) -> Floats:
        """The share (h, w) of the light that is there: the shadow ends in a vertical plane through the parcel's middle."""
        a, b, c, y = T_world_camera[1].astype(np.float32)
        left = np.where(np.isfinite(depth), depth, np.float32(_SKY)) * (a * self._across + b * self._down + c) + y
        inside = np.clip((left - np.float32(layout.PARCEL_CENTRE[1])) / np.float32(PENUMBRA) + 0.5, 0.0, 1.0)
        lit: Floats = 1.0 - np.float32(self._shadow) * inside
        return lit


def specks(share: float, image: tuple[int, int], rng: np.random.Generator) -> Floats:
    """The share (h, w) of the light that dust lets pass, where exactly `share` of the picture lies under specks.

    Specks are the highest places of smooth noise: with the same seed more dust covers what less of it covers, and more.
    """
    white = rng.standard_normal(image, dtype=np.float32)
    height = cv2.GaussianBlur(white, (0, 0), SPECK * image[1])
    edge, soft = np.quantile(height, 1.0 - share), SPECK_EDGE * float(height.std())
    passing: Floats = (1.0 - DARKNESS * np.clip(0.5 + (height - edge) / soft, 0.0, 1.0)).astype(np.float32)
    return passing
