"""What began where it may not be: a tool outside its space may only come back, and parts that are too near may only part."""

from __future__ import annotations

import pytest
from helpers_kernel import NAN, add_box, capsule, put

from moravec.guard.kernel.checks import HUGE, Finding, check_workspace_from
from moravec.guard.kernel.codes import (
    CELL_COLLISION,
    FORBIDDEN_ZONE,
    KEEP_OUT,
    PERSON_ONLY,
    SELF_COLLISION,
    SLOW,
    STOP_ZONE,
    WORKSPACE,
    ZONE,
)
from moravec.guard.kernel.collision import FAR, parted
from moravec.guard.kernel.form import BOXES, ZONES, Answer, Table, Vec


# ── the tool ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def space(allowed: int = 1, forbidden: int = 0) -> Table:
    """Allowed from -4 to 4 along x, and from 6 to 10; forbidden from 1 to 2, and from -3 to -1."""
    t = Table(allowed=allowed, forbidden=forbidden)
    for k, (low, high) in enumerate(((-4.0, 4.0), (6.0, 10.0), (-99.0, 99.0))):
        add_box(t.allowed_low, t.allowed_high, k, (low, -9.0, -9.0), (high, 9.0, 9.0))
    for k, (low, high) in enumerate(((1.0, 2.0), (-3.0, -1.0), (-99.0, 99.0))):
        add_box(t.forbidden_low, t.forbidden_high, k, (low, -9.0, -9.0), (high, 9.0, 9.0))
    return t


def came(x: float, before: float, t: Table) -> Finding:
    return check_workspace_from([x, 0.5, 0.25], [before, 0.25, 0.5], t)


@pytest.mark.parametrize(
    ("x", "before", "depth", "gain"),
    [
        (5.0, 5.5, -1.0, 0.5),
        (5.5, 5.0, -1.5, -0.5),
        (5.0, 5.0, -1.0, 0.0),
        (-4.25, -6.0, -0.25, 1.75),
        (3.5, 5.0, 0.5, 1.5),
        # It was inside: what there is counts, and not what was lost or gained.
        (3.0, 3.5, 1.0, 1.0),
        (3.5, 0.0, 0.5, 0.5),
        (5.0, 3.5, -1.0, -1.0),
        (4.5, 4.0, -0.5, -0.5),
        (3.75, 4.0, 0.25, 0.25),
    ],
)
def test_one_allowed_box(x: float, before: float, depth: float, gain: float) -> None:
    assert came(x, before, space()) == Finding(WORKSPACE, -1, depth, 0.0, gain, gain)


def test_allowed_boxes_count_together() -> None:
    t = space(2)
    assert came(5.25, 5.0, t) == Finding(WORKSPACE, -1, -0.75, 0.0, 0.25, 0.25)
    assert came(5.25, 4.5, t) == Finding(WORKSPACE, -1, -0.75, 0.0, -0.25, -0.25), "from one to the other, through the gap"
    assert came(4.75, 5.25, t) == Finding(WORKSPACE, -1, -0.75, 0.0, 0.0, 0.0)
    assert came(7.0, 4.5, t) == Finding(WORKSPACE, -1, 1.0, 0.0, 1.5, 1.5)
    assert came(7.0, 3.0, t) == Finding(WORKSPACE, -1, 1.0, 0.0, 1.0, 1.0)
    assert came(0.0, 0.0, Table()).value == -HUGE


