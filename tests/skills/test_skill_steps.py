"""What the skills ask the runtime for: chunks that begin where the arm is, the failures they name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from helpers_skills import (
    ARM,
    BOX_HALF,
    HOME,
    THING,
    WORKPLACE,
    Stage,
    asked,
    detection,
    drive,
    held,
    play,
    within_limits,
)

from moravec.core.frames import tool_down
from moravec.robots.ur5e.limits import ur5e_limits
from moravec.skills.arm import CLEARANCE
from moravec.skills.contract import Ask, Capture, Follow, Grip, Note
from moravec.skills.delivery import delivery_skills
from moravec.skills.moves import BACK_OFF, BUMP, Failed, _within_tool_speed, above, follow, go, grip, line_to, look_from
from moravec.skills.trajectory import tool_speeds
from moravec.skills.walls import has_room

LIMITS = ur5e_limits()
SKILLS = delivery_skills()
BIN = WORKPLACE.place("bin_1")
ON_STATION = detection("station", (0.30, -0.43))


@pytest.mark.parametrize(
    ("skill", "args", "stage"),
    [
        ("open", {"place": "parcel"}, Stage(held_width=0.022)),
        ("pick", {"item": "thing"}, Stage()),
        ("stow", {"item": "thing", "place": "bin_5"}, Stage(holds=held(), width=0.05)),
    ],
)
def test_every_chunk_keeps_the_guards_limits(skill: str, args: dict[str, Any], stage: Stage) -> None:
    """Joint speed and acceleration by differences at the control rate, forces and widths inside the hand's."""
    result, _ = play(SKILLS[skill], stage, args)
    assert result.code == "ok"
    for request in asked(stage, Follow):
        ticks = np.arange(0.0, request.chunk.duration + 0.02, LIMITS.control_period)
        q = np.array([request.chunk.q[0], request.chunk.q[0], *(request.chunk.sample(t)[0] for t in ticks)])
        steps = np.diff(q, axis=0)
        for before, step in zip(steps[:-1], steps[1:], strict=True):
            assert within_limits(step, before, LIMITS)
    for request in asked(stage, Grip):
        assert 0.0 <= request.width <= LIMITS.grip_width_max and 0.0 < request.force <= LIMITS.grip_force_max


def test_the_pick_comes_down_on_the_thing() -> None:
    stage = Stage()
    result, context = play(SKILLS["pick"], stage, {"item": "thing"})
    lowest = min(ARM.tool_pose(r.chunk.q[-1])[2, 3] for r in asked(stage, Follow))
    tips = [ARM.tool_pose(r.chunk.q[-1])[:3, 3] for r in asked(stage, Follow)]
    tip = min(tips, key=lambda p: p[2])
    assert np.hypot(tip[0] - THING[0], tip[1] - THING[1]) < 0.03
    assert 0.006 < lowest < 0.056 and tips[-1][2] > WORKPLACE.place("parcel").rim + 0.05
    assert result.data["target"].colour == "red" and context.hand.held is not None
    assert context.hand.held.below == pytest.approx(lowest - 0.006, abs=1e-3)


def test_a_low_thing_at_a_wall_is_taken_less_deep_where_the_palm_clears_the_rim() -> None:
    """As deep as usual, the palm would be below the rim, and nearer the wall than it may."""
    parcel = WORKPLACE.place("parcel")
    x, y = parcel.centre[0] + parcel.size[0] / 2 - 0.017, parcel.centre[1]
    extent, top = (0.044, 0.034, 0.044), parcel.floor + 0.044
    thing = detection(at=(x, y), position=(x, y, parcel.floor + 0.022), extent=extent, yaw=np.pi / 2)
    stage = Stage(believed=thing, items=[[thing]], boxes=((x, y, 0.017, 0.022, top),), held_width=0.04)
    result, _ = play(SKILLS["pick"], stage, {"item": "thing"})
    assert result.code == "ok" and not [note for note in asked(stage, Note) if note.topic == "nudge"]
    low = min((ARM.tool_pose(r.chunk.q[-1])[:3, 3] for r in asked(stage, Follow)), key=lambda tip: tip[2])
    assert top - 0.03 < low[2] < top - 0.01 and has_room(parcel, tuple(low))
    assert not has_room(parcel, (low[0], low[1], top - 0.036)), "with the usual depth there would be none"


