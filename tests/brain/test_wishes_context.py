"""Words that mean something by what was spoken of before: "the red one", "the can", "the latter", "with it", "and bottles?"."""

from __future__ import annotations

import pytest
from helpers_wishes import IT, ONE, SCENE, Talk, a, b, move, the

from moravec.brain.wishes.wish import Condition, Size, Spot, Things, Wish

RED = {"red-can-1": "bin:B", "red-can-2": "bin:B"}


# ── "the red one" ────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_red_ones_are_of_the_kind_that_was_spoken_of() -> None:
    talk = Talk()
    talk.say(move(the("can", "blue"), b("B")))
    assert talk.say(Wish("name", (the("", "red", n=None),))) == RED  # and not the red ball
    talk.say(Wish("ask", (a("box", n=None),), query="how many"))
    assert talk.say(move(the("", size=Size("smallest")), b("F"))) == {"white-box-1": "bin:F"}
    talk.say(Wish("ask", (the("ball", n=None, condition="intact"),), query="all"))
    talk.say(Wish("ask", (the("", "red"),), query="where"))
    assert talk.answers == ["table"]


def test_the_red_ones_are_any_where_that_kind_has_none_or_nothing_was_spoken_of() -> None:
    talk = Talk()
    assert talk.say(move(the("", "red", n=None), b("B"))) == RED | {"red-ball-1": "bin:B"}
    talk.say(move(the("tool", "white"), b("E")))
    assert talk.say(move(the("", "yellow"), b("F"))) == {"yellow-ball-1": "bin:F"}


def test_everything_red_is_everything_red() -> None:
    talk = Talk()
    talk.say(move(the("can", "blue"), b("B")))
    assert talk.say(move(a("", "red", n=None), b("B"))) == RED | {"red-ball-1": "bin:B"}


def test_within_a_sentence_as_well() -> None:
    talk = Talk()
    short, long = Size("smallest", "length"), Size("largest", "length")
    assert talk.say(move(the("box", size=long), b("A")), move(the("", size=short), b("F"))) == {
        "green-box-1": "bin:A", "white-box-1": "bin:F"}  # fmt: skip
    talk = Talk()
    assert talk.say(move(a("", n=None), b("C")), Wish("leave", (the("", "red", n=None),)))["blue-can-1"] == "bin:C"
    assert talk.cell.locations()["red-ball-1"] == "table"


# ── "the can" ────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_of_several_that_fit_the_one_that_was_spoken_of_is_meant() -> None:
    talk = Talk()
    talk.say(Wish("ask", (Things(at=b("D")),), query="what"))
    assert talk.say(move(the("ball"), b("E"))) == {"yellow-ball-1": "bin:E"}
    talk.say(Wish("ask", (a("can", "red", n=None),), query="how many"))
    assert talk.say(move(the("can", size=Size("smallest")), b("F"))) == {"red-can-1": "bin:F"}
    assert talk.say(move(the("can"), b("E"))) == {"red-can-1": "bin:E"}


def test_where_several_of_those_fit_or_none_it_is_asked_as_ever() -> None:
    talk = Talk()
    talk.say(Wish("ask", (a("can", "red", n=None),), query="how many"))
    assert talk.say(move(the("can"), b("E"))) == {} and talk.turn.asked
    talk = Talk()
    talk.say(move(the("ball", "red"), b("D")))
    assert talk.say(move(the("can"), b("E"))) == {} and talk.turn.asked


def test_one_sentence_does_not_mean_the_same_thing_twice() -> None:
    talk = Talk()
    assert talk.say(move(the("can", "blue"), b("A")), move(the("can"), b("B"))) == {} and talk.turn.asked


# ── "leave the blue one alone" ───────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("left", "stay"),
    [
        (the("can", "red"), {"red-can-1", "red-can-2"}),  # it is open which, so neither
        (the("", "white"), {"white-box-1"}),
        (the("bottle"), set()),
        (the("box", size=Size("largest")), {"green-box-1"}),
    ],
)
def test_what_is_left_alone_is_all_that_it_may_be(left: Things, stay: set[str]) -> None:
    talk = Talk()
    here = {i["name"] for i in SCENE["items"] if i["category"] in ("can", "box")}
    both = Things(categories=("can", "box"), definite=True)
    assert set(talk.say(move(both, b("F")), Wish("leave", (left,)))) == here - stay
    assert talk.refused is None and not talk.turn.asked


# ── "the latter", "with it" ──────────────────────────────────────────────────────────────────────────────────────────
FORMER, LATTER = Things(refers="former", amount=ONE), Things(refers="latter", amount=ONE)
TWO = {"white-tool-1": "bin:E", "red-ball-1": "bin:D"}


