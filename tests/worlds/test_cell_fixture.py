"""A fixtured delivery: known kinds in known pockets, how far off them, everything else as the drawing has it."""

from __future__ import annotations

import numpy as np
import pytest

from moravec.core.errors import BadInput
from moravec.worlds.cell import layout
from moravec.worlds.cell.conditions.conditions import Conditions
from moravec.worlds.cell.config import LARGEST_SCATTER, CellConfig, draw
from moravec.worlds.cell.items import ItemSpec, draw_items
from moravec.worlds.cell.pockets import KINDS, POCKETS
from moravec.worlds.cell.settle import is_stuck
from moravec.worlds.cell.world import Cell
from moravec.worlds.registry import WorldOptions, open_world

MIDDLES = np.array([(pocket.x, pocket.y) for pocket in POCKETS])


def build(seed: int, fixture: float | None, items: int | None = 12, **more: object) -> Cell:
    return Cell(CellConfig(seed=seed, items=items, fixture=fixture, image=(60, 80), renderer="rays", **more))  # type: ignore[arg-type]


def lie(cell: Cell) -> np.ndarray:
    return np.array([cell.data.body(item.name).xpos[:2] for item in cell.items])


def halves(item: ItemSpec) -> tuple[float, float]:
    """Half of its length and half of its width [m], as it lies in its pocket."""
    a, b, *more = item.size if len(item.size) > 1 else (item.size[0], item.size[0])
    return {
        "box": (a, b), "can": (a, a), "bottle": (b + (more or [0.0])[-1], a), "ball": (a, a),
        "tool": (a + (more or [0.0])[-1], (more or [0.0])[0]), "part": (a, b),
    }[item.category]  # fmt: skip


# ── the drawing ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_largest_things_of_each_kind_fit_beside_each_other_and_fingers_between_the_columns() -> None:
    largest: dict[str, tuple[float, float]] = {}
    for seed in range(100):
        for item in draw_items(12, np.random.default_rng(seed), 0.2, 0.6, KINDS):
            long, wide = largest.get(item.category, (0.0, 0.0))
            largest[item.category] = max(long, halves(item)[0]), max(wide, halves(item)[1])
    wall = np.array(layout.PARCEL_INNER) / 2
    fingers = 0.008 + 0.010  # [m] beside a thing: room, and a finger's thickness
    for i, (pocket, middle) in enumerate(zip(POCKETS, MIDDLES, strict=True)):
        long, wide = largest[pocket.category]
        off = np.abs(middle - layout.PARCEL_CENTRE)
        assert off[0] + wide + fingers < wall[0] and off[1] + long + 0.005 < wall[1], pocket
        for other, there in zip(POCKETS[:i], MIDDLES, strict=False):
            apart = np.abs(middle - there)
            beside = apart[0] > wide + largest[other.category][1] + fingers
            assert beside or apart[1] > long + largest[other.category][0] + 0.005, (pocket, other)


def test_every_kind_has_two_pockets_and_six_things_are_one_of_each() -> None:
    assert set(KINDS[:6]) == set(KINDS[6:]) and len(set(KINDS)) == 6


# ── what lies in it ───────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_things_of_the_known_kinds_lie_at_their_pockets(seed: int) -> None:
    cell = build(seed, 0.0, None)
    assert tuple(item.category for item in cell.items) == KINDS[: len(cell.items)]
    assert np.abs(lie(cell) - MIDDLES[: len(cell.items)]).max() < 0.001
    assert np.abs(cell.data.body("parcel").xpos[:2] - layout.PARCEL_CENTRE).max() < 1e-9
    assert list(cell.truth.labels().values()) == list(layout.LABELS)
    assert len(cell.items) == draw(CellConfig(seed=seed), layout.LABELS).items, "as many as come otherwise"


def test_sizes_and_damage_are_drawn_and_the_scatter_moves_neither() -> None:
    one, other = build(0, 0.0).items, build(1, 0.0).items
    assert {item.size for item in one}.isdisjoint({item.size for item in other})
    assert any(item.damaged for item in (*one, *other)) and not all(item.damaged for item in (*one, *other))
    assert build(0, 0.02).items == one


@pytest.mark.parametrize("scatter", [0.01, LARGEST_SCATTER])
@pytest.mark.parametrize("seed", [0, 5])
def test_things_lie_up_to_the_scatter_off_and_in_nothing_else(seed: int, scatter: float) -> None:
    cell = build(seed, scatter)
    off = np.linalg.norm(lie(cell) - MIDDLES, axis=1)
    assert cell.farthest == pytest.approx(off.max(), abs=1e-4)
    assert scatter / 2 < off.max() < scatter + 0.003 and np.median(off) > scatter / 6
    bodies = {cell.model.body(item.name).id for item in cell.items}
    assert not any(is_stuck(cell.model, cell.data, body, bodies) for body in bodies)


def test_the_same_seed_lays_the_same_and_another_otherwise() -> None:
    a, b, c = (build(seed, 0.02, 6).data.qpos.copy() for seed in (3, 3, 4))
    assert np.array_equal(a, b) and not np.array_equal(a, c)


def test_the_pockets_move_with_the_parcel() -> None:
    cell = build(0, 0.0, 6, parcel_shift=(0.02, -0.01, 0.1))
    c, s = np.cos(0.1), np.sin(0.1)
    inside = MIDDLES[:6] - layout.PARCEL_CENTRE
    there = layout.PARCEL_CENTRE + np.array([0.02, -0.01]) + inside @ np.array([[c, s], [-s, c]])
    assert np.abs(lie(cell) - there).max() < 0.001


def test_the_lid_is_on() -> None:
    cell = build(2, 0.03)
    x, y, z = cell.data.body("lid").xpos
    assert abs(z - layout.PARCEL_HEIGHT - 0.003) < 0.005 and np.hypot(x - 0.5, y) < 0.005


# ── asked for ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("scatter", [-0.001, LARGEST_SCATTER + 0.001, float("nan"), float("inf")])
def test_a_scatter_that_cannot_be_is_refused(scatter: float) -> None:
    with pytest.raises(BadInput, match=r"the fixture's scatter: found .*; allowed: 0 to 0\.03 m"):
        CellConfig(fixture=scatter)


def test_a_belt_has_no_pockets() -> None:
    with pytest.raises(BadInput, match=r"a fixture: found 'with objects\.clutter'"):
        CellConfig(fixture=0.0, conditions=Conditions.parse(["objects.clutter=1"]))
    with pytest.raises(BadInput, match="a fixture: found 'with a conveyor'"):
        open_world("cell", WorldOptions(conveyor="0.05", fixture=0.0))


def test_a_run_tells_what_was_asked_and_what_was_found() -> None:
    world = open_world("cell", WorldOptions(seed=1, items=2, renderer="rays", fixture=0.01))
    told = world.extremes()["fixture"]
    assert told["scatter"] == 0.01 and 0.0 < told["farthest"] < 0.013
    world.close()
    plain = open_world("cell", WorldOptions(seed=1, items=2, renderer="rays"))
    assert "fixture" not in plain.extremes()
    plain.close()
