"""The terms of speed and separation monitoring, and the speed they allow: the inverse of what the kernel decides by."""

from __future__ import annotations

import math
from dataclasses import asdict, fields, replace

import pytest
from helpers_guard import table
from hypothesis import given
from hypothesis import strategies as st

from moravec.core.errors import GuardConfigError
from moravec.guard.counted import counted
from moravec.guard.kernel.form import Table
from moravec.guard.kernel.people import protective_distance
from moravec.guard.parts import Capsule
from moravec.guard.separation import (
    LARGEST,
    REACHING_SPEED,
    WALKING_SPEED,
    Separation,
    allowed_speed,
    distance_at_rest,
)

CELL = Separation(
    human_speed=WALKING_SPEED,
    reaction_time=0.1,
    reading_age_max=0.2,
    braking=3.0,
    intrusion=0.0,
    human_uncertainty=0.06,
    robot_uncertainty=0.04,
)
NAMES = [f.name for f in fields(Separation)]
positive = st.floats(0.01, 5.0)
terms_of = st.builds(Separation, positive, positive, positive, positive, st.floats(0.0, 1.0), positive, positive)
distances = st.floats(0.0, 20.0)
ages = st.floats(0.0, 2.0)


def needed(speed: float, age: float, terms: Separation) -> float:
    """What the kernel asks for, where the declared deceleration is all that counts."""
    return protective_distance(speed, speed / terms.braking, age, counted_terms(terms))


def counted_terms(terms: Separation) -> Table:
    """As the kernel reads them."""
    return counted(table(separation=terms, bodies=(Capsule("hand", 6, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0), 0.1),)))


def test_the_constants() -> None:
    assert (WALKING_SPEED, REACHING_SPEED, LARGEST) == (1.6, 2.0, 1e3)


def test_every_term_reaches_the_kernel() -> None:
    terms = Separation(1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7)
    t = counted_terms(terms)
    assert (t.separation, t.human_speed, t.reaction_time, t.people_age_max, t.braking) == (1, 1.1, 1.2, 1.3, 1.4)
    assert (t.intrusion, t.human_uncertainty, t.robot_uncertainty, t.contact_speed) == (1.5, 1.6, 1.7, 0.0)
    assert counted(table()).separation == 0


@pytest.mark.parametrize(
    ("reaction", "row"),
    [
        (0.05, (0.4386, 0.9210, 1.2989, 1.6201, 2.1624)),
        (0.10, (0.3238, 0.8171, 1.2000, 1.5244, 2.0703)),
        (0.25, (0.0, 0.5222, 0.9180, 1.2500, 1.8050)),
        (0.50, (0.0, 0.0939, 0.5000, 0.8380, 1.4000)),
    ],
)
def test_the_table_of_allowed_speeds(reaction: float, row: tuple[float, ...]) -> None:
    """Computed apart from this code: the roots of v^2/3 + v (T_r + 1.6/3) + 1.6 T_r + 0.1 = S, at 0.5, 1, 1.5, 2 and 3 m."""
    terms = replace(CELL, reaction_time=reaction)
    for separation, speed in zip((0.5, 1.0, 1.5, 2.0, 3.0), row, strict=True):
        assert allowed_speed(separation, 0.0, terms) == pytest.approx(speed, abs=6e-5)


def test_at_rest_in_numbers() -> None:
    """1.6 (0.1 + 0.25) + 0.06 + 0.04, and each further term once."""
    base = distance_at_rest(0.25, CELL)
    assert base == pytest.approx(0.56 + 0.10, abs=1e-15)
    for name in ("intrusion", "human_uncertainty", "robot_uncertainty"):
        assert distance_at_rest(0.25, replace(CELL, **{name: getattr(CELL, name) + 0.07})) == pytest.approx(base + 0.07)
    assert distance_at_rest(0.25, replace(CELL, reaction_time=0.2)) == pytest.approx(base + 0.16)
    assert distance_at_rest(0.35, CELL) == pytest.approx(base + 0.16)
    for name in ("braking", "reading_age_max"):
        assert distance_at_rest(0.25, replace(CELL, **{name: 0.7})) == base


