"""What goes wrong in the cell: each mishap happens, when it can, and only that."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import mujoco
import numpy as np
import pytest
from test_cell_world import HOME, build, hold, in_hand, only

from moravec.core.errors import BadInput
from moravec.robots.ur5e.driver import CONTROL_PERIOD
from moravec.worlds.cell import layout
from moravec.worlds.cell.config import CellConfig
from moravec.worlds.cell.mishaps import DARKNESS, STICKS, Mishap
from moravec.worlds.cell.world import Cell
from moravec.worlds.registry import WorldOptions, open_world

AWAY = HOME + [-2.2, 0.0, 0.0, 0.0, 0.0, 0.0]


def spoilt(*mishaps: str, seed: int = 1, **changes: Any) -> Cell:
    return build(seed, mishaps=tuple(Mishap.parse(text) for text in mishaps), **changes)


def spoilt_aside(*mishaps: str, items: int) -> Cell:
    """The arm is turned away from the parcel."""
    cell = spoilt(*mishaps, items=items)
    cell.data.joint("shoulder_pan").qpos = AWAY[0]
    mujoco.mj_forward(cell.model, cell.data)
    return cell


def pass_time(cell: Cell, seconds: float, q: np.ndarray = HOME) -> None:
    hold(cell, q, round(seconds / CONTROL_PERIOD))


def lift_lid(cell: Cell) -> None:
    start = int(cell.model.joint("lid").qposadr[0])
    cell.data.qpos[start : start + 3] = (-0.40, -0.16, 0.012)


def locations(cell: Cell) -> dict[str, str]:
    return {item.name: cell.truth.location(item) for item in cell.items}


@pytest.mark.parametrize(
    ("text", "kind", "at"),
    [("dark", "dark", 30.0), ("taken@7.5", "taken", 7.5), ("slip@0", "slip", 0.0), ("full-bin", "full-bin", 0.0)],
)
def test_a_mishap_is_written_as_kind_and_time(text: str, kind: str, at: float) -> None:
    assert Mishap.parse(text) == Mishap(kind, at)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", "fire", "dark@", "dark@soon", "dark@-1", "dark@nan", "dark@inf", "full-bin@3", "dark@1@2"])
def test_what_is_no_mishap_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        Mishap.parse(text)


def test_each_kind_comes_once() -> None:
    with pytest.raises(BadInput, match="at most once"):
        CellConfig(mishaps=(Mishap("dark", 1.0), Mishap("dark", 2.0)))


def test_mishaps_move_nothing_that_is_drawn() -> None:
    plain, other = build(3, items=3), spoilt("dark", "stuck-lid", "full-bin", seed=3, items=3)
    assert plain.items == other.items and plain.truth.final().keys() == other.truth.final().keys()
    for item in plain.items:
        assert plain.truth.position(item) == pytest.approx(other.truth.position(item), abs=0.02)


def test_something_is_taken_once_the_parcel_is_open() -> None:
    cell = spoilt_aside("taken@0", items=3)
    pass_time(cell, 0.1, AWAY)
    assert cell.mishaps.happened == {} and set(locations(cell).values()) == {"parcel"}
    lift_lid(cell)
    pass_time(cell, 0.1, AWAY)
    (t, name) = cell.mishaps.happened["taken"]
    assert t > 0.09 and locations(cell)[name] == "floor"
    assert sorted(locations(cell).values()) == ["floor", "parcel", "parcel"]


def test_something_is_added() -> None:
    cell = spoilt_aside("added@0", items=2)
    spare = cell.items[-1]
    assert len(cell.items) == 3 and locations(cell)[spare.name] == "floor"
    lift_lid(cell)
    pass_time(cell, 1.0, AWAY)
    assert cell.mishaps.happened["added"][1] == spare.name and locations(cell)[spare.name] == "parcel"


def test_bins_change_places_with_what_is_in_them() -> None:
    cell = spoilt("swapped-bins@0.05", items=1)
    first, second = layout.bin_places()[:2]
    (item,) = cell.items
    start = int(cell.model.joint(item.name).qposadr[0])
    cell.data.qpos[start : start + 3] = (*first.centre, first.floor + 0.03)
    cell.model.opt.enableflags &= ~int(mujoco.mjtEnableBit.mjENBL_SLEEP)
    pass_time(cell, 0.5)
    x, y, _ = cell.truth.position(item)
    assert second.contains(x, y) and cell.mishaps.happened["swapped-bins"][1] == "bin_1 and bin_2"
    assert cell.truth.location(item) == cell.truth._labels[first.name]  # it took its label along


def test_the_light_goes_out_and_comes_back() -> None:
    cell = spoilt("dark@0", items=1)
    bright = float(cell.frame("overhead").rgb.mean())
    pass_time(cell, 0.01)
    assert float(cell.frame("overhead").rgb.mean()) < 0.2 * bright and np.nanmax(cell.frame("overhead").depth) > 0.0
    pass_time(cell, DARKNESS)
    assert float(cell.frame("overhead").rgb.mean()) == pytest.approx(bright, rel=0.05)


def test_a_full_bin_has_a_crate_and_is_needed() -> None:
    cell = spoilt("full-bin", items=2, damaged_share=0.0)
    crate = cell.model.geom("crate")
    name = cell.model.body(int(crate.bodyid[0])).name
    wanted = {thing["belongs"] for thing in cell.truth.final().values()}
    labels = dict(zip((p.name for p in cell.workplace.of_kind("bin")), _labels(cell), strict=True))
    assert labels[name] in wanted
    with pytest.raises(KeyError):
        build(1, items=2).model.geom("crate")


def _labels(cell: Cell) -> list[str]:
    found = []
    for place in cell.workplace.of_kind("bin"):
        body = cell.model.body(place.name).id
        names = [cell.model.geom(g).matid for g in range(cell.model.ngeom) if cell.model.geom_bodyid[g] == body]
        materials = [cell.model.material(int(np.ravel(m)[0])).name for m in names if int(np.ravel(m)[0]) >= 0]
        found.append(next(m.removeprefix("letter_") for m in materials if m.startswith("letter_")))
    return found


def test_all_boxes_bear_the_same_code_and_nothing_else_changes() -> None:
    plain, cell = build(21, items=8), spoilt("wrong-code", seed=21, items=8)
    boxes = [item for item in cell.items if item.category == "box"]
    assert len(boxes) > 1 and len({item.code for item in boxes}) == 1 and boxes[0].code is not None
    assert [replace(item, code=None) for item in cell.items] == [replace(item, code=None) for item in plain.items]
    assert "wrong-code" in cell.mishaps.happened
    assert "wrong-code" not in spoilt("wrong-code", seed=21, items=1).mishaps.happened  # one box alone bears no wrong code


def test_a_stuck_lid_holds_until_it_was_pulled_for_a_while() -> None:
    cell = spoilt("stuck-lid", items=1)
    lid = cell.model.body("lid").id

    def rise(newtons: float, seconds: float) -> float:
        cell.data.xfrc_applied[lid, 2] = newtons
        before = float(cell.data.xpos[lid][2])
        pass_time(cell, seconds)
        return float(cell.data.xpos[lid][2]) - before

    assert rise(30.0, 0.3) < 0.01, "nobody took hold of it yet"
    cell.mishaps._lid_frees = float(cell.data.time) + 0.2
    assert rise(30.0, 0.15) < 0.01
    assert rise(30.0, 0.3) > 0.03 and STICKS > 0.0


def test_what_is_carried_slips() -> None:
    can = only("can").config
    cell = Cell(replace(can, mishaps=(Mishap("slip", 1.5),)))
    item, below = in_hand(cell, 0.1, 40.0)
    hold(cell, HOME, 150, 0.0, 40.0)
    assert "slip" not in cell.mishaps.happened and below() < 0.1
    hold(cell, HOME, round(1.5 / CONTROL_PERIOD), 0.0, 40.0)
    assert cell.mishaps.happened["slip"][1] == item.name and below() > 0.05 and cell.truth.location(item) != "hand"


def test_a_world_tells_what_happened() -> None:
    world = open_world("cell", WorldOptions(1, 1, "rays", mishaps=("full-bin",)))
    assert world.extremes()["mishaps"] == {"full-bin": {"t": 0.0, "what": ""}}
    world.close()
    plain = open_world("cell", WorldOptions(1, 1, "rays"))
    assert "mishaps" not in json.loads(json.dumps(dict(plain.extremes())))
    plain.close()
