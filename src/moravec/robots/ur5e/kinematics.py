"""The UR5e's geometry and masses, as its maker publishes them. Numbers only.

Source: Universal Robots, "DH Parameters for calculations of kinematics and dynamics" (support article,
https://www.universal-robots.com/articles/ur/application-installation/dh-parameters-for-calculations-of-kinematics-and-dynamics/),
table UR5e. These are nominal values; each real arm carries its own calibration.
"""

from __future__ import annotations

from math import pi

JOINTS = ("shoulder_pan", "shoulder_lift", "elbow", "wrist_1", "wrist_2", "wrist_3")

# Standard Denavit-Hartenberg rows: theta0 [rad], a [m], d [m], alpha [rad].
DH = (
    (0.0, 0.0, 0.1625, pi / 2),
    (0.0, -0.425, 0.0, 0.0),
    (0.0, -0.3922, 0.0, 0.0),
    (0.0, 0.0, 0.1333, pi / 2),
    (0.0, 0.0, 0.0997, -pi / 2),
    (0.0, 0.0, 0.0996, 0.0),
)

# Mass of each link [kg], shoulder to wrist 3 (the fixed base is not among them).
MASS = (3.761, 8.058, 2.846, 1.37, 1.3, 0.365)

# Centre of mass of each link [m], in the link's own DH frame.
CENTRE_OF_MASS = (
    (0.0, -0.02561, 0.00193),
    (0.2125, 0.0, 0.11336),
    (0.15, 0.0, 0.0265),
    (0.0, -0.0018, 0.01634),
    (0.0, 0.0018, 0.01634),
    (0.0, 0.0, -0.001159),
)

# Project's choices: how our cell mounts the arm and what it carries.
BASE_YAW = pi  # the base is turned about the world's z, so that the arm reaches along +x at joint zero [rad]
TOOL_OFFSET = (0.0, 0.0, 0.2)  # the tool point between the finger tips, in the flange's frame [m]
