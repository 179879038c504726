"""Distances of parts, against independent references, and which of them decides."""

from __future__ import annotations

import math

import numpy as np
import pytest
from helpers_kernel import INF, NAN, add_box, box_reference, capsule, down, point_of, put, segments_reference, up

from moravec.guard.kernel.collision import (
    FAR,
    LOOKS,
    SHARE,
    body_to_box,
    box_far,
    clamped,
    segment_to_box,
    segments_apart,
)
from moravec.guard.kernel.form import BOXES, ZONES, Answer, Table, Vec


def test_the_constants() -> None:
    assert (FAR, LOOKS, SHARE, BOXES, ZONES) == (1e9, 24, 0.999, 24, 8)


@pytest.mark.parametrize(
    ("x", "cut"),
    [(-1.0, 0.0), (-1e-300, 0.0), (0.0, 0.0), (0.25, 0.25), (1.0, 1.0), (up(1.0), 1.0), (INF, 1.0), (NAN, 0.0)],
)
def test_clamped(x: float, cut: float) -> None:
    assert clamped(x) == cut


# Segments.


def packed(*ends: object, pad: int = 2) -> Vec:
    """Ends one after the other, after `pad` numbers that must not be read."""
    return [77.0] * pad + [float(x) for end in ends for x in np.asarray(end, dtype=float)]


def apart(a: object, b: object, c: object, d: object) -> float:
    """Distance of segment ab to cd."""
    return segments_apart(packed(a, b, c, d), 2, 8)


def test_random_segments_against_the_reference() -> None:
    rng = np.random.default_rng(11)
    for case in range(1500):
        a, b, c, d = rng.uniform(-1.0, 1.0, (4, 3))
        if case % 3 == 1:  # on a coarse grid: parallel, degenerate, crossing and touching ones
            a, b, c, d = (np.round(x * 2.0) for x in (a, b, c, d))
        if case % 3 == 2:  # short ones, far from each other or near
            b, d = a + 0.1 * b, c + 0.1 * d
        expected = segments_reference(a, b, c, d)
        found = apart(a, b, c, d)
        assert found == pytest.approx(expected, abs=1e-9)
        for other in (apart(c, d, a, b), apart(b, a, c, d), apart(a, b, d, c), apart(d, c, b, a)):
            assert other == pytest.approx(found, abs=1e-9)


def test_no_two_sampled_points_are_nearer() -> None:
    rng = np.random.default_rng(12)
    grid = np.linspace(0.0, 1.0, 41)
    for _ in range(100):
        a, b, c, d = rng.uniform(-1.0, 1.0, (4, 3))
        one, other = a + grid[:, None] * (b - a), c + grid[:, None] * (d - c)
        nearest = float(np.min(np.linalg.norm(one[:, None] - other[None], axis=2)))
        found = apart(a, b, c, d)
        assert found <= nearest + 1e-12
        assert nearest <= found + 0.05 * (float(np.linalg.norm(b - a)) + float(np.linalg.norm(d - c)))


