"""The confidence threshold: the right rank, none from too few successes, and the false-alarm rate it promises."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from moravec.core.errors import GuardConfigError
from moravec.guard import conformal
from moravec.guard.conformal import least_successes, threshold
from moravec.guard.kernel.checks import HUGE


@pytest.mark.parametrize(("alpha", "least"), [(0.05, 19), (0.01, 99), (0.001, 999), (0.1, 9), (0.5, 1), (0.9, 1), (0.3, 3)])
def test_the_least_number_of_successes(alpha: float, least: int) -> None:
    assert least_successes(alpha) == least
    scores = [float(i + 1) for i in range(least)]
    assert threshold(scores, alpha).successes == least
    if least > 1:
        with pytest.raises(GuardConfigError, match=rf"found {least - 1} successful runs; allowed: at least {least} .*not armed"):
            threshold(scores[:-1], alpha)


@pytest.mark.parametrize(
    ("n", "alpha", "rank"), [(19, 0.05, 19), (20, 0.05, 20), (38, 0.05, 38), (39, 0.05, 38), (99, 0.05, 95), (100, 0.1, 91)]
)
def test_the_rank_is_that_of_the_finite_sample(n: int, alpha: float, rank: int) -> None:
    scores = np.random.default_rng(n).permutation(np.arange(1.0, n + 1.0)).tolist()
    found = threshold(scores, alpha)
    assert (found.value, found.alpha, found.successes) == (float(rank), alpha, n)


@pytest.mark.parametrize("bad", [0.0, -1.0, math.nan, math.inf, 1e10, True, "3", None])
def test_a_score_that_is_none_is_refused(bad: Any) -> None:
    with pytest.raises(GuardConfigError, match="score 3 is"):
        threshold([1.0, 2.0, 3.0, bad, *([4.0] * 30)], 0.05)


@pytest.mark.parametrize("bad", [0.0, 1.0, -0.1, 1.1, math.nan, True, "5 %"])
def test_an_alpha_that_is_none_is_refused(bad: Any) -> None:
    with pytest.raises(GuardConfigError, match="alpha is"):
        threshold([1.0] * 30, bad)
    with pytest.raises(GuardConfigError, match="alpha is"):
        least_successes(bad)


def test_the_largest_score_there_may_be_is_taken() -> None:
    assert threshold([HUGE, 1.0, HUGE], 0.3).value == HUGE
    with pytest.raises(GuardConfigError, match="score 2 is"):
        threshold([HUGE, 1.0, math.nextafter(HUGE, math.inf)], 0.3)


def test_the_least_number_follows_the_rank(monkeypatch: pytest.MonkeyPatch) -> None:
    """However a rank is rounded: it is counted on until a threshold exists."""
    asked: list[tuple[int, float]] = []

    def rank(n: int, alpha: float) -> int:
        asked.append((n, alpha))
        return n + 1 if n < 22 else n

    monkeypatch.setattr(conformal, "_rank", rank)
    assert least_successes(0.05) == 22
    assert asked == [(19, 0.05), (20, 0.05), (21, 0.05), (22, 0.05)]


def test_false_alarms_are_as_rare_as_promised() -> None:
    rng, alarms = np.random.default_rng(0), 0
    for _ in range(4000):
        scores = rng.gamma(2.0, 1.0, 40)
        alarms += float(rng.gamma(2.0, 1.0)) > threshold(scores[:39].tolist(), 0.05).value
    # Exact for continuous scores: (n + 1 - rank) / (n + 1) = 2 / 40; 4,000 draws, four standard deviations.
    assert abs(alarms / 4000 - 0.05) < 4 * math.sqrt(0.05 * 0.95 / 4000)
