"""Sweeps for collisions against dense sampling: never free where something is hit."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from helpers_guard import HOME, TERMS, with_parts
from helpers_kernel import INF, NAN, add_box, capsule, put, up

from moravec.guard.counted import counted
from moravec.guard.kernel.checks import Finding
from moravec.guard.kernel.codes import (
    CELL_COLLISION,
    SELF_COLLISION,
    ZONE,
)
from moravec.guard.kernel.collision import (
    LOOKS,
    SHARE,
    clearance,
    segments_apart,
    sweep,
    travels,
)
from moravec.guard.kernel.form import JOINTS, Answer, Table, Vec
from moravec.guard.kernel.kinematics import place
from moravec.guard.parts import Box, Obstacle, Zone


def turntable(radius: float, reach: float) -> Table:
    """One joint about z that carries a ball of 0.1 m on an arm of `radius` [m]; `reach` as the sweep is told."""
    t = Table(n=1, body_clearance=0.0, box_clearance=0.0)
    t.cos_alpha[0], t.link_a[0], t.reach[0] = 1.0, radius, reach
    capsule(t, (0, 0, 0), (0, 0, 0), 0.1, 1)
    return t


def swept(t: Table, q: Vec, way: Vec, straight: bool = True, start: Finding | None = None) -> tuple[Finding, Answer]:
    """A sweep from `q`, after the parts were placed there."""
    o = Answer()
    put(o.q, q)
    put(o.way, way)
    for k in range(t.zones):
        o.zone_on[k] = 1
    travels(t, o)
    place(o.q, t, o)
    here = clearance(t, o)
    found = sweep(here if start is None else start, straight, t, o)
    again = Answer()
    place(o.q, t, again)
    assert o.points == again.points and o.tool == again.tool  # it stays placed where it stood
    return found, o


def beside(t: Table, gap: float) -> None:
    """A box `gap` [m] from the ball of a turntable of radius 0, wherever that turns."""
    t.boxes = 1
    add_box(t.box_low, t.box_high, 0, (0.1 + gap, -1, -1), (2, 1, 1))


def test_a_way_shorter_than_the_clearance_needs_no_look() -> None:
    t = turntable(0.0, 2.0)
    beside(t, 0.5)
    start = Finding(CELL_COLLISION, 0, 0.5, 0.0, 0.5, 0.5)
    edge = 0.5 * SHARE
    for straight in (True, False):
        for way in (0.0, edge / 2.0, -edge / 2.0, 0.1):
            found, o = swept(t, [0.3], [way], straight, start)
            assert found is start
            assert o.posture == [0.0] * 16
    found, o = swept(t, [0.3], [up(edge / 2.0)], True, start)
    assert o.posture[0] != 0.0  # a look
    assert found.margin == pytest.approx(0.5) and found.joint == 0
    # What did not hold at the beginning is the answer.
    for margin in (-1e-300, -1.0, NAN):
        bad = Finding(ZONE, 3, 0.0, 0.0, margin, margin)
        assert swept(t, [0.3], [0.0], True, bad)[0] is bad
        found, o = swept(t, [0.3], [9.0], True, bad)
        assert found is bad and o.posture == [0.0] * 16


def test_each_joint_counts_with_its_own_reach() -> None:
    t = turntable(0.0, 2.0)
    t.n, t.reach[1], t.cos_alpha[1], t.reach[2] = 2, 8.0, 1.0, 1e9
    t.body_frame[0] = 2
    start = Finding(CELL_COLLISION, 0, 0.5, 0.0, 0.5, 0.5)
    beside(t, 0.5)
    for way, free in (([0.1, 0.0373], True), ([-0.1, -0.0373], True), ([0.1, 0.0376], False), ([0.1, -0.0376], False)):
        found, _ = swept(t, [0.1, 0.2, 0.0], [*way, 1.0], False, start)
        assert (found is start) is free
        total = 0.2 + 8.0 * abs(way[1])
        if not free:
            at = 0.5 * SHARE / total
            assert found == Finding(CELL_COLLISION, 0, 0.5, 0.0, pytest.approx(at - 1.0, abs=1e-12), -1.0)


def test_the_way_ends_at_its_last_look() -> None:
    """A constant clearance of 1/2: LOOKS steps of SHARE / 2 of way, and not one more."""
    t = turntable(0.0, 1.0)
    beside(t, 0.5)
    most = LOOKS * SHARE * 0.5
    found, _ = swept(t, [0.3], [most * (1.0 - 1e-9)])
    assert found.margin == pytest.approx(0.5) and found.check == CELL_COLLISION
    for way in (most * (1.0 + 1e-9), most * 1.5, -most * 1.5, 100.0):
        found, _ = swept(t, [0.3], [way])
        assert (found.check, found.joint, found.relative) == (CELL_COLLISION, 0, -1.0)
        assert found.value == pytest.approx(0.5) and found.limit == 0.0
        assert found.margin == pytest.approx((most - abs(way)) / abs(way), rel=1e-6, abs=1e-12)
        assert found.margin < 0.0


def test_what_is_reached_needs_no_look_any_more() -> None:
    """Two steps of exactly one half: one look, in the middle."""
    t = turntable(0.0, 1.0)
    beside(t, 0.5)
    start, _ = swept(t, [0.25], [0.0])
    way = 2.0 * (start.margin * SHARE)
    found, o = swept(t, [0.25], [way])
    assert found == start and o.posture[0] == 0.25 + 0.5 * way
    same = Finding(ZONE, 7, start.value, 0.0, start.margin, start.margin)
    assert swept(t, [0.25], [way], True, same)[0] is same  # of equal ones the first


def test_a_way_that_is_not_straight_is_only_free_within_the_first_clearance() -> None:
    t = turntable(0.0, 1.0)
    beside(t, 0.5)
    assert swept(t, [0.3], [0.49], False)[0].margin == pytest.approx(0.5)
    found, o = swept(t, [0.3], [0.6], False)
    assert found.margin == pytest.approx((0.5 * SHARE - 0.6) / 0.6) and found.relative == -1.0
    assert o.posture == [0.0] * 16
    assert swept(t, [0.3], [0.6], True)[0].margin == pytest.approx(0.5)


def test_a_margin_of_nothing_allows_nothing_but_standing() -> None:
    t = turntable(0.0, 1.0)
    beside(t, 0.5)
    start = Finding(CELL_COLLISION, 0, 0.0, 0.0, 0.0, 0.0)
    assert swept(t, [0.3], [0.0], True, start)[0] is start
    t.box_clearance = 0.625 - 0.1  # exactly what there is, all along
    put(t.box_low, (0.625, -1, -1))
    assert swept(t, [0.3], [0.0])[0].margin == 0.0
    found, _ = swept(t, [0.3], [1e-6])
    assert found == Finding(CELL_COLLISION, 0, 0.525, t.box_clearance, -1.0, -1.0)


def test_parts_that_stand_and_just_touch_do_not_end_a_way() -> None:
    """Two parts of the base at exactly their clearance: what moves is looked at all the way to its end."""
    t = turntable(1.0, 1.1)
    capsule(t, (-8, 0, 0), (-8, 0, 0), 0.25, 0)
    capsule(t, (-9, 0, 0), (-9, 0, 0), 0.5, 0)
    t.pairs, t.pair_a[0], t.pair_b[0], t.body_clearance = 1, 1, 2, 0.25
    t.boxes = 1
    add_box(t.box_low, t.box_high, 0, (1.15, -0.01, -1.0), (1.2, 0.01, 1.0))
    found, o = swept(t, [-0.5], [1.0])
    assert found == Finding(SELF_COLLISION, 0, 0.25, 0.25, 0.0, 0.0) and o.posture[0] > 0.3


def test_the_least_clearance_on_the_way_is_the_answer() -> None:
    """A ball passes a post: near it half way, far from it at both ends."""
    t = turntable(1.0, 1.1)
    t.boxes = 1
    add_box(t.box_low, t.box_high, 0, (1.15, -0.01, -1.0), (1.2, 0.01, 1.0))
    found, _ = swept(t, [-0.5], [1.0])
    assert found.check == CELL_COLLISION and 0.05 <= found.margin < 0.06
    back, _ = swept(t, [0.5], [-1.0])
    assert back.margin == pytest.approx(found.margin, abs=1e-9)
    for post in (1.05, 1.0, 0.95):
        put(t.box_low, (post, -0.01, -1.0))
        found, _ = swept(t, [-0.5], [1.0])
        assert not found.margin >= 0.0
    # Not reached: free.
    assert swept(t, [-0.5], [0.3])[0].margin > 0.0


def test_a_place_that_is_not_free_ends_it_and_is_the_answer() -> None:
    """What a true reach never lets happen: a leap right into the post. It is not leapt back from."""
    t = turntable(1.0, 0.1)
    t.boxes = 1
    add_box(t.box_low, t.box_high, 0, (0.95, -0.01, -1.0), (1.2, 0.01, 1.0))
    start, _ = swept(t, [-0.5], [0.0])
    t.reach[0] = 2.0 * start.margin
    found, o = swept(t, [-0.5], [1.0])
    assert o.posture[0] == pytest.approx(-0.5 + 0.5 * SHARE)
    place(o.posture, t, o)
    assert found.margin == pytest.approx(-0.1, abs=1e-3) and found == clearance(t, o)


def test_away_from_something_near_is_quickly_proven() -> None:
    """The steps grow with the clearance: it is the last place's, not the least, that is used."""
    t = turntable(1.0, 1.1)
    t.boxes = 1
    add_box(t.box_low, t.box_high, 0, (0.0, -1.0, -1.0), (2.0, -0.11, 1.0))
    found, _ = swept(t, [0.0], [1.0])
    assert found.margin == pytest.approx(0.01, abs=1e-9)
    assert not swept(t, [0.0], [-0.02])[0].margin >= 0.0


