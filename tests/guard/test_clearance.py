"""The clearance of a posture: every pair, box and zone counts, and the nearest decides."""

from __future__ import annotations

import numpy as np
import pytest
from helpers_kernel import add_box, box_reference, capsule, point_of, put, segments_reference

from moravec.guard.kernel.checks import Finding
from moravec.guard.kernel.codes import (
    CELL_COLLISION,
    KEEP_OUT,
    PERSON_ONLY,
    SELF_COLLISION,
    SLOW,
    STOP_ZONE,
    ZONE,
)
from moravec.guard.kernel.collision import (
    FAR,
    clearance,
)
from moravec.guard.kernel.form import BOXES, ZONES, Answer, Table


def scene() -> tuple[Table, Answer]:
    """Three bodies in a row along x, radii 0.125, 0.25, 0.5, at x = 0, 4, 16; the first does not move."""
    t, o = Table(body_clearance=0.0625, box_clearance=0.03125), Answer()
    for frame, x, radius in ((0, 0.0, 0.125), (1, 4.0, 0.25), (2, 16.0, 0.5)):
        index = capsule(t, (0, 0, 0), (0, 0, 0), radius, frame)
        put(o.points, (x, 0, 0, x, 1, 0), 6 * index)
    for k, (one, other) in enumerate(((0, 1), (1, 2), (0, 2))):
        t.pair_a[k], t.pair_b[k] = one, other
    for k in range(ZONES):
        o.zone_on[k] = 1
    return t, o


def test_nothing_near() -> None:
    t, o = scene()
    assert clearance(t, o) == Finding(CELL_COLLISION, -1, FAR, 0.03125, FAR, FAR)


def test_the_nearest_pair() -> None:
    t, o = scene()
    t.pairs = 3
    apart_ = 4.0 - 0.125 - 0.25
    assert clearance(t, o) == Finding(SELF_COLLISION, 0, apart_, 0.0625, apart_ - 0.0625, apart_ - 0.0625)
    put(o.points, (5.5, 0, 0, 5.5, 1, 0), 12)
    apart_ = 1.5 - 0.25 - 0.5
    assert clearance(t, o) == Finding(SELF_COLLISION, 1, apart_, 0.0625, apart_ - 0.0625, apart_ - 0.0625)
    put(o.points, (0.5, 0, 0, 0.5, 1, 0), 12)
    apart_ = 0.5 - 0.125 - 0.5
    assert clearance(t, o) == Finding(SELF_COLLISION, 2, apart_, 0.0625, apart_ - 0.0625, apart_ - 0.0625)
    t.pairs = 2
    assert clearance(t, o).joint == 1


def test_the_nearest_box() -> None:
    t, o = scene()
    t.pairs, t.boxes = 1, 2
    add_box(t.box_low, t.box_high, 0, (17.5, 0, -1), (18, 1, 1))
    add_box(t.box_low, t.box_high, 1, (5, 0, -1), (6, 1, 1))
    add_box(t.box_low, t.box_high, 2, (4, 0, -1), (6, 1, 1))  # beyond the count
    assert clearance(t, o) == Finding(CELL_COLLISION, BOXES + 1, 0.75, 0.03125, 0.71875, 0.71875)
    add_box(t.box_low, t.box_high, 0, (16.625, 0, -1), (18, 1, 1))
    assert clearance(t, o) == Finding(CELL_COLLISION, 2 * BOXES, 0.125, 0.03125, 0.09375, 0.09375)
    add_box(t.box_low, t.box_high, 0, (16.25, 0, -1), (18, 1, 1))
    assert clearance(t, o) == Finding(CELL_COLLISION, 2 * BOXES, -0.25, 0.03125, -0.28125, -0.28125)
    # What does not move cannot be moved into anything; its pairs still count.
    add_box(t.box_low, t.box_high, 0, (-1, -1, -1), (1, 1, 1))
    assert clearance(t, o).joint == BOXES + 1
    t.boxes = 0
    assert clearance(t, o).check == SELF_COLLISION


