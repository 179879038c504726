"""The steps of a motion judged one by one, in numbers: a turntable with a tool, a ball on its arm, and round figures."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from helpers_kernel import NAN, put, up
from helpers_turntable import BALL, TICK, at, turntable

from moravec.guard.kernel import codes, motion
from moravec.guard.kernel.checks import TOLERANCE, Finding, below
from moravec.guard.kernel.form import Answer, Asked, Memory, Table
from moravec.guard.kernel.kinematics import place
from moravec.guard.kernel.motion import BAND, PULL_BACK_MAX, check_place, check_tool_speed, moving
from moravec.guard.parts import Box, Obstacle

CAUSE = Finding(codes.JERK, 0, 9.0, 4.0, -5.0, -1.0)


def to(o: Answer, t: Table, q: float, way: float) -> None:
    """A target `q` [rad] from which braking goes on for `way` [rad], straight."""
    o.q[0] = q
    o.steps[0], t.gains[0] = 2.0 * way, abs(way)  # two ticks to rest: one more half of the step


# ── small parts ──────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_motion_is_any_joint_that_moves() -> None:
    assert not moving([0.0, -0.0, 0.0], 3) and not moving([0.0, 0.0, 5e-324], 2) and not moving([1.0], 0)
    assert moving([0.0, 0.0, 5e-324], 3) and moving([-1e-9, 0.0, 0.0], 1) and moving([0.0, NAN], 2)


def test_the_speed_of_the_tool_in_numbers() -> None:
    t, m, a, o = Table(period=0.25, tool_speed=24.0, tool_speed_reduced=6.0), Memory(), Asked(), Answer()
    put(m.tool, (8.0, 16.0, 32.0))
    for way in ((1.0, 2.0, 2.0), (-1.0, -2.0, -2.0), (2.0, -1.0, 2.0)):
        put(o.tool, [x + d for x, d in zip(m.tool, way, strict=True)])
        assert check_tool_speed(t, a, m, o) == below(codes.TOOL_SPEED, -1, 12.0, 24.0 * (1.0 + TOLERANCE))
    a.mode = codes.REDUCED
    assert check_tool_speed(t, a, m, o) == below(codes.TOOL_SPEED, -1, 12.0, 6.0 * (1.0 + TOLERANCE))


# ── places ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_who_stands_is_placed_and_nobodys_danger() -> None:
    t = turntable(allowed=(Box((-0.5, -0.5, -0.5), (0.5, 0.5, 0.5)),), bodies=(BALL,))
    m, a, o = at(t, 0.0)
    o.q[0], o.travel[0], o.travel[1], o.straight = 1.0, 9.0, 9.0, 0
    assert check_place(t, a, m, o) == Finding(codes.VELOCITY, -1, 0.0, 1.0, 1.0, 1.0)
    assert o.tool[:2] == [math.cos(1.0), math.sin(1.0)] and o.depth == 0.5 - math.sin(1.0)
    assert (o.travel[:2], o.straight) == ([0.0, 9.0], 1)


def halfplane(height: float) -> Table:
    """A turntable whose tool may be below y = `height`."""
    return turntable(allowed=(Box((-9.0, -9.0, -9.0), (9.0, height, 9.0)),))


# Heights of the tool above 0, in front of and behind the top of its circle: angles to sines.
DEEPER, TOP, BACK = math.asin(0.875), math.pi / 2.0, math.pi - math.asin(0.75)


def test_a_tool_that_is_outside_must_come_back_at_the_target_and_at_rest() -> None:
    """Outside already: what counts is what it gains, at the worse of the two places."""
    t = halfplane(0.5)
    start = math.asin(0.9375)
    m, a, o = at(t, start)
    assert m.depth == pytest.approx(-0.4375)
    to(o, t, TOP, BACK - TOP)  # first over the top, then down: farther out on the way
    found = check_place(t, a, m, o)
    assert found.check == codes.WORKSPACE and found.margin == pytest.approx(0.9375 - 1.0)
    assert found.relative == found.margin and found.value == pytest.approx(-0.5)
    to(o, t, DEEPER, TOP - DEEPER)  # down at the target, and then to the top
    found = check_place(t, a, m, o)
    assert found.margin == pytest.approx(0.9375 - 1.0) and found.value == pytest.approx(-0.5)
    to(o, t, BACK, math.pi - BACK)  # all the way down
    assert check_place(t, a, m, o).margin == pytest.approx(0.9375 - 0.75)
    to(o, t, DEEPER, math.asin(0.75) - DEEPER)
    assert check_place(t, a, m, o).margin == pytest.approx(0.9375 - 0.875)


def test_a_tool_that_is_inside_has_all_of_its_margin() -> None:
    for height, depth in ((1.0, 0.5), (1.0, 0.0)):
        t = halfplane(height)
        m, a, o = at(t, math.asin(0.5))
        m.depth = depth
        to(o, t, math.asin(0.75), -0.125)
        found = check_place(t, a, m, o)
        assert found.check == codes.WORKSPACE and found.margin == pytest.approx(0.25) and found.value == pytest.approx(0.75)
    # Leaving from the very edge: the target is named, not the place of rest that is farther out.
    t = halfplane(0.5)
    m, a, o = at(t, math.asin(0.5))
    m.depth = 0.0
    to(o, t, math.asin(0.75), DEEPER - math.asin(0.75))
    assert check_place(t, a, m, o).margin == pytest.approx(-0.25)


def posts(*places: tuple[float, float]) -> Table:
    """A ball on the turntable's arm, 1 m from its axis, and thin posts at (x, y)."""
    boxes = [Box((x - 1e-3, y - 1e-3, -1.0), (x + 1e-3, y + 1e-3, 1.0)) for x, y in places]
    return turntable(bodies=(BALL,), obstacles=tuple(Obstacle(f"post {i}", box) for i, box in enumerate(boxes)))


