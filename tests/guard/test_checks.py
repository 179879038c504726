"""Each check alone: dense on both sides of its limit, for every joint, with values that are no numbers."""

from __future__ import annotations

import math

import pytest
from helpers_kernel import BROKEN, INF, NAN, arm, around, down, holds, put, up

from moravec.guard.kernel import checks, codes
from moravec.guard.kernel.checks import (
    BEYOND,
    FUTURE_TOLERANCE,
    GRIP_TOLERANCE,
    HUGE,
    POSITION_TOLERANCE,
    TOLERANCE,
    Finding,
)
from moravec.guard.kernel.form import Asked, Table, Vec

T = arm()
N, PERIOD = T.n, T.period
SLACK = 1.0 + TOLERANCE


def test_the_constants() -> None:
    assert (HUGE, TOLERANCE, POSITION_TOLERANCE, GRIP_TOLERANCE, FUTURE_TOLERANCE) == (1e9, 1e-3, 1e-6, 1e-6, 1e-6)
    assert pytest.approx(2.0 * math.pi, abs=1e-6) == BEYOND


def test_every_check_has_one_number_and_one_name() -> None:
    """The numbers are written into tapes' verdicts by name: one shifted by one would blame another check."""
    assert len(set(codes.CHECK_NAMES)) == len(codes.CHECK_NAMES)
    for name in codes.CHECK_NAMES:
        constant = "RESET_CHECK" if name == "reset" else name.upper()
        assert codes.CHECK_NAMES[getattr(codes, constant)] == name


# Parts all checks are made of.


@pytest.mark.parametrize(
    ("a", "b", "less", "more"),
    [(1.0, 2.0, 1.0, 2.0), (2.0, 1.0, 1.0, 2.0), (-1.0, -3.0, -3.0, -1.0), (5.0, 5.0, 5.0, 5.0)],
)
def test_lesser_and_larger(a: float, b: float, less: float, more: float) -> None:
    assert checks.lesser(a, b) == less and checks.larger(a, b) == more


def test_lesser_and_larger_take_the_second_where_numbers_do_not_compare() -> None:
    for choose in (checks.lesser, checks.larger):
        assert choose(NAN, 3.0) == 3.0 and math.isnan(choose(3.0, NAN))
        # Equal but for their signs: both forms of the kernel must agree on which.
        assert math.copysign(1.0, choose(0.0, -0.0)) == -1.0 and math.copysign(1.0, choose(-0.0, 0.0)) == 1.0


def finding(margin: float, relative: float, check: int = 0) -> Finding:
    return Finding(check, -1, 0.0, 0.0, margin, relative)


def test_worst_keeps_the_first_that_does_not_hold() -> None:
    for bad in (-1.0, -1e-300, NAN):
        first, second = finding(bad, 9.0, 1), finding(-5.0, -5.0, 2)
        assert checks.worst(first, second) is first
        assert checks.worst(finding(1.0, 0.1), second) is second
        assert checks.worst(finding(1.0, -3.0), first) is first


def test_worst_of_those_that_hold_is_the_relatively_tightest() -> None:
    tight, loose = finding(1.0, 0.1, 1), finding(0.5, 0.2, 2)
    assert checks.worst(tight, loose) is tight and checks.worst(loose, tight) is tight
    one, other = finding(1.0, 0.1, 1), finding(2.0, 0.1, 2)
    assert checks.worst(one, other) is one
    assert checks.worst(finding(0.0, 0.3), tight) is tight  # a margin of 0 holds
    assert checks.worst(tight, finding(0.0, 0.3)) is tight


def test_below() -> None:
    assert checks.below(7, 3, 1.5, 2.0) == Finding(7, 3, 1.5, 2.0, 0.5, 0.25)
    assert checks.below(7, 3, 5.0, 2.0) == Finding(7, 3, 5.0, 2.0, -3.0, -1.5)
    for value, inside in around(2.0):
        assert holds(checks.below(7, 3, value, 2.0)) is inside
    assert not holds(checks.below(7, 3, NAN, 2.0))


def test_fact() -> None:
    assert checks.fact(9, True) == Finding(9, -1, 0.0, 0.0, 0.0, 1.0)
    assert checks.fact(9, False) == Finding(9, -1, 1.0, 0.0, -1.0, -1.0)


