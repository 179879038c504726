"""Each check alone: dense on both sides of its limit, for every joint, with values that are no numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from helpers_guard import PERIOD, N, table

from moravec.guard import checks
from moravec.guard.braking import brake_distance
from moravec.guard.limits import HUGE, Box

T = table()
NEAR = [1e-3, 1e-6, 1e-9, 1e-12]
BROKEN = [math.nan, math.inf, -math.inf]


def holds(finding: checks.Finding) -> bool:
    return finding.margin >= 0.0


def around(limit: float) -> list[tuple[float, bool]]:
    """Values on both sides of `limit` > 0, and whether they are inside."""
    inside = [(limit * (1 - eps), True) for eps in NEAR] + [
        (0.0, True),
        (math.nextafter(limit, 0.0), True),
        (limit, True),
    ]
    outside = [(limit * (1 + eps), False) for eps in NEAR] + [(math.nextafter(limit, math.inf), False), (1e30, False)]
    return inside + outside


@pytest.mark.parametrize("joint", range(N))
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_velocity_and_torque_of_every_joint(joint: int, sign: float) -> None:
    for name, limits in (("velocity", T.velocity), ("torque", T.torque)):
        for value, inside in around(limits[joint] * (1.0 + checks.TOLERANCE)):
            values = [0.1 * limit for limit in limits]
            values[joint] = sign * value
            found = (
                checks.check_velocity("velocity", values, limits)
                if name == "velocity"
                else checks.check_torque(values, limits)
            )
            assert holds(found) is inside, (name, value)
            if not inside:
                assert found.joint == joint and found.check == name and found.value == value
    assert holds(checks.check_velocity("velocity", list(T.velocity), T.velocity))


@pytest.mark.parametrize("joint", range(N))
def test_broken_numbers_never_pass_any_check(joint: int) -> None:
    for bad in BROKEN:
        values = [0.0] * N
        values[joint] = bad
        assert not holds(checks.check_velocity("velocity", values, T.velocity))
        assert not holds(checks.check_tracking(values, [0.0] * N, T.tracking))
        assert not holds(checks.check_acceleration(values, [0.0] * N, T.acceleration, PERIOD))
        found = checks.check_finite("command_finite", values)
        assert not holds(found) and found.joint == joint and found.value == 1.0


@pytest.mark.parametrize("joint", range(N))
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_acceleration_of_every_joint(joint: int, sign: float) -> None:
    limit = T.acceleration[joint] * (1.0 + checks.TOLERANCE)
    for factor, inside in [(1 - 1e-6, True), (1 - 1e-9, True), (1 + 1e-9, False), (1 + 1e-6, False), (1e6, False)]:
        steps, before = [1e-4] * N, [1e-4] * N
        steps[joint] = before[joint] + sign * factor * limit * PERIOD**2
        found = checks.check_acceleration(steps, before, T.acceleration, PERIOD)
        assert holds(found) is inside and (inside or found.joint == joint)


@pytest.mark.parametrize("joint", range(N))
@pytest.mark.parametrize("speed", [0.0, 0.3, 2.0])
def test_position_leaves_room_to_brake_at_both_ends_of_every_joint(joint: int, speed: float) -> None:
    gains = [a * PERIOD**2 for a in T.acceleration]
    step = speed * PERIOD
    way = brake_distance(step, gains[joint])
    for side, limit in ((1.0, T.position_max[joint]), (-1.0, T.position_min[joint])):
        edge = limit + side * checks.POSITION_TOLERANCE
        for gap, inside in [(1e-3, True), (1e-7, True), (1e-9, True), (-1e-9, False), (-1e-7, False), (-1e-4, False)]:
            if not inside and speed == 0.0:
                continue  # outside and not moving is a start, judged below
            q, steps = [0.0] * N, [0.0] * N
            q[joint], steps[joint] = edge - side * (way + gap), side * step
            found = checks.check_position(q, steps, gains, T.position_min, T.position_max)
            assert holds(found) is inside
            assert found.joint == joint and found.value == pytest.approx(q[joint] + side * way)


@pytest.mark.parametrize("joint", range(N))
def test_a_joint_outside_may_stay_or_come_back(joint: int) -> None:
    gains = [a * PERIOD**2 for a in T.acceleration]
    for side, limit in ((1.0, T.position_max[joint]), (-1.0, T.position_min[joint])):
        for step, inside in [(0.0, True), (-side * 1e-5, True), (side * 1e-5, False)]:
            q, steps = [0.0] * N, [0.0] * N
            steps[joint] = step
            q[joint] = limit + side * 0.2 + step
            assert holds(checks.check_position(q, steps, gains, T.position_min, T.position_max)) is inside


@pytest.mark.parametrize("joint", range(N))
def test_tracking_of_every_joint(joint: int) -> None:
    for value, inside in around(T.tracking[joint] * (1.0 + checks.TOLERANCE)):
        q = [0.0] * N
        q[joint] = value
        assert holds(checks.check_tracking(q, [0.0] * N, T.tracking)) is inside
        q[joint] = -value
        assert holds(checks.check_tracking(q, [0.0] * N, T.tracking)) is inside


def test_finite_counts_and_names_the_first() -> None:
    assert holds(checks.check_finite("state_finite", [HUGE, -HUGE, 0.0]))
    found = checks.check_finite("state_finite", [0.0, math.nan, 2 * HUGE, math.inf])
    assert (found.value, found.joint, found.margin) == (3.0, 1, -3.0)
    assert holds(checks.check_finite("state_finite", []))


def test_shape() -> None:
    assert holds(checks.check_shape("state_shape", True)) and not holds(checks.check_shape("state_shape", False))


@pytest.mark.parametrize(
    ("age", "check"),
    [
        (0.0, ""),
        (0.0199, ""),
        (0.02, ""),
        (0.02 + 2e-6, "command_age"),
        (0.021, "command_age"),
        (1e9, "command_age"),
        (-1e-7, ""),
        (-2e-6, "command_from_future"),
        (-5.0, "command_from_future"),
        (math.nan, "command_age"),
    ],
)
def test_age(age: float, check: str) -> None:
    found = checks.check_age(10.0 - age, 10.0, 0.02)
    assert holds(found) is (check == "")
    if check:
        assert found.check == check


@pytest.mark.parametrize(
    ("seq", "check"),
    [
        (8, ""),
        (9, ""),
        (10, ""),
        (11, "sequence_gap"),
        (10**6, "sequence_gap"),
        (7, "sequence_repeat"),
        (6, "sequence_repeat"),
    ],
)
def test_sequence(seq: int, check: str) -> None:
    found = checks.check_sequence(seq, 7, 3)
    assert holds(found) is (check == "")
    if check:
        assert found.check == check


def test_tool_speed() -> None:
    for value, inside in around(1.0 * (1 + checks.TOLERANCE))[:-1]:
        way = value * PERIOD
        found = checks.check_tool_speed((0.0, 0.0, 0.0), (0.0, -way, 0.0), PERIOD, 1.0)
        if abs(value / (1 + checks.TOLERANCE) - 1.0) > 1e-11:  # closer, rounding decides
            assert holds(found) is inside
    assert checks.check_tool_speed((1, 1, 1), (1, 1, 1), PERIOD, 1.0).value == 0.0
    diagonal = checks.check_tool_speed((0, 0, 0), (1e-3, 2e-3, 2e-3), PERIOD, 1.0)
    assert diagonal.value == pytest.approx(1.5)
    assert not holds(checks.check_tool_speed((0, 0, 0), (math.nan, 0, 0), PERIOD, 1.0))


A, B = Box((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)), Box((0.9, 0.0, 0.0), (2.0, 0.5, 1.0))
OUT = Box((0.4, 0.4, 0.4), (0.6, 0.6, 0.6))


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("eps", [1e-3, 1e-9, 1e-15])
def test_workspace_at_every_face(axis: int, eps: float) -> None:
    for face, inwards in ((0.0, 1.0), (1.0, -1.0)):
        point = [0.2, 0.2, 0.2]
        point[axis] = face + inwards * eps
        found = checks.check_workspace(point, (A,), ())
        assert holds(found) and (found.value, found.limit) == (point[axis], face)
        point[axis] = face - inwards * eps
        found = checks.check_workspace(point, (A,), ())
        assert not holds(found) and found.check == "workspace" and found.limit == face
        point[axis] = face
        assert holds(checks.check_workspace(point, (A,), ()))
    for face, inwards in ((0.4, 1.0), (0.6, -1.0)):
        point = [0.5, 0.5, 0.5]
        point[axis] = face - inwards * eps
        assert holds(checks.check_workspace(point, (A,), (OUT,)))
        point[axis] = face + inwards * eps
        found = checks.check_workspace(point, (A,), (OUT,))
        assert not holds(found) and found.check == "forbidden_zone"


def test_workspace_is_a_union_less_the_forbidden() -> None:
    rng = np.random.default_rng(1)
    for point in rng.uniform(-0.5, 2.5, (2000, 3)):
        inside = any(bool(np.all(point >= b.low) and np.all(point <= b.high)) for b in (A, B))
        barred = bool(np.all(point > OUT.low) and np.all(point < OUT.high))
        assert holds(checks.check_workspace(point.tolist(), (A, B), (OUT,))) is (inside and not barred)
        assert holds(checks.check_workspace(point.tolist(), (B, A), (OUT,))) is (inside and not barred)


def test_workspace_refuses_what_is_no_number() -> None:
    for axis in range(3):
        point = [0.2, 0.2, 0.2]
        point[axis] = math.nan
        assert not holds(checks.check_workspace(point, (A,), (OUT,)))


@pytest.mark.parametrize(
    ("width", "force", "check"),
    [
        (0.0, 0.0, ""),
        (0.1, 60.0, ""),
        (0.05, 30.0, ""),
        (0.1 + 1e-7, 60.0 + 1e-7, ""),
        (0.1 + 2e-6, 10.0, "grip_width"),
        (-2e-6, 10.0, "grip_width"),
        (-1.0, 10.0, "grip_width"),
        (math.nan, 10.0, "grip_width"),
        (0.05, 60.0 + 2e-6, "grip_force"),
        (0.05, -2e-6, "grip_force"),
        (0.05, math.nan, "grip_force"),
        (0.05, math.inf, "grip_force"),
    ],
)
def test_grip(width: float, force: float, check: str) -> None:
    found = checks.check_grip(width, force, 0.0, 0.1, 60.0)
    assert holds(found) is (check == "")
    if check:
        assert found.check == check
