"""The pilot that knows: it has found a grasp, or a spot, as the hard-coded skills do, and says the rest of the way from wherever
the hand is.

Demonstrations are recorded with it; what a model learns is to say the same from the picture alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import final

import numpy as np

from moravec.core.errors import SkillError
from moravec.core.frames import wrap_angle
from moravec.models.contract import PolicyChunk
from moravec.skills.bringing import BELOW, HOVER, OVER_RIM, TIP_CLEARANCE, release_opening
from moravec.skills.grasp import Grasp
from moravec.skills.learned.errand import Errand, PickErrand, PlaceErrand
from moravec.skills.learned.pilot import CHUNK, Moment
from moravec.skills.learned.waypoints import TURN_LENGTH, Pose, relative
from moravec.skills.taking import sound_grasps, start_height

STEP = 0.04  # [m] between waypoints at most, a turn counted as TURN_LENGTH
NEAR = 0.004  # [m] beside the way down, a turn counted as TURN_LENGTH: the hand is over the goal
ASIDE = 0.010  # [m] a hand that is lower and farther aside than this goes up again first
LOWER = 0.012  # [m] below where the way down begins, the hand is on its way
TURN_COST = 0.6  # of a grasp's score, for a quarter turn of the hand: of grasps equally good the nearest is shown


@final
class Teacher:
    """Never unsure."""

    def __init__(self) -> None:
        self._known: list[tuple[float, Grasp]] = []
        self._grasp: Grasp | None = None
        self.goal: Pose | None = None  # that it leads to, with the opening of the fingers there; at a grasp, of the thing

    def aim(self, errand: Errand) -> bool:
        """Finds grasps, as the hard-coded pick does; where to let go is found already."""
        self.goal = self._grasp = None
        self._known = sound_grasps(errand.scene) if isinstance(errand, PickErrand) else []
        return bool(self._known) or isinstance(errand, PlaceErrand)

    def act(self, moment: Moment) -> PolicyChunk:
        """The way from here. Raises SkillError where nothing was aimed at."""
        if isinstance(moment.errand, PlaceErrand):
            way = self._down(moment.hand, moment.errand)
        elif self._known and isinstance(moment.errand, PickErrand):
            way = self._to_grasp(moment.hand, moment.errand)
        else:
            raise SkillError("the teacher was asked for a way before it was shown a target it can take")
        return PolicyChunk(relative(moment.hand, way), 1.0)

    def _to_grasp(self, hand: Pose, errand: PickErrand) -> list[Pose]:
        scene = errand.scene
        if self._grasp is None or hand.position[2] > start_height(scene, self._grasp.position[2]) - LOWER:
            self._grasp = nearest(self._known, hand.yaw)  # none is begun yet: the likeliest for a hand that is turned so
        grasp = self._grasp
        self.goal = Pose(grasp.position, grasp.yaw, grasp.width)
        return way_to(hand, replace(self.goal, opening=grasp.opening), start_height(scene, grasp.position[2]), 0.0)

    def _down(self, hand: Pose, errand: PlaceErrand) -> list[Pose]:
        spot, held = errand.spots[0], errand.held
        if errand.into_bin:
            z, start_z = errand.place.rim + OVER_RIM, errand.over
        else:
            z = max(spot.height + held.below - BELOW, errand.place.floor + TIP_CLEARANCE)
            start_z = spot.height + held.below + HOVER
        self.goal = Pose((spot.x, spot.y, z), hand.yaw, held.width)
        return way_to(hand, self.goal, start_z, release_opening(held))


def nearest(known: list[tuple[float, Grasp]], yaw: float) -> Grasp:
    """Of grasps with their marks the best for a hand that is turned by `yaw` [rad]."""
    return max(known, key=lambda each: each[0] - TURN_COST * abs(wrap_angle(each[1].yaw - yaw, np.pi)) / (np.pi / 2))[1]


def way_to(hand: Pose, goal: Pose, start_z: float, at_end: float) -> list[Pose]:
    """CHUNK waypoints: to over `goal` at `start_z` [m], straight down, fingers to `at_end` [m]; the last one again and again."""
    x, y, z = goal.position
    yaw = hand.yaw + wrap_angle(goal.yaw - hand.yaw, np.pi)
    over, at = Pose((x, y, start_z), yaw, goal.opening), Pose((x, y, z), yaw, goal.opening)
    aside = float(np.hypot(np.hypot(x - hand.position[0], y - hand.position[1]), TURN_LENGTH * (yaw - hand.yaw)))
    low = hand.position[2] < start_z - LOWER
    legs = [at] if aside < NEAR or (low and aside < ASIDE) else [over, at]
    way: list[Pose] = []
    if low and len(legs) == 2:
        way.append(replace(hand, position=(*hand.position[:2], start_z), opening=goal.opening))
    for leg in legs:
        way += _steps(way[-1] if way else hand, leg)
    way = way[: CHUNK - 1]
    last = replace(way[-1], opening=at_end) if way[-1] == at else way[-1]
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
