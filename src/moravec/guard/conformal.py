"""How strange may be what a policy sees, before it is stopped: a threshold from its own successes.

Split conformal prediction (V. Vovk, A. Gammerman, G. Shafer, "Algorithmic Learning in a Random World", 2005). From the scores of
n successful runs, one score a run, the one of rank ceil((n + 1)(1 - alpha)) bounds the score of one more such run with a
probability of at least 1 - alpha. That is a bound on false alarms alone: it says nothing of failures it may miss, and nothing
once robot, task or light are others. Where the rank is beyond n no threshold exists, and none is made up.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from moravec.core.errors import GuardConfigError
from moravec.guard.kernel.checks import HUGE


@dataclass(frozen=True, slots=True)
class Threshold:
    """The largest score [1] at which a policy is obeyed, with what it was drawn from."""

    value: float
    alpha: float
    successes: int


def least_successes(alpha: float) -> int:
    """How many successful runs it takes for a threshold at false-alarm rate `alpha` to exist: ceil(1 / alpha) - 1."""
    _check_alpha(alpha)
    n = max(1, math.ceil(1.0 / alpha) - 1)
    while _rank(n, alpha) > n:
        n += 1
    return n


def threshold(scores: Sequence[float], alpha: float) -> Threshold:
    """The threshold at false-alarm rate `alpha`, from the `scores` of successful runs (the largest score of each run).

    Raises GuardConfigError for an alpha outside (0, 1), a score that is not a finite positive number, and too few successes.
    """
    _check_alpha(alpha)
    for i, score in enumerate(scores):
        if isinstance(score, bool) or not isinstance(score, int | float) or not 0.0 < score <= HUGE:
            raise GuardConfigError(f"confidence: score {i} is {score!r}; allowed: finite numbers above 0")
    rank = _rank(len(scores), alpha)
    if rank > len(scores):
        raise GuardConfigError(
            f"confidence: found {len(scores)} successful runs; allowed: at least {least_successes(alpha)} for a false-alarm "
            f"rate of {alpha}. Fewer carry no threshold, so the policy is not armed"
        )
    return Threshold(float(sorted(scores)[rank - 1]), alpha, len(scores))


def _rank(n: int, alpha: float) -> int:
    # (n + 1) alpha is rounded before it is subtracted, so that 20 * 0.95 is 19 and not 20.
    return (n + 1) - math.floor((n + 1) * alpha + 1e-9)


def _check_alpha(alpha: float) -> None:
    if isinstance(alpha, bool) or not isinstance(alpha, int | float) or not 0.0 < alpha < 1.0:
        raise GuardConfigError(f"confidence: alpha is {alpha!r}; allowed: between 0 and 1, both excluded")
