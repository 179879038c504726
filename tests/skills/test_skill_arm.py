"""The arm's picture of itself, against the guard's own sums and the cell's drawing."""

from __future__ import annotations

import numpy as np
import pytest
from helpers_skills import ARM, HOME, WORKPLACE, tool_point
from hypothesis import given, settings
from hypothesis import strategies as st

from moravec.core.errors import ContractError
from moravec.core.frames import inverse, tool_down
from moravec.robots.ur5e.limits import ur5e_limits
from moravec.skills.arm import ANGLE_TOLERANCE, POSITION_TOLERANCE, Arm

TABLE = ur5e_limits()
PARCEL = WORKPLACE.place("parcel")


def down_at(x: float, y: float, z: float, yaw: float = 0.0) -> np.ndarray:
    q = ARM.reach_down(np.array([x, y, z]), yaw, HOME)
    assert q is not None
    return q


def error(q: np.ndarray, T_goal: np.ndarray) -> tuple[float, float]:
    """Distance [m] and angle [rad] between the tool and its goal, by the guard's kinematics and the arm's rotation."""
    point = tool_point(q.tolist(), TABLE)
    R = (inverse(T_goal) @ ARM.tool_pose(q))[:3, :3]
    return float(np.linalg.norm(point - T_goal[:3, 3])), float(np.arccos(np.clip((np.trace(R) - 1) / 2, -1, 1)))


