"""The arithmetic of braking against plain simulation, and its laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moravec.guard.braking import (
    ROUNDING,
    allowed_steps,
    approach,
    brake,
    brake_distance,
    fastest_step,
    pulled_back,
    rest_posture,
    straight_factor,
)

gains = st.floats(1e-6, 1e-2)
ratios = st.floats(0.0, 500.0)


def simulated(step: float, gain: float) -> float:
    way, s = 0.0, abs(step)
    while s > gain:
        s -= gain
        way += s
    return way


@given(ratios, gains)
def test_brake_distance_is_what_braking_takes(ratio: float, gain: float) -> None:
    step = ratio * gain
    assert brake_distance(step, gain) == pytest.approx(simulated(step, gain), abs=1e-7 * gain + 1e-9)
    assert brake_distance(-step, gain) == brake_distance(step, gain)


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


@pytest.mark.parametrize("room", [0.0, -0.0, -1.0, math.nan, -math.inf])
def test_no_room_no_step(room: float) -> None:
    assert fastest_step(room, 1e-4) == 0.0


@given(ratios, gains)
def test_the_invariant_feeds_itself(ratio: float, gain: float) -> None:
    """After an allowed step s, the step s - gain is allowed in the room that is left."""
    s = ratio * gain
    room = s + brake_distance(s, gain)
    after = max(s - gain, 0.0)
    assert after + brake_distance(after, gain) <= room - s + 1e-9


def test_straight_braking_keeps_direction_and_ends_where_it_says() -> None:
    rng = np.random.default_rng(3)
    for _ in range(200):
        steps = (rng.uniform(-5e-3, 5e-3, 6)).tolist()
        gain = rng.uniform(2e-5, 6e-5, 6).tolist()
        lows, highs, q = [-9.0] * 6, [9.0] * 6, rng.uniform(-1, 1, 6).tolist()
        ends, straight = rest_posture(q, steps, gain, lows, highs)
        assert straight
        direction = np.array(steps) / np.linalg.norm(steps)
        while any(steps):
            following = brake(q, steps, gain, lows, highs)
            assert all(abs(a - b) <= g * (1 + 1e-9) for a, b, g in zip(following, steps, gain, strict=True))
            if any(following):
                np.testing.assert_allclose(np.array(following) / np.linalg.norm(following), direction, atol=1e-9)
            q, steps = [p + s for p, s in zip(q, following, strict=True)], following
        np.testing.assert_allclose(q, ends, atol=1e-9)


def test_near_a_limit_each_joint_brakes_alone() -> None:
    gain, lows, highs = [1e-4, 1e-4], [-1.0, -1.0], [1.0, 1.0]
    slow = 5.5e-4
    for sign in (1.0, -1.0):
        q = [sign * (1.0 - brake_distance(slow, 1e-4)), 0.0]
        steps = [sign * slow, 5e-3]
        ends, straight = rest_posture(q, steps, gain, lows, highs)
        assert not straight
        assert ends[0] == pytest.approx(sign, abs=1e-12)
        while any(steps):
            steps = brake(q, steps, gain, lows, highs)
            q = [p + s for p, s in zip(q, steps, strict=True)]
            assert abs(q[0]) <= 1.0 + ROUNDING
        assert q == pytest.approx(ends, abs=1e-9)


def test_straight_factor_at_its_edges() -> None:
    assert straight_factor([0.0], [1e-4]) == (0.0, 0.0)
    assert straight_factor([1e-4], [1e-4]) == (0.0, 0.0)
    following, rest = straight_factor([2e-4], [1e-4])
    assert following == 0.5 and rest == 0.5


def test_allowed_steps_respect_each_limit() -> None:
    down, up = allowed_steps([0.0, 0.9999, 0.0], [0.0, 0.0, 4e-3], [1e-4] * 3, [4e-3] * 3, [-1.0] * 3, [1.0] * 3)
    assert up == pytest.approx([1e-4, 1e-4, 4e-3]) and down == pytest.approx([-1e-4, -1e-4, 3.9e-3])
    _, up = allowed_steps([1.5], [0.0], [1e-4], [4e-3], [-1.0], [1.0])
    assert up == [0.0]


def test_approach_never_overshoots() -> None:
    gain, there, speed = 5e-5, 0.004, 0.0
    here = 0.0
    for _ in range(200):
        wanted = approach(there - here, 0.0, gain)
        speed = max(speed - gain, min(speed + gain, wanted))
        here += speed
        assert here <= there + 1e-12
    assert here == pytest.approx(there, abs=1e-9)


def test_pulled_back_scales_before_it_clamps() -> None:
    steps, possible = pulled_back([2e-3, 1e-3], [2e-3, 1e-3], [1e-4] * 2, [-1e-3] * 2, [1e-3] * 2)
    assert possible and steps == pytest.approx([1e-3, 5e-4])
    steps, possible = pulled_back([2e-3, 0.0], [2e-3, 0.0], [1e-4] * 2, [-1e-3, 1e-4], [1e-3, 3e-4])
    assert possible and steps == pytest.approx([1e-3, 1e-4])
    steps, possible = pulled_back([-2e-3, 1e-3], [-2e-3, 1e-3], [1e-4] * 2, [-1e-3, 9e-4], [1e-3] * 2)
    assert possible and steps == pytest.approx([-1e-3, 1e-3])
    _, possible = pulled_back([0.0], [0.0], [1e-4], [2e-4], [1e-4])
    assert not possible
