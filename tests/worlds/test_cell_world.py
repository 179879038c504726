"""The cell as it is built: the same by its seed, closed, at rest, held together by friction alone, and told truly."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import mujoco
import numpy as np
import pytest

from moravec.core.command import Command
from moravec.core.errors import BadInput
from moravec.core.verdict import Approved, Verdict
from moravec.core.workplace import Workplace
from moravec.robots.ur5e.driver import CONTROL_PERIOD
from moravec.worlds.cell import layout
from moravec.worlds.cell.config import CellConfig
from moravec.worlds.cell.items import ItemSpec, draw_items
from moravec.worlds.cell.world import Cell
from moravec.worlds.registry import WorldOptions, open_world, workplace_of

SEEDS = (1, 2, 6, 17)
SMALL = (60, 80)  # [px]
HOME = np.array(layout.HOME_Q)
PASS = Verdict("pass", "test", -1, 0.0, 1.0, 1.0, "for the test")


def build(seed: int, **changes: Any) -> Cell:
    return Cell(CellConfig(seed=seed, image=SMALL, renderer="rays", **changes))


@functools.cache
def standing(seed: int) -> Cell:
    """One cell for all tests that only look."""
    return build(seed)


def bytes_of(cell: Cell) -> bytes:
    buffer = np.empty(mujoco.mj_sizeModel(cell.model), np.uint8)
    mujoco.mj_saveModel(cell.model, None, buffer)
    return buffer.tobytes()


def state_of(cell: Cell) -> bytes:
    data = cell.data
    return b"".join(np.asarray(a).tobytes() for a in (data.qpos, data.qvel, data.act, data.ctrl, data.qacc_warmstart))


def solid(cell: Cell, name: str) -> list[int]:
    """The geoms of a body that can be touched."""
    body = cell.model.body(name)
    geoms = range(int(body.geomadr[0]), int(body.geomadr[0]) + int(body.geomnum[0]))
    return [g for g in geoms if cell.model.geom_contype[g]]


def corners(cell: Cell, geom: int) -> np.ndarray:
    """Of a geom's own bounding box, (8, 3) [m] in the world."""
    aabb = cell.model.geom_aabb[geom]
    signs = np.array(np.meshgrid(*[(-1, 1)] * 3)).reshape(3, -1).T
    local = aabb[:3] + signs * aabb[3:]
    return np.asarray(cell.data.geom_xpos[geom] + local @ cell.data.geom_xmat[geom].reshape(3, 3).T)


# ── the same by its seed ─────────────────────────────────────────────────────────────────────────────────────────────
def test_the_same_seed_builds_the_same_bytes_and_another_others() -> None:
    one, again = standing(1), build(1)
    assert one.items == again.items and bytes_of(one) == bytes_of(again) and state_of(one) == state_of(again)
    assert len({bytes_of(standing(seed)) for seed in SEEDS}) == len(SEEDS)


@pytest.mark.parametrize("changes", [{"labels": tuple("FEDCBA")}, {"person": True}])
def test_what_is_only_seen_moves_no_thing(changes: dict[str, Any]) -> None:
    assert build(2, **changes).data.qpos.tobytes() == standing(2).data.qpos.tobytes()


def test_other_items_do_not_move_the_parcel_or_the_pictures_noise() -> None:
    few, many = build(1, items=2), standing(1)
    np.testing.assert_array_equal(few.model.body("parcel").pos, many.model.body("parcel").pos)
    for name, error in few.pictures._error.items():
        np.testing.assert_array_equal(error, many.pictures._error[name])


# ── a closed delivery at rest ────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("seed", SEEDS)
def test_everything_lies_in_the_closed_parcel(seed: int) -> None:
    cell = standing(seed)
    dx, dy, yaw = cell.model.body("parcel").pos[0], cell.model.body("parcel").pos[1], 2 * np.arcsin(
        cell.model.body("parcel").quat[3]
    )  # fmt: skip
    c, s = np.cos(yaw), np.sin(yaw)
    lid = cell.data.body("lid")
    assert lid.xpos[2] == pytest.approx(layout.PARCEL_HEIGHT + 0.002, abs=0.002) and lid.xmat[8] > 0.9999
    for item in cell.items:
        points = np.concatenate([corners(cell, g) for g in solid(cell, item.name)])
        x, y = c * (points[:, 0] - dx) + s * (points[:, 1] - dy), -s * (points[:, 0] - dx) + c * (points[:, 1] - dy)
        centre = cell.data.body(item.name).xpos
        assert abs(c * (centre[0] - dx) + s * (centre[1] - dy)) < layout.PARCEL_INNER[0] / 2
        # A bounding box sticks out further than the thing in it where that is round.
        assert np.abs(x).max() < layout.PARCEL_INNER[0] / 2 + 0.03 and np.abs(y).max() < layout.PARCEL_INNER[1] / 2 + 0.03
        assert centre[2] > layout.PARCEL_FLOOR and centre[2] < layout.PARCEL_HEIGHT
        assert cell.truth.location(item) == "parcel"
    assert cell.data.time == 0.0 and not cell.data.qvel.any()