@pytest.mark.parametrize("first", [(FORMER, LATTER), (LATTER, FORMER)])
@pytest.mark.parametrize("together", [True, False])
def test_the_former_and_the_latter_stay_who_they_are(first: tuple[Things, Things], together: bool) -> None:
    talk = Talk()
    talk.say(move(the("can", "blue"), b("B")))
    both = the("tool"), the("ball", "red")
    talk.say(*([Wish("move", both, b("F"))] if together else [move(one, b("F")) for one in both]))
    to = {FORMER: b("E"), LATTER: b("D")}
    assert talk.say(*(move(one, to[one]) for one in first)) == TWO


@pytest.mark.parametrize(
    ("to", "where"),
    [(Spot("place", "table"), "table"), (b("C"), "bin:C"), (Spot("rule"), "bin:B")],
)
def test_with_it_is_where_it_will_lie(to: Spot, where: str) -> None:
    talk = Talk()
    beside = move(the("box", "white"), Spot("of", things=IT))
    assert talk.say(move(the("can", "blue"), to), beside) == {"blue-can-1": where, "white-box-1": where}
    assert talk.say(move(the("tool"), Spot("of", things=IT))) == {"white-tool-1": where}


# ── "and the bottles?" ───────────────────────────────────────────────────────────────────────────────────────────────
def test_a_name_after_a_question_asks_the_same_of_something_else() -> None:
    talk = Talk()
    talk.say(Wish("ask", (a("can", n=None, condition="damaged"),), query="any"))
    talk.say(Wish("name", (the("box", n=None),)))
    assert talk.answers == [True]  # and the question was for damaged ones
    talk.say(Wish("ask", (a("can", "red", n=None),), query="how many"))
    talk.say(Wish("name", (the("", "blue", n=None),)))
    assert talk.answers == [1]
    talk.say(Wish("name", (Things(at=b("A")),)))
    assert talk.answers == [0]
    talk.say(Wish("name", (the("ball", "red"),), b("D")))
    assert talk.cell.locations()["red-ball-1"] == "bin:D"
    assert talk.say(Wish("name", (the("ball", "yellow"),))) == {} and not talk.answers  # it lies there; no question was asked


# ── answers that take a look ─────────────────────────────────────────────────────────────────────────────────────────
def test_a_code_answers_a_question_though_nobody_has_read_it_yet() -> None:
    talk = Talk()
    assert talk.say(move(the("box"), b("F"))) == {} and talk.turn.asked
    assert talk.say(Wish("name", (Things(codes=("MV-002",), amount=ONE, definite=True),))) == {"green-box-1": "bin:F"}
    assert "blue-can-1" not in talk.cell.seen_closely  # only what was asked about was looked at


# ── what was left out, what was asked, what a condition comes after ──────────────────────────────────────────────────
def test_what_was_left_out_was_spoken_of() -> None:
    talk = Talk()
    reds = a("", "red", n=None, exceptions=(the("ball"),))
    assert talk.say(move(reds, b("B"))) == RED
    assert talk.say(Wish("name", (the("ball"),))) == {"red-ball-1": "bin:B"}


def test_a_condition_may_speak_of_what_was_named_before_it() -> None:
    talk = Talk()
    broken = Condition("any", (Things(refers="it", condition="damaged", amount=ONE),))
    for colour, moved in (("green", {"green-box-1": "reject"}), ("white", {})):
        look = Wish("inspect", (the("box", colour),))
        assert talk.say(look, Wish("if", condition=broken, wishes=(move(IT, Spot("place", "reject")),))) == moved
        assert talk.refused is None and not talk.turn.asked


def test_it_after_a_condition_is_what_the_condition_spoke_of() -> None:
    talk = Talk()
    damaged = Condition("any", (a("box", n=None, condition="damaged"),))
    throw = Wish("if", condition=damaged, wishes=(move(IT, Spot("place", "reject")),))
    assert talk.say(move(the("can", n=None), b("B")), throw) == RED | {"blue-can-1": "bin:B", "green-box-1": "reject"}


def test_the_can_in_a_question_is_the_one_that_was_spoken_of() -> None:
    talk = Talk()
    talk.say(move(the("can", "blue"), b("B")))
    talk.say(Wish("ask", (the("can"),), query="where"))
    assert talk.answers == ["bin:B"]
    talk.say(Wish("ask", (the("box", "white"),), query="where"))
    talk.say(Wish("ask", (the("box", condition="damaged"),), query="any"))
    assert talk.answers == [False]  # another box is
