"""The pilot that knows: it has found a grasp as the hard-coded pick does, and says the rest of the way from wherever the hand is.

Demonstrations are recorded with it; what a model learns is to say the same from the picture alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import final

import numpy as np

from moravec.core.errors import SkillError
from moravec.core.frames import wrap_angle
from moravec.models.contract import PolicyChunk
from moravec.skills.grasp import Grasp
from moravec.skills.learned.pilot import CHUNK, Moment
from moravec.skills.learned.waypoints import TURN_LENGTH, Pose, relative
from moravec.skills.taking import Scene, sound_grasps, start_height

STEP = 0.04  # [m] between waypoints at most, a turn counted as TURN_LENGTH
NEAR = 0.004  # [m] beside the way down, a turn counted as TURN_LENGTH: the hand is over the grasp
ASIDE = 0.010  # [m] a hand that is lower and farther aside than this goes up again first
LOWER = 0.012  # [m] below where the way down begins, the hand is on its way
TURN_COST = 0.6  # of a grasp's score, for a quarter turn of the hand: of grasps equally good the nearest is shown


@final
class Teacher:
    """Never unsure."""

    def __init__(self) -> None:
        self._known: list[tuple[float, Grasp]] = []
        self.grasp: Grasp | None = None  # that it leads to

    def aim(self, scene: Scene) -> bool:
        """Finds grasps, as the hard-coded pick does."""
        self._known, self.grasp = sound_grasps(scene), None
        return bool(self._known)

    def act(self, moment: Moment) -> PolicyChunk:
        """The way from here. Raises SkillError where nothing was aimed at."""
        if not self._known:
            raise SkillError("the teacher was asked for a way before it was shown a target it can take")
        hand = moment.hand
        if self.grasp is None or hand.position[2] > start_height(moment.scene, self.grasp.position[2]) - LOWER:
            self.grasp = nearest(self._known, hand.yaw)  # no grasp is begun yet: the likeliest for a hand that is turned so
        way = way_to(hand, self.grasp, start_height(moment.scene, self.grasp.position[2]))
        return PolicyChunk(relative(hand, way), 1.0)


def nearest(known: list[tuple[float, Grasp]], yaw: float) -> Grasp:
    """Of grasps with their marks the best for a hand that is turned by `yaw` [rad]."""
    return max(known, key=lambda each: each[0] - TURN_COST * abs(wrap_angle(each[1].yaw - yaw, np.pi)) / (np.pi / 2))[1]


def way_to(hand: Pose, grasp: Grasp, start_z: float) -> list[Pose]:
    """CHUNK waypoints: to over the grasp at `start_z` [m], straight down, close; then the last one again and again."""
    x, y, z = grasp.position
    yaw = hand.yaw + wrap_angle(grasp.yaw - hand.yaw, np.pi)
    over, at = Pose((x, y, start_z), yaw, grasp.opening), Pose((x, y, z), yaw, grasp.opening)
    aside = float(np.hypot(np.hypot(x - hand.position[0], y - hand.position[1]), TURN_LENGTH * (yaw - hand.yaw)))
    low = hand.position[2] < start_z - LOWER
    legs = [at] if aside < NEAR or (low and aside < ASIDE) else [over, at]
    way: list[Pose] = []
    if low and len(legs) == 2:
        way.append(replace(hand, position=(*hand.position[:2], start_z), opening=grasp.opening))
    for leg in legs:
        way += _steps(way[-1] if way else hand, leg)
    way = way[: CHUNK - 1]
    last = replace(way[-1], opening=0.0) if way[-1] == at else way[-1]
    return [*way, *([last] * (CHUNK - len(way)))]


def _steps(start: Pose, goal: Pose) -> list[Pose]:
    """Poses from `start`, left out, to `goal`, at most STEP apart."""
    count = max(1, int(np.ceil(float(np.linalg.norm(goal.place - start.place)) / STEP)))
    out = []
    for s in np.arange(1, count) / count:
        position = (1 - s) * np.array(start.position) + s * np.array(goal.position)
        x, y, z = (float(v) for v in position)
        out.append(Pose((x, y, z), float((1 - s) * start.yaw + s * goal.yaw), goal.opening))
    return [*out, goal]
