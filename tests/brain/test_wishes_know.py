"""Wishes that depend on what is known: conditions, questions, looks."""

from __future__ import annotations

from typing import Any

import pytest
from helpers_wishes import IT, ONE, REJECT, SCENE, THEM, Talk, a, b, item, move, the

from moravec.brain.wishes.wish import Condition, Size, Spot, Things, Wish


def when(holds: Any, what: Things, *wishes: Wish, n: int = 0, otherwise: tuple[Wish, ...] = ()) -> Wish:
    return Wish("if", condition=Condition(holds, (what,), n), wishes=wishes, otherwise=otherwise)


@pytest.mark.parametrize(
    ("wish", "moved"),
    [
        (when("any", a("box", n=None, condition="damaged"), move(THEM, REJECT)), {"green-box-1": "reject"}),
        (when("any", a("box", n=None, coded=True), move(IT, b("F"))), {"blue-box-1": "bin:F", "green-box-1": "bin:F"}),
        (when("any", a("bottle", n=None), move(the("tool"), b("B"))), {}),
        (when("none", a("bottle", n=None), move(the("tool"), b("B"))), {"white-tool-1": "bin:B"}),
        (when("all", the("box", n=None, condition="damaged"), move(the("tool"), b("B")), otherwise=(move(the("tool"), b("C")),)),
         {"white-tool-1": "bin:C"}),
        (when("more", the("can", n=None), move(the("tool"), b("B")), n=2), {"white-tool-1": "bin:B"}),
        (when("fewer", the("can", n=None), move(the("tool"), b("B")), n=3), {}),
        (when("exactly", the("can", n=None), move(the("tool"), b("B")), n=3), {"white-tool-1": "bin:B"}),
        (Wish("if", condition=Condition("empty", at=b("A")), wishes=(move(the("can", "blue"), b("A")),),
              otherwise=(move(the("can", "blue"), b("B")),)), {"blue-can-1": "bin:B"}),
        (when("any", a("box", n=None, coded=True), move(the("can", "blue"), b("F")), move(the("tool"), b("D"), then=True)),
         {"blue-can-1": "bin:F", "white-tool-1": "bin:D"}),
    ],
)  # fmt: skip
def test_conditions(wish: Wish, moved: dict[str, str]) -> None:
    talk = Talk()
    assert talk.say(wish) == moved
    assert talk.refused is None and not talk.turn.asked


def test_a_condition_after_then_is_decided_when_its_turn_comes() -> None:
    talk = Talk()
    empty = Wish("if", condition=Condition("empty", at=b("A")), wishes=(move(the("can", "blue"), b("A")),), then=True)
    assert talk.say(move(the("tool"), b("E")), empty) == {"white-tool-1": "bin:E", "blue-can-1": "bin:A"}


@pytest.mark.parametrize(
    ("query", "what", "value"),
    [
        ("how many", the("can", n=None), 3),
        ("how many", a("bottle", n=None), 0),
        ("how many", Things(at=Spot("place", "parcel")), 6),
        ("any", a("", n=None, condition="damaged"), True),
        ("any", a("bottle", n=None), False),
        ("any", a("can", n=3), True),
        ("any", a("can", "red", n=3), False),
        ("all", the("box", n=None, condition="damaged"), False),
        ("all", the("can", n=None, at=Spot("place", "parcel")), True),
        ("where", the("tool"), "bin:A"),
        ("where", Things(codes=("MV-002",), amount=ONE, definite=True), "parcel"),
        ("where", the("ball", "red"), "table"),
    ],
)
def test_answers(query: Any, what: Things, value: Any) -> None:
    talk = Talk()
    assert talk.say(Wish("ask", (what,), query=query)) == {}
    assert talk.answers == [value] and talk.refused is None


def test_answers_about_items_and_places() -> None:
    talk = Talk()
    talk.say(Wish("ask", (Things(at=b("D")),), query="what"))
    (found,) = talk.answers
    assert [talk.player.agent.inventory.item(name).category for name in found] == ["ball"]
    talk.say(Wish("ask", (the("ball", n=None),), Spot("rule"), query="which place"))
    assert talk.answers == ["bin:D"]
    talk.say(Wish("ask", (the("bottle"),), query="where"))
    assert "unknown-thing" in str(talk.refused)
    talk.say(move(the("can", "blue"), b("B")))
    talk.say(Wish("ask", query="why"))
    assert "1 item done" in talk.turn.report.answer


def test_a_place_that_an_answer_named_may_be_meant_next() -> None:
    talk = Talk()
    talk.say(Wish("ask", (the("tool"),), query="where"))
    assert talk.say(move(the("can", "blue"), Spot("same"))) == {"blue-can-1": "bin:A"}
    talk.say(Wish("ask", (Things(at=b("D")),), query="what"))
    assert talk.say(move(THEM, b("E"))) == {"yellow-ball-1": "bin:E"}


