"""The guard at a stop: faults, time, the beginning, the emergency stop and its reset."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from helpers_guard import HOME, PERIOD, N, Rig, bad_commands, command, run_to_rest, state, table, told

from moravec.core.errors import ContractError
from moravec.guard.guard import Guard
from moravec.guard.kernel.checks import TOLERANCE
from moravec.guard.kernel.decide import LATCH_TIME, REST_SPEED
from moravec.guard.stop import StopState


# ── faults ───────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(("check", "spoil"), bad_commands())
def test_a_bad_command_brakes_at_once_holds_and_a_good_one_resumes(check: str, spoil: Any) -> None:
    rig = Rig()
    rig.cruise(0, 0.5)
    first = rig.give(spoil(rig.tick, np.array(rig.guard.setpoint)))
    assert told(first) == ("stop", check)
    assert rig.guard.state is StopState.BRAKING
    assert 0.0 < first.command.dq[0] < 0.5 and first.command.source == "guard"
    run_to_rest(rig)
    assert rig.guard.state is StopState.HOLD
    held = rig.guard.setpoint
    assert told(rig.give(None))[0] == "stop" and rig.guard.setpoint == held
    assert told(rig.hold())[1] == "sequence_gap" and rig.guard.state is StopState.HOLD
    assert told(rig.hold())[0] == "pass" and rig.guard.state is StopState.RUN


def test_commands_are_not_heard_while_braking() -> None:
    rig = Rig()
    rig.cruise(0, 0.5)
    rig.give(None)
    answer = rig.send(np.array(rig.guard.setpoint) + [0.5 * PERIOD, 0, 0, 0, 0, 0], [0.5, 0, 0, 0, 0, 0])
    assert told(answer) == ("stop", "command_shape") and answer.verdict.reason.startswith("braking to rest after: ")
    assert answer.command.dq[0] < 0.5


def test_a_motion_does_not_resume_in_its_middle() -> None:
    rig = Rig()
    rig.cruise(0, 0.5)
    running = np.array(rig.guard.setpoint)
    for k in range(200):
        running[0] += 0.5 * PERIOD
        rig.give(None) if k == 0 else rig.send(running, [0.5, 0, 0, 0, 0, 0])
    assert rig.guard.state is StopState.HOLD


STATES: list[tuple[str, dict[str, Any]]] = [
    ("state_shape", {"q": np.zeros(5)}),
    ("state_shape", {"dq": [0.0] * 6}),
    ("state_shape", {"tau": np.zeros((6, 1))}),
    ("state_shape", {"wrench": np.zeros(3)}),
    ("state_shape", {"t": None}),
    ("state_shape", {"grip_width": "open"}),
    ("state_shape", {"grip_force": None}),
    ("state_finite", {"grip_width": math.nan}),
    ("state_finite", {"t": math.nan}),
    ("state_finite", {"wrench": np.full(6, np.inf)}),
    *[
        ("state_finite", {name: np.where(np.arange(N) == j, np.nan, 0.0)})
        for name in ("q", "dq", "tau")
        for j in range(N)
    ],
    *[
        ("torque", {"tau": np.where(np.arange(N) == j, s * t * 1.01, 0.0)})
        for j, t in enumerate(table().torque)
        for s in (1, -1)
    ],
    *[("tracking", {"q": HOME + np.where(np.arange(N) == j, s * 0.2, 0.0)}) for j in range(N) for s in (1, -1)],
]


@pytest.mark.parametrize(("check", "measured"), STATES)
def test_a_bad_measurement_stops(check: str, measured: dict[str, Any]) -> None:
    rig = Rig()
    rig.hold()
    answer = rig.hold(measured)
    assert told(answer) == ("stop", check) and answer.verdict.category == 1
    assert np.array_equal(answer.command.q, HOME)
    assert rig.guard.state is StopState.OFF and not answer.power, "at rest already, so the power goes at once"
    assert told(rig.hold()) == ("stop", check) and rig.guard.state is StopState.OFF
    assert rig.guard.reset(state(rig.tick, HOME), rig.now).decision == "pass"
    again = rig.hold()
    assert told(again)[0] == "pass" and again.power and again.verdict.category == -1


@pytest.mark.parametrize(("check", "measured"), [row for row in STATES if row[0] != "tracking"])
def test_a_bad_measurement_in_motion_brakes_and_then_removes_power(check: str, measured: dict[str, Any]) -> None:
    rig = Rig(table(tracking=(3.0,) * N))
    rig.cruise(0, 0.5)
    first = rig.hold({**measured, **({"q": rig.q} if check == "torque" else {})})
    assert told(first) == ("stop", check) and first.power and rig.guard.state is StopState.ENDING
    assert 0.0 < first.command.dq[0] < 0.5
    answers = run_to_rest(rig)
    assert rig.guard.state is StopState.OFF
    assert [a.power for a in answers] == [True] * (len(answers) - 1) + [False]
    assert {(told(a), a.verdict.category) for a in answers} == {(("stop", check), 1)}
    assert answers[0].verdict.reason.startswith("braking to rest after: ")
    assert answers[-1].verdict.reason.startswith("power off after: ")


def test_a_missing_state_stops() -> None:
    rig = Rig()
    rig.hold()
    answer = rig.guard.check(command(1, HOME), None, PERIOD)  # type: ignore[arg-type]
    assert told(answer) == ("stop", "state_shape") and not answer.power


def test_torque_and_tracking_pass_at_their_limits() -> None:
    rig = Rig()
    rig.hold()
    assert told(rig.hold({"tau": np.array(table().torque)}))[0] == "pass"
    assert told(rig.hold({"q": HOME - np.array(table().tracking)}))[0] == "pass"


# ── time ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("now", [math.nan, math.inf, -math.inf, None, "0", True, 1e300, 10**400])
def test_a_broken_clock_brakes(now: Any) -> None:
    rig = Rig()
    rig.cruise(0, 0.5)
    answer = rig.guard.check(command(rig.tick, rig.guard.setpoint), state(rig.tick, rig.q), now)
    assert told(answer) == ("stop", "clock") and answer.command.dq[0] < 0.5


def test_a_clock_that_runs_backwards_brakes_and_recovers() -> None:
    rig = Rig()
    rig.cruise(0, 0.5)
    rig.tick -= 10
    assert told(rig.hold())[1] == "clock"
    run_to_rest(rig)
    rig.hold()
    assert told(rig.hold())[0] == "pass"


def test_a_flood_does_not_move_the_set_point_and_brakes() -> None:
    rig = Rig()
    rig.cruise(0, 0.5)
    before, q = rig.guard.setpoint, np.array(rig.guard.setpoint)
    flooded = []
    for k in range(20):
        q[0] += 0.5 * PERIOD
        sent = command(rig.tick + k, q, [0.5, 0, 0, 0, 0, 0], t=rig.now - PERIOD)
        flooded.append(rig.guard.check(sent, state(rig.tick, rig.q), rig.now - PERIOD + 1e-5 * k))
    moved = rig.guard.setpoint[0] - before[0]
    assert moved <= 0.5 * PERIOD * (1 + 1e-9), "one late tick may be caught up, no more"
    assert told(flooded[-1])[0] == "stop" and "flood" in {told(a)[1] for a in flooded}
    assert rig.guard.state is StopState.BRAKING


def test_late_ticks_may_be_caught_up_once() -> None:
    rig = Rig()
    rig.hold()
    late = [1.0, 2.0, 3.9, 4.05, 5.0, 6.0]  # in periods
    for k, when in enumerate(late, start=1):
        answer = rig.guard.check(command(k, HOME, t=when * PERIOD), state(k, HOME), when * PERIOD)
        assert told(answer)[0] == "pass", when


def test_silence_in_motion_brakes_and_at_rest_does_not() -> None:
    rig = Rig()
    rig.hold()
    rig.tick += 500
    assert told(rig.send(HOME, seq=1))[0] == "pass"
    rig = Rig()
    rig.cruise(0, 0.5)
    last = rig.tick
    rig.tick += 20
    q = np.array(rig.guard.setpoint) + [0.5 * PERIOD, 0, 0, 0, 0, 0]
    assert told(rig.send(q, seq=last)) == ("stop", "silence")


# ── beginning ────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "broken", [None, state(0, HOME * np.nan), state(0, HOME[:5], np.zeros(5)), state(0, HOME, grip_force=math.inf)]
)
def test_without_a_first_posture_nothing_is_approved(broken: Any) -> None:
    guard = Guard(table())
    with pytest.raises(ContractError, match="first measured state"):
        guard.check(command(0, HOME), broken, 0.0)
    assert guard.state is StopState.INIT


def test_it_begins_from_the_measured_posture() -> None:
    assert Guard(table()).setpoint == (0.0,) * N
    rig = Rig()
    answer = rig.send(HOME + 0.3)
    assert told(answer)[0] == "stop" and np.array_equal(answer.command.q, HOME)
    assert answer.command.grip_width == 0.05 and answer.command.grip_force == 0.0
    assert rig.guard.limits == table()


def test_a_robot_that_moves_at_the_beginning_is_braked_first() -> None:
    rig = Rig(dq=[0.5, 0, 0, 0, 0, 0])
    answer = rig.send(HOME)
    assert told(answer) == ("stop", "beginning") and 0.4 < answer.command.dq[0] < 0.5
    run_to_rest(rig, lambda seq, q: command(seq, q))
    assert rig.guard.state is StopState.HOLD
    wild = Rig(dq=[900.0, 0, 0, 0, 0, 0]).send(HOME)
    assert wild.command.dq[0] <= table().velocity[0] * (1 + TOLERANCE)
    assert Rig(dq=[REST_SPEED, 0, 0, 0, 0, 0]).send(HOME).verdict.decision == "pass"


# ── emergency stop ───────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("pressed", [True, np.True_, None, 1, 0, "no"])
def test_an_emergency_stop_brakes_and_latches(pressed: Any) -> None:
    rig = Rig()
    rig.cruise(0, 0.5)
    answer = rig.hold({"estop": pressed})
    assert told(answer) == ("stop", "estop") and rig.guard.state is StopState.ENDING
    assert 0.0 < answer.command.dq[0] < 0.5 and answer.power and answer.verdict.category == 1
    answers = [rig.hold() for _ in range(100)]
    speeds = [a.command.dq[0] for a in answers]
    assert speeds == sorted(speeds, reverse=True) and speeds[-1] == 0.0
    assert [a.power for a in answers] == [speed > 0.0 for speed in speeds], "power goes at rest, not before"
    assert {a.verdict.category for a in answers} == {1} and rig.guard.state is StopState.OFF


def test_nothing_but_holding_comes_out_of_an_emergency_stop() -> None:
    rng = np.random.default_rng(5)
    rig = Rig()
    rig.hold({"estop": True})
    held = rig.guard.setpoint
    for _, spoil in bad_commands():
        assert told(rig.give(spoil(rig.tick, HOME))) == ("stop", "estop")
    for _ in range(500):
        answer = rig.send(HOME + rng.normal(0, rng.choice([0.0, 1e-5, 1.0]), N), rng.normal(0, 1, N))
        assert told(answer) == ("stop", "estop")
        assert rig.guard.setpoint == held and not answer.command.dq.any() and answer.command.grip_width == 0.05
        assert rig.guard.state is StopState.OFF and not answer.power


def test_pressed_from_the_first_tick() -> None:
    rig = Rig(dq=[0.5, 0, 0, 0, 0, 0])
    assert told(rig.hold({"estop": True})) == ("stop", "estop") and rig.guard.state is StopState.ENDING


def test_pressed_with_a_broken_clock_stays_latched() -> None:
    guard = Guard(table())
    guard.check(command(0, HOME), state(0, HOME, estop=True), math.nan)
    assert guard.reset(state(0, HOME), 1e6).decision == "stop"


def test_reset_is_apart_from_restart() -> None:
    rig = Rig()
    rig.hold({"estop": True})
    for _ in range(int(LATCH_TIME / PERIOD) + 1):
        rig.hold()
    held = rig.guard.setpoint
    verdict = rig.guard.reset(state(rig.tick, HOME), rig.now)
    assert (verdict.decision, verdict.check) == ("pass", "reset")
    assert rig.guard.state is StopState.HOLD and rig.guard.setpoint == held
    assert told(rig.hold())[0] == "pass" and rig.guard.state is StopState.RUN


def refused(rig: Rig, why: str, now: float | None = None, **measured: Any) -> None:
    before = rig.guard.state
    verdict = rig.guard.reset(state(rig.tick, rig.q, **measured), rig.now if now is None else now)
    assert verdict.decision == "stop" and why in verdict.reason, verdict.reason
    assert rig.guard.state is before


def test_reset_is_refused_until_all_is_well() -> None:
    rig = Rig()
    refused(rig, "not at rest")
    rig.cruise(0, 0.5)
    refused(rig, "not at rest")
    rig.hold({"estop": True})
    refused(rig, "not at rest")
    for _ in range(60):
        rig.hold()
    refused(rig, "less than")
    for now in (math.nan, None, "later"):
        assert rig.guard.reset(state(rig.tick, rig.q), now).decision == "stop"  # type: ignore[arg-type]
    for _ in range(300):
        rig.hold()
    refused(rig, "still pressed", estop=True)
    refused(rig, "moves", dq=np.full(N, REST_SPEED * 1.01))
    refused(rig, "not usable", tau=np.full(N, np.nan))
    refused(rig, "not usable", tau=np.zeros(2))
    assert rig.guard.reset(state(rig.tick, rig.q), rig.now).decision == "pass"


def test_a_released_button_starts_the_waiting_time_anew() -> None:
    rig = Rig()
    for _ in range(400):
        rig.hold({"estop": True})
    refused(rig, "less than")


def test_a_clock_that_jumps_back_does_not_lengthen_the_wait() -> None:
    rig = Rig()
    rig.tick = 10**6
    rig.send(HOME, seq=0)
    rig.hold({"estop": True})
    rig.tick = 0
    for _ in range(300):
        rig.hold()
    assert rig.guard.reset(state(rig.tick, HOME), rig.now).decision == "pass"


def test_reset_takes_the_posture_that_was_forced_on_the_arm() -> None:
    rig = Rig()
    rig.hold()
    pushed = HOME + 0.3
    assert told(rig.hold({"q": pushed})) == ("stop", "tracking") and rig.guard.state is StopState.OFF
    assert rig.guard.reset(state(rig.tick, pushed), rig.now).decision == "pass"
    assert rig.guard.setpoint == tuple(pushed)
