"""From probabilities to a promise: nobody is asked about a reading that is SURE; else a person is shown those among which, for a
known share of sentences like those it was calibrated on, at best 1 - ALPHA, the meaning is.

Split-conformal sets: Angelopoulos and Bates, A Gentle Introduction to Conformal Prediction (2021), 1.1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

from moravec.brain.wishes.wish import SURE, Wish
from moravec.core.wilson import wilson

ALPHA = 0.03  # of sentences may mean what was ruled out
TEMPERATURE = 1.0  # as it was trained; at 2 the best reading of one sentence in twelve is another, and a worse one
LEAST = 0.1  # probability of a reading that a person is asked about: below it questions are more often in vain than not


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
    of which nobody is asked; and of those read wrong, how many would have been asked about or not understood."""

    sentences: int
    right: float
    right_ci95: tuple[float, float]
    covered: float
    single: float
    wrong_asked: float


def calibrated(read: Read, pairs: Sequence[Pair], alpha: float = ALPHA) -> Calibration:
    """The threshold for `alpha` of what is asked about, or LEAST where that is more."""
    truths = [_of(read(sentence, TEMPERATURE), wishes) for sentence, wishes in pairs]
    least = max(threshold(truths, alpha), LEAST)
    return Calibration(TEMPERATURE, least, sum(p >= least for p in truths) / (len(pairs) + 1))


def threshold(truths: Sequence[float], alpha: float = ALPHA) -> float:
    """Of the probabilities of true meanings the one that ⌈(n + 1)(1 - alpha)⌉ reach; 0 where n is too small for it."""
    rank = math.ceil((len(truths) + 1) * (1.0 - alpha))
    return sorted(truths, reverse=True)[rank - 1] if rank <= len(truths) else 0.0


def possible(readings: Sequence[Reading], calibration: Calibration) -> tuple[Reading, ...]:
    """The best one where it is SURE, else those that are not ruled out."""
    if readings and readings[0].probability >= SURE:
        return (readings[0],)
    return tuple(reading for reading in readings if reading.probability >= calibration.least)


def measured(read: Read, pairs: Sequence[Pair], calibration: Calibration) -> Measured:
    """On sentences that took no part in the calibration."""
    right = covered = single = wrong = asked = 0
    for sentence, wishes in pairs:
        readings = read(sentence, calibration.temperature)
        left = possible(readings, calibration)
        best = bool(readings) and readings[0].wishes == wishes
        right, covered = right + best, covered + any(reading.wishes == wishes for reading in left)
        sure = len(left) == 1 and left[0].probability >= SURE
        single, wrong, asked = single + sure, wrong + (not best), asked + (not best and not sure)
    n = max(1, len(pairs))
    return Measured(len(pairs), right / n, wilson(right, len(pairs)), covered / n, single / n, asked / max(1, wrong))


def _of(readings: Sequence[Reading], wishes: tuple[Wish, ...]) -> float:
    return next((reading.probability for reading in readings if reading.wishes == wishes), 0.0)
