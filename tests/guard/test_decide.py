"""One tick, function by function, in numbers: the rhythm of the calls, the body's report, the command."""

from __future__ import annotations

import copy
import math
from dataclasses import replace
from typing import Any

import pytest
from helpers_guard import TERMS
from helpers_kernel import INF, NAN, put, up
from helpers_turntable import BALL, TICK, running, turntable

from moravec.guard.kernel import checks, codes, decide
from moravec.guard.kernel.checks import FUTURE_TOLERANCE, HUGE, TOLERANCE, Finding, below, fact
from moravec.guard.kernel.decide import (
    EXPIRY_GRACE,
    OVERSPEED_SHARE,
    REST_SPEED,
    TRANSIENT,
    WINDOW_TIME,
    check_expiry,
    judge_tick,
)
from moravec.guard.kernel.form import Answer, Asked, Memory, Table

T = turntable()
ON_TIME = Finding(codes.CLOCK, -1, 0.0, 0.0, 0.0, 1.0)


# ── the first state ──────────────────────────────────────────────────────────────────────────────────────────────────
def begun(t: Table, speeds: list[float], grip: tuple[float, float] = (0.05, 10.0), mode: int = codes.FULL) -> Memory:
    """What the guard remembers after it began with these measured speeds [rad/s]."""
    m, a, o = Memory(depth=9.0), Asked(mode=mode), Answer()
    put(m.bends, [1.0] * 3)
    put(a.measured_q, [0.25] * 3)
    put(a.measured_dq, speeds)
    put(a.measured_grip, grip)
    decide.begin(t, m, a, o)
    return m


def test_it_begins_at_the_measured_posture() -> None:
    m = begun(T, [REST_SPEED])
    assert (m.state, m.q[:2], m.steps[:2], m.bends[:3], m.straight) == (codes.HOLD, [0.25, 0.0], [0.0, 0.0], [0.0, 1.0, 1.0], 1)
    assert m.tool == pytest.approx([math.cos(0.25), math.sin(0.25), 0.0]) and m.depth == pytest.approx(2.0 - math.cos(0.25))
    assert (m.cause, m.cause_value) == (0, 0.0)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_body_that_moves_at_the_beginning_is_braked(sign: float) -> None:
    m = begun(T, [sign * up(REST_SPEED)])
    assert m.state == codes.BRAKING and m.steps[0] == sign * up(REST_SPEED) * TICK
    value = up(REST_SPEED)
    cause = (m.cause, m.cause_joint, m.cause_value, m.cause_limit, m.cause_margin)
    assert cause == (codes.BEGINNING, 0, value, REST_SPEED, REST_SPEED - value)
    assert begun(T, [sign * 99.0]).steps[0] == sign * T.fastest[0], "no faster than any joint may be"


def test_the_fastest_joint_is_named_and_the_first_of_equal_ones() -> None:
    t = copy.deepcopy(T)
    t.n = 3
    for vector, value in ((t.fastest, 1.0), (t.gains, 1e-4), (t.lows, -9.0), (t.highs, 9.0)):
        put(vector, (value, value), 1)
    for speeds, joint, value in (([0.0, 0.5, -1.0], 2, 1.0), ([-1.5, 0.5, 1.0], 0, 1.5), ([0.5, -1.0, 1.0], 1, 1.0)):
        m = begun(t, speeds)
        assert (m.cause_joint, m.cause_value) == (joint, value)
        assert m.steps[:3] == [max(-t.fastest[j], min(t.fastest[j], v * TICK)) for j, v in enumerate(speeds)]


def test_the_way_to_rest_is_known_from_the_beginning() -> None:
    assert begun(T, [0.5]).straight == 1
    assert begun(replace(T, highs=[0.25, *T.highs[1:]]), [0.5]).straight == 0


@pytest.mark.parametrize(
    ("measured", "held"),
    [((0.05, 10.0), (0.05, 10.0)), ((0.2, 99.0), (0.1, 60.0)), ((-0.2, -9.0), (0.01, 0.0)), ((0.005, 60.0), (0.01, 60.0))],
)
def test_the_grip_that_is_measured_is_held_within_its_limits(measured: tuple[float, float], held: tuple[float, float]) -> None:
    m = begun(replace(T, grip_width_min=0.01), [0.0], measured)
    assert (m.grip_width, m.grip_force) == held


