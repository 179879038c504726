"""The UR5e's parts as the guard knows them: capsules in link frames, and which of them must not touch.

The measures are those of the drawn arm in `model.py`; a part is given in the frame that turns with its joint, and carried over
to the link's Denavit-Hartenberg frame. Of the hand the palm and the middle of the fingers are parts: the fingers' spread
(5 cm to either side when open) is not.
"""

from __future__ import annotations

from math import cos, sin

from moravec.guard.parts import Capsule, Point
from moravec.robots.ur5e.kinematics import DH, TOOL_OFFSET

RADII = (0.058, 0.052, 0.042, 0.038, 0.038, 0.036)  # [m] of the links
FOOT_RADIUS = 0.085  # [m]
PALM = (0.020, 0.075, 0.053)  # [m] from where to where along the flange's z, and the radius around its edges
FINGERS = (0.10, 0.018)  # [m] where they begin along the flange's z, and the radius of the middle between them


def _part(name: str, link: int, start: Point, end: Point, radius: float) -> Capsule:
    """A part of link 0 to 5, given in the frame that turns with the link's joint."""
    return Capsule(name, link + 1, _carried(link, start), _carried(link, end), radius)


def _carried(link: int, point: Point) -> Point:
    """From the frame that turns with the joint to the link's DH frame: Rx(-alpha) (p - (a, 0, d))."""
    _, a, d, alpha = DH[link]
    x, y, z = point[0] - a, point[1], point[2] - d
    return (x, cos(alpha) * y + sin(alpha) * z, cos(alpha) * z - sin(alpha) * y)


def _tube(name: str, link: int, side: float) -> tuple[Capsule, Capsule, Capsule]:
    """Upper arm and forearm run beside the joint's axis: shoulder, tube, elbow."""
    a, radius = DH[link][1], RADII[link]
    return (
        _part(f"{name}_root", link, (0.0, 0.0, side - 0.045), (0.0, 0.0, side + 0.045), radius * 1.12),
        _part(name, link, (0.0, 0.0, side), (a, 0.0, side), radius),
        _part(f"{name}_end", link, (a, 0.0, side - 0.045), (a, 0.0, side + 0.045), radius * 1.08),
    )


BODIES: tuple[Capsule, ...] = (
    Capsule("foot", 0, (0.0, 0.0, 0.0), (0.0, 0.0, 0.05), FOOT_RADIUS),
    _part("shoulder", 0, (0.0, 0.0, 0.09), (0.0, 0.0, DH[0][2] * 0.75), RADII[0] * 1.2),
    *_tube("upper_arm", 1, 0.13),
    *_tube("forearm", 2, 0.015),
    _part("wrist_1", 3, (0.0, 0.0, 0.0), (0.0, 0.0, DH[3][2] * 0.75), RADII[3]),
    _part("wrist_2", 4, (0.0, 0.0, 0.0), (0.0, 0.0, DH[4][2] * 0.75), RADII[4]),
    Capsule("palm", 6, (0.0, 0.0, PALM[0]), (0.0, 0.0, PALM[1]), PALM[2]),
    Capsule("fingers", 6, (0.0, 0.0, FINGERS[0]), (0.0, 0.0, TOOL_OFFSET[2] - FINGERS[1]), FINGERS[1]),
)

_BASE = ("foot", "shoulder")
_UPPER = ("upper_arm_root", "upper_arm", "upper_arm_end")
_FORE = ("forearm_root", "forearm", "forearm_end")
_HAND = ("wrist_2", "palm", "fingers")

# Neighbours in the chain always touch; these are the pairs that never may.
APART: tuple[tuple[str, str], ...] = (
    *((one, other) for one in _BASE for other in (*_FORE[1:], "wrist_1", *_HAND)),
    *((one, other) for one in _UPPER for other in _HAND),
    *((one, other) for one in _UPPER[:2] for other in (_FORE[2], "wrist_1")),
    *((one, other) for one in _FORE[:2] for other in _HAND[1:]),
)
