"""The safety scanner: nobody where nobody is, somebody where somebody is, on time, honest about its own faults."""

from __future__ import annotations

import functools
import math
from typing import Any

import mujoco
import numpy as np
import pytest

from moravec.core.command import Command
from moravec.core.errors import BadInput
from moravec.core.frames import Matrix
from moravec.core.observation import RobotState
from moravec.core.verdict import Approved, Verdict
from moravec.robots.ur5e.driver import CONTROL_PERIOD
from moravec.skills.trajectory import MotionLimits, joint_motion
from moravec.worlds.cell import layout
from moravec.worlds.cell.config import CellConfig, draw
from moravec.worlds.cell.limits import SEPARATION, cell_limits
from moravec.worlds.cell.passerby import BODY_DEPTH, BODY_WIDTH
from moravec.worlds.cell.scanner import BODY_BEYOND_LEGS, GAP, LATENCY, MOST, PERIOD, RANGE, SafetyScanner, people_in
from moravec.worlds.cell.scene import PARKED, TABLE_EDGES, build
from moravec.worlds.cell.world import Cell

HOME = np.array(layout.HOME_Q)
PASS = Verdict("pass", "test", -1, 0.0, 1.0, 1.0, "for the test")
LEFT, RIGHT, FRONT, BACK = TABLE_EDGES
# The figure's body as seen from above, written down again: legs, trunk, and both ends of each arm (x, y, radius) [m].
BODY = np.array(
    [(0, -0.1, 0.075), (0, 0.1, 0.075), (0, 0, 0.16), *[(0, s * y, 0.05) for s in (-1, 1) for y in (0.26, 0.23)]]
)


class Room:
    """The empty cell and a second figure, without a delivery: only what the scanner sees."""

    def __init__(self, seed: int = 0) -> None:
        spec = build((), draw(CellConfig(seed=seed), layout.LABELS), CONTROL_PERIOD)
        second = spec.worldbody.add_body(name="second", pos=[0, 0, -0.72])
        for axis, name in (([1, 0, 0], "second_x"), ([0, 1, 0], "second_y")):
            second.add_joint(name=name, type=mujoco.mjtJoint.mjJNT_SLIDE, axis=axis)
        for y in (-0.1, 0.1):
            second.add_geom(
                type=mujoco.mjtGeom.mjGEOM_CAPSULE, fromto=[0, y, 0.08, 0, y, 0.85], size=[0.075, 0, 0], mass=8,
                contype=0, conaffinity=0,
            )  # fmt: skip
        self.model = spec.compile()
        self.data = mujoco.MjData(self.model)
        self.put("person", PARKED)
        self.put("second", PARKED)
        self.scanner = SafetyScanner(self.model, self.data, np.random.default_rng(seed))

    def put(self, who: str, where: Any) -> None:
        for name, x in zip((f"{who}_x", f"{who}_y"), where, strict=True):
            self.data.joint(name).qpos = x

    def scan(self) -> Matrix:
        """Who is seen now, one period later."""
        self.data.time += PERIOD
        self.scanner.step()
        self.data.time += LATENCY
        taken, people = self.scanner.reading()
        assert taken == pytest.approx(self.data.time - LATENCY)
        return people


@functools.cache
def room() -> Room:
    return Room()


def beside_the_table(x: float, y: float) -> bool:
    return not (BACK - BODY_DEPTH < x < FRONT + BODY_DEPTH and RIGHT - BODY_WIDTH < y < LEFT + BODY_WIDTH)


def nearest_of_body(to: Matrix, where: Matrix) -> tuple[float, Matrix]:
    """Distance [m] of points `to` (n, 2) to the figure's body at `where`, and for the first of them the body's nearest point."""
    middles = where + BODY[:, :2]
    apart = np.linalg.norm(to[:, None] - middles, axis=2) - BODY[:, 2]
    k = int(apart[0].argmin())
    towards = to[0] - middles[k]
    return np.maximum(apart.min(axis=1), 0.0), middles[k] + BODY[k, 2] * towards / np.linalg.norm(towards)


# ── nobody ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_nobody_is_seen_in_the_empty_cell() -> None:
    for seed in range(20):
        empty = Room(seed)
        assert all(len(empty.scan()) == 0 for _ in range(100))


def test_the_arm_and_what_it_handles_are_not_taken_for_people() -> None:
    cell = Cell(CellConfig(seed=3, image=(48, 64), renderer="rays"))
    low, high = np.array([0.8, 0.9, 0.3, 0.3, 0.3, 1.0]), np.array([-2.5, 0.9, 0.3, 0.3, 0.3, 1.0])
    q, seen = HOME, []
    for goal in (HOME + low, HOME + high, HOME):
        chunk = joint_motion(q, goal, MotionLimits(), "test")
        for t in np.arange(0.0, chunk.duration, CONTROL_PERIOD):
            state = tick(cell, *chunk.sample(float(t)))
            seen.append(len(state.people))
        q = goal
    assert len(seen) > 1500 and max(seen) == 0 and np.isfinite(state.people_t)
    assert cell.truth.report()["person_distance"] is None
    cell.close()


