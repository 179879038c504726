"""Taking what rides on a belt: how long it stays within reach, and a motion that meets it and goes along."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from helpers_skills import detection

from moravec.core.frames import Matrix
from moravec.guard.limits import LimitTable
from moravec.skills.arm import Arm
from moravec.skills.belt import ahead, leaves, rides, stretch_in_reach
from moravec.skills.grasp import Grasp
from moravec.skills.meeting import Meeting, Rider, meeting
from moravec.skills.spots import FARTHEST
from moravec.skills.trajectory import MotionLimits
from moravec.worlds.cell import layout
from moravec.worlds.cell.limits import cell_limits

CELL = layout.workplace(conveyor=True)
ARM = Arm(CELL)
HOME = np.array(CELL.home_q)
(BELT,) = CELL.of_kind("belt")
REACH = stretch_in_reach(BELT)
LIMITS: LimitTable = cell_limits(conveyor=True)
LIFT = 0.22
THING = replace(detection("parcel"), place="belt", position=(0.56, -0.30, 0.08), velocity=(0.0, 0.06), t=10.0)


def rider(y: float = -0.2, speed: float = 0.06, yaw: float = 0.3, t: float = 9.8, x: float = 0.55) -> Rider:
    return Rider(Grasp((x, y, 0.06), yaw, 0.06, 0.04, 0.09, 1.0), t, (0.0, speed))


def met(what: Rider, start: float = 10.0) -> Meeting | None:
    ARM.fingers(0.06)
    return meeting(ARM, HOME, what, start, REACH, LIFT, MotionLimits())


def tool(found: Meeting, t: float) -> Matrix:
    return np.asarray(ARM.tool_pose(found.chunk.sample(t)[0]))


# ── how long it stays ────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_stretch_in_reach_is_where_the_arm_gets_to() -> None:
    low, high = REACH
    assert -0.5 < low < -0.35 and 0.35 < high < 0.5 and math.hypot(BELT.centre[0], high) < FARTHEST
    for y in np.linspace(low, high, 9):
        assert ARM.reach_down(np.array([BELT.centre[0], y, BELT.floor + 0.02]), 0.0, HOME) is not None
        assert ARM.reach_down(np.array([BELT.centre[0], y, LIFT]), 0.0, HOME) is not None
    assert stretch_in_reach(replace(BELT, centre=(0.9, 0.0))) == (0.0, 0.0)
    assert stretch_in_reach(replace(BELT, size=(0.2, 0.3), centre=(0.56, 0.1))) == pytest.approx((-0.05, 0.25))


def test_it_leaves_when_it_comes_to_the_end_of_the_stretch() -> None:
    assert leaves(THING, BELT) == pytest.approx(10.0 + (REACH[1] + 0.30) / 0.06)
    assert leaves(replace(THING, velocity=(0.0, -0.06)), BELT) == pytest.approx(10.0 + (-0.30 - REACH[0]) / 0.06)
    late = leaves(replace(THING, position=(0.56, 0.6, 0.08)), BELT)
    assert late < 10.0


def test_what_lies_still_stays_if_it_is_within_reach() -> None:
    still = replace(THING, velocity=(0.0, 0.0))
    assert not rides(still) and leaves(still, BELT) == math.inf and ahead(still, 99.0) == (0.56, -0.30)
    assert leaves(replace(still, position=(0.56, 0.7, 0.08)), BELT) == -math.inf


def test_ahead_is_where_it_rides_to() -> None:
    assert ahead(THING, 12.0) == pytest.approx((0.56, -0.18)) and ahead(THING, 10.0) == (0.56, -0.30)


# ── meeting it ───────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("speed", [-0.1, 0.0, 0.03, 0.06, 0.1, 0.2])
@pytest.mark.parametrize("yaw", [0.0, 1.2])
def test_the_hand_is_on_it_and_as_fast_as_it_while_the_fingers_close(speed: float, yaw: float) -> None:
    what = rider(y=-0.1 if speed >= 0 else 0.1, speed=speed, yaw=yaw)
    found = met(what)
    assert found is not None and found.start == 10.0
    for after in (0.0, 0.1, 0.2):
        t = found.close_at + after
        pose = tool(found, t)
        np.testing.assert_allclose(pose[:3, 3], [*what.at(10.0 + t), 0.06], atol=8e-4)
        moved = (tool(found, t + 0.01) - tool(found, t - 0.01))[:3, 3] / 0.02
        np.testing.assert_allclose(moved, [0.0, speed, 0.0], atol=0.006)
        closing = np.arctan2(pose[1, 0], pose[0, 0])
        assert abs((closing - yaw + np.pi / 2) % np.pi - np.pi / 2) < 5e-3


def test_it_comes_straight_down_and_ends_lifted_and_at_rest() -> None:
    what = rider()
    found = met(what)
    assert found is not None
    for before in np.arange(0.02, 0.2, 0.02):
        place = tool(found, found.close_at - before)[:3, 3]
        assert np.hypot(*(place[:2] - what.at(10.0 + found.close_at - before))) < 1e-3
    end = tool(found, found.chunk.duration)
    assert end[2, 3] == pytest.approx(LIFT, abs=1e-3) and not found.chunk.dq[-1].any() and not found.chunk.dq[0].any()
    np.testing.assert_array_equal(found.chunk.q[0], HOME)


@pytest.mark.parametrize("speed", [0.03, 0.1, 0.2])
def test_what_is_planned_is_within_the_guards_limits(speed: float) -> None:
    found = met(rider(speed=speed))
    assert found is not None
    times = np.arange(0.0, found.chunk.duration, LIMITS.control_period)
    q, dq = (np.array(values) for values in zip(*(found.chunk.sample(float(t)) for t in times), strict=True))
    assert np.all(np.abs(dq) < LIMITS.velocity)
    assert np.all(np.abs(np.diff(dq, axis=0)) / LIMITS.control_period < LIMITS.acceleration)
    places = ARM.tool_points(q[::5])
    assert np.linalg.norm(np.diff(places, axis=0), axis=1).max() / (5 * LIMITS.control_period) < LIMITS.tool_speed
    assert places[:, 2].min() > BELT.floor


@pytest.mark.parametrize(
    "what",
    [rider(y=0.40, speed=0.1), rider(y=-0.9, speed=0.03), rider(speed=0.9), rider(y=0.7, speed=0.0), rider(x=0.95)],
    ids=["leaves too soon", "comes too late", "too fast", "lies out of reach", "too far"],
)
def test_there_is_no_meeting_where_there_can_be_none(what: Rider) -> None:
    assert met(what) is None
