"""What training needs to know of each robot whose demonstrations it may be given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from moravec.core.errors import BadInput
from moravec.models.aligned import CELL, METAWORLD, Alignment
from moravec.models.manip.config import View


@dataclass(frozen=True, slots=True)
class Embodiment:
    """Where a robot's channels belong, as no other's do; which part of its pictures is looked at; and which places its
    demonstrations hold for losses in training, in words for a card."""

    alignment: Alignment
    view: View
    places: str


ROBOTS: Mapping[str, Embodiment] = MappingProxyType({
    "sawyer": Embodiment(METAWORLD, View(), "the simulator's coordinates"),
    # Its pictures are cut around the target already.
    "ur5e": Embodiment(CELL, View(0.0, 1.0, 0.0, 1.0, 160, 160), "where the teacher meant to grasp or let go"),
})  # fmt: skip


def embodiment(robot: str) -> Embodiment:
    """Of a data set's robot, by its name. Raises BadInput for one that is not known."""
    if robot not in ROBOTS:
        raise BadInput("the data set's robot", robot, ROBOTS)
    return ROBOTS[robot]


def aligned_as(alignment: Alignment) -> Embodiment | None:
    """Of the robot whose channels stand there; None where no known one's do."""
    return next((known for known in ROBOTS.values() if known.alignment == alignment), None)
