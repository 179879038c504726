"""The guard and its body: jerk, forces, ages, modes, categories of stops; each from both sides."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from helpers_guard import (
    HOME,
    PERIOD,
    N,
    Rig,
    command,
    placed,
    run_to_rest,
    state,
    table,
    told,
    tool_at,
)

from moravec.guard.kernel.checks import FUTURE_TOLERANCE, TOLERANCE
from moravec.guard.kernel.decide import (
    BLIND_MAX,
    EXPIRY_GRACE,
    LOAD_TIME,
    OVERSPEED_SHARE,
    PUSH_TIME,
    RUNAWAY,
    TRANSIENT,
)
from moravec.guard.kernel.motion import MISMATCH_TICKS, WINDOW_TIME
from moravec.guard.limits import LimitTable
from moravec.guard.stop import Mode, StopState

GRAVITY = 9.80665  # written down a second time [m/s^2]
STEP = np.array([2e-5, 0, 0, 0, 0, 0])  # [rad], a lawful motion
DOWN = -np.array(placed(HOME, table()).rotation[9 * N : 9 * N + 9]).reshape(3, 3)[2]  # in the tool's frame, at HOME


def wrench(force: Any) -> dict[str, Any]:
    return {"wrench": np.concatenate([np.array(force, dtype=np.float64), np.zeros(3)])}


# ── jerk, window ─────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("joint", range(N))
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_jerk_passes_at_its_limit_and_is_pulled_back_beyond(joint: int, sign: float) -> None:
    jerk = np.linspace(1000.0, 1500.0, N)
    most = jerk[joint] * PERIOD**3 * (1 + TOLERANCE)  # from rest, the first step is as large as the jerk
    for share, decision in ((1 - 1e-6, "pass"), (1 + 1e-6, "limit"), (1.5, "limit")):
        rig = Rig(table(jerk=tuple(jerk.tolist())))
        rig.hold()
        step = np.where(np.arange(N) == joint, sign * most * share, 0.0)
        answer = rig.send(HOME + step, step / PERIOD)
        assert answer.verdict.decision == decision
        moved = (answer.command.q - HOME)[joint]
        if decision == "limit":
            assert (answer.verdict.check, answer.verdict.joint) == ("jerk", joint)
            assert sign * moved == pytest.approx(jerk[joint] * PERIOD**3, rel=1e-6)
        again = rig.send(HOME + 2 * np.where(np.arange(N) == joint, moved, 0.0), rig.dq)
        assert again.verdict.decision == "pass", "a steady speed has no jerk beyond that of its end"


def test_a_steady_acceleration_has_no_jerk_and_its_end_has() -> None:
    rig = Rig(table(jerk=(2500.0,) * N))
    rig.hold()
    rig.plant(steps=[2e-4] + [0.0] * 5, bends=[3e-5] + [0.0] * 5)
    for step, check in ((2.3e-4, "pass"), (2.6e-4, "pass"), (2.61e-4, "limit")):
        answer = rig.send(np.array(rig.guard.setpoint) + [step, 0, 0, 0, 0, 0], [step / PERIOD, 0, 0, 0, 0, 0])
        assert answer.verdict.decision == check, step
    assert answer.verdict.check == "jerk"


@pytest.mark.parametrize("joint", range(N))
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_many_small_steps_are_judged_as_one_large_one(joint: int, sign: float) -> None:
    for share, decision in ((1 - 1e-6, "pass"), (1 + 1e-6, "stop")):
        rig = Rig()
        for _ in range(50):
            rig.hold()
        most = table().velocity[joint] * (1 + TOLERANCE) * (rig.now + 2 * PERIOD)
        rig.plant(window_q=HOME - sign * share * most * (np.arange(N) == joint))
        answer = rig.hold()
        assert answer.verdict.decision == decision
        if decision == "stop":
            assert (answer.verdict.check, answer.verdict.joint) == ("window", joint)
            while rig.now <= WINDOW_TIME + 1e-9:
                assert rig.guard.state is StopState.HOLD
                rig.tick += 1
            assert told(rig.send(HOME, seq=51))[0] == "pass", "a new window begins from where it stands"


def test_the_window_begins_anew_where_the_clock_does() -> None:
    rig = Rig()
    rig.tick = 10**6
    rig.send(HOME, seq=0)
    rig.plant(window_q=HOME + 2.0)
    rig.tick = 10
    assert told(rig.send(HOME, seq=1)) == ("stop", "clock")
    assert told(rig.send(HOME, seq=2))[0] == "pass"


def test_a_first_tick_without_a_clock_spoils_no_window() -> None:
    for broken in (math.nan, math.inf, -math.inf):
        rig = Rig()
        assert told(rig.guard.check(command(0, HOME), state(0, HOME), broken)) == ("stop", "clock")
        rig.tick = 1000
        assert told(rig.send(HOME, seq=1))[0] == "pass"
        assert told(rig.send(HOME, seq=2))[0] == "pass"
        rig.plant(window_q=HOME + 0.1)
        assert told(rig.send(HOME, seq=3)) == ("stop", "window"), "and it is watched"


@pytest.mark.parametrize("joint", range(N))
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_measured_speed_beyond_the_limit_is_a_fault_of_the_body(joint: int, sign: float) -> None:
    most = table().velocity[joint] * OVERSPEED_SHARE * (1 + TOLERANCE)
    for share, decision in ((1 - 1e-6, "pass"), (1 + 1e-6, "stop")):
        rig = Rig()
        rig.hold()
        answer = rig.hold({"dq": sign * share * most * (np.arange(N) == joint)})
        assert answer.verdict.decision == decision
        if decision == "stop":
            assert (answer.verdict.check, answer.verdict.joint, answer.verdict.category) == ("overspeed", joint, 1)
            assert rig.guard.state is StopState.OFF


@pytest.mark.parametrize("joint", range(N))
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_speed_that_is_not_that_of_the_set_points_is_pulled_back(joint: int, sign: float) -> None:
    most = table().acceleration[joint] * MISMATCH_TICKS * PERIOD * (1 + TOLERANCE)
    for share, decision in ((1 - 1e-6, "pass"), (1 + 1e-6, "limit")):
        rig = Rig()
        rig.hold()
        answer = rig.send(HOME, sign * share * most * (np.arange(N) == joint))
        assert answer.verdict.decision == decision
        if decision == "limit":
            assert (answer.verdict.check, answer.verdict.joint) == ("velocity_mismatch", joint)
            np.testing.assert_allclose(answer.command.dq, (answer.command.q - HOME) / PERIOD, atol=1e-12)


# ── forces ───────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("along", [(1, 0, 0), (0, -1, 0), (0, 0, 1), (0.6, 0.8, 0), (2 / 3, -2 / 3, 1 / 3)])
def test_tool_force_from_both_sides(along: tuple[float, ...]) -> None:
    rig = Rig(table(payload=100.0))
    rig.hold()
    for _ in range(400):
        assert told(rig.hold(wrench(np.array(along) * 199.999)))[0] == "pass"
    answers = [rig.hold(wrench(np.array(along) * 200.02)) for _ in range(400)]
    answer = next(a for a in answers if a.verdict.decision == "stop")
    assert told(answer) == ("stop", "tool_force") and answer.verdict.category == 2
    assert 200.0 < answer.verdict.value < 200.02 and answer.verdict.limit == 200.0
    assert rig.guard.state is StopState.HOLD and answer.power
    for _ in range(10):
        last = rig.hold()
    assert told(last)[0] == "pass"


def test_a_knock_may_be_twice_as_hard_as_a_push() -> None:
    most = TRANSIENT * 200.0
    for force, check in ((most * 1.001, ("stop", "tool_force")), (most * 0.999, ("pass", "tool_force"))):
        rig = Rig()
        rig.hold()
        answer = rig.hold(wrench(np.array([force, 0.0, 0.0])))
        assert told(answer) == check and answer.verdict.limit == (most if check[0] == "stop" else answer.verdict.limit)
    rig = Rig()
    answers = [rig.hold(wrench(np.array([0.0, 300.0, 0.0]))) for _ in range(50)]
    first = [told(a)[0] for a in answers].index("stop")
    assert first * PERIOD == pytest.approx(PUSH_TIME * math.log(3.0), abs=3 * PERIOD), "300 N may not last"


def test_a_load_beyond_what_was_declared_stops_in_time() -> None:
    weight = 5.0 * GRAVITY
    rig = Rig()
    for _ in range(1500):
        assert told(rig.hold(wrench(DOWN * weight * 0.999)))[0] == "pass"
    rig = Rig()
    answers = [rig.hold(wrench(DOWN * 1.2 * weight)) for _ in range(500)]
    first = [told(a) for a in answers].index(("stop", "payload"))
    assert first * PERIOD == pytest.approx(LOAD_TIME * math.log(6.0), abs=3 * PERIOD)
    assert answers[first].verdict.limit == pytest.approx(weight) and answers[first].verdict.category == 2
    for _ in range(300):
        last = rig.hold()
    assert told(last)[0] == "pass", "once it is off, all is well again"


def test_what_is_no_weight_is_no_load() -> None:
    side = np.cross(DOWN, [1.0, 0.0, 0.0])
    for force in (-DOWN * 150.0, side / np.linalg.norm(side) * 150.0):
        rig = Rig()
        assert {told(rig.hold(wrench(force)))[0] for _ in range(800)} == {"pass"}
    rig = Rig()
    spikes = [rig.hold(wrench(DOWN * (190.0 if k % 500 < 50 else 0.0))) for k in range(1500)]
    assert {told(a)[0] for a in spikes} == {"pass"}, "a touch of 0.1 s is no payload"


def test_a_reset_forgets_the_load() -> None:
    rig = Rig()
    rig.hold()
    rig.plant(load=500.0)
    assert told(rig.hold()) == ("stop", "payload")
    assert rig.guard.reset(state(rig.tick, HOME), rig.now).decision == "pass"
    assert told(rig.hold())[0] == "pass"


# ── age and strangeness ──────────────────────────────────────────────────────────────────────────────────────────────
def test_state_age_from_both_sides() -> None:
    for age, check in ((0.02, "pass"), (0.02 + 2e-6, "stop"), (0.5, "stop"), (0.0, "pass"), (-1e-3, "stop")):
        rig = Rig()
        for _ in range(20):
            rig.hold()
        answer = rig.hold({"t": rig.now - age})
        assert answer.verdict.decision == check, age
        if check == "stop":
            assert (answer.verdict.check, answer.verdict.category) == ("state_age", 1)
            assert rig.guard.state is StopState.OFF and not answer.power


EDGE = 2 * FUTURE_TOLERANCE
# field, greatest lawful and first unlawful age [s] of a motion, checks for too old and from the future
AGES = [
    ("made", 30.0, "chunk_age", "chunk_from_future"),
    ("seen", 60.0, "sight_age", "sight_from_future"),
    ("expires", EXPIRY_GRACE - EDGE, "chunk_expired", ""),
]


@pytest.mark.parametrize(("name", "age", "old", "ahead"), AGES)
def test_provenance_of_motion_from_both_sides(name: str, age: float, old: str, ahead: str) -> None:
    def send(when: float) -> tuple[str, str]:
        rig = Rig()
        rig.hold()
        return told(rig.send(HOME + STEP, STEP / PERIOD, **{name: when}))

    now = PERIOD
    assert send(now - age)[0] == "pass" and send(now)[0] == "pass"
    assert send(now - age - 2 * EDGE) == ("stop", old)
    for broken in (math.nan, -math.inf, -1e300):
        assert send(broken) == ("stop", old), broken
    if ahead:
        assert send(now + FUTURE_TOLERANCE / 2)[0] == "pass"
        assert send(now + EDGE) == ("stop", ahead)
        assert send(math.inf) == ("stop", old)
    else:
        assert send(now + 30.0 - EDGE)[0] == "pass"
        for longer in (30.0 + 2 * EDGE, 1e6, 1e300):
            assert send(now + longer)[0] == "stop", "a chunk that never ends"


def test_rest_needs_no_provenance_and_motion_does() -> None:
    nothing = {"made": math.nan, "expires": math.nan, "seen": math.nan, "novelty": math.nan}
    rig = Rig(table(novelty_max=0.5))
    rig.hold()
    assert told(rig.send(HOME, **nothing))[0] == "pass"
    assert told(rig.send(HOME, grip_width=0.08, **nothing)) == ("stop", "chunk_age"), "a grip is a motion"
    assert told(rig.send(HOME, grip_force=21.0, **nothing)) == ("stop", "chunk_age"), "and so is its force"
    assert told(rig.send(HOME, **nothing))[0] == "pass"
    assert told(rig.send(HOME, [0, 0, 0, 0, 0, 1e-9], **nothing)) == ("stop", "chunk_age"), "a speed is a motion"
    assert told(rig.send(HOME + STEP, **nothing)) == ("stop", "chunk_age")
    rig = Rig()
    rig.cruise(5, 0.3)
    assert told(rig.send(np.array(rig.guard.setpoint), **nothing)) == ("stop", "chunk_age"), "so is an end of one"


def test_novelty_from_both_sides() -> None:
    def send(score: float, most: float | None = 0.5) -> tuple[str, str]:
        rig = Rig(table(novelty_max=most))
        rig.hold()
        return told(rig.send(HOME + STEP, STEP / PERIOD, novelty=score))

    assert send(0.5)[0] == send(0.0)[0] == send(-1.0)[0] == "pass"
    for score in (math.nextafter(0.5, 1.0), 1e8, math.nan, math.inf, -math.inf):
        assert send(score) == ("stop", "novelty"), score
        assert send(score, None)[0] == "pass", "where no policy reports, nothing is judged"


# ── modes ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def _turning(limits: LimitTable, mode: Mode, speed: float) -> tuple[str, str]:
    """One tick with the tool at `speed` [m/s], after as much."""
    rig = Rig(limits)
    rig.hold()
    rig.guard.degrade(mode)
    assert rig.guard.mode is mode
    step = speed * PERIOD / math.hypot(*tool_at(HOME, limits)[:2])
    rig.plant(steps=[step] + [0.0] * 5)
    return told(rig.send(HOME + np.array([step, 0, 0, 0, 0, 0]), [step / PERIOD, 0, 0, 0, 0, 0]))


def test_the_reduced_mode_is_slower() -> None:
    assert _turning(table(), Mode.FULL, 0.26)[0] == "pass"
    assert _turning(table(), Mode.REDUCED, 0.25)[0] == "pass"
    assert _turning(table(), Mode.REDUCED, 0.255) == ("limit", "tool_speed")
    assert _turning(table(), Mode.REDUCED, 0.5) == ("stop", "tool_speed")
    slow = table(tool_speed=0.1)
    assert _turning(slow, Mode.REDUCED, 0.1)[0] == "pass"
    assert _turning(slow, Mode.REDUCED, 0.2) == ("stop", "tool_speed"), "the reduced speed never allows more"
    assert Rig().guard.mode is Mode.FULL


def test_nothing_moves_in_the_still_mode() -> None:
    rig = Rig()
    rig.cruise(0, 0.5)
    rig.guard.degrade(Mode.STILL)
    answer = rig.hold()
    assert told(answer) == ("stop", "mode") and answer.verdict.category == 2 and rig.guard.state is StopState.BRAKING
    run_to_rest(rig)
    assert rig.guard.state is StopState.HOLD
    assert told(rig.hold())[1] == "sequence_gap"
    assert told(rig.hold())[0] == "pass" and rig.guard.state is StopState.HOLD, "a standstill is what it wants"
    assert told(rig.send(rig.q + STEP, STEP / PERIOD)) == ("stop", "mode") and rig.guard.state is StopState.HOLD
    rig.guard.degrade(Mode.FULL)
    assert told(rig.send(rig.q + STEP, STEP / PERIOD))[0] == "pass" and rig.guard.state is StopState.RUN


# ── categories ───────────────────────────────────────────────────────────────────────────────────────────────────────
def _fast(limits: LimitTable | None = None) -> Rig:
    """In motion so fast that braking takes longer than blindness may."""
    rig = Rig(limits or table(), q=HOME)
    rig.cruise(0, 1.5)
    assert 1.5 / table().acceleration[0] > BLIND_MAX + 0.02
    return rig


def test_blind_for_too_long_while_braking_removes_power_at_once() -> None:
    rig = _fast()
    answers = [rig.give(None, {"tau": np.full(N, np.nan)}) for _ in range(60)]
    blind = [a.verdict.check for a in answers].index("blind")
    assert blind * PERIOD == pytest.approx(BLIND_MAX, abs=1.5 * PERIOD)
    assert {told(a) for a in answers[:blind]} == {("stop", "state_finite")}
    assert answers[blind - 1].command.dq[0] > 0.1 and answers[blind - 1].power
    last = answers[blind]
    assert last.verdict.category == 0 and not last.power and not last.command.dq.any()
    assert last.verdict.reason.startswith("power off after: ") and rig.guard.state is StopState.OFF
    assert {(told(a), a.verdict.category, a.power) for a in answers[blind:]} == {(("stop", "blind"), 0, False)}
    assert told(rig.hold({"estop": True})) == ("stop", "blind"), "what is graver is not covered up"
    for _ in range(260):
        rig.hold()
    assert rig.guard.reset(state(rig.tick, rig.q), rig.now).decision == "pass"
    assert told(rig.hold())[0] == "pass" and rig.guard.state is StopState.RUN


def test_a_short_blindness_while_braking_does_not() -> None:
    rig = _fast()
    for k in range(1, 120):
        answer = rig.give(None, {"tau": np.full(N, np.nan)} if k % 45 else None)
        assert answer.verdict.check == "state_finite"
    assert rig.guard.state is StopState.OFF and answer.verdict.category == 1


@pytest.mark.parametrize("joint", range(N))
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_braking_that_does_not_work_removes_power_at_once(joint: int, sign: float) -> None:
    for share, check in ((0.999, "command_shape"), (1.002, "blind")):
        rig = _fast()
        rig.give(None)
        far = sign * share * RUNAWAY * table().tracking[joint] * (np.arange(N) == joint)
        answer = rig.give(None, {"q": rig.q + far})
        assert answer.verdict.check == check
        if check == "blind":
            assert (answer.verdict.joint, answer.verdict.category, answer.power) == (joint, 0, False)
            assert rig.guard.state is StopState.OFF and not answer.command.dq.any()


def test_an_emergency_stop_while_braking_latches() -> None:
    rig = _fast()
    assert rig.give(None).verdict.category == 2
    answer = rig.give(None, {"estop": True})
    assert told(answer) == ("stop", "estop") and answer.verdict.category == 1 and rig.guard.state is StopState.ENDING
    answers = run_to_rest(rig)
    assert {told(a) for a in answers} == {("stop", "estop")} and not answers[-1].power


def test_the_first_of_two_equal_causes_is_kept() -> None:
    rig = _fast()
    assert told(rig.hold({"tau": np.full(N, np.nan)})) == ("stop", "state_finite")
    assert told(rig.hold({"estop": True})) == ("stop", "state_finite") and rig.guard.state is StopState.ENDING