OBSTACLES = (
    Obstacle("table", Box((-1.0, -1.0, -0.6), (1.0, 1.0, -0.1))),
    Obstacle("post", Box((0.35, 0.2, -0.1), (0.45, 0.3, 0.6))),
    Obstacle("wall", Box((-1.0, 0.6, -0.1), (1.0, 0.7, 1.0))),
)
KEPT = (
    Zone("shelf", "keep_out", Box((-0.6, -0.5, 0.1), (-0.4, 0.0, 0.5))),
    Zone("walk", "slow", Box((-2.0, -2.0, -2.0), (2.0, 2.0, 2.0)), speed=0.2),  # anybody's place: nothing to keep from
)


def sampled(t: Table, q: np.ndarray, shares: list[np.ndarray], way: np.ndarray) -> float:
    """The least clearance at `q` + share * `way`."""
    o, least = Answer(), INF
    for k in range(t.zones):
        o.zone_on[k] = 1
    for share in shares:
        place((q + share * way).tolist(), t, o)
        least = min(least, clearance(t, o).margin)
    return least


def random_ways(seed: int, count: int, longest: float) -> list[tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(seed)
    return [
        (HOME + rng.uniform(-2.5, 2.5, 6), rng.uniform(-1.0, 1.0, 6) * longest * rng.uniform(0.0, 1.0))
        for _ in range(count)
    ]


def random_arm() -> Table:
    return counted(with_parts(obstacles=OBSTACLES, zones=KEPT, separation=TERMS, cell_clearance=0.01))


def judged(
    ways: list[tuple[np.ndarray, np.ndarray]], straight: bool, shares: Callable[[], list[np.ndarray]]
) -> list[int]:
    """How many ways are refused at the start, on the way, and free; free ones are free wherever sampled."""
    t, counts = random_arm(), [0, 0, 0]
    for q, way in ways:
        found, o = swept(t, q.tolist(), way.tolist(), straight)
        if not clearance(t, o).margin >= 0.0:
            counts[0] += 1
            assert not found.margin >= 0.0
        elif not found.margin >= 0.0:
            counts[1] += 1
        else:
            counts[2] += 1
            assert found.margin <= clearance(t, o).margin
            assert sampled(t, q, shares(), way) >= 0.0
    return counts


def test_a_straight_way_that_is_called_free_is_free() -> None:
    rng = np.random.default_rng(21)
    counts = judged(random_ways(22, 800, 1.2), True, lambda: [np.full(6, s) for s in [*rng.uniform(0.0, 1.0, 24), 1.0]])
    assert min(counts) > 100, counts


def test_a_bent_way_that_is_called_free_is_free_wherever_the_joints_go() -> None:
    rng = np.random.default_rng(23)
    counts = judged(random_ways(24, 1000, 0.12), False, lambda: [*rng.uniform(0.0, 1.0, (16, 6)), np.ones(6)])
    assert min(counts) > 100, counts


def test_a_way_that_leads_into_something_is_never_called_free() -> None:
    """The other way round: wherever sampling finds a violation, the sweep refuses."""
    t, hits = random_arm(), 0
    for q, way in random_ways(25, 500, 2.5):
        if sampled(t, q, [np.full(6, s) for s in (0.0,)], way) < 0.0:
            continue
        if sampled(t, q, [np.full(6, s) for s in np.linspace(0.0, 1.0, 12)], way) < 0.0:
            hits += 1
            assert not swept(t, q.tolist(), way.tolist())[0].margin >= 0.0
    assert hits > 60


def test_no_point_moves_farther_than_the_sweep_counts_on() -> None:
    """Reach times way bounds what distances change by: of each part to what stands, and of parts to each other."""
    t = random_arm()
    for q, way in random_ways(26, 150, 0.6):
        totals = [sum(t.reach[JOINTS * b + j] * abs(float(way[j])) for j in range(6)) for b in range(t.bodies)]
        one, other = Answer(), Answer()
        place(q.tolist(), t, one)
        place((q + way).tolist(), t, other)
        for i in range(2 * t.bodies):
            moved = math.dist(one.points[3 * i : 3 * i + 3], other.points[3 * i : 3 * i + 3])
            assert moved <= totals[i // 2] + 1e-12
        for a, b in product(range(t.bodies), repeat=2):
            before, after = (segments_apart(o.points, 6 * a, 6 * b) for o in (one, other))
            assert abs(before - after) <= totals[a] + totals[b] + 1e-9


def test_nothing_that_is_no_number_is_called_free() -> None:
    t = random_arm()
    good = Finding(CELL_COLLISION, 0, 0.5, 0.0, 0.5, 0.5)
    assert swept(t, HOME.tolist(), [0.0] * 6, True, good)[0] is good
    for j in range(6):
        way = [0.0] * 6
        way[j] = NAN
        for straight in (True, False):
            assert not swept(t, HOME.tolist(), way, straight, good)[0].margin >= 0.0
