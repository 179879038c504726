"""Embodied Agent Interface: what the household's actions need, and that the brain's search finds its way in it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from domain import Problem, goal, manifests, start
from solve import plan, written

ME, KITCHEN, FRIDGE, CHEESE, LAMP, BED = 1, 2, 3, 4, 5, 6


def thing(name: str, *properties: str, states: tuple[str, ...] = (), category: str = "Objects") -> dict[str, Any]:
    return {"class_name": name, "category": category, "properties": list(properties), "states": list(states)}


def kitchen(**changes: Any) -> dict[str, Any]:
    """A closed fridge with cheese in it, a lamp and a bed; somebody sits on the bed."""
    return {
        "identifier": "a", "task": "a task", "character": ME, "relevant": [ME, KITCHEN, FRIDGE, CHEESE, LAMP, BED],
        "objects": {
            str(ME): thing("character", states=("SITTING",)), str(KITCHEN): thing("kitchen", category="Rooms"),
            str(FRIDGE): thing("fridge", "CAN_OPEN", states=("CLOSED",)), str(CHEESE): thing("cheese", "GRABBABLE", "EATABLE"),
            str(LAMP): thing("lamp", "HAS_SWITCH", "HAS_PLUG", states=("OFF", "PLUGGED_IN")),
            str(BED): thing("bed", "LIEABLE", "SITTABLE"),
        },
        "edges": [[CHEESE, "INSIDE", FRIDGE], [FRIDGE, "INSIDE", KITCHEN], [ME, "ON", BED]],
        "node_goals": [], "edge_goals": [], "action_goals": [],
    } | changes  # fmt: skip


def names(**changes: Any) -> list[str]:
    steps, why = plan(kitchen(**changes))
    assert steps is not None, why
    return [" ".join([step.name, *(str(x) for x in step.objects)]) for step in steps]


def test_what_lies_behind_a_door_is_taken_after_the_door_was_opened() -> None:
    found = names(edge_goals=[[ME, "HOLDS_RH", CHEESE]])
    assert found[0] == "STANDUP" and found[-1] == f"GRAB {CHEESE}"
    assert found.index(f"OPEN {FRIDGE}") < found.index(f"WALK {CHEESE}")


def test_things_are_put_where_a_goal_wants_them() -> None:
    found = names(edge_goals=[[CHEESE, "ON", BED]], node_goals=[[FRIDGE, "CLOSED"], [LAMP, "ON"]])
    assert f"PUTBACK {CHEESE} {BED}" in found and f"SWITCHON {LAMP}" in found
    assert found.index(f"OPEN {FRIDGE}") < found.index(f"CLOSE {FRIDGE}")


def test_wanted_actions_come_in_their_order() -> None:
    found = names(action_goals=[["TOUCH"], ["LOOKAT", "WATCH"], ["SLEEP"]])
    order = [next(i for i, step in enumerate(found) if step.startswith(word)) for word in ("TOUCH", "LOOKAT", "SLEEP")]
    assert order == sorted(order)


def test_a_goal_that_holds_already_still_has_an_action() -> None:
    assert len(names(node_goals=[[FRIDGE, "CLOSED"]])) == 1


@pytest.mark.parametrize("changes", [{"node_goals": [[LAMP, "PLUGGED_OUT"]]}, {"edge_goals": [[CHEESE, "HOLDS_RH", LAMP]]}])
def test_what_no_action_does_has_no_plan(changes: dict[str, Any]) -> None:
    steps, why = plan(kitchen(**changes))
    assert steps is None and "cannot become" in why


def test_the_plan_is_written_as_the_benchmark_reads_it() -> None:
    steps, _ = plan(kitchen(edge_goals=[[ME, "HOLDS_RH", CHEESE]]))
    assert steps is not None
    text = written(Problem(kitchen()), steps)
    assert '"STANDUP": [ ]' in text and f'"GRAB": ["cheese", "{CHEESE}"]' in text
    assert len(json.loads(text, object_pairs_hook=list)) == len(steps)


def test_only_what_a_goal_needs_is_planned_with() -> None:
    problem = Problem(kitchen(node_goals=[[LAMP, "ON"]]))
    made, behind = manifests(problem)
    assert {call.name for call in behind.values()} == {"STANDUP", "SIT", "LIE", "WALK", "SWITCHON", "SWITCHOFF"}
    assert start(problem)["posture",] == "sit" and goal(problem)["power", str(LAMP)] == "on" and len(made) == len(behind)
