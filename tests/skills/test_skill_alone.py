"""One thing is picked, and only one: what lies on another, what came along, what was hidden."""

from __future__ import annotations

import numpy as np
import pytest
from helpers_skills import (
    ARM,
    BOX_HALF,
    THING,
    WORKPLACE,
    Stage,
    asked,
    detection,
    play,
    play_on,
)

from moravec.perception.outlines import apart
from moravec.skills.alone import INSIDE, beside
from moravec.skills.context import Held
from moravec.skills.contract import Capture, Follow, Grip
from moravec.skills.delivery import delivery_skills
from moravec.skills.moves import BUMP

SKILLS = delivery_skills()
ON_STATION = detection("station", (0.30, -0.43))


ON_PLATE = (0.30, -0.43, *BOX_HALF[:2], 0.07)
LEFT = (0.34, -0.40, 0.02, 0.02, 0.06)  # what still stands on the station after the lift


def test_what_leaves_something_behind_was_not_alone_and_is_put_back() -> None:
    stage = Stage(believed=ON_STATION, items=[[ON_STATION]], boxes=(ON_PLATE, LEFT), boxes_later=(LEFT,))
    result, context = play(SKILLS["pick"], stage, {"item": "thing"})
    assert (result.code, result.recoverable, context.hand.held) == ("not_alone", True, None)
    *_, last = asked(stage, Grip)
    assert last.width > stage.held_width  # it was let go
    heights = [ARM.tool_pose(r.chunk.q[-1])[2, 3] for r in asked(stage, Follow)]
    assert heights[-2] < 0.08 < heights[-1]  # brought down again, and then left
    put = ARM.tool_pose(asked(stage, Follow)[-1].chunk.q[-1])[:2, 3]
    assert max(abs(put - LEFT[:2]) - LEFT[2:4]) > 0.02, "beside what nobody had seen, so that the next look shows both"
    assert WORKPLACE.place("station").contains(*put, 0.015)


def test_two_things_that_came_up_together_are_put_back() -> None:
    """Two were seen and nothing is left."""
    other = detection("station", LEFT[:2], colour="blue")
    stage = Stage(believed=ON_STATION, items=[[ON_STATION, other]], boxes=(ON_PLATE, LEFT), boxes_later=())
    result, context = play(SKILLS["pick"], stage, {"item": "thing"})
    assert result.code == "not_alone" and context.hand.held is None and len(context.hand.tried["thing"]) == 1


def test_beside_is_the_nearest_spot_with_nothing_under_what_is_held() -> None:
    plate, thing = WORKPLACE.place("station"), Held(0.03, (0.03, 0.06, 0.02), 0.04)
    at, along_x = np.array(plate.centre), np.array([1.0, 0.0])
    assert np.allclose(beside(plate, thing, at, along_x, np.empty((0, 2))), at), "nothing is left: where it lay"
    x, y = np.meshgrid(np.linspace(-0.02, 0.02, 9), np.linspace(-0.05, 0.05, 9))
    left = at + np.stack([x.ravel(), y.ravel()], axis=-1)
    spot = beside(plate, thing, at, along_x, left)
    assert abs(spot[0] - at[0]) > 0.05 and np.hypot(*(spot - at)) <= 0.075 + 1e-9 and plate.contains(*spot, INSIDE)
    assert np.allclose(beside(plate, thing, at, along_x, at + np.array([[0.0, 0.07], [0.04, 0.0]])), at), "left, and not under it"
    turned = beside(plate, thing, at, np.array([0.0, 1.0]), left)
    assert np.hypot(*(turned - at)) > np.hypot(*(spot - at)), "the long way it has to go farther"
    full = at + np.stack(np.meshgrid(np.linspace(-0.12, 0.12, 40), np.linspace(-0.12, 0.12, 40)), axis=-1).reshape(-1, 2)
    assert plate.contains(*beside(plate, thing, at, along_x, full), INSIDE)