def test_some_things_touch() -> None:
    pairs = 0
    for seed in SEEDS:
        cell = standing(seed)
        bodies = {cell.model.body(item.name).id for item in cell.items}
        touching = {frozenset(cell.model.geom_bodyid[[k.geom1, k.geom2]].tolist()) for k in cell.data.contact[: cell.data.ncon]}
        pairs += sum(len(pair) == 2 and pair <= bodies for pair in touching)
    assert pairs >= 4


def test_nothing_stirs_while_the_robot_waits() -> None:
    cell = build(17)
    places = {item.name: cell.data.body(item.name).xpos.copy() for item in cell.items}
    hold(cell, HOME, 500)
    for name, before in places.items():
        np.testing.assert_allclose(cell.data.body(name).xpos, before, atol=1e-3)
    assert cell.truth.report()["violations"] == {} and cell.truth.report()["steps"] == 500


@pytest.mark.parametrize("seed", SEEDS)
def test_every_thing_weighs_what_was_drawn(seed: int) -> None:
    cell = standing(seed)
    assert 6 <= len(cell.items) <= 12
    for item in cell.items:
        assert cell.model.body(item.name).mass[0] == pytest.approx(item.mass, rel=1e-6) and 0.03 <= item.mass <= 0.8


# ── nothing but forces ───────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("seed", SEEDS)
def test_no_weld_no_mocap_and_every_motor_of_the_robot_has_its_limit(seed: int) -> None:
    model = standing(seed).model
    assert model.nmocap == 0 and [model.equality(i).name for i in range(model.neq)] == ["fingers_together"]
    for i in range(model.nu):
        if not model.actuator(i).name.startswith("person_"):  # a figure that touches nothing
            assert model.actuator_forcelimited[i] and 0 < model.actuator_forcerange[i, 1] < 1e3
    person = model.body("person").id
    assert not model.geom_contype[model.geom_bodyid == person].any()
    assert not model.geom_conaffinity[model.geom_bodyid == person].any()


# ── the truth ────────────────────────────────────────────────────────────────────────────────────────────────────────
@functools.cache
def playground() -> Cell:
    """A cell whose things are put here and there by hand; so none may sleep."""
    cell = build(1)
    cell.model.opt.enableflags &= ~int(mujoco.mjtEnableBit.mjENBL_SLEEP)
    return cell


def put(cell: Cell, item: ItemSpec, x: float, y: float, z: float) -> str:
    start = int(cell.model.joint(item.name).qposadr[0])
    cell.data.qpos[start : start + 7] = (x, y, z, 1.0, 0.0, 0.0, 0.0)
    mujoco.mj_forward(cell.model, cell.data)
    return cell.truth.location(item)


@pytest.mark.parametrize("place", [p for p in layout.workplace().places if p.kind in ("bin", "reject", "parcel", "station")],
                         ids=lambda p: p.name)  # fmt: skip
def test_the_truth_knows_every_place_to_its_edges(place) -> None:  # type: ignore[no-untyped-def]
    cell, item = playground(), playground().items[0]
    labels = dict(zip((p.name for p in layout.bin_places()), cell.truth._labels.values(), strict=True))
    wanted = labels.get(place.name, place.name)
    (x, y), (hx, hy) = place.centre, (place.size[0] / 2 - 0.02, place.size[1] / 2 - 0.02)
    for dx, dy in ((0, 0), (hx, hy), (-hx, hy), (hx, -hy), (-hx, -hy)):
        assert put(cell, item, x + dx, y + dy, place.floor + 0.03) == wanted
    assert put(cell, item, x, y, place.floor + 0.4) != wanted
    assert put(cell, item, x, y, place.floor - 0.05) != wanted


def test_the_bins_carry_the_labels_that_were_drawn() -> None:
    """The label at each bin is the one that is painted there."""
    cell = standing(1)
    for place, label in cell.truth._labels.items():
        body = cell.model.body(place)
        materials = {cell.model.geom_matid[g] for g in range(int(body.geomadr[0]), int(body.geomadr[0]) + int(body.geomnum[0]))}
        assert cell.model.material(f"label_{label}").id in materials
    assert sorted(cell.truth._labels.values()) == sorted(layout.LABELS)


