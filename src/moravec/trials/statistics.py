"""What a number of successes says."""

from __future__ import annotations

import math
from collections.abc import Sequence

from moravec.core.errors import BadInput

Z95 = 1.959963984540054  # the normal distribution's 97.5 % point


def wilson(successes: int, n: int, z: float = Z95) -> tuple[float, float]:
    """Wilson's interval (1927) for a share. Without an attempt it is 0 to 1. Raises BadInput for more successes than attempts."""
    if not 0 <= successes <= n:
        raise BadInput("successes", successes, f"0 to {n} attempts")
    if n == 0:
        return 0.0, 1.0
    p, square = successes / n, z * z
    centre = (p + square / (2.0 * n)) / (1.0 + square / n)
    half = z * math.sqrt(p * (1.0 - p) / n + square / (4.0 * n * n)) / (1.0 + square / n)
    return 0.0 if successes == 0 else centre - half, 1.0 if successes == n else centre + half  # rounding leaves them beside


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