def test_a_closed_parcel_is_opened_to_know_what_is_meant_and_only_then() -> None:
    closed = SCENE | {"closed": True, "items": [i | {"location": "parcel"} for i in SCENE["items"]]}
    talk = Talk(closed)
    assert talk.say(Wish("home")) == {} and talk.cell.closed and talk.cell.at_rest
    assert talk.say(Wish("stop")) == {} and talk.cell.calls == 0
    assert talk.say(move(Things(unknown=("banana",)), b("B"))) == {} and talk.cell.calls == 0
    assert talk.say(Wish("open")) == {} and not talk.cell.closed
    talk = Talk(closed)
    assert talk.say(move(the("can", "red"), b("B"))) == {} and talk.turn.asked
    assert talk.say(Wish("name", (the("", size=Size("largest")),))) == {"red-can-2": "bin:B"}


def test_an_inspection_is_done_again_when_it_is_wanted_again() -> None:
    talk = Talk()
    for _ in range(2):
        assert talk.say(Wish("inspect", (the("box", "blue"),))) == {}
        assert talk.cell.seen_closely == ["blue-box-1"]
        assert talk.turn.report.success


CODES = {"blue-box-1": "MV-001", "green-box-1": "MV-002"}


def test_that_something_has_no_code_is_found_out() -> None:
    talk = Talk()
    talk.say(Wish("ask", (a("box", n=None, coded=False),), query="how many"))
    assert talk.answers == [1] and set(CODES) < set(talk.cell.seen_closely)
    assert talk.say(move(THEM, b("F"))) == {"white-box-1": "bin:F"}
    assert talk.say(move(Things(refers="other", definite=True), b("A"))) == dict.fromkeys(CODES, "bin:A")


@pytest.mark.parametrize("said", ["MV-002", "002", "2"])
def test_a_code_may_be_said_by_its_digits(said: str) -> None:
    talk = Talk()
    assert talk.say(move(Things(codes=(said,), amount=ONE, definite=True), b("C"))) == {"green-box-1": "bin:C"}


def test_digits_that_no_code_has_are_unknown_and_those_of_two_are_asked_about() -> None:
    talk = Talk(SCENE | {"items": [*SCENE["items"], item("red-box-1", size=100.0, length=6.0, code="KX-002")]})
    assert talk.say(move(Things(codes=("12",), amount=ONE, definite=True), b("C"))) == {}
    assert "unknown-thing" in str(talk.refused)
    assert talk.say(move(Things(codes=("002",), amount=ONE, definite=True), b("C"))) == {} and len(talk.options) == 3


@pytest.mark.parametrize(
    ("wish", "moved"),
    [
        (when("any", the("can", "blue", condition="damaged"), move(IT, REJECT), otherwise=(move(IT, b("B")),)),
         {"blue-can-1": "bin:B"}),
        (when("any", a("can", n=1, condition="damaged"), otherwise=(move(IT, b("C")),)),
         {"red-can-1": "bin:C", "red-can-2": "bin:C", "blue-can-1": "bin:C"}),
        (when("all", the("box", n=None, condition="intact"), move(THEM, b("A")), otherwise=(move(THEM, REJECT),)),
         {"blue-box-1": "reject", "green-box-1": "reject", "white-box-1": "reject"}),
        (when("any", the("ball", n=None, at=b("E")), otherwise=(move(THEM, b("E")),)),
         {"yellow-ball-1": "bin:E", "red-ball-1": "bin:E"}),
    ],
)  # fmt: skip
def test_what_a_condition_tested_is_meant_where_it_does_not_hold(wish: Wish, moved: dict[str, str]) -> None:
    talk = Talk()
    assert talk.say(wish) == moved and talk.refused is None


def test_a_question_about_all_of_them_speaks_of_all_and_looks_everywhere() -> None:
    talk = Talk(SCENE | {"items": [i | {"location": "bin:A"} if i["name"] == "blue-box-1" else i for i in SCENE["items"]]})
    talk.say(Wish("ask", (the("box", n=None, at=b("A")),), query="all"))
    assert talk.answers == [False]
    assert talk.say(move(THEM, Spot("same"))) == {"green-box-1": "bin:A", "white-box-1": "bin:A"}


def test_what_does_not_lie_somewhere_is_asked_for_by_where_it_lies_now() -> None:
    talk = Talk()
    talk.say(move(the("can", "blue"), b("B")))
    talk.say(Wish("ask", (a("can", n=None, exceptions=(Things(at=b("B")),)),), query="how many"))
    assert talk.answers == [2]


def test_where_something_belongs_is_a_place_that_was_spoken_of() -> None:
    talk = Talk()
    talk.say(Wish("ask", (a("box", "green", n=None),), query="where"))
    talk.say(Wish("ask", (IT,), Spot("rule"), query="which place"))
    assert talk.answers == ["reject"]  # it is damaged
    assert talk.say(move(IT, Spot("same"))) == {"green-box-1": "reject"}
    talk.say(Wish("ask", (a("tool", n=None),), Spot("rule"), query="which place"))
    assert talk.say(move(the("ball", "red"), Spot("same"))) == {"red-ball-1": "bin:E"}


def test_one_thing_in_two_places_is_a_contradiction_and_two_of_many_are_not() -> None:
    talk = Talk()
    assert talk.say(move(the("can", "blue"), b("A")), move(the("can", "blue"), b("B"))) == {}
    assert "contradiction" in str(talk.refused)
    moved = talk.say(move(a("can", "red"), b("A")), move(a("can", "red"), b("B")))
    assert sorted(moved.values()) == ["bin:A", "bin:B"]
