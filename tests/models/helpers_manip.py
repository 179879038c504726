"""What the tests of Manip share: a small network, and demonstrations of a block that the sentence tells from another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from moravec.models.aligned import METAWORLD
from moravec.models.contract import CameraSpec, Channel, Floats, PolicyInput, PolicySpec
from moravec.models.manip.config import NetConfig, TrainConfig, View
from moravec.models.manip.frames import FrameBatch
from moravec.models.manip.normal import Normal, normal_of
from moravec.models.manip.text import Vocabulary, vocabulary

SIZE = 32  # [px] of the pictures, as seen and as stored
VIEW = View(0.0, 1.0, 0.0, 1.0, SIZE, SIZE)
NET = NetConfig(channels=16, blocks=1, points=8, taught=2, read=4, words=16, layers=1, hidden=32, depth=1, chunk=3)
TRAIN = TrainConfig(steps=12, batch=8, warmup=2, save_every=5, net=NET, view=VIEW)
SENTENCES = (("go to the red block", "reach red"), ("go to the green block", "reach green"), ("move to blue",))
SPEC = PolicySpec(
    (*(Channel(f"hand {axis}", "m", "world") for axis in "xyz"), Channel("opening", "1", "", 0.0, 1.0)),
    (CameraSpec("corner", SIZE, SIZE),),
    (*(Channel(f"move {axis}", "0.01 m", "world", -1.0, 1.0) for axis in "xyz"), Channel("close", "1", "", -1.0, 1.0)),
    80.0,
)
EPISODE = 10  # frames


class Toy:
    """`Frames` of EPISODE frames each, one group of sentences after the other: group g's block is the g-th colour.

    Two blocks are in every picture, and actions point to the one that the sentence names. `taught` points are the block and the
    hand, as far as they go.
    """

    def __init__(self, episodes: int = 6, taught: int = 2, groups: int = 2) -> None:
        rng = np.random.default_rng(7)
        n = episodes * EPISODE
        self.spec, self.sentences, self.hash = SPEC, SENTENCES[:groups], f"toy {episodes} {taught} {groups}"
        self.groups: NDArray[np.int64] = np.repeat(np.arange(episodes) % groups, EPISODE)
        self.end = np.repeat(np.arange(1, episodes + 1) * EPISODE, EPISODE)
        blocks = rng.uniform(-0.7, 0.7, (n, groups, 2))
        self.pictures = np.full((n, SIZE, SIZE, 3), 40, np.uint8)
        for k in range(n):
            for colour in range(groups):
                x, y = ((blocks[k, colour] + 1.0) * SIZE / 2.0).astype(int)
                self.pictures[k, y - 3 : y + 3, x - 3 : x + 3, colour] = 230
        self.state = rng.normal(0.0, 0.1, (n, 4)).astype(np.float32)
        there = blocks[np.arange(n), self.groups]
        self.action = np.concatenate([there, self.state[:, :1], self.groups[:, None]], 1).clip(-1.0, 1.0).astype(np.float32)
        hand = np.full((n, 2), np.nan)  # nobody knows
        self.points = np.stack([there, hand], 1)[:, :taught].astype(np.float32)
        self.places = np.concatenate([self.points, self.points[:, :, :1]], 2)

    @property
    def statistics(self) -> Mapping[str, Floats]:
        """As the cache has them."""
        low, high = np.quantile(self.action, (0.01, 0.99), axis=0)
        found = {"state mean": self.state.mean(0), "state std": self.state.std(0), "action low": low, "action high": high}
        return {name: values.astype(np.float32) for name, values in found.items()}

    def take(self, rows: NDArray[np.int64], chunk: int) -> FrameBatch:
        """As the cache does."""
        ahead = rows[:, None] + np.arange(chunk)
        ends = self.end[rows][:, None]
        return FrameBatch(
            self.pictures[rows], self.state[rows], self.action[np.minimum(ahead, ends - 1)], (ahead < ends).astype(np.float32),
            self.groups[rows], self.points[rows], self.places[rows],
        )  # fmt: skip


def normal() -> Normal:
    """The toy's scales."""
    return normal_of(Toy().statistics, METAWORLD)


def known_words() -> Vocabulary:
    """The toy's words."""
    return vocabulary(sentence for group in SENTENCES for sentence in group)


def seen(seed: int = 0, **changes: Any) -> PolicyInput:
    """An observation that fits SPEC."""
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 256, (SIZE, SIZE, 3), np.uint8)
    whole: dict[str, Any] = {
        "t": 0.0, "state": rng.normal(0.0, 0.1, 4).astype(np.float32), "pictures": {"corner": picture},
        "prompt": "go to the red block",
    }  # fmt: skip
    return replace(PolicyInput(**whole), **changes)
