"""Motions keep their limits, at the rate and with the sums of the guard."""

from __future__ import annotations

import numpy as np
import pytest
from helpers_skills import ARM, HOME, tool_point
from hypothesis import given, settings
from hypothesis import strategies as st

from moravec.core.command import ActionChunk
from moravec.core.errors import SkillError
from moravec.robots.ur5e.limits import ur5e_limits
from moravec.skills.trajectory import MotionLimits, joined, joint_motion, path_motion, tool_speeds

TABLE = ur5e_limits()
LIMITS = MotionLimits()
seeds = st.integers(0, 2**32)
factors = st.sampled_from([1.0, 0.6, 0.25])


def at_ticks(chunk: ActionChunk) -> np.ndarray:
    """Set-points (m, n) [rad] as the loop samples them, with two ticks of rest at both ends."""
    dt = TABLE.control_period
    return np.array([chunk.sample(t)[0] for t in np.arange(-2 * dt, chunk.duration + 3 * dt, dt)])


def check(chunk: ActionChunk, limits: MotionLimits, slack: float = 1.02) -> None:
    dt = TABLE.control_period
    q = at_ticks(chunk)
    speeds, accelerations = np.diff(q, axis=0) / dt, np.diff(q, 2, axis=0) / dt**2
    assert np.abs(speeds).max() <= slack * limits.velocity
    # A motion's end falls between two ticks: what is left of it there adds to the second difference.
    assert np.abs(accelerations).max() <= slack * limits.acceleration + 0.5
    assert np.all(np.abs(speeds) < TABLE.velocity) and np.all(np.abs(accelerations) < TABLE.acceleration)
    np.testing.assert_allclose(chunk.dq[[0, -1]], 0.0, atol=1e-12)


def jerk_of(chunk: ActionChunk) -> float:
    return float(np.abs(np.diff(at_ticks(chunk), 3, axis=0)).max() / TABLE.control_period**3)


@given(seeds, factors)
@settings(max_examples=40, deadline=None)
def test_joint_motions(seed: int, factor: float) -> None:
    rng = np.random.default_rng(seed)
    start, goal = rng.uniform(-3, 3, (2, 6)) * rng.choice([1e-4, 0.01, 0.3, 1.0])
    limits = LIMITS.scaled(factor)
    chunk = joint_motion(start, goal, limits, "t")
    check(chunk, limits)
    np.testing.assert_allclose(chunk.q[0], start, atol=1e-9)
    np.testing.assert_allclose(chunk.q[-1], goal, atol=1e-9)
    way = goal - start  # a straight line in joint space, and never back
    share = (chunk.q - start) @ way / (way @ way)
    np.testing.assert_allclose(chunk.q, start + share[:, None] * way, atol=1e-6)
    assert np.all(np.diff(share) > -1e-9)


def test_a_joint_motion_is_no_slower_than_it_must_be() -> None:
    """Rest to rest over 2 rad: the jerk-limited profile of Berscheid and Kröger 2021, here written out by phases."""
    v, a, j, way = LIMITS.velocity, LIMITS.acceleration, LIMITS.jerk, 2.0
    assert v * j > a * a  # both limits are reached on the way
    expected = way / v + v / a + a / j
    assert joint_motion(np.zeros(6), np.eye(6)[0] * way, LIMITS, "t").duration == pytest.approx(expected, rel=1e-6)


def test_no_way_is_no_time() -> None:
    chunk = joint_motion(HOME, HOME + 1e-8, LIMITS, "t")
    assert chunk.duration == 0.0 and np.abs(chunk.q - HOME).max() < 1e-7


def test_a_joint_that_stands_still_stays() -> None:
    chunk = joint_motion(np.zeros(3), np.array([1.0, 0.0, -0.5]), LIMITS, "t")
    assert np.abs(chunk.q[:, 1]).max() < 1e-12


@given(seeds, factors)
@settings(max_examples=30, deadline=None)
def test_straight_lines_of_the_tool(seed: int, factor: float) -> None:
    rng = np.random.default_rng(seed)
    start = ARM.reach_down(rng.uniform((0.2, -0.3, 0.1), (0.55, 0.3, 0.35)), rng.uniform(-1.5, 1.5), HOME)
    assert start is not None
    origin = ARM.tool_pose(start)[:3, 3]
    path = ARM.line(start, origin + rng.uniform(-0.12, 0.12, 3) * rng.choice([0.05, 0.3, 1.0]))
    if path is None:
        return
    limits = LIMITS.scaled(factor)
    chunk = path_motion(path, ARM.tool_points(path), limits, "t")
    check(chunk, limits)
    np.testing.assert_allclose(chunk.q[[0, -1]], path[[0, -1]], atol=1e-6)
    tips = np.array([tool_point(q.tolist(), TABLE) for q in at_ticks(chunk)])
    speeds = np.linalg.norm(np.diff(tips, axis=0), axis=1) / TABLE.control_period
    assert speeds.max() <= 1.02 * limits.tool_speed + 1e-3 and speeds.max() < TABLE.tool_speed
    end = ARM.tool_pose(path[-1])[:3, 3]
    along = (end - origin) / max(np.linalg.norm(end - origin), 1e-9)
    aside = (tips - origin) - ((tips - origin) @ along)[:, None] * along
    assert np.linalg.norm(aside, axis=1).max() < 2e-3


