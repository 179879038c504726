"""Whether the cameras can still be relied on: how old their pictures are, and how long they have shown nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import final

import numpy as np

from moravec.core.observation import CameraFrame

DARK = 4.0  # of 255: a picture whose mean is lower shows nothing; project's choice


@final
class SightWatch:
    """Follows the pictures of all cameras; its signals have their budgets in `moravec.guard.degraded`."""

    def __init__(self) -> None:
        self._dark_since: dict[str, float] = {}
        self._old = 0.0

    def look(self, frames: dict[str, CameraFrame], asked: float, now: float) -> None:
        """Pictures that were asked for at `asked` [s] and are there at `now` [s]. One from before it was asked for is an old one:
        a camera that stands still repeats its last."""
        self._old = max((asked - frame.t for frame in frames.values()), default=0.0)
        for name, frame in frames.items():
            if float(np.mean(frame.rgb)) < DARK:
                self._dark_since.setdefault(name, now)
            else:
                self._dark_since.pop(name, None)

    def shows_nothing(self, cameras: Iterable[str]) -> bool:
        """Whether the last picture of any of `cameras` was dark."""
        return any(name in self._dark_since for name in cameras)

    def signals(self, now: float) -> dict[str, float]:
        """`camera_old` and `camera_dark` [s] at `now` [s], of the worst camera."""
        dark = max((now - since for since in self._dark_since.values()), default=0.0)
        return {"camera_old": max(self._old, 0.0), "camera_dark": max(dark, 0.0)}
