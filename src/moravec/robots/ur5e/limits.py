"""What the UR5e may do in the work cell.

Published: joint range +-360 deg, joint speed 180 deg/s, joint torques 150 N m (base, shoulder, elbow) and 28 N m (wrists).
Source: Universal Robots, "UR5e User Manual" 5.8 and support article "Max. joint torques", as quoted with both addresses in
the maker's own repository Universal_Robots_ROS2_Description, config/ur5e/joint_limits.yaml. That file also says that
acceleration limits are not public, and halves the elbow's range because the arm cannot fold further. Everything marked
"project's choice" below is ours.
"""

from __future__ import annotations

from math import pi

from moravec.guard.limits import LimitTable
from moravec.guard.parts import Box
from moravec.robots.ur5e.kinematics import BASE_YAW, DH, TOOL_OFFSET
from moravec.robots.ur5e.parts import APART, BODIES

# Project's choice: the software range ends this far inside the published one [rad], about 2.9 deg.
RANGE_MARGIN = 0.05
WIDE = 2 * pi - RANGE_MARGIN
ELBOW = pi - RANGE_MARGIN

JOINT_SPEED_PUBLISHED = pi  # 180 deg/s [rad/s]
JOINT_SPEED = 0.95 * JOINT_SPEED_PUBLISHED  # of set-points: servos overshoot, and the body has to keep what is published
JOINT_ACCELERATION = 12.0  # not published; project's choice [rad/s^2]
JOINT_JERK = 5000.0  # not published; Franka publishes this for its FR3 [rad/s^3]
TORQUE = (150.0, 150.0, 150.0, 28.0, 28.0, 28.0)  # published [N m]
# Project's choice [rad]: four times what the simulated servos lag in lawful motion. A joint that something holds, and lets go,
# springs back: from no farther than this, or it would be too fast. The maker's own position tolerance is 5 deg = 0.087 rad.
TRACKING = 0.02
TOOL_SPEED_HARD = 1.5  # project's choice, of the body [m/s]: a joint that was held and let go catches up with its set-point
TOOL_SPEED = 0.95  # of set-points [m/s]: servos overshoot; the data sheet's typical tool speed is 1, unverified
TOOL_SPEED_REDUCED = 0.25  # ISO 10218-1, reduced speed [m/s]; unverified
TOOL_FORCE = 200.0  # project's choice [N]; programs here press with up to about 100
PAYLOAD = 5.0  # published, 5 kg; the hand's own weight is not counted [kg]
BODY_CLEARANCE = 0.005  # project's choice [m]
CELL_CLEARANCE = 0.0  # project's choice [m]: no part may touch the cell
CHUNK_AGE = 30.0  # project's choice [s]: the longest motion of a program; a policy's skill makes it tighter
SIGHT_AGE = 120.0  # project's choice [s]: programs look, then move for a while; a policy's skill makes it tighter
CONTROL_PERIOD = 0.002  # the maker's real-time interface runs at 500 Hz [s]
COMMAND_AGE = 0.02  # the maker's default command timeout is 20 ms [s]
SEQUENCE_GAP = 3  # project's choice: two commands in a row may be lost
GRIP_WIDTH = (0.0, 0.1)  # our gripper [m]
GRIP_FORCE = 60.0  # our gripper, one finger [N]

# Project's choices, in the world: the base stands at the origin, x ahead, y left, z up from the mounting plane [m].
WORKSPACE = Box((-0.75, -0.85, 0.004), (0.85, 0.85, 1.05))
BASE_COLUMN = Box((-0.12, -0.12, -0.1), (0.12, 0.12, 0.5))


def ur5e_limits() -> LimitTable:
    """The UR5e's limit table for the work cell."""
    n = len(DH)
    first = (DH[0][0] + BASE_YAW, *DH[0][1:])
    return LimitTable(
        robot="ur5e",
        position_min=(-WIDE, -WIDE, -ELBOW, -WIDE, -WIDE, -WIDE),
        position_max=(WIDE, WIDE, ELBOW, WIDE, WIDE, WIDE),
        velocity=(JOINT_SPEED,) * n,
        acceleration=(JOINT_ACCELERATION,) * n,
        jerk=(JOINT_JERK,) * n,
        torque=TORQUE,
        tracking=(TRACKING,) * n,
        tool_speed=TOOL_SPEED,
        tool_speed_reduced=TOOL_SPEED_REDUCED,
        tool_force=TOOL_FORCE,
        payload=PAYLOAD,
        allowed=(WORKSPACE,),
        forbidden=(BASE_COLUMN,),
        bodies=BODIES,
        apart=APART,
        body_clearance=BODY_CLEARANCE,
        obstacles=(),
        cell_clearance=CELL_CLEARANCE,
        zones=(),
        separation=None,
        touch=None,
        command_age_max=COMMAND_AGE,
        sequence_gap_max=SEQUENCE_GAP,
        chunk_age_max=CHUNK_AGE,
        sight_age_max=SIGHT_AGE,
        novelty_max=None,
        grip_width_min=GRIP_WIDTH[0],
        grip_width_max=GRIP_WIDTH[1],
        grip_force_max=GRIP_FORCE,
        dh=(first, *DH[1:]),
        tool_offset=TOOL_OFFSET,
        control_period=CONTROL_PERIOD,
    )
