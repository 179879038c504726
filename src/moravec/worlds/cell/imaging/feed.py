"""The line from the cameras to the robot: it stands still for a while, or loses a picture and hands on the one before.

Pictures are taken when they are asked for, so the one before may be many seconds old: as with a driver that keeps its newest
picture and gets no other. What comes again keeps the stamp and the pose of its own moment, as from a camera that stamps what it
takes: whoever looks at the age sees it (`camera_old`). A driver that stamps what it hands on is `restamped`: the stamp and the
pose are those of now, the picture is the old one, and no age tells.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from typing import final

import mujoco
import numpy as np
from numpy.typing import NDArray

from moravec.worlds.cell.conditions.camera import Cameras

Shown = tuple[float, int]  # when a picture was asked for [s], and a checksum of what came


@dataclass(slots=True)
class Exposure:
    """One moment before one lens, drawn as soon as somebody wants to see it."""

    lens: str
    seq: int
    scene: mujoco.MjData
    seed: int  # of the sensor's noise
    light: float  # share of the lamps' light
    picture: tuple[NDArray[np.uint8], NDArray[np.float32]] | None = None

    @property
    def t(self) -> float:
        """Of the robot's clock [s]."""
        return float(self.scene.time)


@final
@dataclass(slots=True)
class Feed:
    """One camera's line. `rng` says which pictures are lost."""

    cameras: Cameras
    rng: np.random.Generator
    _last: Exposure | None = None
    _shown: dict[int, Shown] = field(default_factory=dict)

    @property
    def sound(self) -> bool:
        """Whether every picture arrives."""
        return not self.cameras.frozen and not self.cameras.dropped

    def hand_on(self, fresh: Exposure) -> tuple[Exposure, Exposure]:
        """Whose picture comes where `fresh` was asked for, and whose stamp and pose. The first always arrives."""
        if self.sound:
            return fresh, fresh
        begin = self.cameras.frozen_from
        stands = begin <= fresh.t < begin + self.cameras.frozen
        lost = self.rng.random() < self.cameras.dropped
        if self._last is None or not (stands or lost):
            self._last = fresh
        return self._last, fresh if self.cameras.restamped else self._last

    def saw(self, order: int, asked: float, rgb: NDArray[np.uint8]) -> None:
        """Keeps what came as the `order`-th picture, asked for at `asked` [s]; pictures may be seen in another order."""
        if not self.sound:
            self._shown[order] = asked, zlib.crc32(rgb.tobytes())

    @property
    def shown(self) -> tuple[Shown, ...]:
        """What came so far, in the order in which it was asked for; kept where not everything arrives."""
        return tuple(self._shown[order] for order in sorted(self._shown))


def repeated(shown: Sequence[Shown]) -> float:
    """The share of pictures that are the same as the one before; 0 where there are less than two."""
    pairs = [one[1] == other[1] for one, other in pairwise(shown)]
    return sum(pairs) / len(pairs) if pairs else 0.0


def longest_still(shown: Sequence[Shown]) -> float:
    """The longest time [s] over which nothing but the same picture came."""
    spans = [[t for t, _ in run] for _, run in groupby(shown, key=lambda one: one[1])]
    return max((span[-1] - span[0] for span in spans), default=0.0)
