"""A body that a driver process moves: what it reports is believed if it is fresh, whole and its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers_edge import (
    ENDING,
    HOLD,
    HOME,
    OFF,
    OTHER,
    PERIOD,
    RUN,
    Sim,
    to_rest,
)  # fmt: skip

from moravec.edge.client import read
from moravec.edge.form import (
    DRIVER,
    FOREIGN,
    LOCK,
    MISFIT,
    OK,
    TORN,
    AnswerBox,
    SetpointBox,
    StateBox,
    at,
)  # fmt: skip
from moravec.edge.layout import (
    AT_ANSWER,
    AT_DRIVER,
    AT_SETPOINT,
    AT_STATE,
)  # fmt: skip
from moravec.guard.kernel.codes import STATE_AGE


def test_without_a_driver_there_is_no_posture(tmp_path: Path) -> None:
    sim = Sim(tmp_path / "d", DRIVER)
    for _ in range(3):
        sim.say(HOME)
        sim.tick()
        setpoint = read(sim.memory, AT_SETPOINT, SetpointBox)
        assert setpoint is not None and setpoint.holds == setpoint.power == 0 and sim.state == 0


def driven(tmp_path: Path) -> Sim:
    """A loop whose body is a driver's, and moves."""
    sim = Sim(tmp_path / "d", DRIVER)
    sim.report()
    sim.tick()
    assert sim.state == HOLD
    q, speed = sim.q, 0.0
    for _ in range(20):
        speed += 8.0 * PERIOD
        q[0] += speed * PERIOD
        sim.report(sim.measured(sim.q, (sim.speed, 0, 0)))
        sim.say(q, (speed, 0, 0))
        sim.tick()
    assert sim.state == RUN and sim.speed == pytest.approx(speed)
    return sim


def test_a_driver_that_falls_silent_ends_in_a_latched_stop(tmp_path: Path) -> None:
    sim = driven(tmp_path)
    for _ in sim.ramp(12, 0.0):
        pass
    assert sim.state == ENDING and sim.r.o["check"] == STATE_AGE and sim.r.o["category"] == 1
    to_rest(sim)
    setpoint = read(sim.memory, AT_SETPOINT, SetpointBox)
    assert setpoint is not None and setpoint.power == 0 and setpoint.holds == 1


@pytest.mark.parametrize("value", [1, 2, -1, 1 << 40])
def test_an_emergency_stop_that_is_not_plainly_released_is_pressed(tmp_path: Path, value: int) -> None:
    sim = driven(tmp_path)
    sim.report(sim.measured(sim.q, (sim.speed, 0, 0), estop=value))
    sim.tick()
    assert sim.state == ENDING and sim.r.o["check"] == 0


def test_another_drivers_report_is_not_believed(tmp_path: Path) -> None:
    sim = driven(tmp_path)
    sim.report(sim.measured((9.0, 9.0, 9.0)), writer=OTHER)
    assert sim.tick()["state_code"] == FOREIGN and sim.state == RUN
    sim.report(sim.measured(sim.q, n=2))
    assert sim.tick()["state_code"] == MISFIT and sim.state == ENDING


def test_a_new_driver_is_believed(tmp_path: Path) -> None:
    sim = driven(tmp_path)
    sim.memory.whole[AT_DRIVER] = OTHER
    sim.reports = 0
    sim.report(sim.measured(sim.q, (sim.speed, 0, 0)), writer=OTHER)
    assert sim.tick()["state_code"] == OK and sim.state == RUN
    sim.memory.whole[AT_STATE + LOCK] += 1
    assert sim.tick()["state_code"] == TORN


def test_people_that_cannot_be_read_are_no_reading(tmp_path: Path) -> None:
    sim = driven(tmp_path)
    for people in (-1, 9, 1 << 40):
        sim.report(sim.measured(sim.q, people=people))
        sim.tick()
        assert sim.r.a["people"] == -1
    sim.report(sim.measured(sim.q, people=2, people_t=3.0))
    sim.tick()
    assert sim.r.a["people"] == 2 and sim.r.a["people_t"] == 3.0
    assert at(StateBox, "person") > 0


def test_a_reset_is_an_act_of_its_own_and_moves_nothing(tmp_path: Path) -> None:
    sim = driven(tmp_path)
    sim.report(sim.measured(sim.q, (sim.speed, 0, 0), estop=1))
    sim.tick()
    to_rest(sim)
    assert sim.state == OFF
    where = sim.q.tolist()
    for _ in range(300):
        sim.report(sim.measured(where))
        sim.say(where)
        sim.tick()
        assert sim.state == OFF
    sim.report(sim.measured(where))
    sim.say(where)
    sim.order(reset=1)
    sim.tick()
    answer = read(sim.memory, AT_ANSWER, AnswerBox)
    assert answer is not None and answer.resets == 1 and answer.reset_code == 0 and sim.state == HOLD
    sim.report(sim.measured(where))
    sim.say(where)
    sim.order(reset=1)  # the same request, seen again: nothing is reset twice
    sim.tick()
    assert sim.state == RUN and sim.q.tolist() == where