def test_elsewhere_is_the_table_or_the_floor() -> None:
    cell, item = playground(), playground().items[0]
    assert put(cell, item, 0.05, -0.20, 0.03) == "table" and put(cell, item, 1.5, 0.0, -0.68) == "floor"


def test_final_says_what_everything_is_and_where_the_rule_wants_it() -> None:
    rule = dict(layout.STORING_RULE)
    for seed in SEEDS:
        cell = standing(seed)
        final = cell.truth.final()
        assert list(final) == [item.name for item in cell.items]
        for item in cell.items:
            told = final[item.name]
            assert set(told) == {"category", "colour", "damaged", "location", "belongs"}
            assert (told["category"], told["colour"], told["damaged"]) == (item.category, item.colour, item.damaged)
            assert told["belongs"] == ("reject" if item.damaged else rule[item.category])
    assert {told["belongs"] for seed in SEEDS for told in standing(seed).truth.final().values()} > {"reject"}


@pytest.mark.parametrize(
    ("name", "bend"),
    [
        ("joint_velocity", lambda c: c.data.qvel.__setitem__(c.model.joint("wrist_3").dofadr[0], -4.0)),
        ("joint_position", lambda c: c.data.qpos.__setitem__(c.model.joint("elbow").qposadr[0], 3.15)),
        ("joint_position", lambda c: c.data.qpos.__setitem__(c.model.joint("elbow").qposadr[0], -3.15)),
        ("joint_torque", lambda c: c.data.qfrc_actuator.__setitem__(c.model.joint("wrist_1").dofadr[0], 28.1)),
        ("tool_speed", lambda c: c.data.site_xpos.__setitem__((c.model.site("tool").id, 2), 0.25)),
        ("workspace", lambda c: c.data.site_xpos.__setitem__((c.model.site("tool").id, 2), -0.01)),
    ],
)
def test_a_broken_limit_is_counted(name: str, bend: Callable[[Cell], None]) -> None:
    cell = build(1, items=1)
    cell.truth.watch()
    assert cell.truth.report()["violations"] == {}
    bend(cell)
    cell.truth.watch()
    assert cell.truth.report()["violations"][name] == 1 and cell.truth.report()["steps"] == 2


# ── holding by friction ──────────────────────────────────────────────────────────────────────────────────────────────
def hold(cell: Cell, q: np.ndarray, ticks: int, width: float = 0.08, force: float = 20.0, each: Any = None) -> None:
    """The arm stands still, without a guard, for `ticks`."""
    for i in range(ticks):
        if each is not None:
            each()
        command = Command(i, cell.robot.now(), q, np.zeros(6), width, force, "test")
        cell.robot.apply(Approved(command, PASS))
        cell.robot.advance()


def only(category: str) -> Cell:
    """A cell with one whole thing of a category."""
    for seed in range(100):
        rng = np.random.default_rng(np.random.SeedSequence(seed).spawn(1)[0])
        rng.integers(6, 13)
        (item,) = draw_items(1, rng, 0.0, 0.0)
        if item.category == category:
            return build(seed, items=1, damaged_share=0.0, tagged_share=0.0)
    raise AssertionError(category)


def in_hand(cell: Cell, mass: float, force: float) -> tuple[ItemSpec, Callable[[], float]]:
    """Puts the only thing between the fingers over the table, closes them on it, and lets go of it.

    Returns the thing and how far [m] it is below the tool.
    """
    (item,) = cell.items
    cell.model.opt.enableflags &= ~int(mujoco.mjtEnableBit.mjENBL_SLEEP)
    body = cell.model.body(item.name)
    body.inertia[:] *= mass / body.mass[0]
    body.mass[:] = mass
    mujoco.mj_setConst(cell.model, mujoco.MjData(cell.model))
    start, dof = int(cell.model.joint(item.name).qposadr[0]), int(cell.model.joint(item.name).dofadr[0])
    tool = cell.data.site("tool").xpos.copy()

    def carried() -> None:
        cell.data.qpos[start : start + 7] = (*(tool - [0, 0, 0.012]), 1.0, 0.0, 0.0, 0.0)
        cell.data.qvel[dof : dof + 6] = 0.0

    hold(cell, HOME, 100, 0.09)
    tool = cell.data.site("tool").xpos.copy()
    hold(cell, HOME, 300, 0.0, force, carried)
    return item, lambda: float(cell.data.site("tool").xpos[2] - cell.data.body(item.name).xpos[2])


