"""Which steps are allowed next, and how a wanted one is pulled back among them."""

from __future__ import annotations

import pytest
from helpers_kernel import joints, put, up
from hypothesis import given
from hypothesis import strategies as st

from moravec.guard.kernel.braking import (
    ROUNDING,
    allowed_steps,
    approach,
    brake_distance,
    fastest_step,
    pull_back,
)
from moravec.guard.kernel.form import Answer, Vec


def test_allowed_steps_respect_each_limit() -> None:
    t = joints([1e-4] * 3, [-1.0] * 3, [1.0] * 3, [4e-3] * 3)
    down, up_ = [0.0] * 3, [0.0] * 3
    allowed_steps([0.0, 0.99995, 0.0], [0.0, 0.0, 4e-3], t, down, up_)
    assert up_ == pytest.approx([1e-4, 5e-5, 4e-3]) and down == pytest.approx([-1e-4, -1e-4, 3.9e-3])
    allowed_steps([0.0, -0.99995, 0.0], [0.0, 0.0, -4e-3], t, down, up_)
    assert up_ == pytest.approx([1e-4, 1e-4, -3.9e-3]) and down == pytest.approx([-1e-4, -5e-5, -4e-3])


def test_allowed_steps_in_numbers() -> None:
    """Each of the three bounds on each side, with numbers of its own for each joint."""
    t = joints([1.0, 0.5, 0.25], [-10.0, -20.0, -30.0], [40.0, 50.0, 60.0], [8.0, 6.0, 4.0])
    down, up_ = [7.0] * 4, [7.0] * 4
    allowed_steps([0.0, 0.0, 0.0, 0.0], [1.5, -0.75, 0.0, 0.0], t, down, up_)
    assert (down, up_) == ([0.5, -1.25, -0.25, 7.0], [2.5, -0.25, 0.25, 7.0])
    allowed_steps([38.0, 49.5, 59.75], [8.5, 0.25, 0.5], t, down, up_)
    assert (down[:3], up_[:3]) == ([7.5, -0.25, 0.25], [1.5, 0.5, 0.25])
    allowed_steps([-8.0, -19.5, -29.75], [-8.5, -0.25, -0.5], t, down, up_)
    assert (down[:3], up_[:3]) == ([-1.5, -0.5, -0.25], [-7.5, 0.25, -0.25])
    allowed_steps([15.0, 15.0, 15.0], [8.0, 6.0, 4.0], t, down, up_)
    # 25 of room allow 6.57, 35 allow 5.65: less than the speed limit. The third joint's speed limit decides.
    assert down[:3] == [7.0, 5.5, 3.75]
    assert up_[:3] == [fastest_step(25.0, 1.0), fastest_step(35.0, 0.5), 4.0]
    allowed_steps([0.0, 0.0, 0.0], [-7.5, -6.0, -4.0], t, down, up_)
    assert down[:3] == [-fastest_step(10.0, 1.0), -fastest_step(20.0, 0.5), -fastest_step(30.0, 0.25)]


def test_outside_only_the_way_back_is_open() -> None:
    t, down, up_ = joints([1e-4], [-1.0], [1.0], [4e-3]), [0.0], [0.0]
    allowed_steps([1.5], [0.0], t, down, up_)
    assert (down, up_) == ([-1e-4], [0.0])
    allowed_steps([-1.5], [0.0], t, down, up_)
    assert (down, up_) == ([0.0], [1e-4])


@given(st.lists(st.floats(-1.0, 1.0), min_size=60, max_size=60), st.floats(1e-5, 1e-3))
def test_from_a_lawful_past_there_is_always_a_step_and_never_one_that_leaves(choice: list[float], gain: float) -> None:
    t, down, up_ = joints([gain], [-0.01], [0.02], [3.5e-3]), [0.0], [0.0]
    q, steps = [0.0], [0.0]
    for c in choice:
        allowed_steps(q, steps, t, down, up_)
        assert down[0] <= up_[0] + ROUNDING
        step = up_[0] if c > 0.5 else down[0] if c < -0.5 else (down[0] + up_[0]) / 2.0
        steps = [step]
        q = [q[0] + step]
        assert -0.01 - ROUNDING <= q[0] <= 0.02 + ROUNDING
        assert q[0] + brake_distance(step, gain) <= 0.02 + ROUNDING or step < 0.0
        assert q[0] - brake_distance(step, gain) >= -0.01 - ROUNDING or step > 0.0


# Pulling back.


def test_approach_in_numbers() -> None:
    assert approach(3.0, 0.0, 1.0) == 2.0 and approach(-3.0, 0.0, 1.0) == -2.0
    assert approach(4.0, 1.0, 1.0) == 3.0 and approach(-2.0, 1.0, 1.0) == -1.0
    assert approach(1.0, 1.0, 1.0) == 1.0 and approach(-1.5, -1.5, 0.25) == -1.5
    assert approach(1.5, 0.0, 0.5) == 1.0  # the gain counts


def test_approach_never_overshoots() -> None:
    gain, there, speed = 5e-5, 0.004, 0.0
    here = 0.0
    for _ in range(200):
        wanted = approach(there - here, 0.0, gain)
        speed = max(speed - gain, min(speed + gain, wanted))
        here += speed
        assert here <= there + 1e-12
    assert here == pytest.approx(there, abs=1e-9)


def pulled(wanted: Vec, aheads: Vec, lows: Vec, highs: Vec, gain: Vec | None = None) -> tuple[Vec, bool]:
    """Steps and whether there are any; a gain so small that `approach` wants `wanted` where both are the same."""
    n = len(wanted)
    t, o = joints(gain or [1.0] * n), Answer()
    put(o.down, lows)
    put(o.up, highs)
    possible = pull_back(wanted, aheads, t, o)
    assert isinstance(possible, bool)
    assert o.steps[n:] == [0.0] * (16 - n)
    return o.steps[:n], possible


