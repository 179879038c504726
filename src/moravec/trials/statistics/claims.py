"""How many attempts a claim needs."""

from __future__ import annotations

from moravec.core.errors import BadInput
from moravec.trials.statistics.intervals import at_least

MOST = 1 << 40  # attempts; a claim that needs more is none


def attempts_for(share: float, confidence: float = 0.95, failures: int = 0) -> int:
    """The least number of attempts, `failures` of them failed, after which "at least `share`" can be said with this confidence
    (`at_least`). Raises BadInput for shares and confidences that are none, and where MOST are not enough."""
    if not 0.0 < share < 1.0 or failures < 0:
        raise BadInput("a claim", f"a share of {share} with {failures} failures", "a share between 0 and 1, 0 or more failures")

    def enough(n: int) -> bool:
        return at_least(n - failures, n, confidence) >= share

    high = failures + 1
    while not enough(high):
        high *= 2
        if high > MOST:
            raise BadInput("a claim", f"a share of {share} with {failures} failures", f"one that {MOST} attempts can show")
    low = high // 2  # too few, or 0
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def attempts_left(share: float, successes: int, n: int, confidence: float = 0.95) -> int:
    """How many more, all of them successes, until `share` can be said; 0 where it can be now. Raises BadInput as `attempts_for`,
    and for more successes than attempts."""
    if at_least(successes, n, confidence) >= share:
        return 0
    return attempts_for(share, confidence, n - successes) - n
