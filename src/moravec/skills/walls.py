"""How near a wall the hand may reach down: as the guard sees it, palm and fingers are upright capsules."""

from __future__ import annotations

from math import sqrt

from moravec.core.workplace import Place
from moravec.robots.ur5e.kinematics import TOOL_OFFSET
from moravec.robots.ur5e.parts import FINGERS, PALM

SPARE = 0.003  # [m] beyond what the guard asks for


def kept_from_walls(z: float, rim: float) -> float:
    """How far [m] the tool point has to stay from walls that end at `rim` [m], the hand pointing straight down to `z` [m]."""
    palm = _sphere(z + TOOL_OFFSET[2] - PALM[1] - rim, PALM[2])
    fingers = _sphere(z + FINGERS[1] - rim, FINGERS[1])
    return max(palm, fingers) + SPARE


def _sphere(above: float, radius: float) -> float:
    """How far [m] the middle of a sphere, `above` [m] a wall's upper edge, has to stay from the wall."""
    if above >= radius:
        return 0.0
    return radius if above <= 0.0 else sqrt(radius * radius - above * above)


def has_room(place: Place, position: tuple[float, float, float]) -> bool:
    """Whether the hand can reach straight down to `position` [m] between the walls of `place`."""
    x, y, z = position
    if place.rim <= place.floor:
        return True
    kept = kept_from_walls(z, place.rim)
    return all(abs(at - c) <= size / 2 - kept for at, c, size in zip((x, y), place.centre, place.size, strict=True))