def test_a_straight_way_is_looked_at_all_along() -> None:
    """Past a post that is near in the middle: free, though the first clearance does not reach to the end."""
    t = posts((1.15, 0.0))
    m, a, o = at(t, -0.5)
    assert m.clearance > 0.0
    to(o, t, -0.25, 0.5)
    for clearance in (m.clearance, 0.0):  # touching is not too near
        m.clearance = clearance
        found = check_place(t, a, m, o)
        assert found.margin == pytest.approx(0.15 - 1e-3 - 0.125, abs=1e-3)
        assert o.posture[0] != -0.25 and o.straight == 1


def test_a_way_that_is_bent_is_free_within_the_first_clearance_alone() -> None:
    """Where straight braking would leave the joint's range: the same way, but nobody knows which postures it passes."""
    t = posts((1.15, 0.0))
    t.highs[0] = 0.0
    m, a, o = at(t, -0.5)
    to(o, t, -0.25, 0.5)
    assert check_place(t, a, m, o).margin < 0.0 and o.straight == 0
    to(o, t, -0.5, 0.25)
    t.highs[0] = -0.5
    assert check_place(t, a, m, o).margin > 0.0 and o.straight == 0


def test_a_ball_that_just_touches_may_not_pass_through() -> None:
    """At a clearance of exactly nothing the way counts, not what is gained at its ends."""
    t = posts((1.0, 0.0))
    m, a, o = at(t, -0.5)
    m.clearance = 0.0
    to(o, t, -0.25, 0.5)
    assert check_place(t, a, m, o).margin < 0.0


def test_a_ball_that_is_inside_must_part_at_the_target_and_at_rest() -> None:
    t = posts((1.0, 0.0))
    m, a, o = at(t, -0.0625)
    before = m.clearance
    assert -0.125 < before < 0.0
    to(o, t, 0.03125, 0.25)  # through the middle, and then away
    found = check_place(t, a, m, o)
    assert found.check == codes.CELL_COLLISION and -0.04 < found.margin < -0.02 and found.relative == found.margin
    to(o, t, 0.09375, -0.09375)  # a little better, and then into the middle
    found = check_place(t, a, m, o)
    assert found.margin == pytest.approx(-0.125 - before, abs=1e-6) and found.value == pytest.approx(-0.125)
    to(o, t, -0.09375, -0.125)
    found = check_place(t, a, m, o)
    assert found.margin == pytest.approx(0.03125, abs=2e-3)


def test_what_is_not_too_near_keeps_its_distance_on_the_whole_way() -> None:
    """Away from one post, towards another: the way to rest is taken off where it begins, and not where it has ended."""
    t = posts((1.0, 0.0), (math.cos(0.5), math.sin(0.5)))
    m, a, o = at(t, 0.0625)
    assert m.clearance < 0.0
    to(o, t, 0.09375, 0.25)
    found = check_place(t, a, m, o)
    assert 0.02 < found.margin < 0.035 and found.check == codes.CELL_COLLISION
    to(o, t, 0.09375, 0.3125)
    assert check_place(t, a, m, o).margin < 0.0


