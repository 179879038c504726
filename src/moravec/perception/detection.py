"""What the cameras say of one thing."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Detection:
    """One item as seen in one picture. Lengths in metres, in the world frame; probabilities in [0, 1]."""

    place: str  # the workplace's name of where it lies
    position: tuple[float, float, float]  # centre of its upright bounding box
    extent: tuple[float, float, float]  # long side, short side, height
    yaw: float  # of the long side, in [-pi/2, pi/2) [rad]
    sigma: tuple[float, float, float]  # one standard deviation of `position`
    colour: str
    colour_p: float
    category: str
    category_p: float
    damaged: bool
    damaged_p: float  # probability that it is damaged
    code: str | None  # its printed code, as "MV-017"
    camera: str
    box: tuple[int, int, int, int]  # (left, top, right, bottom) in the picture [px]
    velocity: tuple[float, float] = (0.0, 0.0)  # over the floor [m/s], of what moves
    t: float = 0.0  # [s] when what moves was at `position`
