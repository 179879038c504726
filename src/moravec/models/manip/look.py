"""A camera's picture as the model sees it: the same for training, for export and at work."""

from __future__ import annotations

import cv2
import numpy as np

from moravec.models.contract import Picture
from moravec.models.manip.config import View


def looked(picture: Picture, view: View) -> Picture:
    """The part of `picture` (h, w, 3) that `view` keeps, scaled by area to (view.height, view.width, 3)."""
    h, w = picture.shape[:2]
    top, bottom = round(view.top * h), round(view.bottom * h)
    left, right = round(view.left * w), round(view.right * w)
    part = np.ascontiguousarray(picture[top:bottom, left:right])
    if part.shape[:2] == (view.height, view.width):
        return part
    return np.asarray(cv2.resize(part, (view.width, view.height), interpolation=cv2.INTER_AREA), np.uint8)