def test_a_heavy_can_in_the_hand_does_not_creep() -> None:
    """0.8 kg held with 40 N for 5 s; the wrist feels its weight, and the truth knows where it is."""
    cell = only("can")
    item, below = in_hand(cell, 0.8, 40.0)
    hold(cell, HOME, 100, 0.0, 40.0)
    before = below()
    hold(cell, HOME, round(5.0 / CONTROL_PERIOD), 0.0, 40.0)
    assert abs(below() - before) < 0.002
    assert cell.truth.location(item) == "hand"
    felt = np.mean([cell.robot.read().wrench[2] for _ in range(200)])
    assert felt == pytest.approx(0.8 * 9.81, abs=0.5)
    assert cell.robot.read().grip_width == pytest.approx(2 * item.size[0], abs=0.003)


def test_fingers_that_do_not_press_hold_nothing() -> None:
    """It is the press that holds: 1 N of it lets the same can fall."""
    cell = only("can")
    item, below = in_hand(cell, 0.8, 1.0)
    hold(cell, HOME, 400, 0.0, 1.0)
    assert below() > 0.05 and cell.truth.location(item) != "hand"


def test_what_one_finger_touches_is_not_in_the_hand() -> None:
    cell = only("can")
    (item,) = cell.items
    cell.model.opt.enableflags &= ~int(mujoco.mjtEnableBit.mjENBL_SLEEP)
    hold(cell, HOME, 150, 0.098)
    tool, x = cell.data.site("tool").xpos.copy(), cell.data.site("tool").xmat.reshape(3, 3)[:, 0]
    fingers = float(cell.data.joint("finger_left").qpos[0])
    for side, name in ((1.0, "left"), (-1.0, "right")):
        at = tool + side * (fingers - item.size[0] + 0.0005) * x
        assert put(cell, item, *at) != "hand"
        pads = {cell.model.geom(f"pad_{s}").id for s in ("left", "right")}
        touched = {g for k in cell.data.contact[: cell.data.ncon] for g in (k.geom1, k.geom2)} & pads
        assert touched == {cell.model.geom(f"pad_{name}").id}


# ── cameras and the door ─────────────────────────────────────────────────────────────────────────────────────────────
def test_a_picture_shows_the_moment_it_was_taken_and_its_noise_is_the_seeds() -> None:
    cell, again = build(1, items=1), build(1, items=1)
    taken, at_once = cell.robot.expose("wrist"), again.robot.expose("wrist")()
    hold(cell, HOME + [0.3, 0, 0, 0, 0, 0], 100)
    late = taken()
    assert late.t == 0.0 and cell.robot.now() == pytest.approx(0.2)
    np.testing.assert_array_equal(late.rgb, at_once.rgb)
    np.testing.assert_array_equal(late.depth, at_once.depth)
    assert late.rgb.shape == (*SMALL, 3) and not late.rgb.flags.writeable and not late.depth.flags.writeable
    second = again.robot.expose("wrist")()
    assert not np.array_equal(second.depth, at_once.depth, equal_nan=True)  # the noise is new in each
    cell.close()
    again.close()


def test_the_registry_opens_the_cell_and_names_what_it_has() -> None:
    world = open_world("cell", WorldOptions(seed=1, items=2, renderer="rays"))
    try:
        assert world.renderer == "rays" and len(world.things()) == 2 and world.workplace == layout.workplace()
        assert all(thing.location == "parcel" and thing.size > 1e-5 for thing in world.things().values())
        assert world.robot.spec.name == "ur5e" and world.extremes()["steps"] == 0
    finally:
        world.close()
    with pytest.raises(BadInput, match=r"the world: found 'cel'; allowed: one of cell.*; did you mean 'cell'\?"):
        open_world("cel", WorldOptions())
    for open_or_draw in (open_world, workplace_of):
        with pytest.raises(BadInput, match="the number of items: found 40"):
            open_or_draw("cell", WorldOptions(items=40))


def test_a_workplace_is_told_without_its_world(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a world can do that; else it is built, and freed."""
    with monkeypatch.context() as patch:
        patch.setattr("moravec.worlds.cell.entry.Cell", None)
        assert workplace_of("cell", WorldOptions()) == layout.workplace()
        assert workplace_of("cell", WorldOptions(conveyor="0.05")) == layout.workplace(True)
    closed = []

    class Plain:  # itself what is loaded: its property is no hook
        def __init__(self, options: WorldOptions) -> None:
            self.options = options

        @property
        def workplace(self) -> Workplace:
            return layout.workplace()

        def close(self) -> None:
            closed.append(self)

    monkeypatch.setattr("moravec.worlds.registry.EntryPoint.load", lambda entry: Plain)
    assert workplace_of("cell", WorldOptions()) == layout.workplace() and len(closed) == 1