def test_a_thing_that_lies_on_a_wider_one_is_taken_above_that() -> None:
    """A thing 0.03 m high on a plate-wide one: no fingers get as deep beside it as they usually go."""
    top, lower = 0.10, 0.07
    upper = detection("station", ON_PLATE[:2], position=(*ON_PLATE[:2], 0.085), extent=(0.06, 0.04, 0.03), colour="blue")
    under = detection("station", ON_PLATE[:2], position=(*ON_PLATE[:2], 0.038), extent=(0.18, 0.16, 0.064))
    boxes = ((*ON_PLATE[:2], 0.03, 0.02, top), (*ON_PLATE[:2], 0.09, 0.08, lower))
    stage = Stage(believed=upper, items=[[upper, under]], boxes=boxes, boxes_later=boxes[1:], held_width=0.04)
    result, context = play(SKILLS["pick"], stage, {"item": "thing"})
    assert result.code == "ok" and context.hand.held is not None
    assert lower < min(ARM.tool_pose(r.chunk.q[-1])[2, 3] for r in asked(stage, Follow)) < top


def test_a_thing_on_a_narrow_one_is_taken_alone_though_both_fit_between_the_fingers() -> None:
    top, lower = 0.086, 0.07
    upper = detection("station", ON_PLATE[:2], position=(*ON_PLATE[:2], 0.078), extent=(0.06, 0.05, 0.016), colour="blue")
    under = detection("station", ON_PLATE[:2], position=(*ON_PLATE[:2], 0.038), extent=(0.18, 0.05, 0.064))
    boxes = ((*ON_PLATE[:2], 0.03, 0.025, top), (*ON_PLATE[:2], 0.09, 0.025, lower))
    stage = Stage(believed=upper, items=[[upper, under]], boxes=boxes, boxes_later=boxes[1:], held_width=0.04)
    result, _ = play(SKILLS["pick"], stage, {"item": "thing"})
    assert result.code == "ok"
    assert lower < min(ARM.tool_pose(r.chunk.q[-1])[2, 3] for r in asked(stage, Follow)) < top


def test_after_two_came_up_together_it_takes_hold_less_deep_until_one_comes_alone() -> None:
    """Nothing but the lift itself says that another lies under the wanted one: it was seen once, and is hidden now."""
    stage = Stage(believed=ON_STATION, items=[[ON_STATION]], boxes=(ON_PLATE,), boxes_later=())
    context = stage.context()
    context.hand.beside = (detection("station", LEFT[:2], colour="blue"),)
    lows = []
    for together in (True, True):
        begun = len(stage.asked)
        assert play_on(SKILLS["pick"], stage, context, {"item": "thing"}).code == "not_alone"
        down = next(r for r in stage.asked[begun:] if isinstance(r, Follow) and r.contact_force not in (None, BUMP))
        lows.append(ARM.tool_pose(down.chunk.q[-1])[2, 3])
        assert context.hand.together is together
        stage.asked = []
    assert lows[1] > lows[0] + 0.008
    stage.boxes_later = (LEFT,)
    assert play_on(SKILLS["pick"], stage, context, {"item": "thing"}).code == "ok" and not context.hand.together


def test_a_second_thing_that_was_seen_before_may_stay_behind() -> None:
    other = detection("station", LEFT[:2], colour="blue")
    stage = Stage(believed=ON_STATION, items=[[ON_STATION, other]], boxes=(ON_PLATE, LEFT), boxes_later=(LEFT,))
    result, context = play(SKILLS["pick"], stage, {"item": "thing"})
    assert result.code == "ok" and context.hand.held is not None


# ── out of the parcel ────────────────────────────────────────────────────────────────────────────────────────────────────
MINE = (*THING, *BOX_HALF[:2], 0.056)
BESIDE = (THING[0] + 0.07, THING[1])  # 1 cm between them
NEIGHBOUR = (*BESIDE, 0.02, 0.02, 0.056)


