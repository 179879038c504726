"""The UR5e with a parallel gripper as a MuJoCo model, drawn with clean primitives.

The chain is derived from the maker's Denavit-Hartenberg table in `kinematics.py`: body i+1 hangs from body i by the fixed part
of link i's transform, Tz(d) Tx(a) Rx(alpha), and turns about its own z axis. The base is turned by pi about z, so that the arm
reaches forward (+x) at joint zero. The hand is ours: two fingers on slides that move together and hold by friction alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

from moravec.robots.ur5e.kinematics import BASE_YAW, CENTRE_OF_MASS, DH, JOINTS, MASS
from moravec.robots.ur5e.limits import GRIP_FORCE

# Our own servo and drive-train figures: the maker does not publish these.
SERVO_STIFFNESS = (6000.0, 6000.0, 5000.0, 1500.0, 1500.0, 1000.0)  # [N m/rad]
SERVO_DAMPING = (300.0, 300.0, 240.0, 60.0, 60.0, 40.0)  # [N m s/rad]
REFLECTED_INERTIA = (0.8, 0.8, 0.6, 0.12, 0.12, 0.12)  # [kg m2] rotor inertia x gear ratio squared
JOINT_FRICTION = (2.0, 2.0, 1.5, 0.4, 0.4, 0.4)  # [N m] Coulomb

LINK_RADII = (0.058, 0.052, 0.042, 0.038, 0.038, 0.036)  # [m] of the drawn cylinders

WHITE = (0.93, 0.94, 0.95, 1.0)
GREY = (0.36, 0.39, 0.43, 1.0)
ACCENT = (0.16, 0.52, 0.78, 1.0)
RUBBER = (0.13, 0.14, 0.16, 1.0)


@dataclass(frozen=True, slots=True)
class GripperGeometry:
    """The hand's measures [m], in the flange frame: z away from the arm, x the closing direction."""

    palm_height: float = 0.095
    palm_half: tuple[float, float] = (0.045, 0.028)
    finger_length: float = 0.105
    finger_half: tuple[float, float] = (0.005, 0.011)  # half thickness along x, half width along y
    stroke: float = 0.10  # largest opening

    @property
    def tool_offset(self) -> float:
        """From the flange to the tool point between the finger tips."""
        return self.palm_height + self.finger_length


GRIPPER = GripperGeometry()
CAMERA_OFFSET = (0.0, -0.075, 0.03)  # [m] of the wrist camera in the flange frame; it looks along +z
CAMERA_FOVY = 55.0  # [deg], MuJoCo's unit
FINGER_MASS = 0.09  # [kg]
PALM_MASS = 0.75  # [kg]
PAD_FRICTION = (1.3, 0.02, 0.0005)  # sliding, torsional [m], rolling [m]


def _cylinder(body: mujoco.MjsBody, start: np.ndarray, end: np.ndarray, radius: float, rgba: tuple[float, ...]) -> None:
    body.add_geom(
        type=mujoco.mjtGeom.mjGEOM_CAPSULE, fromto=[*start, *end], size=[radius, 0, 0], rgba=rgba, mass=0, group=2,
        contype=0,
    )  # fmt: skip


def _fixed_part(link: int) -> tuple[np.ndarray, np.ndarray]:
    """Translation (3,) [m] and quaternion (w, x, y, z) from link's turning frame to the next body's."""
    _, a, d, alpha = DH[link]
    return np.array([a, 0.0, d]), np.array([np.cos(alpha / 2), np.sin(alpha / 2), 0.0, 0.0])


