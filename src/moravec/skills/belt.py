"""A belt as the arm sees it: which stretch of it is within reach, and until when what rides on it stays there. Pure.

Belts run along y, either way.
"""

from __future__ import annotations

import math
from typing import Protocol

from moravec.core.workplace import Place
from moravec.skills.spots import FARTHEST

RIDES = 0.005  # [m/s] what is slower lies still
QUICKEST = 2.5  # [s] from a look to the grasp: nothing is tried that leaves sooner
LIFTING = 0.03  # [m] of the stretch at either end is left for coming down and for lifting


def stretch_in_reach(belt: Place) -> tuple[float, float]:
    """The least and the largest y [m] at which things on `belt` are within the arm's reach; (0, 0) where none is."""
    half = math.sqrt(max(0.0, FARTHEST**2 - belt.centre[0] ** 2)) - LIFTING
    if half <= 0.0:
        return 0.0, 0.0
    low, high = belt.centre[1] - belt.size[1] / 2, belt.centre[1] + belt.size[1] / 2
    return max(-half, low), min(half, high)


class Riding(Protocol):
    """What may ride along: where it was at `t` [s] (3,) [m], and how fast it moves over the floor [m/s]."""

    @property
    def position(self) -> tuple[float, float, float]: ...
    @property
    def velocity(self) -> tuple[float, float]: ...
    @property
    def t(self) -> float: ...


def rides(thing: Riding) -> bool:
    """Whether it moves along."""
    return math.hypot(*thing.velocity) >= RIDES


def leaves(thing: Riding, belt: Place) -> float:
    """When [s] `thing` leaves what is in reach of `belt`; infinite for what lies still in it."""
    low, high = stretch_in_reach(belt)
    y, v = thing.position[1], thing.velocity[1]
    if not rides(thing) or v == 0.0:
        return math.inf if low <= y <= high else -math.inf
    return thing.t + ((high if v > 0.0 else low) - y) / v


def nearest_in_reach(thing: Riding, belt: Place) -> tuple[float, float, float]:
    """Where [m] it is within reach on its way: here, or at that end of the stretch that is nearer."""
    low, high = stretch_in_reach(belt)
    x, y, z = thing.position
    return x, min(max(y, low), high), z


def ahead(thing: Riding, t: float) -> tuple[float, float]:
    """Where (x, y) [m] `thing` is at `t` [s], if it rides on as it did."""
    if not rides(thing):
        return thing.position[0], thing.position[1]
    return thing.position[0] + thing.velocity[0] * (t - thing.t), thing.position[1] + thing.velocity[1] * (t - thing.t)
