"""How near a wall the hand may reach down: as the guard sees it, palm and fingers are capsules along the hand."""

from __future__ import annotations

from math import cos, sin, sqrt

from moravec.core.workplace import Place
from moravec.robots.ur5e.kinematics import TOOL_OFFSET
from moravec.robots.ur5e.parts import FINGERS, PALM

SPARE = 0.003  # [m] beyond what the guard asks for
# Palm and fingers: from where to where above the tool point, and the radius [m].
HAND = (
    (TOOL_OFFSET[2] - PALM[1], TOOL_OFFSET[2] - PALM[0], PALM[2]),
    (FINGERS[1], TOOL_OFFSET[2] - FINGERS[0], FINGERS[1]),
)
LOOKS = 9  # places along each that are looked at


def kept_from_walls(z: float, rim: float, lean: float = 0.0) -> float:
    """How far [m] the tool point has to stay from a wall that ends at `rim` [m], the hand reaching down to `z` [m], leaning away
    from the wall by `lean` [rad]."""
    kept = 0.0
    for near, far, radius in HAND:
        for look in range(LOOKS if lean else 1):  # of an upright hand the lowest place decides
            up = near + (far - near) * look / (LOOKS - 1)
            kept = max(kept, _sphere(z + up * cos(lean) - rim, radius) - up * sin(lean))
    return kept + SPARE


def _sphere(above: float, radius: float) -> float:
    """How far [m] the middle of a sphere, `above` [m] a wall's upper edge, has to stay from the wall."""
    if above >= radius:
        return 0.0
    return radius if above <= 0.0 else sqrt(radius * radius - above * above)


def nearest_wall(place: Place, position: tuple[float, float, float]) -> int:
    """The axis across which the wall of `place` lies that is nearest to `position` [m]: 0 for x, 1 for y."""
    x, y, _ = position
    beyond_x, beyond_y = (abs(at - c) - size / 2 for at, c, size in zip((x, y), place.centre, place.size, strict=True))
    return 0 if beyond_x >= beyond_y else 1


def has_room(place: Place, position: tuple[float, float, float], lean: float = 0.0) -> bool:
    """Whether the hand can reach down to `position` [m] between the walls of `place`, leaning away from the nearest of them by
    `lean` [rad]."""
    x, y, z = position
    if place.rim <= place.floor:
        return True
    upright, leaning = kept_from_walls(z, place.rim), kept_from_walls(z, place.rim, lean)
    nearest = nearest_wall(place, position)
    sides = enumerate(zip((x, y), place.centre, place.size, strict=True))
    return all(abs(at - c) <= size / 2 - (leaning if axis == nearest else upright) for axis, (at, c, size) in sides)
