"""Which of several sound grasps to try: one that takes one thing only, and not the one that just failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from moravec.core.frames import Matrix
from moravec.perception.detection import Detection
from moravec.skills.grasp import DEPTH, FINGER_WIDTH, Grasp

SHRINK = 0.003  # [m] a neighbour's outline is taken this much smaller: touching is not being between the fingers
OVER = 0.003  # [m] the tips stay above what lies under the wanted thing
LEAST_DEPTH = 0.014  # [m] of a grasp whose tips were raised
CROWD_COST = 2.5  # of a grasp in which a neighbour takes up half of the room or more, in units of a grasp's score
TRIED_COST = 1.5
TOGETHER_COST = 2.0  # of a grasp as deep as any after two things came up together, less for a shallower one
SAME_PLACE = 0.015  # [m]
SAME_YAW = 0.3  # [rad]
SAME_HEIGHT = 0.008  # [m]


def ranked(
    grasps: Sequence[Grasp], others: Sequence[Detection], tried: Sequence[Grasp] = (), together: bool = False
) -> list[tuple[float, Grasp]]:
    """`grasps` anew, best first, each with its mark, in units of a grasp's score: those that would also take hold of one of
    `others`, or repeat one of `tried`, come last.

    A thing that lies on another is held above that other where enough of it stands out. Once two were lifted `together`, the
    shallower grasp is the better one.
    """
    raised = [_raised(grasp, others) for grasp in grasps]
    marks = [_mark(g, others, tried) - together * TOGETHER_COST * (g.top - g.position[2]) / DEPTH for g in raised]
    return [(marks[i], raised[i]) for i in np.argsort(np.negative(marks), kind="stable")]


def _mark(grasp: Grasp, others: Sequence[Detection], tried: Sequence[Grasp]) -> float:
    crowded = min(1.0, 2.0 * crowd(grasp, others))
    return grasp.score - CROWD_COST * crowded - TRIED_COST * any(_alike(grasp, t) for t in tried)


def crowd(grasp: Grasp, others: Sequence[Detection]) -> float:
    """Which share of the room between the fingers `others` take up, seen from above: 0 to 1."""
    points = _between(grasp)
    taken = np.zeros(len(points), bool)
    for other in others:
        if _top(other) > grasp.position[2] + OVER:
            taken |= _under(other, points)
    return float(taken.mean())


def _between(grasp: Grasp) -> Matrix:
    """Points (n, 2) [m] between the closing fingers."""
    along, across = np.meshgrid(
        np.linspace(-0.5, 0.5, 9) * grasp.width, np.linspace(-0.5, 0.5, 5) * FINGER_WIDTH, indexing="ij"
    )
    c, s = np.cos(grasp.yaw), np.sin(grasp.yaw)
    x, y = grasp.position[:2]
    return np.stack([x + c * along - s * across, y + s * along + c * across], axis=-1).reshape(-1, 2)


def _under(other: Detection, points: Matrix) -> np.ndarray:
    """Which of `points` (n, 2) [m] lie within the outline of `other`."""
    dx, dy = points[:, 0] - other.position[0], points[:, 1] - other.position[1]
    c, s = np.cos(other.yaw), np.sin(other.yaw)
    inside = np.abs(c * dx + s * dy) < other.extent[0] / 2 - SHRINK
    return np.asarray(inside & (np.abs(c * dy - s * dx) < other.extent[1] / 2 - SHRINK))


def _top(thing: Detection) -> float:
    return thing.position[2] + thing.extent[2] / 2


def _raised(grasp: Grasp, others: Sequence[Detection]) -> Grasp:
    """`grasp` with its tips above those of `others` that lie under what it takes, if enough depth is left."""
    points = _between(grasp)
    tops = [_top(o) for o in others if _top(o) > grasp.position[2] + OVER and _under(o, points).any()]
    if not tops:
        return grasp
    z = max(tops) + OVER
    if grasp.top - z < LEAST_DEPTH:
        return grasp
    return replace(grasp, position=(*grasp.position[:2], z))


def _alike(a: Grasp, b: Grasp) -> bool:
    turn = abs((a.yaw - b.yaw + np.pi / 2) % np.pi - np.pi / 2)
    apart = float(np.hypot(a.position[0] - b.position[0], a.position[1] - b.position[1]))
    return apart < SAME_PLACE and turn < SAME_YAW and abs(a.position[2] - b.position[2]) < SAME_HEIGHT
