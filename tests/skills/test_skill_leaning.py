"""A hand that leans away from a wall: how near the wall it may come, which way it leans, and that it takes what stands there."""

from __future__ import annotations

import numpy as np
import pytest
from helpers_skills import ARM, WORKPLACE, Stage, asked, detection, play

from moravec.core.workplace import Place
from moravec.robots.ur5e.kinematics import TOOL_OFFSET
from moravec.robots.ur5e.parts import FINGERS, PALM
from moravec.skills.contract import Follow, Note
from moravec.skills.delivery import delivery_skills
from moravec.skills.grasp import Grasp
from moravec.skills.leaning import LEAN, leaning_pose
from moravec.skills.taking import NUDGES, NUDGES_IN_VAIN
from moravec.skills.walls import SPARE, has_room, kept_from_walls

PARCEL = WORKPLACE.place("parcel")
SKILLS = delivery_skills()


def clear(z: float, rim: float, lean: float, away: float) -> bool:
    """Whether palm and fingers, looked at in a thousand places, stay off the wall's face and its upper edge."""
    for near, far, radius in (
        (TOOL_OFFSET[2] - PALM[1], TOOL_OFFSET[2] - PALM[0], PALM[2]),
        (FINGERS[1], TOOL_OFFSET[2] - FINGERS[0], FINGERS[1]),
    ):
        up = np.linspace(near, far, 1000)
        x, height = away + up * np.sin(lean), z + up * np.cos(lean)
        if np.any(np.hypot(x, np.maximum(height - rim, 0.0)) < radius - 1e-9):
            return False
    return True


@pytest.mark.parametrize("lean", [0.0, 0.3, LEAN, 0.8])
@pytest.mark.parametrize("z", [0.011, 0.02, 0.03, 0.05, 0.09, 0.2])
def test_what_is_kept_from_a_wall_is_enough_and_not_much_more(z: float, lean: float) -> None:
    kept = kept_from_walls(z, PARCEL.rim, lean)
    assert clear(z, PARCEL.rim, lean, kept - SPARE + 5e-4)
    assert kept <= SPARE + 1e-9 or not clear(z, PARCEL.rim, lean, kept - SPARE - 1e-3)
    assert kept <= kept_from_walls(z, PARCEL.rim) + 1e-9, "who leans away comes nearer"


@pytest.mark.parametrize("wall", [(0, 1), (0, -1), (1, 1), (1, -1)])
@pytest.mark.parametrize("turn", [0.0, np.pi])
def test_the_palm_leans_away_from_the_nearest_wall_whichever_way_the_hand_is_turned(wall: tuple[int, int], turn: float) -> None:
    axis, side = wall
    position = np.array([*PARCEL.centre, 0.02])
    position[axis] += side * (PARCEL.size[axis] / 2 - 0.015)
    yaw = np.pi / 2 if axis == 0 else 0.0
    T = leaning_pose(PARCEL, Grasp(tuple(position), yaw, 0.06, 0.04, 0.04, 1.0, LEAN), position, turn)
    palm = -T[:3, 2]
    assert palm[axis] * side == pytest.approx(-np.sin(LEAN)) and palm[2] == pytest.approx(np.cos(LEAN))
    assert abs(T[:3, 0] @ np.array([np.cos(yaw), np.sin(yaw), 0.0])) == pytest.approx(1.0), "it closes as the grasp says"
    assert np.allclose(T[:3, :3] @ T[:3, :3].T, np.eye(3)) and np.linalg.det(T[:3, :3]) == pytest.approx(1.0)
    assert np.allclose(T[:3, 3], position)


def test_only_the_nearest_wall_is_leant_away_from() -> None:
    x, y = PARCEL.centre[0] + PARCEL.size[0] / 2 - 0.014, PARCEL.centre[1]
    corner = PARCEL.centre[1] + PARCEL.size[1] / 2 - 0.018
    assert has_room(PARCEL, (x, y, 0.015), LEAN) and not has_room(PARCEL, (x, y, 0.015))
    assert not has_room(PARCEL, (x, corner, 0.015), LEAN)
    assert has_room(Place("plate", "station", (0.0, 0.0), (0.1, 0.1), 0.02, 0.02), (0.05, 0.05, 0.02), LEAN)


def nudges(stage: Stage) -> int:
    return sum(note.topic == "nudge" for note in asked(stage, Note))


def test_what_moves_when_it_is_dragged_is_dragged_on() -> None:
    """Too flat to be taken hold of: 1 mm a drag is what a look may err by, 6 mm is not."""
    x, y = PARCEL.centre[0] + PARCEL.size[0] / 2 - 0.03, PARCEL.centre[1]
    for way, wanted in ((0.006, NUDGES), (0.001, NUDGES_IN_VAIN)):
        looks = [[detection(at=(x - k * way, y), extent=(0.04, 0.04, 0.01))] for k in range(NUDGES + 1)]
        stage = Stage(believed=looks[0][0], items=looks, boxes=())
        result, _ = play(SKILLS["pick"], stage, {"item": "thing"})
        assert result.code == "no_grasp" and nudges(stage) == wanted


def test_what_stands_at_a_wall_is_taken_by_a_hand_that_leans_once_it_cannot_be_dragged_away() -> None:
    x, y, top = PARCEL.centre[0] + PARCEL.size[0] / 2 - 0.014, PARCEL.centre[1], PARCEL.floor + 0.045
    thing = detection(at=(x, y), position=(x, y, PARCEL.floor + 0.0225), extent=(0.044, 0.024, 0.045), yaw=np.pi / 2)
    stage = Stage(believed=thing, items=[[thing]], boxes=((x, y, 0.012, 0.022, top),), held_width=0.04)
    result, context = play(SKILLS["pick"], stage, {"item": "thing"})
    assert result.code == "ok" and context.hand.held is not None
    assert nudges(stage) == NUDGES_IN_VAIN, "dragging comes first: an upright grasp is the better one"
    low = min((ARM.tool_pose(r.chunk.q[-1]) for r in asked(stage, Follow)), key=lambda T: T[2, 3])
    assert -low[2, 2] == pytest.approx(np.cos(LEAN), abs=5e-3) and -low[0, 2] == pytest.approx(-np.sin(LEAN), abs=5e-3)
    assert abs(low[0, 3] - x) < 0.012 and low[2, 3] < top - 0.012