def test_the_pick_takes_the_detection_that_fits_and_looks_before() -> None:
    other = detection(at=(THING[0] + 0.03, THING[1]), colour="blue")
    moved = detection(at=(THING[0] - 0.035, THING[1]))
    result, _ = play(SKILLS["pick"], Stage(items=[[other, moved]]), {"item": "thing"})
    assert result.data["target"] == moved
    far = detection(at=(THING[0] - 0.13, THING[1]))
    result, _ = play(SKILLS["pick"], Stage(items=[[far]]), {"item": "thing"})
    assert (result.code, result.data["detections"]) == ("not_seen", [far])


def test_a_thing_in_a_place_without_a_camera_post_is_a_failure_not_a_crash() -> None:
    believed = detection("lid_rest", WORKPLACE.place("lid_rest").centre)
    result, _ = play(SKILLS["pick"], Stage(believed=believed), {"item": "thing"})
    assert result.status == "failed" and "camera post" in result.message


def test_a_thing_in_a_bin_is_looked_for_from_straight_above() -> None:
    """A bin has no post of its own; what lies in it is seen, and where it does not lie any more, that is told."""
    place = WORKPLACE.place("bin_1")
    result, _ = play(SKILLS["look"], Stage(items=[[detection("bin_1", place.centre)]]), {"place": "bin_1"})
    assert result.status == "succeeded" and [d.place for d in result.data["detections"]] == ["bin_1"]
    result, _ = play(SKILLS["pick"], Stage(believed=detection("bin_1", place.centre), items=[[]]), {"item": "thing"})
    assert result.code == "not_seen"


def test_what_lies_on_the_table_is_seen_from_above_and_then_from_near() -> None:
    """Two strays, one of them out of the arm's reach: the other is reported, and picked where it lies."""
    here = (0.30, -0.15)
    stray = detection("table", here)
    stage = Stage(items=[[stray]], strays=((0.88, 0.9), here), boxes=((*here, *BOX_HALF[:2], 0.05),), believed=stray)
    result, _ = play(SKILLS["look"], stage, {"place": "table"})
    assert result.code == "ok" and result.data["detections"] == [stray]
    assert [r.cameras for r in asked(stage, Capture)] == [("overhead",), ("wrist",)]
    (note,) = asked(stage, Note)
    assert note.topic == "stray" and note.payload["at"] == [0.88, 0.9]
    result, context = play(SKILLS["pick"], stage, {"item": "thing"})
    assert result.code == "ok" and context.hand.held is not None


@pytest.mark.parametrize(
    ("first", "second", "damaged", "looks"),
    [(0.02, 0.98, False, 1), (0.54, 0.05, False, 2), (0.45, 0.97, True, 2), (0.5, 0.5, False, 3)],
)
def test_an_inspection_that_is_unsure_looks_from_the_sides(
    first: float, second: float, damaged: bool, looks: int
) -> None:
    one, two = (replace(ON_STATION, damaged_p=p, damaged=p > 0.5, category_p=0.95) for p in (first, second))
    stage = Stage(items=[[one], [two]])
    result, _ = play(SKILLS["inspect"], stage, {"item": "thing"})
    (seen,) = result.data["detections"]
    assert (seen.damaged, len(asked(stage, Capture)), len(result.data["frames"])) == (damaged, looks, looks)
    if looks == 2:
        odds = [p / (1 - p) for p in (first, second)]
        assert seen.damaged_p == pytest.approx(odds[0] * odds[1] / (1 + odds[0] * odds[1]))


def test_the_surer_of_two_looks_says_what_it_is_and_another_thing_says_nothing() -> None:
    unsure = replace(ON_STATION, category="can", category_p=0.5)
    other = detection("station", (0.36, -0.43), category="ball", category_p=0.99)
    for again, wanted in (([replace(ON_STATION, category_p=0.95)], "box"), ([other], "can")):
        result, _ = play(SKILLS["inspect"], Stage(items=[[unsure], again]), {"item": "thing"})
        assert result.data["detections"][0].category == wanted


def test_a_table_with_nothing_on_it_is_seen_in_one_picture() -> None:
    stage = Stage(items=[[detection("table", (0.3, -0.15))]])
    result, _ = play(SKILLS["look"], stage, {"place": "table"})
    assert result.code == "ok" and result.data["detections"] == [] and len(asked(stage, Capture)) == 1


def test_the_pick_tries_another_grasp_and_tells_of_each() -> None:
    stage = Stage(held_width=0.0)
    result, context = play(SKILLS["pick"], stage, {"item": "thing"})
    notes = [note for note in asked(stage, Note) if note.topic == "grasp"]
    assert result.code == "missed" and len(notes) >= 2 and context.hand.held is None
    assert [note.payload["try"] for note in notes] == list(range(1, len(notes) + 1))


