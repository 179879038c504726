"""The simulated UR5e: its maker's chain and masses, our drive-train figures and limits as they are compiled."""

from __future__ import annotations

import mujoco
import numpy as np
import pytest

from moravec.robots.ur5e import model
from moravec.robots.ur5e.kinematics import BASE_YAW, CENTRE_OF_MASS, DH, JOINTS, MASS
from moravec.robots.ur5e.limits import GRIP_FORCE, GRIP_WIDTH, ur5e_limits

LIMITS = ur5e_limits()


@pytest.fixture(scope="module")
def body() -> mujoco.MjModel:
    """The arm alone, with its servos."""
    spec = mujoco.MjSpec()
    spec.compiler.degree = False
    model.add_arm(spec)
    model.add_servos(spec, LIMITS.torque)
    return spec.compile()


def by_dh(q: np.ndarray, upto: int = 6) -> np.ndarray:
    """T_world_link by the textbook: Rz(theta) Tz(d) Tx(a) Rx(alpha), the base turned by BASE_YAW."""
    c, s = np.cos(BASE_YAW), np.sin(BASE_YAW)
    T = np.array([[c, -s, 0, 0], [s, c, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]])
    for angle, (theta0, a, d, alpha) in list(zip(q, DH, strict=True))[:upto]:
        ct, st, ca, sa = np.cos(theta0 + angle), np.sin(theta0 + angle), np.cos(alpha), np.sin(alpha)
        T = T @ np.array([[ct, -st * ca, st * sa, a * ct], [st, ct * ca, -ct * sa, a * st], [0, sa, ca, d], [0, 0, 0, 1.0]])
    return T


def at(body: mujoco.MjModel, q: np.ndarray) -> mujoco.MjData:
    data = mujoco.MjData(body)
    for name, angle in zip(JOINTS, q, strict=True):
        data.joint(name).qpos = angle
    mujoco.mj_forward(body, data)
    return data


@pytest.mark.parametrize("seed", range(20))
def test_the_flange_stands_and_turns_as_the_table_says(body: mujoco.MjModel, seed: int) -> None:
    q = np.random.default_rng(seed).uniform(LIMITS.position_min, LIMITS.position_max)
    data, T = at(body, q), by_dh(q)
    np.testing.assert_allclose(data.body("flange").xpos, T[:3, 3], atol=1e-9)
    np.testing.assert_allclose(data.body("flange").xmat.reshape(3, 3), T[:3, :3], atol=1e-9)
    tool = data.site("tool")
    np.testing.assert_allclose(tool.xpos, (T @ [*LIMITS.tool_offset, 1.0])[:3], atol=1e-9)
    np.testing.assert_allclose(tool.xmat.reshape(3, 3), T[:3, :3], atol=1e-9)


def test_masses_and_centres_are_the_published_ones(body: mujoco.MjModel) -> None:
    q = np.array([0.3, -1.2, 0.9, -0.4, 1.1, 0.2])
    data = at(body, q)
    for link, (mass, centre) in enumerate(zip(MASS, CENTRE_OF_MASS, strict=True), start=1):
        found = data.body(f"link_{link}")
        assert body.body(f"link_{link}").mass[0] == pytest.approx(mass)
        np.testing.assert_allclose(found.xipos, (by_dh(q, link) @ [*centre, 1.0])[:3], atol=1e-9)
    hand = sum(body.body(name).mass[0] for name in ("flange", "finger_left", "finger_right"))
    assert hand == pytest.approx(model.PALM_MASS + 2 * model.FINGER_MASS + 0.05)


def test_the_compiled_limits_are_the_tables(body: mujoco.MjModel) -> None:
    for joint, name in enumerate(JOINTS):
        found, motor, torque = body.joint(name), body.actuator(name), LIMITS.torque[joint]
        assert found.range[0] <= LIMITS.position_min[joint] < LIMITS.position_max[joint] <= found.range[1]
        assert body.jnt_limited[found.id] and body.jnt_actfrclimited[found.id] and body.actuator_forcelimited[motor.id]
        np.testing.assert_array_equal(body.jnt_actfrcrange[found.id], [-torque, torque])
        np.testing.assert_array_equal(motor.forcerange, [-torque, torque])
    fingers = body.actuator("fingers")
    assert body.actuator_forcelimited[fingers.id] and fingers.forcerange.tolist() == [-GRIP_FORCE, GRIP_FORCE]
    assert LIMITS.grip_force_max == GRIP_FORCE
    for side in ("left", "right"):
        np.testing.assert_allclose(body.joint(f"finger_{side}").range, np.array(GRIP_WIDTH) / 2)
    assert body.nu == 7


def test_the_compiled_drive_train_is_the_constants(body: mujoco.MjModel) -> None:
    """As mjlab does it: what the file says is what the engine has."""
    for joint, name in enumerate(JOINTS):
        dof, motor = body.joint(name), body.actuator(name)
        assert dof.armature[0] == model.REFLECTED_INERTIA[joint]
        assert dof.frictionloss[0] == model.JOINT_FRICTION[joint]
        assert dof.damping[0] == 0.0 and dof.stiffness[0] == 0.0
        k, c = model.SERVO_STIFFNESS[joint], model.SERVO_DAMPING[joint]
        assert motor.gainprm[0] == k and motor.biasprm[:3].tolist() == [0.0, -k, -c]
        assert body.body_gravcomp[body.body(f"link_{joint + 1}").id] == 1.0 and body.jnt_actgravcomp[dof.id]


def test_nothing_holds_but_friction(body: mujoco.MjModel) -> None:
    """One equality, and it only keeps the two fingers together."""
    assert (body.neq, body.nmocap) == (1, 0)
    assert body.equality(0).name == "fingers_together" and body.eq_type[0] == mujoco.mjtEq.mjEQ_JOINT
    joints = {body.eq_obj1id[0], body.eq_obj2id[0]}
    assert joints == {body.joint("finger_left").id, body.joint("finger_right").id}
    for side in ("left", "right"):
        pad = body.geom(f"pad_{side}")
        assert pad.conaffinity[0] == 1 and pad.friction.tolist() == list(model.PAD_FRICTION) and pad.priority[0] == 1


def test_the_fingers_close_along_the_tools_x_axis_and_meet_at_the_tool(body: mujoco.MjModel) -> None:
    data = at(body, np.zeros(6))
    for side, sign in (("left", 1.0), ("right", -1.0)):
        data.joint(f"finger_{side}").qpos = 0.03
        mujoco.mj_forward(body, data)
        pad = data.geom(f"pad_{side}").xpos - data.site("tool").xpos
        in_tool = data.site("tool").xmat.reshape(3, 3).T @ pad
        inner = in_tool[0] - sign * model.GRIPPER.finger_half[0]
        assert inner == pytest.approx(sign * 0.03, abs=1e-9) and abs(in_tool[1]) < 1e-9
        assert in_tool[2] + model.GRIPPER.finger_length / 2 == pytest.approx(0.0, abs=1e-9)  # its tip ends at the tool point
