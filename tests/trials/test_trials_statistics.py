"""What a number of successes says: intervals as they are printed in the literature, and laws that any must keep."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moravec.core.errors import BadInput
from moravec.trials.statistics import mean_of_shares, wilson

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