@given(terms_of, ages)
def test_at_rest_it_is_what_the_kernel_asks_for(terms: Separation, age: float) -> None:
    assert distance_at_rest(age, terms) == pytest.approx(needed(0.0, age, terms), rel=1e-12)


@given(terms_of, distances, ages)
def test_the_allowed_speed_is_the_one_whose_distance_is_the_separation(
    terms: Separation, separation: float, age: float
) -> None:
    speed = allowed_speed(separation, age, terms)
    assert speed >= 0.0
    if speed > 0.0:
        assert needed(speed, age, terms) == pytest.approx(separation, rel=1e-9)
    else:
        assert distance_at_rest(age, terms) >= separation - 1e-12


@given(terms_of, st.floats(1e-6, 5.0), ages)
def test_the_distance_of_a_speed_allows_that_speed(terms: Separation, speed: float, age: float) -> None:
    assert allowed_speed(needed(speed, age, terms), age, terms) == pytest.approx(speed, rel=1e-6, abs=1e-9)


@given(terms_of, distances, ages, st.floats(1e-6, 1.0))
def test_the_kernel_refuses_exactly_what_is_faster(
    terms: Separation, separation: float, age: float, share: float
) -> None:
    allowed = allowed_speed(separation, age, terms)
    if allowed > 1e-6:
        assert needed(allowed * (1.0 - share), age, terms) <= separation + 1e-9
        assert needed(allowed * (1.0 + share) + 1e-9, age, terms) >= separation - 1e-12


@given(terms_of, distances, ages, st.floats(0.0, 3.0), st.sampled_from([*NAMES, "age"]))
def test_more_danger_never_means_faster(
    terms: Separation, separation: float, age: float, more: float, name: str
) -> None:
    """Nearer, later, less certain, a faster person, a weaker brake: each only slows."""
    base = allowed_speed(separation, age, terms)
    assert allowed_speed(separation / (1.0 + more), age, terms) <= base + 1e-12
    if name == "age":
        assert allowed_speed(separation, age + more, terms) <= base + 1e-12
        return
    value = getattr(terms, name)
    worse = value / (1.0 + more) if name == "braking" else value + more
    assert allowed_speed(separation, age, replace(terms, **{name: worse})) <= base + 1e-12


def test_at_the_edge_of_what_is_too_near() -> None:
    edge = distance_at_rest(0.0, CELL)
    assert allowed_speed(edge, 0.0, CELL) == 0.0 and allowed_speed(math.nextafter(edge, 0.0), 0.0, CELL) == 0.0
    assert 0.0 < allowed_speed(math.nextafter(edge, 1.0), 0.0, CELL) < 1e-15
    assert allowed_speed(0.0, 0.0, CELL) == allowed_speed(-5.0, 0.0, CELL) == 0.0


def test_what_is_not_a_number_is_too_near() -> None:
    assert allowed_speed(math.nan, 0.0, CELL) == 0.0
    assert allowed_speed(5.0, math.nan, CELL) == 0.0


def test_every_term_has_to_be_given() -> None:
    for name in asdict(CELL):
        with pytest.raises(TypeError, match=name):
            Separation(**{k: v for k, v in asdict(CELL).items() if k != name})


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("bad", [0.0, -0.1, math.nan, math.inf, 2 * LARGEST, True, "0.1", None])
def test_a_term_that_cannot_be_is_refused(name: str, bad: object) -> None:
    if name == "intrusion" and bad == 0.0 and bad is not True:
        assert replace(CELL, intrusion=0.0) == CELL
        return
    least = "0 or more" if name == "intrusion" else "more than 0"
    with pytest.raises(GuardConfigError) as caught:
        replace(CELL, **{name: bad})
    assert str(caught.value) == f"separation: {name} is {bad!r}; allowed: {least}, up to 1000"


def test_the_edges_of_what_a_term_may_be() -> None:
    assert replace(CELL, braking=LARGEST).braking == LARGEST and replace(CELL, reaction_time=1e-9).reaction_time == 1e-9
    assert replace(CELL, intrusion=0).intrusion == 0
    for value in (LARGEST * 1.001, 0.9e-9):
        with pytest.raises(GuardConfigError):
            replace(CELL, reaction_time=value)
