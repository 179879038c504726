"""The simulated driver: what it reads, what it takes, how well the servos follow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers_bench import HOME, PASS, Bench

from moravec.core.command import Command
from moravec.core.errors import BadInput
from moravec.core.verdict import Approved
from moravec.robots.ur5e.driver import (
    CONTROL_PERIOD,
    ENCODER_NOISE,
    FINGER_SPEED,
    FORCE_NOISE,
    SimulatedUr5e,
)
from moravec.robots.ur5e.kinematics import JOINTS
from moravec.robots.ur5e.limits import ur5e_limits
from moravec.skills.trajectory import MotionLimits, joint_motion


def test_it_says_what_it_is() -> None:
    spec = Bench().robot.spec
    assert spec.joint_names == JOINTS and spec.limits == ur5e_limits() and spec.cameras == ("overhead", "wrist")
    assert spec.control_period == spec.limits.control_period == CONTROL_PERIOD <= 0.002


def test_the_clock_is_the_simulations_and_a_tick_is_one_period() -> None:
    bench = Bench()
    for i in range(5):
        assert bench.robot.now() == pytest.approx(i * CONTROL_PERIOD, abs=1e-12)
        bench.tick(HOME)
    assert bench.steps == 5


def test_readings_are_numbered_frozen_and_noisy_by_the_seed_alone() -> None:
    def readings(seed: int) -> np.ndarray:
        bench = Bench(seed)
        states = [bench.robot.read() for _ in range(400)]
        assert [state.seq for state in states] == list(range(1, 401))
        for array in (states[0].q, states[0].dq, states[0].tau, states[0].wrench):
            assert not array.flags.writeable and array.flags.owndata
        return np.array([np.concatenate([state.q, state.wrench]) for state in states])

    a, b, c = readings(1), readings(1), readings(2)
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, c)
    np.testing.assert_allclose(a[:, :6].mean(axis=0), HOME, atol=4 * ENCODER_NOISE / 20)
    np.testing.assert_allclose(a[:, :6].std(axis=0), ENCODER_NOISE, rtol=0.2)
    np.testing.assert_allclose(a[:, 6:9].std(axis=0), FORCE_NOISE, rtol=0.2)


@pytest.mark.parametrize("turn", [(0, 0, 0, 0, 0, 0), (0, 0, 0, 1.0, 0, 0), (0, 0.3, -0.5, 0, 1.2, 2.0)])
def test_the_hands_own_weight_is_not_felt_in_any_posture(turn: tuple[float, ...]) -> None:
    q = HOME + turn
    bench = Bench(q=q)
    for _ in range(200):
        bench.tick(q)
    felt = np.mean([bench.robot.read().wrench for _ in range(400)], axis=0)
    assert np.abs(felt[:3]).max() < 5 * FORCE_NOISE / 20 + 0.05


def test_a_pull_on_the_tool_is_felt_with_its_sign() -> None:
    """5 N downwards: the tool points down, so that is along its own +z."""
    bench = Bench()
    hand = bench.model.body("flange").id
    for _ in range(300):
        bench.data.xfrc_applied[hand, 2] = -5.0
        bench.tick(HOME)
    felt = np.mean([bench.robot.read().wrench for _ in range(400)], axis=0)
    R = bench.data.body("flange").xmat.reshape(3, 3)
    np.testing.assert_allclose(R @ felt[:3], [0.0, 0.0, -5.0], atol=0.3)
    assert felt[2] > 4.5


def test_the_arm_follows_a_motion_at_the_planners_limits() -> None:
    """Well inside the guard's tracking limit and the torque limits, and it arrives."""
    bench, limits = Bench(), ur5e_limits()
    goal = HOME + np.array([1.2, 0.3, -0.4, 0.5, -0.6, 1.0])
    chunk = joint_motion(HOME, goal, MotionLimits(), "test")
    worst, torque = 0.0, np.zeros(6)
    for t in np.arange(0.0, chunk.duration, CONTROL_PERIOD):
        q, dq = chunk.sample(float(t))
        bench.tick(q, dq)
        state = bench.robot.read()
        worst = max(worst, float(np.abs(state.q - q).max()))
        torque = np.maximum(torque, np.abs(state.tau))
    assert worst < 0.75 * min(limits.tracking) and np.all(torque < limits.torque)
    for _ in range(200):
        bench.tick(goal)
    np.testing.assert_allclose(bench.robot.read().q, goal, atol=2e-3)
    np.testing.assert_allclose(bench.robot.read().dq, 0.0, atol=2e-3)


def test_no_command_drives_a_joint_past_its_torque() -> None:
    """A servo pulled far from its set-point pushes with its limit and no more, gravity's share included."""
    bench = Bench()
    for _ in range(50):
        bench.tick(HOME + 3.0)
        assert np.all(np.abs(bench.robot.read().tau) <= np.array(ur5e_limits().torque) + 1e-9)


