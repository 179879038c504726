"""From scores to a promise: of sentences like those it was calibrated on, a known share, at best 1 - ALPHA, has its meaning among
the readings that are not ruled out.

Temperature: Guo et al., On Calibration of Modern Neural Networks (2017). Split-conformal sets: Angelopoulos and Bates, A Gentle
Introduction to Conformal Prediction (2021), 1.1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from moravec.brain.wishes.wish import Wish
from moravec.core.wilson import wilson

ALPHA = 0.03  # of sentences may mean what was ruled out
TEMPERATURES = (0.7, 1.0, 1.4, 2.0)
LEAST = 0.1  # probability of a reading that a person is asked about: below it questions are more often in vain than not
UNSEEN = 1e-4  # probability of a meaning that the search did not find, for the choice of temperature alone


@dataclass(frozen=True, slots=True)
class Reading:
    """One meaning of a sentence."""

    wishes: tuple[Wish, ...]
    probability: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """Scores are divided by `temperature`; a reading is ruled out where its probability is below `least`. `covers` is the share
    of sentences like those of the calibration whose meaning is then not ruled out."""

    temperature: float
    least: float
    covers: float = 0.0

    def plain(self) -> dict[str, float]:
        """As a manifest holds it."""
        return asdict(self)


CERTAIN = Calibration(1.0, 0.5)  # before there is any: at most one reading
Pair = tuple[str, tuple[Wish, ...]]
Read = Callable[[str, float], Sequence[Reading]]


@dataclass(frozen=True, slots=True)
class Measured:
    """How well a calibrated reader did on sentences: shares of those whose best reading is right, whose meaning is not ruled out,
    whose set holds one; and of those read wrong, how many would have been asked about or not understood."""

    sentences: int
    right: float
    right_ci95: tuple[float, float]
    covered: float
    single: float
    wrong_asked: float


def calibrated(read: Read, pairs: Sequence[Pair], alpha: float = ALPHA) -> Calibration:
    """The temperature under which true meanings are most probable, and the threshold for `alpha`, or LEAST where that is more."""
    truths = {t: [_of(read(sentence, t), wishes) for sentence, wishes in pairs] for t in TEMPERATURES}
    best = max(truths, key=lambda t: sum(math.log(max(p, UNSEEN)) for p in truths[t]))
    least = max(threshold(truths[best], alpha), LEAST)
    return Calibration(best, least, sum(p >= least for p in truths[best]) / (len(pairs) + 1))


def threshold(truths: Sequence[float], alpha: float = ALPHA) -> float:
    """Of the probabilities of true meanings the one that ⌈(n + 1)(1 - alpha)⌉ reach; 0 where n is too small for it."""
    rank = math.ceil((len(truths) + 1) * (1.0 - alpha))
    return sorted(truths, reverse=True)[rank - 1] if rank <= len(truths) else 0.0


def possible(readings: Sequence[Reading], calibration: Calibration) -> tuple[Reading, ...]:
    """Those that are not ruled out."""
    return tuple(reading for reading in readings if reading.probability >= calibration.least)


def measured(read: Read, pairs: Sequence[Pair], calibration: Calibration) -> Measured:
    """On sentences that took no part in the calibration."""
    right = covered = single = wrong = asked = 0
    for sentence, wishes in pairs:
        readings = read(sentence, calibration.temperature)
        left = possible(readings, calibration)
        best = bool(readings) and readings[0].wishes == wishes
        right, covered = right + best, covered + any(reading.wishes == wishes for reading in left)
        single += len(left) == 1
        wrong, asked = wrong + (not best), asked + (not best and len(left) != 1)
    n = max(1, len(pairs))
    return Measured(len(pairs), right / n, wilson(right, len(pairs)), covered / n, single / n, asked / max(1, wrong))


def _of(readings: Sequence[Reading], wishes: tuple[Wish, ...]) -> float:
    return next((reading.probability for reading in readings if reading.wishes == wishes), 0.0)
