"""Where the robot's parts are, from Denavit-Hartenberg parameters.

Standard (distal) convention: T_{i-1,i} = Rz(theta0 + q) Tz(d) Tx(a) Rx(alpha); J. Denavit and R. S. Hartenberg, "A kinematic
notation for lower-pair mechanisms based on matrices", 1955. Frame 0 is the base, frame n the flange. All in frame 0 [m].
"""

from __future__ import annotations

import math

from moravec.guard.kernel.form import Answer, Table, Vec


def place(q: Vec, t: Table, o: Answer) -> None:
    """Frames, tool point and capsule ends at posture `q` (n,) [rad]: into `o.origin`, `o.rotation`, `o.tool`, `o.points`."""
    at, turn = o.origin, o.rotation
    for k in range(9):
        turn[k] = 1.0 if k % 4 == 0 else 0.0
    for k in range(3):
        at[k] = 0.0
    for i in range(t.n):
        angle = t.theta0[i] + q[i]
        c, s = math.cos(angle), math.sin(angle)
        ca, sa = t.cos_alpha[i], t.sin_alpha[i]
        x, y, z = t.link_a[i] * c, t.link_a[i] * s, t.link_d[i]
        here, there = 9 * i, 9 * (i + 1)
        for k in range(3):
            rx, ry, rz = turn[here + 3 * k], turn[here + 3 * k + 1], turn[here + 3 * k + 2]
            at[3 * (i + 1) + k] = at[3 * i + k] + rx * x + ry * y + rz * z
            turn[there + 3 * k] = rx * c + ry * s
            turn[there + 3 * k + 1] = (ry * c - rx * s) * ca + rz * sa
            turn[there + 3 * k + 2] = (rx * s - ry * c) * sa + rz * ca
    _carry(t.n, t.tool, 0, o, o.tool, 0)
    for b in range(t.bodies):
        _carry(t.body_frame[b], t.body_a, 3 * b, o, o.points, 6 * b)
        _carry(t.body_frame[b], t.body_b, 3 * b, o, o.points, 6 * b + 3)


def _carry(frame: int, points: Vec, at: int, o: Answer, out: Vec, to: int) -> None:
    """Point `points[at:at + 3]`, fixed in `frame`, carried to frame 0: into `out[to:to + 3]`."""
    x, y, z = points[at], points[at + 1], points[at + 2]
    for k in range(3):
        row = 9 * frame + 3 * k
        out[to + k] = o.origin[3 * frame + k] + (
            o.rotation[row] * x + o.rotation[row + 1] * y + o.rotation[row + 2] * z
        )


def lift(t: Table, o: Answer, x: float, y: float, z: float) -> float:
    """The upward part, along z of frame 0, of a vector given in the flange's frame; frames placed before."""
    row = 9 * t.n + 6
    return o.rotation[row] * x + o.rotation[row + 1] * y + o.rotation[row + 2] * z
