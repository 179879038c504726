"""What comes of wishes: single turns and talks of several, in a cell of symbols."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers_wishes import IT, ONE, REJECT, SCENE, THEM, Talk, a, b, item, move, the

from moravec.brain.wishes.wish import Amount, Size, Spot, Things, Wish


# ── one turn ─────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("wishes", "moved"),
    [
        ([move(the("can", "blue"), b("B"))], {"blue-can-1": "bin:B"}),
        ([move(the("can", n=None), b("B"))], {"red-can-1": "bin:B", "red-can-2": "bin:B", "blue-can-1": "bin:B"}),
        ([move(the("ball", n=None), b("E"))], {"yellow-ball-1": "bin:E", "red-ball-1": "bin:E"}),
        ([move(the("tool"), Spot("rule"))], {"white-tool-1": "bin:E"}),
        ([move(Things(codes=("MV-001",), amount=ONE, definite=True), b("C"))], {"blue-box-1": "bin:C"}),
        ([move(a("box", n=None, coded=True), b("C"))], {"blue-box-1": "bin:C", "green-box-1": "bin:C"}),
        ([move(the("box", n=None, coded=False), b("C"))], {"white-box-1": "bin:C"}),
        ([move(a("", n=None, condition="damaged"), REJECT)], {"green-box-1": "reject"}),
        ([move(a("bottle", n=None), b("C"))], {}),
        ([move(the("can", n=1, size=Size("smallest")), b("F"))], {"blue-can-1": "bin:F"}),
        ([move(the("can", n=1, size=Size("middle")), b("F"))], {"red-can-1": "bin:F"}),
        ([move(the("can", n=1, size=Size("larger", than=the("can", "red", size=Size("smallest")))), b("F"))],
         {"red-can-2": "bin:F"}),
        ([move(a("", n=None, size=Size("below", value=100e-6)), b("F"))], {"red-ball-1": "bin:F", "white-tool-1": "bin:F"}),
        ([move(a("box", n=None, size=Size("above", "length", 0.2)), b("F"))], {"blue-box-1": "bin:F", "green-box-1": "bin:F"}),
        ([move(a("", n=None, size=Size("above", "length", 0.21, inclusive=True), at=Spot("place", "parcel")), b("F"))],
         {"blue-box-1": "bin:F", "green-box-1": "bin:F"}),
        ([move(the("can", n=None, exceptions=(the("", "blue"),)), b("B"))], {"red-can-1": "bin:B", "red-can-2": "bin:B"}),
        ([move(the("can", n=None, exceptions=(the("", "", size=Size("largest")),)), b("B"))],
         {"red-can-1": "bin:B", "blue-can-1": "bin:B"}),
        ([move(the("can", "blue"), Spot("of", things=the("tool")))], {"blue-can-1": "bin:A"}),
        ([Wish("swap", (the("can", "blue"),), others=(the("tool"),))], {"blue-can-1": "bin:A", "white-tool-1": "parcel"}),
        ([Wish("swap", (Things(at=b("A")),), others=(Things(at=b("D")),))], {"white-tool-1": "bin:D", "yellow-ball-1": "bin:A"}),
        ([Wish("swap", (Things(at=b("A")),), others=(Things(at=b("C")),))], {"white-tool-1": "bin:C"}),
        ([Wish("swap", (Things(at=Spot("bins"), amount=Amount("exactly", 2), definite=True),))],
         {"white-tool-1": "bin:D", "yellow-ball-1": "bin:A"}),
        ([move(Things(at=Spot("place", "parcel")), b("F")), Wish("leave", (the("box", n=None),))],
         {"red-can-1": "bin:F", "red-can-2": "bin:F", "blue-can-1": "bin:F"}),
        ([move(the("can", n=None), b("B")), move(Things(refers="rest", at=Spot("place", "parcel")), b("C"))],
         dict.fromkeys(("red-can-1", "red-can-2", "blue-can-1"), "bin:B")
         | dict.fromkeys(("blue-box-1", "green-box-1", "white-box-1"), "bin:C")),
        ([move(the("box", "white"), b("A")), move(the("can", "blue"), Spot("same"))],
         {"white-box-1": "bin:A", "blue-can-1": "bin:A"}),
        ([move(the("can", "blue")), move(IT, b("B"))], {"blue-can-1": "bin:B"}),
        ([move(the("tool"), b("B")), move(Things(at=b("B")), b("C"), then=True)], {"white-tool-1": "bin:C"}),
        ([Wish("home")], {}),
        ([Wish("leave", (the("can", n=None),))], {}),
        ([move(Things(at=Spot("bins")), Spot("place", "table"))], {"white-tool-1": "table", "yellow-ball-1": "table"}),
    ],
)  # fmt: skip
def test_one_turn(wishes: list[Wish], moved: dict[str, str]) -> None:
    talk = Talk()
    assert talk.say(*wishes) == moved
    assert talk.refused is None
    assert talk.turn.report.success, talk.turn.report.problems
    assert not talk.turn.asked


def test_a_choice_is_made_where_any_will_do() -> None:
    talk = Talk()
    assert list(talk.say(move(a("can", "red"), b("B"))).values()) == ["bin:B"]
    assert list(talk.say(move(a("box", n=2), b("A"))).values()) == ["bin:A"] * 2
    assert talk.say(move(Things(categories=("box",), amount=Amount("half"), at=Spot("place", "parcel")), b("F"))) != {}
    assert talk.refused is None and not talk.turn.asked


@pytest.mark.parametrize(
    ("amount", "n"), [(Amount("at most", 2), 2), (Amount("at most", 9), 3), (Amount("at least", 2), 2), (Amount("some"), 2)]
)
def test_how_many(amount: Amount, n: int) -> None:
    talk = Talk()
    assert len(talk.say(move(Things(categories=("can",), amount=amount), b("B")))) == n
    assert talk.turn.report.success and not talk.turn.asked


def test_what_lies_there_already_is_not_taken_where_any_will_do() -> None:
    talk = Talk()
    assert talk.say(move(a("ball"), b("D"))) == {"red-ball-1": "bin:D"}


@pytest.mark.parametrize(
    "first", [the("can", "red"), the("box", n=2), the("can", n=1, size=Size("larger", than=the("can", "blue")))]
)
def test_where_several_fit_a_person_is_asked_before_anything_moves(first: Things) -> None:
    talk = Talk()
    assert talk.say(move(first, b("B"))) == {}
    assert len(talk.options) == (4 if first.amount.n == 2 else 3)
    assert talk.options[-1] == "nothing" == talk.turn.asked[0].ask.default
    found = [Talk() for _ in talk.options]
    moved = [other.say(move(first, b("B")), answers=(n,)) for n, other in enumerate(found)]
    assert len({tuple(sorted(m)) for m in moved}) == len(moved)
    assert moved[-1] == {}
    assert all(len(m) == first.amount.n for m in moved[:-1])


def test_options_say_what_tells_things_apart() -> None:
    talk = Talk()
    talk.say(move(the("can", "red"), b("B")))
    assert talk.options == ("the smaller can", "the larger can", "nothing")
    assert sum(talk.turn.asked[0].ask.scores) == pytest.approx(1.0)
    assert len(talk.turn.asked[0].ask.evidence) == 2
    talk.say(move(the("box"), b("B")))
    assert talk.options == ("the blue box", "the green box", "the white box", "nothing")


def test_twins_that_nobody_can_tell_apart_are_not_asked_about() -> None:
    twins = [item("red-can-1"), item("red-can-2"), item("blue-box-1")]
    talk = Talk({"about": "", "closed": False, "items": twins})
    assert list(talk.say(move(the("can", "red"), b("B"))).values()) == ["bin:B"]
    assert not talk.turn.asked
    first = talk.say(move(Things(refers="other", amount=ONE, definite=True), b("C")))
    assert list(first.values()) == ["bin:C"]


def test_more_than_there_are_will_those_do() -> None:
    talk = Talk()
    assert talk.say(move(a("can", "red", n=3), b("B"))) == {} and len(talk.options) == 2
    assert talk.say(Wish("agree")) == {"red-can-1": "bin:B", "red-can-2": "bin:B"}


@pytest.mark.parametrize(
    ("wish", "rule"),
    [
        (move(the("bottle"), b("B")), "unknown-thing"),
        (move(the("can", "purple", n=None), b("B")), "unknown-thing"),
        (move(Things(unknown=("banana",)), b("B")), "unknown-thing"),
        (move(Things(codes=("MV-999",), amount=ONE, definite=True), b("B")), "unknown-thing"),
        (move(the("can", n=None), b("Z")), "unknown-place"),
        (move(the("can", n=None), Spot("unknown", "the fridge")), "unknown-place"),
        (move(Things(at=b("Q")), b("A")), "unknown-place"),
        (Wish("refuse", why="unsafe"), "unsafe"),
        (Wish("refuse", why="impossible"), "no-skill"),
        (Wish("refuse", why="not-a-job"), "not-a-job"),
        (Wish("name"), "not-a-job"),
        (Wish("open", to=b("A")), "no-skill"),
    ],
)
def test_refused_with_everything_else_in_the_sentence(wish: Wish, rule: str) -> None:
    talk = Talk()
    assert talk.say(wish) == {}
    assert f"(rule {rule}:" in str(talk.refused)
    assert Talk().say(move(the("tool"), b("E")), replace(wish, then=True)) == {}


def test_yes_to_no_question() -> None:
    talk = Talk()
    assert talk.say(Wish("agree")) == {} and "rule not-a-job" in str(talk.refused)
    assert talk.say(Wish("agree"), move(the("tool"), b("E"))) == {"white-tool-1": "bin:E"}
    assert talk.say(Wish("decline")) == {} and talk.refused is None


def test_contradictions_are_refused() -> None:
    for wishes in (
        [move(the("can", n=None), b("A")), move(the("can", n=None), b("B"))],
        [move(the("tool"), b("B")), Wish("leave", (the("tool"),))],
    ):
        talk = Talk()
        assert talk.say(*wishes) == {} and "rule contradiction" in str(talk.refused)
    narrower = [move(the("can", n=None), b("A")), move(the("can", "blue"), b("B"))]
    assert Talk().say(*narrower) == {"red-can-1": "bin:A", "red-can-2": "bin:A", "blue-can-1": "bin:B"}
    assert Talk().say(move(the("tool"), b("B")), move(the("tool"), b("C"), then=True)) == {"white-tool-1": "bin:C"}


def test_two_wishes_for_one_thing_are_asked_about() -> None:
    talk = Talk()
    both = (move(the("can", n=None), b("A")), move(a("", "red", n=None), b("B")))
    assert talk.say(*both) == {} and talk.options == ("to bin A", "to bin B", "nothing")
    assert Talk().say(*both, answers=(1,))["red-can-1"] == "bin:B"
    assert Talk().say(*both, answers=(0,))["red-can-1"] == "bin:A"


# ── several turns ────────────────────────────────────────────────────────────────────────────────────────────────────
def test_an_answer_may_come_with_the_next_turn() -> None:
    for answer, moved in (
        (Wish("name", (Things(size=Size("smaller"), amount=ONE, definite=True),)), {"red-can-1": "bin:B"}),
        (Wish("name", (Things(size=Size("largest"), amount=ONE, definite=True),)), {"red-can-2": "bin:B"}),
        (Wish("name", (a("can"),)), {"red-can-1": "bin:B"}),
        (Wish("name", (the("can", n=2),)), {"red-can-1": "bin:B", "red-can-2": "bin:B"}),
        (Wish("decline"), {}),
        (move(the("", "", size=Size("smaller"))), {"red-can-1": "bin:B"}),
        (Wish("name", (the("can", "blue"),)), {"blue-can-1": "bin:B"}),
    ):
        talk = Talk()
        assert talk.say(move(the("can", "red"), b("B"))) == {}
        assert talk.say(answer) == moved, answer
        assert talk.player.agent.talk.pending is None


def test_after_an_answer_the_other_one_is_the_other_of_those() -> None:
    talk = Talk()
    talk.say(move(the("can", "red"), b("B")))
    talk.say(Wish("name", (Things(size=Size("smaller"), amount=ONE, definite=True),)))
    assert talk.say(move(Things(refers="other", amount=ONE, definite=True), Spot("same"))) == {"red-can-2": "bin:B"}


def test_an_answer_may_be_the_whole_sentence_again_or_a_new_one() -> None:
    for wish, moved in (
        (move(the("can", size=Size("smaller")), b("C")), {"red-can-1": "bin:C"}),
        (move(the("can", "blue"), b("C")), {"blue-can-1": "bin:C"}),
        (move(a("box", n=None), b("C")), {"blue-box-1": "bin:C", "green-box-1": "bin:C", "white-box-1": "bin:C"}),
    ):
        talk = Talk()
        assert talk.say(move(the("can", "red"), b("B"))) == {}
        assert talk.say(wish) == moved
    assert len(talk.say(move(Things(), b("F")))) == len(SCENE["items"])


def test_the_larger_one_of_those_that_were_asked_about() -> None:
    """Whatever was spoken of before."""
    talk = Talk()
    talk.say(move(the("box", "blue"), b("B")))
    assert talk.say(move(the("can"), b("C"))) == {} and len(talk.options) == 4
    assert talk.say(Wish("name", (Things(size=Size("larger"), amount=ONE, definite=True),))) == {"red-can-2": "bin:C"}


def test_where_to_is_answered_by_a_place() -> None:
    talk = Talk()
    assert talk.say(move(the("can", "blue"))) == {} and "bin B" in talk.options
    assert talk.say(Wish("name", to=b("B"))) == {"blue-can-1": "bin:B"}
    assert talk.say(Wish("name", (the("can", size=Size("smallest")),))) == {}  # it is there already


def test_what_was_spoken_of() -> None:
    talk = Talk()
    assert talk.say(move(the("can", "red", size=Size("smallest")), b("B"))) == {"red-can-1": "bin:B"}
    assert talk.say(move(Things(refers="other", amount=ONE, definite=True), Spot("same"))) == {"red-can-2": "bin:B"}
    assert talk.say(move(IT, Spot("back"))) == {"red-can-2": "parcel"}
    assert talk.say(move(IT, b("C"))) == {"red-can-2": "bin:C"}
    assert talk.say(move(the("can", "blue"), Spot("other"))) == {"blue-can-1": "bin:B"}
    assert talk.say(move(Things(refers="former"), b("D"))) == {"red-can-2": "bin:D"}


def test_them_are_all_of_the_last_turn() -> None:
    talk = Talk()
    talk.say(move(the("can", "blue"), b("B")), move(the("tool"), b("C")))
    assert talk.say(move(THEM, Spot("back"))) == {"blue-can-1": "parcel", "white-tool-1": "bin:A"}
    talk.say(move(the("can", n=None), b("B")))
    assert talk.say(move(replace(THEM, colours=("red",)), b("C"))) == {"red-can-1": "bin:C", "red-can-2": "bin:C"}


def test_and_the_blue_one_goes_to_the_same_place() -> None:
    talk = Talk()
    talk.say(move(the("box", "white"), b("A")))
    assert talk.say(Wish("name", (the("box", "blue"),))) == {"blue-box-1": "bin:A"}


def test_the_rest_is_what_the_talk_has_not_spoken_of() -> None:
    talk = Talk()
    talk.say(move(the("can", n=None, at=Spot("place", "parcel")), b("B")))
    moved = talk.say(move(Things(refers="rest", at=Spot("place", "parcel"), definite=True), b("A")))
    assert moved == {"blue-box-1": "bin:A", "green-box-1": "bin:A", "white-box-1": "bin:A"}


def test_two_that_were_spoken_of_trade_places() -> None:
    talk = Talk()
    talk.say(Wish("ask", (the("tool"), the("can", "blue")), query="where"))
    both = replace(THEM, amount=Amount("exactly", 2))
    assert talk.say(Wish("swap", (both,))) == {"white-tool-1": "parcel", "blue-can-1": "bin:A"}
    assert talk.say(Wish("swap", (THEM,))) == {"white-tool-1": "bin:A", "blue-can-1": "parcel"}
    assert talk.say(Wish("swap", (the("can", n=None),))) == {}  # they lie in one place


def test_undo_takes_turn_after_turn_back() -> None:
    talk = Talk()
    start = talk.cell.locations()
    talk.say(move(the("can", n=None), b("B")))
    talk.say(Wish("swap", (the("tool"),), others=(the("ball", "red"),)))
    talk.say(Wish("ask", (the("can", n=None),), query="how many"))
    assert talk.say(Wish("undo")) == {"white-tool-1": "bin:A", "red-ball-1": "table"}
    assert set(talk.say(Wish("undo"))) == {"red-can-1", "red-can-2", "blue-can-1"}
    assert talk.cell.locations() == start
    assert talk.say(Wish("undo")) == {} and talk.refused is None


def test_what_was_to_be_left_alone_stays_so() -> None:
    talk = Talk()
    talk.say(Wish("leave", (the("can", n=None),)))
    moved = talk.say(move(Things(at=Spot("place", "parcel")), Spot("rule")))
    assert set(moved) == {"blue-box-1", "green-box-1", "white-box-1"}
    assert talk.say(move(the("can", "blue"), b("B"))) == {"blue-can-1": "bin:B"}  # named, it may be touched
