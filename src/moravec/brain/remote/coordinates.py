"""From a model's coordinates to points of a picture, and back. Pure.

Inside the project a point is a share of the picture's width and height, with the picture's id; depth is never part of it:
it comes from sensors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from moravec.brain.remote.profile import Profile
from moravec.core.errors import BadInput

HALF = 0.5 + 1e-6  # of a unit of a model's scale, in which a rounded coordinate may lie outside; sums of shares are not exact


@dataclass(frozen=True, slots=True)
class Point:
    """A point of the picture `picture`: x from its left edge to its right, y from top to bottom, both in [0, 1].

    Raises BadInput for any other number.
    """

    x: float
    y: float
    picture: str

    def __post_init__(self) -> None:
        if not (0.0 <= self.x <= 1.0 and 0.0 <= self.y <= 1.0):
            raise BadInput("a point of a picture", (self.x, self.y), "x and y from 0 to 1")


@dataclass(frozen=True, slots=True)
class Sent:
    """How a picture is sent. Sizes are (width, height) [px]; `inner` is where the picture lies on the canvas: left, top,
    width, height [px]."""

    picture: str
    size: tuple[int, int]
    canvas: tuple[int, int]
    inner: tuple[int, int, int, int]


def sending(picture: str, size: tuple[int, int], profile: Profile) -> Sent:
    """How a picture of `size` (width, height) [px] is sent to a model of `profile`. Raises BadInput for an empty one."""
    width, height = size
    if width < 1 or height < 1:
        raise BadInput("a picture's size", size, "at least one pixel each way")
    step = profile.multiple
    longest = profile.max_side // step * step
    shrink = min(1.0, longest / max(size))
    if max(size) / min(size) > profile.max_aspect:
        inner = max(1, round(width * shrink)), max(1, round(height * shrink))
        side = min(longest, math.ceil(max(inner) / step) * step)
        return Sent(picture, size, (side, side), ((side - inner[0]) // 2, (side - inner[1]) // 2, *inner))
    canvas = tuple(min(longest, max(step, round(side * shrink / step) * step)) for side in size)
    return Sent(picture, size, (canvas[0], canvas[1]), (0, 0, canvas[0], canvas[1]))


def to_model(point: Point, sent: Sent, profile: Profile) -> tuple[float, float]:
    """The coordinates that a model of `profile` gives for `point`, in its order and scale."""
    left, top, width, height = sent.inner
    span = _span(sent, profile)
    x = (left + point.x * width) / sent.canvas[0] * span[0]
    y = (top + point.y * height) / sent.canvas[1] * span[1]
    return (x, y) if profile.order == "xy" else (y, x)


def from_model(pair: tuple[float, float], sent: Sent, profile: Profile) -> Point:
    """The point that a model's coordinates mean. Raises BadInput for coordinates outside the picture."""
    x, y = pair if profile.order == "xy" else (pair[1], pair[0])
    span = _span(sent, profile)
    half = HALF if profile.scale != "unit" else HALF / 1000.0
    left, top, width, height = sent.inner
    shares = []
    for name, value, whole, canvas, start, length in (
        ("x", x, span[0], sent.canvas[0], left, width), ("y", y, span[1], sent.canvas[1], top, height),
    ):  # fmt: skip
        unit = whole / canvas  # of the model's scale, in one pixel of the canvas
        low, high = start * unit, (start + length) * unit
        if not math.isfinite(value) or not low - half <= value <= high + half:
            raise BadInput(f"a coordinate {name} of a model", value, f"inside the picture: {low:g} to {high:g}")
        shares.append(min(1.0, max(0.0, (value / unit - start) / length)))
    return Point(shares[0], shares[1], sent.picture)


def _span(sent: Sent, profile: Profile) -> tuple[float, float]:
    """What the canvas's width and height are on the model's scale."""
    if profile.scale == "pixels":
        return float(sent.canvas[0]), float(sent.canvas[1])
    return (1.0, 1.0) if profile.scale == "unit" else (1000.0, 1000.0)
