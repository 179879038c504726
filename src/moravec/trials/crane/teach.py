"""What the program is taught from the drawing: where it grips each thing of the fixture, where it lets go, what is above what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import pi

from moravec.core.errors import BadInput
from moravec.core.workplace import Place, Workplace
from moravec.trials.crane.way import Corner
from moravec.worlds.cell.pockets import Pocket

ABOVE = 0.008  # [m] between the tips and the tallest thing of a kind, where the slow way down begins
TIPS = 0.008  # [m] of the finger tips above the floor that things lie on
OVER = 0.08  # [m] of the tips above the parcel's rim on the way: what they hold reaches a little below them
OVER_BIN = 0.030  # [m] of the tips above a bin's rim when they let go
ASIDE = 0.040  # [m] from a bin's middle: the first of a kind nearer to the arm, the second beyond
BEFORE = 0.20  # [m] before the middle of a raised bin the hand is as high as it has to be
ALONG_X, ALONG_Y = -pi, -pi / 2  # [rad] yaws of closing fingers, between which wrist 3 turns least on the way to the shelf

HANDLE_ABOVE_LID = 0.049  # [m] from the rim to the top of the handle of a closed lid
HANDLE_ABOVE_TABLE = 0.064  # [m] of the handle's top, when the lid lies on something
HANDLE_DEPTH = 0.030  # [m] of the tips below the handle's top
HANDLE_OPENING = 0.060  # [m]
LID_HEIGHT = 0.20  # [m] of the tips above the table while the lid is carried


@dataclass(frozen=True, slots=True)
class Kind:
    """Of one kind of thing: how tall it lies at most [m], and where the fingers close, from its middle along y [m]."""

    height: float
    along: float = 0.0


# As the things' drawings have them: bottles and tools are gripped where they are heaviest.
TAUGHT = {
    "box": Kind(0.072),
    "can": Kind(0.086),
    "bottle": Kind(0.060, -0.010),
    "ball": Kind(0.068),
    "tool": Kind(0.026, 0.016),
    "part": Kind(0.054),
}


@dataclass(frozen=True, slots=True)
class Job:
    """One thing: the hand comes down to `grip`, from the height `top` [m] on where it may meet the thing; and lets go at
    `release`."""

    name: str
    top: float
    grip: Corner
    release: Corner


@dataclass(frozen=True, slots=True)
class Lid:
    """Where the lid's handle is gripped, and where it is laid."""

    grip: Corner
    release: Corner


def jobs(workplace: Workplace, pockets: Sequence[Pocket]) -> tuple[Job, ...]:
    """One for each of `pockets`, in their order; labels in the order of the drawing. Raises BadInput for a kind not taught."""
    parcel = _only(workplace, "parcel")
    labelled = dict(zip(workplace.labels, workplace.of_kind("bin"), strict=True))
    taught, before = [], list[str]()
    for number, pocket in enumerate(pockets, start=1):
        if pocket.category not in TAUGHT:
            raise BadInput("the kind of thing in a pocket", pocket.category, TAUGHT)
        kind = TAUGHT[pocket.category]
        grip = Corner(pocket.x, pocket.y + kind.along, parcel.floor + TIPS, ALONG_X)
        release = _over(labelled[workplace.label_for(pocket.category, damaged=False)], before.count(pocket.category))
        top = parcel.floor + kind.height + ABOVE
        taught.append(Job(f"{number} {pocket.category}", top, grip, release))
        before.append(pocket.category)
    return tuple(taught)


def lid_of(workplace: Workplace) -> Lid:
    """The lid of the parcel, and the lid's rest."""
    parcel, rest = _only(workplace, "parcel"), _only(workplace, "lid_rest")
    grip = Corner(*parcel.centre, parcel.rim + HANDLE_ABOVE_LID - HANDLE_DEPTH, ALONG_X)
    return Lid(grip, Corner(*rest.centre, rest.floor + HANDLE_ABOVE_TABLE - HANDLE_DEPTH, ALONG_X - pi))


def travel_height(workplace: Workplace) -> float:
    """Of the tips [m], above the table, on every way over the parcel."""
    return _only(workplace, "parcel").rim + OVER


def _only(workplace: Workplace, kind: str) -> Place:
    places = workplace.of_kind(kind)
    if len(places) != 1:
        raise BadInput(f"places of the kind {kind!r}", [place.name for place in places], "exactly one")
    return places[0]


def _over(place: Place, number: int) -> Corner:
    """Where the `number`-th thing falls into a bin, the fingers closing along y and so the thing lying along x."""
    side = -ASIDE if number % 2 == 0 else ASIDE
    return Corner(place.centre[0], place.centre[1] + side, place.rim + OVER_BIN, ALONG_Y)