def test_a_hand_that_stands_close_to_a_wall_comes_away_and_one_inside_does_not() -> None:
    wall = WORKPLACE.place("parcel").centre[1] + WORKPLACE.place("parcel").size[1] / 2
    stage = Stage(width=0.0)
    context = stage.context()
    ARM.fingers(0.0)
    for gap, free in ((0.004, True), (-0.002, False)):
        # closed fingers, the broad side along the wall: half a finger's width reaches towards it
        stage.q = above(context, np.array([0.5, wall - 0.011 - gap, 0.09]), 0.0)
        assert ARM.clearance(stage.q) == pytest.approx(gap, abs=1.5e-3)
        if free:
            drive(stage, go(context, HOME, "t"))
        else:
            with pytest.raises(Failed, match="no free way"):
                drive(stage, go(context, HOME, "t"))


def test_asking_offers_what_there_is_and_takes_the_first_as_default() -> None:
    stage = Stage()
    result, _ = play(SKILLS["ask"], stage, {"question": "Which?", "options": " this|that ||"})
    assert asked(stage, Ask) == [Ask("Which?", ("this", "that"), "this", "a skill asks")]
    assert result.data == {"answer": "that"}


# ── the motions they are made of ─────────────────────────────────────────────────────────────────────────────────────
def test_going_nowhere_ends_at_once_and_free() -> None:
    stage = Stage()
    drive(stage, go(stage.context(), HOME, "t"))
    assert [r.chunk.duration for r in asked(stage, Follow)] == [0.0]


def test_going_round_what_stands_between() -> None:
    """From beside the upper bins to the parcel's inside: never through a wall, and it arrives."""
    stage = Stage()
    context = stage.context()
    start = above(context, np.array([BIN.centre[0], BIN.centre[1], 0.10]), 0.0)
    stage.q = start
    goal = above(context, np.array([0.5, 0.0, 0.06]), 0.0)
    assert not ARM.is_free(np.array([start, goal]))
    drive(stage, go(context, goal, "t"))
    np.testing.assert_allclose(stage.q, goal, atol=1e-9)
    assert len(asked(stage, Follow)) > 1
    assert all(ARM.is_free(r.chunk.q[[0, -1]]) for r in asked(stage, Follow))


def test_a_goal_inside_a_wall_is_unreachable() -> None:
    stage = Stage()
    context = stage.context()
    wall = WORKPLACE.place("parcel")
    goal = above(context, np.array([0.5, wall.size[1] / 2, 0.05]), 0.0)
    with pytest.raises(Failed, match="no free way") as failure:
        drive(stage, go(context, goal, "t"))
    assert failure.value.code == "unreachable" and not asked(stage, Follow)


def test_what_cannot_be_reached_is_named() -> None:
    stage = Stage()
    context = stage.context()
    for routine in (line_to(context, np.array([2.0, 0.0, 0.3]), "t"), look_from(context, "moon", "t")):
        with pytest.raises(Failed) as failure:
            drive(stage, routine)
        assert failure.value.code == "unreachable"
    with pytest.raises(Failed, match=r"cannot reach \[2\.0, 0\.0, 0\.3\] m"):
        above(context, np.array([2.0, 0.0, 0.3]), 0.0)


def test_a_line_keeps_its_direction_and_may_end_in_contact() -> None:
    stage = Stage(ends={1: "contact"})
    context = stage.context()
    T = ARM.tool_pose(HOME)
    goal = T[:3, 3] + [0.0, 0.0, -0.1]
    result = drive(stage, line_to(context, goal, "t", contact_force=5.0))
    (request,) = asked(stage, Follow)
    assert result.end == "contact" and request.contact_force == 5.0
    for q in request.chunk.q:
        pose = ARM.tool_pose(q)
        np.testing.assert_allclose(pose[:2, 3], T[:2, 3], atol=2e-3)
        np.testing.assert_allclose(pose[:3, :3], T[:3, :3], atol=5e-3)
    np.testing.assert_allclose(ARM.tool_pose(request.chunk.q[-1])[:3, 3], goal, atol=1e-3)


