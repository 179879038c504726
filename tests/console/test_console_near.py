"""Who came near over a run: distances against the guard's own, and what is drawn of it."""

from __future__ import annotations

import numpy as np
import pytest

from moravec.console.collect import Collector, Samples
from moravec.console.near import NEAR, near_people
from moravec.console.report import ReportData, build_report
from moravec.core.observation import RobotState
from moravec.core.verdict import Verdict
from moravec.guard.counted import counted
from moravec.guard.kernel.form import Answer, Memory
from moravec.guard.kernel.kinematics import place
from moravec.guard.kernel.people import part_speed, person_to_body, protective_distance
from moravec.guard.limits import LimitTable
from moravec.robots.ur5e.limits import ur5e_limits
from moravec.worlds.cell.layout import HOME_Q
from moravec.worlds.cell.limits import cell_limits

PASS = Verdict("pass", "velocity", 0, 0.4, 3.14, 2.74, "inside")
AGE = 0.03


def played(places: list[list[float]] | None, speed: float = 0.5) -> Collector:
    """Half a second of turning the base, with somebody at one of `places` after the other."""
    seen = Collector()
    for i in range(250):
        t, q, dq = i * 0.002, np.array(HOME_Q), np.zeros(6)
        q[0] += speed * t
        dq[0] = speed
        people = np.zeros((0, 2)) if places is None else np.array([places[i * len(places) // 250]])
        state = RobotState(i, t, q, dq, np.zeros(6), 0.05, 0.0, np.zeros(6), False, t - AGE, people)
        seen.ticked(t, state, PASS)
    return seen


def the_guards(samples: Samples, i: int, limits: LimitTable) -> tuple[float, float]:
    """Distance and protective distance at sample i, as the kernel counts them one part at a time."""
    table, o, m = counted(limits), Answer(), Memory()
    steps = samples.dq[i] * limits.control_period
    place((samples.q[i] - steps).tolist(), table, o)
    m.points = list(o.points)
    place(samples.q[i].tolist(), table, o)
    o.steps[:6] = steps.tolist()
    time = float(np.max(np.abs(steps) / (np.array(limits.acceleration) * limits.control_period**2))) * limits.control_period
    x, y = samples.people[i, 0]
    rooms = []
    for b in range(len(limits.bodies)):
        speed = part_speed(b, table, m, o)
        if speed > 0.0:
            needed = protective_distance(speed, time, AGE, table)
            away = person_to_body(x, y, b, table, o)
            rooms.append(((away - needed) / needed, away, needed))
    return min(rooms)[1:]


def test_distances_are_the_guards_own() -> None:
    limits = cell_limits()
    samples = played([[1.4, 0.3], [1.1, -0.2]]).samples()
    near = near_people(samples, limits)
    assert near is not None
    for i in (0, 10, 24):
        assert (near.apart[i], near.needed[i]) == pytest.approx(the_guards(samples, i, limits), abs=1e-9)
    assert near.least <= near.apart.min() and near.room == pytest.approx((near.apart - near.needed).min())


def test_whoever_rests_needs_no_distance() -> None:
    near = near_people(played([[0.9, 0.0]], speed=0.0).samples(), cell_limits())
    assert near is not None and np.isnan(near.needed).all() and np.isnan(near.room) and near.least < 0.9


@pytest.mark.parametrize("far", [None, [[NEAR + 2.0, 0.0]]])
def test_nobody_near_is_nothing_to_draw(far: list[list[float]] | None) -> None:
    assert near_people(played(far).samples(), cell_limits()) is None


def test_a_table_that_watches_for_nobody() -> None:
    assert near_people(played([[0.9, 0.0]]).samples(), ur5e_limits()) is None


@pytest.mark.parametrize(("places", "drawn"), [([[1.2, 0.0]], True), (None, False)])
def test_the_report_draws_it_where_there_was_somebody(places: list[list[float]] | None, drawn: bool) -> None:
    page = build_report(ReportData({"instruction": "x"}, played(places), cell_limits()))
    assert ("Nearest person" in page) is drawn
