"""Whether somebody stands at the table."""

from __future__ import annotations

import cv2
import numpy as np

from moravec.core.observation import CameraFrame
from moravec.core.workplace import Workplace
from moravec.perception.cloud import cloud

ABOVE_FLOOR = 0.06  # [m]
BESIDE_TABLE = 0.03  # [m]
ROBOT_REACH = 1.10  # [m] above the table and nearer than this it may be the robot itself
MIN_AREA = 0.002  # [m2] of what is seen of them


def see_person(frame: CameraFrame, workplace: Workplace) -> tuple[float, float] | None:
    """Where (x, y) [m] somebody stands beside the table, as the overhead camera sees them; None for nobody.

    Whatever stands up from the room's floor outside the table's edge counts: legs are enough.
    """
    table = workplace.place("table")
    view = cloud(frame)
    x, y, z = view.points[..., 0], view.points[..., 1], view.points[..., 2]
    outside = (np.abs(x - table.centre[0]) > table.size[0] / 2 + BESIDE_TABLE) | (
        np.abs(y - table.centre[1]) > table.size[1] / 2 + BESIDE_TABLE
    )
    outside &= view.seen
    if not outside.any():
        return None
    floor = float(np.percentile(z[outside], 20))
    tall = outside & (z > floor + ABOVE_FLOOR) & ((z < table.floor - 0.05) | (np.hypot(x, y) > ROBOT_REACH))
    tall_u8 = cv2.morphologyEx(tall.astype(np.uint8), cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    if not tall_u8.any():
        return None
    distance = frame.T_world_camera[2, 3] - z
    area = np.where(tall_u8 > 0, (distance / frame.K[0, 0]) ** 2, 0.0)
    if float(np.nansum(area)) < MIN_AREA:
        return None
    rows = tall_u8 > 0
    return float(np.median(x[rows])), float(np.median(y[rows]))