@pytest.mark.parametrize("far", [0.01, 0.1])
def test_what_is_bumped_into_is_backed_off_from(far: float) -> None:
    """By no more than needed, the way it came, and feeling nothing: what it leaves presses still."""
    stage = Stage(ends={1: "contact"})
    T = ARM.tool_pose(HOME)
    with pytest.raises(Failed, match="something is in the way") as failure:
        drive(stage, line_to(stage.context(), T[:3, 3] + [0.0, 0.0, -far], "t"))
    bumped, back = asked(stage, Follow)
    assert failure.value.code == "contact" and bumped.contact_force == BUMP and back.contact_force is None
    gone = ARM.tool_pose(stage.q)[:3, 3] - ARM.tool_pose(bumped.chunk.q[-1])[:3, 3]
    assert gone[2] == pytest.approx(min(far, BACK_OFF), abs=0.004) and np.abs(gone[:2]).max() < 0.004


def test_a_way_that_is_not_free_after_all_is_backed_off_from() -> None:
    stage = Stage(ends={1: "contact"})
    there = HOME + np.array([0.3, 0, 0, 0, 0, 0])
    with pytest.raises(Failed, match="something is in the way"):
        drive(stage, go(stage.context(), there, "t"))
    assert np.linalg.norm(ARM.tool_pose(stage.q)[:3, 3] - ARM.tool_pose(there)[:3, 3]) == pytest.approx(BACK_OFF, abs=0.01)


def test_a_stopped_motion_ends_the_skill_with_the_guards_words() -> None:
    stage = Stage(ends={1: "stopped"})
    with pytest.raises(Failed, match="the guard stopped the motion: for the test") as failure:
        drive(stage, line_to(stage.context(), ARM.tool_pose(HOME)[:3, 3] + [0, 0, -0.05], "t"))
    assert failure.value.code == "stopped"
    with pytest.raises(Failed):
        drive(Stage(ends={1: "stopped"}), follow(Follow(asked(stage, Follow)[0].chunk).chunk))
    assert drive(Stage(held_width=0.02), grip(0.0, 10.0)).width == 0.02


def test_looking_brings_the_lens_to_its_post() -> None:
    stage = Stage()
    frames = drive(stage, look_from(stage.context(), "parcel", "t", ("wrist", "overhead")))
    assert set(frames) == {"wrist", "overhead"}
    x, y, z, yaw = dict(WORKPLACE.views)["parcel"]
    lens = ARM._data.site("wrist_lens")
    ARM.tool_pose(stage.q)
    np.testing.assert_allclose(lens.xpos, [x, y, z], atol=5e-4)
    R = tool_down([x, y, z], yaw)[:3, :3]
    np.testing.assert_allclose(np.abs(lens.xmat.reshape(3, 3)), np.abs(R), atol=5e-3)  # either way round
    assert BOX_HALF[2] < z


def test_no_turn_is_too_short_for_a_motion_that_keeps_the_tools_speed() -> None:
    """Where acceleration and not speed limits a turn, a cap on the speed does nothing until it is below what is reached."""
    stage = Stage()
    context = stage.context()
    for turn in np.linspace(0.15, 0.45, 301):
        for limits in (context.limits, context.limits.gentler(0.9, 0.2)):
            chunk = _within_tool_speed(context, HOME, HOME + [turn, 0, 0, 0, 0, 0], limits, "t")
            points = ARM.tool_points(chunk.q)
            assert tool_speeds(points, chunk.times).max() <= limits.tool_speed


@pytest.mark.parametrize("straight", [True, False])
def test_a_way_out_may_be_tight_and_no_other(straight: bool) -> None:
    """The hand stands at a wall, and the joints' way up leans towards it by a hair; or what is narrow lies at the other end."""
    goal, looked = HOME + [0.3, 0, 0, 0, 0, 0], list[tuple[bool, float]]()

    class Narrow:
        """An arm that has half of the wanted room on its way out, or only at the goal."""

        def __getattr__(self, name: str) -> Any:
            return getattr(ARM, name)

        def is_free(self, leg: Any, kept: float = CLEARANCE) -> bool:
            out, last = np.allclose(leg[0], HOME), np.allclose(leg[-1], goal)
            looked.append((out, kept))
            return kept < 0.75 * CLEARANCE if (out if straight else last) else True

    stage = Stage()
    routine = go(replace(stage.context(), arm=Narrow()), goal, "t")  # type: ignore[arg-type]
    drive(stage, routine)  # where it is narrow at the goal, the straight way there is the way out as well
    assert np.allclose(stage.q, goal, atol=1e-6)
    assert all(kept > 0.75 * CLEARANCE for out, kept in looked if not out)