@pytest.mark.parametrize(
    ("a", "b", "c", "d", "distance"),
    [
        # Points.
        ((1, 2, 3), (1, 2, 3), (1, 2, 3), (1, 2, 3), 0.0),
        ((1, 2, 3), (1, 2, 3), (3, 5, 9), (3, 5, 9), 7.0),
        # A point and a segment: beside it, before it, behind it, on it.
        ((0.25, 3, 4), (0.25, 3, 4), (0, 0, 0), (1, 0, 0), 5.0),
        ((-2, 3, 6), (-2, 3, 6), (0, 0, 0), (1, 0, 0), 7.0),
        ((3, 3, 6), (3, 3, 6), (0, 0, 0), (1, 0, 0), 7.0),
        ((0.5, 0, 0), (0.5, 0, 0), (0, 0, 0), (1, 0, 0), 0.0),
        ((0, 0, 0), (0, 2, 0), (3, 1.5, 4), (3, 1.5, 4), 5.0),
        ((0, 0, 0), (0, 2, 0), (2, -3, 6), (2, -3, 6), 7.0),
        ((0, 0, 0), (0, 2, 0), (2, 5, 6), (2, 5, 6), 7.0),
        # Parallel: side by side, apart along their line, the same, the other way round.
        ((0, 0, 0), (4, 0, 0), (1, 3, 4), (2, 3, 4), 5.0),
        ((0, 0, 0), (4, 0, 0), (6, 3, 6), (9, 3, 6), 7.0),
        ((6, 3, 6), (9, 3, 6), (0, 0, 0), (4, 0, 0), 7.0),
        ((0, 0, 0), (4, 0, 0), (9, 3, 6), (6, 3, 6), 7.0),
        ((0, 0, 0), (4, 0, 0), (0, 0, 0), (4, 0, 0), 0.0),
        ((0, 0, 0), (4, 0, 0), (5, 0, 0), (8, 0, 0), 1.0),
        # Across: in the middle of both, touching, and beyond each end of each.
        ((-1, 0, 0), (1, 0, 0), (0, -1, 2), (0, 1, 2), 2.0),
        ((-1, 0, 0), (1, 0, 0), (0, -1, 0), (0, 1, 0), 0.0),
        ((-1, 0, 0), (1, 0, 0), (0, 0, 0), (0, 5, 0), 0.0),
        ((0, 0, 0), (1, 0, 0), (0.5, 3, 4), (0.5, 9, 4), 5.0),
        ((0, 0, 0), (1, 0, 0), (0.5, 9, 4), (0.5, 3, 4), 5.0),
        ((0, 0, 0), (1, 0, 0), (3, 3, 6), (3, 9, 6), 7.0),
        ((0, 0, 0), (1, 0, 0), (-2, 9, 6), (-2, 3, 6), 7.0),
        ((0, 0, 0), (0, 0, 8), (2, 3, 14), (2, 3, 30), 7.0),
    ],
)
def test_segments_in_numbers(a: Vec, b: Vec, c: Vec, d: Vec, distance: float) -> None:
    assert apart(a, b, c, d) == pytest.approx(distance, abs=1e-12)
    assert apart(c, d, a, b) == pytest.approx(distance, abs=1e-12)


def test_segments_stand_where_they_are_said_to_stand() -> None:
    p = packed((0, 0, 0), (1, 0, 0), (9, 9, 9), (9, 9, 9), (0, 2, 0), (1, 2, 0), pad=0)
    assert segments_apart(p, 0, 12) == 2.0 and segments_apart(p, 12, 0) == 2.0 and segments_apart(p, 12, 12) == 0.0


# Boxes.


def both(a: object, b: object, low: object, high: object) -> tuple[float, float]:
    """(segment_to_box, box_far), with the box not at the beginning of its list."""
    lows, highs = packed(low, pad=3), packed(high, pad=3)
    p = packed(a, b)
    return segment_to_box(p, 2, lows, highs, 3), box_far(p, 2, lows, highs, 3)


def test_random_segments_and_boxes_against_the_reference() -> None:
    rng = np.random.default_rng(13)
    for case in range(900):
        corners = rng.uniform(-1.0, 1.0, (2, 3))
        low, high = np.minimum(*corners), np.maximum(*corners) + 0.01
        a, b = rng.uniform(-2.0, 2.0, (2, 3))
        if case % 3 == 1:  # along an axis, or in a plane with two of them
            keep = rng.integers(0, 2, 3)
            b = np.where(keep, a, b)
        if case % 3 == 2:
            b = a + rng.uniform(-0.3, 0.3, 3)
        expected = box_reference(a, b, low, high)
        found, bound = both(a, b, low, high)
        assert found == pytest.approx(expected, abs=1e-7)
        assert found <= expected + 1e-12  # it is the minimum
        assert bound <= found + 1e-12
        turned, same = both(b, a, low, high)
        assert turned == pytest.approx(found, abs=1e-9) and same == bound


@pytest.mark.parametrize("axis", range(3))
def test_segments_and_boxes_in_numbers(axis: int) -> None:
    """The same scene turned so that each axis takes each part."""

    def turned(*x: float) -> np.ndarray:
        return np.roll(np.array(x), axis)

    low, high = turned(1, 10, 100), turned(2, 12, 104)
    for a, b, distance, bound in (
        (turned(5, 11, 102), turned(9, 11, 102), 3.0, 3.0),  # away from it
        (turned(9, 11, 102), turned(5, 11, 102), 3.0, 3.0),
        (turned(-5, 11, 102), turned(-3, 11, 102), 4.0, 4.0),
        (turned(-4, 11, 101), turned(9, 11, 103), 0.0, -1.0),  # through it
        (turned(1.5, 11, 102), turned(1.5, 11, 102), 0.0, -0.5),  # a point inside
        (turned(1.25, 11, 102), turned(1.5, 11, 103), 0.0, -0.5),  # all inside
        (turned(2, 11, 102), turned(4, 11, 102), 0.0, 0.0),  # touching a face
        (turned(5, 16, 102), turned(5, 16, 102), 5.0, 4.0),  # a point beyond an edge
        (turned(5, 16, 102), turned(7, 18, 102), 5.0, 4.0),
        (turned(4, 15, 110), turned(4, 15, 110), 7.0, 6.0),  # and beyond a corner
        (turned(0, 8, 98), turned(-3, 8, 98), 3.0, 2.0),
        (turned(1.5, 15, 0), turned(1.5, 15, 300), 3.0, 3.0),  # past it
        (turned(4, 12, 102), turned(2, 14, 102), math.sqrt(2.0), 0.0),  # past an edge, across
    ):
        found, least = both(a, b, low, high)
        assert found == pytest.approx(distance, abs=1e-12)
        assert least == bound


