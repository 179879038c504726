"""A talk as a run carries it: several turns, one report; a plan before anything was seen; readings to choose from."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from helpers_wishes import IT, REJECT, SCENE, Talk, ToldMind, a, b, item, move, the
from symbolic_world import WORKPLACE, Cell, Player

from moravec.brain.conduct.charter import Charter
from moravec.brain.goal import Goal, goal_from_json, goal_to_json
from moravec.brain.job import JobReport
from moravec.brain.remember import Inventory
from moravec.brain.wishes.sketch import sketched
from moravec.brain.wishes.wish import Amount, Condition, Meant, Size, Spot, Things, Wish
from moravec.commands.plan import planned
from moravec.core.errors import BadInput
from moravec.runtime.talk import talk
from moravec.skills.contract import Ask, Note

READS: dict[str, Any] = {
    "tool": [move(the("tool"), b("E"))],
    "can": [move(the("can", "red"), b("B"))],
    "small": [Wish("name", (Things(size=Size("smaller"), amount=Amount("exactly", 1), definite=True),))],
    "back": [move(IT, Spot("back"))],
    "how many": [Wish("ask", (the("can", n=None),), query="how many")],
}


def talked(*instructions: str) -> tuple[JobReport, list[Note], Cell]:
    cell = Cell.of(SCENE)
    player = Player(cell, ToldMind(lambda text: READS.get(text, ())))
    notes: list[Note] = []
    routine, reply = talk(player.agent, instructions, player), None
    while True:
        try:
            request = routine.send(reply)
        except StopIteration as end:
            return end.value, notes, cell
        reply = request.default if isinstance(request, Ask) else None
        notes += [request] if isinstance(request, Note) else []


NO = (Wish("refuse", why="unsafe"),)
TO_B, TO_C = ((move(the("can", "blue"), b(label)),) for label in "BC")
STRANGE = (move(Things(unknown=("elephant",), amount=Amount("exactly", 1)), b("B")),)


@pytest.mark.parametrize(
    ("ways", "refused", "options"),
    [
        ((Meant(NO, 0.5), Meant(TO_B, 0.4)), True, 0),
        ((Meant(STRANGE, 0.5), Meant(TO_B, 0.3), Meant(TO_C, 0.2)), True, 0),
        ((Meant(NO, 0.45), Meant(TO_B, 0.35), Meant(TO_C, 0.2)), False, 3),
        ((Meant(STRANGE, 0.4), Meant(TO_B, 0.6)), False, 2),  # never done without a word, though it is the only one that can be
        ((Meant(TO_B, 0.6), Meant(NO, 0.4)), False, 0),
        ((Meant(NO, 0.3), Meant(NO, 0.3)), True, 0),
    ],
)
def test_a_refusal_that_is_the_likeliest_reading_stands_or_is_asked_about(
    ways: tuple[Meant, ...], refused: bool, options: int
) -> None:
    talk = Talk()
    talk.say(*ways, answers=(0,))
    assert len(talk.options) == options and (talk.refused is not None) is refused
    assert set(talk.cell.locations().items()) - set(Cell.of(SCENE).locations().items()) <= {("blue-can-1", "bin:B")}


def test_turns_make_one_report() -> None:
    report, notes, cell = talked("tool", "can", "small", "back", "how many")
    assert cell.locations() == Cell.of(SCENE).locations() | {"white-tool-1": "bin:E"}
    assert report.success and report.refused is None, report.problems
    assert [turn["instruction"] for turn in report.turns] == ["tool", "can", "small", "back", "how many"]
    assert "Without an answer" in report.turns[1]["refused"]  # and the next turn gave it
    assert len(report.steps) == sum(turn["steps"] for turn in report.turns)
    assert report.answers == ({"kind": "count", "value": 3},)
    assert [n.payload["turn"] for n in notes if n.topic == "turn"] == [1, 2, 3, 4, 5]
    assert goal_to_json(goal_from_json(json.loads(json.dumps(report.goal)))) == report.goal


def test_a_question_at_the_end_stays_unanswered() -> None:
    report, _, _ = talked("tool", "can")
    assert not report.success and "Without an answer" in str(report.refused)
    assert talked("gibberish", "tool")[0].refused is not None


def test_a_question_that_the_next_turn_does_not_answer_is_open_for_good() -> None:
    unanswered, _, _ = talked("can", "tool")
    assert not unanswered.success and "Without an answer" in str(unanswered.refused)
    answered, _, _ = talked("can", "small", "tool")
    assert answered.success and answered.refused is None


def test_one_turn_is_its_own_report() -> None:
    report, notes, _ = talked("tool")
    assert report.turns == () and report.instruction == "tool"
    assert not [note for note in notes if note.topic == "turn"]


def ways(*readings: Sequence[Wish]) -> list[Meant]:
    return [Meant(tuple(wishes), 1.0 / (n + 2)) for n, wishes in enumerate(readings)]


def test_several_readings_are_asked_about_where_they_differ() -> None:
    talk = Talk()
    differ = ways([move(the("tool"), b("E"))], [move(the("tool"), b("F"))])
    assert talk.say(*differ) == {}  # type: ignore[arg-type]
    assert len(talk.options) == 3 and talk.turn.asked[0].ask.scores == (0.5, pytest.approx(1 / 3, abs=1e-3), 0.0)
    assert Talk().say(*differ, answers=(1,)) == {"white-tool-1": "bin:F"}  # type: ignore[arg-type]
    same = ways([move(the("tool"), b("E"))], [move(a("tool", n=None, at=b("A")), b("E"))], [move(the("bottle"), b("E"))])
    talk = Talk()
    talk.say(*same[:1], *same[2:])  # type: ignore[arg-type]
    assert not talk.turn.asked  # one of two cannot be done


def test_a_plan_of_wishes_before_anything_was_seen() -> None:
    plan = planned("can", WORKPLACE, ToldMind(lambda text: READS[text]), Charter())
    assert plan["refused"] is None and {"skill": "look", "args": {"place": "shelf"}} in plan["steps"]
    assert plan["steps"][-1]["for_each"] == "the red can"
    refused = planned("x", WORKPLACE, ToldMind(lambda text: [Wish("refuse", why="unsafe")]), Charter())
    assert "rule unsafe" in refused["refused"] and refused["steps"] == []
    everything = [
        Wish("if", condition=Condition("any"), wishes=(move(Things(refers="rest"), REJECT), Wish("home"), Wish("open"))),
        Wish("inspect", (a("can", size=Size("smaller")),), then=True),
        Wish("inspect", (a("can", size=Size("below", value=1.0)),)),
        move(the("can", exceptions=(the("", "red"),)), Spot("back")),
    ]  # fmt: skip
    goal, why = sketched(everything, Inventory(WORKPLACE))
    assert why is None and isinstance(goal, Goal)
    assert goal_from_json(json.loads(json.dumps(goal_to_json(goal)))) == goal


@pytest.mark.parametrize(
    "what",
    [
        {"measure": {"kind": "huge"}}, {"measure": {"kind": "below", "value": -1.0}}, {"measure": {"kind": "below", "colour": 1}},
        {"measure": "small"}, {"measure": {"kind": "below", "axis": "depth"}}, {"measure": {"kind": "about", "value": True}},
    ],
)  # fmt: skip
def test_a_broken_measure_is_bad_input(what: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="measure"):
        goal_from_json([{"kind": "move", "what": what, "to": "rule"}])


def test_what_made_room_on_the_station_goes_back_there() -> None:
    guest = item("green-tool-1", location="station", size=70.0)
    talk = Talk(SCENE | {"items": [*SCENE["items"], guest]})
    assert talk.say(move(the("ball", "red"), b("D"))) == {"red-ball-1": "bin:D"}
    assert talk.say(Wish("ask", (a("can", n=None, condition="damaged"),), query="any")) == {}
    assert talk.say(move(the("can", "blue"), Spot("place", "station"))) == {"blue-can-1": "station", "green-tool-1": "table"}
    assert talk.say(move(the("tool", "green"), b("E"))) == {"green-tool-1": "bin:E"}