def _draw_link(body: mujoco.MjsBody, link: int) -> None:
    """Clean capsules along the link; the colour changes at the joint caps."""
    offset, _ = _fixed_part(link)
    radius = LINK_RADII[link]
    if link in (1, 2):  # upper arm and forearm run beside the joint axis: shoulder offset, tube, elbow offset
        side = np.array([0.0, 0.0, 0.13 if link == 1 else 0.015])
        _cylinder(body, -0.045 * np.array([0, 0, 1.0]) + side, side + [0, 0, 0.045], radius * 1.12, GREY)
        _cylinder(body, side, side + [offset[0], 0.0, 0.0], radius, WHITE)
        _cylinder(body, side + [offset[0], 0, -0.045], side + [offset[0], 0, 0.045], radius * 1.08, ACCENT)
    elif link == 5:
        _cylinder(body, np.array([0, 0, 0.045]), np.array([0, 0, 0.06]), radius, GREY)
    else:
        low = 0.09 if link == 0 else 0.0
        _cylinder(body, np.array([0.0, 0.0, low]), np.array([0.0, 0.0, offset[2] * 0.75]), radius, WHITE if link == 0 else GREY)
        if link == 0:
            _cylinder(body, np.array([0, 0, 0.085]), np.array([0, 0, 0.095]), radius * 1.2, GREY)


