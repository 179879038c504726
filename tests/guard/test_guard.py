"""The guard as a whole: decisions, stops, latch, reset, and what it says."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from helpers_guard import HOME, PERIOD, N, Rig, command, fast_tool, state, table

from moravec.core.errors import ContractError
from moravec.core.verdict import Approved
from moravec.guard import motion
from moravec.guard.checks import TOLERANCE
from moravec.guard.guard import LATCH_TIME, LIMIT_BUDGET, REST_SPEED, Guard
from moravec.guard.kinematics import chain_of, tool_point
from moravec.guard.limits import Box
from moravec.guard.reasons import CHECKS
from moravec.guard.stop import StopState

TOOL = np.array(tool_point(HOME.tolist(), chain_of(table().dh), table().tool_offset))


def box_around(point: np.ndarray, half: float) -> Box:
    low, high = (point - half).tolist(), (point + half).tolist()
    return Box((low[0], low[1], low[2]), (high[0], high[1], high[2]))


def told(answer: Approved) -> tuple[str, str]:
    return answer.verdict.decision, answer.verdict.check


# ── passing ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_pass_is_the_command_itself_bit_for_bit_and_read_only() -> None:
    rig = Rig()
    asked = command(0, HOME + 1e-5, np.full(N, 0.005), grip_width=0.031, grip_force=17.0)
    answer = rig.give(asked)
    got = answer.command
    assert answer.verdict.decision == "pass" and answer.verdict.margin >= 0.0
    assert np.array_equal(got.q, asked.q) and np.array_equal(got.dq, asked.dq)
    assert (got.seq, got.t, got.grip_width, got.grip_force, got.source) == (0, 0.0, 0.031, 17.0, "t")
    assert not got.q.flags.writeable and not got.dq.flags.writeable
    asked.q[0] = 99.0  # the sender's array is not the guard's
    assert got.q[0] != 99.0 and rig.guard.state is StopState.RUN


@pytest.mark.parametrize("joint", range(N))
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_lawful_motion_at_exactly_the_limits_passes(joint: int, sign: float) -> None:
    rig = Rig(fast_tool(), q=np.zeros(N))
    answers = rig.cruise(joint, sign * rig.guard.limits.velocity[joint])
    assert {told(a)[0] for a in answers} == {"pass"}


@pytest.mark.parametrize("joint", range(N))
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_planned_deceleration_ending_exactly_at_the_position_limit_passes(joint: int, sign: float) -> None:
    limits = fast_tool()
    a, v = limits.acceleration[joint], 1.0
    edge = limits.position_max[joint] if sign > 0 else limits.position_min[joint]
    brake_time = v / a
    for offset in (0.0, 0.3, 0.77):  # the samples fall anywhere within the ramp
        total = 0.05 + brake_time + offset * PERIOD

        def at(t: float, total: float = total, edge: float = edge) -> tuple[float, float]:
            left = max(total - t, 0.0)
            if left <= brake_time:
                return edge - sign * a * left * left / 2.0, sign * a * left
            return edge - sign * (v * v / (2 * a) + v * (left - brake_time)), sign * v

        q = np.zeros(N)
        q[joint] = at(0.0)[0]
        rig = Rig(limits, q=q)
        rig.cruise(joint, sign * 0.0)
        rig.guard._at = dataclasses.replace(
            rig.guard._at, steps=[sign * v * PERIOD if j == joint else 0.0 for j in range(N)]
        )
        for k in range(1, int(total / PERIOD) + 3):
            dq = np.zeros(N)
            q[joint], dq[joint] = at(k * PERIOD)
            assert told(rig.send(q, dq))[0] == "pass"
        assert abs(rig.guard.setpoint[joint] - edge) < 1e-12


def test_margin_sign_and_decision_agree_and_every_check_has_words() -> None:
    rig = Rig()
    for answer in (rig.hold(), rig.send(HOME + 1e-3), rig.send(HOME * math.nan)):
        assert (answer.verdict.margin >= 0.0) == (answer.verdict.decision == "pass")
        assert answer.verdict.check in CHECKS or answer.verdict.decision == "pass"
        assert "\n" not in answer.verdict.reason and answer.verdict.reason


# ── pulling back ─────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("joint", range(N))
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_small_velocity_excess_is_pulled_back(joint: int, sign: float) -> None:
    rig = Rig(fast_tool(), q=np.zeros(N))
    limit = rig.guard.limits.velocity[joint]
    rig.cruise(joint, sign * limit)
    before = np.array(rig.guard.setpoint)
    dq = np.zeros(N)
    dq[joint] = sign * limit
    step = np.zeros(N)
    step[joint] = sign * limit * PERIOD * 1.05
    answer = rig.send(before + step, dq)
    assert told(answer) == ("limit", "velocity") and answer.verdict.joint == joint
    moved = answer.command.q - before
    assert abs(moved[joint]) <= limit * PERIOD * (1 + TOLERANCE)
    assert abs(moved[joint]) > limit * PERIOD * 0.99
    np.testing.assert_allclose(answer.command.dq, moved / PERIOD, atol=1e-12)
    assert rig.guard.state is StopState.RUN


def test_a_pull_back_keeps_the_direction() -> None:
    rig = Rig(fast_tool())
    rig.hold()
    step = np.array([1.0, -0.5, 0.25, 0.0, 0.7, -0.9]) * 1e-3
    moved = rig.send(HOME + step, step / PERIOD).command.q - HOME
    np.testing.assert_allclose(moved / np.linalg.norm(moved), step / np.linalg.norm(step), atol=1e-9)


def test_dq_beyond_its_limit_is_pulled_back_then_refused() -> None:
    rig = Rig()
    rig.hold()
    answer = rig.send(HOME, [2.5, 0, 0, 0, 0, 0])
    assert told(answer) == ("limit", "velocity_wanted") and answer.command.dq[0] <= 2.0
    assert told(Rig().send(HOME, [3.1, 0, 0, 0, 0, 0])) == ("stop", "velocity_wanted")


def test_a_pulled_back_motion_catches_up_and_settles() -> None:
    rig = Rig(fast_tool(), q=np.zeros(N))
    rig.hold()
    target = np.zeros(N)
    target[0] = 0.004
    seen = [rig.send(target) for _ in range(60)]
    assert told(seen[0]) == ("limit", "acceleration")
    assert seen[-1].verdict.decision == "pass" and rig.guard.setpoint[0] == 0.004
    assert max(a.command.q[0] for a in seen) <= 0.004 + 4 * table().acceleration[0] * PERIOD**2
    assert "stop" not in {told(a)[0] for a in seen}


def test_a_jump_is_a_stop() -> None:
    for joint in range(N):
        rig = Rig()
        rig.hold()
        q = HOME.copy()
        q[joint] += 0.5
        answer = rig.send(q)
        assert told(answer)[0] == "stop" and np.array_equal(answer.command.q, HOME)
    rig = Rig(fast_tool(velocity=(50.0,) * N))
    rig.hold()
    assert told(rig.send(HOME + motion.PULL_BACK_MAX * 1.2)) == ("stop", "acceleration")


def test_the_budget_of_pull_backs_runs_out() -> None:
    rig = Rig()
    rig.hold()
    decisions = []
    for k in range(int(LIMIT_BUDGET) + 2):
        decisions.append(told(rig.send(np.array(rig.guard.setpoint) + (-1) ** k * 8e-4)))
    assert decisions[0][0] == "limit" and decisions[int(LIMIT_BUDGET) - 1][0] == "limit"
    assert decisions[int(LIMIT_BUDGET)] == ("stop", "limit_budget")


def test_slow_motion_into_a_position_limit_is_held_at_it() -> None:
    q = np.zeros(N)
    q[0] = 2.995
    rig = Rig(q=q)
    rig.hold()
    seen = set()
    for _ in range(60):
        q[0] += 2e-4
        seen.add(told(rig.send(q, [0.1, 0, 0, 0, 0, 0])))
        assert rig.guard.setpoint[0] <= 3.0 + 1e-6
    assert ("limit", "position") in seen


def test_tool_speed_is_pulled_back_then_refused() -> None:
    limits = table(tool_speed=0.5)
    for factor, decision in ((1.0, "pass"), (1.02, "limit"), (3.0, "stop")):
        rig = Rig(limits, q=np.zeros(N))
        rig.hold()
        reach = math.hypot(*tool_point([0.0] * N, chain_of(limits.dh), limits.tool_offset)[:2])
        speed = 0.5 / reach * factor
        rig.guard._at = dataclasses.replace(rig.guard._at, steps=[speed * PERIOD] + [0.0] * 5)
        q = np.zeros(N)
        q[0] = speed * PERIOD
        before = rig.guard._at.tool
        answer = rig.send(q, [speed, 0, 0, 0, 0, 0])
        assert answer.verdict.decision == decision
        if decision == "limit":
            assert math.dist(rig.guard._at.tool, before) / PERIOD <= 0.5 * (1 + TOLERANCE)
        if decision != "pass":
            assert answer.verdict.check == "tool_speed"


def test_slowing_that_breaks_another_limit_is_a_stop() -> None:
    """At speed, the tool can not be slowed in one tick by more than the joints may decelerate."""
    rig = Rig(table(tool_speed=1.0), q=np.zeros(N))
    rig.hold()
    rig.guard._at = dataclasses.replace(rig.guard._at, steps=[1.5 * PERIOD] + [0.0] * 5)
    q = np.zeros(N)
    q[0] = 1.5 * PERIOD
    assert told(rig.send(q, [1.5, 0, 0, 0, 0, 0])) == ("stop", "tool_speed")


def test_slowing_that_does_not_converge_is_a_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(motion, "SLOWINGS", 0)
    speed = 0.015  # [rad/s] of the first joint, reached within one tick
    rig = Rig(table(tool_speed=math.hypot(TOOL[0], TOOL[1]) * speed / 1.2))
    rig.hold()
    step = np.array([speed * PERIOD, 0, 0, 0, 0, 0])
    assert told(rig.send(HOME + step)) == ("stop", "tool_speed")


def test_an_impossible_pull_back_is_a_stop() -> None:
    """A past the limits can not explain (here: planted) leaves no lawful next step."""
    rig = Rig()
    rig.hold()
    rig.guard._at = dataclasses.replace(rig.guard._at, steps=[0.02] + [0.0] * 5)
    answer = rig.send(np.array(rig.guard.setpoint) + [0.004, 0, 0, 0, 0, 0])
    assert told(answer)[0] == "stop"


# ── workspace ────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_tool_stops_inside_the_workspace() -> None:
    rig = Rig(table(allowed=(box_around(TOOL, 0.05),)))
    answers = rig.cruise(0, 0.6)
    for _ in range(200):
        q = np.array(rig.guard.setpoint)
        q[0] += 0.6 * PERIOD
        answers.append(rig.send(q, [0.6, 0, 0, 0, 0, 0]))
        tool = np.array(tool_point(rig.guard.setpoint, chain_of(table().dh), table().tool_offset))
        assert np.all(np.abs(tool - TOOL) <= 0.05 + 1e-4)
    assert ("stop", "workspace") in {told(a) for a in answers}


def test_a_forbidden_box_stops_the_tool() -> None:
    ahead = np.array(tool_point([HOME[0] + 0.2, *HOME[1:]], chain_of(table().dh), table().tool_offset))
    rig = Rig(table(forbidden=(box_around(ahead, 0.04),)))
    answers = rig.cruise(0, 0.6)
    for _ in range(200):
        q = np.array(rig.guard.setpoint)
        q[0] += 0.6 * PERIOD
        answers.append(rig.send(q, [0.6, 0, 0, 0, 0, 0]))
        tool = np.array(tool_point(rig.guard.setpoint, chain_of(table().dh), table().tool_offset))
        assert not np.all(np.abs(tool - ahead) < 0.04 - 1e-4)
    assert ("stop", "forbidden_zone") in {told(a) for a in answers}


def test_a_tool_that_begins_outside_may_only_come_back() -> None:
    side = np.array([0.0, 0.0, 0.3])
    up = np.array([0, -1e-5, 0, 0, 0, 0])
    limits = table(allowed=(box_around(TOOL + side, 0.1),))
    probe = Rig(limits)
    probe.hold()
    rises = tool_point(HOME + up, chain_of(limits.dh), limits.tool_offset)[2] > TOOL[2]
    inwards = up if rises else -up
    assert told(Rig(limits).send(HOME + inwards))[0] == "pass"
    assert told(Rig(limits).send(HOME - inwards)) == ("stop", "workspace")
    assert told(Rig(limits).send(HOME))[0] == "pass"


def test_a_limit_that_ends_outside_is_a_stop() -> None:
    rig = Rig(table(allowed=(box_around(TOOL, 1e-5),)))
    rig.hold()
    step = np.array([3e-4, 0, 0, 0, 0, 0])
    assert told(rig.send(HOME + step, step / PERIOD)) == ("stop", "workspace")


# ── faults ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def bad_commands() -> list[tuple[str, Any]]:
    def tweak(**changes: Any) -> Any:
        return lambda seq, q: command(seq, q, **changes)

    out: list[tuple[str, Any]] = [
        ("command_shape", lambda seq, q: None),
        ("command_shape", lambda seq, q: "go"),
        ("command_shape", lambda seq, q: command(seq, q[:5])),
        ("command_shape", lambda seq, q: dataclasses.replace(command(seq, q), q=q.tolist())),
        ("command_shape", lambda seq, q: dataclasses.replace(command(seq, q), q=q.astype(np.float32))),
        ("command_shape", lambda seq, q: dataclasses.replace(command(seq, q), dq=np.zeros(7))),
        ("command_shape", tweak(source=None)),
        ("command_shape", tweak(t="now")),
        ("command_shape", tweak(t=True)),
        ("command_shape", tweak(grip_width=None)),
        ("command_shape", tweak(grip_force="60")),
        ("command_shape", lambda seq, q: dataclasses.replace(command(seq, q), seq=1.0)),
        ("command_shape", lambda seq, q: dataclasses.replace(command(seq, q), seq=True)),
        ("command_finite", lambda seq, q: dataclasses.replace(command(seq, q), seq=10**400)),
        ("command_finite", tweak(t=math.nan)),
        ("command_finite", tweak(grip_width=math.inf)),
        ("command_finite", tweak(grip_force=-math.inf)),
        ("command_age", lambda seq, q: command(seq, q, t=seq * PERIOD - 0.0201)),
        ("command_from_future", lambda seq, q: command(seq, q, t=seq * PERIOD + 0.001)),
        ("sequence_repeat", lambda seq, q: dataclasses.replace(command(seq, q), seq=seq - 1)),
        ("sequence_repeat", lambda seq, q: dataclasses.replace(command(seq, q), seq=0)),
        ("sequence_gap", lambda seq, q: dataclasses.replace(command(seq, q), seq=seq + 3)),
        ("grip_width", tweak(grip_width=0.2)),
        ("grip_width", tweak(grip_width=-0.2)),
        ("grip_force", tweak(grip_force=61.0)),
        ("grip_force", tweak(grip_force=-1.0)),
    ]
    for joint in range(N):
        for bad in (math.nan, math.inf, -math.inf, 1e300):
            spoiled = np.zeros(N)
            spoiled[joint] = bad
            out.append(("command_finite", lambda seq, q, spoiled=spoiled: command(seq, q + spoiled)))
            out.append(("command_finite", lambda seq, q, spoiled=spoiled: command(seq, q, spoiled)))
    return out


def run_to_rest(rig: Rig, spoil: Any = None) -> list[Approved]:
    """Bad commands until the guard holds; each answer must be a lawful point of braking."""
    answers: list[Approved] = []
    before = np.array(rig.guard._at.steps)
    while rig.guard.state in (StopState.RUN, StopState.BRAKING) and len(answers) < 2000:
        start = np.array(rig.guard.setpoint)
        answers.append(rig.give(spoil(rig.tick, start) if spoil else None))
        steps = answers[-1].command.q - start
        assert answers[-1].verdict.decision == "stop"
        assert np.all(
            np.abs(steps - before) <= np.array(rig.guard.limits.acceleration) * PERIOD**2 * (1 + 1e-9) + 1e-12
        )
        assert np.all(np.abs(steps) <= np.abs(before) + 1e-12)
        before = steps
    return answers


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
    assert told(answer) == ("stop", check)
    assert np.array_equal(answer.command.q, HOME)
    assert told(rig.hold())[0] == "pass"


def test_a_missing_state_stops() -> None:
    rig = Rig()
    rig.hold()
    answer = rig.guard.check(command(1, HOME), None, PERIOD)  # type: ignore[arg-type]
    assert told(answer) == ("stop", "state_shape")


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
    assert told(answer) == ("stop", "estop") and rig.guard.state is StopState.ESTOP
    assert 0.0 < answer.command.dq[0] < 0.5
    speeds = [rig.hold().command.dq[0] for _ in range(100)]
    assert speeds == sorted(speeds, reverse=True) and speeds[-1] == 0.0
    assert rig.guard.state is StopState.ESTOP


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
        assert rig.guard.state is StopState.ESTOP


def test_pressed_from_the_first_tick() -> None:
    rig = Rig(dq=[0.5, 0, 0, 0, 0, 0])
    assert told(rig.hold({"estop": True})) == ("stop", "estop") and rig.guard.state is StopState.ESTOP


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
    assert told(rig.hold({"q": pushed})) == ("stop", "tracking")
    assert rig.guard.reset(state(rig.tick, pushed), rig.now).decision == "pass"
    assert rig.guard.setpoint == tuple(pushed)


# ── the whole ────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_same_calls_give_the_same_answers() -> None:
    def session() -> list[Any]:
        rng, rig, out = np.random.default_rng(11), Rig(), []
        for _ in range(400):
            answer = rig.send(np.array(rig.guard.setpoint) + rng.normal(0, 2e-5, N) if rig.tick else HOME)
            out.append((answer.verdict, answer.command.q.tobytes(), answer.command.dq.tobytes()))
        return out

    assert session() == session()


def test_a_tighter_limit_is_never_faster() -> None:
    ways = []
    for speed in (2.0, 1.0, 0.5):
        rig = Rig(fast_tool(velocity=(speed,) * N), q=np.zeros(N))
        rig.hold()
        for k in range(60):
            rig.send([min(k * 1.2e-3, 0.05), 0, 0, 0, 0, 0], [0.6, 0, 0, 0, 0, 0])
        ways.append(rig.guard.setpoint[0])
    assert ways == sorted(ways, reverse=True) and ways[-1] < ways[0]
