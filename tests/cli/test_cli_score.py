"""Scoring against the truth: whole deliveries, selections, counts, exceptions, and what nobody asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from moravec.brain.goal import REJECT, RULE, Clause, Destination, Goal, Selection, goal_to_json
from moravec.commands.score import Score, score
from moravec.worlds.registry import Thing

BEFORE = {
    "a": Thing("can", "red", False, None, 1.0, "parcel", "B"),
    "b": Thing("can", "red", False, None, 2.0, "parcel", "B"),
    "c": Thing("can", "red", True, None, 3.0, "parcel", "reject"),
    "d": Thing("tool", "blue", False, "MV-007", 4.0, "parcel", "E"),
}
ALL = Clause("move", to=RULE)
CANS = Selection(categories=("can",))


def scored(*clauses: Clause, **where: str) -> Score:
    """The score when the items named ended elsewhere."""
    after = {name: replace(thing, location=where.get(name, thing.location)) for name, thing in BEFORE.items()}
    return score(goal_to_json(Goal(clauses)), BEFORE, after)


def test_a_whole_delivery() -> None:
    """Every item where the storing rule wants it."""
    good = scored(ALL, a="B", b="B", c="reject", d="E")
    assert (good.success, good.right, good.of) == (True, 4, 4)
    bad = scored(ALL, a="B", b="A", c="reject", d="floor")
    assert (bad.success, bad.right, bad.of) == (False, 2, 4)
    assert bad.wrong == ("b: wanted in B; found in A", "d: wanted in E; found in floor")


def test_what_nobody_asked_for_stays() -> None:
    """An item that no clause names must be where it was."""
    cans = Clause("move", CANS, Destination("bin", "A"))
    assert scored(cans, a="A", b="A", c="A").success
    moved = scored(cans, a="A", b="A", c="A", d="E")
    assert moved.wrong == ("d: was to stay in parcel; found in E",)
    assert moved.marks["d"] == "wrong"


@pytest.mark.parametrize(
    ("where", "success"),
    [
        ({"a": "B", "b": "B"}, True),
        ({"a": "B", "c": "B"}, True),
        ({"a": "B"}, False),
        ({"a": "B", "b": "B", "c": "B"}, False),
        ({"a": "B", "b": "B", "c": "floor"}, False),
        ({}, False),
    ],
)
def test_two_of_three(where: dict[str, str], success: bool) -> None:
    """Exactly two of the three red cans, no matter which; the third stays."""
    two = Clause("move", replace(CANS, count=2, definite=True), Destination("bin", "B"))
    assert scored(two, **where).success is success


def test_a_count_beyond_what_there_is() -> None:
    """Five cans are wanted and three exist: all three count."""
    five = Clause("move", replace(CANS, count=5), Destination("bin", "B"))
    assert scored(five, a="B", b="B", c="B").success


def test_the_narrower_clause_wins() -> None:
    """Red cans to B, everything damaged to the reject bin: "damaged" adds to the selection of a can."""
    clauses = (ALL, Clause("move", Selection(codes=("MV-007",)), Destination("bin", "A")))
    assert scored(*clauses, a="B", b="B", c="reject", d="A").success
    assert not scored(*clauses, a="B", b="B", c="reject", d="E").success


def test_what_says_damaged_or_names_a_code_wins_over_more_words() -> None:
    """As the brain assigns them (`brain/tasks.py`), in either order of the clauses."""
    cans = Clause("move", Selection(categories=("can",), colours=("red",)), Destination("bin", "B"))
    damaged = Clause("move", Selection(condition="damaged"), REJECT)
    coded = Clause("move", Selection(codes=("MV-007",)), Destination("bin", "F"))
    tools = Clause("move", Selection(categories=("tool",), colours=("blue",)), Destination("bin", "E"))
    for clauses in ((cans, damaged), (damaged, cans)):
        assert scored(*clauses, a="B", b="B", c="reject").success
        assert scored(*clauses, a="B", b="B", c="B").wrong == ("c: wanted in reject; found in B",)
    for clauses in ((coded, tools), (tools, coded)):
        assert scored(*clauses, d="F").success and not scored(*clauses, d="E").success


def test_exceptions_rest_and_condition() -> None:
    """ "Everything except the tools", "the rest", "everything damaged"."""
    spared = Clause("move", Selection(exceptions=(Selection(categories=("tool",)),)), RULE)
    assert scored(spared, a="B", b="B", c="reject").success
    damaged = Clause("move", Selection(condition="damaged"), REJECT)
    rest = Clause("move", Selection(rest=True), Destination("bin", "F"))
    assert scored(damaged, rest, c="reject", a="F", b="F", d="F").success
    assert not scored(damaged, rest, c="F", a="F", b="F", d="F").success


def test_sizes() -> None:
    """The largest can is c, the smallest a."""
    largest = Clause("move", replace(CANS, sizes=("largest",), count=1, definite=True), Destination("bin", "A"))
    assert scored(largest, c="A").success
    assert not scored(largest, a="A").success


def test_a_question_moves_nothing() -> None:
    """Nothing counts, and nothing may have moved."""
    question = Clause("question", query="what")
    assert scored(question).success
    assert not scored(question, a="B").success