def test_the_hand_moves_at_its_own_speed_and_stops_where_it_is_told() -> None:
    bench = Bench()
    widths = []
    for _ in range(600):
        bench.tick(HOME, width=0.08)
        widths.append(bench.robot.read().grip_width)
    assert widths[-1] == pytest.approx(0.08, abs=1e-3)
    assert np.diff(widths).max() / CONTROL_PERIOD < 1.5 * FINGER_SPEED
    assert np.argmax(np.array(widths) > 0.076) * CONTROL_PERIOD > 0.076 / FINGER_SPEED - 0.15


def test_the_hand_pushes_no_harder_than_it_is_told() -> None:
    """Opened against its end: the motor's force grows to the wanted one and no further, and it is what is read."""
    bench = Bench()
    for force in (10.0, 35.0):
        for _ in range(600):
            bench.tick(HOME, width=0.2, force=force)
            assert bench.robot.read().grip_force <= force + 1e-9
        assert bench.robot.read().grip_force == pytest.approx(force)


def test_the_emergency_stops_button_is_read_until_it_is_let_go() -> None:
    robot = Bench().robot
    assert not robot.read().estop
    robot.press_estop()
    assert robot.read().estop and robot.read().estop
    robot.press_estop(False)
    assert not robot.read().estop


def off(bench: Bench, q: np.ndarray, width: float = 0.0, force: float = 20.0) -> None:
    """One tick in which the guard has power removed; the command in it asks for something else."""
    command = Command(1, bench.robot.now(), np.array(q), np.full(6, 0.5), width, force, "test")
    bench.robot.apply(Approved(command, PASS, power=False))
    bench.robot.advance()


def test_without_power_the_brakes_hold_the_posture_it_had() -> None:
    """From full motion: at rest within 0.1 s and 0.06 rad, and there it stays, pushed or not; it does not spring back."""
    bench = Bench()
    chunk = joint_motion(HOME, HOME + 1.0, MotionLimits(), "test")
    for t in np.arange(0.0, chunk.duration / 2, CONTROL_PERIOD):
        bench.tick(*chunk.sample(float(t)))
    before = bench.data.qpos[:6].copy()
    assert bench.robot.read().dq.min() > 0.3
    for _ in range(50):
        off(bench, HOME + 2.0)
        assert np.all(bench.data.qpos[:6] > before - 1e-4) and np.all(bench.data.qpos[:6] < before + 0.06)
        assert np.all(np.abs(bench.robot.read().tau) <= np.array(ur5e_limits().torque) + 1e-9)
    assert np.abs(bench.robot.read().dq).max() < 0.02
    held = bench.data.qpos[:6].copy()
    for k in range(500):
        bench.data.xfrc_applied[bench.model.body("flange").id, :3] = (30.0, -30.0, -30.0) if k > 250 else 0.0
        off(bench, HOME - 2.0)
    np.testing.assert_allclose(bench.data.qpos[:6], held, atol=0.01)


def test_without_power_the_hand_keeps_its_last_force() -> None:
    bench = Bench()
    for _ in range(600):
        bench.tick(HOME, width=0.2, force=35.0)
    for _ in range(300):
        off(bench, HOME, width=0.0, force=5.0)
        assert bench.robot.read().grip_force == pytest.approx(35.0)


def test_commands_move_it_again_once_power_is_back() -> None:
    bench = Bench()
    off(bench, HOME)
    for _ in range(300):
        bench.tick(HOME + 0.1)
    np.testing.assert_allclose(bench.robot.read().q, HOME + 0.1, atol=3e-3)
    for _ in range(50):
        off(bench, HOME)  # power goes a second time: held where it is now, not where it was then
    np.testing.assert_allclose(bench.robot.read().q, HOME + 0.1, atol=3e-3)


def test_what_the_safety_scanner_says_is_in_the_reading_and_the_limits_are_the_workplaces() -> None:
    bench = Bench()
    nobody = bench.robot.read()
    assert np.isnan(nobody.people_t) and nobody.people.shape == (0, 2)
    people, table = np.array([[1.0, 0.5]]), replace(ur5e_limits(), tool_speed=0.5)
    robot = SimulatedUr5e(
        bench.model, bench.data, lambda camera: pytest.fail(camera), np.random.default_rng(0),
        people=lambda: (0.25, people), limits=table,
    )  # fmt: skip
    state = robot.read()
    assert state.people_t == 0.25 and state.people is people and robot.spec.limits == table


def test_it_exposes_its_own_cameras_only() -> None:
    bench = Bench()
    bench.robot.expose("wrist")
    assert bench.exposed == ["wrist"]
    words = r"a camera of ur5e: found 'wirst'; allowed: one of overhead, wrist; did you mean 'wrist'\?"
    with pytest.raises(BadInput, match=words):
        bench.robot.expose("wirst")
