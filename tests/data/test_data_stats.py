"""Statistics are those of numpy, however the data are cut."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moravec.core.errors import BadInput
from moravec.data.lerobot import stats


def test_the_keys_are_those_of_the_format() -> None:
    assert stats.KEYS == ("min", "max", "mean", "std", "count", "q01", "q10", "q50", "q90", "q99")


def test_numbers_by_hand() -> None:
    found = stats.of_numbers(np.array([[0.0, 10.0], [1.0, 10.0], [2.0, 40.0]], np.float32))
    assert found["min"].tolist() == [0.0, 10.0]
    assert found["max"].tolist() == [2.0, 40.0]
    assert found["mean"].tolist() == [1.0, 20.0]
    assert found["std"] == pytest.approx([np.sqrt(2 / 3), np.sqrt(200.0)])  # of the population
    assert found["count"].tolist() == [3]
    assert found["q50"].tolist() == [1.0, 10.0]
    assert found["q99"] == pytest.approx([1.98, 39.4])


@given(st.integers(1, 30), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_pictures_are_as_numpy_has_them(frames: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    low = int(rng.integers(0, 250))
    pictures = rng.integers(low, rng.integers(low + 1, 257), (frames, 3, 5, 3)).astype(np.uint8)
    found = stats.of_pictures(pictures)
    pixels = pictures.reshape(-1, 3) / 255.0
    wanted = {
        "min": pixels.min(0), "max": pixels.max(0), "mean": pixels.mean(0), "std": pixels.std(0),
        **{key: np.quantile(pixels, q, axis=0) for key, q in stats.QUANTILES.items()},
    }  # fmt: skip
    for key, value in wanted.items():
        assert found[key].shape == (3, 1, 1)
        assert found[key].ravel() == pytest.approx(value, abs=1e-9), key
    assert found["count"].tolist() == [frames]


def test_many_pictures_are_sampled_evenly() -> None:
    chosen = stats.sampled(1000)
    assert len(chosen) == stats.SAMPLED
    assert chosen[0] == 0 and chosen[-1] == 999
    assert np.ptp(np.diff(chosen)) <= 1
    assert stats.sampled(3).tolist() == [0, 1, 2]
    assert stats.of_pictures(np.zeros((250, 2, 2, 3), np.uint8))["count"].tolist() == [100]


@given(st.lists(st.integers(1, 20), min_size=1, max_size=6), st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_parts_merge_to_the_whole(lengths: list[int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    parts = [rng.normal(rng.normal() * 10, rng.uniform(0.1, 3), (length, 2)) for length in lengths]
    whole, merged = stats.of_numbers(np.concatenate(parts)), stats.merged([stats.of_numbers(part) for part in parts])
    for key in ("min", "max", "mean", "std", "count"):
        assert merged[key] == pytest.approx(whole[key], rel=1e-9, abs=1e-9), key
    for key, q in stats.QUANTILES.items():  # an envelope
        each = np.stack([stats.of_numbers(part)[key] for part in parts])
        assert merged[key].tolist() == (each.min(0) if q <= 0.5 else each.max(0)).tolist()


def test_pictures_merge_in_their_shape() -> None:
    one, other = (stats.of_pictures(np.full((n, 2, 2, 3), grey, np.uint8)) for n, grey in ((1, 0), (3, 255)))
    merged = stats.merged([one, other])
    assert merged["mean"].tolist() == [[[0.75]]] * 3
    assert merged["count"].tolist() == [4]


def test_they_survive_json() -> None:
    found = stats.of_numbers(np.arange(6.0).reshape(3, 2))
    plain = stats.to_plain(found)
    assert plain["count"] == [3] and isinstance(plain["count"][0], int)
    again = stats.from_plain("x", plain)
    assert all(np.array_equal(again[key], found[key]) for key in stats.KEYS)


@pytest.mark.parametrize("plain", [None, [], {}, {"min": ["a"]}])
def test_what_are_no_statistics_is_refused(plain: object) -> None:
    with pytest.raises(BadInput, match="the statistics of x"):
        stats.from_plain("x", plain)
