"""Shares of things that come in clusters, as the items of one job: they fail together, and counted singly claim too much."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from moravec.core.errors import BadInput
from moravec.core.wilson import wilson

DRAWS = 4000
SEED = 20261122  # of the resampling: the same records give the same interval


def of_clusters(clusters: Sequence[tuple[int, int]], confidence: float = 0.95) -> tuple[float, float]:
    """The interval of a share over `clusters`, (successes, things) each, by resampling whole clusters (Efron 1979, percentiles).

    Where all clusters are alike, as where nothing failed, resampling shows no spread at all: there Wilson's interval of the
    clusters, each counted once, stands in. Raises BadInput for more successes than things, and for a confidence that is none.
    """
    if not 0.0 < confidence < 1.0:
        raise BadInput("a confidence", confidence, "more than 0 and less than 1")
    for successes, n in clusters:
        if not 0 <= successes <= n:
            raise BadInput("successes", successes, f"0 to {n} things")
    counts = np.array([c for c in clusters if c[1] > 0], np.float64).reshape(-1, 2)
    if not len(counts):
        return 0.0, 1.0
    shares = counts[:, 0] / counts[:, 1]
    if np.ptp(shares) == 0.0:
        return wilson(round(float(shares[0]) * len(counts)), len(counts))
    sums = counts[_drawn(len(counts))].sum(axis=1)
    return _ends(sums[:, 0] / sums[:, 1], confidence)


Pair = tuple[tuple[int, int], tuple[int, int]]


def ratio_of_pairs(pairs: Sequence[Pair], confidence: float = 0.95) -> tuple[float, float, float]:
    """The share under some condition over the share without it, and its interval, by resampling whole pairs: each is (successes,
    things) without and with it, of the same seed. Raises BadInput where there is no pair, or nothing succeeded without it."""
    if not 0.0 < confidence < 1.0:
        raise BadInput("a confidence", confidence, "more than 0 and less than 1")
    counts = np.array(pairs, np.float64).reshape(-1, 2, 2)
    if not len(counts) or counts[:, 0, 0].sum() == 0.0 or (counts[:, :, 1].sum(axis=0) == 0.0).any():
        raise BadInput("pairs to compare", list(pairs), "one at least, things on both sides, a success without the condition")
    sums = counts[_drawn(len(counts))].sum(axis=1)
    whole = sums[sums[:, 0, 0] > 0.0]
    low, high = _ends((whole[:, 1, 0] / whole[:, 1, 1]) / (whole[:, 0, 0] / whole[:, 0, 1]), confidence)
    total = counts.sum(axis=0)
    return float((total[1, 0] / total[1, 1]) / (total[0, 0] / total[0, 1])), low, high


def _drawn(count: int) -> NDArray[np.int64]:
    return np.random.default_rng(SEED).integers(count, size=(DRAWS, count))


def _ends(values: NDArray[np.float64], confidence: float) -> tuple[float, float]:
    tail = 100.0 * (1.0 - confidence) / 2.0
    low, high = np.percentile(values, [tail, 100.0 - tail])
    return float(low), float(high)