def taken(near: bool, later: tuple[tuple[float, float, float, float, float], ...]) -> tuple[bool, int]:
    """Whether what was taken counts as alone, and how many pictures it took."""
    spot = BESIDE if near else (BESIDE[0] + 0.03, BESIDE[1])
    other = detection(at=spot, extent=(0.04, 0.04, 0.05), colour="blue")
    boxes = (MINE, (*spot, *NEIGHBOUR[2:]))
    stage = Stage(items=[[detection(), other]], boxes=boxes, boxes_later=later)
    result, context = play(SKILLS["pick"], stage, {"item": "thing"})
    assert result.code == "ok" and context.hand.held is not None
    return result.data["alone"], len(asked(stage, Capture))


def test_a_thing_that_stood_apart_came_alone_and_nobody_looks() -> None:
    assert taken(near=False, later=()) == (True, 1)


@pytest.mark.parametrize(
    ("later", "alone"),
    [
        ((NEIGHBOUR,), True),
        ((), False),
        (((BESIDE[0] + 0.006, BESIDE[1], 0.02, 0.02, 0.056),), True),
        (((BESIDE[0] + 0.03, BESIDE[1], 0.02, 0.02, 0.056),), False),
        (((*BESIDE, 0.02, 0.02, 0.02),), False),
    ],
    ids=["it stands", "it is gone", "it moved a little", "it lies elsewhere", "it fell over"],
)
def test_what_lay_beside_says_whether_a_thing_came_alone(
    later: tuple[tuple[float, float, float, float, float], ...], alone: bool
) -> None:
    assert taken(near=True, later=later) == (alone, 2)


def test_what_nobody_saw_as_a_thing_counts_as_well() -> None:
    """One of two that were seen as one stays or comes along: the heights say so, whatever was seen as things."""
    for later, alone in (((NEIGHBOUR,), True), ((), False)):
        stage = Stage(items=[[detection()]], boxes=(MINE, NEIGHBOUR), boxes_later=later)
        result, _ = play(SKILLS["pick"], stage, {"item": "thing"})
        assert (result.code, result.data["alone"], len(asked(stage, Capture))) == ("ok", alone, 2)


def test_a_look_that_cannot_be_taken_leaves_the_thing_in_the_hand() -> None:
    stage = Stage(items=[[detection()]], boxes=(MINE, NEIGHBOUR), boxes_later=(NEIGHBOUR,))
    play(SKILLS["pick"], stage, {"item": "thing"})
    sideways = sum(isinstance(r, Follow) for r in stage.asked)
    stage = Stage(items=[[detection()]], boxes=(MINE, NEIGHBOUR), boxes_later=(NEIGHBOUR,), ends={sideways: "contact"})
    result, context = play(SKILLS["pick"], stage, {"item": "thing"})
    assert (result.code, result.data["alone"]) == ("ok", False) and context.hand.held is not None


def test_how_far_outlines_are_apart() -> None:
    one = detection(at=(0.0, 0.0), extent=(0.08, 0.04, 0.05))
    assert apart(one, detection(at=(0.10, 0.0), extent=(0.08, 0.04, 0.05))) == pytest.approx(0.02)
    assert apart(one, detection(at=(0.0, 0.10), extent=(0.08, 0.04, 0.05))) == pytest.approx(0.06)
    assert apart(one, detection(at=(0.0, 0.10), extent=(0.08, 0.04, 0.05), yaw=np.pi / 2)) == pytest.approx(0.04)
    assert apart(one, detection(at=(0.01, 0.0), extent=(0.02, 0.01, 0.05))) == 0.0, "inside it"
    across = detection(at=(0.0, 0.0), extent=(0.2, 0.01, 0.05), yaw=np.pi / 2)
    assert apart(one, across) == 0.0, "a cross: no corner of one lies in the other"
    aside = detection(at=(0.033, 0.0), extent=(0.2, 0.01, 0.05), yaw=np.pi / 2)
    assert apart(one, aside) == apart(aside, one) == 0.0
    leaning = detection(at=(0.0, 0.05), extent=(0.04, 0.04, 0.05), yaw=np.pi / 4)
    assert apart(one, leaning) == pytest.approx(0.05 - 0.02 - 0.02 * np.sqrt(2)), "a corner over a side"