# Finite numbers.

FITTING = (0.0, 1.0, -1.0, HUGE, -HUGE, down(HUGE))
UNFIT = (up(HUGE), down(-HUGE), 1e300, -1e300, *BROKEN)


def test_unfit_counts_only_the_first() -> None:
    for good in FITTING:
        assert checks.unfit([good, good], 2) == 0 and checks.odd(good) == 0
    for bad in UNFIT:
        assert checks.odd(bad) == 1
        assert checks.unfit([0.0, bad, 0.0, bad, bad], 4) == 2
        assert checks.unfit([bad, 0.0], 0) == 0
        assert checks.unfit([bad, bad, bad], 3) == 3
    assert checks.unfit([], 0) == 0


@pytest.mark.parametrize("bad", UNFIT)
def test_every_number_of_a_command_is_looked_at(bad: float) -> None:
    good = checks.check_command_finite(codes.COMMAND_FINITE, Asked(), N)
    assert good == Finding(codes.COMMAND_FINITE, -1, 0.0, 0.0, 0.0, 1.0)
    spoiled = []
    for name in ("q", "dq"):
        for j in range(N):
            a = Asked()
            getattr(a, name)[j] = bad
            spoiled.append(a)
    for name in ("t", "grip_width", "grip_force"):
        a = Asked()
        setattr(a, name, bad)
        spoiled.append(a)
    for a in spoiled:
        found = checks.check_command_finite(codes.COMMAND_FINITE, a, N)
        assert found == Finding(codes.COMMAND_FINITE, -1, 1.0, 0.0, -1.0, -1.0)
    a = Asked(t=bad, grip_width=bad, grip_force=bad, seq=2 * 10**9)
    a.q[1] = a.q[2] = a.dq[3] = bad
    a.q[N] = a.dq[N] = bad  # beyond the robot's joints
    assert checks.check_command_finite(5, a, N) == Finding(5, -1, 7.0, 0.0, -7.0, -1.0)


def test_a_sequence_number_out_of_all_proportion() -> None:
    for seq, bad in ((10**9, 0.0), (-(10**9), 0.0), (10**9 + 1, 1.0), (-(10**9) - 1, 1.0)):
        assert checks.check_command_finite(5, Asked(seq=seq), N).value == bad


@pytest.mark.parametrize("bad", UNFIT)
def test_every_measured_number_is_looked_at(bad: float) -> None:
    good = checks.check_state_finite(codes.STATE_FINITE, T, Asked())
    assert good == Finding(codes.STATE_FINITE, -1, 0.0, 0.0, 0.0, 1.0)
    widths = {"measured_q": N, "measured_dq": N, "measured_tau": N, "wrench": 6, "measured_grip": 2}
    total = Asked(state_t=bad)
    assert checks.check_state_finite(6, T, total) == Finding(6, -1, 1.0, 0.0, -1.0, -1.0)
    for name, width in widths.items():
        for j in range(width):
            a = Asked()
            getattr(a, name)[j] = bad
            assert checks.check_state_finite(6, T, a) == Finding(6, -1, 1.0, 0.0, -1.0, -1.0)
            getattr(total, name)[j] = bad
    everything = float(3 * N + 6 + 2 + 1)
    assert checks.check_state_finite(6, T, total) == Finding(6, -1, everything, 0.0, -everything, -1.0)
    for name in ("measured_q", "measured_dq", "measured_tau"):
        a = Asked()
        getattr(a, name)[N] = bad
        assert holds(checks.check_state_finite(6, T, a))


@pytest.mark.parametrize("j", range(N))
def test_no_joint_is_a_turn_beyond_its_range(j: int) -> None:
    low, high = T.position_min[j] - BEYOND, T.position_max[j] + BEYOND
    for q, good in ((low, True), (down(low), False), (high, True), (up(high), False)):
        a = Asked()
        a.measured_q[j] = q
        found = Finding(6, -1, 0.0, 0.0, 0.0, 1.0) if good else Finding(6, -1, 1.0, 0.0, -1.0, -1.0)
        assert checks.check_state_finite(6, T, a) == found


