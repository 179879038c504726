"""Pieces of pictures that show one thing each, kept for the questions that are about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from moravec.core.observation import CameraFrame

MOST = 200  # pieces that are kept, the newest
MARGIN = 6  # [px] around a thing
Picture: TypeAlias = NDArray[np.uint8]
Key: TypeAlias = tuple[str, int, int, int, int]


@final
@dataclass(slots=True)
class Crops:
    """The newest pieces, by camera and box."""

    _kept: dict[Key, Picture] = field(default_factory=dict)

    def take(self, rows: Sequence[Mapping[str, Any]], frame: CameraFrame) -> None:
        """Cuts out what a look found; a row without a usable box is left out."""
        height, width = frame.rgb.shape[:2]
        for row in rows:
            key = _key(row)
            if key is None:
                continue
            camera, left, top, right, bottom = key
            left, top = max(0, left - MARGIN), max(0, top - MARGIN)
            right, bottom = min(width, right + MARGIN), min(height, bottom + MARGIN)
            if camera == frame.camera and left < right and top < bottom:
                self._kept[key] = np.array(frame.rgb[top:bottom, left:right])
        while len(self._kept) > MOST:
            del self._kept[next(iter(self._kept))]

    def of(self, rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, Picture]]:
        """Item and picture of each row of a question's evidence that has one."""
        keys = [(str(row.get("item", "")), _key(row)) for row in rows]
        return [(item, self._kept[key]) for item, key in keys if key is not None and key in self._kept]


def _key(row: Mapping[str, Any]) -> Key | None:
    box = row.get("box")
    if not isinstance(box, list | tuple) or len(box) != 4 or not all(isinstance(x, int | float) for x in box):
        return None
    left, top, right, bottom = (int(x) for x in box)
    return str(row.get("camera", "")), left, top, right, bottom
