"""`moravec run` and `moravec plan` with several instructions: a talk."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from moravec.brain.goal import REJECT, Clause, Destination, Goal, Measure, Selection, goal_to_json
from moravec.cli import main
from moravec.commands.score import score
from moravec.commands.stages import Truth, score_stages
from moravec.skills.contract import Note
from moravec.trials.jobs.identity import identified
from moravec.worlds.registry import Thing

Shell = Callable[..., "subprocess.CompletedProcess[str]"]
START = {
    "a": Thing("can", "red", False, None, 3e-4, "parcel", "B", "parcel", length=0.1),
    "b": Thing("can", "red", False, None, 5e-4, "parcel", "B", "parcel", length=0.2),
    "c": Thing("box", "blue", True, "MV-001", 9e-4, "A", "reject", "bin_2", length=0.3),
}
TO_B, TO_C = Destination("bin", "B"), Destination("bin", "C")


def moved(things: dict[str, Thing], **where: str) -> dict[str, Thing]:
    return {name: replace(thing, location=where.get(name, thing.location)) for name, thing in things.items()}


def test_two_turns_make_one_result(moravec: Shell, tmp_path: Path) -> None:
    """The fields of one turn, and the turns beside them; the report and the tape tell of each."""
    done = moravec("run", "go home", "home, please", "--world", "toy", "--json", "--out", "talk", timeout=300)
    result = json.loads(done.stdout)
    assert result["instruction"] == "go home / home, please"
    assert [turn["instruction"] for turn in result["turns"]] == ["go home", "home, please"]
    assert [clause["kind"] for clause in result["goal"]] == ["home", "home"]
    assert len(result["steps"]) == sum(turn["steps"] for turn in result["turns"]) == 2
    page = (tmp_path / "talk" / "report.html").read_text()
    assert "The talk" in page and "home, please</td>" in page.replace("”", "")
    assert "turn 2: home, please" in moravec("replay", "talk/tape.mcap", timeout=300).stdout


def test_a_plan_of_several_turns(capsys: pytest.CaptureFixture[str]) -> None:
    """Each by itself."""
    assert main(["plan", "go home", "store the cans", "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert [len(turn["steps"]) for turn in plan["turns"]] == [1, len(plan["steps"]) - 1]
    assert len(plan["goal"]) == 2


def test_stages_are_scored_each_by_its_own_truth() -> None:
    """What the first stage moved, the second may move on."""
    world: dict[str, Any] = {"now": START}
    truth = Truth(lambda: world["now"])
    first = Goal((Clause("move", Selection(categories=("can",), place="cell"), TO_B),))
    second = Goal((Clause("move", Selection(items=("item-7",), place="cell"), TO_C),))
    truth.noted(0.0, Note("goal", {"goal": goal_to_json(first)}))
    world["now"] = moved(START, a="B", b="B")
    truth.noted(1.0, Note("goal", {"goal": goal_to_json(second)}))
    good = score_stages(truth.stages, moved(START, a="B", b="C"), {"item-7": "b"})
    assert good.success and (good.right, good.of) == (2, 2)
    bad = score_stages(truth.stages, moved(START, a="C", b="C"), {"item-7": "b"})
    assert bad.wrong == ("stage 2: a: was to stay in B; found in C",)


def test_of_an_interrupted_stage_counts_what_stays() -> None:
    """What newer words took from it is theirs; what it put wrong and nobody mended is wrong."""
    world: dict[str, Any] = {"now": START}
    truth = Truth(lambda: world["now"])
    cans = Goal((Clause("move", Selection(categories=("can",), place="parcel"), TO_B),))
    newer = Goal((Clause("move", Selection(items=("item-7",), place="cell"), TO_C),))
    truth.noted(0.0, Note("taken_back", {"begun": True}))  # of nothing
    truth.noted(0.0, Note("goal", {"goal": goal_to_json(cans)}))
    truth.noted(0.5, Note("taken_back", {"begun": False}))  # of a turn that was not understood yet
    assert not truth.stages[0].interrupted
    for b, right in (("B", True), ("A", False)):
        del truth.stages[1:]
        truth.noted(1.0, Note("interrupted", {}))
        world["now"] = moved(START, b=b)
        truth.noted(1.0, Note("goal", {"goal": goal_to_json(newer)}))
        found = score_stages(truth.stages, moved(START, a="C", b=b), {"item-7": "a"})
        assert found.success is right and found.marks["b"] == ("right" if right else "wrong") and found.marks["a"] == "right"


def test_an_order_in_mid_job(moravec: Shell, tmp_path: Path) -> None:
    """It is heard, done and told of, and the tape agrees; what comes too late is told as well."""
    words = ("run", "go home", "--world", "toy", "--say", "home, please@0", "--say", "go home@5000", "--out", "said")
    done = moravec(*words, timeout=300)
    result = json.loads((tmp_path / "said" / "result.json").read_text())
    assert [turn["instruction"] for turn in result["turns"]] == ["go home", "home, please"] and result["instruction"] == "go home"
    assert result["turns"][1]["heard"] >= 0.0 and result["success"] and done.returncode == 0
    assert "heard: home, please" in done.stderr and "goes on: go home" in done.stderr
    assert "heard at 0 s: 'home, please'" in done.stdout
    assert "the job had ended before 5000 s, when 'go home' was to be said" in done.stderr
    assert "while the job ran" in (tmp_path / "said" / "report.html").read_text()
    again = moravec("replay", "said/tape.mcap", timeout=300)
    assert again.returncode == 0 and "diverged 0" in again.stdout and "s: home, please" in again.stdout
    assert moravec("run", "go home", "--say", "stop", timeout=300).returncode == 2


def test_items_are_known_by_place_and_looks() -> None:
    """A code tells most."""
    base = {"category": "can", "colour": "red", "damaged": False, "code": None}
    items = [
        base | {"id": "item-1", "location": "bin_2", "category": "box", "colour": "blue", "damaged": True, "code": "MV-001"},
        base | {"id": "item-2", "location": "parcel"},
        base | {"id": "item-3", "location": "parcel"},
    ]
    names = identified({"items": items}, START)
    assert names["item-1"] == "c" and {names["item-2"], names["item-3"]} == {"a", "b"}
    assert identified({}, START) == {}


def test_measures_and_codes_are_scored() -> None:
    """By the simulator's own sizes."""
    for what, name in (
        (Selection(measure=Measure("smallest"), count=1, place="cell"), "a"),
        (Selection(measure=Measure("middle"), count=1, place="cell"), "b"),
        (Selection(measure=Measure("largest", "length"), count=1, place="cell"), "c"),
        (Selection(measure=Measure("above", "length", 0.25), place="cell"), "c"),
        (Selection(measure=Measure("below", "volume", 4e-4), place="cell"), "a"),
        (Selection(measure=Measure("about", "volume", 5.2e-4), place="cell"), "b"),
        (Selection(coded=True, place="cell"), "c"),
    ):
        goal = goal_to_json(Goal((Clause("move", what, REJECT),)))
        for other in START:
            assert score(goal, START, moved(START, **{other: "reject"})).success is (other == name), what
