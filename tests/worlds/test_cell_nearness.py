"""The truth about how near somebody was: distances against brute force, and the law counted where it is broken only."""

from __future__ import annotations

import functools

import mujoco
import numpy as np
import pytest

from moravec.core.command import Command
from moravec.core.frames import Matrix
from moravec.core.verdict import Approved, Verdict
from moravec.robots.ur5e.driver import CONTROL_PERIOD
from moravec.skills.trajectory import MotionLimits, joint_motion
from moravec.worlds.cell import layout
from moravec.worlds.cell.config import CellConfig
from moravec.worlds.cell.nearness import MOVING, WATCHED, required
from moravec.worlds.cell.world import Cell

HOME = np.array(layout.HOME_Q)
PASS = Verdict("pass", "test", -1, 0.0, 1.0, 1.0, "for the test")


@functools.cache
def standing() -> Cell:
    return Cell(CellConfig(seed=1, items=1, image=(48, 64), renderer="rays"))


def fresh(x: float, y: float) -> Cell:
    """A cell with somebody standing there."""
    cell = Cell(CellConfig(seed=1, items=1, image=(48, 64), renderer="rays"))
    put(cell, x, y)
    mujoco.mj_forward(cell.model, cell.data)
    return cell


def put(cell: Cell, x: float, y: float) -> None:
    for name, value in (("person_x", x), ("person_y", y)):
        cell.data.joint(name).qpos = cell.data.actuator(name).ctrl = value
        cell.data.joint(name).qvel = 0.0


def samples(cell: Cell, bodies: tuple[str, ...]) -> tuple[Matrix, Matrix]:
    """Points in all their geoms as seen from above (n, 2) and the radii around them (n,) [m]."""
    model, data = cell.model, cell.data
    points, radii = [], []
    for body in (model.body(name).id for name in bodies):
        for g in np.flatnonzero(model.geom_bodyid == body):
            size, R, at = model.geom_size[g], data.geom_xmat[g].reshape(3, 3), data.geom_xpos[g]
            if model.geom_type[g] == mujoco.mjtGeom.mjGEOM_BOX:
                steps = np.linspace(-1, 1, 7)
                local, radius = np.stack(np.meshgrid(steps, steps, steps), axis=3).reshape(-1, 3) * size, 0.0
            elif model.geom_type[g] == mujoco.mjtGeom.mjGEOM_CAPSULE:
                local, radius = np.linspace(-1, 1, 41)[:, None] * [0, 0, size[1]], size[0]
            else:
                local, radius = np.zeros((1, 3)), size[0]
            points.append((at + local @ R.T)[:, :2])
            radii.append(np.full(len(local), radius))
    return np.concatenate(points), np.concatenate(radii)


ARM = ("link_1", "link_2", "link_3", "link_4", "link_5", "link_6", "flange", "finger_left", "finger_right")


def test_distances_are_those_of_brute_force() -> None:
    cell, rng = standing(), np.random.default_rng(0)
    joints = [int(cell.model.joint(name).qposadr[0]) for name in cell.robot.spec.joint_names]
    for _ in range(12):
        cell.data.qpos[joints] = HOME + rng.uniform(-0.8, 0.8, 6)
        angle = rng.uniform(-np.pi, np.pi)
        put(cell, 1.6 * np.cos(angle), 1.6 * np.sin(angle))
        mujoco.mj_kinematics(cell.model, cell.data)
        (a, ra), (p, rp) = samples(cell, ARM), samples(cell, ("person",))
        brute = float((np.linalg.norm(a[:, None] - p, axis=2) - ra[:, None] - rp).min())
        near = cell.truth._nearness.watch()
        assert near is not None and near.distance == pytest.approx(brute, abs=0.004)
        assert near.distance <= brute + 1e-9


def test_whoever_is_far_is_not_measured() -> None:
    cell = standing()
    put(cell, WATCHED + 0.01, 0.0)
    mujoco.mj_kinematics(cell.model, cell.data)
    assert cell.truth._nearness.watch() is None


def test_the_law_is_what_its_docstring_says() -> None:
    assert required(0.8, 0.1, 1.6) == pytest.approx(1.6 * 0.1 + 0.04)
    assert required(0.0, 0.0, 1.6) == 0.0


def swing(cell: Cell, goal: Matrix) -> None:
    chunk = joint_motion(HOME, HOME + goal, MotionLimits(), "test")
    for k, t in enumerate(np.arange(0.0, chunk.duration, CONTROL_PERIOD)):
        q, dq = chunk.sample(float(t))
        cell.robot.apply(Approved(Command(k + 1, float(t), q, dq, 0.0, 20.0, "test"), PASS))
        cell.robot.advance()


TURN = np.array([0.9, 0.0, 0.0, 0.0, 0.0, 0.0])


def test_an_arm_at_rest_may_be_as_near_as_it_likes() -> None:
    tool = standing().data.site("tool").xpos
    cell = fresh(float(tool[0]) + 0.25, float(tool[1]))
    swing(cell, np.full(6, 1e-9))
    for _ in range(50):
        cell.robot.advance()
    report = cell.truth.report()
    assert report["violations"] == {} and report["person_distance"] < 0.1


def test_an_arm_that_moves_beside_somebody_breaks_the_law_and_one_that_moves_far_from_them_does_not() -> None:
    near, far = fresh(0.75, 0.35), fresh(1.9, 0.35)
    for cell in (near, far):
        swing(cell, TURN)
    broken, kept = near.truth.report(), far.truth.report()
    assert broken["violations"]["separation"] > 50 and broken["separation_margin"] < -0.1
    assert kept["violations"] == {} and 0.5 < kept["separation_margin"] < kept["person_distance"] - 0.1


@pytest.mark.parametrize("turning", [0.3, 1.0, 3.0])
def test_what_is_counted_is_the_formula_for_the_true_speed(turning: float) -> None:
    """The whole arm turns about the base's axis: each point's speed is its radius times the joint's."""
    cell = fresh(0.9, 0.3)
    near, pan = cell.truth._nearness, cell.model.joint("shoulder_pan")
    near.watch()
    cell.data.qpos[pan.qposadr] += turning * CONTROL_PERIOD
    cell.data.qvel[pan.dofadr] = turning
    mujoco.mj_kinematics(cell.model, cell.data)
    found = near.watch()
    (a, ra), (p, rp) = samples(cell, ARM), samples(cell, ("person",))
    distance = (np.linalg.norm(a[:, None] - p, axis=2) - rp).min(axis=1) - ra
    speed, stop_time = turning * np.linalg.norm(a, axis=1), turning / cell.robot.spec.limits.acceleration[0]
    assert found is not None
    assert found.margin == pytest.approx(float((distance - required(speed, stop_time, 1.6)).min()), abs=0.01)


def test_a_part_that_only_trembles_is_at_rest() -> None:
    cell = fresh(0.5, 0.1)
    near, pan = cell.truth._nearness, cell.model.joint("shoulder_pan")
    near.watch()
    cell.data.qpos[pan.qposadr] += 0.5 * MOVING * CONTROL_PERIOD
    mujoco.mj_kinematics(cell.model, cell.data)
    found = near.watch()
    assert found is not None and found.distance < 0.0 and found.margin == np.inf
