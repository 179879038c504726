"""The packed parcel: nothing reaches into a wall or into another thing, measured by distances and not by contacts."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from moravec.worlds.cell import layout
from moravec.worlds.cell.config import CellConfig
from moravec.worlds.cell.settle import is_stuck
from moravec.worlds.cell.world import Cell

SUNK = 0.0012  # [m]


def build(seed: int, items: int | None = None) -> Cell:
    return Cell(CellConfig(seed=seed, items=items, image=(60, 80), renderer="rays"))


def solid(cell: Cell, body: str) -> list[int]:
    b = cell.model.body(body)
    geoms = range(int(b.geomadr[0]), int(b.geomadr[0]) + int(b.geomnum[0]))
    return [g for g in geoms if cell.model.geom_contype[g]]


@pytest.mark.parametrize(("seed", "items"), [(0, 6), (6, None), (7, None), (42, None), (3, 12)])
def test_nothing_reaches_into_a_wall_or_into_another(seed: int, items: int | None) -> None:
    cell = build(seed, items)
    bodies = ["parcel", *(item.name for item in cell.items)]
    for i, a in enumerate(bodies):
        for b in bodies[i + 1 :]:
            for g in solid(cell, a):
                for h in solid(cell, b):
                    apart = mujoco.mj_geomDistance(cell.model, cell.data, g, h, 0.01, None)
                    assert apart > -SUNK, f"{b} reaches {-apart * 1e3:.1f} mm into {a}"


def test_a_thing_in_a_wall_is_found_even_where_no_contact_is() -> None:
    cell = build(42)
    item = next(i for i in cell.items if i.category == "tool")
    body, start = cell.model.body(item.name).id, int(cell.model.joint(item.name).qposadr[0])
    assert not is_stuck(cell.model, cell.data, body, set())
    wall = layout.PARCEL_CENTRE[1] + layout.PARCEL_INNER[1] / 2
    for beyond, stuck in ((-0.12, False), (0.0, True)):
        cell.data.qpos[start : start + 7] = (layout.PARCEL_CENTRE[0], wall + beyond, 0.05, np.sqrt(0.5), 0, 0, np.sqrt(0.5))
        mujoco.mj_kinematics(cell.model, cell.data)
        assert is_stuck(cell.model, cell.data, body, set()) is stuck
