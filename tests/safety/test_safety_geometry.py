"""The judge's own geometry and formula, against sampling and against numbers by hand."""

from __future__ import annotations

import math
from typing import Any

import geometry
import numpy as np
import people
import pytest
from helpers_guard import HOME, TERMS, placed, with_parts
from law import law_of
from notes import NOTES, Notes, rest_of, zone_holds
from records import record_of

from moravec.guard.parts import Box, Obstacle, Zone

RNG = np.random.default_rng(5)


def along(p: np.ndarray, count: int = 200) -> np.ndarray:
    """Points of a segment (count, 3)."""
    return p[0] + np.linspace(0.0, 1.0, count)[:, None] * (p[1] - p[0])


def segments() -> list[np.ndarray]:
    """Segments of every kind: anywhere, points, along axes, in one plane."""
    made = [RNG.uniform(-1.0, 1.0, (2, 3)) for _ in range(40)]
    made += [np.repeat(RNG.uniform(-1.0, 1.0, (1, 3)), 2, axis=0) for _ in range(5)]
    for k in range(3):
        line = np.repeat(RNG.uniform(-1.0, 1.0, (1, 3)), 2, axis=0)
        line[1, k] += RNG.uniform(-1.0, 1.0)
        made += [line, line + 0.3]  # parallel ones among them
    return made


def test_segments_are_as_far_apart_as_their_points() -> None:
    made = segments()
    for p in made[::2]:
        for r in made[1::3]:
            sampled = float(np.linalg.norm(along(p)[:, None] - along(r)[None], axis=2).min())
            found = geometry.segment_gap(p, r)
            assert found <= sampled + 1e-12 and sampled - found < 1.2e-2
            assert geometry.apart_at_least(p, r) <= found + 1e-12
            assert found == pytest.approx(geometry.segment_gap(r, p[::-1]), abs=1e-12)


def test_a_segment_is_as_far_from_a_box_as_its_points() -> None:
    for p in segments():
        for _ in range(4):
            box = np.sort(RNG.uniform(-0.8, 0.8, (2, 3)), axis=0)
            beyond = np.maximum(np.maximum(box[0] - along(p, 4000), along(p, 4000) - box[1]), 0.0)
            sampled = float(np.linalg.norm(beyond, axis=1).min())
            found = geometry.box_gap(p, box)
            assert found <= sampled + 1e-9 and sampled - found < 1e-3
            assert geometry.apart_at_least(p, box) <= found + 1e-9


def matrix(theta: float, a: float, d: float, alpha: float) -> np.ndarray:
    """One Denavit-Hartenberg row as a matrix (4, 4)."""
    c, s, ca, sa = math.cos(theta), math.sin(theta), math.cos(alpha), math.sin(alpha)
    return np.array([[c, -s * ca, s * sa, a * c], [s, c * ca, -c * sa, a * s], [0.0, sa, ca, d], [0.0, 0.0, 0.0, 1.0]])


def put(limits: Any, q: Any) -> tuple[Any, Any]:
    law, notes = law_of(limits), record_of(Notes, NOTES)
    posture = np.zeros(16)
    posture[: law.n] = q
    geometry.put_arm(law, posture, notes.tool, notes.points, notes.axes)
    return law, notes


def test_the_arm_stands_where_products_of_matrices_put_it() -> None:
    limits = with_parts()
    for _ in range(20):
        q = RNG.uniform(-3.0, 3.0, 6)
        frames = [np.eye(4)]
        for row, turn in zip(limits.dh, q, strict=True):
            frames.append(frames[-1] @ matrix(row[0] + turn, *row[1:]))
        _, notes = put(limits, q)
        assert notes.tool == pytest.approx((frames[-1] @ [*limits.tool_offset, 1.0])[:3], abs=1e-12)
        for b, body in enumerate(limits.bodies):
            for e, end in enumerate((body.a, body.b)):
                assert notes.points[b, e] == pytest.approx((frames[body.frame] @ [*end, 1.0])[:3], abs=1e-12)