# Ages.


@pytest.mark.parametrize(
    ("age", "check"),
    [
        (0.0, 0),
        (0.0199, 0),
        (0.02, 0),
        (0.02 + 1e-7, 0),
        (0.02 + 1e-6 + 1e-9, codes.CHUNK_AGE),
        (0.02 + 2e-6, codes.CHUNK_AGE),
        (0.021, codes.CHUNK_AGE),
        (1e9, codes.CHUNK_AGE),
        (up(1e9), codes.CHUNK_AGE),
        (1e300, codes.CHUNK_AGE),
        (-1e-7, 0),
        (-1e-6, 0),
        (down(-1e-6), codes.CHUNK_FROM_FUTURE),
        (-2e-6, codes.CHUNK_FROM_FUTURE),
        (-5.0, codes.CHUNK_FROM_FUTURE),
        (-1e9, codes.CHUNK_FROM_FUTURE),
        (-1e300, codes.CHUNK_AGE),
        (NAN, codes.CHUNK_AGE),
        (INF, codes.CHUNK_AGE),
        (-INF, codes.CHUNK_AGE),
    ],
)
def test_age(age: float, check: int) -> None:
    found = checks.check_age(codes.CHUNK_AGE, codes.CHUNK_FROM_FUTURE, -age, 0.0, 0.02)
    assert holds(found) is (check == 0)
    assert check in (0, found.check) and found.joint == -1
    assert all(math.isfinite(x) for x in found)


def test_age_in_numbers() -> None:
    limit = 0.5 + FUTURE_TOLERANCE
    assert checks.check_age(3, 4, 9.75, 10.0, 0.5) == Finding(3, -1, 0.25, limit, limit - 0.25, (limit - 0.25) / limit)
    assert checks.check_age(3, 4, 10.25, 10.0, 0.5) == Finding(4, -1, 0.25, 1e-6, 1e-6 - 0.25, -1.0)
    assert checks.check_age(3, 4, NAN, 10.0, 0.5) == Finding(3, -1, HUGE, limit, -HUGE, -1.0)
    assert checks.check_age(3, 4, 10.0, NAN, 0.5) == Finding(3, -1, HUGE, limit, -HUGE, -1.0)
    for age, inside in around(limit):
        if age < 1e20:
            assert holds(checks.check_age(3, 4, -age, 0.0, 0.5)) is inside
    # What is ahead by no more than rounding is new, not from the future.
    assert checks.check_age(3, 4, 1e-6, 0.0, 0.5).check == 3 and checks.check_age(3, 4, up(1e-6), 0.0, 0.5).check == 4
    # Up to a thousand million seconds an age is taken as it is.
    assert checks.check_age(3, 4, -HUGE, 0.0, 0.5).margin == limit - HUGE
    assert checks.check_age(3, 4, HUGE, 0.0, 0.5).check == 4
    assert checks.check_age(3, 4, up(HUGE), 0.0, 0.5).check == 3
    assert checks.check_age(3, 4, -up(HUGE), 0.0, 0.5).value == HUGE


def test_command_age() -> None:
    limit = 0.02 + FUTURE_TOLERANCE
    assert checks.check_command_age(1.0, 1.0, 0.02) == Finding(codes.COMMAND_AGE, -1, 0.0, limit, limit, 1.0)
    assert checks.check_command_age(1.0, 1.5, 0.02).check == codes.COMMAND_AGE
    assert checks.check_command_age(1.5, 1.0, 0.02) == Finding(
        codes.COMMAND_FROM_FUTURE, -1, 0.5, 1e-6, 1e-6 - 0.5, -1.0
    )