def add_arm(spec: mujoco.MjSpec, position: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> mujoco.MjsBody:
    """Adds the arm, its actuators and its hand to `spec`; returns the flange body.

    Names: joints and actuators as in `JOINTS`, bodies `link_1` … `link_6` and `flange`, sites `tool` and `wrist_lens`, camera
    `wrist`.
    """
    half = BASE_YAW / 2
    base = spec.worldbody.add_body(name="arm_base", pos=position, quat=[np.cos(half), 0, 0, np.sin(half)])
    base.add_geom(
        type=mujoco.mjtGeom.mjGEOM_CYLINDER, size=[0.085, 0.025, 0], pos=[0, 0, 0.025], rgba=GREY, group=2, name="arm_foot",
        contype=0,
    )  # fmt: skip
    parent, pos, quat = base, np.zeros(3), np.array([1.0, 0, 0, 0])
    for link, name in enumerate(JOINTS):
        body = parent.add_body(name=f"link_{link + 1}", pos=pos, quat=quat, gravcomp=1.0)
        joint = body.add_joint(name=name, type=mujoco.mjtJoint.mjJNT_HINGE, axis=[0, 0, 1], range=[-6.2832, 6.2832])
        joint.armature = REFLECTED_INERTIA[link]
        joint.frictionloss = JOINT_FRICTION[link]
        joint.actgravcomp = True
        pos, quat = _fixed_part(link)
        _set_inertia(body, link, pos, quat)
        _draw_link(body, link)
        parent = body
    flange = parent.add_body(name="flange", pos=pos, quat=quat, gravcomp=1.0)
    _add_gripper(spec, flange)
    return flange


def add_servos(spec: mujoco.MjSpec, torque: tuple[float, ...]) -> None:
    """Joint servos with their torque limits [N m], and the hand's motor."""
    for link, name in enumerate(JOINTS):
        k, c = SERVO_STIFFNESS[link], SERVO_DAMPING[link]
        spec.joint(name).actfrcrange = [-torque[link], torque[link]]
        spec.joint(name).actfrclimited = mujoco.mjtLimited.mjLIMITED_TRUE
        actuator = spec.add_actuator(name=name, target=name, trntype=mujoco.mjtTrn.mjTRN_JOINT)
        actuator.gaintype = mujoco.mjtGain.mjGAIN_FIXED
        actuator.biastype = mujoco.mjtBias.mjBIAS_AFFINE
        actuator.gainprm[0] = k
        actuator.biasprm[:3] = [0.0, -k, -c]
        actuator.forcerange = [-torque[link], torque[link]]
        actuator.forcelimited = mujoco.mjtLimited.mjLIMITED_TRUE
    tendon = spec.add_tendon(name="fingers")
    tendon.wrap_joint("finger_left", 1.0)
    tendon.wrap_joint("finger_right", 1.0)
    motor = spec.add_actuator(name="fingers", target="fingers", trntype=mujoco.mjtTrn.mjTRN_TENDON)
    motor.forcerange = [-GRIP_FORCE, GRIP_FORCE]
    motor.forcelimited = mujoco.mjtLimited.mjLIMITED_TRUE
    equality = spec.add_equality(
        name="fingers_together", type=mujoco.mjtEq.mjEQ_JOINT, objtype=mujoco.mjtObj.mjOBJ_JOINT
    )
    equality.name1, equality.name2 = "finger_left", "finger_right"
    equality.data[:5] = [0.0, 1.0, 0.0, 0.0, 0.0]
    equality.solref = [0.004, 1.0]


def _set_inertia(body: mujoco.MjsBody, link: int, offset: np.ndarray, quat: np.ndarray) -> None:
    """Mass and centre of mass as published (given in the frame at the link's far end); inertia of a solid rod."""
    rotation = np.zeros(9)
    mujoco.mju_quat2Mat(rotation, quat)
    centre = offset + rotation.reshape(3, 3) @ np.array(CENTRE_OF_MASS[link])
    mass, length = MASS[link], max(float(np.linalg.norm(offset)), 0.1)
    across, along = mass * (length**2 / 12 + LINK_RADII[link] ** 2 / 4), mass * LINK_RADII[link] ** 2 / 2
    body.mass, body.ipos, body.explicitinertial = mass, centre, True
    lies_along_x = abs(offset[0]) > abs(offset[2])
    body.inertia = [along, across, across] if lies_along_x else [across, across, along]


def _add_gripper(spec: mujoco.MjSpec, flange: mujoco.MjsBody) -> None:
    """Palm, two sliding fingers with rubber pads, the tool point, the wrist camera."""
    g = GRIPPER
    box = mujoco.mjtGeom.mjGEOM_BOX
    flange.add_geom(
        type=box, size=[*g.palm_half, g.palm_height / 2], pos=[0, 0, g.palm_height / 2], rgba=RUBBER, mass=PALM_MASS, group=2,
        name="palm", contype=0,
    )  # fmt: skip
    flange.add_geom(
        type=box, size=[0.020, 0.014, 0.012], pos=[CAMERA_OFFSET[0], CAMERA_OFFSET[1] + 0.012, CAMERA_OFFSET[2] - 0.016],
        rgba=WHITE, mass=0.05, group=2, contype=0, conaffinity=0,
    )  # fmt: skip
    flange.add_site(name="tool", pos=[0, 0, g.tool_offset], group=4)
    flange.add_site(name="wrist_force", pos=[0, 0, 0], group=4)
    flange.add_site(name="wrist_lens", pos=CAMERA_OFFSET, group=4)
    # MuJoCo cameras look along -z with y up: turned about x by pi, this one looks along the flange's +z.
    flange.add_camera(name="wrist", pos=CAMERA_OFFSET, quat=[0, 1, 0, 0], fovy=CAMERA_FOVY)
    for name, sign in (("left", 1.0), ("right", -1.0)):
        finger = flange.add_body(name=f"finger_{name}", pos=[0, 0, g.palm_height], gravcomp=1.0)
        joint = finger.add_joint(
            name=f"finger_{name}", type=mujoco.mjtJoint.mjJNT_SLIDE, axis=[sign, 0, 0], range=[0, g.stroke / 2]
        )
        joint.armature, joint.damping = 0.3, np.array([6.0, 0, 0])
        hx, hy = g.finger_half
        finger.add_geom(
            type=box, size=[hx, hy, g.finger_length / 2], pos=[sign * hx, 0, g.finger_length / 2], rgba=GREY,
            mass=FINGER_MASS, group=2, contype=0, friction=PAD_FRICTION, condim=4, name=f"pad_{name}", priority=1,
            solref=[0.006, 1.0], solimp=[0.95, 0.99, 0.001, 0.5, 2.0],
        )  # fmt: skip
        finger.add_geom(
            type=box, size=[0.0012, hy * 0.9, 0.018], pos=[sign * 0.0008, 0, g.finger_length - 0.02], rgba=RUBBER,
            mass=0, group=2, contype=0, conaffinity=0,
        )  # fmt: skip
