"""What a number of successes says."""

from __future__ import annotations

import math
from collections.abc import Sequence

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
