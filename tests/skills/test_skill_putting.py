"""Putting down: where there is room, turned to fit, past every heap, fingers that open no wider than they can."""

from __future__ import annotations

import numpy as np
import pytest
from helpers_skills import (
    ARM,
    WORKPLACE,
    Stage,
    asked,
    drive,
    held,
    play,
    play_on,
)

from moravec.robots.ur5e.limits import ur5e_limits
from moravec.skills.bringing import ALIKE, let_go, over_walls
from moravec.skills.context import REACH_SLACK, Held
from moravec.skills.contract import Follow, Grip
from moravec.skills.delivery import delivery_skills
from moravec.skills.moves import Failed, above
from moravec.skills.spots import Spot

LIMITS = ur5e_limits()
SKILLS = delivery_skills()
BIN = WORKPLACE.place("bin_1")


@pytest.mark.parametrize("width", [0.004, 0.05, 0.078, 0.085, 0.1])
@pytest.mark.parametrize(("skill", "place"), [("place", "station"), ("stow", "bin_2"), ("discard", "reject")])
def test_letting_go_asks_for_no_width_the_guard_refuses(skill: str, place: str, width: float) -> None:
    stage = Stage(holds=held(width), width=width)
    result, _ = play(SKILLS[skill], stage, {"item": "thing", "place": place})
    assert result.code == "ok"
    (let_go,) = asked(stage, Grip)
    assert let_go.width > width - 1e-9 and LIMITS.grip_width_min <= let_go.width <= LIMITS.grip_width_max


def test_a_neighbours_heap_is_flown_over() -> None:
    """Bin 5 heaped above its rim, the arm bound for bin 6: no point of the way to it goes through the heap."""
    heaped, goal = WORKPLACE.place("bin_5"), WORKPLACE.place("bin_6")
    heap = (*heaped.centre, 0.08, 0.08, heaped.rim + 0.05)
    stage = Stage(holds=held(), width=0.05, boxes=(heap, (*goal.centre, 0.08, 0.08, goal.rim - 0.02)))
    result, _ = play(SKILLS["stow"], stage, {"item": "thing", "place": "bin_6"})
    assert result.code == "ok"
    carried = [r.chunk for r in asked(stage, Follow) if r.chunk.source == "carry"]
    assert carried
    thing = held()
    for chunk in carried:
        for tip in ARM.tool_points(chunk.q):
            over = heaped.contains(tip[0], tip[1], -thing.half[0])
            assert not over or tip[2] - thing.below > heaped.rim + 0.05


@pytest.mark.parametrize("place", ["bin_1", "bin_5", "reject"])
def test_it_lets_go_where_there_is_room(place: str) -> None:
    """Something tall in three corners: the free one is taken, and with nothing there the middle."""
    bin_ = WORKPLACE.place(place)
    (x, y), skill = bin_.centre, SKILLS["discard" if place == "reject" else "stow"]
    tall = tuple((x + sx * 0.05, y + sy * 0.05, 0.05, 0.05, bin_.floor + 0.06) for sx, sy in ((1, 1), (1, -1), (-1, 1)))
    for boxes, wanted in ((tall, (x - 0.05, y - 0.05)), ((), (x, y))):
        stage = Stage(holds=held(), width=0.05, boxes=boxes)
        result, _ = play(skill, stage, {"item": "thing", "place": place})
        assert result.code == "ok"
        spot = result.data["spot"]
        assert np.hypot(spot[0] - wanted[0], spot[1] - wanted[1]) < 0.03 and bin_.contains(*spot, 0.045)
        tip = ARM.tool_pose(asked(stage, Follow)[-2].chunk.q[-1])
        np.testing.assert_allclose(tip[:2, 3], spot, atol=2e-3)


def test_a_heaped_bin_has_no_space() -> None:
    heap = ((*BIN.centre, 0.12, 0.12, BIN.rim + 0.03),)
    result, context = play(
        SKILLS["stow"], Stage(holds=held(), width=0.05, boxes=heap), {"item": "thing", "place": "bin_1"}
    )
    assert result.code == "no_space" and context.hand.held is not None


@pytest.mark.parametrize("place", ["bin_1", "bin_6"])
def test_a_heap_in_the_bin_itself_is_passed_over(place: str) -> None:
    """On one side something stands out above the rim; there is room on the other."""
    bin_ = WORKPLACE.place(place)
    (x, y), over = bin_.centre, 0.05
    stage = Stage(holds=held(), width=0.05, boxes=((x - 0.05, y, 0.045, 0.08, bin_.rim + over),))
    result, _ = play(SKILLS["stow"], stage, {"item": "thing", "place": place})
    assert result.code == "ok" and result.data["spot"][0] > x + 0.01
    *_, carried = (r.chunk for r in asked(stage, Follow) if r.chunk.source == "carry")
    assert ARM.tool_pose(carried.q[-1])[2, 3] - held().below > bin_.rim + over + 0.03, "corners are smoothed away"


