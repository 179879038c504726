"""What a number of successes says: intervals as they are printed in the literature, and laws that any must keep."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from moravec.core.errors import BadInput
from moravec.core.wilson import wilson
from moravec.trials.statistics.intervals import at_least, clopper_pearson, mean_of_shares
from moravec.trials.statistics.pairs import difference_of_pairs, mcnemar

# Newcombe (1998), Statistics in Medicine 17, table I, method 3: the score method without continuity correction.
NEWCOMBE = [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)]
counts = st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize(("successes", "n", "low", "high"), NEWCOMBE)
def test_wilsons_interval_is_as_published(successes: int, n: int, low: float, high: float) -> None:
    assert wilson(successes, n) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_without_an_attempt_anything_may_be() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


@given(counts)
def test_an_interval_holds_its_share_and_mirrors(count: tuple[int, int]) -> None:
    successes, n = count
    low, high = wilson(successes, n)
    assert 0.0 <= low <= successes / n <= high <= 1.0
    assert wilson(n - successes, n) == (pytest.approx(1.0 - high), pytest.approx(1.0 - low))
    assert (low == 0.0) == (successes == 0) and (high == 1.0) == (successes == n)
    more = wilson(4 * successes, 4 * n)
    assert more[1] - more[0] < high - low, "more attempts say more"


@given(counts)
def test_the_ends_solve_wilsons_equation(count: tuple[int, int]) -> None:
    """|share - end| is z standard deviations of a share that is truly `end`."""
    successes, n = count
    for end in wilson(successes, n):
        if 0.0 < end < 1.0:
            assert abs(successes / n - end) == pytest.approx(1.959963984540054 * math.sqrt(end * (1.0 - end) / n), rel=1e-6)


@pytest.mark.parametrize(("successes", "n"), [(2, 1), (-1, 3), (1, 0), (0, -1)])
def test_more_successes_than_attempts_are_refused(successes: int, n: int) -> None:
    with pytest.raises(BadInput, match="successes"):
        wilson(successes, n)


@given(counts)
def test_the_mean_of_one_share_is_that_share(count: tuple[int, int]) -> None:
    mean, low, high = mean_of_shares([count])
    assert mean == count[0] / count[1] and (low, high) == (pytest.approx(wilson(*count)[0]), pytest.approx(wilson(*count)[1]))


@given(st.lists(counts, min_size=1, max_size=6))
def test_the_mean_lies_in_its_interval_and_shares_count_alike(several: list[tuple[int, int]]) -> None:
    mean, low, high = mean_of_shares(several)
    assert 0.0 <= low <= mean <= high <= 1.0
    assert mean == pytest.approx(sum(s / n for s, n in several) / len(several))
    assert mean_of_shares(several[::-1]) == pytest.approx((mean, low, high))


def test_where_all_succeed_the_interval_is_not_a_point() -> None:
    mean, low, high = mean_of_shares([(30, 30), (30, 30), (30, 30), (30, 30)])
    assert mean == high == 1.0 and wilson(30, 30)[0] < low < wilson(120, 120)[0]
    assert mean_of_shares([(0, 30)] * 4)[1] == 0.0


def test_the_mean_of_tiers_is_golden() -> None:
    """By hand: half widths of Wilson's intervals, squared, summed, rooted, divided by four."""
    tiers = [(800, 840), (300, 330), (150, 180), (120, 150)]
    ends = [wilson(*tier) for tier in tiers]
    below, above = (
        math.sqrt(sum((s / n - pair[side]) ** 2 for (s, n), pair in zip(tiers, ends, strict=True))) / 4.0 for side in (0, 1)
    )
    mean, low, high = mean_of_shares(tiers)
    assert mean == pytest.approx((800 / 840 + 300 / 330 + 150 / 180 + 120 / 150) / 4.0)
    assert (low, high) == (pytest.approx(mean - below), pytest.approx(mean + above))
    assert (round(low, 4), round(high, 4)) == (0.8482, 0.8935)


@pytest.mark.parametrize("several", [[], [(1, 2), (0, 0)]])
def test_a_share_of_nothing_is_refused(several: list[tuple[int, int]]) -> None:
    with pytest.raises(BadInput, match="one at least, each with an attempt"):
        mean_of_shares(several)


# ── pairs ────────────────────────────────────────────────────────────────────────────────────────────────────────────────
# Newcombe (1998), Statistics in Medicine 17, 2635, method 10; Fagerland, Lydersen and Laake (2014).
PAIRED = [((36, 12, 2, 0), 0.0569, 0.3404), ((1, 1, 7, 12), -0.507, -0.026)]
pairs = st.tuples(*[st.integers(0, 60)] * 4).filter(lambda counts: sum(counts) > 0)


