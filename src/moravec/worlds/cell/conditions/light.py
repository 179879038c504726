"""The lamps: how bright and of what colour they are, from where they shine, and whether they flicker.

All of it is seen in colour alone: a stereo depth camera brings a light of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, pi, sin

import numpy as np

from moravec.core.frames import Matrix
from moravec.worlds.measure import check, measure

RADIATION = 1.4388e-2  # [m K] Planck's second constant of radiation (CODATA), h c / k
PRIMARIES = np.array([612e-9, 549e-9, 464e-9])  # [m] dominant wavelengths of the primaries of sRGB
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])  # of red, green and blue (ITU-R BT.709)


@dataclass(frozen=True, slots=True)
class Light:
    """Beside what a delivery draws of its own, see `Lighting`."""

    level: float = measure(1.0, "of the usual", 0.02, 3.0, "brightness of all lamps")
    mired: float = measure(0.0, "mired", -80.0, 220.0, "colour of all lamps: warmer than drawn, at the same luminance")
    turn: float = measure(0.0, "rad", -3.14, 3.14, "the main lamp's direction, turned about the vertical")
    lowered: float = measure(0.0, "rad", 0.0, 0.9, "the main lamp's elevation, lower than drawn")
    flicker: float = measure(0.0, "share", 0.0, 1.0, "how much of all light goes and comes again")
    flicker_rate: float = measure(1.0, "Hz", 0.1, 120.0, "how often it does, where there is flicker")
    shadow: float = measure(0.0, "share", 0.0, 0.95, "how much light is missing left of the parcel's middle")

    def __post_init__(self) -> None:
        check(self, "light")

    def share(self, t: float) -> float:
        """The share of the lamps' light at `t` [s] of the robot's clock: 1 - flicker sin^2(pi rate t), full at 0.

        A picture takes the light of its moment; an exposure has no length here.
        """
        return 1.0 - self.flicker * sin(pi * self.flicker_rate * t) ** 2


def colour_gains(mired: float) -> Matrix:
    """Gains (3,) of red, green and blue in a light that is warmer by `mired` [1e6 / K], at the same luminance.

    By Wien's law each wavelength's gain is exp(-c2 / wavelength * d(1 / T)) up to a common factor, which is why filters are
    sold in mireds: 217 of them lie between daylight of 6500 K and a lamp of 2700 K. Each channel is taken at one wavelength.
    """
    gains = np.array([exp(-RADIATION * mired * 1e-6 * (1.0 / w - 1.0 / PRIMARIES[1])) for w in PRIMARIES.tolist()])
    level: Matrix = gains / np.average(gains, weights=LUMINANCE)
    return level


def mired_between(usual: Matrix, found: Matrix) -> float:
    """By how many mireds light of the colour `found` (3,) is warmer than `usual` (3,): `colour_gains`, the other way round."""
    warmer = np.log(found[0] / found[2]) - np.log(usual[0] / usual[2])
    return float(1e6 * warmer / (RADIATION * (1.0 / PRIMARIES[2] - 1.0 / PRIMARIES[0])))
