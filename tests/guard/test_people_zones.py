"""Zones that people and robots share: in time, in space, both sides of every edge."""

from __future__ import annotations

import pytest
from helpers_kernel import (
    NAN,
    add_box,
    capsule,
    down,
    moving,
    put,
    someone,
    up,
    watched,
)

from moravec.guard.kernel.checks import Finding, below
from moravec.guard.kernel.codes import (
    KEEP_OUT,
    PERSON_ONLY,
    SLOW,
    STOP_ZONE,
    ZONE_SLOW,
    ZONE_STOP,
)
from moravec.guard.kernel.form import SPANS, Answer, Asked, Memory, Table
from moravec.guard.kernel.people import (
    check_zones,
    part_in,
    somebody_in,
    zones_now,
)


def test_zones_in_time() -> None:
    t, o = Table(zones=3), Answer()
    t.zone_spans[1], t.zone_spans[2] = 2, 1
    for k, spans in ((0, ((5.0, 6.0),)), (1, ((10.0, 20.0), (30.0, 40.0), (50.0, 60.0))), (2, ((15.0, 35.0),))):
        for i, (start, end) in enumerate(spans):
            t.span_start[SPANS * k + i], t.span_end[SPANS * k + i] = start, end
    o.zone_on[:] = [7] * len(o.zone_on)
    for now, on in (
        (0.0, [1, 0, 0]),
        (down(10.0), [1, 0, 0]),
        (10.0, [1, 1, 0]),
        (down(15.0), [1, 1, 0]),
        (15.0, [1, 1, 1]),
        (down(20.0), [1, 1, 1]),
        (20.0, [1, 0, 1]),
        (30.0, [1, 1, 1]),
        (down(35.0), [1, 1, 1]),
        (35.0, [1, 1, 0]),
        (40.0, [1, 0, 0]),
        (55.0, [1, 0, 0]),  # a span beyond the count
        (NAN, [1, 0, 0]),
    ):
        zones_now(t, Asked(now=now), o)
        assert o.zone_on[:3] == on, now
    assert o.zone_on[3:] == [7] * (len(o.zone_on) - 3)


def test_a_zone_counts_from_so_long_before_it_begins() -> None:
    t, o = Table(zones=1, ahead=0.5), Answer()
    t.zone_spans[0], t.span_start[0], t.span_end[0] = 1, 10.0, 20.0
    for now, on in ((down(9.5), 0), (9.5, 1), (10.0, 1), (down(20.0), 1), (20.0, 0), (20.25, 0)):
        zones_now(t, Asked(now=now), o)
        assert o.zone_on[0] == on, now


def test_somebody_in_a_zone_on_both_sides_of_each_edge() -> None:
    t = watched(human_uncertainty=0.25)
    add_box(t.zone_low, t.zone_high, 0, (-50, -50, -50), (-40, -40, -40))
    add_box(t.zone_low, t.zone_high, 1, (1.0, 10.0, 100.0), (2.0, 12.0, 104.0))
    for x, y, inside in (
        (1.5, 11.0, True),
        (0.75, 11.0, True),
        (down(0.75), 11.0, False),
        (2.25, 11.0, True),
        (up(2.25), 11.0, False),
        (1.5, 9.75, True),
        (1.5, down(9.75), False),
        (1.5, 12.25, True),
        (1.5, up(12.25), False),
        (0.75, 9.75, True),
        (11.0, 1.5, False),
        (102.0, 102.0, False),
    ):
        assert somebody_in(1, t, someone((x, y))) is inside
        assert somebody_in(1, t, someone((0.0, 0.0), (x, y))) is inside
        assert somebody_in(1, t, someone((x, y), (0.0, 0.0))) is inside
        assert somebody_in(0, t, someone((x, y))) is False
    assert somebody_in(1, t, someone()) is False
    a = someone((0.0, 0.0))
    put(a.person, (1.5, 11.0), 2)  # beyond the count
    assert somebody_in(1, t, a) is False


def test_a_part_in_a_zone_on_both_sides_of_touching() -> None:
    t, o = Table(), Answer()
    for b, radius in ((0, 0.125), (1, 0.5)):
        capsule(t, (0, 0, 0), (0, 0, 0), radius, 1)
        put(o.points, (100, 0, 0, 100, 1, 0), 6 * b)
    for k, (low, high) in enumerate(((-50.0, -40.0), (0.0, 1.0), (-90.0, -80.0))):
        add_box(t.zone_low, t.zone_high, k, (low,) * 3, (high,) * 3)
    assert part_in(1, t, o) is False
    for b, radius in ((0, 0.125), (1, 0.5)):
        for x, inside in ((1.0 + radius, False), (down(1.0 + radius), True), (0.5, True), (2.0, False)):
            put(o.points, (x, 0, 0, x, 1, 0), 6 * b)
            assert part_in(1, t, o) is inside
        put(o.points, (100, 0, 0, 100, 1, 0), 6 * b)
    put(o.travel, (0.25, 9.0))  # and where it can reach on its way to rest
    t.bodies = 1
    for x, inside in ((1.375, False), (down(1.375), True)):
        put(o.points, (x, 0, 0, x, 1, 0), 0)
        assert part_in(1, t, o) is inside
    put(o.points, (100, 0, 0, 100, 1, 0), 0)
    put(o.points, (0.5, 0, 0, 0.5, 1, 0), 6)  # beyond the count
    assert part_in(1, t, o) is False


