"""Bins that changed places, by what is read on them."""

from __future__ import annotations

import pytest

from moravec.brain.shelf import bins_moved


@pytest.mark.parametrize(
    ("known", "read", "moved"),
    [
        ({"one": "A", "two": "B"}, {"one": "A", "two": "B"}, {}),
        ({"one": "A", "two": "B"}, {"one": "B", "two": "A"}, {"one": "two", "two": "one"}),
        ({"one": "A", "two": "B"}, {"one": "B"}, {"two": "one"}),  # where A is nobody has read
        ({"one": "A", "two": "B"}, {}, {}),
        ({"one": "A", "two": "B", "three": "C"}, {"two": "A", "three": "A"}, {}),  # in two places: which, nobody knows
        ({"one": "A", "two": "A", "three": "B"}, {"one": "B", "two": "A", "three": "A"}, {"one": "three", "three": "one"}),
        ({"one": "A"}, {"one": "A", "two": "A"}, {}),  # a second A is no reason to think that the first one moved
    ],
)  # fmt: skip
def test_a_bin_moved_where_its_label_is_read_in_one_new_place(
    known: dict[str, str], read: dict[str, str], moved: dict[str, str]
) -> None:
    assert bins_moved(known, read) == moved
