"""Intervals of shares. Wilson's (`core.wilson`) is for looking; Clopper and Pearson's for claims: it never covers too rarely."""

from __future__ import annotations

import math
from collections.abc import Sequence

from scipy.special import betaincinv

from moravec.core.errors import BadInput
from moravec.core.wilson import Z95, wilson


def clopper_pearson(successes: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """The exact interval (Clopper and Pearson 1934) for a share. Without an attempt it is 0 to 1. Raises BadInput for more
    successes than attempts, and for a confidence that is none."""
    _check(successes, n, confidence)
    tail = (1.0 - confidence) / 2.0
    low = 0.0 if successes == 0 else float(betaincinv(successes, n - successes + 1, tail))
    high = 1.0 if successes == n else float(betaincinv(successes + 1, n - successes, 1.0 - tail))
    return low, high


def at_least(successes: int, n: int, confidence: float = 0.95) -> float:
    """What the share is at least, with this confidence: Clopper and Pearson's one-sided bound. Raises as `clopper_pearson`."""
    _check(successes, n, confidence)
    return 0.0 if successes == 0 else float(betaincinv(successes, n - successes + 1, 1.0 - confidence))


def mean_of_shares(counts: Sequence[tuple[int, int]], z: float = Z95) -> tuple[float, float, float]:
    """The plain mean of several shares, (successes, attempts) each, and its interval.

    By the method of variance estimates recovery (Zou and Donner 2008) from Wilson's intervals of the shares: unlike the normal
    one it holds where all attempts succeed. Raises BadInput where a share has no attempt, or there is none.
    """
    if not counts or any(n == 0 for _, n in counts):
        raise BadInput("shares", list(counts), "one at least, each with an attempt")
    shares = [successes / n for successes, n in counts]
    ends = [wilson(successes, n, z) for successes, n in counts]
    mean = sum(shares) / len(shares)
    below = math.sqrt(sum((p - low) ** 2 for p, (low, _) in zip(shares, ends, strict=True))) / len(shares)
    above = math.sqrt(sum((high - p) ** 2 for p, (_, high) in zip(shares, ends, strict=True))) / len(shares)
    return mean, max(0.0, mean - below), min(1.0, mean + above)


def _check(successes: int, n: int, confidence: float) -> None:
    if not 0 <= successes <= n:
        raise BadInput("successes", successes, f"0 to {n} attempts")
    if not 0.0 < confidence < 1.0:
        raise BadInput("a confidence", confidence, "more than 0 and less than 1")