def test_where_tool_and_parts_are_is_remembered_and_no_more() -> None:
    m, o = Memory(), Answer(depth=3.0, clearance=4.0)
    put(o.tool, (1.0, 2.0, 3.0))
    put(o.points, [float(i) for i in range(1, 15)])
    decide.settle(Table(bodies=2), m, o)
    assert (m.tool, m.points[:14]) == ([1.0, 2.0, 3.0], [*[float(i) for i in range(1, 13)], 0.0, 0.0])
    assert (m.depth, m.clearance) == (3.0, 4.0)


@pytest.mark.parametrize(
    ("speed", "still"), [(0.0, True), (REST_SPEED, True), (up(REST_SPEED), False), (NAN, False), (INF, False)]
)
def test_who_rests(speed: float, still: bool) -> None:
    t, a = Table(n=3), Asked()
    put(a.measured_dq, [0.0, 0.0, 0.0, 9.0])
    for j in range(3):
        for sign in (1.0, -1.0):
            a.measured_dq[j] = sign * speed
            assert decide.rests(t, a) is still
        a.measured_dq[j] = 0.0


# ── the rhythm ───────────────────────────────────────────────────────────────────────────────────────────────────────
def ticked(m: Memory, now: float) -> Finding:
    return judge_tick(T, m, Asked(now=now))


def test_the_first_tick_has_no_rhythm_yet() -> None:
    for now in (0.0, -5.0, HUGE, -HUGE):
        m = Memory(due=-2 * HUGE, window_t=now)
        put(m.q, (0.5, 0.25))
        assert ticked(m, now) == ON_TIME
        assert (m.begun, m.now, m.due, m.pressed_at) == (1, now, now + TICK, -1e300)
        assert (m.window_t, m.window_q[:2]) == (now, [0.5, 0.0]), "of the robot's joints alone"


@pytest.mark.parametrize("now", [NAN, INF, -INF, up(HUGE), -up(HUGE)])
def test_what_is_no_time_changes_nothing(now: float) -> None:
    m, _, _ = running(T, 0.0, 1e-3)
    before = copy.deepcopy(m)
    assert ticked(m, now) == Finding(codes.CLOCK, -1, 0.0, 0.0, -1.0, -1.0) and m == before


def test_a_clock_that_runs_backwards_begins_anew() -> None:
    m, _, _ = running(T, 0.5)
    m.due, m.pressed_at, m.window_q[0] = 9.0, 5.0, 0.25
    assert ticked(m, 0.75) == Finding(codes.CLOCK, -1, -0.25, 0.0, -0.25, -1.0)
    assert (m.now, m.due, m.pressed_at, m.window_t, m.window_q[0]) == (0.75, 0.75 + TICK, 0.75, 0.75, 0.5)
    m.window_t, m.now, m.window_q[0] = 0.5, 1.0, 0.25
    ticked(m, 0.625)
    assert (m.window_t, m.window_q[0]) == (0.625, 0.5), "also where the window would have gone on"
    m.now = m.due = 0.75
    assert ticked(m, 0.75) == ON_TIME, "no time at all between two ticks is no step back"


def test_one_tick_may_come_early_by_one_period_and_no_more() -> None:
    m, _, _ = running(T)
    assert ticked(m, 1.0) == ON_TIME and (m.now, m.due) == (1.0, 1.0 + 2 * TICK)
    before = copy.deepcopy(m)
    for early in (1.0, 1.0 + TICK / 2.0, math.nextafter(1.0 + TICK, 0.0)):
        assert ticked(m, early) == Finding(codes.FLOOD, -1, early - 1.0, TICK, early - before.due, -1.0) and m == before
    assert ticked(m, 1.0 + TICK) == ON_TIME and m.due == 1.0 + 3 * TICK
    assert ticked(m, 1.25) == ON_TIME and m.due == 1.25 + TICK, "what was late is not caught up for ever"


def test_silence_is_a_fault_in_motion_alone() -> None:
    t = replace(T, command_age_max=0.03125)
    for step, late, found in (
        (1e-3, 0.03125, ON_TIME),
        (1e-3, 0.0625, Finding(codes.SILENCE, -1, 0.0625, 0.03125, -0.03125, -1.0)),
        (0.0, 0.0625, ON_TIME),
    ):
        m, _, _ = running(t, 0.0, step)
        assert judge_tick(t, m, Asked(now=1.0 + late)) == found
        assert (m.now, m.due) == (1.0 + late, 1.0 + late + TICK), "it goes on from here"