def test_the_clearance_is_that_of_the_nearest() -> None:
    wall = Box((-2.0, -0.9, -1.0), (2.0, -0.8, 1.0))
    limits = with_parts(obstacles=(Obstacle("wall", wall),), cell_clearance=0.01, zones=(Zone("z", "keep_out", wall),))
    law, notes = put(limits, HOME)
    points = np.array(placed(HOME, limits).points[:24]).reshape(4, 2, 3)
    to_wall = [geometry.box_gap(points[b], np.array([wall.low, wall.high])) - limits.bodies[b].radius for b in (1, 2, 3)]
    pairs = [(0, 2), (0, 3), (1, 3)]
    to_parts = [
        geometry.segment_gap(points[a], points[b]) - limits.bodies[a].radius - limits.bodies[b].radius - 0.005 for a, b in pairs
    ]
    zones = np.zeros(8)
    assert geometry.clearance_of(law, notes.points, zones) == pytest.approx(min([d - 0.01 for d in to_wall] + to_parts))
    zones[0] = 1.0
    law.box_count = 0
    assert geometry.clearance_of(law, notes.points, zones) == pytest.approx(min(to_wall + to_parts))


def test_the_workspace_is_a_union_less_what_is_forbidden() -> None:
    allowed = (Box((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)), Box((0.9, 0.0, 0.0), (3.0, 1.0, 1.0)))
    law = law_of(with_parts(allowed=allowed, forbidden=(Box((1.9, 0.4, 0.4), (2.1, 0.6, 0.6)),)))
    for x, depth in ((0.5, 0.5), (0.95, 0.05), (1.2, 0.3), (2.0, -0.1), (2.15, 0.05), (3.2, -0.2), (-0.1, -0.1)):
        assert geometry.depth_in(law, np.array([x, 0.5, 0.5])) == pytest.approx(depth)


def test_a_person_is_as_far_as_seen_from_above() -> None:
    ends = np.array([[0.0, 0.0, 0.3], [1.0, 0.0, 0.9]])
    for (x, y), gap in (((0.5, 0.4), 0.3), ((2.0, 0.0), 0.9), ((-0.3, -0.4), 0.4), ((0.5, 0.0), -0.1)):
        assert people.person_gap(x, y, ends, 0.1) == pytest.approx(gap)
    upright = np.array([[0.2, 0.1, 0.0], [0.2, 0.1, 1.0]])
    assert people.person_gap(0.2, 1.1, upright, 0.05) == pytest.approx(0.95)


def test_the_formula_by_hand() -> None:
    law = law_of(with_parts(separation=TERMS))
    # 1.6 (0.02 + 0.08 + 0.3) + 0.9 (0.1 + 0.3) + 0.1 + 0.05 + 0.02, resting after 0.9 / 3 s, later than after 0.2 s.
    assert people.separation_needed(law, 0.9, 0.2, 0.08) == pytest.approx(0.64 + 0.36 + 0.17)
    assert people.separation_needed(law, 0.9, 0.5, 0.08) == pytest.approx(1.6 * 0.6 + 0.9 * 0.6 + 0.17)


def test_a_joint_rests_where_braking_tick_by_tick_ends() -> None:
    law = law_of(with_parts())
    gain = 10.0 * 0.002**2
    for step in (0.0, gain / 2, gain, 1.5 * gain, 7.0 * gain, 31.3 * gain):
        for sign in (1.0, -1.0):
            q, left = 0.3, step
            while left > gain:
                left -= gain
                q += sign * left
            assert rest_of(law, 0, 0.3, sign * step) == pytest.approx(q, abs=1e-12)


def test_a_zone_holds_from_its_first_instant_to_before_its_last() -> None:
    box = Box((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    law = law_of(with_parts(zones=(Zone("a", "keep_out", box, active=((1.0, 2.0), (3.0, 4.0))), Zone("b", "keep_out", box))))
    for now, holds in ((0.9, 0.0), (1.0, 1.0), (2.0, 0.0), (3.5, 1.0), (4.0, 0.0)):
        assert zone_holds(law, 0, now) == holds
        assert zone_holds(law, 1, now) == 1.0
