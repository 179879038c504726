"""Two that were tried on the same seeds."""

from __future__ import annotations

import math

from scipy.stats import binomtest

from moravec.core.errors import BadInput
from moravec.core.wilson import Z95, wilson


def difference_of_pairs(both: int, first: int, second: int, neither: int, z: float = Z95) -> tuple[float, float, float]:
    """The first's share less the second's, of pairs in which both succeeded, only the first, only the second or neither, and
    its interval.

    Newcombe's (1998, Statistics in Medicine 17, 2635-2650), method 10: from Wilson's intervals of both shares and how they go
    together. Without a pair it is -1 to 1. Raises BadInput for negative counts.
    """
    counts = (both, first, second, neither)
    if min(counts) < 0:
        raise BadInput("pairs", counts, "0 or more of each kind")
    n = sum(counts)
    if n == 0:
        return 0.0, -1.0, 1.0
    p, q = (both + first) / n, (both + second) / n
    (p_low, p_high), (q_low, q_high) = wilson(both + first, n, z), wilson(both + second, n, z)
    together = math.sqrt((both + first) * (second + neither) * (both + second) * (first + neither))
    product = both * neither - first * second
    phi = 0.0 if together == 0.0 else (max(product - n / 2.0, 0.0) if product > 0 else product) / together

    def reach(a: float, b: float) -> float:
        return math.sqrt(max(0.0, a * a - 2.0 * phi * a * b + b * b))

    return p - q, p - q - reach(p - p_low, q_high - q), p - q + reach(p_high - p, q - q_low)


def mcnemar(first: int, second: int) -> float:
    """Two-sided p-value of McNemar's exact test: of pairs in which only the first or only the second succeeded, how likely they
    would fall apart so far or farther if neither were better. 1 without such a pair. Raises BadInput for negative counts."""
    if min(first, second) < 0:
        raise BadInput("pairs that differ", (first, second), "0 or more of each kind")
    if first + second == 0:
        return 1.0
    return float(binomtest(first, first + second).pvalue)
