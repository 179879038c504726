"""The light in a training's pictures, varied: brightness, contrast, tint, and a slope of light across."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Light:
    """Of b pictures: `gain` (b, 3) of each colour, `slope` (b, 2) right and down, `offset` (b,); pictures are from 0 to 1."""

    gain: Tensor
    slope: Tensor
    offset: Tensor

    def to(self, device: torch.device) -> Light:
        """The same on another device."""
        return Light(self.gain.to(device), self.slope.to(device), self.offset.to(device))

    def on(self, picture: Tensor) -> Tensor:
        """Whole pictures (b, 3, h, w) in this light."""
        h, w = picture.shape[-2:]
        right, down = (torch.linspace(-1.0, 1.0, n, device=picture.device) for n in (w, h))
        across = self.gain[:, :, None, None] * (1.0 + self.slope[:, :1, None, None] * right)
        along = 1.0 + self.slope[:, 1:, None, None] * down[:, None]
        return (picture * across * along + self.offset[:, None, None, None]).clamp_(0.0, 1.0)

    def on_pieces(self, pieces: Tensor, points: Tensor) -> Tensor:
        """Small pieces (b * n, 3, size, size) around points (b, n, 2) of the same pictures: within one the slope is not seen."""
        slopes = (1.0 + self.slope[:, None] * points).prod(2)  # (b, n)
        factor = (self.gain[:, None] * slopes[:, :, None]).flatten(0, 1)
        offset = self.offset[:, None].expand(points.shape[:2]).flatten()
        return (pieces * factor[:, :, None, None] + offset[:, None, None, None]).clamp_(0.0, 1.0)


def drawn_light(b: int, strength: float, rng: np.random.Generator) -> Light:
    """A light for each of b pictures; with a strength of 0 what it was."""
    gain = 1.0 + strength * rng.uniform(-1.0, 1.0, (b, 1)) + 0.3 * strength * rng.uniform(-1.0, 1.0, (b, 3))
    offset, slope = 0.3 * strength * rng.uniform(-1.0, 1.0, b), 0.5 * strength * rng.uniform(-1.0, 1.0, (b, 2))
    return Light(*(torch.from_numpy(values.astype(np.float32)) for values in (gain, slope, offset)))
