"""The fixture: the pockets of the parcel's inlay, as the drawing shows them. Each holds one kind of thing, lengthwise along y."""

from __future__ import annotations

from dataclasses import dataclass

from moravec.worlds.cell.layout import PARCEL_CENTRE


@dataclass(frozen=True, slots=True)
class Pocket:
    """The middle of a thing of `category` lies over (x, y) [m], world frame, the parcel standing where the drawing has it."""

    category: str
    x: float
    y: float


_NEAR, _MIDDLE, _FAR = (PARCEL_CENTRE[0] + x for x in (-0.105, 0.0, 0.105))

# In the order in which they are filled: every kind once, then once more. The largest things of each kind lie 6 mm apart
# lengthwise, and across fingers that close along x find room between the columns.
POCKETS = (
    Pocket("box", _MIDDLE, 0.066),
    Pocket("can", _FAR, 0.115),
    Pocket("bottle", _FAR, 0.008),
    Pocket("ball", _FAR, 0.190),
    Pocket("tool", _FAR, -0.145),
    Pocket("part", _MIDDLE, 0.179),
    Pocket("box", _MIDDLE, -0.066),
    Pocket("can", _NEAR, 0.115),
    Pocket("bottle", _NEAR, 0.008),
    Pocket("ball", _NEAR, 0.190),
    Pocket("tool", _NEAR, -0.145),
    Pocket("part", _MIDDLE, -0.179),
)
KINDS = tuple(pocket.category for pocket in POCKETS)
