"""Where the joints stand when the hand points straight down, in closed form, and back.

Derived from the maker's Denavit-Hartenberg table (`robots/ur5e/kinematics.py`) for the one branch that is used: elbow up and
wrist 2 at -90 degrees, as at home. With u the direction ahead of the arm's plane and n the one to its left, the tool stands at
out u + d4 n; wrist 1 is d5 nearer to the base, and what is left is a triangle of upper arm and forearm.
"""

from __future__ import annotations

import numpy as np

from moravec.core.errors import BadInput
from moravec.core.frames import Matrix
from moravec.robots.ur5e.kinematics import DH, TOOL_OFFSET

SHOULDER, BESIDE, AHEAD = DH[0][2], DH[3][2], DH[4][2]  # [m] d1, d4, d5
UPPER, FORE = -DH[1][1], -DH[2][1]  # [m]
HAND = DH[5][2] + TOOL_OFFSET[2]  # [m] from wrist 2's axis down to the tool point


def hand_down(points: Matrix, yaws: Matrix, pan: float) -> Matrix:
    """Joint positions (m, 6) [rad] with the tool at `points` (m, 3) [m], world frame, and fingers that close along `yaws` (m,)
    [rad], without a jump from one to the next; the base joint begins within half a turn of `pan` [rad].

    Raises BadInput for points out of reach.
    """
    x, y, z = np.asarray(points, dtype=np.float64).T
    flat = np.hypot(x, y)
    out = np.sqrt(np.maximum(flat**2 - BESIDE**2, 0.0)) - AHEAD
    up = z + HAND - SHOULDER
    span = np.hypot(out, up)
    far = (flat <= BESIDE) | (out <= 0.0) | (span >= UPPER + FORE) | (span <= abs(UPPER - FORE))
    if far.any():
        raise BadInput("a point for the hand, pointing down", np.round(points[int(np.argmax(far))], 3).tolist(), "within reach")
    rise = np.arctan2(up, out) + np.arccos((UPPER**2 + span**2 - FORE**2) / (2 * UPPER * span))  # of the upper arm
    fall = np.arctan2(up - UPPER * np.sin(rise), out - UPPER * np.cos(rise))  # of the forearm
    base = np.unwrap(np.arctan2(y, x) - np.arcsin(BESIDE / flat))
    base += 2 * np.pi * np.round((pan - base[0]) / (2 * np.pi))
    quarter = np.full(len(x), np.pi / 2)
    return np.stack([base, -rise, rise - fall, fall - quarter, -quarter, base - yaws - quarter], axis=1)


def tool_at(q: Matrix) -> tuple[Matrix, float]:
    """Where the tool is (3,) [m], and the yaw of its fingers [rad], at joint positions `q` (6,) [rad] with the hand down."""
    rise, fall = -q[1], -q[1] - q[2]
    out = UPPER * np.cos(rise) + FORE * np.cos(fall) + AHEAD
    c, s = np.cos(q[0]), np.sin(q[0])
    z = SHOULDER + UPPER * np.sin(rise) + FORE * np.sin(fall) - HAND
    return np.array([c * out - s * BESIDE, s * out + c * BESIDE, z]), float(q[0] - q[5] - np.pi / 2)
