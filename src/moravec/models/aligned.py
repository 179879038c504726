"""One state-action vector for every embodiment: 80 places with fixed meanings, and a mask of those that a robot has.

The idea is Qwen-RobotManip's aligned space, 80 wide as well (two sides of 29 places and 22 more); the layout here is our own:

| places | what | unit |
|---|---|---|
| 0-6 | first arm: joints 1 to 7 | rad, rad/s |
| 7-9 | first hand: place, or move, x y z | m, or a share of the largest move |
| 10-15 | first hand: turn, as two columns of its matrix | 1 |
| 16 | first gripper: opening, or closing | 1 |
| 17-28 | first hand's fingers | rad |
| 29-57 | second arm, hand and gripper, as 0-28 | |
| 58-60 | base: place or speed x, y and turn | m, m/s, rad, rad/s |
| 61-65 | torso and head joints | rad |
| 66-79 | reserved | |

A robot's channels are put where they belong by its `Alignment`; a model never learns which robot it drives but by the mask.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from moravec.core.errors import ContractError
from moravec.models.contract import Floats

WIDTH = 80
ARM, HAND, TURN, GRIPPER, FINGERS = 0, 7, 10, 16, 17
SECOND = 29  # where the second side begins
BASE, TORSO = 58, 61
RESERVED = 66


@dataclass(frozen=True, slots=True)
class Alignment:
    """Where a robot's channels stand: `state` and `action` are places, one for each channel, in the channels' order."""

    state: tuple[int, ...]
    action: tuple[int, ...]

    def __post_init__(self) -> None:
        for what, places in (("state", self.state), ("action", self.action)):
            wrong = [place for place in places if not 0 <= place < RESERVED]
            if wrong or len(set(places)) != len(places):
                raise ContractError(f"alignment of {what}: found places {places}; allowed: each of 0 to {RESERVED - 1} once")


# Meta-World's hand: its place and opening; and how it is to move and close.
METAWORLD = Alignment((HAND, HAND + 1, HAND + 2, GRIPPER), (HAND, HAND + 1, HAND + 2, GRIPPER))

# The work cell's hand: from its target level and above the floor, and its opening; where it goes from where it is, in its own
# frame, its turn as the second number of the first column (for a small turn the angle itself), and the opening there.
CELL = Alignment((HAND, HAND + 1, HAND + 2, GRIPPER), (HAND, HAND + 1, HAND + 2, TURN + 1, GRIPPER))


def scatter(values: Floats, places: Sequence[int]) -> Floats:
    """`values` (..., n) in their places: (..., WIDTH), zero elsewhere. Raises ContractError."""
    if values.shape[-1:] != (len(places),):
        found = f"found {values.shape} values for {len(places)} places"
        raise ContractError(f"aligned vector: {found}; allowed: (..., {len(places)})")
    out = np.zeros((*values.shape[:-1], WIDTH), np.float32)
    out[..., list(places)] = values
    return out


def gather(aligned: Floats, places: Sequence[int]) -> Floats:
    """The robot's own channels (..., n) out of aligned vectors (..., WIDTH). Raises ContractError."""
    if aligned.shape[-1:] != (WIDTH,):
        raise ContractError(f"aligned vector: found {aligned.shape}; allowed: (..., {WIDTH})")
    return aligned[..., list(places)]


def mask(places: Sequence[int]) -> NDArray[np.float32]:
    """(WIDTH,): 1 where the robot has something, 0 elsewhere."""
    out = np.zeros(WIDTH, np.float32)
    out[list(places)] = 1.0
    return out
