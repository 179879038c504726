"""The judge itself, on small talks of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from helpers_wishes import IT, SCENE, THEM, ToldMind, a, b, move, the
from judge_instructions import Verdict, judge, table

from moravec.brain.wishes.wish import Meant, Size, Spot, Things, Wish

READS: dict[str, Sequence[Any]] = {
    "blue can to B": [move(the("can", "blue"), b("B"))],
    "blue can to C": [move(the("can", "blue"), b("C"))],
    "the red can to B": [move(the("can", "red"), b("B"))],
    "the smaller one": [Wish("name", (Things(size=Size("smaller"), definite=True, amount=IT.amount),))],
    "a red can to B": [move(a("can", "red"), b("B"))],
    "put it back": [move(IT, Spot("back"))],
    "how many cans": [Wish("ask", (the("can", n=None),), query="how many")],
    "what is in D": [Wish("ask", (Things(at=b("D")),), query="what")],
    "inspect the tool": [Wish("inspect", (the("tool"),))],
    "open it": [Wish("open")],
    "home": [Wish("home")],
    "stop": [Wish("stop")],
    "hurt him": [Wish("refuse", why="unsafe")],
    "boxes, then cans": [move(the("box", n=None), b("A")), move(the("can", n=None), b("B"), then=True)],
    "blue can to B or C": [Meant((move(the("can", "blue"), b("B")),), 0.6), Meant((move(the("can", "blue"), b("C")),), 0.4)],
    "blue can to B twice": [Meant((move(the("can", "blue"), b("B")),), 0.35), Meant((move(THEM, b("B")),), 0.35),
                            Meant((move(a("can", "blue"), b("B")),), 0.3)],
    "blue can to B, once": [Meant((move(the("can", "blue"), b("B")),), 0.6), Meant((move(THEM, b("B")),), 0.1),
                            Meant((move(a("can", "blue"), b("B")),), 0.3)],
}  # fmt: skip
BLUE = {"final": {"blue-can-1": "bin:B"}}
RED = {"ask": [{"final": {"red-can-1": "bin:B"}}, {"final": {"red-can-2": "bin:B"}}]}
ORDERED = {f"{colour}-box-1": "bin:A" for colour in ("blue", "green", "white")}
ORDERED |= {"red-can-1": "bin:B", "red-can-2": "bin:B", "blue-can-1": "bin:B"}


def entry(name: str, text: str, want: dict[str, Any], before: Sequence[str] = ()) -> dict[str, Any]:
    return {"id": name, "scene": "own", "before": list(before), "text": text, "want": want, "tags": ["plain"]}


def verdicts(*entries: dict[str, Any]) -> list[Verdict]:
    return judge(entries, {"own": SCENE}, ToldMind(lambda text: READS.get(text, ())))


@pytest.mark.parametrize(
    ("text", "want", "right"),
    [
        ("blue can to B", BLUE, True),
        ("blue can to C", BLUE, False),
        ("blue can to B", {"final": {}}, False),
        ("the red can to B", RED, True),
        ("the red can to B", {"final": {"red-can-1": "bin:B"}}, False),  # asked where it was plain
        ("a red can to B", RED, False),  # did not ask
        ("the red can to B", {"ask": [BLUE, {"final": {}}]}, False),
        ("a red can to B", {"any": {"of": ["red-can-1", "red-can-2"], "count": 1, "to": "bin:B"}}, True),
        ("blue can to B", {"any": {"of": ["red-can-1", "red-can-2"], "count": 1, "to": "bin:B"}}, False),
        ("how many cans", {"answer": {"kind": "count", "value": 3}}, True),
        ("how many cans", {"answer": {"kind": "count", "value": 4}}, False),
        ("what is in D", {"answer": {"kind": "items", "value": ["yellow-ball-1"]}}, True),
        ("what is in D", {"answer": {"kind": "place", "value": "bin:D"}}, False),
        ("inspect the tool", {"inspect": ["white-tool-1"]}, True),
        ("inspect the tool", {"inspect": ["blue-box-1"]}, False),
        ("open it", {"open": "parcel"}, True),
        ("home", {"home": True}, True),
        ("inspect the tool", {"stop": True}, False),
        ("stop", {"stop": True}, True),
        ("hurt him", {"refuse": "unsafe", "why": "it hurts"}, True),
        ("blue can to B", {"refuse": "unsafe", "why": "it hurts"}, False),
        ("gibberish", {"refuse": "not-a-job", "why": "words"}, True),
        ("boxes, then cans", {"final": ORDERED, "order": [["blue-box-1", "red-can-1"], ["white-box-1", "blue-can-1"]]}, True),
        ("boxes, then cans", {"final": ORDERED, "order": [["red-can-1", "blue-box-1"]]}, False),
        ("blue can to B or C", {"ask": [BLUE, {"final": {"blue-can-1": "bin:C"}}]}, True),
        ("blue can to B twice", BLUE, False),  # "them" means nothing yet, and is asked about
        ("blue can to B, once", BLUE, True),  # who speaks wants to be understood
    ],
)
def test_one_entry(text: str, want: dict[str, Any], right: bool) -> None:
    (verdict,) = verdicts(entry("x", text, want))
    assert verdict.right is right, verdict.why
    assert bool(verdict.why) is not right


def test_a_talk_starts_from_what_its_turns_were_to_leave_behind() -> None:
    found = verdicts(
        entry("1", "the red can to B", RED),
        entry("2", "the smaller one", {"final": {"red-can-1": "bin:B"}}, ["1"]),
        entry("3", "put it back", {"final": {"red-can-1": "parcel"}}, ["1", "2"]),
        entry("4", "blue can to C", BLUE),  # goes wrong, and yet
        entry("5", "what is in D", {"answer": {"kind": "items", "value": ["yellow-ball-1"]}}, ["4"]),
        entry("6", "blue can to B", {"final": {}}, ["4"]),  # it lies there by then
    )
    assert [v.right for v in found] == [True, True, True, False, True, True], [v.why for v in found]


def test_reasons_of_refusals_are_told_apart() -> None:
    right, wrong = verdicts(
        entry("1", "hurt him", {"refuse": "unsafe", "why": "it hurts"}), entry("2", "hurt him", {"refuse": "unknown", "why": "x"})
    )
    assert right.right and wrong.right
    assert (right.reason, wrong.reason) == (True, False)


def test_the_table_counts() -> None:
    text = table(verdicts(entry("1", "blue can to B", BLUE), entry("2", "the red can to B", BLUE), entry("3", "stop", BLUE)))
    assert "all                      1 of 3     33.3 %  6.1 to 79.2" in text
    assert "of 2 that went wrong 1 had asked first" in text
    assert "of 0 right refusals 0 gave" in text
