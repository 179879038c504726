"""Whether the arm gets to a point at all, by its own kinematics; asked once for each point and remembered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import final

import numpy as np

from moravec.core.frames import tool_down
from moravec.core.workplace import Workplace
from moravec.skills.arm import Arm

GRID = 0.01  # [m]: points nearer than this count as one
YAWS = (0.0, np.pi / 4, np.pi / 2, -np.pi / 4)  # [rad] of the closing fingers: another may be reached where one is not
ABOVE = 0.02  # [m] over the point, where the hand has to get to at least


@final
class Reach:
    """Points are (x, y, z) [m] in the world; the tool points down. Not for use by two threads at once, as the arm is not."""

    def __init__(self, arm: Arm, workplace: Workplace) -> None:
        self._arm, self._home = arm, np.array(workplace.home_q)
        self._known: dict[tuple[int, ...], bool] = {}

    def unknown(self, points: Iterable[Sequence[float]]) -> list[tuple[float, ...]]:
        """Those of `points` that were not asked for yet."""
        return [tuple(point) for point in points if _cell(point) not in self._known]

    def ask(self, points: Iterable[Sequence[float]]) -> None:
        """Find out, some milliseconds a point, more where none of the ways there is one."""
        for point in points:
            if _cell(point) not in self._known:
                self._known[_cell(point)] = self._reaches(point)

    def reaches(self, point: Sequence[float]) -> bool | None:
        """Whether the tool gets to `point`, pointing down; None where it was not asked."""
        return self._known.get(_cell(point))

    def _reaches(self, point: Sequence[float]) -> bool:
        goal = np.array(point) + [0.0, 0.0, ABOVE]
        return any(self._arm.reach(tool_down(goal, yaw), self._home) is not None for yaw in YAWS)


def _cell(point: Sequence[float]) -> tuple[int, ...]:
    return tuple(round(x / GRID) for x in point)