def test_the_nearest_point_may_lie_anywhere_along_the_segment() -> None:
    """Past an edge in a plane, at slopes that put the nearest point between other faces' planes."""
    low, high = np.array([-1.0, -2.0, -3.0]), np.array([1.0, 2.0, 3.0])
    for slope in (0.1, 0.5, 1.0, 2.0, 7.0):
        for out in (0.5, 1.0, 4.0):
            normal = np.array([slope, 1.0, 0.0]) / math.hypot(slope, 1.0)
            foot = np.array([1.0, 2.0, 0.3]) + out * normal
            along = np.array([1.0, -slope, 0.0])
            assert both(foot - 5.0 * along, foot + 3.0 * along, low, high)[0] == pytest.approx(out, abs=1e-12)


def test_box_far_is_the_largest_gap_along_one_axis() -> None:
    low, high = (0.0, 0.0, 0.0), (1.0, 2.0, 4.0)
    assert both((3, 1, 1), (2, 1, 1), low, high)[1] == 1.0
    assert both((-5, 1, 1), (-2, 1, 1), low, high)[1] == 2.0
    assert both((0, -4, 7), (0, -5, 9), low, high)[1] == 4.0
    assert both((0, -4, 9), (0, -1, 12), low, high)[1] == 5.0
    assert both((0.25, 1, 1), (0.5, 1, 3), low, high)[1] == -0.5
    assert both((-1, 1, 1), (5, 1, 3), low, high)[1] == -1.0  # across the first axis; shallowest along the second
    assert both((-2e9, 3e9, 0), (-2e9, 3e9, 0), low, high)[1] == 3e9 - 2.0
    assert both((-3e9, -3e9, -3e9), (3e9, 3e9, 3e9), low, high)[1] == -FAR


def test_body_to_box_is_exact_up_to_what_is_known_and_a_lower_bound_beyond() -> None:
    rng = np.random.default_rng(14)
    exact = 0
    for _ in range(400):
        t, o = Table(), Answer()
        for _ in range(3):
            capsule(t, (0, 0, 0), (0, 0, 0), float(rng.uniform(0.01, 0.3)))
        put(o.points, rng.uniform(-2.0, 2.0, 18))
        add_box(t.box_low, t.box_high, 0, (-9, -9, -9), (9, 9, 9))
        low = rng.uniform(-0.5, 0.5, 3)
        high = low + rng.uniform(0.01, 0.5, 3)
        add_box(t.box_low, t.box_high, 1, low, high)
        b, known = int(rng.integers(3)), float(rng.uniform(-0.5, 1.5))
        found = body_to_box(t, o, b, t.box_low, t.box_high, 3, known)
        true = (
            box_reference(point_of(o.points, 6 * b, 0.0), point_of(o.points, 6 * b, 1.0), low, high) - t.body_radius[b]
        )
        bound = box_far(o.points, 6 * b, t.box_low, t.box_high, 3) - t.body_radius[b]
        assert found <= true + 1e-7
        if true <= known or bound <= known:
            exact += 1
            assert found == pytest.approx(true, abs=1e-7)
        else:
            assert found == bound > known
    assert 100 < exact < 300


def test_body_to_box_looks_closer_unless_it_already_knows_better() -> None:
    t, o = Table(), Answer()
    capsule(t, (0, 0, 0), (0, 0, 0), 0.5)
    put(o.points, (5, 6, 0, 5, 6, 0))
    add_box(t.box_low, t.box_high, 0, (0, 0, -1), (2, 2, 1))
    assert body_to_box(t, o, 0, t.box_low, t.box_high, 0, 3.5) == 4.5  # beyond its edge: 5 - 0.5
    assert body_to_box(t, o, 0, t.box_low, t.box_high, 0, down(3.5)) == 3.5  # along one axis: 4 - 0.5
    assert body_to_box(t, o, 0, t.box_low, t.box_high, 0, FAR) == 4.5
