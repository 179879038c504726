"""From votes to things."""

from __future__ import annotations

import numpy as np

from moravec.perception.segment import REACH, vote_peaks


def field(owners: np.ndarray) -> np.ndarray:
    """A perfect network's output (3, h, w) for an owner map."""
    v, u = np.mgrid[0 : owners.shape[0], 0 : owners.shape[1]].astype(np.float32)
    cells = np.zeros((3, *owners.shape), np.float32)
    cells[0] = np.where(owners > 0, 4.0, -4.0)
    for k in range(1, int(owners.max()) + 1):
        mine = owners == k
        if not mine.any():
            continue
        cells[1][mine] = (u[mine].mean() - u[mine]) / REACH
        cells[2][mine] = (v[mine].mean() - v[mine]) / REACH
    return cells


def test_touching_neighbours_are_two() -> None:
    owners = np.zeros((40, 40), int)
    owners[10:20, 8:20], owners[10:20, 20:32] = 1, 2
    peaks = vote_peaks(field(owners))
    assert len(peaks) == 2
    assert np.allclose(sorted(peaks.tolist()), [[13.5, 14.5], [25.5, 14.5]], atol=0.51)


def test_one_thing_cut_in_two_is_one() -> None:
    owners = np.zeros((40, 60), int)
    owners[18:22, 5:55] = 1
    owners[10:30, 25:35] = 2  # something lies across it
    owners[5:9, 50:55] = 3
    apart = owners.copy()
    apart[:, 25:35][apart[:, 25:35] == 2] = 0
    assert len(vote_peaks(field(apart))) == 2


def test_nothing_there_gives_nothing() -> None:
    assert vote_peaks(field(np.zeros((20, 20), int))).shape == (0, 2)


def test_a_speck_is_not_a_thing() -> None:
    owners = np.zeros((20, 20), int)
    owners[5, 5] = 1
    assert len(vote_peaks(field(owners))) == 0
