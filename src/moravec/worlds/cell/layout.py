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
BIN_X = (0.31, 0.10, -0.11)
LOWER_ROW = (0.405, 0.010)  # y, floor height
UPPER_ROW = (0.665, 0.130)
PLINTH_CENTRE = (BIN_X[1], UPPER_ROW[0] - 0.020)
PLINTH_SIZE = (0.68, BIN_INNER[1] + 2 * BIN_WALL + 0.044)
LEDGE_DEPTH = 0.042  # the ledge in front of each bin that carries its label
LEDGE_OVER = 0.002  # and how far it stands above the bin's rim
LABEL_SIDE = 0.038

# The conveyor's belt, where the cell has one: it takes the parcel's place and runs towards +y.
BELT_CENTRE = (0.56, 0.02)
BELT_SIZE = (0.20, 1.84)
BELT_FLOOR = 0.05
BELT_RIM = 0.058  # of its side rails
ABOVE_BELT = 0.10  # over its rails: what rides on it reaches no higher
BAND = 0.006  # thickness
RAIL = 0.008
BELT_IN, BELT_OUT = -0.80, 0.86  # y where things are laid on it, and where they leave the cell

STATION_CENTRE = (0.30, -0.43)
STATION_SIZE = (0.24, 0.24)
STATION_HEIGHT = 0.02

REJECT_CENTRE = (-0.02, -0.53)
REJECT_INNER = (0.26, 0.26)
REJECT_HEIGHT = 0.11
REJECT_WALL = 0.005

LID_REST_CENTRE = (-0.40, -0.16)
LID_REST_SIZE = (0.42, 0.54)
LABELS = ("A", "B", "C", "D", "E", "F")
STORING_RULE = (*zip(CATEGORIES, LABELS, strict=True), ("damaged", "reject"))

HOME_Q = (0.0, -1.95, 2.05, -1.67, -1.5708, 0.0)

# The wrist camera's post over the belt, before the middle of what the arm reaches of it.
BELT_VIEW = ("belt", (BELT_CENTRE[0], -0.12, 0.50, 1.5707963))

# Posts of the wrist camera, looking straight down: x, y, z of the lens [m], yaw [rad] of the tool.
VIEWS = (
    ("parcel", (0.50, 0.0, 0.55, -1.5707963)),
    ("station", (0.30, -0.43, 0.33, 0.0)),
    ("shelf_left", (0.205, 0.40, 0.56, 0.0)),
    ("shelf_right", (-0.05, 0.42, 0.56, 0.0)),
    ("reject", (-0.02, -0.50, 0.50, 0.0)),
)


def bin_places() -> tuple[Place, ...]:
    """The six bins, numbered along the lower row and then the upper."""
    return tuple(
        Place(f"bin_{3 * row + column + 1}", "bin", (x, y), BIN_INNER, floor + BIN_WALL, floor + BIN_HEIGHT)
        for row, (y, floor) in enumerate((LOWER_ROW, UPPER_ROW))
        for column, x in enumerate(BIN_X)
    )


def ledge_places() -> tuple[Place, ...]:
    """The label ledges in front of the bins, and the plinth under the upper row: what the arm has to keep clear of."""
    depth = BIN_INNER[1] / 2 + BIN_WALL
    ledges = tuple(
        Place(f"ledge_{place.name[4:]}", "obstacle", (place.centre[0], place.centre[1] - depth - LEDGE_DEPTH / 2),
              (0.11, LEDGE_DEPTH), place.rim - 0.006, place.rim + LEDGE_OVER)
        for place in bin_places()
    )  # fmt: skip
    return (*ledges, Place("plinth", "obstacle", PLINTH_CENTRE, PLINTH_SIZE, 0.0, UPPER_ROW[1]))


def workplace(conveyor: bool = False) -> Workplace:
    """What the integrator of this cell knows. With a `conveyor` things come on a belt instead of in a parcel."""
    parcel = Place("parcel", "parcel", PARCEL_CENTRE, PARCEL_INNER, PARCEL_FLOOR, PARCEL_HEIGHT)
    belt = Place("belt", "belt", BELT_CENTRE, BELT_SIZE, BELT_FLOOR, BELT_RIM)
    places = (
        belt if conveyor else parcel,
        Place("station", "station", STATION_CENTRE, STATION_SIZE, STATION_HEIGHT, STATION_HEIGHT),
        Place("reject", "reject", REJECT_CENTRE, REJECT_INNER, 0.006, REJECT_HEIGHT),
        *(() if conveyor else (Place("lid_rest", "lid_rest", LID_REST_CENTRE, LID_REST_SIZE, 0.0, 0.0),)),
        Place("shelf", "shelf", (BIN_X[1], 0.53), (0.70, 0.55), 0.0, 0.22),
        Place("table", "table", (0.15, 0.0), (1.5, 1.9), 0.0, 0.0),
        *bin_places(),
        *ledge_places(),
    )
    views = (BELT_VIEW, *VIEWS[1:]) if conveyor else VIEWS
    return Workplace("cell", places, tuple(COLOURS), CATEGORIES, LABELS, STORING_RULE, HOME_Q, views)
