"""Which of several readings counts: by what they come to in the cell as it is believed."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from helpers_wishes import REJECT, SCENE, Talk, a, b, move, the
from symbolic_world import Cell

from moravec.brain.wishes.wish import Meant, Things, Wish

THE, ANY, BOTH = (the("can", "blue"),), (a("can", "blue"),), (the("can", "blue"), the("box", "blue"))
START = Cell.of(SCENE).locations()


def told(*ways: tuple[Sequence[Wish], float], answers: tuple[int, ...] = ()) -> tuple[Talk, dict[str, str]]:
    talk = Talk()
    return talk, talk.say(*(Meant(tuple(wishes), p) for wishes, p in ways), answers=answers)


def test_other_words_for_the_same_end_are_not_asked_about() -> None:
    talk, moved = told(([Wish("move", THE, b("B"))], 0.5), ([Wish("move", ANY, b("B"))], 0.4))
    assert moved == {"blue-can-1": "bin:B"} and not talk.options
    talk, moved = told(([Wish("move", THE, b("B"))], 0.5), ([Wish("move", THE, b("C"))], 0.4), answers=(1,))
    assert moved == {"blue-can-1": "bin:C"} and len(talk.options) == 3


def test_what_lies_there_already_makes_no_difference() -> None:
    here = [Wish("move", (the("ball", "yellow"),), b("D"))]
    talk, moved = told(([*here, Wish("move", THE, b("B"))], 0.5), ([Wish("move", THE, b("B"))], 0.4))
    assert moved == {"blue-can-1": "bin:B"} and not talk.options


def test_an_order_that_one_of_them_says_is_kept_and_two_orders_are_asked_about() -> None:
    can, box = (move(what, REJECT) for what in BOTH)
    first, then = [can, Wish("move", box.what, REJECT, then=True)], [box, Wish("move", can.what, REJECT, then=True)]
    for order, names in ((first, ["blue-can-1", "blue-box-1"]), (then, ["blue-box-1", "blue-can-1"])):
        talk, moved = told(([can, box], 0.6), (order, 0.3))
        assert set(moved) == set(names) and not talk.options
        assert [name for name, where in talk.cell.put if where == "reject"] == names
    talk, _ = told((first, 0.5), (then, 0.4), answers=(0,))
    assert len(talk.options) == 3


@pytest.mark.parametrize(("p", "asked"), [(0.6, True), (0.3, True), (0.1, False)])
def test_what_leaves_something_open_is_likely_not_meant(p: float, asked: bool) -> None:
    talk, _ = told(([Wish("move", THE, b("B"))], 0.6 - p / 2), ([Wish("move", (Things(refers="it"),), b("C"))], p), answers=(0,))
    assert bool(talk.options) is asked


def test_questions_that_have_the_same_answer_are_one() -> None:
    cans, all_cans = (the("can", n=None),), (a("can", n=None),)
    talk, _ = told(([Wish("ask", cans, query="how many")], 0.5), ([Wish("ask", all_cans, query="how many")], 0.4))
    assert talk.answers == [3] and not talk.options
    talk, _ = told(([Wish("ask", cans, query="how many")], 0.5), ([Wish("ask", cans, query="what")], 0.4), answers=(0,))
    assert len(talk.options) == 3
