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
    """Where a robot's channels belong, and which part of its pictures is looked at."""

    alignment: Alignment
    view: View


ROBOTS: Mapping[str, Embodiment] = MappingProxyType({
    "sawyer": Embodiment(METAWORLD, View()),
    "ur5e": Embodiment(CELL, View(0.0, 1.0, 0.0, 1.0, 160, 160)),  # its pictures are cut around the target already
})  # fmt: skip


def embodiment(robot: str) -> Embodiment:
    """Of a data set's robot, by its name. Raises BadInput for one that is not known."""
    if robot not in ROBOTS:
        raise BadInput("the data set's robot", robot, ROBOTS)
    return ROBOTS[robot]