def test_a_joint_that_would_be_too_fast_slows_the_whole_path() -> None:
    """The tool goes 6 cm while a joint turns 6 rad."""
    share = np.linspace(0.0, 1.0, 6)
    path, points = 6 * share[:, None] * np.eye(6)[3], share[:, None] * np.array([0.06, 0.0, 0.0])
    chunk = path_motion(path, points, LIMITS, "t")
    check(chunk, LIMITS)
    assert np.abs(chunk.dq).max() > 0.98 * LIMITS.velocity


@pytest.mark.parametrize("turn", [0.5, 1e-3])
def test_a_tool_that_only_turns_gets_to_its_goal_as_well(turn: float) -> None:
    path = np.linspace(HOME, HOME + np.array([0, 0, 0, 0, 0, turn]), 5)
    chunk = path_motion(path, np.zeros((5, 3)), LIMITS, "t")
    np.testing.assert_allclose(chunk.q[[0, -1]], path[[0, -1]], atol=1e-9)
    check(chunk, LIMITS)


def test_a_path_that_turns_on_the_spot_is_refused_not_cut_short() -> None:
    path = np.array([HOME, HOME + 0.05, HOME + 0.1, HOME + 0.1 + 0.02 * np.eye(6)[5]])
    points = np.array([[0.0, 0, 0], [0.01, 0, 0], [0.02, 0, 0], [0.02, 0, 0]])
    with pytest.raises(SkillError, match=r"path of 't': the tool turns on the spot by 0\.0200 rad"):
        path_motion(path, points, LIMITS, "t")
    path[3] = path[2]  # a point that is there twice is no harm
    np.testing.assert_allclose(path_motion(path, points, LIMITS, "t").q[-1], path[-1], atol=1e-9)


def test_slower_by_a_factor_is_the_same_path_in_longer_time() -> None:
    start, goal = HOME, HOME + np.array([0.5, -0.2, 0.3, 0.0, 0.1, 1.0])
    fast, slow = (joint_motion(start, goal, LIMITS.scaled(f), "t") for f in (1.0, 0.5))
    assert slow.duration == pytest.approx(2 * fast.duration, rel=1e-6)
    for t in np.linspace(0, fast.duration, 9):
        np.testing.assert_allclose(slow.sample(2 * t)[0], fast.sample(t)[0], atol=1e-4)


def test_gentler_is_hardly_slower_where_the_way_is_short() -> None:
    start, goal = HOME, HOME + 0.005
    fast, gentle, slow = (joint_motion(start, goal, of, "t") for of in (LIMITS, LIMITS.gentler(0.5), LIMITS.scaled(0.5)))
    assert gentle.duration == pytest.approx(2 ** (1 / 3) * fast.duration, rel=1e-6)  # the jerk alone counts
    assert slow.duration == pytest.approx(2 * fast.duration, rel=1e-6)
    pushed = LIMITS.gentler(0.9, 0.4)
    assert (pushed.velocity, pushed.tool_speed) == (0.9 * LIMITS.velocity, 0.9 * LIMITS.tool_speed)
    assert (pushed.acceleration, pushed.jerk) == (0.4 * LIMITS.acceleration, 0.4 * LIMITS.jerk)
    assert (pushed.tool_acceleration, pushed.tool_jerk) == (0.4 * LIMITS.tool_acceleration, 0.4 * LIMITS.tool_jerk)


def test_the_jerk_stays_near_its_limit() -> None:
    """Between nodes the set-points are splines of third degree, so the jerk is kept in the mean and not to the last per cent."""
    chunk = joint_motion(np.zeros(6), np.full(6, 1.0), LIMITS, "t")
    assert jerk_of(chunk) < 2.5 * LIMITS.jerk


def test_joined_motions() -> None:
    a, b = (
        joint_motion(np.zeros(6), np.full(6, 0.3), LIMITS, "a"),
        joint_motion(np.full(6, 0.3), np.zeros(6), LIMITS, "b"),
    )
    both = joined(a, b)
    assert both.duration == pytest.approx(a.duration + b.duration) and both.source == "a"
    np.testing.assert_allclose(both.sample(a.duration + 0.1)[0], b.sample(0.1)[0], atol=1e-9)
    check(both, LIMITS)
    still = joint_motion(np.zeros(6), np.zeros(6), LIMITS, "s")
    assert joined(still, a) is a and joined(a, still) is a


def test_tool_speeds() -> None:
    points = np.array([[0.0, 0, 0], [0.3, 0.4, 0], [0.3, 0.4, 0.1]])
    np.testing.assert_allclose(tool_speeds(points, np.array([0.0, 1.0, 1.2])), [0.5, 0.5])