@pytest.mark.parametrize(
    ("wanted", "lows", "highs", "steps"),
    [
        # Inside: as wanted.
        ([2.0, 1.0], [-4.0, -4.0], [4.0, 4.0], [2.0, 1.0]),
        ([-2.0, 1.0], [-4.0, -4.0], [4.0, 4.0], [-2.0, 1.0]),
        ([0.0, 0.0], [-4.0, -4.0], [4.0, 4.0], [0.0, 0.0]),
        ([0.0, 1.0], [0.0, 0.0], [4.0, 4.0], [0.0, 1.0]),
        ([0.0, 1.0], [-4.0, 0.0], [0.0, 4.0], [0.0, 1.0]),
        # One is too fast: all by its factor.
        ([2.0, 1.0], [-1.0, -1.0], [1.0, 1.0], [1.0, 0.5]),
        ([0.0, 2.0, 1.0], [-1.0, -1.0, -1.0], [1.0, 1.0, 1.0], [0.0, 1.0, 0.5]),
        ([0.0, 2.0, 1.0], [0.0, -1.0, -1.0], [1.0, 1.0, 1.0], [0.0, 1.0, 0.5]),
        ([2.0, 1.0, 0.0], [-1.0, -1.0, 0.0], [1.0, 1.0, 0.0], [1.0, 0.5, 0.0]),
        ([1.0, 2.0], [-1.0, -1.0], [1.0, 0.5], [0.25, 0.5]),
        ([-2.0, 1.0], [-1.0, -1.0], [4.0, 1.0], [-1.0, 0.5]),
        ([-2.0, 4.0], [-1.0, -9.0], [4.0, 1.0], [-0.5, 1.0]),
        # One must not be slower than that: still a factor, if one fits.
        ([2.0, 1.0], [-1.0, 0.5], [1.0, 1.0], [1.0, 0.5]),
        ([2.0, -1.0], [-1.0, -1.0], [1.0, -0.5], [1.0, -0.5]),
        ([4.0, 4.0], [1.0, 2.0], [3.0, 3.5], [3.0, 3.0]),
        ([-4.0, -4.0], [-3.0, -3.5], [-1.0, -2.0], [-3.0, -3.0]),
        # No factor fits: each alone.
        ([2.0, 1.0], [-1.0, 0.75], [1.0, 1.0], [1.0, 0.75]),
        ([-2.0, 1.0], [-1.0, 0.875], [1.0, 1.0], [-1.0, 0.875]),
        ([2.0, -1.0], [-1.0, -1.0], [1.0, -0.75], [1.0, -0.75]),
        ([2.0, 0.0], [-1.0, 0.25], [1.0, 0.5], [1.0, 0.25]),
        ([2.0, 0.0], [-1.0, -0.5], [1.0, -0.25], [1.0, -0.25]),
        ([0.0, 2.0], [0.25, -1.0], [0.5, 1.0], [0.25, 1.0]),
        ([2.0, 1.0], [3.0, -1.0], [4.0, 1.0], [3.0, 1.0]),  # faster than wanted
        ([-2.0, 1.0], [-4.0, -1.0], [-3.0, 1.0], [-3.0, 1.0]),
        ([2.0, 1.0], [-2.0, -1.0], [-1.0, 1.0], [-1.0, 0.0]),  # the other way
        # Not even a standstill of one makes that of another possible.
        ([0.0, 0.0, 2.0], [0.5, -1.0, -1.0], [0.75, 1.0, 1.0], [0.5, 0.0, 1.0]),
    ],
)
def test_pull_back_scales_before_it_clamps(wanted: Vec, lows: Vec, highs: Vec, steps: Vec) -> None:
    assert pulled(wanted, wanted, lows, highs) == (steps, True)


def test_pull_back_wants_what_approach_says_of_each_joint() -> None:
    wide = ([-9.0] * 3, [9.0] * 3)
    wanted, aheads, gain = [3.0, 4.0, -1.5], [0.0, 1.0, 0.0], [1.0, 1.0, 0.5]
    assert pulled(wanted, aheads, *wide, gain) == ([2.0, 3.0, -1.0], True)


@pytest.mark.parametrize("joint", range(3))
def test_pull_back_where_no_step_is_left(joint: int) -> None:
    wanted, lows, highs = [2.0, 1.0, -1.0], [-1.0, -1.0, -1.0], [1.0, 1.0, 1.0]
    lows[joint], highs[joint] = 0.5, 0.5 - 2 * ROUNDING
    assert pulled(wanted, wanted, lows, highs)[1] is False
    lows[joint], highs[joint] = ROUNDING, 0.0  # as much is rounding
    assert pulled(wanted, wanted, lows, highs)[1] is True
    lows[joint], highs[joint] = up(ROUNDING), 0.0
    assert pulled(wanted, wanted, lows, highs)[1] is False


@given(
    st.lists(st.floats(-4.0, 4.0), min_size=3, max_size=3),
    st.lists(st.floats(-4.0, 4.0), min_size=3, max_size=3),
    st.lists(st.floats(0.0, 4.0), min_size=3, max_size=3),
)
def test_pull_back_never_leaves_the_interval(wanted: Vec, lows: Vec, widths: Vec) -> None:
    highs = [low + width for low, width in zip(lows, widths, strict=True)]
    steps, possible = pulled(wanted, wanted, lows, highs)
    assert possible
    for step, low, high in zip(steps, lows, highs, strict=True):
        assert low - 1e-12 <= step <= high + 1e-12
    if all(low <= w <= high for w, low, high in zip(wanted, lows, highs, strict=True)):
        assert steps == wanted
