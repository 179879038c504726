"""Conditions of things, robot, floor and people: measured in the world as it is, each at two severities."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import mujoco
import numpy as np
import pytest

from moravec.core.command import Command
from moravec.core.errors import BadInput
from moravec.core.frames import Matrix
from moravec.core.observation import RobotState
from moravec.core.verdict import Approved, Verdict
from moravec.guard.guard import Guard
from moravec.robots.ur5e.driver import CONTROL_PERIOD
from moravec.robots.ur5e.model import SERVO_STIFFNESS
from moravec.worlds.cell import layout
from moravec.worlds.cell.bodies import deliver
from moravec.worlds.cell.conditions.conditions import ALL, Conditions
from moravec.worlds.cell.config import CellConfig, draw
from moravec.worlds.cell.ground import G, gravity, slopes
from moravec.worlds.cell.items import CATEGORIES, ItemSpec
from moravec.worlds.cell.limits import cell_limits
from moravec.worlds.cell.mishaps import Mishap
from moravec.worlds.cell.things.build import add_item
from moravec.worlds.cell.things.unseen import FORMS
from moravec.worlds.cell.world import Cell
from moravec.worlds.registry import WorldOptions, open_world

HOME = np.array(layout.HOME_Q)
PASS = Verdict("pass", "test", -1, 0.0, 1.0, 1.0, "for the test")
MINE = ("objects.", "robot.", "floor.", "people.")


def build(*conditions: str, seed: int = 1, **changes: Any) -> Cell:
    options = {"items": 2, "image": (60, 80), "renderer": "rays"} | changes
    return Cell(CellConfig(seed=seed, conditions=Conditions.parse(conditions), **options))


@functools.cache
def standing(*conditions: str) -> Cell:
    """One cell for all tests that only look."""
    return build(*conditions)


def delivered(*conditions: str, seed: int = 1, items: int = 8) -> tuple[ItemSpec, ...]:
    config = CellConfig(seed=seed, items=items, conditions=Conditions.parse(conditions))
    return deliver(draw(config, layout.LABELS), config)


def steps(cell: Cell, seconds: float, q: Matrix = HOME) -> Iterator[int]:
    """Holds `q`, without a guard."""
    for i in range(round(seconds / CONTROL_PERIOD)):
        cell.robot.apply(Approved(Command(i, cell.robot.now(), q, np.zeros(6), 0.08, 20.0, "test"), PASS))
        cell.robot.advance()
        yield i


def rest(cell: Cell, seconds: float) -> None:
    for _ in steps(cell, seconds):
        pass


def falling(cell: Cell, seconds: float) -> Matrix:
    """The acceleration of a thing that falls from high over the table, in each step (n, 3) [m/s2]."""
    joint = cell.model.joint(cell.items[0].name)
    at, dof = int(joint.qposadr[0]), int(joint.dofadr[0])
    cell.model.opt.enableflags &= ~int(mujoco.mjtEnableBit.mjENBL_SLEEP)
    cell.data.qpos[at : at + 3], cell.data.qvel[dof : dof + 6] = (0.9, 0.9, 6.0), 0.0
    speeds = [cell.data.qvel[dof : dof + 3].copy() for _ in steps(cell, seconds)]
    return np.asarray(np.diff(speeds, axis=0) / CONTROL_PERIOD)


# ── as drawn ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_conditions_that_are_said_to_be_as_drawn_change_no_byte() -> None:
    usual = {name: getattr(getattr(Conditions(), name.split(".")[0]), name.split(".")[1]) for name in ALL}
    one, other = standing(), build(*(f"{name}={value}" for name, value in usual.items()))
    models = [np.empty(mujoco.mj_sizeModel(cell.model), np.uint8) for cell in (one, other)]
    for cell, buffer in zip((one, other), models, strict=True):
        mujoco.mj_saveModel(cell.model, None, buffer)
    assert models[0].tobytes() == models[1].tobytes() and one.data.qpos.tobytes() == other.data.qpos.tobytes()
    assert one.items == other.items


@pytest.mark.parametrize("name", ["robot.backlash=0.01", "robot.heat=50", "people.visits=2", "objects.mass=1.5"])
def test_a_condition_of_one_family_draws_nothing_of_another(name: str) -> None:
    one, other = (draw(CellConfig(conditions=Conditions.parse(said)), layout.LABELS) for said in ([], [name]))
    assert {key: stream.random() for key, stream in one.streams.items()} == {
        key: stream.random() for key, stream in other.streams.items()
    }


def test_where_nothing_is_asked_nothing_is_found() -> None:
    found = {name: value for name, value in standing().found().items() if name.startswith(MINE)}
    usual = {name: getattr(getattr(Conditions(), name.split(".")[0]), name.split(".")[1]) for name in found}
    assert found == usual


def test_a_run_tells_what_was_asked_and_what_was_found() -> None:
    asked = {"objects.mass": 1.3, "robot.start": 0.2, "robot.friction": 3.0, "floor.slope_y": -0.05}
    world = open_world("cell", WorldOptions(1, 1, "rays", conditions=tuple(f"{k}={v}" for k, v in asked.items())))
    try:
        json.dumps(world.extremes(), allow_nan=False)  # a report begins before the first step
        world.robot.advance()
        told = world.extremes()["conditions"]
    finally:
        world.close()
    assert {name: entry["asked"] for name, entry in told.items()} == asked
    assert {name: entry["found"] for name, entry in told.items()} == pytest.approx(asked, abs=1e-6)


@pytest.mark.parametrize("name", sorted(name for name in ALL if name.startswith(MINE)))
def test_what_is_no_number_of_that_measure_is_refused(name: str) -> None:
    for value in (ALL[name].low - 0.01, ALL[name].high + 0.01, float("nan")):
        with pytest.raises(BadInput, match=name):
            Conditions.parse([f"{name}={value}"])


@pytest.mark.parametrize("name", ["objects.distractors", "objects.clutter"])
def test_things_are_counted_in_whole_numbers(name: str) -> None:
    with pytest.raises(BadInput, match="a whole number, 0 to"):
        Conditions.parse([f"{name}=1.5"])


# ── things ───────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("mass", [0.5, 1.5])
def test_things_press_as_much_more_on_what_they_lie_on_as_they_are_heavier(mass: float) -> None:
    cell = build(f"objects.mass={mass}", items=1)
    (item,) = cell.items
    rest(cell, 0.2)
    body, pressed, force = cell.model.body(item.name).id, 0.0, np.zeros(6)
    cell.model.opt.enableflags &= ~int(mujoco.mjtEnableBit.mjENBL_SLEEP)
    mujoco.mj_forward(cell.model, cell.data)
    for k in range(cell.data.ncon):
        pair = cell.model.geom_bodyid[cell.data.contact[k].geom]
        if body in pair:
            mujoco.mj_contactForce(cell.model, cell.data, k, force)
            world = cell.data.contact[k].frame.reshape(3, 3).T @ force[:3]
            pressed += world[2] * (1.0 if pair[1] == body else -1.0)
    assert pressed / G == pytest.approx(mass * item.mass, rel=0.05)
    assert cell.found()["objects.mass"] == pytest.approx(mass)
    assert cell.items == build(items=1).items, "what is declared stays"


@pytest.mark.parametrize("friction", [0.3, 1.5])
def test_things_slip_on_what_they_lie_on_and_in_the_hand(friction: float) -> None:
    cell, usual = standing(f"objects.friction={friction}"), standing()

    def contacts(cell: Cell) -> set[float]:
        items = {cell.model.body(item.name).id for item in cell.items}
        pairs = ((contact, cell.model.geom_bodyid[contact.geom]) for contact in cell.data.contact[: cell.data.ncon])
        return {round(float(contact.friction[0]), 9) for contact, pair in pairs if items & set(pair.tolist())}

    assert contacts(cell) <= {round(friction * mu, 9) for mu in (0.8, 1.0)} and contacts(cell)
    assert contacts(usual) <= {0.8, 1.0}
    pads = [float(c.model.geom("pad_left").friction[0]) for c in (cell, usual)]
    assert pads[0] == pytest.approx(friction * pads[1])
    assert cell.found()["objects.friction"] == pytest.approx(friction)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(("name", "field"), [("unseen", "form"), ("texture", "pattern")])
def test_a_larger_share_has_the_things_of_a_smaller_one_too(name: str, field: str, seed: int) -> None:
    plain, before = delivered(seed=seed), set()
    for share, count in ((0.25, 2), (0.75, 6), (1.0, 8)):
        items = delivered(f"objects.{name}={share}", seed=seed)
        now = {item.name for item in items if getattr(item, field)}
        assert len(now) == count and now >= before
        assert tuple(replace(item, **{field: ""}) for item in items) == plain
        before = now


@pytest.mark.parametrize(("name", "share"), [("unseen", 0.5), ("unseen", 1.0), ("texture", 0.5), ("texture", 1.0)])
def test_unseen_shapes_and_patterns_are_found_in_the_model(name: str, share: float) -> None:
    assert standing(f"objects.{name}={share}").found()[f"objects.{name}"] == share


@pytest.mark.parametrize("form", [True, False])
@pytest.mark.parametrize("category", CATEGORIES)
def test_every_shape_stands_weighs_what_it_should_and_has_a_size_like_its_kind(category: str, form: bool) -> None:
    def settled(item: ItemSpec) -> tuple[mujoco.MjModel, mujoco.MjData]:
        spec = mujoco.MjSpec()
        spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_PLANE, size=[1, 1, 0.1])
        add_item(spec, item, (0.0, 0.0, 0.1))
        model = spec.compile()
        data = mujoco.MjData(model)
        for _ in range(700):
            mujoco.mj_step(model, data)
        return model, data

    (usual,) = [i for seed in range(40) for i in delivered(seed=seed, items=12) if i.category == category and not i.code][:1]
    item = replace(usual, form=FORMS[category] if form else "", damaged=True, pattern="label")
    model, data = settled(item)
    plain, _ = settled(replace(item, damaged=False, pattern=""))
    assert 0.005 < data.qpos[2] < 0.07 and np.abs(data.qvel).max() < 3.0
    assert model.body(item.name).mass[0] == pytest.approx(item.mass)
    assert model.ngeom >= plain.ngeom + 4 and sum(model.geom_contype > 0) == sum(plain.geom_contype > 0)
    assert np.allclose(model.body_inertia, plain.body_inertia), "paint weighs nothing"
    usual_model, _ = settled(replace(item, form=""))
    reach = [float((np.linalg.norm(m.geom_pos, axis=1) + m.geom_rbound)[1:].max()) for m in (model, usual_model)]
    assert 0.6 < reach[0] / reach[1] < 1.5


@pytest.mark.parametrize("count", [2, 8])
def test_distractors_lie_on_the_bare_table_and_are_nobodys_business(count: int) -> None:
    cell = build(f"objects.distractors={count}", items=1, seed=3)
    rest(cell, 0.5)
    strays = cell.bodies.strays
    assert strays is not None and cell.found()["objects.distractors"] == count and strays.moved() == {}
    for item in strays.items:
        x, y, z = cell.data.body(item.name).xpos
        assert 0.0 < z < 0.1 and not any(p.contains(x, y, -0.03) for p in cell.workplace.places if p.kind != "table")
    assert set(cell.truth.final()) == {"thing_0"}, "no job is scored by them"
    more = build("objects.distractors=8", items=1, seed=3).bodies.strays
    assert more is not None and more.items[:count] == strays.items
    assert cell.items == build(items=1, seed=3).items


def test_a_distractor_that_is_touched_is_told() -> None:
    cell = build("objects.distractors=2", items=1)
    strays = cell.bodies.strays
    assert strays is not None
    at = int(cell.model.joint("stray_1").qposadr[0])
    cell.data.qpos[at] += 0.05
    mujoco.mj_forward(cell.model, cell.data)
    assert strays.moved() == {"stray_1": pytest.approx(0.05, abs=1e-4)}


@pytest.mark.parametrize("count", [1, 4])
def test_clutter_lies_in_the_closed_parcel_with_the_rest(count: int) -> None:
    cell = build(f"objects.clutter={count}", seed=6)
    assert len(cell.items) == 2 + count and cell.found()["objects.clutter"] == count
    assert all(cell.truth.location(item) == "parcel" for item in cell.items)
    assert cell.data.body("lid").xpos[2] == pytest.approx(layout.PARCEL_HEIGHT + 0.002, abs=0.002)
    assert cell.items[:2] == delivered(seed=6, items=2)
    assert len({item.name for item in cell.items}) == 2 + count


def test_a_spare_thing_beside_clutter_has_a_name_of_its_own() -> None:
    cell = build("objects.clutter=2", items=2, mishaps=(Mishap.parse("added"),))
    assert [item.name for item in cell.items] == [f"thing_{i}" for i in range(5)]
    assert cell.found()["objects.clutter"] == 2


# ── the arm ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def state_at(q: Matrix) -> RobotState:
    still = np.zeros(6)
    return RobotState(1, 0.0, q, still, still, 0.08, 0.0, still, False)


@pytest.mark.parametrize("away", [0.05, 0.3])
@pytest.mark.parametrize("seed", [1, 4, 9])
def test_the_arm_starts_away_from_home_where_the_guard_lets_it(away: float, seed: int) -> None:
    cell = build(f"robot.start={away}", seed=seed, items=1)
    q = cell.robot.read().q
    assert np.abs(q - HOME).max() == pytest.approx(away, abs=2e-4) == pytest.approx(cell.found()["robot.start"], abs=2e-4)
    guard = Guard(replace(cell_limits(), separation=None))
    command = Command(1, 0.0, q, np.zeros(6), 0.08, 20.0, "test", made=0.0, expires=1.0, seen=0.0)
    verdict = guard.check(command, state_at(q), 0.0).verdict
    assert verdict.decision == "pass", verdict


def test_a_worn_arm_is_found_worn_in_the_cell() -> None:
    asked = {"robot.backlash": 0.006, "robot.gear": 0.0008, "robot.offset": 0.01, "robot.heat": 60.0}
    cell = build(*(f"{name}={value}" for name, value in asked.items()), items=1)
    for i in range(300):
        for _ in steps(cell, CONTROL_PERIOD, HOME + 0.02 * np.sin(i / 30.0)):
            pass
    found = cell.found()
    assert found["robot.heat"] == pytest.approx(60.0 * (1.0 - np.exp(-0.6 / 120.0)), rel=0.02)
    assert {name: found[name] for name in asked if name != "robot.heat"} == pytest.approx(
        {name: value for name, value in asked.items() if name != "robot.heat"}, rel=0.05
    )


@pytest.mark.parametrize("offset", [0.005, 0.05])
def test_the_wrists_camera_is_said_to_be_where_the_encoders_put_it(offset: float) -> None:
    cell, usual = build(f"robot.offset={offset}", items=1), build(items=1)
    off = cell.robot.read().q - HOME
    for camera in ("wrist", "overhead"):
        told, true = (c.robot.expose(camera)().T_world_camera for c in (cell, usual))
        shift = float(np.linalg.norm(told[:3, 3] - true[:3, 3]))
        assert (shift > 0.2 * offset) == (camera == "wrist") and shift < 3.0 * offset
        if camera == "wrist":
            usual.data.qpos[usual.model.jnt_qposadr[[usual.model.joint(n).id for n in cell.robot.spec.joint_names]]] += off
            mujoco.mj_kinematics(usual.model, usual.data)
            there = usual.robot.expose("wrist")().T_world_camera
            np.testing.assert_allclose(told, there, atol=5e-4)


# ── the floor ────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(("x", "y"), [(0.05, 0.0), (-0.15, 0.0), (0.0, 0.15), (0.1, -0.1)])
def test_things_fall_along_the_gravity_of_the_slope(x: float, y: float) -> None:
    cell = build(f"floor.slope_x={x}", f"floor.slope_y={y}", items=1)
    fallen = falling(cell, 0.1).mean(axis=0)
    assert slopes(fallen) == pytest.approx((x, y), abs=1e-3) and np.linalg.norm(fallen) == pytest.approx(G, rel=1e-3)
    found = cell.found()
    assert (found["floor.slope_x"], found["floor.slope_y"]) == pytest.approx((x, y), abs=1e-9)
    if x and not y:
        assert fallen[1] * x < 0.0, "+y goes up: things fall towards -y"


def test_slopes_are_the_inverse_of_gravity() -> None:
    for x in (-0.15, 0.0, 0.08):
        for y in (-0.1, 0.0, 0.15):
            assert slopes(gravity(x, y)) == pytest.approx((x, y), abs=1e-12)
    assert gravity(0.0, 0.0).tolist() == [0.0, 0.0, -G]


@pytest.mark.parametrize("slope", [0.05, 0.15])
def test_an_arm_that_is_not_told_of_the_slope_sags_under_its_own_weight(slope: float) -> None:
    """Of the shoulder pan, whose axis stands upright on a level table: its spring holds what the weight beside it turns."""
    cell, level = (build(*said, items=1) for said in ([f"floor.slope_x={slope}"], []))
    for c in (cell, level):
        c.model.dof_frictionloss[:] = 1e-4  # friction would hold the most of it
        rest(c, 2.0)
    arm = cell.model.body("link_1").id
    lever = cell.data.subtree_com[arm] - cell.data.xpos[arm]
    turned = float(np.cross(lever, cell.model.body_subtreemass[arm] * gravity(slope, 0.0))[2])  # [N m]
    pan = cell.model.joint("shoulder_pan").qposadr[0]
    sign = float(cell.data.xaxis[cell.model.joint("shoulder_pan").id][2])
    assert SERVO_STIFFNESS[0] * (cell.data.qpos[pan] - HOME[0]) * sign == pytest.approx(turned, rel=0.05) and abs(turned) > 0.1
    assert abs(level.data.qpos[pan] - HOME[0]) < 1e-5


@pytest.mark.parametrize(("amplitude", "frequency"), [(0.5, 8.0), (3.0, 20.0)])
def test_things_feel_the_table_shake(amplitude: float, frequency: float) -> None:
    cell = build(f"floor.vibration={amplitude}", f"floor.frequency={frequency}", items=1)
    felt = falling(cell, 0.5) + np.array([0.0, 0.0, G])
    along = felt @ np.linalg.svd(felt)[2][0]
    assert np.ptp(along) / 2.0 == pytest.approx(amplitude, rel=0.03)
    spectrum = np.abs(np.fft.rfft(along, 2 * len(along)))
    assert spectrum.argmax() / (2 * len(along) * CONTROL_PERIOD) == pytest.approx(frequency, abs=1.1)
    found = cell.found()
    assert found["floor.vibration"] == pytest.approx(amplitude, rel=0.03)
    assert found["floor.frequency"] == pytest.approx(frequency, abs=1.1)


def test_what_lies_in_the_parcel_is_shaken_awake() -> None:
    cell, still = build("floor.vibration=3", items=1), build(items=1)
    for c in (cell, still):
        rest(c, 0.1)
    name = cell.items[0].name
    assert np.abs(cell.data.joint(name).qvel).max() > 1e-4 > np.abs(still.data.joint(name).qvel).max()


# ── people ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_visits_are_counted_where_the_figure_is() -> None:
    cell = build("people.visits=2", items=1)
    for t, x in ((0.0, 4.0), (10.0, 1.0), (20.0, 1.2), (30.0, 4.0), (40.0, 1.0), (60.0, 1.0)):
        cell.data.time, cell.data.joint("person_x").qpos, cell.data.joint("person_y").qpos = t, x, 0.0
        mujoco.mj_kinematics(cell.model, cell.data)
        cell.bodies.step()
    assert cell.found()["people.visits"] == pytest.approx(2.0)
