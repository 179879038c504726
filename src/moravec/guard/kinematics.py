"""Forward kinematics from Denavit-Hartenberg parameters, in scalar arithmetic.

Standard (distal) convention: T_{i-1,i} = Rz(theta0 + q) Tz(d) Tx(a) Rx(alpha); J. Denavit and R. S. Hartenberg, "A kinematic
notation for lower-pair mechanisms based on matrices", 1955. A point is carried from its own frame back to the base, which
needs no matrix products. Points are (x, y, z) [m] in the robot's base frame (frame 0).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

Point: TypeAlias = tuple[float, float, float]
Link: TypeAlias = tuple[float, float, float, float, float]  # theta0 [rad], a [m], d [m], cos(alpha), sin(alpha)
Chain: TypeAlias = tuple[Link, ...]


def chain_of(dh: Sequence[Sequence[float]]) -> Chain:
    """The chain of DH rows (theta0 [rad], a [m], d [m], alpha [rad]), with the constant sines and cosines taken once."""
    return tuple((row[0], row[1], row[2], math.cos(row[3]), math.sin(row[3])) for row in dh)


def carried(q: Sequence[float], chain: Chain, frame: int, point: Point) -> Point:
    """`point` [m], fixed in frame `frame` (0 is the base, n the flange), in the base frame at posture `q` (n,) [rad]."""
    x, y, z = point
    for i in range(frame - 1, -1, -1):
        theta0, a, d, ca, sa = chain[i]
        angle = theta0 + q[i]
        c = math.cos(angle)
        s = math.sin(angle)
        along = x + a
        across = ca * y - sa * z
        z = sa * y + ca * z + d
        x = c * along - s * across
        y = s * along + c * across
    return (x, y, z)


def tool_point(q: Sequence[float], chain: Chain, offset: Point) -> Point:
    """The tool point [m] in the base frame; `offset` [m] is the tool point in the flange's frame."""
    return carried(q, chain, len(chain), offset)


def arm_points(q: Sequence[float], chain: Chain, offset: Point) -> tuple[Point, ...]:
    """The origins of frames 1 to n, then the tool point, each [m] in the base frame: shoulder, elbow, wrists, flange, tool."""
    origins = tuple(carried(q, chain, i, (0.0, 0.0, 0.0)) for i in range(1, len(chain) + 1))
    return (*origins, tool_point(q, chain, offset))