def test_every_forbidden_box_counts_for_itself() -> None:
    t = space(1, 2)
    out = Finding(FORBIDDEN_ZONE, -1, 2.25, 2.0, 0.25, 0.25)
    assert came(2.25, 3.5, t) == out, "it was outside: the distance counts"
    assert came(2.25, 1.75, t) == Finding(FORBIDDEN_ZONE, -1, 2.25, 2.0, 0.5, 0.5), "it was inside: the gain"
    assert came(1.875, 1.75, t) == Finding(FORBIDDEN_ZONE, -1, 1.875, 2.0, 0.125, 0.125)
    assert came(1.625, 1.75, t) == Finding(FORBIDDEN_ZONE, -1, 1.625, 2.0, -0.125, -0.125)
    assert came(1.75, 1.75, t) == Finding(FORBIDDEN_ZONE, -1, 1.75, 2.0, 0.0, 0.0)
    # On the face is outside; the first of equal ones is not covered up, and each of several counts.
    assert came(1.75, 2.0, t) == Finding(FORBIDDEN_ZONE, -1, 1.75, 2.0, -0.25, -0.25)
    assert came(-1.25, 1.5, t) == Finding(FORBIDDEN_ZONE, -1, -1.25, -1.0, -0.25, -0.25), "out of one into another"
    assert came(0.0, 0.0, t) == Finding(FORBIDDEN_ZONE, -1, 0.0, 1.0, 1.0, 1.0)
    assert came(3.25, 5.0, t).check == FORBIDDEN_ZONE and came(3.5, 3.5, t).check == WORKSPACE
    assert came(3.0, 3.0, t) == Finding(WORKSPACE, -1, 1.0, 0.0, 1.0, 1.0), "of two that are the same the first"


def test_a_tool_that_is_nowhere_has_not_come_back() -> None:
    for t in (space(), space(2), space(1, 2), space(2, 1)):
        assert not came(NAN, 5.0, t).margin >= 0.0 and not came(NAN, 0.0, t).margin >= 0.0
        assert not came(0.0, NAN, t).margin >= 0.0 or came(0.0, NAN, t).margin <= 4.0


# ── the parts ────────────────────────────────────────────────────────────────────────────────────────────────────────
def scene(now: Vec, before: Vec, travel: Vec) -> tuple[Table, Vec, Answer]:
    """Balls along x of radii 1/8, 1/4 and 1/2, the first of the base: where they are, were, and how far they move to rest."""
    t, o, points = Table(body_clearance=0.0625, box_clearance=0.03125), Answer(), [0.0] * 48
    for frame, x, old, radius in zip((0, 1, 2), now, before, (0.125, 0.25, 0.5), strict=True):
        index = capsule(t, (0, 0, 0), (0, 0, 0), radius, frame)
        put(o.points, (x, 0, 0, x, 1, 0), 6 * index)
        put(points, (old, 0, 0, old, 1, 0), 6 * index)
    for k, (one, other) in enumerate(((0, 1), (1, 2), (0, 2))):
        t.pair_a[k], t.pair_b[k] = one, other
    for k in range(ZONES):
        o.zone_on[k] = 1
    put(o.travel, travel)
    return t, points, o


def test_where_nothing_is_near_nothing_is_found() -> None:
    t, before, o = scene([0.0, 4.0, 16.0], [0.0, 4.0, 16.0], [0.0, 1.0, 1.0])
    assert parted(t, before, 1.0, o) == Finding(CELL_COLLISION, -1, FAR, 0.03125, FAR, FAR)


@pytest.mark.parametrize("way", [0.0, 0.5, 1.0])
def test_a_pair(way: float) -> None:
    """Distances less radii: 4 - 3/8 of the first pair, 12 - 3/4 of the second; 1/16 must be kept."""
    t, before, o = scene([0.0, 4.0, 16.0], [0.0, 4.5, 16.0], [0.25, 0.5, 1.0])
    t.pairs = 3
    left = 4.0 - 0.375 - 0.0625 - way * 0.75
    assert parted(t, before, way, o) == Finding(SELF_COLLISION, 0, 3.625, 0.0625, left, left)
    put(o.points, (5.5, 0, 0, 5.5, 1, 0), 12)
    left = 1.5 - 0.75 - 0.0625 - way * 1.5
    assert parted(t, before, way, o) == Finding(SELF_COLLISION, 1, 0.75, 0.0625, left, left)
    # Too near before: the gain counts, and the way to rest does not.
    put(before, (5.25, 0, 0, 5.25, 1, 0), 12)
    assert parted(t, before, way, o) == Finding(SELF_COLLISION, 1, 0.75, 0.0625, 0.75, 0.75)
    put(o.points, (4.875, 0, 0, 4.875, 1, 0), 12)
    assert parted(t, before, way, o) == Finding(SELF_COLLISION, 1, 0.125, 0.0625, 0.125, 0.125)
    put(before, (5.0, 0, 0, 5.0, 1, 0), 12)
    assert parted(t, before, way, o) == Finding(SELF_COLLISION, 1, 0.125, 0.0625, 0.375, 0.375)
    t.pairs = 1
    assert parted(t, before, way, o).joint == 0