def test_a_press_in_the_future_was_now() -> None:
    for pressed, kept in ((0.5, 0.5), (1.5, 1.0 + TICK), (HUGE, 1.0 + TICK)):
        m, _, _ = running(T)
        m.pressed_at = pressed
        ticked(m, 1.0 + TICK)
        assert m.pressed_at == kept


@pytest.mark.parametrize(("start", "anew"), [(1.0, False), (0.75, False), (math.nextafter(0.75, 0.0), True), (up(1.0), True)])
def test_the_window_lasts_for_its_time(start: float, anew: bool) -> None:
    assert WINDOW_TIME == 0.25
    m, _, _ = running(T, 0.5)
    m.due, m.window_t, m.window_q[0] = 1.0, start, 0.25
    assert ticked(m, 1.0) == ON_TIME
    assert (m.window_t, m.window_q[0]) == ((1.0, 0.5) if anew else (start, 0.25))


# ── the body ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def seen(t: Table, usable: bool = True, memory: dict[str, Any] | None = None, **changes: Any) -> tuple[Finding, Memory, Answer]:
    """What the guard finds of a measured state that is all right but for `changes`."""
    m, a, o = running(t)
    for name, value in (memory or {}).items():
        setattr(m, name, value)
    for name, value in changes.items():
        if isinstance(value, list):
            put(getattr(a, name), value)
        else:
            setattr(a, name, value)
    return decide.screen_state(usable, t, m, a, o), m, o


def test_a_state_that_cannot_be_read_says_why() -> None:
    assert seen(T, state_fits=0)[0] == fact(codes.STATE_SHAPE, False)
    assert seen(T, False, measured_tau=[NAN], wrench=[INF, NAN])[0] == Finding(codes.STATE_FINITE, -1, 3.0, 0.0, -3.0, -1.0)


def test_each_measure_can_decide() -> None:
    now = 1.0 + TICK
    assert seen(T)[0].margin >= 0.0
    assert seen(T, state_t=now - 0.5)[0] == checks.check_age(codes.STATE_AGE, codes.STATE_AGE, now - 0.5, now, 0.02)
    assert seen(T, state_t=now + 0.5)[0] == Finding(codes.STATE_AGE, -1, 0.5, 1e-6, 1e-6 - 0.5, -1.0)
    slack = 1.0 + TOLERANCE
    assert seen(T, measured_q=[-0.125])[0] == below(codes.TRACKING, 0, 0.125, 0.1 * slack)
    assert seen(T, measured_dq=[-2.5])[0] == below(codes.OVERSPEED, 0, 2.5 / OVERSPEED_SHARE, 2.0 * slack)
    assert seen(T, measured_dq=[2.0])[0].margin >= 0.0 and seen(T, measured_dq=[-2.0])[0].check == codes.OVERSPEED
    assert seen(T, measured_tau=[-151.0])[0] == below(codes.TORQUE, 0, 151.0, 150.0 * slack)
    assert seen(T, measured_tau=[140.0])[0] == below(codes.TORQUE, 0, 140.0, 150.0 * slack)
    assert seen(T, measured_q=[0.09])[0] == below(codes.TRACKING, 0, 0.09, 0.1 * slack)


def test_a_push_and_a_knock() -> None:
    """Filtered with the time constant of a push; a knock, unfiltered, may be twice as hard."""
    share = TICK / 0.02
    for wrench in ([3.0, 4.0, 12.0], [-12.0, 3.0, -4.0], [0.0, 0.0, 13.0], [0.0, -13.0, 0.0]):
        assert seen(T, wrench=wrench)[1].push == pytest.approx(13.0 * share, rel=1e-15)
        assert seen(T, wrench=wrench, memory={"push": 21.0})[1].push == pytest.approx(21.0 - 8.0 * share, rel=1e-15)
    found, m, _ = seen(T, memory={"push": 300.0})
    assert found == below(codes.TOOL_FORCE, -1, 300.0 - 300.0 * TICK / 0.02, 200.0) and m.push == found.value
    assert seen(T, wrench=[0.0, 400.0, 0.0])[0] == below(codes.TOOL_FORCE, -1, 400.0, TRANSIENT * 200.0)
    assert seen(T, wrench=[0.0, up(400.0), 0.0])[0].margin < 0.0