# ── pulling back ─────────────────────────────────────────────────────────────────────────────────────────────────────
def judged(t: Table, q: float, dq: float, before: float) -> tuple[Finding, Answer]:
    """A command for `q` [rad] with `dq` [rad/s], from 0 reached with the step `before` [rad]."""
    m, a, o = at(t, 0.0, before)
    a.q[0], a.dq[0] = q, dq
    return motion.judge(t, a, m, o), o


def test_a_speed_is_pulled_back_up_to_exactly_its_band() -> None:
    t = turntable(acceleration=(1e4,), jerk=(1e9,))
    most = BAND * 2.0 * (1.0 + TOLERANCE)
    for share in (1.0, -1.0):
        found, o = judged(t, share * most * TICK, share * most, 0.0)
        assert (o.decision, found.check) == (codes.LIMIT, codes.VELOCITY) and abs(o.dq[0]) == pytest.approx(2.001, rel=1e-3)
        for q, dq in ((up(most) * TICK, most), (most * TICK, up(most))):
            found, o = judged(t, share * q, share * dq, 0.0)
            assert (o.decision, found.check) == (codes.STOP, codes.VELOCITY)


def test_what_is_exactly_at_a_limit_passes() -> None:
    most = 2.0 * (1.0 + TOLERANCE)
    found, o = judged(turntable(), most * TICK, most, most * TICK)
    assert (o.decision, found.margin, found.check) == (codes.PASS, 0.0, codes.VELOCITY)
    found, o = judged(turntable(), up(most) * TICK, most, most * TICK)
    assert (o.decision, found.check) == (codes.LIMIT, codes.VELOCITY)
    t, step = turntable(), 1e-5  # less than a tick of braking: it rests where it is
    o = Answer()
    place([step], t, o)
    edge = o.tool[1]
    found, o = judged(turntable(allowed=(Box((-9.0, -9.0, -9.0), (9.0, edge, 9.0)),)), step, step / TICK, step)
    assert (o.decision, found.margin, found.check) == (codes.PASS, 0.0, codes.WORKSPACE)
    found, o = judged(turntable(allowed=(Box((-9.0, -9.0, -9.0), (9.0, edge - 1e-16, 9.0)),)), step, step / TICK, step)
    assert (o.decision, found.check) == (codes.STOP, codes.WORKSPACE)
    steps, limit = speed_that_is_a_limit(t, 1.0)
    found, o = judged(replace(t, tool_speed=limit), steps, steps / TICK, steps)
    assert (o.decision, found.margin, found.check) == (codes.PASS, 0.0, codes.TOOL_SPEED)
    found, o = judged(replace(t, tool_speed=limit * (1.0 - 1e-9)), steps, steps / TICK, steps)
    assert (o.decision, found.check) == (codes.LIMIT, codes.TOOL_SPEED)


def test_a_change_of_acceleration_is_softened_where_there_is_room() -> None:
    t, m, o = Table(n=3, period=0.5), Memory(), Answer()
    put(t.jerk, (8.0, 8.0, 8.0, 8.0))  # one unit a tick and tick again
    put(m.steps, (4.0, 4.0, 4.0))
    put(m.bends, (2.0, -2.0, 0.0))
    put(o.down, (0.0, 0.0, 4.5, 7.0))
    put(o.up, (9.0, 9.0, 9.0, 7.0))
    motion._soften(t, m, o)
    assert (o.down[:4], o.up[:4]) == ([5.0, 1.0, 4.5, 7.0], [7.0, 3.0, 5.0, 7.0])
    # Where nothing is left the others count alone; one step that is left is taken.
    put(o.down, (8.0, 4.0, 5.0))
    put(o.up, (9.0, 5.0, 9.0))
    motion._soften(t, m, o)
    assert (o.down[:3], o.up[:3]) == ([8.0, 4.0, 5.0], [9.0, 5.0, 5.0])
    put(o.down, (1.0, 0.0, 0.0))
    put(o.up, (5.0, 0.5, 2.0))
    motion._soften(t, m, o)
    assert (o.down[:3], o.up[:3]) == ([5.0, 0.0, 0.0], [5.0, 0.5, 2.0])


