"""The checks of where things are: joints in their ranges, the tool in its space, the gripper."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from helpers_kernel import BROKEN, NAN, add_box, arm, holds, put

from moravec.guard.kernel import checks, codes
from moravec.guard.kernel.checks import GRIP_TOLERANCE, POSITION_TOLERANCE, Finding
from moravec.guard.kernel.form import Table, Vec

T = arm()
N = T.n


# Position.


@pytest.mark.parametrize("joint", range(N))
@pytest.mark.parametrize("way", [0.0, 1e-4, 0.3])
def test_position_leaves_room_to_brake_at_both_ends_of_every_joint(joint: int, way: float) -> None:
    step = 2e-4
    for side, limit in ((1.0, T.position_max[joint]), (-1.0, T.position_min[joint])):
        edge = limit + side * POSITION_TOLERANCE
        for gap, inside in [(1e-3, True), (1e-7, True), (1e-9, True), (-1e-9, False), (-1e-7, False), (-1e-4, False)]:
            q, steps, ways = [0.0] * N, [0.0] * N, [0.0] * N
            q[joint], steps[joint], ways[joint] = edge - side * (way + gap), side * step, way
            found = checks.check_position(q, steps, ways, T)
            assert holds(found) is inside
            assert (found.check, found.joint, found.limit) == (codes.POSITION, joint, edge)
            assert found.value == pytest.approx(q[joint] + side * way, abs=1e-12)
            assert found.margin == pytest.approx(gap, rel=1e-5)
            assert found.relative == 2.0 * found.margin / (T.position_max[joint] - T.position_min[joint])


@pytest.mark.parametrize("joint", range(N))
def test_a_joint_outside_may_stay_or_come_back(joint: int) -> None:
    for side, limit in ((1.0, T.position_max[joint]), (-1.0, T.position_min[joint])):
        for step, inside in [(0.0, True), (-side * 1e-5, True), (side * 1e-5, False)]:
            q, steps = [0.0] * N, [0.0] * N
            before = limit + side * 0.25
            steps[joint], q[joint] = step, before + step
            found = checks.check_position(q, steps, [0.0] * N, T)
            assert holds(found) is inside
            if not inside:
                assert (found.joint, found.value) == (joint, q[joint])
                assert found.limit == pytest.approx(before, abs=1e-12)


def test_position_in_numbers() -> None:
    t = Table(n=3)
    put(t.position_min, [-1.0, -2.0, -8.0, 0.0])
    put(t.position_max, [1.0, 6.0, 8.0, 0.0])
    high = 6.0 + POSITION_TOLERANCE
    found = checks.check_position([0.0, 5.0, 0.0, 9.0], [0.0, 0.5, 0.0, 0.0], [0.0, 0.25, 0.0, 0.0], t)
    assert found == Finding(codes.POSITION, 1, 5.25, high, high - 5.25, 2.0 * (high - 5.25) / 8.0)
    low = -2.0 - POSITION_TOLERANCE
    found = checks.check_position([0.0, -1.0, 0.0], [0.0, -0.5, 0.0], [0.0, 0.75, 0.0], t)
    assert found == Finding(codes.POSITION, 1, -1.75, low, -1.75 - low, 2.0 * (-1.75 - low) / 8.0)
    # A way counts in the direction of the step; of a step of 0, upwards.
    assert checks.check_position([0.0, 5.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.25, 0.0], t).value == 5.25
    # In the middle of its range the lower end decides, and of equal joints the first.
    middle = Table(n=2)
    put(middle.position_min, [-1.0, -1.0])
    put(middle.position_max, [1.0, 1.0])
    low = -1.0 - POSITION_TOLERANCE
    assert checks.check_position([0.0] * 2, [0.0] * 2, [0.0] * 2, middle) == Finding(
        codes.POSITION, 0, 0.0, low, -low, -low
    )


@pytest.mark.parametrize("joint", range(N))
def test_a_position_that_is_no_number_is_never_covered_up(joint: int) -> None:
    for spoiled in range(3):
        parts = [[0.0] * N for _ in range(3)]
        parts[spoiled][joint] = NAN
        found = checks.check_position(*parts, T)
        assert not holds(found) and found.joint == joint


# Workspace.


def boxes(allowed: list[tuple[Vec, Vec]], forbidden: list[tuple[Vec, Vec]]) -> Table:
    t = Table(allowed=len(allowed), forbidden=len(forbidden))
    for i, (low, high) in enumerate(allowed):
        add_box(t.allowed_low, t.allowed_high, i, low, high)
    for i, (low, high) in enumerate(forbidden):
        add_box(t.forbidden_low, t.forbidden_high, i, low, high)
    return t


A = ([0.0, 0.1, 0.2], [1.0, 1.1, 1.2])
B = ([0.9, 0.0, 0.1], [2.0, 0.5, 1.0])
C = ([-1.0, -1.0, -1.0], [0.05, 0.2, 0.9])
OUT = ([0.4, 0.45, 0.5], [0.6, 0.65, 0.7])
OUT_2 = ([1.4, 0.1, 0.3], [1.6, 0.2, 0.4])


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("eps", [1e-3, 1e-9, 1e-15])
def test_workspace_at_every_face(axis: int, eps: float) -> None:
    plain, barred = boxes([A], []), boxes([A], [OUT])
    for side, inwards in ((0, 1.0), (1, -1.0)):
        face, middle = A[side][axis], [0.5, 0.55, 0.7]
        for step, inside in ((inwards * eps, True), (0.0, True), (-inwards * eps, False)):
            point = [*middle]
            point[axis] = face + step
            found = checks.check_workspace(point, plain)
            assert holds(found) is inside
            assert (found.check, found.joint, found.value, found.limit) == (codes.WORKSPACE, -1, point[axis], face)
            assert found.margin == found.relative == inwards * (point[axis] - face)
        face = OUT[side][axis]
        for step, inside in ((-inwards * eps, True), (0.0, True), (inwards * eps, False)):
            point = [0.5, 0.55, 0.6]
            point[axis] = face + step
            found = checks.check_workspace(point, barred)
            assert holds(found) is inside
            if eps < 1e-2:
                assert (found.check, found.joint) == (codes.FORBIDDEN_ZONE, -1)
                assert (found.value, found.limit) == (point[axis], face)
                assert found.margin == found.relative == -inwards * (point[axis] - face)


def test_box_depth_in_numbers() -> None:
    low, high = [9.0, 9.0, 9.0, 0.0, 0.0, 0.0], [9.0, 9.0, 9.0, 4.0, 8.0, 16.0]
    assert checks.box_depth([1.0, 4.0, 8.0], low, high, 3) == (1.0, 1.0, 0.0)
    assert checks.box_depth([3.5, 4.0, 8.0], low, high, 3) == (0.5, 3.5, 4.0)
    assert checks.box_depth([2.0, 0.75, 8.0], low, high, 3) == (0.75, 0.75, 0.0)
    assert checks.box_depth([2.0, 7.0, 8.0], low, high, 3) == (1.0, 7.0, 8.0)
    assert checks.box_depth([2.0, 4.0, 1.5], low, high, 3) == (1.5, 1.5, 0.0)
    assert checks.box_depth([2.0, 4.0, 15.5], low, high, 3) == (0.5, 15.5, 16.0)
    # Outside along two axes: the farther one. Of equal depths the first.
    assert checks.box_depth([-1.0, 11.0, 8.0], low, high, 3) == (-3.0, 11.0, 8.0)
    assert checks.box_depth([2.0, 2.0, 2.0], low, high, 3) == (2.0, 2.0, 0.0)
    assert checks.box_depth([2.0, 3.0, 4.0], [0.0, 1.0, 2.0], [9.0, 9.0, 9.0], 0) == (2.0, 2.0, 0.0)
    assert checks.box_depth([5.0, 6.0, 7.0], [0.0, 0.0, 0.0], [7.0, 8.0, 9.0], 0) == (2.0, 5.0, 7.0)


def test_workspace_is_a_union_less_the_forbidden() -> None:
    rng = np.random.default_rng(1)
    orders = [
        boxes([A, B, C], [OUT, OUT_2]),
        boxes([C, B, A], [OUT_2, OUT]),
        boxes([B, A, C], [OUT, OUT_2]),
    ]
    for point in rng.uniform(-1.2, 2.2, (1500, 3)):
        inside = any(bool(np.all(point >= low) and np.all(point <= high)) for low, high in (A, B, C))
        barred = any(bool(np.all(point > low) and np.all(point < high)) for low, high in (OUT, OUT_2))
        found = [checks.check_workspace(point.tolist(), t) for t in orders]
        assert {holds(one) for one in found} == {inside and not barred}
        assert len({one.margin for one in found}) == 1


def test_workspace_names_what_decides() -> None:
    t = boxes([A, B], [OUT, OUT_2])
    assert checks.check_workspace([1.5, 0.15, 0.35], t).check == codes.FORBIDDEN_ZONE
    found = checks.check_workspace([1.9, 0.3, 0.5], t)
    assert (found.check, found.value, found.limit) == (codes.WORKSPACE, 1.9, 2.0)
    # Boxes beyond the counts are not there.
    assert holds(checks.check_workspace([0.5, 0.55, 0.6], replace(t, forbidden=0)))
    assert not holds(checks.check_workspace([1.9, 0.3, 0.5], replace(t, allowed=1)))
    # A tie is the workspace's: only what is deeper replaces it.
    tie = boxes([([0.0, 0.0, 0.0], [4.0, 4.0, 4.0])], [([2.0, 1.0, 1.0], [3.0, 3.0, 3.0])])
    assert checks.check_workspace([1.0, 2.0, 2.0], tie).check == codes.WORKSPACE
    two = boxes([([0.0, 0.0, 0.0], [1.0, 4.0, 4.0]), ([1.0, 0.0, 0.0], [2.0, 4.0, 4.0])], [])
    assert checks.check_workspace([1.0, 2.0, 2.0], two).margin == 0.0
    over = boxes([([0.0, 0.0, 0.0], [2.0, 4.0, 4.0]), ([1.0, 0.0, 0.0], [4.0, 4.0, 4.0])], [])
    assert checks.check_workspace([1.5, 2.0, 2.0], over) == Finding(codes.WORKSPACE, -1, 1.5, 2.0, 0.5, 0.5)


@pytest.mark.parametrize("axis", range(3))
def test_workspace_refuses_what_is_no_number(axis: int) -> None:
    point = [0.5, 0.55, 0.9]
    assert holds(checks.check_workspace(point, boxes([A, B], [OUT, OUT_2])))
    point[axis] = NAN
    assert not holds(checks.check_workspace(point, boxes([A, B], [OUT, OUT_2])))
    assert not holds(checks.check_workspace(point, boxes([A], [])))
    assert math.isnan(checks.box_depth(point, *A, 0)[0])


# Gripper.


GRIP = Table(grip_width_min=0.25, grip_width_max=1.25, grip_force_max=64.0)


@pytest.mark.parametrize(
    ("width", "force", "expected"),
    [
        (0.5, 16.0, (codes.GRIP_FORCE, 16.0, 64.0, 48.0 + GRIP_TOLERANCE, 0.75)),
        (1.0, 64.0, (codes.GRIP_FORCE, 64.0, 64.0, GRIP_TOLERANCE, 0.0)),
        (0.25, 0.0, (codes.GRIP_FORCE, 0.0, 64.0, 64.0 + GRIP_TOLERANCE, 1.0)),
        (1.0, 128.0, (codes.GRIP_FORCE, 128.0, 64.0, -64.0 + GRIP_TOLERANCE, -1.0)),
        (1.0, -16.0, (codes.GRIP_FORCE, -16.0, 0.0, -16.0 + GRIP_TOLERANCE, -0.25)),
        (1.5, 128.0, (codes.GRIP_WIDTH, 1.5, 1.25, -0.25 + GRIP_TOLERANCE, -0.25)),
        (0.0, 128.0, (codes.GRIP_WIDTH, 0.0, 0.25, -0.25 + GRIP_TOLERANCE, -0.25)),
        (0.125, -1.0, (codes.GRIP_WIDTH, 0.125, 0.25, -0.125 + GRIP_TOLERANCE, -0.125)),
    ],
)
def test_grip_in_numbers(width: float, force: float, expected: tuple[float, ...]) -> None:
    check, *numbers = expected
    assert checks.check_grip(width, force, GRIP) == Finding(int(check), -1, *numbers)


@pytest.mark.parametrize("eps", [9.9e-7, 1e-7, 1e-9, 0.0])
def test_grip_within_its_tolerance(eps: float) -> None:
    for width, force in ((1.25 + eps, 10.0), (0.25 - eps, 10.0), (0.5, 64.0 + eps), (0.5, -eps)):
        assert holds(checks.check_grip(width, force, GRIP))


@pytest.mark.parametrize("eps", [1.01e-6, 1e-5, 1e-2, 1e9])
def test_grip_beyond_its_tolerance(eps: float) -> None:
    for width, force, check in (
        (1.25 + eps, 10.0, codes.GRIP_WIDTH),
        (0.25 - eps, 10.0, codes.GRIP_WIDTH),
        (0.5, 64.0 + eps, codes.GRIP_FORCE),
        (0.5, -eps, codes.GRIP_FORCE),
    ):
        found = checks.check_grip(width, force, GRIP)
        assert not holds(found) and found.check == check


def test_a_grip_in_a_range_that_is_not_one() -> None:
    """Relative to the range, and at exactly the end of the tolerance."""
    t = replace(GRIP, grip_width_min=0.25, grip_width_max=0.75)
    assert checks.check_grip(1.0, 1.0, t) == Finding(codes.GRIP_WIDTH, -1, 1.0, 0.75, -0.25 + GRIP_TOLERANCE, -0.5)
    assert checks.check_grip(0.0, 1.0, t) == Finding(codes.GRIP_WIDTH, -1, 0.0, 0.25, -0.25 + GRIP_TOLERANCE, -0.5)
    t = replace(GRIP, grip_width_min=-1.0, grip_width_max=0.0)
    assert checks.check_grip(GRIP_TOLERANCE, 16.0, t).check == codes.GRIP_FORCE
    assert checks.check_grip(math.nextafter(GRIP_TOLERANCE, 1.0), 16.0, t).check == codes.GRIP_WIDTH


@pytest.mark.parametrize("bad", BROKEN)
def test_a_grip_that_is_no_number(bad: float) -> None:
    for width, force, check in ((bad, 10.0, codes.GRIP_WIDTH), (0.5, bad, codes.GRIP_FORCE)):
        found = checks.check_grip(width, force, GRIP)
        assert not holds(found) and found.check == check


def test_both_widths_that_can_decide_in_the_middle() -> None:
    """Where both faces are as near, or nothing compares, some face is named and the finding still holds or not."""
    assert checks.check_grip(NAN, 1.0, GRIP).limit == 1.25
    assert holds(checks.check_grip(0.75, 1.0, GRIP))
