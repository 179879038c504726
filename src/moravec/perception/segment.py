"""Which pixels belong to which thing, whatever the things are.

A small network says for every cell of a patch whether a thing is there and where that thing's middle lies (its weights:
`scripts/perception/segmenter.py`). Cells vote for their middles; a heap of votes is a thing. So touching and leaning
neighbours come apart, and what another thing cuts in two stays one (cf. Kendall et al. 2018, "Multi-task learning using
uncertainty", section on instances).
"""

from __future__ import annotations

from typing import final

import cv2
import numpy as np
from numpy.typing import NDArray

from moravec.core.observation import CameraFrame
from moravec.perception.cloud import Cloud, Floats, Mask
from moravec.perception.network import Network
from moravec.perception.patch import Patch, paste, region_patch
from moravec.perception.region import Region

REACH = 12.0  # cells that an offset of 1 stands for, as in training
VOTE_BLUR = 1.2  # [cells]
PEAK_WINDOW = 7  # [cells] one thing's middle in a square of this side
PEAK_VOTES = 0.9  # least height of a heap of votes, after blurring
FAR_VOTE = 6.0  # [cells] a vote farther from every heap than this counts for none
LOWEST_THING = 0.004  # [m] above the floor
SMALLEST = 1.5e-4  # [m2] of a thing as seen from above


@final
class Segmenter:
    """Finds things in a region of a picture."""

    def __init__(self) -> None:
        self._network = Network("segmenter")

    def masks(self, frame: CameraFrame, view: Cloud, region: Region) -> list[Mask]:
        """One mask (h, w) per thing in `region`, largest first."""
        patch = region_patch(frame, view, region)
        cells = self._network(patch.data[None])[0][0]
        peaks = vote_peaks(cells)
        if len(peaks) == 0:
            return []
        number = _assign(cells, peaks, patch, frame.size)
        z = view.points[..., 2]
        number[view.seen & (z < region.floor + LOWEST_THING)] = -1
        number[view.hand] = -1
        area = pixel_area(frame, region)
        found = [number == k for k in range(len(peaks))]
        found = [mask for mask in found if (mask & view.seen).sum() * area > SMALLEST]
        return sorted(found, key=lambda mask: -int(mask.sum()))


def pixel_area(frame: CameraFrame, region: Region) -> float:
    """Level area [m2] of one pixel on `region`'s floor."""
    distance = float(frame.T_world_camera[2, 3]) - region.floor
    return distance * distance / float(frame.K[0, 0] * frame.K[1, 1])


def vote_peaks(cells: Floats) -> NDArray[np.float64]:
    """Middles (n, 2) (right, down) [cells] that the network's output (3, h, w) votes for."""
    logit, du, dv = cells
    h, w = logit.shape
    rows, columns = np.nonzero(logit > 0.0)
    u = columns + du[rows, columns] * REACH
    v = rows + dv[rows, columns] * REACH
    weight = 1.0 / (1.0 + np.exp(-logit[rows, columns].astype(np.float64)))
    inside = (u > -0.5) & (u < w - 0.5) & (v > -0.5) & (v < h - 0.5)
    cell = np.rint(v[inside]).astype(int) * w + np.rint(u[inside]).astype(int)
    heap = np.bincount(cell, weights=weight[inside], minlength=h * w).reshape(h, w).astype(np.float64)
    heap = np.asarray(cv2.GaussianBlur(heap, (0, 0), VOTE_BLUR), np.float64)
    top = cv2.dilate(heap, np.ones((PEAK_WINDOW, PEAK_WINDOW)))
    rows, columns = np.nonzero((heap >= top) & (heap > PEAK_VOTES))
    return np.column_stack([columns, rows]).astype(np.float64)


def _assign(cells: Floats, peaks: NDArray[np.float64], patch: Patch, size: tuple[int, int]) -> NDArray[np.int16]:
    """For every pixel (h, w) the number of the peak it votes for, -1 for none."""
    _, h, w = cells.shape
    v, u = np.mgrid[0:h, 0:w].astype(np.float32)
    votes = np.stack([cells[0], u + cells[1] * REACH, v + cells[2] * REACH], axis=-1)
    fine = paste(votes, patch, size, fill=-1.0)
    number = np.full(size, -1, np.int16)
    rows, columns = np.nonzero(fine[..., 0] > 0.0)
    vote = fine[rows, columns, 1:]
    away = np.hypot(vote[:, None, 0] - peaks[None, :, 0], vote[:, None, 1] - peaks[None, :, 1])
    nearest = away.argmin(axis=1)
    near = away[np.arange(len(rows)), nearest] < FAR_VOTE
    number[rows[near], columns[near]] = nearest[near]
    return number
