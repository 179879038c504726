"""Who comes to look at the cell: again and again, near but never into the table, and as fast as people walk."""

from __future__ import annotations

import functools
from itertools import pairwise

import mujoco
import numpy as np
import pytest

from moravec.core.errors import BadInput
from moravec.core.frames import Matrix
from moravec.guard.separation import WALKING_SPEED
from moravec.robots.ur5e.driver import CONTROL_PERIOD
from moravec.worlds.cell import layout
from moravec.worlds.cell.config import CellConfig, Walk, draw
from moravec.worlds.cell.passerby import BODY_DEPTH, BODY_WIDTH, STAY, STROLLING_SPEED, Passerby
from moravec.worlds.cell.scanner import RANGE
from moravec.worlds.cell.scene import PARKED, TABLE_EDGES, build

LEFT, RIGHT, FRONT, BACK = TABLE_EDGES
STEP = 0.02  # [s]


@functools.cache
def scene() -> mujoco.MjModel:
    return build((), draw(CellConfig(), layout.LABELS), CONTROL_PERIOD).compile()


def path(
    seed: int, walk: Walk = "visits", seconds: float = 300.0, present: bool = True, often: float = 0.0
) -> Matrix:
    """Where the figure is told to be, every STEP (n, 2) [m]."""
    data = mujoco.MjData(scene())
    motors = [scene().actuator(name).id for name in ("person_x", "person_y")]
    data.ctrl[motors] = PARKED
    somebody = Passerby(scene(), data, present, walk, np.random.default_rng(seed), often)
    places = []
    for data.time in np.arange(0.0, seconds, STEP):
        somebody.step()
        places.append(data.ctrl[motors].copy())
    return np.array(places)


def beside(places: Matrix) -> Matrix:
    """Gap [m] between the body's bounding box and the table, negative inside, (n,)."""
    x, y = places.T
    gaps = [BACK - BODY_DEPTH - x, x - FRONT - BODY_DEPTH, RIGHT - BODY_WIDTH - y, y - LEFT - BODY_WIDTH]
    return np.max(gaps, axis=0)


def stays(places: Matrix) -> list[tuple[float, Matrix]]:
    """How long [s] and where somebody stood still at the table, one for each visit."""
    still = (np.linalg.norm(np.diff(places, axis=0), axis=1) < 1e-6) & (beside(places[1:]) < 1.0)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], still, [False]]).astype(int)))
    return [((b - a) * STEP, places[a + 1]) for a, b in edges.reshape(-1, 2)]


def test_they_come_several_times_and_stay_a_while() -> None:
    for seed in range(8):
        visits = stays(path(seed))
        assert 4 <= len(visits) <= 15
        assert all(STAY[0] - 2 * STEP <= seconds <= STAY[1] + 2 * STEP for seconds, _ in visits[:-1])


def test_between_visits_they_are_out_of_the_scanners_range() -> None:
    places = path(3)
    there = np.linalg.norm(places - np.array([(FRONT, RIGHT)]), axis=1) < RANGE
    assert np.count_nonzero(np.diff(there.astype(int)) == 1) >= 3
    assert np.linalg.norm(places - PARKED, axis=1).min() == 0.0


@pytest.mark.parametrize("walk", ["visits", "straight"])
def test_they_walk_around_the_table_and_no_faster_than_people_do(walk: Walk) -> None:
    speeds = []
    for seed in range(12):
        places = path(seed, walk)
        assert beside(places).min() > 0.0
        speeds.append(np.linalg.norm(np.diff(places, axis=0), axis=1).max() / STEP)
    assert max(speeds) == pytest.approx(STROLLING_SPEED if walk == "visits" else WALKING_SPEED, rel=1e-3)


def test_some_come_within_half_a_metre_of_where_the_tool_works_and_from_every_side() -> None:
    bins = [place.centre for place in layout.bin_places()]
    x, y = layout.PARCEL_CENTRE
    works = np.array([(x, y), (x + 0.12, y), layout.STATION_CENTRE, layout.REJECT_CENTRE, *bins])
    spots = [where for seed in range(10) for _, where in stays(path(seed))]
    near = [np.linalg.norm(works - spot, axis=1).min() - BODY_DEPTH < 0.5 for spot in spots]
    assert 0.05 < np.mean(near) < 0.9
    assert all(any(side) for side in zip(*[(x > FRONT, x < BACK, y > LEFT, y < RIGHT) for x, y in spots], strict=True))


def test_straight_up_to_the_edge_in_front_of_the_arm() -> None:
    for seed in range(3):
        places = path(seed, "straight")
        assert len({tuple(where) for _, where in stays(places)}) == 1
        assert 0.0 < beside(places).min() < 0.05
        arrived = int(np.argmax(beside(places) < 0.05))
        last = places[arrived - 60 : arrived]
        assert np.ptp(last[:, 1]) < 1e-9 and np.all(np.diff(last[:, 0]) < 0.0)


def test_the_visits_are_the_seeds() -> None:
    np.testing.assert_array_equal(path(1), path(1))
    assert not np.array_equal(path(1), path(2))
    assert np.ptp(path(1, present=False, seconds=100.0), axis=0).max() == 0.0


def test_the_figure_itself_follows_and_is_never_faster() -> None:
    """In the physics: straight up to the table, at the speed that the guard reckons with and no more."""
    data = mujoco.MjData(scene())
    for name, x in zip(("person_x", "person_y"), PARKED, strict=True):
        data.joint(name).qpos = data.actuator(name).ctrl = x
    somebody = Passerby(scene(), data, True, "straight", np.random.default_rng(4))
    dof = [int(scene().joint(name).dofadr[0]) for name in ("person_x", "person_y")]
    where, speed = [], 0.0
    while data.time < somebody.times[4] + 0.5:
        somebody.step()
        mujoco.mj_step(scene(), data)
        speed = max(speed, float(np.hypot(*data.qvel[dof])))
        where.append(data.body("person").xpos[:2].copy())
    assert WALKING_SPEED * 0.98 < speed < WALKING_SPEED * 1.01
    places = np.array(where)
    assert 0.0 < beside(places).min() < 0.05
    assert all(np.linalg.norm(b - a) < 0.004 for a, b in pairwise(where))


def test_an_unknown_walk_is_refused() -> None:
    with pytest.raises(BadInput, match="walk: found 'run'"):
        CellConfig(walk="run")  # type: ignore[arg-type]


@pytest.mark.parametrize("often", [0.5, 3.0])
def test_somebody_comes_as_often_as_is_asked_for(often: float) -> None:
    places = [path(seed, seconds=600.0, present=False, often=often) for seed in range(2)]
    assert np.mean([len(stays(where)) for where in places]) / 10.0 == pytest.approx(often, rel=0.1)
    assert min(np.min(beside(where)) for where in places) >= 0.019, "near, and never into the table"
