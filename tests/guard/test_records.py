"""The kernel's records in either form: what is put in one place comes out of that place alone."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from helpers_guard import table

from moravec.guard.counted import as_record, counted
from moravec.guard.kernel.form import Answer, Asked, Memory, Table, _ints, _vec, dtype_of
from moravec.guard.records import Lists, Words, table_as

FORMS: list[type[Lists] | type[Words]] = [Lists, Words]
KINDS: list[Any] = [Table, Memory, Asked, Answer]


def values(form: Any) -> dict[str, Any]:
    """All numbers of a record, in either form, as lists and numbers."""
    record = form.record
    names = record.dtype.names if isinstance(form, Words) else [item.name for item in fields(record)]
    found = {name: record[name] if isinstance(form, Words) else getattr(record, name) for name in names}
    return {name: value.tolist() if isinstance(value, np.ndarray | np.generic) else value for name, value in found.items()}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_put_in_one_place_comes_out_of_it_alone(form: Any, kind: Any) -> None:
    for item in fields(kind):
        made, before = form(kind()), values(form(kind()))
        if item.metadata:
            if item.type == "Ints":
                continue  # vectors of whole numbers are written with the table
            length = item.metadata["length"]
            made.fill(item.name, np.arange(1.0, length + 1.0))
            expected = list(np.arange(1.0, length + 1.0))
            assert made.numbers(item.name, length).tolist() == expected
            assert made.numbers(item.name, 2).tolist() == [1.0, 2.0]
            if length > 2:
                made.fill(item.name, np.array([-7.0, -8.0]), 1)
                expected[1:3] = [-7.0, -8.0]
        else:
            expected = 5 if item.type == "int" else 2.5
            made.put(item.name, expected)
            assert made.number(item.name) == expected and type(made.number(item.name)) is type(expected)
        assert values(made) == {**before, item.name: expected}


@pytest.mark.parametrize("form", FORMS)
def test_numbers_that_were_read_are_a_copy(form: Any) -> None:
    made = form(Memory())
    found = made.numbers("q", 3)
    found[:] = 9.0
    assert found.dtype == np.float64 and made.numbers("q", 3).tolist() == [0.0, 0.0, 0.0]


def test_whole_numbers_in_a_list_come_out_as_real_ones() -> None:
    made = Lists(Memory())
    made.record.q[:2] = [1, 2]
    assert made.numbers("q", 2).dtype == np.float64


def test_whole_numbers_stay_whole_in_words() -> None:
    made = Words(Answer())
    made.put("zone_on", 2)
    assert made.record["zone_on"].tolist() == [2] + [0] * 7 and made.number("zone_on") == 2


def test_a_form_is_taken_as_it_is_or_copied_to_words() -> None:
    t = counted(table())
    plain, words = table_as(Lists, t), table_as(Words, t)
    assert isinstance(plain, Lists) and plain.record is t
    assert isinstance(words, Words) and words.record.tobytes() == as_record(t).tobytes()


# ── the layout ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_vector_begins_with_zeros_of_its_own() -> None:
    for make, zero in ((_vec, 0.0), (_ints, 0)):
        made: Any = make(3)
        first, second = made.default_factory(), made.default_factory()
        assert first == second == [zero] * 3 and type(first[0]) is type(zero) and first is not second
        assert dict(made.metadata) == {"length": 3}


def test_a_record_has_the_names_kinds_and_lengths_of_its_form() -> None:
    for kind in KINDS:
        dtype = dtype_of(kind)
        assert dtype.names == tuple(item.name for item in fields(kind)) and dtype.isalignedstruct
        assert dtype.fields is not None
        for item in fields(kind):
            base, shape = dtype.fields[item.name][0].base, dtype.fields[item.name][0].shape
            assert base == (np.dtype("i8") if item.type in ("int", "Ints") else np.dtype("f8")), item.name
            assert shape == ((item.metadata["length"],) if item.metadata else ()), item.name
