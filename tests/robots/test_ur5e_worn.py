"""Worn joints: each kind of wear measured on the moving arm, at two severities; without wear nothing changes."""

from __future__ import annotations

import numpy as np
import pytest
from helpers_bench import HOME, PASS, Bench

from moravec.core.command import Command
from moravec.core.frames import Matrix
from moravec.core.verdict import Approved
from moravec.robots.ur5e.driver import CONTROL_PERIOD
from moravec.robots.ur5e.limits import TORQUE, TRACKING
from moravec.robots.ur5e.worn import HOTTEST, RIPPLES, STICTION, WARM_UP, Wear

PAN, WRIST = 0, 5
ONE = np.eye(6)


def hold(bench: Bench, q: Matrix, ticks: int = 200) -> None:
    for _ in range(ticks):
        bench.tick(q)


def ramp(bench: Bench, start: float, end: float, speed: float, joint: int = PAN) -> Matrix:
    """One joint from `start` to `end` [rad] beside HOME at `speed` [rad/s], the others at rest; its torque in each tick [N m]."""
    ticks = max(2, round(abs(end - start) / speed / CONTROL_PERIOD))
    torque = []
    for at in np.linspace(start, end, ticks):
        bench.tick(HOME + at * ONE[joint], np.sign(end - start) * speed * ONE[joint])
        torque.append(bench.data.qfrc_actuator[bench.model.joint("shoulder_pan").dofadr[0]])
    return np.array(torque)


def links(bench: Bench) -> Matrix:
    return np.asarray(bench.data.qpos[:6].copy())


def unpowered(bench: Bench, ticks: int) -> None:
    for _ in range(ticks):
        bench.seq += 1
        command = Command(bench.seq, bench.robot.now(), HOME, np.zeros(6), 0.0, 20.0, "test")
        bench.robot.apply(Approved(command, PASS, power=False))
        bench.robot.advance()


def test_joints_without_wear_are_as_built_to_the_bit() -> None:
    one, other = Bench(), Bench(wear=Wear())
    for bench in (one, other):
        hold(bench, HOME, 5)
        ramp(bench, 0.0, 0.1, 0.5)
        unpowered(bench, 20)
        hold(bench, HOME, 20)
    assert one.data.qpos.tobytes() == other.data.qpos.tobytes() and one.model.dof_frictionloss.tobytes() == (
        other.model.dof_frictionloss.tobytes()
    )
    assert one.robot.read().q.tobytes() == other.robot.read().q.tobytes()


@pytest.mark.parametrize("backlash", [0.004, 0.016])
def test_from_either_side_the_link_stops_a_play_apart_and_the_encoder_does_not_see_it(backlash: float) -> None:
    def apart(wear: Wear) -> tuple[float, float]:
        stops, told = [], []
        bench = Bench(wear=wear)
        for way in (-0.05, 0.05):
            ramp(bench, 0.0, way, 0.2)
            ramp(bench, way, 0.0, 0.05)
            hold(bench, HOME)
            stops.append(links(bench)[PAN])
            told.append(bench.robot.read().q[PAN])
        return stops[1] - stops[0], told[1] - told[0]

    built, built_told = apart(Wear())
    found, found_told = apart(Wear(backlash=backlash))
    assert found - built == pytest.approx(backlash, rel=0.1), (found, built)
    assert found_told == pytest.approx(built_told, abs=2e-4)


def test_the_play_that_was_crossed_is_found() -> None:
    bench = Bench(wear=Wear(backlash=0.01))
    assert bench.joints is not None and bench.joints.seen.backlash() == 0.0
    ramp(bench, 0.0, 0.05, 0.2)
    assert bench.joints.seen.backlash() == pytest.approx(0.01)


@pytest.mark.parametrize("friction", [5.0, 30.0])
def test_friction_is_felt_in_the_torque_of_even_motion(friction: float) -> None:
    def torque(wear: Wear) -> float:
        return float(ramp(Bench(wear=wear), 0.0, 0.3, 0.3)[-100:].mean())

    assert torque(Wear(friction=friction)) - torque(Wear()) == pytest.approx(friction, rel=0.02)


@pytest.mark.parametrize("cycles", [3e4, 1e5])
def test_wear_takes_more_torque_to_break_away_and_none_to_move_on(cycles: float) -> None:
    slow, built = Bench(wear=Wear(cycles=cycles)), Bench(wear=Wear())
    grown = np.abs(ramp(slow, 0.0, 0.004, 0.004)).max() - np.abs(ramp(built, 0.0, 0.004, 0.004)).max()
    assert grown == pytest.approx(STICTION * 2.0 * cycles / 1e5, rel=0.15)  # 2 N m: the shoulder's friction as built
    fast, fast_built = (ramp(Bench(wear=wear), 0.0, 0.5, 0.5)[-100:].mean() for wear in (Wear(cycles=cycles), Wear()))
    assert fast == pytest.approx(fast_built, abs=0.02)
    assert slow.joints is not None and slow.joints.seen.cycles() <= cycles * 1.001