def test_at_exactly_what_must_be_kept_it_was_not_too_near() -> None:
    t, before, o = scene([0.0, 1.0, 99.0], [0.0, 0.4375, 99.0], [0.0, 0.125, 0.0])
    t.pairs = 1
    left = 1.0 - 0.4375 - 0.125
    assert parted(t, before, 1.0, o) == Finding(SELF_COLLISION, 0, 0.625, 0.0625, left, left)
    put(before, (0.4375 - 2.0**-20, 0, 0, 0.4375 - 2.0**-20, 1, 0), 6)
    assert parted(t, before, 1.0, o).margin == 1.0 - 0.4375 + 2.0**-20


def test_each_pair_parts_for_itself() -> None:
    """One pair that parts does not make up for another that comes nearer."""
    t, before, o = scene([0.0, 0.5, 1.25], [0.0, 0.375, 1.0], [0.0, 0.125, 0.125])
    t.pairs = 2
    assert parted(t, before, 1.0, o) == Finding(SELF_COLLISION, 0, 0.125, 0.0625, 0.125, 0.125)
    put(before, (0.5625, 0, 0, 0.5625, 1, 0), 6)
    found = parted(t, before, 1.0, o)
    assert found == Finding(SELF_COLLISION, 0, 0.125, 0.0625, -0.0625, -0.0625)


@pytest.mark.parametrize("way", [0.0, 0.5, 1.0])
def test_a_box(way: float) -> None:
    t, before, o = scene([0.0, 4.0, 16.0], [0.0, 4.0, 16.0], [9.0, 0.25, 0.5])
    t.boxes = 2
    add_box(t.box_low, t.box_high, 0, (17.5, 0, -1), (18, 1, 1))
    add_box(t.box_low, t.box_high, 1, (5, 0, -1), (6, 1, 1))
    add_box(t.box_low, t.box_high, 2, (4, 0, -1), (6, 1, 1))  # beyond the count
    left = 0.75 - 0.03125 - way * 0.25
    assert parted(t, before, way, o) == Finding(CELL_COLLISION, BOXES + 1, 0.75, 0.03125, left, left)
    put(o.points, (17.0 - 0.125, 0, 0, 17.0 - 0.125, 1, 0), 12)
    left = 0.125 - 0.03125 - way * 0.5
    assert parted(t, before, way, o) == Finding(CELL_COLLISION, 2 * BOXES, 0.125, 0.03125, left, left)
    put(before, (17.25, 0, 0, 17.25, 1, 0), 12)
    assert parted(t, before, way, o) == Finding(CELL_COLLISION, 2 * BOXES, 0.125, 0.03125, 0.375, 0.375)
    put(o.points, (17.25, 0, 0, 17.25, 1, 0), 12)
    put(before, (17.125, 0, 0, 17.125, 1, 0), 12)
    assert parted(t, before, way, o) == Finding(CELL_COLLISION, 2 * BOXES, -0.25, 0.03125, -0.125, -0.125)
    # Too near another than the first.
    put(o.points, (99, 0, 0, 99, 1, 0), 12)
    put(before, (4.875, 0, 0, 4.875, 1, 0), 6)
    assert parted(t, before, way, o) == Finding(CELL_COLLISION, BOXES + 1, 0.75, 0.03125, 0.875, 0.875)
    # What does not move cannot be moved into anything.
    add_box(t.box_low, t.box_high, 0, (-1, -1, -1), (1, 1, 1))
    assert parted(t, before, way, o).joint == BOXES + 1
    t.pairs = 3
    assert parted(t, before, 0.0, o).check == CELL_COLLISION