@pytest.mark.parametrize(
    ("seq", "expected"),
    [
        (8, (codes.SEQUENCE_GAP, 1.0, 3.0, 2.0, 1.0)),
        (9, (codes.SEQUENCE_GAP, 2.0, 3.0, 1.0, 1.0)),
        (10, (codes.SEQUENCE_GAP, 3.0, 3.0, 0.0, 1.0)),
        (11, (codes.SEQUENCE_GAP, 4.0, 3.0, -1.0, -1.0)),
        (10**6, (codes.SEQUENCE_GAP, 1e6 - 7, 3.0, 10 - 1e6, -1.0)),
        (7, (codes.SEQUENCE_REPEAT, 0.0, 1.0, -1.0, -1.0)),
        (6, (codes.SEQUENCE_REPEAT, -1.0, 1.0, -2.0, -1.0)),
        (-9, (codes.SEQUENCE_REPEAT, -16.0, 1.0, -17.0, -1.0)),
    ],
)
def test_sequence(seq: int, expected: tuple[float, ...]) -> None:
    check, *numbers = expected
    assert checks.check_sequence(seq, 7, 3) == Finding(int(check), -1, *numbers)


# Joints.


@pytest.mark.parametrize("joint", range(N))
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_each_joint_within_its_limit(joint: int, sign: float) -> None:
    for check, limits in ((codes.VELOCITY, T.velocity), (codes.TORQUE, T.torque)):
        most = limits[joint] * SLACK
        for value, inside in around(most):
            values = [0.1 * limit for limit in limits]
            values[joint] = sign * value
            found = checks.check_each(check, values, limits, N)
            assert holds(found) is inside, value
            if value > 0.2 * most:
                assert found == checks.below(check, joint, value, most)
    # Beyond the robot's joints nothing counts.
    assert holds(checks.check_each(codes.VELOCITY, [0.0] * N + [1e9], [*T.velocity[:N], 1.0], N))


def test_the_tightest_joint_is_the_one_that_decides() -> None:
    limits = [10.0, 1.0, 100.0]
    assert checks.check_each(3, [5.0, -0.75, 60.0], limits, 3) == checks.below(3, 1, 0.75, 1.0 * SLACK)
    assert checks.check_each(3, [5.0, 0.25, -60.0], limits, 3) == checks.below(3, 2, 60.0, 100.0 * SLACK)
    assert checks.check_each(3, [5.0, 0.5, 50.0], limits, 3).joint == 0  # of equal ones the first
    assert checks.check_each(3, [0.0, 0.0, 0.0], limits, 3) == checks.below(3, 0, 0.0, 10.0 * SLACK)
    gap = checks.check_gap(3, [5.0, -2.75, 60.0], [0.0, -2.0, 0.0], limits, 1.0, 3)
    assert gap == checks.below(3, 1, 0.75, 1.0 * SLACK)
    assert checks.check_gap(3, [5.0, 0.5, 50.0], [0.0, 0.0, 0.0], limits, 1.0, 3).joint == 0


def spread(joint: int, value: float, before: float = 0.01, after: float = 1e30) -> Vec:
    """One value at `joint`, with others before and behind it that would cover it up if they could."""
    return [before] * joint + [value] + [after] * (N - 1 - joint)


@pytest.mark.parametrize("joint", range(N))
@pytest.mark.parametrize("after", [0.0, 1e30])
def test_broken_numbers_never_pass_and_are_never_covered_up(joint: int, after: float) -> None:
    nothing = [0.0] * N
    for bad in BROKEN:
        values = spread(joint, bad, after=after)
        limits = [1e6] * N
        for found in (
            checks.check_each(codes.VELOCITY, values, limits, N),
            checks.check_gap(codes.TRACKING, values, nothing, limits, 1.0, N),
            checks.check_gap(codes.TRACKING, nothing, values, limits, 1.0, N),
        ):
            assert not holds(found) and found.joint == joint
        t = arm(acceleration=(1e9,) * N, jerk=(1e9,) * N)
        for found in (
            checks.check_acceleration(values, nothing, t),
            checks.check_acceleration(nothing, values, t),
            checks.check_jerk(values, nothing, nothing, t),
            checks.check_jerk(nothing, values, nothing, t),
            checks.check_jerk(nothing, nothing, values, t),
        ):
            assert not holds(found)
            assert found.joint == joint or (after == 1e30 and not math.isnan(bad))


