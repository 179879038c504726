"""The parts of the learned skills: waypoints in the tool's frame, the crop's geometry, the teacher's way, what is allowed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from helpers_skills import ARM, HOME, WORKPLACE, Stage, detection, drive, picture
from helpers_skills import asked as asked_of
from hypothesis import given
from hypothesis import strategies as st

from moravec.core.errors import SkillError
from moravec.core.frames import frozen, tool_down, wrap_angle
from moravec.core.observation import CameraFrame
from moravec.models.contract import check_chunk
from moravec.skills.bringing import BELOW, OVER_RIM, release_opening
from moravec.skills.context import Held
from moravec.skills.contract import Follow
from moravec.skills.grasp import Grasp
from moravec.skills.learned.crop import PIXELS, SIDE, crop, seen_at
from moravec.skills.learned.errand import EDGE_SLACK, PickErrand, PlaceErrand
from moravec.skills.learned.lead import TIGHTER, _check_touch
from moravec.skills.learned.pilot import CHUNK, SPEC
from moravec.skills.learned.place import LED
from moravec.skills.learned.round import Round, moment_of
from moravec.skills.learned.teacher import STEP, Teacher, nearest, way_to
from moravec.skills.learned.way import LONGEST_LIFE, follow_way
from moravec.skills.learned.waypoints import CORNER, Pose, absolute, pose_of, relative, stretches
from moravec.skills.learned.wording import (
    PICK,
    PICK_HELD_OUT,
    PLACE,
    PLACE_HELD_OUT,
    asked,
    asked_down,
    sentences,
    sentences_down,
)
from moravec.skills.moves import Failed
from moravec.skills.spots import EDGE, Spot
from moravec.skills.taking import Scene
from moravec.skills.walls import has_room

HAND = Pose((0.45, 0.02, 0.20), 0.7, 0.08)
GRASP = Grasp((0.48, 0.03, 0.03), 0.2, 0.06, 0.05, 0.056, 1.0)
AT = Pose(GRASP.position, GRASP.yaw, GRASP.opening)
angles = st.floats(-3.1, 3.1)
small = st.floats(-0.1, 0.1)


# ── waypoints ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_waypoint_is_in_the_tools_own_frame() -> None:
    """At yaw 90 deg the tool's x is the world's y, its y the world's x, and its z points down; it turns the other way round."""
    hand = Pose((0.5, 0.1, 0.3), np.pi / 2, 0.08)
    goal = Pose((0.52, 0.13, 0.25), np.pi / 2 + 0.3, 0.05)
    np.testing.assert_allclose(relative(hand, [goal]), [[0.03, 0.02, 0.05, -0.3, 0.05]], atol=1e-6)


@given(angles, small, small, small, st.floats(-1.5, 1.5))
def test_there_and_back(yaw: float, x: float, y: float, z: float, turn: float) -> None:
    hand = Pose((0.4, -0.1, 0.2), yaw, 0.08)
    goal = Pose((0.4 + x, -0.1 + y, 0.2 + z), yaw + turn, 0.03)
    (back,) = absolute(hand, relative(hand, [goal]))
    np.testing.assert_allclose(back.position, goal.position, atol=1e-6)
    assert back.yaw == pytest.approx(goal.yaw, abs=1e-6) and back.opening == pytest.approx(0.03)
    move = np.linalg.inv(hand.matrix) @ goal.matrix
    np.testing.assert_allclose(relative(hand, [goal])[0, :3], move[:3, 3], atol=1e-6)
    assert relative(hand, [goal])[0, 3] == pytest.approx(np.arctan2(move[1, 0], move[0, 0]), abs=1e-6)


@given(angles, angles)
def test_waypoints_do_not_know_which_way_the_world_lies(yaw: float, world: float) -> None:
    """The same hand and goal turned about the world's z give the same waypoints."""
    c, s = np.cos(world), np.sin(world)

    def turned(pose: Pose) -> Pose:
        x, y, z = pose.position
        return Pose((c * x - s * y, s * x + c * y, z), pose.yaw + world, pose.opening)

    hand, goal = replace(HAND, yaw=yaw), Pose((0.5, 0.0, 0.1), yaw + 0.4, 0.05)
    np.testing.assert_allclose(relative(hand, [goal]), relative(turned(hand), [turned(goal)]), atol=1e-6)


