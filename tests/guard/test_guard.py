"""The guard in motion: what passes, what is pulled back, and where the tool may go."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from helpers_guard import HOME, PERIOD, N, Rig, command, fast_tool, table, told, tool_at

from moravec.guard.kernel import motion
from moravec.guard.kernel.checks import TOLERANCE
from moravec.guard.kernel.decide import LIMIT_BUDGET_TICKS
from moravec.guard.parts import Box
from moravec.guard.reasons import CHECKS
from moravec.guard.stop import StopState

TOOL = tool_at(HOME, table())


def box_around(point: np.ndarray, half: float) -> Box:
    low, high = (point - half).tolist(), (point + half).tolist()
    return Box((low[0], low[1], low[2]), (high[0], high[1], high[2]))


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
        rig.plant(steps=[sign * v * PERIOD if j == joint else 0.0 for j in range(N)])
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
    for k in range(int(LIMIT_BUDGET_TICKS) + 2):
        decisions.append(told(rig.send(np.array(rig.guard.setpoint) + (-1) ** k * 8e-4)))
    assert decisions[0][0] == "limit" and decisions[int(LIMIT_BUDGET_TICKS) - 1][0] == "limit"
    assert decisions[int(LIMIT_BUDGET_TICKS)] == ("stop", "limit_budget")


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
        reach = math.hypot(*tool_at(np.zeros(N), limits)[:2])
        speed = 0.5 / reach * factor
        rig.plant(steps=[speed * PERIOD] + [0.0] * 5)
        q = np.zeros(N)
        q[0] = speed * PERIOD
        before = rig.guard._memory.numbers("tool", 3)
        answer = rig.send(q, [speed, 0, 0, 0, 0, 0])
        assert answer.verdict.decision == decision
        if decision == "limit":
            assert math.dist(rig.guard._memory.numbers("tool", 3), before) / PERIOD <= 0.5 * (1 + TOLERANCE)
        if decision != "pass":
            assert answer.verdict.check == "tool_speed"


def test_slowing_that_breaks_another_limit_is_a_stop() -> None:
    """At speed, the tool can not be slowed in one tick by more than the joints may decelerate."""
    rig = Rig(table(tool_speed=1.0), q=np.zeros(N))
    rig.hold()
    rig.plant(steps=[1.5 * PERIOD] + [0.0] * 5)
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
    rig.plant(steps=[0.02] + [0.0] * 5)
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
        tool = tool_at(rig.guard.setpoint, table())
        assert np.all(np.abs(tool - TOOL) <= 0.05 + 1e-4)
    assert ("stop", "workspace") in {told(a) for a in answers}


def test_a_forbidden_box_stops_the_tool() -> None:
    ahead = tool_at([HOME[0] + 0.2, *HOME[1:]], table())
    rig = Rig(table(forbidden=(box_around(ahead, 0.04),)))
    answers = rig.cruise(0, 0.6)
    for _ in range(200):
        q = np.array(rig.guard.setpoint)
        q[0] += 0.6 * PERIOD
        answers.append(rig.send(q, [0.6, 0, 0, 0, 0, 0]))
        tool = tool_at(rig.guard.setpoint, table())
        assert not np.all(np.abs(tool - ahead) < 0.04 - 1e-4)
    assert ("stop", "forbidden_zone") in {told(a) for a in answers}


def test_a_tool_that_begins_outside_may_only_come_back() -> None:
    side = np.array([0.0, 0.0, 0.3])
    up = np.array([0, -1e-5, 0, 0, 0, 0])
    limits = table(allowed=(box_around(TOOL + side, 0.1),))
    probe = Rig(limits)
    probe.hold()
    rises = tool_at(HOME + up, limits)[2] > TOOL[2]
    inwards = up if rises else -up
    assert told(Rig(limits).send(HOME + inwards))[0] == "pass"
    assert told(Rig(limits).send(HOME - inwards)) == ("stop", "workspace")
    assert told(Rig(limits).send(HOME))[0] == "pass"


def test_a_tool_that_comes_back_too_fast_would_leave_on_the_other_side() -> None:
    x, y, z = TOOL.tolist()
    limits = fast_tool(allowed=(Box((x - 1.0, y - 0.011, z - 1.0), (x + 1.0, y - 0.001, z + 1.0)),))
    for speed, said in ((0.05, "pass"), (1.5, "stop")):
        rig = Rig(limits)
        assert told(rig.hold())[0] == "pass"
        step = np.array([speed * PERIOD, 0, 0, 0, 0, 0])
        rig.plant(steps=step)
        answer = rig.send(HOME + step, step / PERIOD)
        assert answer.verdict.decision == said
    assert answer.verdict.check == "workspace"


def test_a_limit_that_ends_outside_is_a_stop() -> None:
    rig = Rig(table(allowed=(box_around(TOOL, 1e-5),)))
    rig.hold()
    step = np.array([3e-4, 0, 0, 0, 0, 0])
    assert told(rig.send(HOME + step, step / PERIOD)) == ("stop", "workspace")


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
