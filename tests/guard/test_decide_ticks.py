"""One tick as a whole, in numbers: what comes first, what is counted from tick to tick; and an operator's reset."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
from helpers_kernel import INF, NAN, put, up
from helpers_turntable import BALL, TICK, cause, running, told, turntable

from moravec.guard.kernel import codes, decide
from moravec.guard.kernel.checks import FUTURE_TOLERANCE, HUGE, TOLERANCE, below, fact
from moravec.guard.kernel.decide import LATCH_TIME, LIMIT_BUDGET_TICKS, REST_SPEED
from moravec.guard.kernel.form import JOINTS, Answer, Asked, Memory
from moravec.guard.kernel.motion import survey
from moravec.guard.parts import Box, Zone

T = turntable(bodies=(BALL,))
GAIN = T.gains[0]


# ── the whole tick ───────────────────────────────────────────────────────────────────────────────────────────────────
def test_an_answer_begins_afresh() -> None:
    m, a, o = running(T, 0.0, 1e-3)
    o.braking, o.own, o.category, o.nearest, o.fastest = 1, 1, 2, 0.0, 9.0
    decide.decide(T, m, a, o)
    assert (o.decision, o.braking, o.own, o.category, o.nearest, o.fastest) == (codes.PASS, 0, 0, -1, 1e9, 0.0)


@pytest.mark.parametrize("changes", [{"state_fits": 0}, {"state_t": NAN}, {"measured_q": [-100.0, *[0.0] * (JOINTS - 1)]}])
def test_without_a_posture_nothing_is_remembered(changes: dict[str, Any]) -> None:
    _, a, o = running(T)
    m = Memory()
    for name, value in changes.items():
        setattr(a, name, value)
    decide.decide(T, m, a, o)
    assert m == Memory() and (o.decision, told(o)) == (codes.STOP, tuple(fact(codes.STATE_SHAPE, False)))


def test_the_least_margin_of_all_is_told_where_all_hold() -> None:
    m, a, o = running(T, 0.0, 1e-3)
    decide.decide(T, m, a, o)
    speed = below(codes.VELOCITY, 0, 1e-3 / TICK, 2.0 * (1.0 + TOLERANCE))
    assert o.decision == codes.PASS and o.relative <= speed.relative
    m, a, o = running(T, 0.0, 1e-3)
    a.measured_tau[0] = 150.0
    decide.decide(T, m, a, o)
    assert told(o) == tuple(below(codes.TORQUE, 0, 150.0, 150.0 * (1.0 + TOLERANCE))), "of the body, where that is less"


def pulled_back(before: float) -> tuple[Memory, Answer]:
    """One tick with a set-point a little too far, after `before` of them."""
    m, a, o = running(T, 0.0, 1e-3)
    m.pulled, a.q[0] = before, 1e-3 + 3.0 * GAIN
    decide.decide(T, m, a, o)
    return m, o


def test_set_points_are_pulled_back_so_often_and_no_more() -> None:
    m, o = pulled_back(0.0)
    assert (o.decision, o.check, m.pulled, m.state) == (codes.LIMIT, codes.ACCELERATION, 1.0, codes.RUN) and o.margin < 0.0
    m, o = pulled_back(LIMIT_BUDGET_TICKS - 1.0)
    assert (o.decision, m.pulled) == (codes.LIMIT, LIMIT_BUDGET_TICKS)
    m, o = pulled_back(LIMIT_BUDGET_TICKS)
    assert (o.decision, m.state) == (codes.STOP, codes.BRAKING)
    assert told(o) == (codes.LIMIT_BUDGET, 0, LIMIT_BUDGET_TICKS + 1.0, LIMIT_BUDGET_TICKS, -1.0, -1.0)
    m, o = pulled_back(LIMIT_BUDGET_TICKS - 0.5)
    assert told(o) == (codes.LIMIT_BUDGET, 0, LIMIT_BUDGET_TICKS + 0.5, LIMIT_BUDGET_TICKS, -0.5, -1.0)


def ticks_later(ticks: float, step: float = 0.0, **changes: Any) -> tuple[Memory, Answer]:
    """One tick, so many periods after the last, of a guard that is told what `changes` say."""
    m, a, o = running(T, 0.0, step)
    now = 1.0 + ticks * TICK
    a.now = a.t = a.made = a.seen = a.expires = a.state_t = now
    for name, value in changes.items():
        if isinstance(value, list):
            put(getattr(a, name), value)
        else:
            setattr(a, name, value)
    decide.decide(T, m, a, o)
    return m, o


def test_blindness_is_counted_in_time_and_no_less_than_the_period() -> None:
    assert ticks_later(1, state_fits=0)[0].blind == TICK and ticks_later(3, state_fits=0)[0].blind == 3 * TICK
    assert ticks_later(0, state_fits=0)[0].blind == TICK and ticks_later(-5, state_fits=0)[0].blind == TICK
    assert ticks_later(1, measured_tau=[NAN])[0].blind == TICK, "what is no number is not seen"
    assert ticks_later(1, state_t=1.0 - 0.25)[0].blind == TICK, "what is old is not seen"
    assert ticks_later(1)[0].blind == 0.0
    m, a, o = running(T)
    m.blind, a.state_fits = 0.5, 0
    decide.decide(T, m, a, o)
    assert m.blind == 0.5 + TICK
    m, a, o = running(T)
    m.blind = 0.5
    decide.decide(T, m, a, o)
    assert m.blind == 0.0
    m, a, o = running(T)
    m.begun, m.now, a.state_fits = 0, 0.0, 0
    decide.decide(T, m, a, o)
    assert m.blind == TICK, "in the first tick no time has passed"


def at_the_age(age: float) -> tuple[Memory, Asked, Answer]:
    """At time 0, where ages are exact: a state of exactly that age, and half a second after everything else."""
    m, a, o = running(T)
    m.now, m.due, m.window_t, m.pressed_at, m.blind = -TICK, 0.0, -TICK, -0.5, 0.25
    a.now = a.t = a.made = a.seen = a.expires = 0.0
    a.state_t = -age
    return m, a, o


def test_a_state_may_be_exactly_as_old_as_it_may() -> None:
    oldest = 0.02 + FUTURE_TOLERANCE
    for age, fresh in ((oldest, True), (up(oldest), False)):
        m, a, o = at_the_age(age)
        decide.decide(T, m, a, o)
        assert (m.blind == 0.0) is fresh and (m.state == codes.RUN) is fresh
        m, a, o = at_the_age(age)
        m.state = codes.HOLD
        assert decide.reset(T, m, a, o) == (decide.GRANTED if fresh else decide.NOT_MEASURED)


def test_after_a_long_silence_a_body_at_rest_has_stopped() -> None:
    """Longer than a command may be old; a body that moves on is braked from where it is thought to be."""
    long = 0.02 / TICK
    for ticks, speed, rests in (
        (long + 1.0, REST_SPEED, True),
        (long + 1.0, -REST_SPEED, True),
        (long - 1.0, 0.0, False),
        (long + 1.0, 0.5, False),
    ):
        assert (ticks_later(ticks, 0.01, measured_dq=[speed])[1].dq[0] == 0.0) is rests, (ticks, speed)
    assert ticks_later(long + 1.0, 0.01, measured_dq=[0.0], state_fits=0)[1].dq[0] != 0.0
    assert ticks_later(long + 1.0, 0.01, measured_dq=[0.0], state_t=1.0)[1].dq[0] != 0.0, "what it did before the silence"
    exactly = replace(T, command_age_max=0.03125)
    for ticks, rests in ((16.0, False), (17.0, True)):
        m, a, o = running(exactly, 0.0, 0.01)
        a.now = a.state_t = 1.0 + ticks * TICK
        a.measured_dq[0], a.command_fits = 0.0, 0
        decide.decide(exactly, m, a, o)
        assert (o.dq[0] == 0.0) is rests


def test_after_a_long_silence_it_goes_on_as_from_rest() -> None:
    """The bend with which a motion came to rest is no jerk of the next one."""
    m, a, o = running(T)
    m.bends[0] = 9.0
    a.now = a.t = a.made = a.seen = a.expires = a.state_t = 3.0
    a.measured_dq[0], a.q[0], a.dq[0] = 0.0, 1e-7, 1e-7 / TICK
    decide.decide(T, m, a, o)
    assert (o.decision, m.steps[0], m.bends[0]) == (codes.PASS, 1e-7, 1e-7)


def test_the_emergency_stop_is_remembered_with_its_time() -> None:
    pressed = (codes.ESTOP, -1, 1.0, 0.0, -1.0, -1.0)
    m, o = ticks_later(1, 0.01, estop=1)
    assert (m.state, m.pressed_at, cause(m), told(o)) == (codes.ENDING, 1.0 + TICK, pressed, pressed)
    assert o.category == 1 and o.braking == 1
    for now, at in ((NAN, HUGE), (INF, HUGE), (-INF, HUGE), (up(HUGE), HUGE), (-up(HUGE), HUGE), (HUGE, HUGE), (-HUGE, -HUGE)):
        assert ticks_later(1, 0.01, estop=1, now=now)[0].pressed_at == at
    assert ticks_later(1, 0.01, estop=-1)[0].state == codes.ENDING and ticks_later(1, 0.01)[0].pressed_at == -1e300


@pytest.mark.parametrize("state", [codes.BRAKING, codes.ENDING, codes.OFF])
def test_while_a_stop_is_under_way_nothing_else_is_looked_at(state: int) -> None:
    m, a, o = running(T, 0.0, 0.01)
    m.state, m.cause, m.push, a.command_fits = state, codes.ESTOP, 5.0, 0
    decide.decide(T, m, a, o)
    assert o.braking == 1 and m.push == 5.0 and told(o)[0] == codes.ESTOP


def test_the_state_decides_before_the_command_and_the_tick_before_both() -> None:
    assert ticks_later(1, measured_tau=[200.0], command_fits=0)[1].check == codes.TORQUE
    assert ticks_later(1, command_fits=0)[1].check == codes.COMMAND_SHAPE
    assert ticks_later(-1, measured_tau=[200.0])[1].check == codes.CLOCK
    assert ticks_later(1, measured_tau=[200.0], seq=9)[0].seq == 9, "its number is kept all the same"


# ── reset ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def resting(**changes: Any) -> tuple[Memory, Asked]:
    """Power off after a stop, and an operator's reset in good order but for `changes`."""
    m, a, _ = running(T)
    m.state, m.pressed_at, m.pulled, m.load, m.push = codes.OFF, 1.0, 3.0, 4.0, 5.0
    a.now = a.state_t = 2.0
    put(m.steps, (0.0, 9.0))
    put(m.bends, (8.0, 9.0))
    put(a.measured_q, (0.25, 7.0))
    for name, value in changes.items():
        record = m if hasattr(m, name) and name not in ("now",) else a
        if isinstance(value, list):
            put(getattr(record, name), value)
        else:
            setattr(record, name, value)
    return m, a