def test_a_load_pulls_down() -> None:
    """The turntable's flange stands upright: its z is up, and a load is a force along -z."""
    share = TICK / 0.5
    for wrench, weight in (([0.0, 0.0, -16.0], 16.0), ([0.0, 0.0, 16.0], -16.0), ([9.0, -9.0, 0.0], 0.0)):
        assert seen(T, wrench=wrench)[1].load == pytest.approx(weight * share, rel=1e-15)
        assert seen(T, wrench=wrench, memory={"load": 32.0})[1].load == pytest.approx(32.0 + (weight - 32.0) * share, rel=1e-15)
    found, m, _ = seen(T, memory={"load": 64.0})
    assert found == below(codes.PAYLOAD, -1, 64.0 - 64.0 * share, 5.0 * 9.80665) and m.load == found.value
    # Where the flange is tilted a quarter turn, its y is up.
    tilted = turntable(dh=((0.0, 0.5, 0.0, math.pi / 2.0),))
    assert seen(tilted, wrench=[0.0, -16.0, 0.0])[1].load == pytest.approx(16.0 * share)


def test_who_is_near_is_looked_at_where_people_are_watched_for() -> None:
    watched, now = turntable(bodies=(BALL,), separation=TERMS), 1.0 + TICK
    found, _, o = seen(watched, people=1, person=[3.0, 0.0])
    assert found.margin >= 0.0 and o.nearest == 3.0 - 1.0 - 0.125
    for changes in ({"people_t": now - 1.0}, {"people": -1}, {"people_t": NAN}):
        found, _, o = seen(watched, **{"people": 1, "person": [3.0, 0.0], **changes})
        assert (found.check, o.nearest) == (codes.PEOPLE_AGE, 0.0) and not found.margin >= 0.0
    oldest = TERMS.reading_age_max + FUTURE_TOLERANCE
    for age, near in ((oldest, 1.875), (up(oldest), 0.0)):  # at time 0, where ages are exact
        _, _, o = seen(watched, people=1, person=[3.0, 0.0], now=0.0, people_t=-age)
        assert o.nearest == near
    nobody, _, o = seen(turntable(), people=1, person=[3.0, 0.0], people_t=NAN)
    assert nobody.margin >= 0.0 and o.nearest == 0.0
    aged = seen(watched, people_t=now - 0.1)[0]
    assert aged.check == codes.PEOPLE_AGE and aged.margin >= 0.0, "the one that holds least"


# ── the command ──────────────────────────────────────────────────────────────────────────────────────────────────────
def asked(limits: Table = T, memory: dict[str, Any] | None = None, step: float = 0.0, **changes: Any) -> tuple[Finding, Memory]:
    """What the guard finds of a command that stays where it is, but for `changes`."""
    m, a, _ = running(limits, 0.0, step)
    for name, value in (memory or {}).items():
        setattr(m, name, value)
    for name, value in changes.items():
        if isinstance(value, list):
            put(getattr(a, name), value)
        else:
            setattr(a, name, value)
    return decide.screen_command(limits, m, a), m


def test_a_command_that_cannot_be_read_leaves_no_trace() -> None:
    found, m = asked(command_fits=0)
    assert found == fact(codes.COMMAND_SHAPE, False) and (m.seq, m.numbered) == (7, 1)
    found, m = asked(grip_width=NAN, dq=[INF])
    assert found == Finding(codes.COMMAND_FINITE, -1, 2.0, 0.0, -2.0, -1.0) and (m.seq, m.numbered) == (7, 1)


def test_numbers_are_kept_whatever_else_is_wrong() -> None:
    for seq, check in ((8, codes.SEQUENCE_GAP), (10, codes.SEQUENCE_GAP), (11, codes.SEQUENCE_GAP), (7, codes.SEQUENCE_REPEAT)):
        found, m = asked(seq=seq)
        assert (m.seq, m.numbered) == (seq, 1)
        assert found == checks.check_sequence(seq, 7, 3) or found.margin >= 0.0
        assert (found.check == check) is (seq in (7, 11))
    found, m = asked(seq=99, memory={"numbered": 0})
    assert found.margin >= 0.0 and (m.seq, m.numbered) == (99, 1), "the first number is taken as it is"


def test_age_and_grip_count_at_rest_too() -> None:
    now = 1.0 + TICK
    assert asked(t=now - 0.5)[0] == checks.check_command_age(now - 0.5, now, 0.02)
    assert asked(grip_width=0.5)[0] == checks.check_grip(0.5, 10.0, T)
    assert asked(grip_force=70.0)[0] == checks.check_grip(0.05, 70.0, T)
    tight = asked(t=now - 0.02)[0]
    assert tight.check == codes.COMMAND_AGE and tight.margin >= 0.0