def test_half_a_turn_is_no_turn_for_a_symmetric_hand() -> None:
    goal = replace(HAND, yaw=HAND.yaw + np.pi + 0.2)
    assert relative(HAND, [goal])[0, 3] == pytest.approx(-0.2, abs=1e-6)


def test_the_pose_of_a_hand() -> None:
    pose = pose_of(tool_down((0.1, 0.2, 0.3), -2.0), 0.04)
    assert pose.position == pytest.approx((0.1, 0.2, 0.3)) and pose.yaw == pytest.approx(-2.0) and pose.opening == 0.04


def test_a_way_is_cut_where_it_bends_and_nowhere_else() -> None:
    over = [replace(HAND, position=(0.45 + d, 0.02, 0.20)) for d in (0.02, 0.04)]
    down = [replace(over[-1], position=(*over[-1].position[:2], 0.20 - d)) for d in (0.03, 0.06)]
    assert stretches(HAND, [*over, *down]) == [over, down]
    slanted = [replace(HAND, position=p) for p in ((0.48, 0.02, 0.20), (0.51, 0.02, 0.20 - 0.5 * CORNER * 0.03))]
    assert stretches(HAND, slanted) == [slanted]


def test_waypoints_on_the_spot_are_passed_over_but_for_the_last() -> None:
    near = replace(HAND, position=(0.451, 0.02, 0.20))
    assert stretches(HAND, [near, near]) == [[near]]
    far = replace(HAND, position=(0.50, 0.02, 0.20))
    last = replace(far, position=(0.501, 0.02, 0.20))
    assert stretches(HAND, [far, last]) == [[last]]


# ── the crop ──────────────────────────────────────────────────────────────────────────────────────────────────────────────
def painted(lens: tuple[float, float, float], yaw: float, spot: tuple[float, float, float]) -> CameraFrame:
    """A grey picture with a red dot of about 8 mm at `spot`."""
    frame = picture(tool_down(lens, yaw), (), 0.0)
    local = (np.array(spot) - lens) @ tool_down(lens, yaw)[:3, :3]
    right, down, _ = frame.K @ (local / local[2])
    rgb = np.full((*frame.size, 3), 120, np.uint8)
    v, u = np.mgrid[0 : frame.size[0], 0 : frame.size[1]]
    rgb[np.hypot(u - right, v - down) < 0.004 * frame.K[0, 0] / local[2]] = (255, 0, 0)
    return replace(frame, rgb=frozen(rgb, np.uint8), t=1.0)


@pytest.mark.parametrize("height", [0.2, 0.35, 0.5])
@pytest.mark.parametrize("yaw", [0.0, 0.8, -2.5])
def test_the_crop_is_centred_on_the_anchor_and_as_large_as_ever(height: float, yaw: float) -> None:
    """A dot 3 cm aside is as many pixels from the middle at any height, and along the tool's axes."""
    anchor = (0.5, 0.0, 0.03)
    aside = tool_down(anchor, yaw)[:3, :3] @ np.array([0.03, 0.0, 0.0])
    x, y, z = (float(v) for v in np.array(anchor) + aside)
    frame = painted((0.49, 0.02, anchor[2] + height), yaw, (x, y, z))
    cut = crop(frame, anchor)
    assert cut.picture.shape == (PIXELS, PIXELS, 3) and cut.picture.dtype == np.uint8
    rows, columns = np.nonzero(cut.picture[..., 0].astype(int) - cut.picture[..., 2] > 100)
    middle = (PIXELS - 1) / 2
    assert columns.mean() == pytest.approx(middle + 0.03 / SIDE * PIXELS, abs=1.0)
    assert rows.mean() == pytest.approx(middle, abs=1.0)
    assert seen_at(frame, cut, (x, y, z)) == pytest.approx((columns.mean(), rows.mean()), abs=1.0)
    assert seen_at(frame, cut, anchor) == pytest.approx((middle, middle), abs=1e-6)


