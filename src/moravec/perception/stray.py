"""What lies on the table beside the places that are meant for things."""

from __future__ import annotations

import cv2
import numpy as np

from moravec.core.observation import CameraFrame
from moravec.core.workplace import Place, Workplace
from moravec.perception.height_map import height_map

CELL = 0.006  # [m]
LOWEST = 0.014  # [m] above the table, over the noise of a camera that looks from above
HIGHEST = 0.15  # [m] above the table; what reaches higher is the robot
MARGIN = {"parcel": 0.05, "lid_rest": 0.05}  # [m] around a place that may stand a little off its drawing
USUAL_MARGIN = 0.02  # [m]
BASE_RADIUS = 0.17  # [m] around the robot's base, which stands at the world's origin
SMALLEST = 4e-4  # [m2] seen from above


def see_strays(frame: CameraFrame, workplace: Workplace) -> list[tuple[float, float]]:
    """Where (x, y) [m] something lies on the bare table, the largest first; the arm must stand aside.

    Made for the overhead camera: it says that there is something, not what. Empty where the workplace has no table.
    """
    spots: list[tuple[float, float]] = []
    for table in workplace.of_kind("table"):
        grid = height_map(frame, table.centre, table.size, CELL)
        heights = cv2.medianBlur(np.nan_to_num(grid.heights, nan=table.floor).astype(np.float32), 5) - table.floor
        stands = (heights > LOWEST) & (heights < HIGHEST)
        rows, columns = np.mgrid[0 : heights.shape[0], 0 : heights.shape[1]]
        x, y = grid.world(rows, columns)
        stands &= np.hypot(x, y) > BASE_RADIUS
        for place in workplace.places:
            if place.kind not in ("table", "shelf"):
                stands &= ~_over(place, x, y)
        spots += _blobs(cv2.morphologyEx(stands.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), x, y)
    return spots


def _over(place: Place, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    margin = MARGIN.get(place.kind, USUAL_MARGIN)
    dx, dy = np.abs(x - place.centre[0]), np.abs(y - place.centre[1])
    return np.asarray((dx < place.size[0] / 2 + margin) & (dy < place.size[1] / 2 + margin))


def _blobs(stands: np.ndarray, x: np.ndarray, y: np.ndarray) -> list[tuple[float, float]]:
    """The middles of the connected patches that are large enough."""
    count, marks = cv2.connectedComponents(stands)
    sizes = [(int((marks == mark).sum()), mark) for mark in range(1, count)]
    large = sorted((pair for pair in sizes if pair[0] * CELL**2 > SMALLEST), reverse=True)
    return [(float(x[marks == mark].mean()), float(y[marks == mark].mean())) for _, mark in large]