def test_a_reset_takes_the_posture_and_forgets() -> None:
    m, a = resting()
    assert decide.reset(T, m, a, Answer()) == decide.GRANTED
    assert (m.state, m.q[:2], m.window_q[:2], m.window_t) == (codes.HOLD, [0.25, 0.0], [0.25, 0.0], 2.0)
    assert (m.steps[:2], m.bends[:2]) == ([0.0, 9.0], [0.0, 9.0])
    assert (m.numbered, m.pulled, m.load, m.push) == (0, 0.0, 0.0, 0.0)
    fresh = Answer()
    survey(m.q, T, fresh)
    assert (m.tool, m.points, m.depth, m.clearance) == (fresh.tool, fresh.points, fresh.depth, fresh.clearance)


def test_a_reset_looks_at_the_zones_that_are_active_now() -> None:
    door = Zone("door", "keep_out", Box((2.0, -1.0, -1.0), (3.0, 1.0, 1.0)), None, ((1.5, 2.5),))
    t = turntable(bodies=(BALL,), zones=(door,))
    for now, near in ((2.0, True), (9.0, False)):
        m, a = resting(now=now, state_t=now, measured_q=[0.0])
        assert decide.reset(t, m, a, Answer()) == decide.GRANTED
        assert m.clearance == (1.0 - 0.125 if near else 1e9)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"state": codes.RUN}, decide.NOT_AT_REST),
        ({"state": codes.INIT}, decide.NOT_AT_REST),
        ({"state": codes.BRAKING}, decide.NOT_AT_REST),
        ({"state": codes.ENDING}, decide.NOT_AT_REST),
        ({"steps": [1e-300]}, decide.NOT_AT_REST),
        ({"state": codes.HOLD, "steps": [1e-300]}, decide.NOT_AT_REST),
        ({"state": codes.HOLD}, decide.GRANTED),
        ({"state_fits": 0}, decide.NOT_MEASURED),
        ({"measured_tau": [NAN]}, decide.NOT_MEASURED),
        ({"measured_q": [100.0]}, decide.NOT_MEASURED),
        ({"state_t": 1.5}, decide.NOT_MEASURED),
        ({"state_t": 2.0 - 0.02}, decide.GRANTED),
        ({"estop": 1}, decide.PRESSED),
        ({"estop": -1}, decide.PRESSED),
        ({"measured_dq": [up(REST_SPEED)]}, decide.MOVES),
        ({"measured_dq": [-REST_SPEED]}, decide.GRANTED),
        ({"pressed_at": 2.0 - LATCH_TIME}, decide.GRANTED),
        ({"pressed_at": up(2.0 - LATCH_TIME)}, decide.TOO_SOON),
        ({"pressed_at": NAN}, decide.TOO_SOON),
        ({"now": HUGE, "state_t": HUGE}, decide.GRANTED),
        ({"now": -HUGE, "state_t": -HUGE, "pressed_at": -2 * HUGE}, decide.GRANTED),
        ({"now": up(HUGE), "state_t": HUGE}, decide.TOO_SOON),
        ({"now": -up(HUGE), "state_t": -HUGE, "pressed_at": -2 * HUGE}, decide.TOO_SOON),
    ],
)
def test_a_reset_is_granted_or_changes_nothing(changes: dict[str, Any], code: int) -> None:
    m, a = resting(**changes)
    before = copy.deepcopy(m)
    assert decide.reset(T, m, a, Answer()) == code
    assert (m == before) is (code != decide.GRANTED)
