"""Looking as often as one likes, and stopping as soon as it is decided.

The e-value of a hypothesis is the likelihood of what was seen, averaged over all shares (by Jeffreys' Dirichlet distribution),
divided by the greatest likelihood that the hypothesis allows. If the hypothesis is true it exceeds 1 / alpha at any time, ever,
with a probability of at most alpha (Ville 1939; Wasserman, Ramdas and Balakrishnan 2020, "Universal inference"). The values
against which it does not are a confidence sequence. Only counts matter; attempts, or pairs, must be independent of each other.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, TypeAlias

from scipy.optimize import brentq
from scipy.special import gammaln, xlogy

from moravec.core.errors import BadInput

Decision: TypeAlias = Literal["first", "second", "alike", "open"]
ALPHA = 0.05  # risk of a wrong decision, however often one looks
EDGE = 1e-12  # how near to 0 and 1 shares are searched


def share_so_far(successes: int, n: int, alpha: float = ALPHA) -> tuple[float, float]:
    """An interval for a share that holds at every look at once. Raises BadInput for more successes than attempts."""
    if not 0 <= successes <= n:
        raise BadInput("successes", successes, f"0 to {n} attempts")
    failures = n - successes

    def beyond(share: float) -> float:
        return _mixture(successes, failures) - float(xlogy(successes, share) + xlogy(failures, 1.0 - share)) + math.log(alpha)

    return _ends(beyond, successes / max(1, n), EDGE, 1.0 - EDGE, 0.0, 1.0)


def evidence(first: int, second: int, alike: int, difference: float = 0.0) -> float:
    """The logarithm of the e-value against "the first's share less the second's is `difference`": of so many pairs only the first
    succeeded, only the second, or both did the same. Raises BadInput for negative counts and differences beyond -1 to 1."""
    if min(first, second, alike) < 0 or not -1.0 <= difference <= 1.0:
        found = f"{(first, second, alike)}, a difference of {difference}"
        raise BadInput("pairs", found, "0 or more of each kind, -1 to 1")
    return _mixture(first, second, alike) - _likeliest(first, second, alike, difference)


def difference_so_far(first: int, second: int, alike: int, alpha: float = ALPHA) -> tuple[float, float]:
    """An interval for the first's share less the second's that holds at every look at once. Raises BadInput as `evidence`."""
    seen = (first - second) / max(1, first + second + alike)

    def beyond(difference: float) -> float:
        return evidence(first, second, alike, difference) + math.log(alpha)

    return _ends(beyond, seen, -1.0 + EDGE, 1.0 - EDGE, -1.0, 1.0)


def decided(first: int, second: int, alike: int, margin: float, alpha: float = ALPHA) -> Decision:
    """Which is better; "alike" where they differ by less than `margin` at most; "open" as long as neither is certain."""
    low, high = difference_so_far(first, second, alike, alpha)
    if low > 0.0:
        return "first"
    if high < 0.0:
        return "second"
    return "alike" if -margin < low and high < margin else "open"


def _mixture(*counts: int) -> float:
    """The logarithm of a sequence's likelihood, averaged over all shares by Jeffreys' Dirichlet distribution."""
    k, n = len(counts), sum(counts)
    return float(sum(gammaln(c + 0.5) for c in counts) - k * gammaln(0.5) + gammaln(k / 2.0) - gammaln(n + k / 2.0))


def _likeliest(first: int, second: int, alike: int, difference: float) -> float:
    """The logarithm of the greatest likelihood with that difference: the second succeeds alone in a share x, the first in
    x + difference. Where its derivative is 0 is the root of a quadratic equation."""
    if difference < 0.0:
        first, second, difference = second, first, -difference
    n, rest = first + second + alike, 1.0 - difference
    half = (first + second) * rest - 2.0 * difference * (second + alike)
    x = (half + math.sqrt(half * half + 8.0 * n * second * difference * rest)) / (4.0 * n) if n else 0.0
    x = min(max(x, 0.0), rest / 2.0)
    return float(xlogy(first, x + difference) + xlogy(second, x) + xlogy(alike, max(0.0, rest - 2.0 * x)))


def _ends(
    beyond: Callable[[float], float], seen: float, low: float, high: float, lowest: float, highest: float
) -> tuple[float, float]:
    """Where `beyond` changes its sign on both sides of `seen`, where it is negative; else `lowest` and `highest`."""
    middle = min(max(seen, low), high)
    below = lowest if beyond(low) < 0.0 else float(brentq(beyond, low, middle))
    above = highest if beyond(high) < 0.0 else float(brentq(beyond, middle, high))
    return below, above
