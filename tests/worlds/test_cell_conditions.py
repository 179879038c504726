"""Conditions of the cell: how they are written, what is refused, that the document names them all, and that they are in force."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from moravec.core.errors import BadInput
from moravec.worlds.cell.conditions import conditions as cell
from moravec.worlds.cell.conditions.conditions import ALL, DRAWN, FAMILIES, Conditions
from moravec.worlds.cell.config import CellConfig
from moravec.worlds.cell.world import Cell
from moravec.worlds.metaworld.bent import conditions as table

ROOT = Path(__file__).parents[2]


def test_nothing_said_is_as_drawn() -> None:
    assert Conditions.parse([]) == Conditions() and Conditions().told() == {}


@pytest.mark.parametrize("name", sorted(ALL))
def test_either_end_of_every_range_is_taken_and_beyond_it_nothing(name: str) -> None:
    of = ALL[name]
    for value in (of.low, of.high):
        family, field = name.split(".")
        parsed = Conditions.parse([f"{name}={value!r}"])
        assert getattr(getattr(parsed, family), field) == value
        assert parsed.told() in ({name: value}, {})
    for value in (of.low - 0.01, of.high + 0.01, float("nan"), float("inf")):
        with pytest.raises(BadInput, match=f"the condition {name}"):
            Conditions.parse([f"{name}={value!r}"])


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["light.lvel=1"], "did you mean 'light.level'"),
        (["light"], "FAMILY.NAME=NUMBER"),
        (["light.level"], "FAMILY.NAME=NUMBER"),
        (["light.level=dark"], "a number"),
        (["light.level=1", "light.level=1"], "twice"),
    ],
)
def test_what_is_no_condition_is_refused(texts: list[str], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        Conditions.parse(texts)


def test_the_document_names_every_condition_with_its_range() -> None:
    rows = [row for row in (ROOT / "docs" / "conditions.md").read_text().splitlines() if row.startswith("| `")]
    both = [(name, of, its.DRAWN[name]) for its in (cell, table) for name, of in its.ALL.items()]
    assert rows == [f"| `{name}` | {of.unit} | {now:g} | {of.low:g} to {of.high:g} | {of.says} |" for name, of, now in both]
    assert {name: getattr(FAMILIES[name.split(".")[0]](), name.split(".")[1]) for name in ALL} == DRAWN


def test_dim_lamps_make_dark_pictures() -> None:
    def brightness(level: float) -> float:
        cell = Cell(CellConfig(seed=1, items=1, conditions=Conditions.parse([f"light.level={level}"])))
        try:
            return float(np.mean(cell.frame("overhead").rgb))
        finally:
            cell.close()

    usual, dim = brightness(1.0), brightness(0.4)
    assert dim == pytest.approx(0.4 * usual, rel=0.1)
