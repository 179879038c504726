"""A limit table counted in ticks: every number lands in its place, and nothing else is touched."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from helpers_guard import APART, BODIES, PERIOD, TERMS, N, table

from moravec.guard.counted import as_record, counted
from moravec.guard.kernel.codes import KEEP_OUT, PERSON_ONLY, SLOW, STOP_ZONE
from moravec.guard.kernel.form import JOINTS, Answer, Asked, Memory, Table
from moravec.guard.parts import Box, Capsule, Obstacle, Touch, Zone

LEFT, RIGHT = Box((-2.0, -3.0, -4.0), (0.5, 6.0, 7.0)), Box((-0.25, -8.0, -9.0), (10.0, 11.0, 12.0))
BIT, LANE = Box((0.9, 0.8, 0.7), (1.0, 1.1, 1.2)), Box((13.0, 14.0, 15.0), (16.0, 17.0, 18.0))
TOUCH = Touch(("chest",), 10.0, 1.0, 1.0, "transient")
FULL = table(
    tool_offset=(0.01, 0.02, 0.2), jerk=(900.0, 901.0, 902.0, 903.0, 904.0, 905.0), cell_clearance=0.01, novelty_max=0.5,
    grip_width_min=0.005, allowed=(LEFT, RIGHT), forbidden=(BIT,), bodies=BODIES, apart=APART, separation=TERMS, touch=TOUCH,
    tool_force=100.0,
    dh=((0.1, 0.2, 0.16, 0.5), *table().dh[1:]), torque=(150.0, 151.0, 152.0, 28.0, 29.0, 30.0),
    obstacles=(Obstacle("post", BIT), Obstacle("lane", LANE)),
    zones=(
        Zone("a", "person_only", BIT), Zone("b", "slow", LANE, 0.75, ((1.0, 2.0), (3.0, 4.5))),
        Zone("c", "stop", LEFT, None, ((5.0, 6.0),)), Zone("d", "keep_out", RIGHT),
    ),
)  # fmt: skip


def filled(values: Any, length: int) -> list[float]:
    """A vector of the table: `values`, and nothing behind them."""
    found = [float(value) for value in values]
    return found + [0.0] * (length - len(found))


def corners(boxes: tuple[Box, ...], side: str, length: int) -> list[float]:
    return filled([x for box in boxes for x in getattr(box, side)], length)


def test_every_number_lands_in_its_place() -> None:
    t, limits = counted(FULL), FULL
    for name in ("position_min", "position_max", "velocity", "acceleration", "jerk", "torque", "tracking"):
        assert getattr(t, name) == filled(getattr(limits, name), JOINTS), name
    for name, column in (("theta0", 0), ("link_a", 1), ("link_d", 2)):
        assert getattr(t, name) == filled([row[column] for row in limits.dh], JOINTS), name
    assert t.cos_alpha == filled([math.cos(row[3]) for row in limits.dh], JOINTS)
    assert t.sin_alpha == filled([math.sin(row[3]) for row in limits.dh], JOINTS)
    same = (
        "tool_speed", "tool_speed_reduced", "tool_force", "body_clearance", "command_age_max", "sequence_gap_max",
        "chunk_age_max", "sight_age_max", "grip_width_min", "grip_width_max", "grip_force_max", "novelty_max",
    )  # fmt: skip
    assert all(getattr(t, name) == getattr(limits, name) for name in same)
    assert (t.n, t.period, t.tool, t.box_clearance, t.novelty) == (N, PERIOD, [0.01, 0.02, 0.2], 0.01, 1)
    assert t.payload == 5.0 * 9.80665


def test_steps_and_rooms_are_those_of_braking() -> None:
    """What the guard pulls back to lies inside what it lets through: half of a tolerance, and a tolerance but for rounding."""
    t = counted(FULL)
    assert t.gains == filled([a * PERIOD * PERIOD for a in FULL.acceleration], JOINTS)
    for j in range(N):
        assert t.fastest[j] == pytest.approx(FULL.velocity[j] * 1.0005 * PERIOD, rel=1e-14)
        assert t.lows[j] == pytest.approx(FULL.position_min[j] - 0.999e-6, abs=1e-14)
        assert t.highs[j] == pytest.approx(FULL.position_max[j] + 0.999e-6, abs=1e-14)
    assert t.fastest[N:] == t.lows[N:] == t.highs[N:] == [0.0] * (JOINTS - N)


def test_a_zone_is_looked_ahead_for_by_the_longest_stop_and_two_ticks() -> None:
    # Joint 3 takes longest: 3.0 rad/s at 13.0 rad/s^2.
    assert counted(FULL).ahead == pytest.approx(3.0 / 13.0 * 1.001 + 0.004, rel=1e-14)


def test_every_place_lands_in_its_place() -> None:
    t = counted(FULL)
    for count, low, high, boxes in (
        (t.allowed, t.allowed_low, t.allowed_high, FULL.allowed),
        (t.forbidden, t.forbidden_low, t.forbidden_high, FULL.forbidden),
        (t.boxes, t.box_low, t.box_high, (BIT, LANE)),
        (t.zones, t.zone_low, t.zone_high, (BIT, LANE, LEFT, RIGHT)),
    ):
        assert count == len(boxes)
        assert (low, high) == (corners(boxes, "low", len(low)), corners(boxes, "high", len(high)))
    assert (t.bodies, t.body_frame) == (4, filled([0, 2, 3, 6], 16))
    assert t.body_a == filled([x for body in BODIES for x in body.a], 48)
    assert t.body_b == filled([x for body in BODIES for x in body.b], 48)
    assert t.body_radius == filled([0.06, 0.04, 0.035, 0.03], 16)
    assert (t.pairs, t.pair_a, t.pair_b) == (3, filled([0, 0, 1], 64), filled([2, 3, 3], 64))
    assert t.zone_kind == [PERSON_ONLY, SLOW, STOP_ZONE, KEEP_OUT, 0, 0, 0, 0]
    assert t.zone_speed == filled([0.0, 0.75], 8) and t.zone_spans == [0, 2, 1, 0, 0, 0, 0, 0]
    assert t.span_start == filled([0, 0, 0, 0, 1, 3, 0, 0, 5], 32)
    assert t.span_end == filled([0, 0, 0, 0, 2, 4.5, 0, 0, 6], 32)


def test_the_terms_for_people_land_in_their_places() -> None:
    t = counted(FULL)
    assert t.separation == 1 and t.contact_speed == TOUCH.speed > 0.0
    for name in ("human_speed", "reaction_time", "braking", "intrusion", "human_uncertainty", "robot_uncertainty"):
        assert getattr(t, name) == getattr(TERMS, name) > 0.0
    assert t.people_age_max == TERMS.reading_age_max
    without = counted(replace(FULL, touch=None, novelty_max=None))
    assert (without.separation, without.contact_speed, without.novelty, without.novelty_max) == (1, 0.0, 0, 1.0)
    nobody = counted(table())
    assert (nobody.separation, nobody.human_speed, nobody.people_age_max, nobody.contact_speed) == (0, 0.0, 0.0, 0.0)


def test_numbers_of_either_kind_become_real_ones() -> None:
    whole = Box((-1, -2, -3), (1, 2, 3))  # type: ignore[arg-type]
    t = counted(
        table(
            position_max=(3, 3, 3, 3, 3, 3), allowed=(whole,), bodies=(Capsule("a", 1, (0, 0, 1), (0, 0, 2), 1),),
            separation=replace(TERMS, human_speed=2, reading_age_max=1),
            zones=(Zone("a", "slow", whole, 1, ((0, 1),)),),
        )
    )  # fmt: skip
    numbers = [*t.position_max, *t.allowed_low, *t.allowed_high, *t.body_a, *t.body_b, *t.body_radius, *t.zone_speed]
    numbers += [*t.span_start, *t.span_end, t.human_speed, t.people_age_max]
    assert {type(number) for number in numbers} == {float}


def test_a_record_has_the_same_numbers() -> None:
    for form in (counted(FULL), Memory(seq=3, now=0.5), Asked(people=2), Answer(joint=-1)):
        made = as_record(form)
        assert made.shape == (1,)
        for item in fields(form):
            assert np.array_equal(made[0][item.name], getattr(form, item.name)), item.name
    assert as_record(Table()).dtype.names == tuple(item.name for item in fields(Table))