def tick(cell: Cell, q: Matrix, dq: Matrix | None = None) -> RobotState:
    state = cell.robot.read()
    cell.robot.apply(
        Approved(Command(state.seq, state.t, q, np.zeros(6) if dq is None else dq, 0.0, 20.0, "test"), PASS)
    )
    cell.robot.advance()
    return state


# ── somebody ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_somebody_is_found_wherever_they_stand() -> None:
    """Within 15 cm of the body's point nearest to the base, and never farther from the base than that by more than 5 cm."""
    rng, base = np.random.default_rng(1), np.zeros((1, 2))
    found = 0
    while found < 1500:
        where = rng.uniform((-2.4, -2.6), (2.7, 2.7))
        if not beside_the_table(*where):
            continue
        room().put("person", where)
        people = room().scan()
        assert len(people) == 3, where
        distance, nearest = nearest_of_body(base, where)
        assert np.linalg.norm(people - nearest, axis=1).min() < 0.15, where
        farther = np.linalg.norm(people, axis=1).min() - distance[0]
        assert -0.15 < farther < 0.05, where
        found += 1
    room().put("person", PARKED)


def test_the_limits_cover_what_the_scanner_gets_wrong() -> None:
    """Whatever point of the workspace a part of the arm is at: how much farther people seem than they are."""
    rng = np.random.default_rng(2)
    grid = np.stack(np.meshgrid(np.linspace(-0.75, 0.85, 13), np.linspace(-0.85, 0.85, 13)), axis=2).reshape(-1, 2)
    errors, distances = [], []
    for _ in range(1500):
        where = rng.uniform((-1.6, -1.9), (1.9, 2.0))
        if beside_the_table(*where):
            room().put("person", where)
            people = room().scan()
            true, _ = nearest_of_body(grid, where)
            errors.append(np.linalg.norm(grid[:, None] - people, axis=2).min(axis=1) - true)
            distances.append(true)
    room().put("person", PARKED)
    error, distance = np.concatenate(errors), np.concatenate(distances)
    assert error[distance >= 0.5].max() < SEPARATION.human_uncertainty
    assert np.percentile(error[distance < 0.5], 99) < SEPARATION.human_uncertainty
    # Right beside the body the outline is coarse: there the intrusion and the age's own margin are needed as well.
    assert error.max() < SEPARATION.human_uncertainty + SEPARATION.intrusion + SEPARATION.human_speed * LATENCY
    assert cell_limits().separation == SEPARATION


def test_two_people_are_two() -> None:
    both = Room(4)
    for one, other in (((1.3, -0.6), (1.3, 0.7)), ((1.4, 0.0), (0.1, -1.6)), ((-1.2, 0.2), (0.2, 1.7))):
        both.put("person", one)
        both.put("second", other)
        people = both.scan()
        assert len(people) == 6
        gaps = np.linalg.norm(people[:, None] - np.array([one, other]), axis=2)
        assert sorted(gaps[:2].argmin(axis=1)) == [0, 1]  # first the front of each
        assert gaps.min(axis=1).max() < 0.5


def test_whoever_is_out_of_range_is_not_seen() -> None:
    assert np.hypot(PARKED[0] + 0.56, PARKED[1] - 0.94) - 0.2 > RANGE
    room().put("person", (1.3, 0.0))
    assert len(room().scan()) == 3
    room().put("person", (6.0, 0.0))
    assert len(room().scan()) == 0
    room().put("person", PARKED)


def test_the_tables_legs_are_the_reference_of_both_scanners_and_nothing_else_is() -> None:
    """Each sees two of them; whoever waits beyond the range is not taught."""
    scanner = room().scanner
    assert np.all(scanner._reference.sum(axis=1) >= 4)
    assert scanner._contour[scanner._reference].max() < 2.0
    assert np.all(scanner._contour[~scanner._reference] == RANGE)


def test_of_many_everyone_has_a_front_before_anyone_has_sides() -> None:
    """Points on a ring around the base, each its own body."""

    def ring(n: int) -> Matrix:
        angle = np.linspace(0, 2 * np.pi, n, endpoint=False)
        radius = np.linspace(1.5, 2.0, n)
        return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)

    for n in (1, 2, 3, 7, 8, 12):
        points = ring(n)
        people = people_in(points[::-1])
        assert len(people) == min(3 * n, MOST) and not people.flags.writeable
        for front, point in zip(people[: min(n, MOST)], points, strict=False):
            np.testing.assert_allclose(front, point * (1 - BODY_BEYOND_LEGS / np.linalg.norm(point)), atol=1e-9)
    assert people_in(np.zeros((0, 2))).shape == (0, 2)