def test_how_far_a_thing_reaches_over_the_walls() -> None:
    long = Held(0.03, (0.02 + REACH_SLACK, 0.07 + REACH_SLACK, 0.02), 0.04)
    at_wall = Spot(BIN.centre[0] + BIN.size[0] / 2 - 0.055, BIN.centre[1], BIN.floor)
    assert over_walls(long, BIN, at_wall, np.pi / 2) == pytest.approx(0.015), "its long side towards the wall"
    assert over_walls(long, BIN, at_wall, 0.0) == 0.0
    assert over_walls(long, BIN, Spot(*BIN.centre, BIN.floor), np.pi / 2) == 0.0
    station = WORKPLACE.place("station")
    assert over_walls(long, station, Spot(station.centre[0] + 0.11, station.centre[1], 0.02), np.pi / 2) == 0.0


@pytest.mark.parametrize("place", ["bin_2", "bin_4"])
def test_a_long_thing_is_turned_so_that_it_fits_between_the_walls(place: str) -> None:
    bin_ = WORKPLACE.place(place)
    (x, y), thing = bin_.centre, Held(0.03, (0.02 + REACH_SLACK, 0.075 + REACH_SLACK, 0.025), 0.04)
    full = ((x - 0.045, y, 0.055, 0.105, bin_.rim - 0.01),)
    stage = Stage(holds=thing, width=0.04, boxes=full)
    result, _ = play(SKILLS["stow"], stage, {"item": "thing", "place": place})
    assert result.code == "ok"
    *_, carried = (r.chunk for r in asked(stage, Follow) if r.chunk.source == "carry")
    closing = ARM.tool_pose(carried.q[-1])[:2, 0]
    spot = Spot(*result.data["spot"], 0.0)
    yaws = np.arange(8) * np.pi / 8
    least = min(over_walls(thing, bin_, spot, float(yaw)) for yaw in yaws)
    assert over_walls(thing, bin_, spot, float(np.arctan2(closing[1], closing[0]))) < least + ALIKE
    assert max(over_walls(thing, bin_, spot, float(yaw)) for yaw in yaws) > least + 2 * ALIKE, "else nothing was shown"


def test_where_the_arm_cannot_rise_as_usual_it_goes_back_to_where_it_came_from() -> None:
    high, x, y = BIN.rim + 0.05, *BIN.centre
    for usual, back, reached in ((high + 0.03, high, high + 0.03), (2.0, high, high), (2.0, None, None)):
        stage = Stage(holds=held(), width=0.05)
        context = stage.context()
        stage.q = above(context, np.array([x, y, high - 0.02]), 0.0)
        if reached is None:
            with pytest.raises(Failed, match="no straight line"):
                drive(stage, let_go(context, held(), usual, back))
        else:
            drive(stage, let_go(context, held(), usual, back))
            assert ARM.tool_pose(stage.q)[2, 3] == pytest.approx(reached, abs=1e-3) and context.hand.held is None


def test_before_it_stows_it_glances_at_the_labels() -> None:
    """Once, until the shelf is looked at again; what cannot be read, and what nobody has read before, says nothing."""
    into = {"item": "thing", "place": "bin_1"}
    same, other, elsewhere = (("bin_1", "A"),), (("bin_1", "B"),), (("bin_2", "B"),)
    for seen, code in (((), "ok"), (same, "ok"), (elsewhere, "ok"), (other, "shelf_changed")):
        stage = Stage(holds=held(), width=0.05, from_above=seen)
        context = stage.context()
        assert play_on(SKILLS["look"], stage, context, {"place": "shelf"}).data["labels"] == {"bin_1": "A"}
        result = play_on(SKILLS["stow"], stage, context, into)
        assert result.code == code
        if code != "ok":
            assert "bin_1 carries B, not A" in result.message and context.hand.held is not None
            assert play_on(SKILLS["stow"], stage, context, into).code == "ok"
    unseen, _ = play(SKILLS["stow"], Stage(holds=held(), width=0.05, from_above=(("bin_1", "B"),)), into)
    assert unseen.code == "ok"


def test_the_tool_stays_above_the_rim_when_it_stows() -> None:
    for place in WORKPLACE.of_kind("bin"):
        stage = Stage(holds=held(), width=0.05)
        result, _ = play(SKILLS["stow"], stage, {"item": "thing", "place": place.name})
        assert result.code == "ok"
        for request in asked(stage, Follow):
            for tip in ARM.tool_points(request.chunk.q[-1:]):
                assert not place.contains(tip[0], tip[1]) or tip[2] > place.rim