def test_the_nearest_zone() -> None:
    t, o = scene()
    t.zones, t.boxes = 2, 1
    add_box(t.box_low, t.box_high, 0, (8, 0, -1), (9, 1, 1))
    add_box(t.zone_low, t.zone_high, 0, (18, 0, -1), (19, 1, 1))
    add_box(t.zone_low, t.zone_high, 1, (5.25, 0, -1), (6, 1, 1))
    add_box(t.zone_low, t.zone_high, 2, (4, 0, -1), (6, 1, 1))
    for kind in (KEEP_OUT, PERSON_ONLY):
        t.zone_kind[1] = kind
        assert clearance(t, o) == Finding(ZONE, ZONES + 1, 1.0, 0.0, 1.0, 1.0)
    for kind in (SLOW, STOP_ZONE):
        t.zone_kind[1] = kind
        assert clearance(t, o) == Finding(ZONE, 2 * ZONES, 1.5, 0.0, 1.5, 1.5)
    t.zone_kind[1], o.zone_on[1] = KEEP_OUT, 0
    assert clearance(t, o).joint == 2 * ZONES
    o.zone_on[0] = 0
    assert clearance(t, o) == Finding(CELL_COLLISION, BOXES, 3.75, 0.03125, 3.71875, 3.71875)
    o.zone_on[1] = 1
    add_box(t.zone_low, t.zone_high, 1, (-1, -1, -1), (1, 1, 1))  # around the part that does not move
    assert clearance(t, o).joint == ZONES + 1  # 4 - 1 - 0.25 to the one that does
    assert clearance(t, o).value == 2.75


def test_of_equal_ones_the_first() -> None:
    t, o = scene()
    t.pairs, t.body_clearance, t.box_clearance = 2, 0.0, 0.0
    t.pair_a[1], t.pair_b[1] = 1, 0
    assert clearance(t, o).joint == 0
    t.boxes = 2
    gap = clearance(t, o).margin
    for k in range(2):
        add_box(t.box_low, t.box_high, k, (4.25 + gap, 0, -1), (11, 1, 1))
    assert clearance(t, o).check == SELF_COLLISION
    t.pairs = 0
    assert clearance(t, o).joint == BOXES
    t.zones = 1
    add_box(t.zone_low, t.zone_high, 0, (4.25 + gap, 0, -1), (11, 1, 1))
    assert clearance(t, o).check == CELL_COLLISION


def test_what_is_between_two_that_move_is_used_up_by_both() -> None:
    t, o = scene()
    t.pairs = 3
    put(o.travel, (0.0, 0.25, 0.75))
    clearance(t, o)
    spares = (4.0 - 0.375 - 0.0625, 12.0 - 0.75 - 0.0625, 16.0 - 0.625 - 0.0625)
    assert o.share == spares[1] / 1.0 < min(spares[0] / 0.25, spares[2] / 0.75)
    put(o.travel, (0.0, 0.75, 0.25))
    clearance(t, o)
    assert o.share == spares[0] / 0.75 < spares[1] / 1.0


def all_spares(t: Table, o: Answer) -> list[float]:
    """Every distance beyond what must be kept, by the references."""

    def ends(b: int) -> tuple[np.ndarray, np.ndarray]:
        return point_of(o.points, 6 * b, 0.0), point_of(o.points, 6 * b, 1.0)

    found = [
        segments_reference(*ends(t.pair_a[k]), *ends(t.pair_b[k]))
        - t.body_radius[t.pair_a[k]]
        - t.body_radius[t.pair_b[k]]
        - t.body_clearance
        for k in range(t.pairs)
    ]
    for b in range(t.bodies):
        if t.body_frame[b] == 0:
            continue
        for lows, highs, count, keep in (
            (t.box_low, t.box_high, t.boxes, t.box_clearance),
            (t.zone_low, t.zone_high, t.zones, 0.0),
        ):
            for k in range(count):
                low, high = np.array(lows[3 * k : 3 * k + 3]), np.array(highs[3 * k : 3 * k + 3])
                found.append(box_reference(*ends(b), low, high) - t.body_radius[b] - keep)
    return found


def test_random_scenes_against_the_references() -> None:
    rng = np.random.default_rng(15)
    seen = set()
    for _ in range(150):
        t, o = Table(body_clearance=float(rng.uniform(0, 0.1)), box_clearance=float(rng.uniform(0, 0.1))), Answer()
        for b in range(4):
            capsule(t, (0, 0, 0), (0, 0, 0), float(rng.uniform(0.01, 0.2)), int(rng.integers(0, 3)))
            start = rng.uniform(-1.5, 1.5, 3)
            put(o.points, [*start, *(start + rng.uniform(-0.5, 0.5, 3))], 6 * b)
        t.pairs, t.boxes, t.zones = 2, 2, 2
        for k, (one, other) in enumerate(((0, 2), (1, 3))):
            t.pair_a[k], t.pair_b[k] = one, other
        for lows, highs in ((t.box_low, t.box_high), (t.zone_low, t.zone_high)):
            for k in range(2):
                low = rng.uniform(-1.5, 1.0, 3)
                add_box(lows, highs, k, low, low + rng.uniform(0.05, 0.5, 3))
        o.zone_on[0] = o.zone_on[1] = 1
        found = clearance(t, o)
        assert found.margin == pytest.approx(min(all_spares(t, o)), abs=1e-7)
        assert found.relative == found.margin == pytest.approx(found.value - found.limit, abs=1e-12)
        seen.add(found.check)
    assert seen == {SELF_COLLISION, CELL_COLLISION, ZONE}
