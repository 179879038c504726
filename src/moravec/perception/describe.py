"""What one thing is: its box, colour, category, code and condition."""

from __future__ import annotations

from typing import final

import numpy as np

from moravec.core.observation import CameraFrame
from moravec.core.workplace import Workplace
from moravec.perception.cloud import Cloud, Mask
from moravec.perception.colour import colour_votes
from moravec.perception.detection import Detection
from moravec.perception.markers import Code
from moravec.perception.region import Region
from moravec.perception.shape import upright_box

MARGIN = 4  # [px]


@final
class Describer:
    """Turns masks into detections."""

    def __init__(self, workplace: Workplace) -> None:
        self._colours, self._categories = workplace.colours, workplace.categories

    def describe(self, frame: CameraFrame, view: Cloud, mask: Mask, region: Region, place: str, codes: list[Code]) -> Detection:
        """The thing under `mask` (h, w)."""
        box = upright_box(view, mask, region.floor, frame.T_world_camera[:3, 3])
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        h, w = frame.size
        left, right = max(int(columns[0]) - MARGIN, 0), min(int(columns[-1]) + 1 + MARGIN, w)
        top, bottom = max(int(rows[0]) - MARGIN, 0), min(int(rows[-1]) + 1 + MARGIN, h)
        votes = colour_votes(frame.rgb[mask], self._colours)
        category, category_p = self._category(box.extent)
        dark = float((frame.rgb[mask].max(axis=1) < 30).mean())
        code = code_on(mask, codes)
        damaged_p = 0.9 if dark > 0.05 and code is None else 0.1
        return Detection(
            place=place, position=box.centre, extent=box.extent, yaw=box.yaw, sigma=box.sigma,
            colour=self._colours[int(votes.argmax())], colour_p=float(votes.max()),
            category=category, category_p=category_p, damaged=damaged_p > 0.5, damaged_p=damaged_p,
            code=code, camera=frame.camera, box=(left, top, right, bottom),
        )  # fmt: skip

    def _category(self, extent: tuple[float, float, float]) -> tuple[str, float]:
        long, short, _ = extent
        guess = "bottle" if long / max(short, 1e-3) > 2.0 else "box" if long / max(short, 1e-3) > 1.3 else "ball"
        return (guess if guess in self._categories else self._categories[0]), 0.3


def code_on(mask: Mask, codes: list[Code]) -> str | None:
    """The code printed on the thing under `mask` (h, w): the one whose middle lies on it, the largest where there are two."""
    h, w = mask.shape
    best: tuple[float, str] | None = None
    for text, corners in codes:
        u, v = (int(round(float(c))) for c in corners.mean(axis=0))
        if 0 <= v < h and 0 <= u < w and mask[max(v - 2, 0) : v + 3, max(u - 2, 0) : u + 3].any():
            size = float(np.abs(np.cross(corners[2] - corners[0], corners[3] - corners[1])))
            if best is None or size > best[0]:
                best = size, text
    return None if best is None else best[1]
