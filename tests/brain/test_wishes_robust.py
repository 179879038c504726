"""Readings that differ a little and mean the same to anybody: what comes of them does not differ."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers_wishes import IT, ONE, SCENE, THEM, Talk, a, b, item, move, the

from moravec.brain.wishes.wish import Amount, Size, Spot, Things, Wish

CANS = {"red-can-1": "bin:B", "red-can-2": "bin:B", "blue-can-1": "bin:B"}
EVERYTHING_ELSE = {i["name"] for i in SCENE["items"] if i["category"] != "can"}


@pytest.mark.parametrize("what", [the("can", "blue"), a("can", "blue"), replace(the("can", "blue"), refers="it")])
def test_that_can_is_the_can_if_none_was_spoken_of(what: Things) -> None:
    assert Talk().say(move(what, b("B"))) == {"blue-can-1": "bin:B"}
    talk = Talk()
    talk.say(move(the("ball", "red"), b("D")))
    assert talk.say(move(what, b("B"))) == {"blue-can-1": "bin:B"}


@pytest.mark.parametrize("definite", [True, False])
def test_those_cans_are_the_cans_if_nothing_was_spoken_of(definite: bool) -> None:
    assert Talk().say(move(Things(refers="it", categories=("can",), definite=definite), b("B"))) == CANS


def test_those_cans_are_the_cans_if_other_things_were_spoken_of() -> None:
    talk = Talk()
    talk.say(move(the("ball", "red"), b("D")))
    assert talk.say(move(Things(refers="it", categories=("can",), definite=True), b("B"))) == CANS


def test_how_many_of_them_are_damaged_never_counts_others() -> None:
    talk = Talk()
    talk.say(Wish("ask", (a("can", n=None),), query="how many"))
    talk.say(Wish("ask", (Things(refers="it", condition="damaged"),), query="how many"))
    assert talk.answers == [0]


@pytest.mark.parametrize("rest", [Things(refers="rest"), Things(refers="other", definite=True)])
def test_the_others_are_the_rest_where_nothing_has_a_name(rest: Things) -> None:
    assert len(Talk().say(move(rest, b("F")))) == len(SCENE["items"])
    talk = Talk()
    both = Things(categories=("can", "box"), definite=True)
    talk.say(move(both, b("C")))
    talk.say(move(THEM, b("B")))
    assert set(talk.say(move(rest, b("F")))) == {"yellow-ball-1", "red-ball-1", "white-tool-1"}


@pytest.mark.parametrize("definite", [True, False])
@pytest.mark.parametrize("kind", ["smallest", "smaller"])
def test_the_smallest_is_of_those_that_were_spoken_of(kind: str, definite: bool) -> None:
    talk = Talk()
    talk.say(Wish("ask", (a("box", n=None),), query="how many"))
    small = Things(size=Size(kind), amount=ONE, definite=definite)  # type: ignore[arg-type]
    assert talk.say(move(small, b("F"))) == {"white-box-1": "bin:F"}


@pytest.mark.parametrize("kind", ["large", "larger", "largest"])
def test_the_big_one_of_two_is_the_bigger_one(kind: str) -> None:
    cans = [item("red-can-1", size=330.0), item("red-can-2", size=360.0, length=12.0)]
    talk = Talk(SCENE | {"items": [*cans, *(i for i in SCENE["items"] if i["category"] != "can")]})
    talk.say(move(the("can"), b("B")))
    big = Things(size=Size(kind), amount=ONE, definite=True)  # type: ignore[arg-type]
    assert talk.say(Wish("name", (big,))) == {"red-can-2": "bin:B"}


@pytest.mark.parametrize("two", [Things(amount=Amount("exactly", 2)), Things(amount=Amount("exactly", 2), definite=True)])
def test_two_and_both_are_of_the_kind_that_was_spoken_of(two: Things) -> None:
    talk = Talk()
    talk.say(Wish("ask", (a("can", "red", n=None),), query="how many"))
    assert {i[-5:] for i in talk.say(move(two, b("F")))} == {"can-1", "can-2"}


@pytest.mark.parametrize("then", [True, False])
def test_what_is_left_alone_is_so_from_the_start(then: bool) -> None:
    talk = Talk()
    leave = Wish("leave", (the("can", n=None),), then=then)
    assert set(talk.say(move(a("", n=None), b("C")), leave)) == EVERYTHING_ELSE
    talk = Talk()
    boxes = Wish("leave", (the("box", n=None),), then=then)
    assert set(talk.say(move(the("tool"), b("E")), move(a("", n=None), b("C"), then=True), boxes)) == {
        i["name"] for i in SCENE["items"] if i["category"] != "box"}  # fmt: skip


def test_put_it_there_then_leave_it_alone_is_no_contradiction() -> None:
    talk = Talk()
    assert talk.say(move(the("tool"), b("E")), Wish("leave", (IT,), then=True)) == {"white-tool-1": "bin:E"}
    assert talk.refused is None


def test_a_wish_without_a_place_goes_where_the_one_before_it_goes() -> None:
    talk = Talk()
    assert talk.say(move(the("tool"), b("E")), move(the("ball", "red"))) == {"white-tool-1": "bin:E", "red-ball-1": "bin:E"}
    assert talk.say(move(the("ball", "yellow"), Spot("rule")), Wish("name", (the("ball", "red"),))) == {"red-ball-1": "bin:D"}


@pytest.mark.parametrize("none", [
    Things(refers="it", condition="damaged"), Things(refers="other", categories=("tool",), condition="damaged"),
    Things(at=Spot("of", things=a("bottle", n=None))),
])  # fmt: skip
def test_none_of_them_is_not_all_there_are(none: Things) -> None:
    talk = Talk()
    talk.say(move(the("can", n=None), b("B")))
    assert talk.say(move(none, Spot("place", "reject"))) == {}


@pytest.mark.parametrize("small", [Size("smallest"), Size("smaller")])
@pytest.mark.parametrize("amount", [Amount(), ONE])
def test_after_the_biggest_the_smaller_one_is_the_smallest(small: Size, amount: Amount) -> None:
    talk = Talk()
    talk.say(Wish("ask", (the("box", size=Size("largest")),), query="what"))
    what = Things(size=small, amount=ONE if small.kind == "smaller" else amount, definite=amount == ONE)
    talk.say(Wish("name", (what,)))
    (found,) = talk.answers[0]
    assert talk.player.agent.inventory.item(found).colour == "white"
