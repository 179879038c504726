"""Scores a run of several stages: each goal against the truth when it was set and when the next one was."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, final

from moravec.commands.score import Score, score
from moravec.core.observation import CameraFrame, RobotState
from moravec.core.verdict import Verdict
from moravec.skills.contract import Note
from moravec.worlds.registry import Thing

Stage: TypeAlias = tuple[list[dict[str, Any]], Mapping[str, Thing]]  # a goal, and the truth when it was set


@final
class Truth:
    """A watcher that keeps the truth at the beginning of every goal."""

    def __init__(self, things: Callable[[], Mapping[str, Thing]]) -> None:
        self._things = things
        self.stages: list[Stage] = []

    def ticked(self, t: float, state: RobotState, verdict: Verdict) -> None:
        """Nothing."""

    def framed(self, frame: CameraFrame) -> None:
        """Nothing."""

    def noted(self, t: float, note: Note) -> None:
        """Takes in a new goal."""
        if note.topic == "goal":
            self.stages.append(([dict(clause) for clause in note.payload.get("goal", ())], self._things()))


def score_stages(stages: Sequence[Stage], after: Mapping[str, Thing], names: Mapping[str, str]) -> Score:
    """How many items are right. What a later stage wants of an item counts; what it leaves alone keeps its earlier mark."""
    marks: dict[str, str] = {}
    wrong: list[str] = []
    ends = [truth for _, truth in stages[1:]] + [after]
    for number, ((goal, before), end) in enumerate(zip(stages, ends, strict=True), start=1):
        found = score(goal, before, end, names)
        marks |= {name: mark for name, mark in found.marks.items() if mark != "untouched" or name not in marks}
        wrong += [f"stage {number}: {line}" for line in found.wrong]
    return Score(marks, tuple(wrong))


def identified(inventory: Mapping[str, Any], things: Mapping[str, Thing]) -> dict[str, str]:
    """The brain's name of each item -> the simulator's, by where it lies and what it looks like; the surest pairs first."""
    pairs = []
    for item in inventory.get("items", ()):
        for name, thing in things.items():
            code = item["code"] is not None and item["code"] == thing.code
            unlike = (item["category"] != thing.category) + (item["colour"] != thing.colour)
            unlike += 2 * (item["location"] not in (thing.place, thing.location)) + (item["damaged"] != thing.damaged)
            pairs.append((unlike - 10 * code, str(item["id"]), name))
    found: dict[str, str] = {}
    for _, item_id, name in sorted(pairs):
        if item_id not in found and name not in found.values():
            found[item_id] = name
    return found
