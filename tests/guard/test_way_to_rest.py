"""Where a joint is during its braking, and where the tool is then: looked at between the target and rest."""

from __future__ import annotations

import math

import pytest
from helpers_kernel import put
from helpers_turntable import TICK, at, turntable

from moravec.guard.kernel import codes
from moravec.guard.kernel.braking import gone
from moravec.guard.kernel.checks import TOLERANCE, Finding, below, check_workspace
from moravec.guard.kernel.form import Answer, Asked, Memory, Table
from moravec.guard.kernel.kinematics import place
from moravec.guard.kernel.motion import LOOK_EVERY, MOST_LOOKS, check_way
from moravec.guard.parts import Box


# ── one joint ────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("ticks", "straight", "bent"),
    [(0.0, 0.0, 0.0), (1.0, 7.5, 7.0), (2.0, 14.5, 13.0), (4.0, 27.0, 22.0), (6.0, 37.5, 27.0), (8.0, 46.0, 28.0)],
)
def test_the_way_so_far_in_numbers(ticks: float, straight: float, bent: float) -> None:
    """A step of 8: straight, all joints rest after 16 ticks, and 1/16 of the step is lost in each; alone, it loses 1 in each."""
    assert gone(ticks, 8.0, 1.0, True, 16.0) == straight and gone(ticks, -8.0, 1.0, True, 16.0) == -straight
    assert gone(ticks, 8.0, 1.0, False, 16.0) == bent and gone(ticks, -8.0, 1.0, False, 16.0) == -bent
    assert gone(ticks, 2.0, 0.25, False, 16.0) == bent / 4.0


def test_who_rests_goes_no_farther() -> None:
    assert gone(9.0, 8.0, 1.0, False, 16.0) == gone(16.0, 8.0, 1.0, False, 16.0) == 28.0
    assert gone(0.5, 1.0, 1.0, False, 16.0) == 0.5 - 0.375


# ── the tool ─────────────────────────────────────────────────────────────────────────────────────────────────────────
TICKS = 64.0


def braking(t: Table, q: float, way: float, straight: bool = True) -> tuple[Memory, Asked, Answer, float]:
    """A target `q` [rad] from which braking takes TICKS ticks and `way` [rad]; and the step it was reached with."""
    m, a, o = at(t, q)
    step = way / (TICKS - (TICKS + 1.0) / 2.0)
    t.gains[0] = abs(step) / TICKS
    o.q[0], o.steps[0], o.way[0], o.straight = q, step, way, 1 if straight else 0
    place(o.q, t, o)
    return m, a, o, step


def far(ticks: float, step: float) -> float:
    """The way [rad] of the first `ticks` of that braking: what each tick takes off adds up."""
    return step * (ticks - ticks * (ticks + 1.0) / (2.0 * TICKS))


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize(
    ("way", "looks"), [(0.05, 0), (math.nextafter(LOOK_EVERY, 0.0), 0), (LOOK_EVERY, 1), (0.35, 3), (1.25, 12), (2.5, 12)]
)
def test_the_farther_it_turns_the_oftener_it_is_looked_at(way: float, looks: int, sign: float) -> None:
    assert MOST_LOOKS == 12
    t = turntable(tool_speed=1.0)
    for straight in (True, False):  # of one joint both are the same, but for how often it is looked at
        looks = looks if straight else 12
        m, a, o, step = braking(t, 0.25, sign * way, straight)
        found = check_way(t, a, m, o)
        if looks == 0:
            assert found == Finding(codes.VELOCITY, -1, 0.0, 1.0, 1.0, 1.0) and o.posture[0] == 0.0
            continue
        times = [TICKS * k / (looks + 1.0) for k in range(looks + 1)]
        assert o.posture[0] == pytest.approx(0.25 + far(times[-1], step), rel=1e-12)
        turns = [abs(far(b, step) - far(a_, step)) for a_, b in zip(times, times[1:], strict=False)]
        speed = max(2.0 * math.sin(turn / 2.0) / (TICKS / (looks + 1.0) * TICK) for turn in turns)
        expected = below(codes.TOOL_SPEED, -1, speed, 1.0 + TOLERANCE)
        assert found.check == codes.TOOL_SPEED and found == pytest.approx(expected, rel=1e-9)
        assert o.tool[:2] == pytest.approx([math.cos(0.25), math.sin(0.25)]), "the target stays placed"


