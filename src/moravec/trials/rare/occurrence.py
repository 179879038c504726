"""How often what occurs, as far as it is assumed: what makes one breaking point likelier than another, and weighs a sample.

Each perturbation is in force in a job with the same chance, independent of the others. Its severity is then half normal with a
scale of 1, cut off at MOST: mild is one sigma, severe three. Nobody has measured that; whoever knows better says so (`chance`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf, erfinv

from moravec.core.errors import BadInput
from moravec.trials.rare.severity import MOST, STEP, Point

CHANCE = 0.05  # of each perturbation, in a job
REACH = 0.8  # of a case's severities, from where on a sample that looks for it begins


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Of the perturbations `names`."""

    names: tuple[str, ...]
    chance: float = CHANCE

    def __post_init__(self) -> None:
        if not 0.0 < self.chance < 1.0:
            raise BadInput("the chance of a perturbation", self.chance, "more than 0, less than 1")

    def surprise(self, point: Point) -> float:
        """How much less likely `point` is than that nothing happens: - ln of the ratio of densities [nats]."""
        odds = math.log((1.0 - self.chance) / self.chance)
        return sum(odds - _log_density(level) for _, level in point.levels)

    def draw(self, rng: np.random.Generator) -> Point:
        """What a job may meet."""
        there = rng.random(len(self.names)) < self.chance
        levels = severities(rng.random(len(self.names)), 0.0)
        return Point.of({name: float(levels[i]) for i, name in enumerate(self.names) if there[i]})


@dataclass(frozen=True, slots=True)
class Mixture:
    """Half of what occurs, half of what occurs near `cases`: each as likely, all of it in force and REACH as severe or more.

    A defensive mixture (Hesterberg 1995): no weight exceeds HEAVIEST, so a sample's mean has bounds that hold.
    """

    occurrence: Occurrence
    cases: tuple[Point, ...]

    def draw(self, rng: np.random.Generator) -> Point:
        """One of the mixture. As many numbers are drawn whatever comes out."""
        near, which, point = rng.random() >= _PLAIN, int(rng.integers(max(1, len(self.cases)))), self.occurrence.draw(rng)
        shares = rng.random(len(self.occurrence.names))
        if not near or not self.cases:
            return point
        levels, forced = dict(point.levels), dict(self.cases[which].levels)
        for share, name in zip(shares, self.occurrence.names, strict=True):
            if name in forced:
                levels[name] = float(severities(np.array([share]), _reach(forced[name]))[0])
        return Point.of(levels)

    def weight(self, point: Point) -> float:
        """Density of what occurs over that of the mixture, at `point`: 0 to HEAVIEST."""
        if not self.cases:
            return 1.0
        near = sum(self._density_ratio(case, dict(point.levels)) for case in self.cases) / len(self.cases)
        return 1.0 / (_PLAIN + (1.0 - _PLAIN) * near)

    def _density_ratio(self, case: Point, levels: dict[str, float]) -> float:
        """How much denser the draws near `case` are there than what occurs."""
        ratio = 1.0
        for name, level in case.levels:
            least = _reach(level)
            if levels.get(name, 0.0) <= least:
                return 0.0
            ratio /= self.occurrence.chance * _share_beyond(least)
        return ratio


_PLAIN = 0.5  # of the mixture is what occurs
HEAVIEST = 1.0 / _PLAIN


def severities(shares: NDArray[np.float64], least: float) -> NDArray[np.float64]:
    """Half-normal severities from `least` to MOST of `shares` from 0 to 1, one STEP at least: what is nothing does not occur."""
    low, high = _below(least), _below(MOST)
    levels: NDArray[np.float64] = np.clip(math.sqrt(2.0) * erfinv(low + shares * (high - low)), STEP, MOST)
    return levels


def _reach(level: float) -> float:
    """From where on it is looked for beyond `level`: halfway between two steps, so that rounding moves nothing across it."""
    steps = math.floor(REACH * level / STEP)
    return (steps - 0.5) * STEP if steps > 1 else 0.0  # whatever occurs is one step at least


def _below(level: float) -> float:
    return float(erf(level / math.sqrt(2.0)))


def _share_beyond(level: float) -> float:
    """Of severities that occur, how many are at least `level`."""
    return (_below(MOST) - _below(level)) / _below(MOST)


def _log_density(level: float) -> float:
    """Of a severity, half normal up to MOST."""
    return 0.5 * math.log(2.0 / math.pi) - 0.5 * level * level - math.log(_below(MOST))