@pytest.mark.parametrize("joint", range(N))
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_gap_of_every_joint(joint: int, sign: float) -> None:
    for scale in (1.0, 0.5, 2.0):  # powers of two: the boundary stays exact
        most = T.tracking[joint] * SLACK
        for value, inside in around(most):
            values = [0.01 * sign] * N
            values[joint] = sign * value * scale
            found = checks.check_gap(codes.TRACKING, values, [0.0] * N, T.tracking, scale, N)
            assert holds(found) is inside
            swapped = checks.check_gap(codes.TRACKING, [0.0] * N, values, T.tracking, scale, N)
            assert swapped == found
            if value > 0.9 * most:
                assert found == checks.below(codes.TRACKING, joint, value, most)


def test_gap_in_numbers() -> None:
    found = checks.check_gap(8, [1.0, 5.0], [0.5, 8.0], [4.0, 4.0], 0.5, 2)
    assert found == checks.below(8, 1, 6.0, 4.0 * SLACK)
    assert checks.check_gap(8, [1.0, 5.0, 99.0], [0.5, 8.0, 0.0], [4.0, 4.0, 1.0], 0.5, 2) == found


@pytest.mark.parametrize("joint", range(N))
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_acceleration_of_every_joint(joint: int, sign: float) -> None:
    most = T.acceleration[joint] * SLACK
    for factor, inside in [(1 - 1e-6, True), (1 - 1e-9, True), (1 + 1e-9, False), (1 + 1e-6, False), (1e6, False)]:
        steps, before = [1e-4] * N, [1e-4] * N
        steps[joint] = before[joint] + sign * factor * most * PERIOD**2
        found = checks.check_acceleration(steps, before, T)
        assert holds(found) is inside
        assert (found.check, found.joint, found.limit) == (codes.ACCELERATION, joint, most)
        assert found.value == pytest.approx(factor * most, rel=1e-7)


@pytest.mark.parametrize("joint", range(N))
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_jerk_of_every_joint(joint: int, sign: float) -> None:
    """A jump of the acceleration: steps - previous is the second difference now, bends are those before."""
    most = T.jerk[joint] * SLACK
    for factor, inside in [(1 - 1e-6, True), (1 - 1e-9, True), (1 + 1e-9, False), (1 + 1e-6, False), (1e6, False)]:
        bends = [1e-5 * (j - 2) for j in range(N)]
        previous = [2e-3 * (j - 1) for j in range(N)]
        steps = [p + b for p, b in zip(previous, bends, strict=True)]
        steps[joint] += sign * factor * most * PERIOD**3
        found = checks.check_jerk(steps, previous, bends, T)
        assert holds(found) is inside
        assert (found.check, found.joint, found.limit) == (codes.JERK, joint, most)
        assert found.value == pytest.approx(factor * most, rel=1e-6)


def test_jerk_in_numbers() -> None:
    t = Table(n=3, period=0.5)
    put(t.jerk, [4.0, 64.0, 8.0, 1.0])
    found = checks.check_jerk([1.0, 9.0, 0.0, 9.0], [0.5, 1.0, 0.0, 0.0], [0.25, 2.0, 0.0, 0.0], t)
    assert found == checks.below(codes.JERK, 1, 48.0, 64.0 * SLACK)
    found = checks.check_jerk([1.0, 0.0, 0.0], [0.5, 0.0, 0.0], [0.25, 0.0, 0.0], t)
    assert found == checks.below(codes.JERK, 0, 2.0, 4.0 * SLACK)
    assert checks.check_jerk([0.0] * 3, [0.0] * 3, [0.0] * 3, t) == checks.below(codes.JERK, 0, 0.0, 4.0 * SLACK)
    assert checks.check_jerk([0.25, 0.0, 0.5], [0.0] * 3, [0.0] * 3, t).joint == 0  # of equal ones the first


def test_of_no_joints_the_first_holds() -> None:
    t = arm()
    t.n = 0
    wild = [1e9] * N
    assert checks.check_each(3, wild, T.velocity, 0) == checks.below(3, 0, 0.0, T.velocity[0] * SLACK)
    assert checks.check_gap(3, wild, wild, T.velocity, 1.0, 0) == checks.below(3, 0, 0.0, T.velocity[0] * SLACK)
    assert checks.check_jerk(wild, wild, wild, t) == checks.below(codes.JERK, 0, 0.0, T.jerk[0] * SLACK)
    assert checks.check_position(wild, wild, wild, t) == Finding(codes.POSITION, 0, 0.0, 0.0, INF, INF)