def test_all_joints_count_together_and_each_brakes_by_its_own_law() -> None:
    t = turntable()
    t.n, t.link_a[1], t.cos_alpha[1] = 2, 0.5, 1.0
    put(t.tool, (0.0, 0.0, 0.0))
    for straight in (1, 0):
        m, a, o = at(t, 0.0)
        put(o.way, (0.0625, -0.0625))
        put(o.steps, (0.02, -0.01))
        put(t.gains, (0.02 / 32.0, 0.01 / 8.0))
        o.straight = straight
        place(o.q, t, o)
        check_way(t, a, m, o)
        last = 32.0 / 2.0 if straight else 32.0 * 12.0 / 13.0
        ends = (gone(last, 0.02, t.gains[0], straight == 1, 32.0), gone(last, -0.01, t.gains[1], straight == 1, 32.0))
        assert o.posture[:2] == pytest.approx(ends, rel=1e-12) and ends[1] < 0.0
        assert gone(last, -0.01, t.gains[1], True, 32.0) != gone(last, -0.01, t.gains[1], False, 32.0)


def test_a_tool_that_becomes_faster_on_its_way_is_seen() -> None:
    """Two joints about the same axis, one against the other: where the one rests early the other's speed is left."""
    t = turntable(tool_speed=1.0)
    t.n, t.link_a[0], t.cos_alpha[1] = 2, 0.0, 1.0
    put(t.tool, (1.0, 0.0, 0.0))
    m, a, o = at(t, 0.0)
    put(o.steps, (0.02, -0.02))
    put(t.gains, (0.02 / 32.0, 0.02 / 8.0))
    put(o.way, (0.25, -0.07))
    o.straight = 0
    place(o.q, t, o)
    times = [32.0 * k / 13.0 for k in range(13)]
    places = [gone(n, 0.02, t.gains[0], False, 32.0) + gone(n, -0.02, t.gains[1], False, 32.0) for n in times]
    speeds = [2.0 * math.sin(abs(y - x) / 2.0) / (32.0 / 13.0 * TICK) for x, y in zip(places, places[1:], strict=False)]
    fastest = max(speeds)
    assert fastest == speeds[3] > 3.0 * speeds[0]
    for limit, told in ((1.1 * fastest, fastest), (1.1 * speeds[0], speeds[1])):  # the first that is too fast is told
        t.tool_speed = limit
        found = check_way(t, a, m, o)
        assert found == pytest.approx(tuple(below(codes.TOOL_SPEED, -1, told, limit * (1.0 + TOLERANCE))), rel=1e-9)


def test_the_tool_may_be_no_faster_on_its_way_than_before() -> None:
    t = turntable(tool_speed=8.0, tool_speed_reduced=0.5)
    m, a, o, _ = braking(t, 0.0, 0.35)
    assert check_way(t, a, m, o).margin > 0.0
    a.mode = codes.REDUCED
    found = check_way(t, a, m, o)
    assert (found.check, found.limit) == (codes.TOOL_SPEED, 0.5 * (1.0 + TOLERANCE)) and found.margin < 0.0


def test_a_way_that_bulges_out_of_the_space_is_refused() -> None:
    """Over the top of the circle: both ends are lower than what is allowed, and a place between is not."""
    start = math.pi / 2.0 - 0.25
    for height, holds in ((0.995, False), (1.001, True)):
        t = turntable(allowed=(Box((-9.0, -9.0, -9.0), (9.0, height, 9.0)),))
        m, a, o, step = braking(t, start, 0.5)
        assert math.sin(start) < 0.97
        found = check_way(t, a, m, o)
        assert (found.margin >= 0.0) is holds and found.check == codes.WORKSPACE
        heights = [math.sin(start + far(TICKS * k / 6.0, step)) for k in range(1, 6)]
        # The first of those that are outside, or the highest.
        first = next((y for y in heights if y > height), max(heights))
        assert found.value == pytest.approx(first, rel=1e-12)


def test_a_tool_that_is_outside_comes_back_on_the_whole_way() -> None:
    """It began outside: what counts between is the gain, as at the ends."""
    t = turntable(allowed=(Box((-9.0, -9.0, -9.0), (9.0, 0.5, 9.0)),))
    start = math.pi / 2.0 + 0.25
    m, a, o, step = braking(t, start, 0.5)
    assert m.depth < 0.0 and not check_workspace(m.tool, t).margin >= 0.0
    found = check_way(t, a, m, o)
    gain = math.sin(start) - math.sin(start + far(TICKS / 6.0, step))
    assert found.check == codes.WORKSPACE and found.margin == pytest.approx(gain, rel=1e-9) and gain > 0.0
    m, a, o, step = braking(t, start, -0.5)
    assert check_way(t, a, m, o).margin < 0.0