@pytest.mark.parametrize(("counts", "low", "high"), PAIRED)
def test_the_interval_of_a_difference_is_as_published(counts: tuple[int, int, int, int], low: float, high: float) -> None:
    assert difference_of_pairs(*counts)[1:] == (pytest.approx(low, abs=5e-4), pytest.approx(high, abs=5e-4))


@given(pairs)
def test_a_difference_of_pairs_lies_in_its_interval_and_mirrors(counts: tuple[int, int, int, int]) -> None:
    both, first, second, neither = counts
    apart, low, high = difference_of_pairs(*counts)
    assert apart == pytest.approx((first - second) / sum(counts))
    assert -1.0 - 1e-9 <= low <= apart <= high <= 1.0 + 1e-9
    assert difference_of_pairs(both, second, first, neither) == pytest.approx((-apart, -high, -low))
    assert difference_of_pairs(neither, second, first, both) == pytest.approx((-apart, -high, -low)), "failures mirror successes"


def test_pairs_that_go_together_say_more_than_pairs_that_do_not() -> None:
    _, low, high = difference_of_pairs(40, 10, 0, 10)
    _, least, most = difference_of_pairs(30, 20, 10, 0)
    assert high - low < most - least
    assert difference_of_pairs(0, 0, 0, 0) == (0.0, -1.0, 1.0)
    with pytest.raises(BadInput, match="pairs"):
        difference_of_pairs(1, -1, 0, 0)


@pytest.mark.parametrize(("p", "q", "together"), [(0.9, 0.8, 0.75), (0.5, 0.5, 0.3), (0.95, 0.95, 0.92)])
def test_the_interval_of_a_difference_holds_the_truth_about_as_often_as_it_says(p: float, q: float, together: float) -> None:
    """Summed over every table of 20 pairs with its probability."""
    n, chance = 20, (together, p - together, q - together, 1.0 - p - q + together)
    covered = 0.0
    for a in range(n + 1):
        for b in range(n + 1 - a):
            for c in range(n + 1 - a - b):
                counts = (a, b, c, n - a - b - c)
                ways = math.factorial(n) / math.prod(math.factorial(k) for k in counts)
                _, low, high = difference_of_pairs(*counts)
                if low - 1e-12 <= p - q <= high + 1e-12:
                    covered += ways * math.prod(x**k for x, k in zip(chance, counts, strict=True))
    assert 0.93 <= covered <= 1.0


@given(counts)
def test_clopper_and_pearsons_ends_are_those_of_the_binomial_distribution(count: tuple[int, int]) -> None:
    """At the lower end so many successes or more are as rare as the tail, at the upper one so many or fewer."""
    successes, n = count
    low, high = clopper_pearson(successes, n)
    assert 0.0 <= low <= successes / n <= high <= 1.0 and low <= wilson(successes, n)[0] + 0.02
    if successes > 0:
        assert binom.sf(successes - 1, n, low) == pytest.approx(0.025, rel=1e-6)
        assert binom.sf(successes - 1, n, at_least(successes, n)) == pytest.approx(0.05, rel=1e-6)
    if successes < n:
        assert binom.cdf(successes, n, high) == pytest.approx(0.025, rel=1e-6)


@pytest.mark.parametrize("n", [1, 7, 30])
def test_clopper_and_pearsons_interval_never_covers_too_rarely(n: int) -> None:
    ends = [clopper_pearson(successes, n) for successes in range(n + 1)]
    for share in np.linspace(0.005, 0.995, 199):
        covered = sum(binom.pmf(k, n, share) for k, (low, high) in enumerate(ends) if low <= share <= high)
        assert covered >= 0.95


def test_bad_counts_and_confidences_are_refused() -> None:
    assert clopper_pearson(0, 0) == (0.0, 1.0) and at_least(0, 0) == 0.0
    for successes, n, confidence in ((2, 1, 0.95), (-1, 3, 0.95), (1, 2, 0.0), (1, 2, 1.0), (1, 2, math.nan)):
        with pytest.raises(BadInput):
            clopper_pearson(successes, n, confidence)
        with pytest.raises(BadInput):
            at_least(successes, n, confidence)


def test_mcnemars_exact_test_is_a_fair_coin() -> None:
    assert mcnemar(0, 0) == 1.0 and mcnemar(5, 5) == 1.0
    assert mcnemar(0, 6) == mcnemar(6, 0) == pytest.approx(2 / 64)
    assert mcnemar(1, 9) == pytest.approx(2 * 11 / 1024)
    with pytest.raises(BadInput, match="0 or more"):
        mcnemar(-1, 2)
