"""What rides on a belt: the things on the stretch of it that a picture shows whole."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from moravec.core.observation import CameraFrame
from moravec.core.workplace import Place
from moravec.perception.cloud import Cloud, Mask, on_plane
from moravec.perception.describe import pixel_box
from moravec.perception.detection import Detection
from moravec.perception.track import Sighting

LOWEST = 0.015  # [m] above the belt, over the noise of a camera that looks from far above
HIGHEST = 0.13  # [m] above the belt; what reaches higher is the robot
AROUND = 0.10  # [m] of belt on either side of what stands on it, to look at
SHORTEST = 0.10  # [m] of belt that is worth looking at


def stretch(frame: CameraFrame, place: Place) -> Place | None:
    """The part of `place`, along y, that `frame` shows; None where that is next to nothing."""
    h, w = frame.size
    corners = on_plane(np.array([[0, 0], [w - 1, 0], [0, h - 1], [w - 1, h - 1]]), place.floor, frame)[:, 1]
    half = place.size[1] / 2
    low, high = max(corners.min(), place.centre[1] - half), min(corners.max(), place.centre[1] + half)
    if high - low < SHORTEST:
        return None
    return replace(place, centre=(place.centre[0], float(low + high) / 2), size=(place.size[0], float(high - low)))


def busy(view: Cloud, part: Place) -> Place | None:
    """The piece of `part`, along y, on which anything stands; None where nothing does, which is told fast."""
    x, y, z = view.points[..., 0], view.points[..., 1], view.points[..., 2] - part.floor
    over = (np.abs(x - part.centre[0]) < part.size[0] / 2) & (np.abs(y - part.centre[1]) < part.size[1] / 2)
    high = (over & view.seen & (z > LOWEST) & (z < HIGHEST)).astype(np.uint8)
    found = y[cv2.morphologyEx(high, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0]
    if not len(found):
        return None
    half = part.size[1] / 2
    low, top = max(float(found.min()) - AROUND, part.centre[1] - half), min(float(found.max()) + AROUND, part.centre[1] + half)
    return replace(part, centre=(part.centre[0], (low + top) / 2), size=(part.size[0], top - low))


def stands(view: Cloud, mask: Mask, place: Place) -> bool:
    """Whether what is under `mask` (h, w) stands on the belt like a thing, and no part of it out of the picture."""
    top = float(np.percentile(view.points[..., 2][mask & view.seen], 90)) - place.floor
    left, upper, right, lower = pixel_box(mask)
    h, w = mask.shape
    whole = left > 0 and upper > 0 and right < w and lower < h
    return whole and LOWEST < top < HIGHEST


def sightings(detections: list[Detection], frame: CameraFrame) -> list[Sighting]:
    """What a tracker is told of `detections`, which were seen in `frame`."""
    return [Sighting(frame.t, (d.position[0], d.position[1]), max(d.sigma[0], d.sigma[1]), d) for d in detections]