def test_a_body_behind_the_base_is_one_body() -> None:
    """Its bearings lie on both sides of pi."""
    people = people_in(np.array([(-1.2, 0.1), (-1.2, -0.1), (-1.2, 0.0)]))
    np.testing.assert_allclose(people[0], (BODY_BEYOND_LEGS - 1.2, 0.0), atol=1e-9)
    assert len(people) == 3 and people[1, 1] > 0.15 and people[2, 1] < -0.15
    apart = people_in(np.array([(-1.2, 0.0), (-1.2, GAP + 0.01)]))
    assert len(apart) == 6


# ── on time ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_period_and_the_latency_are_exact() -> None:
    assert (PERIOD, LATENCY) == (0.04, 0.03)
    cell = Cell(CellConfig(seed=1, items=1, image=(48, 64), renderer="rays"))
    for k in range(400):
        state = tick(cell, HOME)
        t = k * CONTROL_PERIOD
        newest = max(math.floor((t - LATENCY) / PERIOD + 1e-6), 0) * PERIOD
        assert state.people_t == pytest.approx(newest, abs=1e-9)
        assert t - state.people_t < PERIOD + LATENCY
    cell.close()


def test_a_reading_tells_where_people_were_when_it_was_taken() -> None:
    """A figure that walks at 1.6 m/s: the reading lags by its age and by no more."""
    walk = Room(5)
    fronts = []
    for k in range(1000):
        walk.data.time = k * CONTROL_PERIOD
        walk.put("person", (4.0 - 1.6 * walk.data.time, 0.0))
        walk.scanner.step()
        taken, people = walk.scanner.reading()
        if len(people):
            fronts.append(people[0, 0] - (4.0 - 1.6 * taken - BODY_DEPTH))
    assert len(fronts) > 800 and np.abs(fronts).max() < 0.05


def test_the_noise_is_the_seeds() -> None:
    def readings(seed: int) -> Matrix:
        one = Room(seed)
        one.put("person", (1.3, 0.2))
        return np.array([one.scan() for _ in range(20)])

    a, b, c = readings(1), readings(1), readings(2)
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, c)
    assert 0.001 < a[:, 0, 0].std() < 0.02  # the nearest of some rays with 10 mm each


def test_nothing_but_the_scanners_own_stream_is_drawn_from_and_nothing_is_moved() -> None:
    here = Room(6)
    before = here.data.qpos.tobytes(), here.data.geom_xpos.tobytes(), here.data.qacc_warmstart.tobytes()
    here.scan()
    assert (here.data.qpos.tobytes(), here.data.geom_xpos.tobytes(), here.data.qacc_warmstart.tobytes()) == before


# ── faults ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def run(here: Room, seconds: float) -> tuple[float, Matrix]:
    for _ in range(round(seconds / CONTROL_PERIOD)):
        here.data.time += CONTROL_PERIOD
        here.scanner.step()
        reading = here.scanner.reading()
    return reading


def test_a_frozen_scanner_repeats_itself() -> None:
    here = Room(7)
    here.put("person", (1.3, 0.0))
    run(here, 0.1)
    here.scanner.fail("frozen")
    taken, people = run(here, LATENCY)
    here.put("person", PARKED)
    later, still = run(here, 1.0)
    assert later == taken and np.array_equal(still, people) and len(people) == 3
    here.scanner.fail("")
    healed, gone = run(here, PERIOD + LATENCY)
    assert here.data.time - healed < PERIOD + LATENCY and len(gone) == 0


@pytest.mark.parametrize(("fault", "within"), [("dark", PERIOD + LATENCY), ("missing", CONTROL_PERIOD)])
def test_a_scanner_that_sees_nothing_at_all_does_not_say_that_nobody_is_there(fault: Any, within: float) -> None:
    here = Room(8)
    here.put("person", (1.3, 0.0))
    assert np.isfinite(run(here, 0.2)[0])
    here.scanner.fail(fault)
    for _ in range(20):
        taken, people = run(here, within)
        assert math.isnan(taken) and len(people) == 0
    here.scanner.fail("")
    taken, people = run(here, PERIOD + LATENCY + CONTROL_PERIOD)
    assert np.isfinite(taken) and len(people) == 3


def test_a_body_close_before_the_lens_does_not_make_it_blind() -> None:
    """The reference is covered, but by something: that is not darkness."""
    here = Room(9)
    for where in ((FRONT + BODY_DEPTH, RIGHT), (FRONT + BODY_DEPTH, RIGHT + 0.1)):
        here.put("person", where)
        taken, people = run(here, 0.2)
        assert np.isfinite(taken) and len(people) >= 1


def test_an_unknown_fault_is_refused() -> None:
    with pytest.raises(BadInput, match=r"a fault of the scanner: found 'drak'.*did you mean"):
        room().scanner.fail("drak")  # type: ignore[arg-type]
