"""Looking as often as one likes: the promise, reckoned exactly over all courses that pairs can take, and the laws around it."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from moravec.core.errors import BadInput
from moravec.trials.statistics.claims import attempts_for, attempts_left
from moravec.trials.statistics.drift import alarm, run_length, sums
from moravec.trials.statistics.intervals import at_least
from moravec.trials.statistics.sequential import ALPHA, decided, difference_so_far, evidence, share_so_far

PAIRS = 40
few = st.integers(0, 60)
against = cache(evidence)


def ever_beyond(first: float, second: float, difference: float) -> float:
    """How likely the e-value against `difference` exceeds 1 / ALPHA at any of PAIRS looks, one after each pair."""
    beyond, going = 0.0, {(0, 0, 0): 1.0}
    for _ in range(PAIRS):
        after = dict[tuple[int, int, int], float]()
        for (a, b, c), p in going.items():
            for counts, q in (((a + 1, b, c), first), ((a, b + 1, c), second), ((a, b, c + 1), 1.0 - first - second)):
                if against(*counts, difference) > -math.log(ALPHA):
                    beyond += p * q
                else:
                    after[counts] = after.get(counts, 0.0) + p * q
        going = after
    return beyond


@pytest.mark.parametrize(("first", "second"), [(0.5, 0.5), (0.2, 0.2), (0.05, 0.05), (0.4, 0.1), (0.0, 0.3), (0.9, 0.0)])
def test_what_is_true_is_hardly_ever_denied_however_often_one_looks(first: float, second: float) -> None:
    assert ever_beyond(first, second, first - second) <= ALPHA


def test_what_is_false_is_denied_at_last() -> None:
    assert ever_beyond(0.7, 0.05, 0.0) > 0.95


@given(few, few, few)
def test_an_interval_holds_what_was_seen_and_mirrors(first: int, second: int, alike: int) -> None:
    low, high = difference_so_far(first, second, alike)
    n = first + second + alike
    assert -1.0 <= low <= (first - second) / max(1, n) <= high <= 1.0
    assert difference_so_far(second, first, alike) == (pytest.approx(-high, abs=1e-9), pytest.approx(-low, abs=1e-9))
    for end in (low, high):
        if -1.0 < end < 1.0:
            assert evidence(first, second, alike, end) == pytest.approx(-math.log(ALPHA), abs=1e-4)
    narrower = difference_so_far(first, second, alike, 0.2)
    assert low <= narrower[0] and narrower[1] <= high


@given(few, few, few, st.floats(-0.95, 0.95))
def test_the_likeliest_shares_are_the_best_of_all(first: int, second: int, alike: int, difference: float) -> None:
    """The e-value is no greater against any shares with that difference."""
    found = evidence(first, second, alike, difference)
    mixture = evidence(first, second, alike, (first - second) / max(1, first + second + alike))
    for x in np.linspace(max(0.0, -difference), (1.0 - difference) / 2.0, 40)[1:-1]:
        shares = (x + difference, x, 1.0 - 2.0 * x - difference)
        n = max(1, first + second + alike)
        likely = sum(c * math.log(s) for c, s in zip((first, second, alike), shares, strict=True) if c)
        best = sum(c * math.log(c / n) for c in (first, second, alike) if c)
        assert found <= mixture + best - likely + 1e-9


@given(few, few)
def test_one_share_so_far(successes: int, failures: int) -> None:
    n = successes + failures
    low, high = share_so_far(successes, n)
    assert 0.0 <= low <= successes / max(1, n) <= high <= 1.0
    mirrored = share_so_far(failures, n)
    assert mirrored == (pytest.approx(1.0 - high, abs=1e-9), pytest.approx(1.0 - low, abs=1e-9))
    assert low <= at_least(successes, n) + 1e-9 or successes == 0, "looking often costs something"


def test_a_decision() -> None:
    assert decided(0, 0, 0, 0.02) == "open" and decided(3, 1, 40, 0.02) == "open"
    assert decided(30, 5, 100, 0.02) == "first" and decided(5, 30, 100, 0.02) == "second"
    assert decided(2, 2, 2000, 0.02) == "alike"


def test_bad_counts_are_refused() -> None:
    with pytest.raises(BadInput, match="0 or more of each kind"):
        evidence(-1, 0, 3)
    with pytest.raises(BadInput, match="-1 to 1"):
        evidence(1, 0, 3, 1.5)
    with pytest.raises(BadInput, match="successes"):
        share_so_far(4, 3)


# ── how many more ────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("share", "confidence", "failures", "n"),
    [(0.99, 0.95, 0, 299), (0.995, 0.95, 0, 598), (0.999, 0.95, 0, 2995), (0.999, 0.99, 0, 4603), (0.999, 0.95, 1, 4742),
     (0.999, 0.95, 2, 6294), (0.999, 0.95, 5, 10511)],
)  # fmt: skip
def test_a_claim_needs_so_many_attempts(share: float, confidence: float, failures: int, n: int) -> None:
    """ln(1 - confidence) / ln(share) without a failure; with some, the tables of zero-failure and k-failure trials."""
    found = attempts_for(share, confidence, failures)
    assert abs(found - n) <= 1
    assert at_least(found - failures, found, confidence) >= share > at_least(found - 1 - failures, found - 1, confidence)


def test_how_many_more() -> None:
    assert attempts_left(0.99, 299, 299) == 0 and attempts_left(0.99, 200, 200) == 99
    assert attempts_left(0.99, 199, 200) == attempts_for(0.99, failures=1) - 200
    with pytest.raises(BadInput, match="a claim"):
        attempts_for(1.0)
    with pytest.raises(BadInput, match="successes"):
        attempts_left(0.9, 5, 4)


# ── drift ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_sum_forgets_what_is_below_and_keeps_what_is_above() -> None:
    assert sums([0.0, 2.5, -9.0, 1.5, 1.5]) == [0.0, 2.0, 0.0, 1.0, 2.0]
    assert alarm([1.5] * 10, threshold=4.0) == 4 and alarm([0.5] * 1000) is None
    with pytest.raises(BadInput, match="finite"):
        sums([0.0, math.nan])


def exact_run_length(shift: float, slack: float, threshold: float, states: int = 400) -> float:
    """The mean run length by Brook and Evans' Markov chain (1972): the sum is at one of `states` middles."""
    width = 2.0 * threshold / (2 * states - 1)
    middles = np.arange(states) * width
    upper = norm.cdf(middles[None, :] + width / 2.0 - middles[:, None] + slack - shift)
    lower = norm.cdf(middles[None, :] - width / 2.0 - middles[:, None] + slack - shift)
    steps = upper - lower
    steps[:, 0] = upper[:, 0]
    return float(np.linalg.solve(np.eye(states) - steps, np.ones(states))[0])


@pytest.mark.parametrize(("shift", "threshold"), [(0.0, 4.0), (0.0, 5.0), (1.0, 5.0), (1.0, 10.0), (2.0, 10.0), (0.5, 5.0)])
def test_the_run_length_is_near_the_exact_one(shift: float, threshold: float) -> None:
    assert run_length(shift, 0.5, threshold) == pytest.approx(exact_run_length(shift, 0.5, threshold), rel=0.06)


def test_a_false_alarm_by_default_is_as_rare_as_said() -> None:
    assert run_length(0.0) == pytest.approx(141_347, rel=0.001)
