"""The arithmetic of braking against plain simulation, and its laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from helpers_kernel import NAN, joints, up
from hypothesis import given
from hypothesis import strategies as st

from moravec.guard.kernel.braking import (
    ROUNDING,
    brake,
    brake_distance,
    brake_ways,
    fastest_step,
    next_factor,
    rest_factor,
    ticks_to_rest,
    way_to_rest,
    whole,
)
from moravec.guard.kernel.form import Vec

gains = st.floats(1e-6, 1e-2)
ratios = st.floats(0.0, 500.0)


def simulated(step: float, gain: float) -> float:
    way, s = 0.0, abs(step)
    while s > gain:
        s -= gain
        way += s
    return way


def test_the_constant() -> None:
    assert ROUNDING == 1e-9


# One joint.


@pytest.mark.parametrize(
    ("x", "down_to"),
    [(0.0, 0.0), (0.999, 0.0), (1.0, 1.0), (2.75, 2.0), (1e15 + 0.5, 1e15), (1e16, 1e16), (1e300, 1e300)],
)
def test_whole_numbers(x: float, down_to: float) -> None:
    assert whole(x) == down_to and isinstance(whole(x), float)


def test_what_is_too_large_for_a_machine_integer_stays_what_it_is() -> None:
    assert whole(math.inf) == math.inf and math.isnan(whole(NAN))
    for ticks in (1e6, 1e18, 1e30):
        assert brake_distance(ticks, 1.0) == pytest.approx(ticks * (ticks - 1.0) / 2.0, rel=1e-9)
    assert fastest_step(1e40, 1e-6) == pytest.approx(math.sqrt(2e40 * 1e-6), rel=1e-9)
    assert rest_factor(1e20) == pytest.approx(0.5e20, rel=1e-9)


@given(ratios, gains)
def test_brake_distance_is_what_braking_takes(ratio: float, gain: float) -> None:
    step = ratio * gain
    assert brake_distance(step, gain) == pytest.approx(simulated(step, gain), abs=1e-7 * gain + 1e-9)
    assert brake_distance(-step, gain) == brake_distance(step, gain)
    assert brake_distance(step, gain) >= 0.0


@pytest.mark.parametrize(
    ("step", "way"),
    [(0.0, 0.0), (0.5, 0.0), (1.0, 0.0), (1.5, 0.5), (2.0, 1.0), (2.5, 2.0), (3.0, 3.0), (-3.5, 4.5), (10.0, 45.0)],
)
def test_brake_distance_in_numbers(step: float, way: float) -> None:
    assert brake_distance(step, 1.0) == way
    assert brake_distance(step / 4.0, 0.25) == way / 4.0


@given(st.integers(0, 400), gains)
def test_it_agrees_with_v_squared_over_two_a(ticks: int, gain: float) -> None:
    # Sampled from constant deceleration to rest, the last full tick moves (ticks + 1/2) gain.
    assert brake_distance((ticks + 0.5) * gain, gain) == pytest.approx(ticks**2 * gain / 2.0, rel=1e-9, abs=1e-12)


@given(st.floats(0.0, 3.0), gains)
def test_fastest_step_uses_all_the_room_and_no_more(room: float, gain: float) -> None:
    s = fastest_step(room, gain)
    assert s + brake_distance(s, gain) == pytest.approx(room, rel=1e-9, abs=1e-12)
    more = s * (1 + 1e-6) + 1e-9
    assert more + brake_distance(more, gain) > room


@pytest.mark.parametrize(
    ("room", "step"),
    [(0.25, 0.25), (1.0, 1.0), (2.0, 1.5), (3.0, 2.0), (4.5, 2.5), (6.0, 3.0), (55.0, 10.0), (1e-300, 1e-300)],
)
def test_fastest_step_in_numbers(room: float, step: float) -> None:
    assert fastest_step(room, 1.0) == step
    assert fastest_step(room / 4.0, 0.25) == step / 4.0


@pytest.mark.parametrize("room", [0.0, -0.0, -1e-300, -1.0, NAN, -math.inf])
def test_no_room_no_step(room: float) -> None:
    assert fastest_step(room, 1e-4) == 0.0


@given(ratios, gains)
def test_the_invariant_feeds_itself(ratio: float, gain: float) -> None:
    """After an allowed step s, the step s - gain is allowed in the room that is left."""
    s = ratio * gain
    room = s + brake_distance(s, gain)
    after = max(s - gain, 0.0)
    assert after + brake_distance(after, gain) <= room - s + 1e-9


# All joints.


def test_ticks_to_rest_of_the_joint_that_needs_longest() -> None:
    assert ticks_to_rest([1.0, -6.0, 2.0], [0.5, 2.0, 4.0], 3) == 3.0
    assert ticks_to_rest([4.0, -6.0, 2.0], [0.5, 2.0, 4.0], 3) == 8.0
    assert ticks_to_rest([-1.0, 6.0, -64.0], [0.5, 2.0, 4.0], 3) == 16.0
    assert ticks_to_rest([1.0, -6.0, 64.0], [0.5, 2.0, 4.0], 2) == 3.0
    assert ticks_to_rest([0.0, 0.0], [0.5, 2.0], 2) == 0.0


@pytest.mark.parametrize(
    ("ticks", "following", "rest"),
    [
        (0.0, 0.0, 0.0),
        (0.5, 0.0, 0.0),
        (1.0, 0.0, 0.0),
        (1.25, 0.2, 0.2),
        (2.0, 0.5, 0.5),
        (2.5, 0.6, 0.8),
        (4.0, 0.75, 1.5),
    ],
)
def test_factors_in_numbers(ticks: float, following: float, rest: float) -> None:
    assert next_factor(ticks) == pytest.approx(following, abs=1e-15)
    assert rest_factor(ticks) == pytest.approx(rest, abs=1e-15)


@given(st.floats(0.0, 500.0))
def test_the_whole_way_is_the_sum_of_the_shares(ticks: float) -> None:
    share, way, left = 1.0, 0.0, ticks
    while left > 1.0:
        share *= next_factor(left)
        way += share
        left -= 1.0
    assert rest_factor(ticks) == pytest.approx(way, rel=1e-9, abs=1e-12)


def test_brake_ways_of_each_joint() -> None:
    t, out = joints([1.0, 0.5, 0.25]), [7.0] * 4
    brake_ways([2.5, -1.5, 0.75], t, out)
    assert out == [2.0, 1.5, 0.75, 7.0]


def test_way_to_rest_in_numbers() -> None:
    """All by the share of the slowest to brake; beyond a limit each by its own."""
    t, out = joints([1.0, 0.5, 0.25], [-9.0] * 3, [9.0] * 3), [7.0] * 4
    assert way_to_rest([1.0, 2.0, 3.0], [2.5, -2.0, 0.0], t, out) is True  # ticks 4: share 1.5
    assert out == [3.75, -3.0, 0.0, 7.0]
    for j, (steps, alone) in enumerate((([2.5, -2.0, 0.0], [2.0, -3.0, 0.0]), ([-2.5, 2.0, 0.25], [-2.0, 3.0, 0.0]))):
        for joint, end in ((0, 3.75), (1, 3.0)):
            upwards = steps[joint] > 0.0
            q = [0.0] * 3
            for beyond, straight in ((-1e-6, True), (0.5e-9, True), (2e-9, False), (1e-3, False)):
                q[joint] = (9.0 + beyond - end) if upwards else (-9.0 - beyond + end)
                assert way_to_rest(q, steps, t, out) is straight, (j, joint, beyond)
                assert (out[:3] == alone) is not straight


def test_a_joint_that_does_not_move_there_does_not_bend_the_way() -> None:
    """Outside already, still or coming back: straight all the same."""
    t, out = joints([1.0, 1.0], [-9.0, -9.0], [9.0, 9.0]), [0.0] * 2
    assert way_to_rest([20.0, 0.0], [0.0, 2.5], t, out) and way_to_rest([-20.0, 0.0], [0.0, 2.5], t, out)
    assert way_to_rest([20.0, 0.0], [-2.5, 2.5], t, out) and way_to_rest([-20.0, 0.0], [2.5, 2.5], t, out)
    assert not way_to_rest([20.0, 0.0], [2.5, 2.5], t, out) and not way_to_rest([-20.0, 0.0], [-2.5, 2.5], t, out)
    # One joint beyond is enough, whatever those after it do.
    assert not way_to_rest([20.0, 0.0], [1e-9, 2.5], t, out)
    assert not way_to_rest([0.0, -20.0], [2.5, -1e-9], t, out)


def test_the_edge_of_straight_braking_is_exact() -> None:
    t, out = joints([1.0], [-4.0], [4.0]), [0.0]
    edge = 4.0 + ROUNDING
    assert way_to_rest([edge], [0.5], t, out) and not way_to_rest([up(edge)], [0.5], t, out)
    assert way_to_rest([-edge], [-0.5], t, out) and not way_to_rest([-up(edge)], [-0.5], t, out)


def test_brake_in_numbers() -> None:
    t = joints([1.0, 0.5, 0.25])
    steps = [2.5, -2.0, 0.0, 9.0]
    brake(steps, True, t)  # ticks 4: three quarters are left
    assert steps == [1.875, -1.5, 0.0, 9.0]
    steps = [0.5, -0.5, 0.25]
    brake(steps, True, t)
    assert steps == [0.0, 0.0, 0.0]
    steps = [2.5, -2.0, 0.125, 9.0]
    brake(steps, False, t)  # each alone
    assert steps == [1.5, -1.5, 0.0, 9.0]
    steps = [1.0, -0.5, 0.5]
    brake(steps, False, t)
    assert steps == [0.0, 0.0, 0.25] and math.copysign(1.0, steps[1]) == 1.0  # no negative zero


def test_straight_braking_keeps_direction_and_ends_where_it_says() -> None:
    rng = np.random.default_rng(3)
    for _ in range(150):
        steps: Vec = rng.uniform(-5e-3, 5e-3, 6).tolist()
        t, q = joints(rng.uniform(2e-5, 6e-5, 6).tolist()), rng.uniform(-1, 1, 6).tolist()
        way = [0.0] * 6
        assert way_to_rest(q, steps, t, way)
        ends = [a + b for a, b in zip(q, way, strict=True)]
        direction = np.array(steps) / np.linalg.norm(steps)
        while any(steps):
            before = steps[:]
            brake(steps, True, t)
            assert all(abs(a - b) <= g * (1 + 1e-9) for a, b, g in zip(steps, before, t.gains[:6], strict=True))
            if any(steps):
                np.testing.assert_allclose(np.array(steps) / np.linalg.norm(steps), direction, atol=1e-9)
            q = [p + s for p, s in zip(q, steps, strict=True)]
        np.testing.assert_allclose(q, ends, atol=1e-9)


def test_near_a_limit_each_joint_brakes_alone() -> None:
    t, out = joints([1e-4, 1e-4], [-1.0, -1.0], [1.0, 1.0]), [0.0, 0.0]
    slow = 5.5e-4
    for sign in (1.0, -1.0):
        q = [sign * (1.0 - brake_distance(slow, 1e-4)), 0.0]
        steps = [sign * slow, 5e-3]
        assert not way_to_rest(q, steps, t, out)
        ends = [a + b for a, b in zip(q, out, strict=True)]
        assert ends[0] == pytest.approx(sign, abs=1e-12)
        while any(steps):
            before = steps[:]
            brake(steps, False, t)
            assert all(abs(a - b) <= 1e-4 * (1 + 1e-9) for a, b in zip(steps, before, strict=True))
            q = [p + s for p, s in zip(q, steps, strict=True)]
            assert abs(q[0]) <= 1.0 + ROUNDING
        assert q == pytest.approx(ends, abs=1e-9)
