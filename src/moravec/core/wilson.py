"""What a number of successes says of a share."""

from __future__ import annotations

import math

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