@pytest.mark.parametrize("ripple", [0.0005, 0.002])
def test_a_worn_gear_ripples_twice_a_turn_of_its_input(ripple: float) -> None:
    bench, errors = Bench(wear=Wear(ripple=ripple)), []
    for at in np.linspace(0.0, 2.0 * 2.0 * np.pi / RIPPLES, 33)[:-1]:  # two ripples, always in the same direction
        hold(bench, HOME + at * ONE[PAN], 60)
        errors.append(links(bench)[PAN] - HOME[PAN] - at)
        told = bench.robot.read().q[PAN] - HOME[PAN] - at
        assert abs(told) < 8e-4, "the encoder sees no more than what friction holds back"
    spectrum = np.abs(np.fft.rfft(np.array(errors) - np.mean(errors)))
    assert np.ptp(errors) / 2.0 == pytest.approx(ripple, rel=0.25) and int(spectrum.argmax()) == 2
    assert bench.joints is not None and bench.joints.found()["robot.gear"] == pytest.approx(ripple, rel=0.02)


@pytest.mark.parametrize("heat", [40.0, 90.0])
def test_hot_motors_have_less_torque_and_brakes_keep_theirs(heat: float) -> None:
    bench = Bench(wear=Wear(heat=heat))
    wrist = bench.model.joint("wrist_3").dofadr[0]

    def most(t: float) -> float:
        bench.data.time = t
        hold(bench, HOME, 2)
        hold(bench, HOME + 1.0 * ONE[WRIST], 2)
        return float(abs(bench.data.qfrc_actuator[wrist]))

    assert most(0.0) == pytest.approx(TORQUE[WRIST], rel=0.01)
    for t in (WARM_UP, 10.0 * WARM_UP):
        warm = heat * (1.0 - np.exp(-t / WARM_UP))
        assert most(t) == pytest.approx(TORQUE[WRIST] * np.sqrt(1.0 - warm / HOTTEST), rel=0.01)
        assert bench.joints is not None and bench.joints.found()["robot.heat"] == pytest.approx(warm, rel=0.01)
    unpowered(bench, 3)
    assert bench.model.jnt_actfrcrange[bench.model.joint("wrist_3").id, 1] == TORQUE[WRIST]


@pytest.mark.parametrize("offset", [0.005, 0.05])
def test_an_encoder_that_is_off_moves_the_link_and_not_the_reading(offset: float) -> None:
    bench = Bench(wear=Wear(offset=offset))
    first = bench.robot.read().q
    np.testing.assert_allclose(np.abs(first - HOME), offset, atol=2e-4)
    hold(bench, HOME, 400)
    np.testing.assert_allclose(bench.robot.read().q, HOME, atol=6e-4)
    np.testing.assert_allclose(np.abs(links(bench) - HOME), offset, atol=6e-4)
    assert bench.joints is not None and bench.joints.found()["robot.offset"] == pytest.approx(offset, rel=1e-6)


@pytest.mark.parametrize("drift", [0.1, 0.8])
def test_an_encoder_drifts_with_time(drift: float) -> None:
    bench = Bench(wear=Wear(offset=0.001, drift=drift))
    hold(bench, HOME, 1)
    before = bench.robot.read().q - links(bench)
    bench.data.time = 0.25 * 3600.0
    after = bench.robot.read().q - links(bench)
    np.testing.assert_allclose(np.abs(after - before), 0.25 * drift, rtol=0.01)
    assert np.all((after - before) * before > 0.0), "to the same side"
    assert bench.joints is not None and bench.joints.found()["robot.drift"] == pytest.approx(drift, rel=0.01)


@pytest.mark.parametrize("lag", [0.02, 0.1])
def test_a_slack_belt_lags_and_shows(lag: float) -> None:
    def behind(wear: Wear) -> tuple[float, float, Bench]:
        bench = Bench(wear=wear)
        ramp(bench, 0.0, 0.4, 0.4)
        return HOME[PAN] + 0.4 - links(bench)[PAN], HOME[PAN] + 0.4 - bench.robot.read().q[PAN], bench

    built, told_built, _ = behind(Wear())
    late, told, bench = behind(Wear(lag=lag))
    assert late - built == pytest.approx(0.4 * lag, rel=0.1) and told - told_built == pytest.approx(0.4 * lag, rel=0.1)
    assert (told > TRACKING) == (lag > 0.05), "a guard that watches the tracking stops it"
    assert bench.joints is not None and bench.joints.found()["robot.belt"] == pytest.approx(lag, rel=0.25)


def test_power_that_comes_back_moves_nothing_even_in_a_worn_arm() -> None:
    bench = Bench(wear=Wear(backlash=0.01, ripple=0.001, offset=0.02, lag=0.05))
    ramp(bench, 0.0, 0.2, 0.4)
    unpowered(bench, 300)
    stood, told = links(bench), bench.robot.read().q
    hold(bench, told, 100)  # as a guard does: the measured posture is the first set-point
    np.testing.assert_allclose(links(bench), stood, atol=1e-3)
    np.testing.assert_allclose(bench.robot.read().q, told, atol=1e-3)


def test_directions_and_phases_come_from_the_seed() -> None:
    def errors(seed: int) -> list[float]:
        joints = Bench(seed, wear=Wear(offset=0.01, ripple=0.001)).joints
        assert joints is not None
        return (joints.encoders(HOME) - HOME).tolist()

    assert errors(1) == errors(1) != errors(2)
    assert len({np.sign(e) for seed in range(6) for e in errors(seed)}) == 2
