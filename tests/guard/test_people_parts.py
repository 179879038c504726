"""How fast each part is, and how far each person from it: numbers, and bounds against sampling."""

from __future__ import annotations

import math

import numpy as np
import pytest
from helpers_guard import with_parts
from helpers_kernel import (
    INF,
    capsule,
    point_of,
    put,
    records,
    someone,
    watched,
)

from moravec.guard.counted import counted
from moravec.guard.kernel.collision import FAR
from moravec.guard.kernel.form import Answer, Table
from moravec.guard.kernel.kinematics import place
from moravec.guard.kernel.people import (
    nearest_person,
    part_speed,
    person_to_body,
)

# How fast a part is.


def test_part_speed_in_numbers() -> None:
    """The faster end, and the radius times the turning of the joints before the part."""
    t = watched()
    capsule(t, (0, 0, 0), (0, 0, 0), 9.0, 1)
    b = capsule(t, (0, 0, 0), (0, 0, 0), 0.5, 2)
    m, _, o = records()
    put(m.points, (50.0, 60.0, 70.0, 80.0, 90.0, 100.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0))
    put(o.points, (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.25, 2.5, 3.5, 4.0, 5.0, 6.0))
    assert part_speed(b, t, m, o) == 0.75 / 0.25  # (0.25, 0.5, 0.5)
    put(o.points, (4.5, 6.0, 7.0), 9)
    assert part_speed(b, t, m, o) == 1.5 / 0.25  # (0.5, 1, 1)
    put(o.points, (4.0, 5.0, 6.0), 9)
    put(o.steps, (0.25, -0.5, 99.0))
    assert part_speed(b, t, m, o) == (0.75 + 0.5 * 0.75) / 0.25
    t.body_frame[b] = 1
    assert part_speed(b, t, m, o) == (0.75 + 0.5 * 0.25) / 0.25
    t.body_frame[b] = 0
    assert part_speed(b, t, m, o) == 0.75 / 0.25
    put(o.points, m.points[:12])
    assert part_speed(b, t, m, o) == 0.0


def test_part_speed_bounds_every_point_of_the_surface() -> None:
    rng = np.random.default_rng(31)
    limits = with_parts()
    t = counted(limits)
    tightest = INF
    for _ in range(250):
        q, steps = rng.uniform(-3.0, 3.0, 6), rng.uniform(-1.0, 1.0, 6) * 0.006 * rng.integers(0, 2, 6)
        m, _, o = records()
        before = Answer()
        place(q.tolist(), t, before)
        put(m.points, before.points)
        put(o.steps, steps)
        place((q + steps).tolist(), t, o)
        for b in range(t.bodies):
            bound = part_speed(b, t, m, o)
            assert bound >= 0.0
            frame, fastest = t.body_frame[b], 0.0
            one, other = (np.array(r.rotation[9 * frame : 9 * frame + 9]).reshape(3, 3) for r in (before, o))
            for s in (0.0, 0.3, 1.0):
                for _ in range(4):
                    direction = rng.normal(size=3)
                    out = t.body_radius[b] * direction / np.linalg.norm(direction)
                    here = point_of(before.points, 6 * b, s) + one @ out
                    there = point_of(o.points, 6 * b, s) + other @ out
                    fastest = max(fastest, float(np.linalg.norm(there - here)) / t.period)
            assert fastest <= bound + 1e-12
            if fastest > 0.05:
                tightest = min(tightest, bound / fastest)
    assert tightest < 1.05  # a bound, and not a wild one


# Where somebody is.


def standing(*ends: float, radius: float = 0.25) -> tuple[Table, Answer]:
    """One part with these ends, which is not the first in the list."""
    t, o = watched(), Answer()
    capsule(t, (0, 0, 0), (0, 0, 0), 0.0, 0)
    capsule(t, (0, 0, 0), (0, 0, 0), radius, 1)
    put(o.points, [500.0] * 6)
    put(o.points, ends, 6)
    return t, o


@pytest.mark.parametrize(
    ("x", "y", "distance"),
    [
        (2.0, 4.0, 3.0),
        (1.0, 1.0, 0.0),
        (1.0, -4.0, 5.0),
        (6.0, 5.0, 5.0),
        (-2.0, -3.0, 5.0),
        (8.0, 1.0, 5.0),
        (2.0, -2.0, 3.0),
    ],
)
def test_person_to_body_in_numbers(x: float, y: float, distance: float) -> None:
    """Beside, on, before and behind a segment from (1, 1) to (3, 1), whatever its heights are. Radius 1/4."""
    for low, high in ((0.0, 0.0), (-7.0, 9.0), (9.0, -7.0)):
        t, o = standing(1.0, 1.0, low, 3.0, 1.0, high)
        assert person_to_body(x, y, 1, t, o) == pytest.approx(distance - 0.25, abs=1e-12)


def test_person_to_an_upright_part_and_to_a_slanted_one() -> None:
    t, o = standing(1.0, 2.0, 0.0, 1.0, 2.0, 5.0)
    assert person_to_body(4.0, 6.0, 1, t, o) == 5.0 - 0.25
    t, o = standing(0.0, 0.0, 0.0, 4.0, 3.0, 9.0)
    assert person_to_body(-3.0, 4.0, 1, t, o) == pytest.approx(5.0 - 0.25)
    assert person_to_body(2.0 - 3.0, 1.5 + 4.0, 1, t, o) == pytest.approx(5.0 - 0.25)
    assert person_to_body(4.0 + 3.0, 3.0 - 4.0, 1, t, o) == pytest.approx(5.0 - 0.25)


def test_person_to_body_against_sampling() -> None:
    rng = np.random.default_rng(32)
    for _ in range(200):
        ends = rng.uniform(-1.0, 1.0, 6)
        x, y = rng.uniform(-2.0, 2.0, 2)
        t, o = standing(*ends, radius=0.1)
        flat = [point_of(o.points, 6, s)[:2] for s in np.linspace(0.0, 1.0, 101)]
        nearest = min(math.dist(point, (x, y)) for point in flat) - 0.1
        found = person_to_body(x, y, 1, t, o)
        assert found <= nearest + 1e-12 and nearest - found < 0.02


def test_nearest_person() -> None:
    t, o = standing(0.0, 0.0, 0.0, 0.0, 0.0, 1.0)
    assert nearest_person(t, someone(), o) == FAR
    assert nearest_person(t, someone((3.0, 4.0)), o) == 4.75
    assert nearest_person(t, someone((3.0, 4.0), (6.0, 8.0)), o) == 4.75
    assert nearest_person(t, someone((6.0, 8.0), (3.0, 4.0)), o) == 4.75
    assert nearest_person(t, someone((6.0, 8.0), (500.0, 503.0), (300.0, 400.0)), o) == 3.0
    assert nearest_person(Table(), someone((3.0, 4.0)), o) == FAR