@pytest.mark.parametrize("way", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("kind", [KEEP_OUT, PERSON_ONLY])
def test_a_zone(kind: int, way: float) -> None:
    t, before, o = scene([0.0, 4.0, 16.0], [0.0, 4.0, 16.0], [9.0, 0.25, 0.5])
    t.zones, t.boxes = 2, 1
    add_box(t.box_low, t.box_high, 0, (8, 0, -1), (9, 1, 1))
    add_box(t.zone_low, t.zone_high, 0, (19, 0, -1), (20, 1, 1))
    add_box(t.zone_low, t.zone_high, 1, (5.25, 0, -1), (6, 1, 1))
    add_box(t.zone_low, t.zone_high, 2, (4, 0, -1), (6, 1, 1))
    t.zone_kind[0] = t.zone_kind[1] = kind
    left = 1.0 - way * 0.25
    assert parted(t, before, way, o) == Finding(ZONE, ZONES + 1, 1.0, 0.0, left, left)
    put(before, (5.125, 0, 0, 5.125, 1, 0), 6)
    assert parted(t, before, way, o) == Finding(ZONE, ZONES + 1, 1.0, 0.0, 1.125, 1.125)
    put(o.points, (18.25, 0, 0, 18.25, 1, 0), 12)
    left = 0.25 - way * 0.5
    assert parted(t, before, way, o) == Finding(ZONE, 2 * ZONES, 0.25, 0.0, left, left)
    put(before, (18.75, 0, 0, 18.75, 1, 0), 12)
    assert parted(t, before, way, o) == Finding(ZONE, 2 * ZONES, 0.25, 0.0, 0.5, 0.5)
    for other in (SLOW, STOP_ZONE):
        t.zone_kind[0] = other
        assert parted(t, before, way, o).joint == ZONES + 1
    t.zone_kind[0], o.zone_on[0] = kind, 0
    assert parted(t, before, way, o).joint == ZONES + 1
    o.zone_on[1] = 0
    assert parted(t, before, way, o).check == CELL_COLLISION
    o.zone_on[1] = 1
    add_box(t.zone_low, t.zone_high, 1, (-1, -1, -1), (1, 1, 1))  # around the part that does not move
    assert parted(t, before, way, o).joint == ZONES + 1


def test_of_equal_ones_the_first_and_of_what_is_no_number_none_holds() -> None:
    t, before, o = scene([0.0, 4.0, 16.0], [0.0, 4.0, 16.0], [0.0, 0.0, 0.0])
    t.pairs, t.body_clearance, t.box_clearance = 2, 0.0, 0.0
    t.pair_a[1], t.pair_b[1] = 1, 0
    assert parted(t, before, 1.0, o).joint == 0
    t.boxes = 2
    for k in range(2):
        add_box(t.box_low, t.box_high, k, (4.25 + 3.625, 0, -1), (11, 1, 1))
    assert parted(t, before, 1.0, o).check == SELF_COLLISION
    t.pairs = 0
    assert parted(t, before, 1.0, o).joint == BOXES
    t.zones = 1
    add_box(t.zone_low, t.zone_high, 0, (4.25 + 3.625, 0, -1), (11, 1, 1))
    assert parted(t, before, 1.0, o).check == CELL_COLLISION
    for k in range(2):
        t, before, o = scene([0.0, 4.0, 16.0], [0.0, 4.0, 16.0], [0.0, 0.0, NAN])
        t.pairs, t.boxes, t.zones = (3, 0, 0) if k == 0 else (0, 1, 1)
        add_box(t.box_low, t.box_high, 0, (8, 0, -1), (9, 1, 1))
        found = parted(t, before, 1.0, o)
        assert not found.margin >= 0.0 and found.joint == (2 if k == 0 else 2 * ZONES)
