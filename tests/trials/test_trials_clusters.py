"""Intervals of shares whose things come in clusters, and of what is left of a share."""

from __future__ import annotations

import numpy as np
import pytest

from moravec.core.errors import BadInput
from moravec.core.wilson import wilson
from moravec.trials.statistics.clusters import of_clusters, ratio_of_pairs


def test_things_that_fail_together_say_less_than_their_number() -> None:
    """A hundred things in ten jobs, of which two failed whole: as wide as ten things' interval, not as a hundred's."""
    low, high = of_clusters([(10, 10)] * 8 + [(0, 10)] * 2)
    few, many = wilson(8, 10), wilson(80, 100)
    assert high - low > 1.5 * (many[1] - many[0]) and abs((high - low) - (few[1] - few[0])) < 0.15
    assert low < 0.8 < high


def test_things_that_fail_apart_say_about_as_much_as_their_number() -> None:
    rng = np.random.default_rng(3)
    clusters = [(int(rng.binomial(10, 0.8)), 10) for _ in range(60)]
    right = sum(a for a, _ in clusters)
    (low, high), (lower, higher) = of_clusters(clusters), wilson(right, 600)
    assert low == pytest.approx(lower, abs=0.02) and high == pytest.approx(higher, abs=0.02)


@pytest.mark.parametrize(("each", "share"), [((7, 7), 1.0), ((0, 7), 0.0)])
def test_where_all_are_alike_each_cluster_counts_once(each: tuple[int, int], share: float) -> None:
    low, high = of_clusters([each] * 12)
    assert (low, high) == wilson(round(12 * share), 12) and high - low > 0.2


def test_it_covers_the_truth_about_as_often_as_it_says() -> None:
    rng, covered = np.random.default_rng(5), 0
    for _ in range(120):
        p = rng.beta(8.0, 2.0, size=40)  # of each job its own share; the mean is 0.8
        low, high = of_clusters([(int(rng.binomial(8, share)), 8) for share in p])
        covered += low <= 0.8 <= high
    assert 0.87 <= covered / 120 <= 0.99


def test_the_same_records_give_the_same_interval_and_nothing_says_nothing() -> None:
    clusters = [(3, 5), (5, 5), (4, 5)]
    assert of_clusters(clusters) == of_clusters(clusters)
    assert of_clusters([]) == of_clusters([(0, 0)]) == (0.0, 1.0)


def test_what_is_left_of_a_share_in_the_same_deliveries() -> None:
    pairs = [((10, 10), (5, 10)), ((8, 10), (4, 10)), ((10, 10), (5, 10))]
    share, low, high = ratio_of_pairs(pairs)
    assert share == pytest.approx(0.5) and low == pytest.approx(0.5) and high == pytest.approx(0.5), "half in each of them"
    share, low, high = ratio_of_pairs([((10, 10), (10, 10)), ((10, 10), (0, 10))])
    assert share == pytest.approx(0.5) and (low, high) == (0.0, 1.0)


@pytest.mark.parametrize(
    "call",
    [
        lambda: of_clusters([(3, 2)]),
        lambda: of_clusters([(1, 2)], 1.0),
        lambda: ratio_of_pairs([]),
        lambda: ratio_of_pairs([((0, 3), (1, 3))]),
        lambda: ratio_of_pairs([((1, 3), (0, 0))]),
        lambda: ratio_of_pairs([((1, 3), (1, 3))], 0.0),
    ],
)
def test_counts_that_cannot_be_are_refused(call: object) -> None:
    with pytest.raises(BadInput):
        call()  # type: ignore[operator]