def finished(t: Table, steps: float, wanted: float | None = None) -> tuple[Finding, Answer]:
    """What becomes of a pulled-back `steps` [rad] from 0, where `wanted` was asked for."""
    m, a, o = at(t, 0.0, steps)
    o.steps[0], o.wanted[0] = steps, steps if wanted is None else wanted
    return motion._finish(CAUSE, t, a, m, o), o


def test_a_pull_back_goes_exactly_so_far() -> None:
    t = turntable()
    for wanted in (PULL_BACK_MAX, -PULL_BACK_MAX):
        found, o = finished(t, 0.0, wanted)
        assert (found, o.decision, o.speeds[0], o.dq[0]) == (CAUSE, codes.LIMIT, 0.0, 0.0)
        found, o = finished(t, 0.0, math.nextafter(wanted, 2.0 * wanted))
        assert (found, o.decision) == (CAUSE, codes.STOP)


def test_what_is_approved_is_checked_again_and_may_be_at_its_limit() -> None:
    t = turntable()
    most = 2.0 * (1.0 + TOLERANCE) * TICK
    found, o = finished(t, most)
    assert (found, o.decision, o.dq[0]) == (CAUSE, codes.LIMIT, 2.0 * (1.0 + TOLERANCE))
    found, o = finished(t, up(most))
    assert (found, o.decision) == (CAUSE, codes.STOP)


def test_what_is_approved_may_be_at_the_edge_of_its_space() -> None:
    step = 1e-5  # less than a tick of braking: it rests where it is
    o = Answer()
    place([step], turntable(), o)
    for edge, decision in ((o.tool[1], codes.LIMIT), (math.nextafter(o.tool[1], 0.0), codes.STOP)):
        found, answer = finished(turntable(allowed=(Box((-9.0, -9.0, -9.0), (9.0, edge, 9.0)),)), step)
        assert answer.decision == decision
        over = edge - o.tool[1]
        assert found == (CAUSE if decision == codes.LIMIT else Finding(codes.WORKSPACE, -1, o.tool[1], edge, over, over))


def speed_that_is_a_limit(t: Table, factor: float) -> tuple[float, float]:
    """A step, and a limit of the tool's speed that, tolerance included and times `factor`, is exactly the speed of that step."""
    for k in range(10, 60):
        m, a, o = at(t, 0.0)
        place([k * 1e-5], t, o)
        speed = check_tool_speed(t, a, m, o).value
        limit = speed / factor / (1.0 + TOLERANCE) * (1.0 - 1e-15)
        for _ in range(20):
            if factor * (limit * (1.0 + TOLERANCE)) == speed:
                return k * 1e-5, limit
            limit = up(limit)
    raise AssertionError("no step has a speed that a table can have for its limit")


def test_the_tool_is_slowed_down_from_exactly_its_limit_to_exactly_its_band() -> None:
    t = turntable()
    steps, limit = speed_that_is_a_limit(t, 1.0)
    found, o = finished(replace(t, tool_speed=limit), steps)
    assert (found, o.decision, o.steps[0]) == (CAUSE, codes.LIMIT, steps)
    found, o = finished(replace(t, tool_speed=limit * (1.0 - 1e-9)), steps)
    assert (found, o.decision) == (CAUSE, codes.LIMIT) and o.steps[0] == pytest.approx(steps * (1.0 - TOLERANCE), rel=1e-6)
    steps, limit = speed_that_is_a_limit(t, BAND)
    found, o = finished(replace(t, tool_speed=limit), steps)
    assert (found, o.decision) == (CAUSE, codes.LIMIT) and o.steps[0] == pytest.approx(steps / BAND, rel=2e-3)
    found, o = finished(replace(t, tool_speed=limit * (1.0 - 1e-9)), steps)
    assert (found.check, o.decision) == (codes.TOOL_SPEED, codes.STOP)


def test_a_tool_far_from_linear_is_slowed_down_in_three_corrections(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step of 1.4 rad: its chord does not shrink as the step does. One more correction would be too many."""
    monkeypatch.setattr(motion, "PULL_BACK_MAX", 9.0)
    t = turntable()
    t.period, t.tool_speed, t.velocity[0], t.acceleration[0], t.gains[0] = 1.0, 0.9, 9.0, 1e3, 2.0
    found, o = finished(t, 1.4)
    assert (found, o.decision) == (CAUSE, codes.LIMIT)
    assert 0.899 < 2.0 * math.sin(o.steps[0] / 2.0) < 0.901
    monkeypatch.setattr(motion, "SLOWINGS", 2)
    assert finished(t, 1.4)[1].decision == codes.STOP