def cell(*kinds: int) -> tuple[Table, Memory, Answer]:
    """`moving` with a zone of 1 m around x = 10 k for each of `kinds`, active; slow ones allow 2, 4, 8 m/s ..."""
    t, m, o = moving()
    t.zones = len(kinds)
    for k, kind in enumerate(kinds):
        t.zone_kind[k], o.zone_on[k], t.zone_speed[k] = kind, 1, 2.0 ** (k + 1)
        add_box(t.zone_low, t.zone_high, k, (10.0 * k + 9.5, 10, -1), (10.0 * k + 10.5, 11, 1))
    return t, m, o


def at(k: int) -> tuple[float, float]:
    """In zone `k` of `cell`."""
    return 10.0 * k + 10.0, 10.5


NOTHING = Finding(ZONE_SLOW, -1, 0.0, 1.0, 1.0, 1.0)


def test_zones_with_nobody_in_them() -> None:
    t, m, o = cell(STOP_ZONE, SLOW, STOP_ZONE)
    assert check_zones(t, someone(), m, o) == NOTHING
    assert check_zones(t, someone((0.0, 0.0)), m, o) == NOTHING
    assert check_zones(Table(), someone((0.0, 0.0)), m, o) == NOTHING


def test_a_stop_zone() -> None:
    t, m, o = cell(SLOW, STOP_ZONE, STOP_ZONE)
    for k in (1, 2):
        assert check_zones(t, someone(at(k)), m, o) == Finding(ZONE_STOP, k, 1.0, 0.0, -1.0, -1.0)
    assert check_zones(t, someone(at(1), at(2)), m, o).joint == 1
    assert check_zones(t, someone(at(0), at(2)), m, o) == Finding(ZONE_STOP, 2, 1.0, 0.0, -1.0, -1.0)
    o.zone_on[1] = 0
    assert check_zones(t, someone(at(1)), m, o) == NOTHING
    assert check_zones(t, someone(at(1), at(2)), m, o).joint == 2
    t.zones = 2
    assert check_zones(t, someone(at(2)), m, o) == NOTHING


def test_a_slow_zone_with_a_person() -> None:
    """The parts move with 0.5 and 1 m/s: the faster one counts, wherever it is."""
    t, m, o = cell(SLOW, SLOW)
    assert check_zones(t, someone(at(0)), m, o) == below(ZONE_SLOW, 0, 1.0, 2.0)
    assert check_zones(t, someone(at(1)), m, o) == below(ZONE_SLOW, 1, 1.0, 4.0)
    assert check_zones(t, someone(at(0), at(1)), m, o) == below(ZONE_SLOW, 0, 1.0, 2.0)
    for limit, inside in ((1.0, True), (up(1.0), True), (down(1.0), False), (0.5, False)):
        t.zone_speed[1] = limit
        found = check_zones(t, someone(at(1)), m, o)
        assert (found.margin >= 0.0) is inside
        assert found == below(ZONE_SLOW, 1, 1.0, limit)
        if inside:
            assert check_zones(t, someone(at(0), at(1)), m, o).joint == 1
    t.zone_speed[1] = 0.25  # both are too fast: the first is named
    assert check_zones(t, someone(at(1)), m, o) == below(ZONE_SLOW, 1, 0.5, 0.25)
    o.zone_on[1] = 0
    assert check_zones(t, someone(at(1)), m, o) == NOTHING


def test_a_slow_zone_with_a_part() -> None:
    t, m, o = cell(SLOW)
    add_box(t.zone_low, t.zone_high, 0, (63, -1, 0), (65, 1, 1))
    t.zone_speed[0], t.body_radius[0], t.body_radius[1] = 0.75, 0.01, 0.01
    assert check_zones(t, someone(), m, o) == below(ZONE_SLOW, 0, 1.0, 0.75)
    add_box(t.zone_low, t.zone_high, 0, (-1, -1, 0), (1, 1, 1))
    assert check_zones(t, someone(), m, o) == below(ZONE_SLOW, 0, 1.0, 0.75)  # no part is faster, not only that one
    add_box(t.zone_low, t.zone_high, 0, (30, -1, 0), (31, 1, 1))
    assert check_zones(t, someone(), m, o) == NOTHING


@pytest.mark.parametrize("kind", [KEEP_OUT, PERSON_ONLY])
def test_zones_that_nothing_may_enter_are_not_a_matter_of_people(kind: int) -> None:
    t, m, o = cell(kind)
    t.zone_speed[0] = 1e-3
    assert check_zones(t, someone(at(0)), m, o) == NOTHING
