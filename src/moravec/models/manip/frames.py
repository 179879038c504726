"""What training asks of a set of demonstrations: frames by number, with the actions that follow each. `data.cache` is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from moravec.models.contract import Floats, Picture, PolicySpec


@dataclass(frozen=True, slots=True)
class FrameBatch:
    """b frames. `pictures` (b, h, w, 3) uint8 as the model sees them; `state` (b, s); `actions` (b, chunk, a) from each frame on,
    and 1 in `there` (b, chunk) where the episode goes on so far; `groups` (b,) of sentences. `points` (b, taught, 2) are in the
    picture, from -1 to 1, and `places` (b, taught, 3) in space [m]; NaN where nobody knows."""

    pictures: Picture
    state: Floats
    actions: Floats
    there: Floats
    groups: NDArray[np.int64]
    points: Floats
    places: Floats


class Frames(Protocol):
    """A set of demonstrations."""

    @property
    def spec(self) -> PolicySpec:
        """State, camera and action of the robot that was recorded."""
        ...

    @property
    def sentences(self) -> Sequence[tuple[str, ...]]:
        """Of each group, sentences that all say the same."""
        ...

    @property
    def groups(self) -> NDArray[np.int64]:
        """(n,): of each frame, the group of sentences it belongs to."""
        ...

    @property
    def statistics(self) -> Mapping[str, Floats]:
        """`state mean`, `state std` (s,), `action low`, `action high` (a,): the 1st and 99th percentile."""
        ...

    @property
    def hash(self) -> str:
        """Of everything in it: the same for the same data."""
        ...

    def take(self, rows: NDArray[np.int64], chunk: int) -> FrameBatch:
        """The frames `rows` (b,), each with `chunk` actions."""
        ...
