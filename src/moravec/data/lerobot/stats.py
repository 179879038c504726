"""Statistics of a dataset, as meta/stats.json has them.

A feature's statistics are a mapping from the names in `KEYS` to arrays: numbers of D channels have (D,), pictures have
(3, 1, 1) on a scale from 0 to 1, and `count` has (1,), in rows. `std` is the population's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from moravec.core.errors import BadInput
from moravec.models.contract import Picture

Stats = Mapping[str, NDArray[np.float64]]
QUANTILES: Mapping[str, float] = {"q01": 0.01, "q10": 0.10, "q50": 0.50, "q90": 0.90, "q99": 0.99}
KEYS = ("min", "max", "mean", "std", "count", *QUANTILES)
SAMPLED = 100  # frames of an episode that the statistics of its pictures are taken from, as lerobot has it


def of_numbers(values: NDArray[Any]) -> Stats:
    """Statistics of `values` (T, D), exact. T is 1 or more."""
    exact = values.astype(np.float64)
    ranks = np.quantile(exact, list(QUANTILES.values()), axis=0)
    return {
        "min": exact.min(axis=0), "max": exact.max(axis=0), "mean": exact.mean(axis=0), "std": exact.std(axis=0),
        "count": np.array([len(exact)], np.float64), **dict(zip(QUANTILES, ranks, strict=True)),
    }  # fmt: skip


def of_pictures(pictures: Picture) -> Stats:
    """Statistics of `pictures` (T, h, w, 3): of every pixel of at most `SAMPLED` frames, evenly spread, exact."""
    chosen = sampled(len(pictures))
    tally = np.zeros((3, 256), np.int64)
    for k in chosen:
        for channel in range(3):
            tally[channel] += np.bincount(pictures[k, :, :, channel].ravel(), minlength=256)
    return {key: value / 255.0 if key != "count" else value for key, value in _of_tally(tally, len(chosen)).items()}


def sampled(frames: int) -> NDArray[np.int64]:
    """Which frames of an episode stand for all its pictures."""
    return np.unique(np.linspace(0, frames - 1, min(frames, SAMPLED)).round().astype(np.int64))


def _of_tally(tally: NDArray[np.int64], frames: int) -> dict[str, NDArray[np.float64]]:
    """Statistics of how often each of 256 greys came in each of 3 channels."""
    greys, total = np.arange(256.0), tally.sum(axis=1)
    mean = tally @ greys / total
    spread = np.sqrt(np.maximum(tally @ greys**2 / total - mean**2, 0.0))
    found: dict[str, NDArray[np.float64]] = {"mean": mean, "std": spread}
    climbed = tally.cumsum(axis=1)
    for key, share in {"min": 0.0, "max": 1.0, **QUANTILES}.items():
        ranks = share * (total - 1)
        low, high = (
            np.array([np.searchsorted(climbed[c], rank[c], side="right") for c in range(3)], np.float64)
            for rank in (np.floor(ranks), np.ceil(ranks))
        )
        found[key] = low + (high - low) * (ranks - np.floor(ranks))
    return {**{key: value.reshape(3, 1, 1) for key, value in found.items()}, "count": np.array([frames], np.float64)}


def merged(parts: Sequence[Stats]) -> Stats:
    """Statistics of all of `parts` together.

    Exact for all but the quantiles: these are the lowest of the parts up to the median, and the highest above it, the
    envelope that lerobot has too. Source: T. F. Chan, G. H. Golub, R. J. LeVeque, Updating formulae and a pairwise
    algorithm for computing sample variances, 1979.
    """
    stacked = {key: np.stack([part[key] for part in parts]) for key in KEYS}
    counts = stacked["count"].reshape(-1, *[1] * (stacked["mean"].ndim - 1))
    total = counts.sum()
    mean = (stacked["mean"] * counts).sum(axis=0) / total
    spread = ((stacked["std"] ** 2 + (stacked["mean"] - mean) ** 2) * counts).sum(axis=0) / total
    return {
        "min": stacked["min"].min(axis=0), "max": stacked["max"].max(axis=0), "mean": mean, "std": np.sqrt(spread),
        "count": stacked["count"].sum(axis=0),
        **{key: stacked[key].min(axis=0) if q <= 0.5 else stacked[key].max(axis=0) for key, q in QUANTILES.items()},
    }  # fmt: skip


def to_plain(stats: Stats) -> dict[str, Any]:
    """As JSON data; `count` in whole numbers."""
    return {key: (stats[key].astype(np.int64) if key == "count" else stats[key]).tolist() for key in KEYS}


def from_plain(name: str, plain: Any) -> Stats:
    """From JSON data of the feature `name`. Raises BadInput where a key is missing or is not made of numbers."""
    if not isinstance(plain, dict):
        raise BadInput(f"the statistics of {name}", type(plain).__name__, ", ".join(KEYS))
    found = {}
    for key in KEYS:
        try:
            found[key] = np.atleast_1d(np.array(plain[key], np.float64))
        except KeyError as error:
            raise BadInput(f"the statistics of {name}", f"no {key}", ", ".join(KEYS)) from error
        except (TypeError, ValueError) as error:
            raise BadInput(f"the statistics of {name}, {key}", plain[key], "numbers") from error
    return found
