"""Whether something changes slowly: Page's cumulative sum (1954), one-sided, of values standardised on a frozen baseline."""

from __future__ import annotations

import math
from collections.abc import Iterable

from moravec.core.errors import BadInput

SLACK = 0.5  # standard deviations that are let pass: best for a shift of twice as much
THRESHOLD = 10.0  # standard deviations: a false alarm every 141,000 values
OVERSHOOT = 1.166  # by which the sum exceeds a threshold in the mean (Siegmund 1985)


def sums(values: Iterable[float], slack: float = SLACK) -> list[float]:
    """The cumulative sums max(0, s + value - slack), one for each value. Raises BadInput for a value that is not finite."""
    found, s = [], 0.0
    for value in values:
        if not math.isfinite(value):
            raise BadInput("a value to watch for drift", value, "finite numbers")
        s = max(0.0, s + value - slack)
        found.append(s)
    return found


def alarm(values: Iterable[float], slack: float = SLACK, threshold: float = THRESHOLD) -> int | None:
    """At which value, counted from 0, the sum exceeds `threshold` first; None where it never does."""
    return next((number for number, s in enumerate(sums(values, slack)) if s > threshold), None)


def run_length(shift: float, slack: float = SLACK, threshold: float = THRESHOLD) -> float:
    """How many values it takes to an alarm in the mean, of normal values whose mean lies `shift` standard deviations off; without
    a shift the length between false alarms. Siegmund's approximation (1985, Sequential Analysis, 2.6)."""
    drift, wall = shift - slack, threshold + OVERSHOOT
    if abs(drift) < 1e-9:
        return wall * wall
    return (math.exp(-2.0 * drift * wall) + 2.0 * drift * wall - 1.0) / (2.0 * drift * drift)
