"""What the UR5e may do in the work cell.

Published: joint range +-360 deg, joint speed 180 deg/s, joint torques 150 N m (base, shoulder, elbow) and 28 N m (wrists).
Source: Universal Robots, "UR5e User Manual" 5.8 and support article "Max. joint torques", as quoted with both addresses in
the maker's own repository Universal_Robots_ROS2_Description, config/ur5e/joint_limits.yaml. That file also says that
acceleration limits are not public, and halves the elbow's range because the arm cannot fold further. Everything marked
"project's choice" below is ours.
"""

from __future__ import annotations

from math import pi

from moravec.guard.limits import Box, LimitTable
from moravec.robots.ur5e.kinematics import BASE_YAW, DH, TOOL_OFFSET

# Project's choice: the software range ends this far inside the published one [rad], about 2.9 deg.
RANGE_MARGIN = 0.05
WIDE = 2 * pi - RANGE_MARGIN
ELBOW = pi - RANGE_MARGIN

JOINT_SPEED = pi  # published, 180 deg/s [rad/s]
JOINT_ACCELERATION = 12.0  # not published; project's choice [rad/s^2]
TORQUE = (150.0, 150.0, 150.0, 28.0, 28.0, 28.0)  # published [N m]
TRACKING = 0.2  # project's choice [rad]; the maker's own joint position tolerance is 5 deg = 0.087 rad at rest
TOOL_SPEED = 1.0  # project's choice [m/s]; the data sheet's typical tool speed, unverified
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
        torque=TORQUE,
        tracking=(TRACKING,) * n,
        tool_speed=TOOL_SPEED,
        allowed=(WORKSPACE,),
        forbidden=(BASE_COLUMN,),
        command_age_max=COMMAND_AGE,
        sequence_gap_max=SEQUENCE_GAP,
        grip_width_min=GRIP_WIDTH[0],
        grip_width_max=GRIP_WIDTH[1],
        grip_force_max=GRIP_FORCE,
        dh=(first, *DH[1:]),
        tool_offset=TOOL_OFFSET,
        control_period=CONTROL_PERIOD,
    )
