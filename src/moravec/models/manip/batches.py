"""Which frames a step of training sees, and how they are changed.

Functions of the seed, the step and the process alone: a training that was broken off goes on as if nothing had happened.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from moravec.core.errors import BadInput
from moravec.models.aligned import mask
from moravec.models.contract import Floats
from moravec.models.manip.config import COARSE, TrainConfig
from moravec.models.manip.frames import FrameBatch, Frames
from moravec.models.manip.light import Light, drawn_light
from moravec.models.manip.losses import Targets
from moravec.models.manip.normal import Normal
from moravec.models.manip.text import NOTHING, UNKNOWN, Vocabulary


@dataclass(frozen=True, slots=True)
class Batch:
    """One step's input and what is wanted of it."""

    pictures: Tensor  # uint8 (b, h, w, 3)
    small: Tensor  # (b, 3, h / COARSE, w / COARSE), from 0 to 1
    state: Tensor
    mask: Tensor
    words: Tensor
    pieces: Tensor
    light: Light
    wanted: Targets


class Batches:
    """Batches of one process out of several."""

    def __init__(self, frames: Frames, normal: Normal, words: Vocabulary, config: TrainConfig, rank: int, of: int) -> None:
        self._frames, self._normal, self._config, self._rank = frames, normal, config, rank
        self._size = config.batch // of
        self._order = np.argsort(frames.groups, kind="stable").astype(np.int64)
        self._counts = np.bincount(frames.groups, minlength=len(frames.sentences))
        self._starts = np.cumsum(self._counts) - self._counts
        self._present = np.flatnonzero(self._counts)
        self._read = [words.read(group) for group in frames.sentences]

    def rows(self, step: int) -> NDArray[np.int64]:
        """The frames of one step: every group of sentences as often, within one every frame as often."""
        rng = self._rng(step, 0)
        group = self._present[rng.integers(0, len(self._present), self._size)]
        return self._order[self._starts[group] + (rng.random(self._size) * self._counts[group]).astype(np.int64)]

    def make(self, step: int) -> Batch:
        """Everything of one step."""
        batch = self._frames.take(self.rows(step), self._config.net.chunk)
        rng = self._rng(step, 1)
        words, pieces = self._sentences(batch.groups, rng)
        light = drawn_light(len(batch.pictures), self._config.colour, rng)
        pictures, small = (torch.from_numpy(array) for array in (batch.pictures, halved(batch.pictures)))
        small = small.permute(0, 3, 1, 2).float() / 255.0
        state = self._normal.state(batch.state)
        here = np.broadcast_to(mask(self._normal.alignment.state), state.shape).copy()
        kept = rng.random((len(state), 1)) >= self._config.state_dropout
        state, here = (state * kept).astype(np.float32), (here * kept).astype(np.float32)
        return Batch(
            pictures, small, torch.from_numpy(state), torch.from_numpy(here), torch.from_numpy(words),
            torch.from_numpy(pieces), light, self._wanted(batch),
        )  # fmt: skip

    def _rng(self, step: int, what: int) -> np.random.Generator:
        return np.random.default_rng((self._config.seed, step, self._rank, what))

    def _sentences(self, groups: NDArray[np.int64], rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """One sentence of each group's; now and then a word is one that nobody has seen, known by its pieces alone."""
        chosen = [(self._read[g], int(rng.integers(len(self._read[g].words)))) for g in groups]
        words = np.stack([read.words[k] for read, k in chosen])
        pieces = np.stack([read.pieces[k] for read, k in chosen])
        forgotten = (rng.random(words.shape) < self._config.word_dropout) & (words > UNKNOWN)
        words[forgotten] = UNKNOWN
        pieces[(rng.random(words.shape) < self._config.word_dropout / 2.0) & forgotten] = 0
        longest = int((words != NOTHING).sum(1).max())
        return words[:, :longest], pieces[:, :longest]

    def _wanted(self, batch: FrameBatch) -> Targets:
        actions = self._normal.actions(batch.actions)
        here = np.broadcast_to(mask(self._normal.alignment.action), (len(actions), actions.shape[-1])).copy()
        points, places = (_padded(known, self._config.net.taught) for known in (batch.points, batch.places))
        arrays: tuple[Floats, ...] = (actions, batch.there, here, points, places)
        return Targets(*(torch.from_numpy(np.ascontiguousarray(array, np.float32)) for array in arrays))


def _padded(known: Floats, taught: int) -> Floats:
    """(b, k, n) to (b, taught, n): what a dataset does not hold is unknown. Raises BadInput for more than are taught."""
    if known.shape[1] > taught:
        raise BadInput("the points of the demonstrations", known.shape[1], f"at most {taught}, as many as the network is taught")
    return np.pad(known, ((0, 0), (0, taught - known.shape[1]), (0, 0)), constant_values=np.nan)


def halved(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pictures (b, h, w, 3) at 1 / COARSE of their size, by area."""
    h, w = pictures.shape[1] // COARSE, pictures.shape[2] // COARSE
    return np.stack([cv2.resize(picture, (w, h), interpolation=cv2.INTER_AREA) for picture in pictures])