@given(st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_the_tool_is_where_the_guard_has_it(seed: int) -> None:
    path = np.random.default_rng(seed).uniform(TABLE.position_min, TABLE.position_max, (3, 6))
    points = ARM.tool_points(path)
    for q, point in zip(path, points, strict=True):
        np.testing.assert_allclose(point, tool_point(q.tolist(), TABLE), atol=1e-6)
        T = ARM.tool_pose(q)
        np.testing.assert_allclose(T[:3, 3], point, atol=1e-12)
        np.testing.assert_allclose(T[:3, :3] @ T[:3, :3].T, np.eye(3), atol=1e-9)


def test_its_pose_is_a_copy() -> None:
    T = ARM.tool_pose(HOME)
    T[2, 3] = 9.0
    ARM.tool_pose(HOME + 0.1)
    assert ARM.tool_pose(HOME)[2, 3] < 1.0 and T[2, 3] == 9.0


@given(st.integers(0, 2**32))
@settings(max_examples=80, deadline=None)
def test_reaching_arrives_within_its_tolerance_and_the_arms_range(seed: int) -> None:
    """Random poses in the cell, tilted by up to 0.4 rad; where one is found it is right."""
    rng = np.random.default_rng(seed)
    goal = tool_down(rng.uniform((0.05, -0.55, 0.03), (0.6, 0.6, 0.4)), rng.uniform(-np.pi, np.pi))
    tilt = rng.uniform(-0.4, 0.4)
    goal[:3, :3] = goal[:3, :3] @ [[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]]
    near = HOME + rng.uniform(-0.3, 0.3, 6)
    q = ARM.reach(goal, near)
    if q is None:
        return
    distance, angle = error(q, goal)
    assert distance <= POSITION_TOLERANCE and angle <= 2 * ANGLE_TOLERANCE
    assert np.all(q > TABLE.position_min) and np.all(q < TABLE.position_max)
    assert q[2] > 0.0  # elbow up


def test_the_arm_never_folds_its_elbow_down_even_when_it_starts_so() -> None:
    goal = tool_down([0.45, 0.1, 0.25], 0.0)
    up = ARM.reach(goal, HOME)
    assert up is not None
    below = np.array(
        [up[0], up[1] + up[2], -up[2], up[3] + up[2], up[4], up[5]]
    )  # the other branch, nearly there already
    found = ARM.reach(goal, below)
    assert found is not None and found[2] > 0.0 and ARM._descend(goal, below, "tool")[2] < 0.0  # type: ignore[index]


def test_nearly_everything_over_the_table_can_be_reached() -> None:
    """Straight down within 0.20 to 0.68 m of the base, with any yaw."""
    rng = np.random.default_rng(5)
    found = 0
    for _ in range(150):
        radius, angle = rng.uniform(0.25, 0.68), rng.uniform(-1.9, 1.9)
        point = np.array([radius * np.cos(angle), radius * np.sin(angle), rng.uniform(0.03, 0.32)])
        found += ARM.reach_down(point, rng.uniform(-np.pi, np.pi), HOME) is not None
    assert found >= 147


@pytest.mark.parametrize("place", [p for p in WORKPLACE.places if p.kind in ("bin", "reject", "station", "parcel", "lid_rest")],
                         ids=lambda p: p.name)  # fmt: skip
def test_every_place_can_be_reached_to_its_corners(place) -> None:  # type: ignore[no-untyped-def]
    if place.kind == "lid_rest":
        corners = [(0.0, 0.0)]
    else:
        corners = [
            (sx * (place.size[0] / 2 - 0.05), sy * (place.size[1] / 2 - 0.05)) for sx in (-1, 1) for sy in (-1, 1)
        ]
    for dx, dy in corners:
        q = down_at(place.centre[0] + dx, place.centre[1] + dy, place.rim + 0.06)
        assert ARM.is_free(q[None])


@pytest.mark.parametrize("goal", [(1.5, 0.0, 0.2), (0.0, 0.0, 0.2), (0.5, 0.0, 1.8), (-0.9, 0.6, 0.1)])
def test_what_is_out_of_reach_is_none(goal: tuple[float, float, float]) -> None:
    assert ARM.reach(tool_down(goal, 0.0), HOME) is None
    assert ARM.reach_down(np.array(goal), 0.3, HOME) is None


def test_the_hand_is_symmetric_and_turns_the_shorter_way() -> None:
    for yaw in np.linspace(-np.pi, np.pi, 9):
        a, b = (ARM.reach_down(np.array([0.45, 0.1, 0.2]), turned, HOME) for turned in (yaw, yaw + np.pi))
        assert a is not None and b is not None
        axis = ARM.tool_pose(a)[:2, 0]
        assert abs(axis @ [np.cos(yaw), np.sin(yaw)]) > 1 - 1e-4
        assert abs(ARM.tool_pose(b)[:2, 0] @ axis) > 1 - 1e-4
        assert np.abs(a - HOME).max() == pytest.approx(np.abs(b - HOME).max(), abs=0.02)


def test_the_camera_can_be_brought_somewhere_too() -> None:
    goal = tool_down([0.4, 0.0, 0.5], 0.0)
    q = ARM.reach(goal, HOME, "camera")
    assert q is not None
    ARM.tool_pose(q)
    np.testing.assert_allclose(ARM._data.site("wrist_lens").xpos, goal[:3, 3], atol=5e-4)


# ── straight lines ───────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_line_is_straight_even_and_does_not_turn() -> None:
    start = down_at(0.45, -0.1, 0.25, 0.4)
    T, goal = ARM.tool_pose(start), np.array([0.40, 0.15, 0.10])
    path = ARM.line(start, goal)
    assert path is not None and np.array_equal(path[0], start)
    points = ARM.tool_points(path)
    share = np.linspace(0, 1, len(points))[:, None]
    np.testing.assert_allclose(points, (1 - share) * T[:3, 3] + share * goal, atol=POSITION_TOLERANCE)
    assert np.linalg.norm(np.diff(points, axis=0), axis=1).max() < 0.0205
    for q in path:
        np.testing.assert_allclose(ARM.tool_pose(q)[:3, :3], T[:3, :3], atol=2 * ANGLE_TOLERANCE)
    assert np.abs(np.diff(path, axis=0)).max() < 0.6


def test_a_line_that_leaves_the_reach_is_none() -> None:
    assert ARM.line(down_at(0.5, 0.0, 0.2), np.array([1.2, 0.0, 0.2])) is None


# ── what would be touched ────────────────────────────────────────────────────────────────────────────────────────────
def test_home_and_over_the_parcel_is_free() -> None:
    assert ARM.is_free(HOME[None]) and ARM.is_free(np.array([HOME, down_at(0.5, 0.0, 0.2)]))


@pytest.mark.parametrize(
    "place", [p for p in WORKPLACE.places if p.kind in ("bin", "reject", "parcel")], ids=lambda p: p.name
)
@pytest.mark.parametrize("side", [(1, 0), (-1, 0), (0, 1), (0, -1)])
def test_fingers_in_a_wall_are_seen(place, side: tuple[int, int]) -> None:  # type: ignore[no-untyped-def]
    """The closed fingers stand in the wall, 2 cm below its rim; over the rim they are free."""
    ARM.fingers(0.0)
    x = place.centre[0] + side[0] * (place.size[0] / 2 + 0.003)
    y = place.centre[1] + side[1] * (place.size[1] / 2 + 0.003)
    assert not ARM.is_free(down_at(x, y, place.rim - 0.02)[None])
    ledge = 0.012 if place.kind == "bin" and side == (0, -1) else 0.0
    if side != (0, 1) or place.name not in (
        "bin_1",
        "bin_2",
        "bin_3",
    ):  # there the upper row's ledge is in the hand's way
        assert ARM.is_free(down_at(x, y, place.rim + 0.010 + ledge)[None])
    ARM.fingers(0.08)


def test_open_fingers_take_room() -> None:
    x = PARCEL.centre[0] + PARCEL.size[0] / 2 - 0.035
    q = down_at(x, 0.0, 0.05)
    ARM.fingers(0.0)
    assert ARM.is_free(q[None])
    ARM.fingers(0.09)
    assert not ARM.is_free(q[None])
    ARM.fingers(0.08)


def test_the_table_and_the_station_are_seen() -> None:
    """What things are put down on may be touched: there the keep-clear begins below the surface."""
    x, y = WORKPLACE.place("station").centre
    for at, surface in (((0.2, -0.2), 0.0), ((x, y), WORKPLACE.place("station").floor)):
        assert not ARM.is_free(down_at(*at, surface - 0.003)[None])
        assert ARM.is_free(down_at(*at, surface + 0.003)[None])


def test_what_stands_between_two_free_postures_is_seen() -> None:
    """From bin 1 to bin 2, below their rims."""
    ARM.fingers(0.0)
    bins = [WORKPLACE.place(name) for name in ("bin_1", "bin_2")]
    path = np.array([down_at(*b.centre, b.rim - 0.04) for b in bins])
    assert ARM.is_free(path[:1]) and ARM.is_free(path[1:]) and not ARM.is_free(path)
    ARM.fingers(0.08)


def test_what_is_held_takes_room_until_it_is_put_down() -> None:
    q = down_at(0.5, 0.0, PARCEL.rim + 0.03)
    beside = down_at(0.5 + PARCEL.size[0] / 2 + 0.02, 0.0, PARCEL.rim + 0.03, np.pi / 2)
    assert ARM.is_free(q[None]) and ARM.is_free(beside[None])
    ARM.hold((0.03, 0.03, 0.05), 0.05)  # hangs below the rim, inside the parcel: free there, not over the wall
    assert ARM.is_free(q[None]) and not ARM.is_free(beside[None])
    ARM.hold((0.2, 0.03, 0.05), 0.05)
    assert not ARM.is_free(q[None])
    ARM.hold(None)
    assert ARM.is_free(q[None]) and ARM.is_free(beside[None])


def test_a_heap_takes_room_over_its_bin_and_nowhere_else() -> None:
    for place in (*WORKPLACE.of_kind("bin"), *WORKPLACE.of_kind("reject")):
        over = down_at(*place.centre, place.rim + 0.05)[None]
        other = next(p for p in WORKPLACE.of_kind("bin") if p.name != place.name)
        beside = down_at(*other.centre, other.rim + 0.05)[None]
        for height, free in ((place.floor, True), (place.rim + 0.03, True), (place.rim + 0.06, False), (9.0, False)):
            ARM.heaped({place.name: height})
            assert ARM.is_free(over) is free and ARM.is_free(beside)
        ARM.heaped({})
        assert ARM.is_free(over)


def test_a_heap_in_no_bin_is_refused() -> None:
    with pytest.raises(ContractError, match=r"found \['station'\]; allowed: .*bin_1"):
        ARM.heaped({"station": 0.1})


def test_a_small_thing_is_held_where_it_is_said_to_be() -> None:
    """The box's underside decides: a little over the table it is free, a little deeper it is not."""
    q = down_at(0.2, -0.2, 0.12)
    for below, free in ((0.07, True), (0.097, True), (0.099, True), (0.101, False)):
        ARM.hold((0.02, 0.02, 0.02), below)
        assert ARM.is_free(q[None]) is free
    ARM.hold(None)


@pytest.mark.parametrize(
    ("half", "below"),
    [((0.3, 0.1, 0.1), 0.0), ((0.1, 0.26, 0.1), 0.0), ((0.1, 0.1, 0.1), 0.06), ((0.1, 0.1, 0.1), -0.06),
     ((0.0, 0.1, 0.1), 0.0), ((0.1, float("nan"), 0.1), 0.0)],
)  # fmt: skip
def test_a_box_too_large_to_be_seen_is_refused(half: tuple[float, float, float], below: float) -> None:
    with pytest.raises(ContractError, match=r"held box: found .*; allowed: up to \(0.25, 0.25, 0.15\) m from it"):
        ARM.hold(half, below)


def test_the_same_question_has_the_same_answer_whatever_was_asked_before() -> None:
    """Skills are cut off at any point: nothing but `hold` and `fingers` may linger."""
    fresh = Arm(WORKPLACE)
    fresh.fingers(0.08)
    ARM.fingers(0.08)
    rng = np.random.default_rng(2)
    for _ in range(10):
        goal = tool_down(rng.uniform((0.2, -0.4, 0.05), (0.55, 0.4, 0.3)), rng.uniform(-3, 3))
        ARM.reach(tool_down(rng.uniform(0.2, 0.5, 3), 0.0), HOME + rng.uniform(-1, 1, 6))
        a, b = ARM.reach(goal, HOME), fresh.reach(goal, HOME)
        np.testing.assert_array_equal(a, b)
