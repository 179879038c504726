"""What the things in a picture are: box, colour, category, code and condition."""

from __future__ import annotations

from typing import final

import cv2
import numpy as np

from moravec.core.observation import CameraFrame
from moravec.core.workplace import Workplace
from moravec.perception.classify import Classifier
from moravec.perception.cloud import Cloud, Mask
from moravec.perception.detection import Detection
from moravec.perception.markers import Code, read_codes
from moravec.perception.patch import item_crop
from moravec.perception.region import Region
from moravec.perception.shape import upright_box

MARGIN = 4  # [px]
NEIGHBOUR = 5  # [px] how near another thing must be to hide an edge
HIGHER = 0.004  # [m] how much higher it must be


@final
class Describer:
    """Turns masks into detections."""

    def __init__(self, workplace: Workplace) -> None:
        self._classifier = Classifier(workplace)

    def describe(
        self, frame: CameraFrame, view: Cloud, masks: list[Mask], region: Region, place: str
    ) -> list[Detection]:
        """The things under `masks` (h, w), in the same order."""
        if not masks:
            return []
        lens = frame.T_world_camera[:3, 3]
        boxes = [upright_box(view, m, region.floor, lens, *neighbourhood(view, m, masks)) for m in masks]
        crops = np.stack([item_crop(frame, view, m, b, region) for m, b in zip(masks, boxes, strict=True)])
        codes = read_codes(frame.rgb, pixel_box(np.any(masks, axis=0)))
        return [
            Detection(
                place=place, position=box.centre, extent=box.extent, yaw=box.yaw, sigma=box.sigma,
                colour=said.colour, colour_p=said.colour_p, category=said.category, category_p=said.category_p,
                damaged=said.damaged_p > 0.5, damaged_p=said.damaged_p, code=code_on(mask, codes), camera=frame.camera,
                box=pixel_box(mask),
            )
            for mask, box, said in zip(masks, boxes, self._classifier.answers(crops), strict=True)
        ]  # fmt: skip


def pixel_box(mask: Mask) -> tuple[int, int, int, int]:
    """The box (left, top, right, bottom) [px] around a mask (h, w) that is not empty, with a small margin."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    h, w = mask.shape
    left, right = max(int(columns[0]) - MARGIN, 0), min(int(columns[-1]) + 1 + MARGIN, w)
    return left, max(int(rows[0]) - MARGIN, 0), right, min(int(rows[-1]) + 1 + MARGIN, h)


def neighbourhood(view: Cloud, mask: Mask, masks: list[Mask]) -> tuple[float, float]:
    """Two shares of a thing's outline in [0, 1]: where more of it may be hidden, and where it may lie on another thing.

    Hidden: something higher beside it, the robot's fingers, or the picture's edge. Propped: something lower beside it.
    """
    left, top, right, bottom = pixel_box(mask)
    part = np.s_[top:bottom, left:right]
    own = mask[part]
    kernel = np.ones((2 * NEIGHBOUR + 1, 2 * NEIGHBOUR + 1), np.uint8)
    inner = cv2.erode(np.pad(own.astype(np.uint8), 1), np.ones((3, 3), np.uint8))[1:-1, 1:-1].astype(bool)
    edge = own & ~inner
    z = np.nan_to_num(view.points[..., 2][part], nan=-1.0)
    others = np.zeros(own.shape, bool)
    for other in masks:
        if other is not mask:
            others |= other[part]
    highest = cv2.dilate(np.where(others, z, np.float32(-1.0)), kernel)
    beside = cv2.dilate(others.astype(np.uint8), kernel).astype(bool)
    hand = cv2.dilate(view.hand[part].astype(np.uint8), kernel).astype(bool)
    covered = (highest > z + HIGHER) | hand
    rows, columns = np.nonzero(edge)
    if not len(rows):
        return 0.0, 0.0
    h, w = mask.shape
    border = (rows + top < 2) | (rows + top > h - 3) | (columns + left < 2) | (columns + left > w - 3)
    hidden = covered[rows, columns] | border
    return float(np.mean(hidden)), float(np.mean(beside[rows, columns] & ~hidden))


def code_on(mask: Mask, codes: list[Code]) -> str | None:
    """The code printed on the thing under `mask` (h, w): the one whose middle lies on it, the largest where there are two."""
    h, w = mask.shape
    best: tuple[float, str] | None = None
    for text, corners in codes:
        u, v = (round(float(c)) for c in corners.mean(axis=0))
        if 0 <= v < h and 0 <= u < w and mask[max(v - 2, 0) : v + 3, max(u - 2, 0) : u + 3].any():
            (a, b), (c, d) = corners[2] - corners[0], corners[3] - corners[1]
            size = abs(float(a * d - b * c))
            if best is None or size > best[0]:
                best = size, text
    return None if best is None else best[1]
