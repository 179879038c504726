"""Power and force limiting: the table pinned, its invariants, the speeds computed from it."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moravec.core.errors import GuardConfigError
from moravec.guard.contact import (
    REGIONS,
    TRANSIENT_FACTOR,
    BodyRegion,
    Contact,
    MovingMass,
    contact_speed,
    reduced_mass,
    region,
    slowest_contact_speed,
)
from moravec.guard.parts import Touch

WIDE = 1e6  # [cm2], so that force decides
NAMES = [row.name for row in REGIONS]
PERMITTED = [row for row in REGIONS if row.permitted]
robots = st.builds(MovingMass, st.floats(0.1, 100.0), st.floats(0.0, 50.0), st.floats(0.1, 100.0))
contacts = st.sampled_from(["quasi-static", "transient"])


def test_the_table_is_the_one_that_was_checked() -> None:
    text = json.dumps([asdict(row) for row in REGIONS], sort_keys=True)
    assert hashlib.sha256(text.encode()).hexdigest() == "ddb98ebaae3ca571f9ae8fe388ffb84d5bf8a292dc45018970814b8b32c8bdb2"


def test_what_must_hold_of_any_such_table() -> None:
    assert len(set(NAMES)) == len(NAMES) == 12
    assert {row.name for row in REGIONS if not row.permitted} == {"skull and forehead", "face"}
    assert min(REGIONS, key=lambda row: row.force).name == "face"
    assert TRANSIENT_FACTOR >= 1.0
    for row in REGIONS:
        assert row.force > 0.0 and row.pressure > 0.0 and row.stiffness > 0.0 and row.mass > 0.0


@pytest.mark.parametrize(
    ("name", "speeds"),
    [
        ("neck", (1.36, 1.28, 1.26)),
        ("back and shoulders", (1.07, 0.72, 0.62)),
        ("chest", (0.84, 0.57, 0.49)),
        ("abdomen", (1.04, 0.70, 0.60)),
        ("pelvis", (1.08, 0.73, 0.62)),
        ("upper arm and elbow", (1.27, 1.11, 1.07)),
        ("lower arm and wrist", (1.34, 1.22, 1.19)),
        ("hand and finger", (1.40, 1.35, 1.34)),
        ("thigh and knee", (0.91, 0.59, 0.50)),
        ("lower leg", (0.49, 0.32, 0.27)),
    ],
)
def test_speeds_where_the_force_decides(name: str, speeds: tuple[float, ...]) -> None:
    """Transient, for effective robot masses of 5, 13 and 20 kg; computed apart from this code."""
    for mass, speed in zip((5.0, 13.0, 20.0), speeds, strict=True):
        robot = MovingMass(moving=2.0 * mass, payload=0.0, area=WIDE)
        assert contact_speed(region(name), robot, "transient") == pytest.approx(speed, abs=0.0065)


def test_a_small_area_lets_the_pressure_decide() -> None:
    """Chest at 13 kg: 0.49 m/s on 1 cm2 instead of the 0.57 m/s that the force allows."""
    chest = region("chest")
    small, wide = (MovingMass(26.0, 0.0, area) for area in (1.0, WIDE))
    assert contact_speed(chest, small, "transient") == pytest.approx(0.49, abs=0.0065)
    assert contact_speed(chest, small, "transient") < contact_speed(chest, wide, "transient")


@pytest.mark.parametrize("name", ["skull and forehead", "face"])
@given(robot=robots, contact=contacts)
def test_no_contact_with_the_head_is_permitted(name: str, robot: MovingMass, contact: str) -> None:
    assert contact_speed(region(name), robot, contact) == 0.0  # type: ignore[arg-type]


@given(st.sampled_from(PERMITTED), robots, contacts)
def test_the_energy_at_the_allowed_speed_is_what_the_body_bears(body: BodyRegion, robot: MovingMass, contact: str) -> None:
    speed = contact_speed(body, robot, contact)  # type: ignore[arg-type]
    factor = TRANSIENT_FACTOR if contact == "transient" else 1.0
    hardest = factor * min(body.force, body.pressure * robot.area)
    energy = hardest**2 / (2.0 * body.stiffness * 1e3)
    assert 0.5 * reduced_mass(body, robot) * speed**2 == pytest.approx(energy)


@given(st.sampled_from(PERMITTED), robots, st.floats(0.01, 20.0))
def test_heavier_sharper_or_lasting_never_means_faster(body: BodyRegion, robot: MovingMass, more: float) -> None:
    speed = contact_speed(body, robot, "transient")
    heavier = MovingMass(robot.moving + more, robot.payload, robot.area)
    loaded = MovingMass(robot.moving, robot.payload + more, robot.area)
    sharper = MovingMass(robot.moving, robot.payload, robot.area / (1.0 + more))
    assert contact_speed(body, heavier, "transient") <= speed
    assert contact_speed(body, loaded, "transient") <= speed
    assert contact_speed(body, sharper, "transient") <= speed
    assert contact_speed(body, robot, "quasi-static") * TRANSIENT_FACTOR == pytest.approx(speed)


def test_the_most_delicate_region_decides() -> None:
    robot = MovingMass(20.0, 1.0, 2.0)
    hands, legs = region("hand and finger"), region("lower leg")
    both = slowest_contact_speed((hands, legs), robot, "transient")
    assert both == min(contact_speed(hands, robot, "transient"), contact_speed(legs, robot, "transient"))
    assert slowest_contact_speed(REGIONS, robot, "transient") == 0.0
    with pytest.raises(GuardConfigError, match="no body region"):
        slowest_contact_speed((), robot, "transient")


def test_half_the_moving_mass_and_all_of_the_load_count() -> None:
    assert MovingMass(26.0, 3.0, 1.0).effective == 16.0
    assert reduced_mass(region("hand and finger"), MovingMass(26.0, 0.0, 1.0)) == pytest.approx(0.6 * 13.0 / 13.6)


@pytest.mark.parametrize("bad", [-1.0, math.nan, math.inf, True, "5", None, 1e7])
@pytest.mark.parametrize("name", ["moving", "payload", "area"])
def test_a_mass_that_cannot_be_is_refused(name: str, bad: object) -> None:
    with pytest.raises(GuardConfigError, match=f"{name} is "):
        MovingMass(**{"moving": 20.0, "payload": 1.0, "area": 1.0, name: bad})  # type: ignore[arg-type]


def test_nothing_weighs_nothing_but_the_payload() -> None:
    assert MovingMass(1e-6, 0.0, 1e-6).payload == 0.0
    for name in ("moving", "area"):
        with pytest.raises(GuardConfigError):
            MovingMass(**{"moving": 20.0, "payload": 1.0, "area": 1.0, name: 0.0})


def test_an_unknown_region_is_named_with_those_there_are() -> None:
    with pytest.raises(GuardConfigError, match=r"found 'nose'; allowed: skull and forehead, face"):
        region("nose")


@pytest.mark.parametrize("contact", ["transient", "quasi-static"])
def test_a_touch_is_as_fast_as_its_kind_of_contact_allows(contact: Contact) -> None:
    touch = Touch(("chest", "hand and finger"), 10.0, 1.0, 2.0, contact)
    rows = (region("chest"), region("hand and finger"))
    assert touch.speed == slowest_contact_speed(rows, MovingMass(10.0, 1.0, 2.0), contact) > 0.0
    other: Contact = "quasi-static" if contact == "transient" else "transient"
    assert touch.speed != slowest_contact_speed(rows, MovingMass(10.0, 1.0, 2.0), other)
