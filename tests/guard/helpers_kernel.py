"""Values for the tests of the kernel's pure functions: plain numbers, different for each joint and axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from helpers_guard import table

from moravec.guard.counted import counted
from moravec.guard.kernel.checks import Finding
from moravec.guard.kernel.form import PEOPLE, Answer, Asked, Memory, Table, Vec

NAN, INF = math.nan, math.inf
BROKEN = (NAN, INF, -INF)


def arm(**changes: Any) -> Table:
    """The six-axis test arm, counted; no two joints share a limit."""
    distinct = {
        "jerk": (900.0, 1000.0, 1100.0, 1200.0, 1300.0, 1400.0),
        "torque": (150.0, 151.0, 152.0, 28.0, 29.0, 30.0),
    }
    return counted(table(**{**distinct, **changes}))


def records() -> tuple[Memory, Asked, Answer]:
    """Fresh ones."""
    return Memory(), Asked(), Answer()


def put(into: Vec, values: Sequence[float], at: int = 0) -> None:
    """Writes `values` (n,) into a vector from position `at` on."""
    into[at : at + len(values)] = [float(value) for value in values]


def holds(found: Finding) -> bool:
    """Whether the check holds."""
    return found.margin >= 0.0


def up(value: float) -> float:
    """The next larger number."""
    return math.nextafter(value, INF)


def down(value: float) -> float:
    """The next smaller number."""
    return math.nextafter(value, -INF)


def around(limit: float) -> list[tuple[float, bool]]:
    """Values dense on both sides of `limit` > 0, and whether they are at most that."""
    near = [1e-1, 1e-3, 1e-6, 1e-9, 1e-12]
    inside = [limit * (1.0 - eps) for eps in near] + [0.0, down(limit), limit]
    outside = [limit * (1.0 + eps) for eps in near] + [up(limit), 1e30, INF]
    return [(value, True) for value in inside] + [(value, False) for value in outside]


def add_box(low: Vec, high: Vec, index: int, corner: Sequence[float], other: Sequence[float]) -> None:
    """Box `index` of a list of boxes."""
    put(low, corner, 3 * index)
    put(high, other, 3 * index)


def capsule(t: Table, a: Sequence[float], b: Sequence[float], radius: float, frame: int = 0) -> int:
    """One more body of `t`; its index."""
    index = t.bodies
    t.body_frame[index], t.body_radius[index] = frame, radius
    put(t.body_a, a, 3 * index)
    put(t.body_b, b, 3 * index)
    t.bodies = index + 1
    return index


def point_of(points: Vec, i: int, s: float) -> np.ndarray:
    """The point at `s` in [0, 1] of the segment that stands at `points[i:i + 6]`."""
    a, b = np.array(points[i : i + 3]), np.array(points[i + 3 : i + 6])
    return a + s * (b - a)


# Terms whose sums are exact, no two alike.
EXACT = {
    "human_speed": 2.0,
    "reaction_time": 0.125,
    "braking": 4.0,
    "intrusion": 0.0625,
    "human_uncertainty": 0.03125,
    "robot_uncertainty": 0.015625,
}


def watched(**changes: float) -> Table:
    """No robot, but people are watched for."""
    return Table(**{"n": 2, "period": 0.25, "separation": 1, "people_age_max": 0.5, **EXACT, **changes})


def someone(*places: tuple[float, float], **changes: Any) -> Asked:
    """People at these places, seen just now; others beyond the count."""
    a = Asked(now=100.0, people_t=100.0, people=len(places))
    put(a.person, [x for at in places for x in at])
    for i in range(2 * len(places), 2 * PEOPLE):
        a.person[i] = 1.0
    return replace(a, **changes)


def moving(radius: float = 0.0) -> tuple[Table, Memory, Answer]:
    """Two parts: one at x = 0 that moves 1/8 m in a tick of 1/4 s (0.5 m/s), one at x = 64 that moves twice as fast."""
    t = watched()
    m, _, o = records()
    for i, (x, step) in enumerate(((0.0, 0.125), (64.0, 0.25))):
        capsule(t, (0, 0, 0), (0, 0, 0), radius, 2)
        put(m.points, (x, 0, 0, x, 0, 1), 6 * i)
        put(o.points, (x, step, 0, x, step, 1), 6 * i)
    return t, m, o


def joints(gain: Vec, lows: Vec | None = None, highs: Vec | None = None, fastest: Vec | None = None) -> Table:
    """A table that braking can read; what stands beyond its joints would be felt at once."""
    t = Table(n=len(gain))
    beyond = 16 - len(gain)
    for name, values, rest in (
        ("gains", gain, 1e-30),
        ("lows", lows or [-9.0] * t.n, 0.0),
        ("highs", highs or [9.0] * t.n, 0.0),
        ("fastest", fastest or [1.0] * t.n, 0.0),
    ):
        put(getattr(t, name), [*values, *[rest] * beyond])
    return t


def to_segment(x: np.ndarray, c: np.ndarray, d: np.ndarray) -> float:
    way = d - c
    square = float(way @ way)
    s = min(max(float((x - c) @ way) / square, 0.0), 1.0) if square > 0.0 else 0.0
    return float(np.linalg.norm(x - c - s * way))


def segments_reference(a: np.ndarray, b: np.ndarray, c: np.ndarray, d: np.ndarray) -> float:
    """The least of: each end to the other segment, and the lines' common perpendicular where its feet lie inside."""
    found = [to_segment(a, c, d), to_segment(b, c, d), to_segment(c, a, b), to_segment(d, a, b)]
    normal = np.cross(b - a, d - c)
    if float(normal @ normal) > 1e-12:
        s, _, t = np.linalg.solve(np.column_stack([b - a, normal, c - d]), c - a)
        if 0.0 <= s <= 1.0 and 0.0 <= t <= 1.0:
            found.append(float(np.linalg.norm(a + s * (b - a) - c - t * (d - c))))
    return min(found)


def box_reference(a: np.ndarray, b: np.ndarray, low: np.ndarray, high: np.ndarray) -> float:
    """By golden section: the distance of a point to a box is convex along a segment."""

    def at(s: float) -> float:
        x = a + s * (b - a)
        return float(np.linalg.norm(np.maximum(np.maximum(low - x, x - high), 0.0)))

    left, right, ratio = 0.0, 1.0, (math.sqrt(5.0) - 1.0) / 2.0
    for _ in range(70):
        one, other = right - ratio * (right - left), left + ratio * (right - left)
        if at(one) <= at(other):
            right = other
        else:
            left = one
    return min(at(0.0), at(1.0), at((left + right) / 2.0))
