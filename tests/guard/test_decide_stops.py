"""One tick, function by function, in numbers: what is approved, what stops, what is remembered."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers_kernel import NAN, put, up
from helpers_turntable import BALL, TICK, cause, running, told, turntable

from moravec.guard.kernel import codes, decide
from moravec.guard.kernel.checks import HUGE, TOLERANCE, Finding, below, fact
from moravec.guard.kernel.decide import BLIND_MAX, LIMIT_LEAK, RUNAWAY
from moravec.guard.kernel.form import Answer, Memory
from moravec.guard.kernel.motion import survey

T = turntable(bodies=(BALL,))
GAIN = T.gains[0]
ON_TIME = Finding(codes.CLOCK, -1, 0.0, 0.0, 0.0, 1.0)
FLOODED = Finding(codes.FLOOD, -1, 0.0, TICK, -TICK, -1.0)
ODD = Finding(codes.TORQUE, 3, 5.0, 4.0, -1.0, -0.25)


# ── approved ─────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(("decision", "left"), [(codes.PASS, 5.0 - LIMIT_LEAK), (codes.LIMIT, 5.0)])
def test_what_is_approved_becomes_the_set_point(decision: int, left: float) -> None:
    m, a, o = running(T, 0.0, 1e-3)
    m.pulled, m.bends[0], m.bends[1], m.q[1], m.steps[1] = 5.0, 9.0, 9.0, 9.0, 9.0
    put(o.q, (0.25, 7.0))
    put(o.steps, (0.375, 7.0))
    o.straight, a.grip_width, a.grip_force = 0, 0.06, 11.0
    survey(o.q, T, o)
    o.decision = decision
    decide.move(ODD, T, m, a, o)
    assert (m.q[:2], m.steps[:2], m.bends[:2]) == ([0.25, 9.0], [0.375, 9.0], [0.375 - 1e-3, 9.0])
    assert (m.straight, m.pulled, m.state) == (0, left, codes.RUN) and m.tool == o.tool and m.points == o.points
    assert (m.grip_width, m.grip_force, o.grip_width, o.grip_force) == (0.06, 11.0, 0.06, 11.0)
    assert (o.decision, told(o)) == (decision, tuple(ODD)) and cause(m) == (0, 0, 0.0, 0.0, 0.0, -1.0)


def test_what_was_pulled_back_is_forgotten_down_to_nothing() -> None:
    m, a, o = running(T)
    m.pulled = LIMIT_LEAK / 2.0
    decide.move(ODD, T, m, a, o)
    assert m.pulled == 0.0
    m, a, o = running(T, 0.0, 0.01)
    m.pulled = LIMIT_LEAK / 2.0
    decide.halt(ON_TIME, T, m, a, o)
    assert m.pulled == 0.0 and m.steps[0] > 0.0


def test_a_standstill_is_held_where_the_mode_wants_one() -> None:
    m, a, o = running(T)
    a.mode = codes.STILL
    decide.move(ODD, T, m, a, o)
    assert m.state == codes.HOLD and cause(m) == tuple(fact(codes.MODE, False)) and told(o) == tuple(ODD)
    m.state = codes.HOLD
    decide.move(ODD, T, m, a, o)
    assert m.state == codes.HOLD


# ── stops ────────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("check", "category", "state"),
    [(codes.COMMAND_AGE, 2, codes.BRAKING), (codes.TORQUE, 1, codes.ENDING), (codes.BLIND, 0, codes.OFF)],
)
def test_a_stop_is_of_the_category_of_its_cause(check: int, category: int, state: int) -> None:
    m, a, o = running(T, 0.25, 0.01)
    m.bends[0], m.bends[1], m.pulled, m.grip_width, m.grip_force = 9.0, 9.0, 3.0, 0.07, 12.0
    found = ODD._replace(check=check)
    decide.stop(found, ON_TIME, T, m, a, o)
    assert m.state == state and cause(m) == (*found[:5], -1.0) == told(o)
    assert (o.decision, o.own, o.category, m.pulled) == (codes.STOP, 1, category, 0.0 if category == 0 else 3.0 - LIMIT_LEAK)
    step = 0.0 if category == 0 else 0.01 * (0.01 / GAIN - 1.0) / (0.01 / GAIN)
    assert m.steps[0] == pytest.approx(step, rel=1e-12) and m.q[0] == 0.25 + m.steps[0]
    assert (o.q[:2], o.dq[:2], m.bends[:2]) == ([m.q[0], 0.0], [m.steps[0] / TICK, 0.0], [0.0, 9.0])
    assert (o.grip_width, o.grip_force, m.seq, m.numbered) == (0.07, 12.0, 8, 1)


def test_a_stop_that_was_bent_stays_bent_and_a_straight_one_straight() -> None:
    for straight, expected in ((1, 0.75), (0, 0.5)):
        t = replace(T, n=2, gains=[0.25, 0.5] + [0.0] * 14)
        m, a, o = running(t)
        m.state, m.straight = codes.BRAKING, straight
        put(m.steps, (1.0, 1.0))  # four ticks and two: the slowest decides, or each for itself
        decide.halt(ON_TIME, t, m, a, o)
        assert m.steps[:2] == [0.75, 0.75 if straight else 0.5] and m.q[1] == m.steps[1] and expected == m.steps[1]


def test_where_the_guard_brakes_to_is_remembered() -> None:
    m, a, o = running(T, 0.25, 0.01)
    m.state = codes.BRAKING
    decide.halt(ON_TIME, T, m, a, o)
    fresh = Answer()
    survey(m.q, T, fresh)
    assert (m.tool, m.points, m.depth, m.clearance) == (fresh.tool, fresh.points, fresh.depth, fresh.clearance)


def test_a_flood_moves_nothing_and_what_only_looks_like_one_does() -> None:
    m, a, o = running(T, 0.25, 0.01)
    m.state, m.bends[0] = codes.BRAKING, 9.0
    decide.halt(FLOODED, T, m, a, o)
    assert (m.q[0], m.steps[0], m.bends[0], o.q[0], o.dq[0]) == (0.25, 0.01, 9.0, 0.25, 0.01 / TICK)
    for tick in (FLOODED._replace(margin=0.0), FLOODED._replace(check=codes.CLOCK)):
        m, a, o = running(T, 0.25, 0.01)
        m.state = codes.BRAKING
        decide.halt(tick, T, m, a, o)
        assert m.q[0] == 0.25 + m.steps[0] > 0.25


def test_without_power_nothing_moves_on() -> None:
    for tick in (ON_TIME, FLOODED):
        m, a, o = running(T, 0.25, 0.01)
        m.state, m.bends[0], m.steps[1], m.bends[1] = codes.OFF, 9.0, 9.0, 9.0
        decide.halt(tick, T, m, a, o)
        assert (m.q[0], m.steps[:2], m.bends[:2], m.state) == (0.25, [0.0, 9.0], [0.0, 9.0], codes.OFF)


def test_at_rest_a_stop_is_over_and_what_was_pulled_back_forgotten() -> None:
    for state, after in ((codes.BRAKING, codes.HOLD), (codes.ENDING, codes.OFF)):
        m, a, o = running(T, 0.25, GAIN)
        m.state, m.pulled = state, 9.0
        decide.halt(ON_TIME, T, m, a, o)
        assert (m.state, m.pulled, m.q[0]) == (after, 0.0, 0.25)
        m, a, o = running(T, 0.25, up(GAIN))
        m.state, m.pulled = state, 9.0
        decide.halt(ON_TIME, T, m, a, o)
        assert (m.state, m.pulled) == (state, 9.0 - LIMIT_LEAK)


@pytest.mark.parametrize(
    ("fits", "seq", "kept"),
    [(1, 12, 12), (0, 12, 7), (1, HUGE, HUGE), (1, -HUGE, -HUGE), (1, 2 * HUGE, 7), (1, -2 * HUGE, 7)],
)
def test_the_number_of_a_command_that_is_not_heard_counts(fits: int, seq: float, kept: float) -> None:
    m, a, o = running(T)
    m.numbered, a.command_fits, a.seq = 0, fits, int(seq)
    decide.halt(ON_TIME, T, m, a, o)
    assert (m.seq, m.numbered) == (kept, 1 if kept != 7 else 0)


# ── a stop under way ─────────────────────────────────────────────────────────────────────────────────────────────────
def went_on(state: int, fresh: bool, blind: float = 0.0, measured: float = 0.0) -> tuple[Memory, Answer]:
    m, a, o = running(T, 0.0, 0.01)
    m.state, m.blind, m.cause, m.cause_value, a.measured_q[0] = state, blind, codes.ESTOP, 1.0, measured
    decide.go_on(fresh, ON_TIME, T, m, a, o)
    assert o.braking == 1 and o.own == 1 and o.decision == codes.STOP
    return m, o


@pytest.mark.parametrize("state", [codes.BRAKING, codes.ENDING])
def test_who_cannot_see_for_too_long_removes_power(state: int) -> None:
    assert went_on(state, False, BLIND_MAX)[0].state == state
    m, o = went_on(state, False, up(BLIND_MAX))
    assert m.state == codes.OFF and told(o)[:5] == below(codes.BLIND, -1, up(BLIND_MAX), BLIND_MAX)[:5] and o.category == 0
    assert went_on(state, True, 9.0)[0].state == state, "who sees now was blind before"
    assert went_on(state, False, NAN)[0].state == codes.OFF


@pytest.mark.parametrize("state", [codes.BRAKING, codes.ENDING])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_an_arm_that_runs_away_loses_its_power(state: int, sign: float) -> None:
    most = RUNAWAY * T.tracking[0] * (1.0 + TOLERANCE)
    assert went_on(state, True, 0.0, sign * most * (1.0 - 1e-12))[0].state == state
    m, o = went_on(state, True, 0.0, sign * most * (1.0 + 1e-12))
    assert m.state == codes.OFF and o.category == 0
    assert told(o)[:3] == (codes.BLIND, 0, pytest.approx(most / RUNAWAY)) and o.limit == pytest.approx(most / RUNAWAY)
    assert o.margin < 0.0 and went_on(state, False, 0.0, 99.0)[0].state == state


def test_without_power_there_is_nothing_to_take_away() -> None:
    m, o = went_on(codes.OFF, False, 9.0, 9.0)
    assert m.state == codes.OFF and told(o)[0] == codes.ESTOP and cause(m)[0] == codes.ESTOP


# ── memory and answer ────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("state", "before", "after", "kept"),
    [
        (codes.RUN, codes.TORQUE, codes.COMMAND_AGE, False),
        (codes.HOLD, codes.BLIND, codes.COMMAND_AGE, False),
        (codes.BRAKING, codes.COMMAND_AGE, codes.VELOCITY, False),
        (codes.ENDING, codes.TORQUE, codes.COMMAND_AGE, True),
        (codes.ENDING, codes.TORQUE, codes.ESTOP, True),
        (codes.ENDING, codes.TORQUE, codes.BLIND, False),
        (codes.OFF, codes.TORQUE, codes.ESTOP, True),
        (codes.OFF, codes.TORQUE, codes.BLIND, False),
        (codes.OFF, codes.BLIND, codes.BLIND, True),
    ],
)
def test_what_latches_is_covered_up_by_what_is_graver_alone(state: int, before: int, after: int, kept: bool) -> None:
    m = Memory(state=state, cause=before, cause_joint=1, cause_value=2.0, cause_limit=3.0, cause_margin=4.0)
    decide.remember(Finding(after, 5, 6.0, 7.0, 8.0, 9.0), m)
    assert cause(m)[:5] == ((before, 1, 2.0, 3.0, 4.0) if kept else (after, 5, 6.0, 7.0, 8.0))


def test_an_answer_has_every_number_of_its_finding() -> None:
    o = Answer()
    decide.answer(Finding(1, 2, 3.0, 4.0, 5.0, 6.0), codes.LIMIT, o)
    assert (o.decision, told(o)) == (codes.LIMIT, (1, 2, 3.0, 4.0, 5.0, 6.0))
