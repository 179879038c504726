"""Who is near: the formula term by term, bounds against sampling, both sides of every boundary, readings that cannot be."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from helpers_guard import HOME, TERMS, with_parts
from helpers_kernel import (
    BROKEN,
    EXACT,
    NAN,
    down,
    moving,
    point_of,
    put,
    records,
    someone,
    up,
    watched,
)
from hypothesis import given
from hypothesis import strategies as st

from moravec.guard.counted import counted
from moravec.guard.kernel.checks import FUTURE_TOLERANCE, Finding, below
from moravec.guard.kernel.codes import (
    PEOPLE_AGE,
    PEOPLE_FROM_FUTURE,
    SEPARATION,
)
from moravec.guard.kernel.collision import FAR
from moravec.guard.kernel.form import PEOPLE
from moravec.guard.kernel.kinematics import place
from moravec.guard.kernel.people import (
    SIGHT_MAX,
    check_people,
    check_separation,
    protective_distance,
)

# The formula.


def test_the_distance_in_numbers() -> None:
    """2 (0.375 + 0.5) + 0.5 * 0.375 + 0.5 * 0.5 + C + Z_d + Z_r."""
    t = watched()
    sure = 0.0625 + 0.03125 + 0.015625
    assert protective_distance(0.5, 0.5, 0.25, t) == 1.75 + 0.1875 + 0.25 + sure
    # The declared deceleration takes longer than the guard's own braking: 4 / 4 seconds.
    assert protective_distance(4.0, 0.5, 0.25, t) == 2.0 * 1.375 + 4.0 * 0.375 + 4.0 * 1.0 + sure
    assert protective_distance(0.0, 0.0, 0.0, t) == 0.25 + sure
    assert protective_distance(2.0, 0.5, 0.0, t) == protective_distance(2.0, down(0.5), 0.0, t)  # as long either way


def test_each_term_is_in_it_once() -> None:
    for speed, time, age in ((0.5, 0.5, 0.25), (4.0, 0.5, 0.25), (1.0, 0.0, 0.0)):
        base, t = protective_distance(speed, time, age, watched()), watched()
        stopping = max(time, speed / t.braking)
        for name in ("intrusion", "human_uncertainty", "robot_uncertainty"):
            assert protective_distance(speed, time, age, watched(**{name: EXACT[name] + 0.5})) == base + 0.5
        longer = protective_distance(speed, time, age, watched(reaction_time=0.625))
        assert longer == base + 0.5 * (t.human_speed + speed)
        assert protective_distance(speed, time, age + 0.5, t) == longer
        faster = protective_distance(speed, time, age, watched(human_speed=3.0))
        assert faster == base + t.reaction_time + age + stopping
        weaker = protective_distance(speed, time, age, watched(braking=0.25))
        assert weaker == base + (speed / 0.25 - stopping) * (t.human_speed + speed)
        more = protective_distance(speed, stopping + 0.5, age, t)
        assert more == base + 0.5 * (t.human_speed + speed)


terms = st.fixed_dictionaries(
    {
        **{name: st.floats(0.01, 5.0) for name in EXACT if name != "intrusion"},
        "intrusion": st.floats(0.0, 1.0),
    }
)
few = st.floats(0.0, 3.0)


@given(terms, few, few, few, few, st.sampled_from([*EXACT, "speed", "time", "age"]))
def test_more_danger_never_asks_for_less(
    of: dict[str, float], speed: float, time: float, age: float, more: float, name: str
) -> None:
    """Faster, longer, later, less certain, a faster person, a weaker brake: each only keeps farther away."""
    base = protective_distance(speed, time, age, watched(**of))
    given_ = {"speed": speed, "time": time, "age": age}
    if name in given_:
        given_[name] += more
    else:
        of = {**of, name: of[name] / (1.0 + more) if name == "braking" else of[name] + more}
    assert protective_distance(given_["speed"], given_["time"], given_["age"], watched(**of)) >= base - 1e-12
    assert base >= of["intrusion"] + of["human_uncertainty"] + of["robot_uncertainty"] - 1e-12 or name in of


@given(terms, few, few, few)
def test_keeping_the_distance_is_enough(of: dict[str, float], speed: float, time: float, age: float) -> None:
    """Played forward: the person walks in all the while, the part goes on through the reaction and brakes evenly."""
    t = watched(**of)
    gap = protective_distance(speed, time, age, t) - t.intrusion - t.human_uncertainty - t.robot_uncertainty
    stopping = max(time, speed / t.braking)
    steps = 400
    dt, now = (t.reaction_time + age + stopping) / steps, 0.0
    for _ in range(steps):
        now += dt
        braked = (now - t.reaction_time - age) / stopping if stopping > 0.0 else 1.0
        gap -= (t.human_speed + speed * (1.0 - min(max(braked, 0.0), 1.0))) * dt
    assert gap >= -1e-9


# The reading.


@pytest.mark.parametrize("age", [0.0, 0.25, 0.5, 0.5 + 0.5e-6, -0.5e-6])
def test_a_fresh_reading(age: float) -> None:
    t, limit = watched(), 0.5 + FUTURE_TOLERANCE
    a = someone((1.0, 2.0), now=0.0, people_t=-age)
    assert check_people(t, a) == below(PEOPLE_AGE, -1, age, limit)
    assert check_people(t, a).margin >= 0.0


def test_a_reading_that_is_old_or_from_the_future() -> None:
    t, limit = watched(), 0.5 + FUTURE_TOLERANCE
    for age in (0.5 + 1.5e-6, 0.6, 1e6):
        found = check_people(t, someone(now=0.0, people_t=-age))
        assert not found.margin >= 0.0 and found.check == PEOPLE_AGE and found.limit == limit
    for ahead in (1.5e-6, 0.5, 1e6):
        found = check_people(t, someone(now=0.0, people_t=ahead))
        assert found == Finding(PEOPLE_FROM_FUTURE, -1, ahead, FUTURE_TOLERANCE, FUTURE_TOLERANCE - ahead, -1.0)


UNUSABLE = Finding(PEOPLE_AGE, -1, FAR, 0.5, -FAR, -1.0)


def test_how_many_people_there_may_be() -> None:
    for count in range(PEOPLE + 1):
        assert check_people(watched(), replace(someone(), people=count)).margin >= 0.0
    for count in (-1, -2, PEOPLE + 1, 2 * PEOPLE, 10**9):
        assert check_people(watched(), replace(someone(), people=count)) == UNUSABLE


@pytest.mark.parametrize("bad", [*BROKEN, up(SIGHT_MAX), -up(SIGHT_MAX)])
def test_where_nobody_can_be(bad: float) -> None:
    for count in range(1, PEOPLE + 1):
        for i in range(2 * count):
            a = replace(someone(), people=count)
            a.person[i] = bad
            assert check_people(watched(), a) == UNUSABLE
        a = replace(someone(), people=count - 1)
        a.person[2 * count - 2] = bad  # beyond the count
        assert check_people(watched(), a).margin >= 0.0
    for when in (*BROKEN, up(FAR), -up(FAR)):
        assert check_people(watched(), someone(people_t=when)) == UNUSABLE
    for edge in (SIGHT_MAX, -SIGHT_MAX):
        assert check_people(watched(), someone((edge, edge))).margin >= 0.0
    assert check_people(watched(), someone(now=FAR, people_t=FAR)).margin >= 0.0
    assert check_people(watched(), someone(now=-FAR, people_t=-FAR)).margin >= 0.0
    assert not check_people(watched(), someone(now=NAN)).margin >= 0.0


# Separation.

NEEDED = 2.0 * (0.125 + 0.5) + 0.5 * 0.125 + 0.5 * 0.5 + 0.109375  # at 0.5 m/s, 2 ticks of braking, seen just now
NEEDED_TWICE = 2.0 * (0.125 + 0.5) + 1.0 * 0.125 + 1.0 * 0.5 + 0.109375


def test_nobody_is_far_enough() -> None:
    t, m, o = moving()
    assert check_separation(2.0, t, someone(), m, o) == Finding(SEPARATION, -1, FAR, 0.0, FAR, 1.0)


@pytest.mark.parametrize("gap", [0.0, 1e-9, 1e-3, 0.5, -1e-9, -1e-3, -0.5])
def test_separation_on_both_sides_of_its_boundary(gap: float) -> None:
    t, m, o = moving()
    for b, x, step, needed in ((0, 0.0, 0.125, NEEDED), (1, 64.0, 0.25, NEEDED_TWICE)):
        away = needed + gap
        found = check_separation(2.0, t, someone((x, step - away)), m, o)
        assert (found.margin >= 0.0) is (gap >= 0.0)
        assert (found.check, found.joint, found.limit) == (SEPARATION, b, needed)
        assert found.value == pytest.approx(away, abs=1e-12)
        assert found.margin == pytest.approx(gap, abs=1e-12)
        assert found.relative == found.margin / needed


def test_separation_at_its_boundary_exactly() -> None:
    t, m, o = moving()
    assert check_separation(2.0, t, someone((-NEEDED, 0.125)), m, o).margin == 0.0
    assert check_separation(2.0, t, someone((-down(NEEDED), 0.125)), m, o).margin < 0.0
    assert check_separation(2.0, t, someone((-up(NEEDED), 0.125)), m, o).margin > 0.0


def test_the_relatively_nearest_decides() -> None:
    t, m, o = moving()
    near, far = (-2.0, 0.125), (-3.0, 0.125)
    for people in ((near, far), (far, near), (far, near, far)):
        found = check_separation(2.0, t, someone(*people), m, o)
        assert (found.joint, found.value) == (0, 2.0)
    # The second part is twice as fast: the same distance is nearer there.
    found = check_separation(2.0, t, someone((-2.0, 0.125), (64.0 + 2.0, 0.25)), m, o)
    assert (found.joint, found.value, found.limit) == (1, 2.0, NEEDED_TWICE)
    found = check_separation(2.0, t, someone((-1.5, 0.125), (64.0 + 2.0, 0.25)), m, o)
    assert (found.joint, found.value, found.limit) == (0, 1.5, NEEDED)
    # Twice as far as must be is not worth a word more than being alone.
    assert check_separation(2.0, t, someone((-2.5 * NEEDED, 0.125)), m, o).joint == -1
    assert check_separation(2.0, t, someone((-1.5 * NEEDED, 0.125)), m, o).joint == 0


def test_time_and_age_count() -> None:
    t, m, o = moving()
    a = someone((-2.0, 0.125))
    base = check_separation(2.0, t, a, m, o)
    assert base.limit == NEEDED
    assert check_separation(4.0, t, a, m, o).limit == NEEDED + 0.5 * (2.0 + 0.5)
    assert check_separation(2.0, t, replace(a, people_t=99.75), m, o).limit == NEEDED + 0.25 * (2.0 + 0.5)
    assert check_separation(2.0, t, replace(a, people_t=100.5), m, o) == base  # from the future: not younger than now


def test_a_part_slow_enough_for_contact_needs_no_distance() -> None:
    t, m, o = moving()
    a = someone((0.0, 0.125), (64.0, 0.25))
    for speed, b in ((0.0, 0), (down(0.5), 0), (0.5, 1), (down(1.0), 1), (1.0, -1), (2.0, -1)):
        t.contact_speed = speed
        found = check_separation(2.0, t, a, m, o)
        assert found.joint == b  # both are touched: of equal ones the first
        assert (found.margin >= 0.0) is (b == -1)


def test_whoever_stands_still_is_nobodys_danger() -> None:
    t, m, o = moving()
    put(o.points, m.points)
    assert check_separation(0.0, t, someone((0.0, 0.0)), m, o).margin == FAR


def test_the_radius_counts() -> None:
    t, m, o = moving(radius=0.5)
    found = check_separation(2.0, t, someone((-2.0, 0.125)), m, o)
    assert found.value == 1.5 and found.limit == NEEDED
    o.steps[0] = 0.25  # turning makes the surface faster: 0.5 * 0.25 / 0.25
    assert check_separation(2.0, t, someone((-2.0, 0.125)), m, o).limit == NEEDED_TWICE


def test_nearer_later_longer_faster_never_holds_where_it_did_not() -> None:
    """The arm itself: whatever is made worse, the check comes no nearer to holding."""
    rng = np.random.default_rng(33)
    t = counted(with_parts(separation=TERMS))
    refused = 0
    for _ in range(150):
        m, _, o = records()
        q, steps = HOME + rng.uniform(-1.0, 1.0, 6), rng.uniform(-1.0, 1.0, 6) * 0.004
        place(q.tolist(), t, o)
        put(m.points, o.points)
        put(o.steps, steps)
        place((q + steps).tolist(), t, o)
        person = rng.uniform(-1.8, 1.8, 2)
        base = check_separation(50.0, t, someone(tuple(person)), m, o)
        refused += base.margin < 0.0
        b = base.joint
        if b == -1:
            continue
        foot = min(
            (point_of(o.points, 6 * b, s)[:2] for s in np.linspace(0, 1, 51)), key=lambda x: math.dist(x, person)
        )
        worse = [
            check_separation(50.0, t, someone(tuple(person + 0.1 * (foot - person))), m, o),  # nearer
            check_separation(50.0, t, someone(tuple(person), tuple(rng.uniform(-2.0, 2.0, 2))), m, o),  # somebody more
            check_separation(50.0, t, someone(tuple(person), people_t=99.9), m, o),  # later
            check_separation(70.0, t, someone(tuple(person)), m, o),  # longer
        ]
        for name in EXACT:
            value = getattr(TERMS, name)
            terms_ = replace(TERMS, **{name: value * (0.5 if name == "braking" else 1.5)})
            worse.append(check_separation(50.0, counted(with_parts(separation=terms_)), someone(tuple(person)), m, o))
        put(m.points, 2.0 * np.array(m.points) - np.array(o.points))  # twice as fast
        worse.append(check_separation(50.0, t, someone(tuple(person)), m, o))
        for found in worse:
            assert found.relative <= base.relative + 1e-12
            assert base.margin >= 0.0 or found.margin < 0.0
    assert 30 < refused < 120


def test_the_fastest_part_is_told_whoever_is_near() -> None:
    t, m, o = moving()
    t.contact_speed = 9.0  # parts that need no distance count as well
    check_separation(2.0, t, someone(), m, o)
    assert o.fastest == 1.0
    o.fastest = 7.0  # what was found before in this tick stays, if it is faster
    check_separation(2.0, t, someone(), m, o)
    assert o.fastest == 7.0
    put(m.points, (0.0, 1.0, 0.0, 0.0, 1.0, 1.0))
    o.fastest = 0.0
    check_separation(2.0, t, someone(), m, o)
    assert o.fastest == 0.875 / 0.25  # the first part, now
