"""The mean of numbers from 0 to 1 of which nothing else is known, by betting (Waudby-Smith and Ramdas 2024, "Estimating means
of bounded random variables by betting", JRSS B 86, section 4.1).

Somebody bets on each number in turn that the mean is larger (or smaller) than `m`. If it is `m`, the capital ever grows 1 / alpha
times with a probability of at most alpha: whatever makes somebody that rich is not the mean. Numbers must be independent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from moravec.core.errors import BadInput

ALPHA = 0.05
MOST_AT_STAKE = 0.75  # of the capital, on one number
HALVINGS = 50

Floats = NDArray[np.float64]


def mean_of_bounded(values: Sequence[float] | Floats, alpha: float = ALPHA) -> tuple[float, float]:
    """An interval for the mean of which `values` (n,), each from 0 to 1, are independent draws, in the order of drawing; 0 to 1
    for none. Raises BadInput."""
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 1 or not np.all((x >= 0.0) & (x <= 1.0)):
        raise BadInput("bounded values", f"{x.shape}, {x.min() if x.size else 0} to {x.max() if x.size else 0}", "a row, 0 to 1")
    if not 0.0 < alpha < 1.0:
        raise BadInput("alpha", alpha, "more than 0, less than 1")
    if not x.size:
        return 0.0, 1.0
    stakes, wanted = _stakes(x, alpha), np.log(2.0 / alpha)

    def more(mean: float) -> bool:
        """Whether a bet on a larger mean than `mean` makes rich."""
        return _richest(np.minimum(stakes, MOST_AT_STAKE / max(mean, 1e-300)) * (x - mean)) >= wanted

    def less(mean: float) -> bool:
        return _richest(-np.minimum(stakes, MOST_AT_STAKE / max(1.0 - mean, 1e-300)) * (x - mean)) >= wanted

    return _edge(more), 1.0 - _edge(lambda off: less(1.0 - off))


def _stakes(x: Floats, alpha: float) -> Floats:
    """What is bet on each number, of the capital: it follows from those before it."""
    before = np.arange(len(x))
    means = (0.5 + np.cumsum(x)) / (before + 2.0)
    spread = (0.25 + np.concatenate([[0.0], np.cumsum((x - means) ** 2)[:-1]])) / (before + 1.0)
    return np.sqrt(2.0 * np.log(2.0 / alpha) / (len(x) * spread))


def _richest(gains: Floats) -> float:
    return float(np.cumsum(np.log1p(gains)).max())


def _edge(ruled_out: Callable[[float], bool]) -> float:
    """How far from 0 means are ruled out: where it begins that they are not."""
    if not ruled_out(0.0):
        return 0.0
    low, high = 0.0, 1.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if ruled_out(middle) else (low, middle)
    return low
