"""Which of the named colours a thing has."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

# Hue [deg] of each named colour, from its name alone; white is what has no hue and is bright.
HUES = {"red": 2.0, "yellow": 46.0, "green": 143.0, "blue": 217.0, "purple": 281.0}
MIN_SATURATION = 0.30
DARK = 40  # brightest channel under which a pixel tells nothing [counts of 255]
_SPREAD = 14.0  # [deg]


def colour_votes(rgb: NDArray[np.uint8], names: tuple[str, ...]) -> NDArray[np.float64]:
    """Probability of each of `names` for the pixels (n, 3) of one thing: hues vote, grey and dark pixels do not.

    Where hardly any pixel has a hue, the thing is white.
    """
    hsv = cv2.cvtColor(rgb.reshape(1, -1, 3).astype(np.float32) / 255.0, cv2.COLOR_RGB2HSV)[0]
    lit = hsv[:, 2] > DARK / 255.0
    coloured = lit & (hsv[:, 1] > MIN_SATURATION)
    votes = np.full(len(names), 1e-3)
    share = coloured.sum() / max(int(lit.sum()), 1)
    for k, name in enumerate(names):
        if name in HUES:
            turn = np.abs((hsv[coloured, 0] - HUES[name] + 180.0) % 360.0 - 180.0)
            votes[k] += float(np.exp(-0.5 * (turn / _SPREAD) ** 2).sum()) / max(int(lit.sum()), 1)
        elif name == "white":
            votes[k] += max(0.0, 0.12 - share) * 3
    result: NDArray[np.float64] = votes / votes.sum()
    return result
