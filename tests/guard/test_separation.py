"""Speed and separation monitoring: the formula, its inverse, its published table, and what it never does."""

from __future__ import annotations

import math
from dataclasses import asdict, fields, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moravec.core.errors import GuardConfigError
from moravec.guard.separation import (
    LARGEST,
    WALKING_SPEED,
    Separation,
    allowed_speed,
    check_separation,
    protective_distance,
    stop_distance,
    stop_time,
)

CELL = Separation(
    human_speed=WALKING_SPEED, reaction_time=0.1, braking=3.0, intrusion=0.0, human_uncertainty=0.06, robot_uncertainty=0.04
)
positive = st.floats(0.01, 5.0)
terms_of = st.builds(Separation, positive, positive, positive, st.floats(0.0, 1.0), positive, positive)
distances = st.floats(0.0, 20.0)


@pytest.mark.parametrize(
    ("reaction", "row"),
    [
        (0.05, (0.48, 1.08, 1.56, 1.99, 2.72)),
        (0.10, (0.35, 0.94, 1.42, 1.85, 2.58)),
        (0.25, (0.0, 0.57, 1.04, 1.46, 2.18)),
        (0.50, (0.0, 0.10, 0.54, 0.93, 1.61)),
    ],
)
def test_the_table_of_allowed_speeds(reaction: float, row: tuple[float, ...]) -> None:
    """Computed apart from this code, for v_h = 1.6 m/s, a = 3 m/s2, Z = 0.1 m, at 0.5, 1, 1.5, 2 and 3 m."""
    terms = replace(CELL, reaction_time=reaction)
    for separation, speed in zip((0.5, 1.0, 1.5, 2.0, 3.0), row, strict=True):
        assert allowed_speed(separation, terms) == pytest.approx(speed, abs=0.0065)


def test_each_term_of_the_distance_is_in_it_once() -> None:
    """At 0.9 m/s: 1.6 (0.1 + 0.3) + 0.9 * 0.1 + 0.9^2/6 + 0.06 + 0.04."""
    assert protective_distance(0.9, CELL) == pytest.approx(0.64 + 0.09 + 0.135 + 0.10)
    assert stop_time(0.9, CELL) == pytest.approx(0.3) and stop_distance(0.9, CELL) == pytest.approx(0.135)
    base = protective_distance(0.9, CELL)
    for name in ("intrusion", "human_uncertainty", "robot_uncertainty"):
        longer = replace(CELL, **{name: getattr(CELL, name) + 0.07})
        assert protective_distance(0.9, longer) == pytest.approx(base + 0.07)


@given(terms_of, distances)
def test_the_allowed_speed_is_the_one_whose_distance_is_the_separation(terms: Separation, separation: float) -> None:
    speed = allowed_speed(separation, terms)
    assert speed >= 0.0
    if speed > 0.0:
        assert protective_distance(speed, terms) == pytest.approx(separation, rel=1e-9)
    else:
        assert protective_distance(0.0, terms) >= separation - 1e-12


@given(terms_of, distances, st.floats(0.0, 3.0), st.sampled_from([f.name for f in fields(Separation)]))
def test_more_danger_never_means_faster(terms: Separation, separation: float, more: float, name: str) -> None:
    """Nearer, later, less certain, a faster person, a weaker brake: each only slows."""
    value = getattr(terms, name)
    worse = value / (1.0 + more) if name == "braking" else value + more
    assert allowed_speed(separation, replace(terms, **{name: worse})) <= allowed_speed(separation, terms) + 1e-12
    assert allowed_speed(separation / (1.0 + more), terms) <= allowed_speed(separation, terms) + 1e-12


@given(terms_of, distances, st.floats(0.0, 5.0))
def test_the_check_holds_exactly_where_the_speed_is_allowed(terms: Separation, separation: float, speed: float) -> None:
    finding = check_separation(separation, speed, terms)
    assert (finding.margin >= 0.0) == (separation >= finding.limit)
    allowed = allowed_speed(separation, terms)
    if speed < allowed * (1.0 - 1e-9):
        assert finding.margin >= 0.0
    if speed > allowed * (1.0 + 1e-9) + 1e-9:
        assert finding.margin < 0.0


@given(terms_of, st.floats(0.0, 2.0))
def test_keeping_the_distance_is_enough(terms: Separation, speed: float) -> None:
    """Played forward: the person walks in as fast as the terms say, the robot reacts, brakes, and stands before they meet."""
    gap = protective_distance(speed, terms) - terms.intrusion - terms.human_uncertainty - terms.robot_uncertainty
    steps = 2000
    total = terms.reaction_time + stop_time(speed, terms)
    dt, v, t = total / steps, speed, 0.0
    for _ in range(steps):
        t += dt
        braked = max(0.0, v - terms.braking * dt) if t > terms.reaction_time else v
        gap -= terms.human_speed * dt + (v + braked) / 2.0 * dt
        v = braked
    assert gap >= -2.0 * speed * dt - 1e-9


@pytest.mark.parametrize("nothing", [math.nan])
def test_what_is_not_a_number_is_too_near(nothing: float) -> None:
    assert allowed_speed(nothing, CELL) == 0.0
    assert check_separation(nothing, 0.1, CELL).margin < 0.0 and check_separation(5.0, nothing, CELL).margin < 0.0
    assert all(math.isfinite(x) for x in check_separation(nothing, nothing, CELL)[2:])


def test_every_term_has_to_be_given() -> None:
    for name in asdict(CELL):
        with pytest.raises(TypeError, match=name):
            Separation(**{k: v for k, v in asdict(CELL).items() if k != name})


@pytest.mark.parametrize("name", [f.name for f in fields(Separation)])
@pytest.mark.parametrize("bad", [0.0, -0.1, math.nan, math.inf, 2 * LARGEST, True, "0.1", None])
def test_a_term_that_cannot_be_is_refused(name: str, bad: object) -> None:
    if name == "intrusion" and bad == 0.0 and bad is not True:
        assert replace(CELL, intrusion=0.0) == CELL
        return
    with pytest.raises(GuardConfigError, match=rf"{name} is .*allowed: "):
        replace(CELL, **{name: bad})


def test_the_edges_of_what_a_term_may_be() -> None:
    assert replace(CELL, braking=LARGEST).braking == LARGEST and replace(CELL, reaction_time=1e-9).reaction_time == 1e-9
    for value in (LARGEST * 1.001, 0.9e-9):
        with pytest.raises(GuardConfigError):
            replace(CELL, reaction_time=value)