def test_what_the_camera_did_not_see_is_black() -> None:
    anchor = (0.5, 0.0, 0.03)
    cut = crop(painted((0.55, 0.0, 0.18), 0.0, anchor), anchor)
    assert (cut.picture == 0).all(axis=2).mean() > 0.2 and cut.picture[PIXELS // 2, PIXELS // 2].any()


# ── the teacher ───────────────────────────────────────────────────────────────────────────────────────────────────────────
@given(small, small, st.floats(0.08, 0.25), angles)
def test_the_way_ends_closed_around_the_grasp(x: float, y: float, z: float, yaw: float) -> None:
    hand = Pose((GRASP.position[0] + x, GRASP.position[1] + y, z), yaw, 0.08)
    way = way_to(hand, AT, 0.12, 0.0)
    assert len(way) == CHUNK
    for a, b in zip((hand, *way[:-1]), way, strict=True):
        assert np.linalg.norm(b.place - a.place) <= max(STEP, abs(hand.position[2] - 0.12)) + 1e-9
        assert b.opening in (0.0, GRASP.opening)
    closed = [pose for pose in way if pose.opening == 0.0]
    if closed:
        assert all(pose.position == GRASP.position for pose in closed)
        assert abs(wrap_angle(closed[0].yaw - GRASP.yaw, np.pi)) < 1e-9


def test_the_hand_is_over_the_grasp_before_it_goes_down() -> None:
    way = way_to(HAND, AT, 0.12, 0.0)
    low = [pose for pose in way if pose.position[2] < 0.12 - 1e-9]
    assert low and all(np.allclose(pose.position[:2], GRASP.position[:2]) for pose in low)


def test_a_hand_that_is_low_and_aside_goes_up_first_and_one_a_hair_aside_goes_on() -> None:
    aside = replace(HAND, position=(0.45, 0.03, 0.06), yaw=GRASP.yaw)
    assert way_to(aside, AT, 0.12, 0.0)[0].position == (0.45, 0.03, 0.12)
    hair = replace(aside, position=(0.474, 0.03, 0.06))
    assert max(pose.position[2] for pose in way_to(hair, AT, 0.12, 0.0)) < 0.06


def test_of_grasps_as_good_the_nearest_is_shown() -> None:
    across = replace(GRASP, yaw=GRASP.yaw + np.pi / 2)
    assert nearest([(1.0, GRASP), (1.0, across)], across.yaw + np.pi) == across
    assert nearest([(2.0, GRASP), (1.0, across)], across.yaw) == GRASP


def test_the_teacher_knows_where_it_leads_and_says_so_in_the_contracts_words() -> None:
    target = detection()
    place = WORKPLACE.place("parcel")
    box = (target.position[0], target.position[1], target.extent[0] / 2, target.extent[1] / 2, 0.056)
    frame = picture(tool_down([0.48, 0.03, 0.5], 0.0), [box], 0.006)
    scene = Scene(frame, place, target, [], [])
    teacher = Teacher()
    with pytest.raises(SkillError, match="before it was shown"):
        teacher.act(moment_of(PickErrand(scene, 0.2), frame, HAND))
    assert teacher.aim(PickErrand(scene, 0.2))
    moment = moment_of(PickErrand(scene, 0.2), frame, HAND)
    chunk = teacher.act(moment)
    check_chunk(SPEC, chunk)
    assert chunk.actions.shape == (CHUNK, 5) and teacher.goal is not None
    np.testing.assert_allclose(absolute(HAND, chunk.actions)[-1].position, teacher.goal.position, atol=1e-5)
    empty = Scene(picture(tool_down([0.48, 0.03, 0.5], 0.0), [], 0.006), place, target, [], [])
    assert not teacher.aim(PickErrand(empty, 0.2))


def test_the_state_is_the_hand_from_the_target_in_its_own_axes() -> None:
    target = detection()
    hand = Pose((target.position[0], target.position[1] + 0.02, 0.106), np.pi / 2, 0.07)
    scene = Scene(picture(tool_down([0.48, 0.03, 0.5], 0.0), [], 0.006), WORKPLACE.place("parcel"), target, [], [])
    seen = moment_of(PickErrand(scene, 0.2), scene.frame, hand).seen
    np.testing.assert_allclose(seen.state, [0.02, 0.0, 0.1, 0.07], atol=1e-6)
    assert seen.prompt == "pick up the red box"


# ── words ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_sentences_name_the_thing_and_some_are_kept_out() -> None:
    assert asked("red", "can") == "pick up the red can" == sentences("red", "can")[0]
    assert len(set(PICK)) == len(PICK) >= 5 and not set(PICK) & set(PICK_HELD_OUT)
    assert all("red" in words and "can" in words for words in sentences("red", "can"))


def test_sentences_say_where_to_put_it() -> None:
    assert asked_down("red can", "bin") == "put the red can into the bin" == sentences_down("red can", "bin")[0]
    assert asked_down("", "station") == "put it down on the plate"
    every = [form for forms in (*PLACE.values(), *PLACE_HELD_OUT.values()) for form in forms]
    assert len(set(every)) == len(every) and all("{thing}" in form for form in every)
    assert PLACE.keys() == PLACE_HELD_OUT.keys() == set(LED)


# ── putting down ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def putting(kind: str, spot: tuple[float, float] | None = None, below: float = 0.03) -> PlaceErrand:
    """A red can held, to be put in the first place of that kind."""
    place = WORKPLACE.of_kind(kind)[0]
    held = Held(below, (0.04, 0.04, 0.03), 0.05, "red can")
    return PlaceErrand(place, held, [Spot(*(spot or place.centre), place.floor)], place.rim + below + 0.07)


def over(errand: PlaceErrand, aside: tuple[float, float], height: float) -> Pose:
    x, y, _ = errand.anchor
    return Pose((x + aside[0], y + aside[1], height), 0.4, errand.held.width)


@pytest.mark.parametrize("kind", LED)
def test_the_teacher_puts_down_where_a_program_would(kind: str) -> None:
    x, y = WORKPLACE.of_kind(kind)[0].centre
    errand = putting(kind, (x + 0.02, y - 0.01))
    hand = over(errand, (0.05, 0.06), errand.high)
    teacher = Teacher()
    assert teacher.aim(errand)
    moment = moment_of(errand, picture(tool_down((*hand.position[:2], 0.6), 0.4), [], 0.006), hand)
    chunk = teacher.act(moment)
    check_chunk(SPEC, chunk)
    way = absolute(hand, chunk.actions)
    end = next(pose for pose in way if errand.ends(pose))
    z = errand.place.rim + OVER_RIM if kind != "station" else errand.place.floor + 0.03 - BELOW
    assert end.position == pytest.approx((x + 0.02, y - 0.01, z), abs=1e-5)
    assert all(not errand.objection(pose) for pose in way), "a pilot that says the same may go there"
    assert all(pose.opening == pytest.approx(errand.held.width) for pose in way[: way.index(end)])
    assert moment.seen.prompt == asked_down("red can", kind)
    ground = errand.place.rim if kind != "station" else errand.place.floor + 0.03
    assert moment.seen.state[2] == pytest.approx(hand.position[2] - ground, abs=1e-6)


@pytest.mark.parametrize("below", [0.005, 0.09])
def test_what_is_carried_stays_above_the_rim_until_it_is_inside(below: float) -> None:
    errand = putting("bin", below=below)
    beside = over(errand, (0.08, 0.0), errand.place.rim + below + 0.005)
    assert "not at" in errand.objection(beside)
    assert not errand.objection(replace(beside, position=(*beside.position[:2], errand.place.rim + max(below, 0.01) + 0.015)))
    inside = over(errand, (0.03, 0.0), errand.place.rim + 0.02)
    assert not errand.objection(inside)
    assert "not at" in errand.objection(replace(inside, position=(*inside.position[:2], errand.place.rim)))


def test_nobody_lets_go_beside_a_bin() -> None:
    errand = putting("bin")
    beside = replace(over(errand, (0.08, 0.0), errand.high), opening=0.08)
    assert "let go there" in errand.objection(beside)
    assert not errand.objection(replace(beside, opening=errand.held.width))


def test_a_hand_that_cannot_open_farther_still_comes_to_an_end() -> None:
    errand = putting("station")
    wide = replace(errand, held=replace(errand.held, width=0.095))
    assert wide.ends(over(wide, (0.0, 0.0), 0.1)) is False
    assert wide.ends(Pose((0.0, 0.0, 0.1), 0.0, release_opening(wide.held)))


def test_a_wish_too_low_or_too_near_a_wall_is_mended_by_its_nearest() -> None:
    place = WORKPLACE.place("parcel")
    errand = PickErrand(Scene(picture(tool_down([0.48, 0.03, 0.5], 0.0), [], 0.006), place, detection(), [], []), 0.2)
    good = Pose((0.48, 0.03, 0.03), 0.0, 0.05)
    assert errand.nearest(good) == good
    low = errand.nearest(replace(good, position=(0.48, 0.03, -0.01)))
    assert low.position[:2] == (0.48, 0.03) and not errand.objection(low)
    wall = place.centre[0] + place.size[0] / 2
    near = errand.nearest(replace(good, position=(wall, 0.03, 0.03)))
    assert near.position[0] < wall - 0.01 and has_room(place, near.position) and near.position[1:] == (0.03, 0.03)


# ── a touch, and how long a word holds ────────────────────────────────────────────────────────────────────────────────────
def led(errand: PickErrand | PlaceErrand, hand: Pose, way: Sequence[Pose]) -> tuple[Stage, Round]:
    """The stage's arm at `hand`, where a pilot wants to go `way`."""
    stage = Stage()
    q = ARM.reach(hand.matrix, HOME)
    assert q is not None
    stage.q, stage.width = q, hand.opening
    moment = moment_of(errand, picture(tool_down((*hand.position[:2], 0.6), 0.4), [], 0.006), hand)
    return stage, Round(moment, tuple(way), 0.0, 0.0)


@pytest.mark.parametrize(
    ("aside", "above", "words"),
    [((0.0, 0.0), 0.0, ""), ((0.01, 0.0), 0.01, ""), ((0.0, 0.0), 0.03, "0.030 m above"), ((0.03, 0.0), 0.0, "0.030 m beside"),
     ((0.0, 0.0), None, "on the way")],
)  # fmt: skip
def test_a_touch_counts_only_about_where_the_pilot_would_end(
    aside: tuple[float, float], above: float | None, words: str
) -> None:
    errand = putting("station")
    end = replace(over(errand, (0.0, 0.0), errand.ground + 0.002), opening=release_opening(errand.held))
    hand = over(errand, aside, errand.ground + 0.002 + (above or 0.0))
    stage, seen = led(errand, hand, [hand if above is None else end] * CHUNK)
    if not words:
        _check_touch(stage.context(), seen)
        return
    with pytest.raises(Failed, match=words) as failure:
        _check_touch(stage.context(), seen)
    assert failure.value.code == "contact"


def test_nothing_is_let_go_beside_a_bin_after_a_touch_there() -> None:
    errand = putting("bin")
    farthest = errand.place.size[0] / 2 - EDGE + EDGE_SLACK
    end = replace(over(errand, (farthest - 0.001, 0.0), errand.ground + 0.05), opening=release_opening(errand.held))
    assert not errand.objection(end)
    hand = over(errand, (farthest + 0.01, 0.0), errand.ground + 0.055)
    stage, seen = led(errand, hand, [end] * CHUNK)
    with pytest.raises(Failed, match="to let go there"):
        _check_touch(stage.context(), seen)


def test_a_mended_end_is_where_a_touch_is_measured_from() -> None:
    """A wish 14 mm too low is raised by as much: a touch 10 mm above that is one at the end."""
    errand = putting("station")
    lowest = errand.nearest(over(errand, (0.0, 0.0), 0.0)).position[2]
    end = replace(over(errand, (0.0, 0.0), lowest - 0.014), opening=release_opening(errand.held))
    stage, seen = led(errand, over(errand, (0.0, 0.0), lowest + 0.01), [end] * CHUNK)
    _check_touch(stage.context(), seen)


def test_no_word_of_a_pilots_holds_longer_than_the_guard_believes_it() -> None:
    errand = putting("station")
    hand = over(errand, (0.0, 0.0), errand.high)
    stage, seen = led(errand, hand, [])
    turned = replace(hand, yaw=hand.yaw + 1.8)
    drive(stage, follow_way(stage.context(), seen, [turned]))
    (request,) = asked_of(stage, Follow)
    made = request.chunk.provenance
    assert request.chunk.duration > 4.0 and made.expires - made.made == LONGEST_LIFE == TIGHTER["chunk_age_max"]


def test_a_way_beyond_a_joints_range_is_none() -> None:
    q = HOME.copy()
    q[5] = 6.0
    T = ARM.tool_pose(q)
    c, s = np.cos(0.4), np.sin(0.4)
    ways = [T @ np.array([[c, sign * s, 0, 0], [-sign * s, c, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]]) for sign in (1.0, -1.0)]
    found = [ARM.through(q, [way]) for way in ways]
    assert sum(way is None for way in found) == 1 and all(np.abs(way).max() < 2 * np.pi for way in found if way is not None)