STILL_OLD: dict[str, Any] = {"mode": codes.STILL, "made": NAN, "expires": NAN, "seen": NAN, "novelty": NAN}


def test_what_is_a_motion_needs_its_provenance() -> None:
    novel = replace(T, novelty=1, novelty_max=0.5)
    assert asked(novel, **STILL_OLD)[0].margin >= 0.0, "standing still needs none"
    assert asked(novel, q=[0.0, 9.0], dq=[0.0, 9.0], **STILL_OLD)[0].margin >= 0.0, "of the robot's joints alone"
    for moves in ({"q": [1e-300]}, {"dq": [-1e-300]}, {"step": 1e-9}, {"grip_width": 0.06}, {"grip_force": 9.0}):
        assert asked(novel, **{**STILL_OLD, **moves})[0] == fact(codes.MODE, False), moves
        assert asked(novel, **{**STILL_OLD, **moves, "mode": codes.REDUCED})[0].check == codes.CHUNK_AGE
    for j in range(2):
        wide = replace(T, n=2)
        assert asked(wide, **{**STILL_OLD, "q": [0.25 * (i == j) for i in range(2)]})[0].check == codes.MODE


def test_each_sign_of_provenance_can_decide() -> None:
    now, t = 1.0 + TICK, replace(T, novelty=1, novelty_max=0.5)
    moves = {"dq": [1e-9]}
    assert asked(t, **moves)[0].margin >= 0.0
    made = checks.check_age(codes.CHUNK_AGE, codes.CHUNK_FROM_FUTURE, now - 31.0, now, 30.0)
    assert asked(t, made=now - 31.0, **moves)[0] == made
    assert asked(t, made=now + 1.0, **moves)[0].check == codes.CHUNK_FROM_FUTURE
    assert asked(t, expires=now - 1.0, **moves)[0] == check_expiry(now - 1.0, now, 30.0)
    assert asked(t, expires=now + 31.0, **moves)[0] == check_expiry(now + 31.0, now, 30.0)
    sight = checks.check_age(codes.SIGHT_AGE, codes.SIGHT_FROM_FUTURE, now - 61.0, now, 60.0)
    assert asked(t, seen=now - 61.0, **moves)[0] == sight
    assert asked(t, seen=now + 1.0, **moves)[0].check == codes.SIGHT_FROM_FUTURE
    for score, value in ((0.75, 0.75), (up(HUGE), HUGE), (-up(HUGE), HUGE), (NAN, HUGE), (HUGE, HUGE)):
        assert asked(t, novelty=score, **moves)[0] == below(codes.NOVELTY, -1, value, 0.5)
        assert asked(T, novelty=score, **moves)[0].margin >= 0.0
    for low in (0.0, -HUGE, -1.0):
        assert asked(t, novelty=low, **moves)[0].margin >= 0.0
    assert asked(t, novelty=0.5, **moves)[0] == below(codes.NOVELTY, -1, 0.5, 0.5)


@pytest.mark.parametrize(
    ("expires", "value"),
    [(10.0, 0.0), (12.5, 0.0), (9.75, 0.25), (9.0, 1.0), (10.0 - HUGE, HUGE), (-2 * HUGE, HUGE), (NAN, HUGE), (-INF, HUGE)],
)
def test_a_chunk_has_ended_by_so_much(expires: float, value: float) -> None:
    assert check_expiry(expires, 10.0, 4.0) == below(codes.CHUNK_EXPIRED, -1, value, EXPIRY_GRACE)


def test_a_chunk_is_not_said_to_last_for_longer_than_any() -> None:
    assert check_expiry(14.0, 10.0, 4.0).check == codes.CHUNK_EXPIRED
    assert check_expiry(up(14.0), 10.0, 4.0).check == codes.CHUNK_FROM_FUTURE
    assert check_expiry(16.0, 10.0, 4.0) == Finding(codes.CHUNK_FROM_FUTURE, -1, 6.0, 4.0, -2.0, -1.0)
    assert check_expiry(HUGE + 10.0, 10.0, 4.0).check == codes.CHUNK_FROM_FUTURE
    # No longer a time at all: it counts as one that has ended.
    for never in (2 * HUGE, INF):
        assert check_expiry(never, 10.0, 4.0) == below(codes.CHUNK_EXPIRED, -1, HUGE, EXPIRY_GRACE)
