"""From objects to plain numbers: what does not have the contract's shape is not guessed at, field by field."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from helpers_guard import HOME, N, Rig, command, state, table, told

from moravec.guard.kernel.form import Asked
from moravec.guard.reading import (
    as_float,
    command_fits,
    estop_pressed,
    is_number,
    is_vector,
    is_whole,
    state_fits,
    write_command,
    write_state,
)
from moravec.guard.records import Lists, Words

COMMAND, STATE = command(3, HOME, np.arange(6.0)), state(4, HOME + 1.0, np.arange(6.0) + 10.0)
NO_NUMBERS: list[Any] = [
    None,
    "1.0",
    True,
    False,
    np.True_,
    1j,
    [1.0],
    (1.0,),
    np.array(1.0),
    np.array([1.0]),
    object(),
]
NO_WHOLE: list[Any] = [*NO_NUMBERS, 1.0, np.float64(1.0), math.nan]
NO_VECTORS: list[Any] = [
    None, 0.0, "q", HOME.tolist(), tuple(HOME), HOME[:5], np.zeros(7), HOME.astype(np.float32), HOME.astype(np.int64),
    HOME.astype(complex), HOME.astype(object), HOME.astype(">f8"), HOME.reshape(6, 1), HOME.reshape(1, 6), np.zeros(()),
]  # fmt: skip


@pytest.mark.parametrize("value", NO_NUMBERS)
@pytest.mark.parametrize("name", ["t", "grip_width", "grip_force", "made", "expires", "seen", "novelty"])
def test_a_command_whose_number_is_none_does_not_fit(name: str, value: Any) -> None:
    assert not command_fits(replace(COMMAND, **{name: value}), N)


@pytest.mark.parametrize("value", NO_NUMBERS)
@pytest.mark.parametrize("name", ["t", "grip_width", "grip_force", "people_t"])
def test_a_state_whose_number_is_none_does_not_fit(name: str, value: Any) -> None:
    assert not state_fits(replace(STATE, **{name: value}), N)


@pytest.mark.parametrize("value", NO_VECTORS)
def test_what_is_no_vector_of_the_right_length_does_not_fit(value: Any) -> None:
    for name in ("q", "dq"):
        assert not command_fits(replace(COMMAND, **{name: value}), N)
    for name in ("q", "dq", "tau", "wrench"):
        assert not state_fits(replace(STATE, **{name: value}), N)


def test_the_number_of_joints_is_the_tables() -> None:
    assert command_fits(COMMAND, 6) and not command_fits(COMMAND, 5) and not command_fits(COMMAND, 7)
    five = {name: np.zeros(5) for name in ("q", "dq", "tau")}
    assert (
        state_fits(replace(STATE, **five), 5) and not state_fits(STATE, 5) and not state_fits(replace(STATE, **five), 6)
    )
    assert not state_fits(replace(STATE, **five, wrench=np.zeros(5)), 5), "a wrench has six numbers on every robot"


@pytest.mark.parametrize("value", NO_WHOLE)
def test_a_sequence_number_is_whole(value: Any) -> None:
    assert not is_whole(value) and not command_fits(replace(COMMAND, seq=value), N)


@pytest.mark.parametrize("value", [0, -5, 10**400, np.int64(3), np.uint8(3)])
def test_whole_numbers_of_either_kind_fit(value: Any) -> None:
    assert is_whole(value) and command_fits(replace(COMMAND, seq=value), N)


@pytest.mark.parametrize("value", [0.0, -1, 10**400, math.nan, math.inf, np.float64(2.0)])
def test_real_numbers_fit_finite_or_not(value: Any) -> None:
    assert is_number(value) and command_fits(replace(COMMAND, t=value), N) and state_fits(replace(STATE, t=value), N)


def test_what_is_no_command_or_state_at_all() -> None:
    for thing in (None, "go", {"q": HOME}, STATE, 3):
        assert not command_fits(thing, N)
    for thing in (None, "state", {"q": HOME}, COMMAND, 3):
        assert not state_fits(thing, N) and not estop_pressed(thing)
    for source in (None, b"t", 3):
        assert not command_fits(replace(COMMAND, source=source), N)  # type: ignore[arg-type]
    assert is_vector(np.zeros(3), 3) and not is_vector(np.zeros(3), 2)


def test_numbers_too_large_for_a_float_count_as_infinite() -> None:
    assert as_float(10**400) == math.inf and as_float(3) == 3.0 and isinstance(as_float(3), float)


@pytest.mark.parametrize("pressed", [True, np.True_, None, 1, 0, "no", math.nan, np.array(False)])
def test_an_input_that_is_neither_true_nor_false_is_pressed(pressed: Any) -> None:
    assert estop_pressed(replace(STATE, estop=pressed))


@pytest.mark.parametrize("released", [False, np.False_])
def test_a_released_input_is_released(released: Any) -> None:
    assert not estop_pressed(replace(STATE, estop=released))


# ── into the record ──────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("form", [Lists, Words])
def test_every_number_of_a_command_lands_in_its_place(form: type[Lists] | type[Words]) -> None:
    asked = form(Asked())
    sent = replace(COMMAND, t=0.1, grip_width=0.2, grip_force=0.3, made=0.4, expires=0.5, seen=0.6, novelty=0.7)
    write_command(sent, asked)
    names = ("t", "grip_width", "grip_force", "made", "expires", "seen", "novelty")
    assert [asked.number(name) for name in names] == [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]
    assert asked.number("seq") == 3 and isinstance(asked.number("seq"), int)
    assert np.array_equal(asked.numbers("q", 16), [*HOME, *[0.0] * 10])
    assert np.array_equal(asked.numbers("dq", 16), [*range(6), *[0.0] * 10])
    for seq in (10**400, -(10**400)):  # far out of range stays far out of range
        write_command(replace(sent, seq=seq), asked)
        assert asked.number("seq") == (2e9 if seq > 0 else -2e9)
    write_command(replace(sent, grip_force=10**400), asked)
    assert asked.number("grip_force") == math.inf


@pytest.mark.parametrize("form", [Lists, Words])
def test_every_number_of_a_state_lands_in_its_place(form: type[Lists] | type[Words]) -> None:
    asked = form(Asked())
    people = np.array([[1.0, 2.0], [3.0, 4.0]])
    measured = replace(
        STATE, t=0.1, tau=np.arange(6.0) + 20.0, grip_width=0.2, grip_force=0.3, wrench=np.arange(6.0) + 30.0, people_t=0.4,
        people=people,
    )  # fmt: skip
    write_state(measured, asked)
    assert [asked.number(name) for name in ("state_t", "people_t", "people")] == [0.1, 0.4, 2]
    for name, first in (("measured_dq", 10.0), ("measured_tau", 20.0)):
        assert np.array_equal(asked.numbers(name, 16), [*np.arange(6.0) + first, *[0.0] * 10])
    assert np.array_equal(asked.numbers("measured_q", 16), [*HOME + 1.0, *[0.0] * 10])
    assert np.array_equal(asked.numbers("wrench", 6), np.arange(6.0) + 30.0)
    assert np.array_equal(asked.numbers("measured_grip", 2), [0.2, 0.3])
    assert np.array_equal(asked.numbers("person", 16), [1.0, 2.0, 3.0, 4.0, *[0.0] * 12])


BAD_PEOPLE: list[Any] = [
    None, [], [[1.0, 2.0]], "x", np.zeros(2), np.zeros((2, 3)), np.zeros((1, 2, 1)), np.zeros((1, 2), dtype=np.float32),
    np.zeros((1, 2), dtype=np.int64), np.zeros(()), np.zeros((1, 2), dtype=">f8"),
]  # fmt: skip


@pytest.mark.parametrize("people", BAD_PEOPLE)
def test_people_of_another_shape_are_minus_one(people: Any) -> None:
    asked = Lists(Asked())
    write_state(replace(STATE, people=people), asked)
    assert asked.number("people") == -1 and not asked.numbers("person", 16).any()
    assert state_fits(replace(STATE, people=people), N), "the body's own measurements are still good"


@pytest.mark.parametrize(("count", "written"), [(0, 0), (1, 2), (8, 16), (9, 0), (1000, 0)])
def test_a_crowd_too_large_is_counted_and_not_written(count: int, written: int) -> None:
    asked = Lists(Asked())
    write_state(replace(STATE, people=np.full((count, 2), 7.0)), asked)
    assert asked.number("people") == count and np.count_nonzero(asked.numbers("person", 16)) == written


def test_people_in_columns_are_read_row_by_row() -> None:
    asked = Words(Asked())
    write_state(replace(STATE, people=np.asfortranarray([[1.0, 2.0], [3.0, 4.0]])), asked)
    assert asked.numbers("person", 4).tolist() == [1.0, 2.0, 3.0, 4.0]


# ── in the guard ─────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("name", ["made", "expires", "seen", "novelty"])
def test_a_command_with_a_wrong_typed_provenance_stops(name: str) -> None:
    rig = Rig()
    rig.hold()
    assert told(rig.send(HOME, **{name: "now"})) == ("stop", "command_shape")


def test_a_wrong_typed_people_t_is_a_broken_state() -> None:
    rig = Rig(table())
    rig.hold()
    assert told(rig.hold({"people_t": None})) == ("stop", "state_shape")
