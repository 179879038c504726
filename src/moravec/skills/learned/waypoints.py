"""Where the hand goes, as a pilot says it: relative to where the hand was, in the tool's own frame, z pointing down.

The hand always points straight down, so a pose is a position and the direction in which the fingers close.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from moravec.core.frames import Matrix, tool_down, wrap_angle
from moravec.models.contract import Floats

LARGEST_MOVE = 0.25  # [m] of a waypoint from the hand, along each axis
LARGEST_TURN = 1.8  # [rad]
TURN_LENGTH = 0.1  # [m] a turn of 1 rad counts as, where ways are measured
CORNER = 0.7  # [rad] a way that bends more comes to rest there
CLOSE = 0.003  # [m] waypoints nearer than this to the last one are passed over


@dataclass(frozen=True, slots=True)
class Pose:
    """The tool point at `position` (3,) [m] in the world, fingers closing along `yaw` [rad], open by `opening` [m]."""

    position: tuple[float, float, float]
    yaw: float
    opening: float

    @property
    def matrix(self) -> Matrix:
        """T_world_tool (4, 4)."""
        return tool_down(self.position, self.yaw)

    @property
    def place(self) -> Matrix:
        """(4,): position [m], and the yaw as a length [m]."""
        return np.array([*self.position, TURN_LENGTH * self.yaw])


def pose_of(T_world_tool: Matrix, opening: float) -> Pose:
    """The pose of a hand that points down, within the arm's tolerance."""
    x, y, z = (float(v) for v in T_world_tool[:3, 3])
    return Pose((x, y, z), float(np.arctan2(T_world_tool[1, 0], T_world_tool[0, 0])), opening)


def in_tool(hand: Pose, offset: Sequence[float]) -> tuple[float, float, float]:
    """A world offset (3,) [m] along the tool's own axes [m]."""
    x, y, z = hand.matrix[:3, :3].T @ np.asarray(offset, np.float64)
    return float(x), float(y), float(z)


def relative(hand: Pose, goals: Sequence[Pose]) -> Floats:
    """`goals` as waypoints (n, 5): dx, dy, dz [m] and dyaw [rad] about the tool's z, from `hand`; opening [m].

    The hand is symmetric: of a yaw and the one half a turn from it, the nearer is meant.
    """
    rows = []
    for goal in goals:
        move = in_tool(hand, np.subtract(goal.position, hand.position).tolist())
        rows.append([*move, -wrap_angle(goal.yaw - hand.yaw, np.pi), goal.opening])
    return np.array(rows, np.float32)


def absolute(hand: Pose, waypoints: Floats) -> list[Pose]:
    """Waypoints (n, 5) as poses; `relative` the other way."""
    axes, start = hand.matrix[:3, :3], np.array(hand.position)
    out = []
    for dx, dy, dz, dyaw, opening in np.asarray(waypoints, np.float64):
        x, y, z = start + axes @ np.array([dx, dy, dz])
        out.append(Pose((float(x), float(y), float(z)), hand.yaw - float(dyaw), float(opening)))
    return out


def stretches(hand: Pose, goals: Sequence[Pose]) -> list[list[Pose]]:
    """`goals` cut where the way bends sharply: each part is run as one motion, and the hand rests between them.

    A waypoint next to the one before is passed over, but for the last.
    """
    kept: list[Pose] = []
    for number, goal in enumerate(goals):
        before = kept[-1] if kept else hand
        if np.linalg.norm(goal.place - before.place) >= CLOSE:
            kept.append(goal)
        elif number == len(goals) - 1:
            kept[-1:] = [goal]
    parts: list[list[Pose]] = []
    points = [hand.place, *(goal.place for goal in kept)]
    for i, goal in enumerate(kept):
        if i == 0 or _bend(points[i - 1], points[i], points[i + 1]) > CORNER:
            parts.append([])
        parts[-1].append(goal)
    return parts


def _bend(a: NDArray[np.float64], b: NDArray[np.float64], c: NDArray[np.float64]) -> float:
    """The angle [rad] between the legs a-b and b-c."""
    one, other = b - a, c - b
    share = float(one @ other) / max(float(np.linalg.norm(one) * np.linalg.norm(other)), 1e-12)
    return float(np.arccos(np.clip(share, -1.0, 1.0)))
