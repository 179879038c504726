"""The cell's drawing: where things stand, in metres, in the world frame (robot base at the origin, x ahead, y left)."""

from __future__ import annotations

from moravec.core.workplace import Place, Workplace
from moravec.worlds.cell.items import CATEGORIES, COLOURS

PARCEL_CENTRE = (0.50, 0.0)
PARCEL_INNER = (0.34, 0.46)
PARCEL_FLOOR = 0.006
PARCEL_HEIGHT = 0.100  # rim above the table
PARCEL_WALL = 0.005

BIN_INNER = (0.20, 0.21)
BIN_HEIGHT = 0.09
BIN_WALL = 0.004
BIN_X = (0.36, 0.15, -0.06)
LOWER_ROW = (0.405, 0.010)  # y, floor height
UPPER_ROW = (0.665, 0.130)
LEDGE_DEPTH = 0.042  # the ledge in front of each bin that carries its label
LABEL_SIDE = 0.038

STATION_CENTRE = (0.30, -0.43)
STATION_SIZE = (0.24, 0.24)
STATION_HEIGHT = 0.02

REJECT_CENTRE = (-0.02, -0.53)
REJECT_INNER = (0.26, 0.26)
REJECT_HEIGHT = 0.11

LID_REST_CENTRE = (-0.40, -0.16)
LID_REST_SIZE = (0.42, 0.54)
LABELS = ("A", "B", "C", "D", "E", "F")
STORING_RULE = (*zip(CATEGORIES, LABELS, strict=True), ("damaged", "reject"))

HOME_Q = (0.0, -1.95, 2.05, -1.67, -1.5708, 0.0)

# Posts of the wrist camera, looking straight down: x, y, z of the lens [m], yaw [rad] of the tool.
VIEWS = (
    ("parcel", (0.47, 0.0, 0.55, 0.0)),
    ("parcel_close", (0.48, 0.0, 0.47, 0.0)),
    ("station", (0.30, -0.43, 0.33, 0.0)),
    ("shelf_left", (0.255, 0.40, 0.56, 0.0)),
    ("shelf_right", (0.00, 0.42, 0.56, 0.0)),
    ("reject", (-0.02, -0.50, 0.50, 0.0)),
)


def bin_places() -> tuple[Place, ...]:
    """The six bins, numbered along the lower row and then the upper."""
    return tuple(
        Place(f"bin_{3 * row + column + 1}", "bin", (x, y), BIN_INNER, floor + BIN_WALL, floor + BIN_HEIGHT)
        for row, (y, floor) in enumerate((LOWER_ROW, UPPER_ROW))
        for column, x in enumerate(BIN_X)
    )


def workplace() -> Workplace:
    """What the integrator of this cell knows."""
    places = (
        Place("parcel", "parcel", PARCEL_CENTRE, PARCEL_INNER, PARCEL_FLOOR, PARCEL_HEIGHT),
        Place("station", "station", STATION_CENTRE, STATION_SIZE, STATION_HEIGHT, STATION_HEIGHT),
        Place("reject", "reject", REJECT_CENTRE, REJECT_INNER, 0.006, REJECT_HEIGHT),
        Place("lid_rest", "lid_rest", LID_REST_CENTRE, LID_REST_SIZE, 0.0, 0.0),
        Place("shelf", "shelf", (0.15, 0.53), (0.70, 0.55), 0.0, 0.22),
        Place("table", "table", (0.15, 0.0), (1.5, 1.9), 0.0, 0.0),
        *bin_places(),
    )
    return Workplace("cell", places, tuple(COLOURS), CATEGORIES, LABELS, STORING_RULE, HOME_Q, VIEWS)
