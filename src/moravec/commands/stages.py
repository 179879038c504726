"""Scores a run of several stages: each goal against the truth when it was set and when the next one was."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from moravec.commands.score import Score, score
from moravec.core.observation import CameraFrame, RobotState
from moravec.core.verdict import Verdict
from moravec.skills.contract import Note
from moravec.worlds.registry import Thing


@dataclass(slots=True)
class Stage:
    """A goal, and the truth when it was set. `interrupted`: newer words came in before it was reached."""

    goal: list[dict[str, Any]]
    before: Mapping[str, Thing]
    interrupted: bool = False


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
        """Takes in a new goal, and that newer words interrupt the one before."""
        if note.topic == "goal":
            self.stages.append(Stage([dict(clause) for clause in note.payload.get("goal", ())], self._things()))
        elif self.stages and (note.topic == "interrupted" or (note.topic == "taken_back" and note.payload.get("begun"))):
            self.stages[-1].interrupted = True


def score_stages(stages: Sequence[Stage], after: Mapping[str, Thing], names: Mapping[str, str]) -> Score:
    """How many items are right. What a later stage wants of an item counts; what it leaves alone keeps its earlier mark. Of a
    stage that was interrupted only what it had put where it lies at the end."""
    marks: dict[str, str] = {}
    wrong: list[str] = []
    ends = [stage.before for stage in stages[1:]] + [after]
    for number, (stage, end) in enumerate(zip(stages, ends, strict=True), start=1):
        found = score(stage.goal, stage.before, end, names)
        if stage.interrupted:
            found = _put_for_good(found, stage.before, end, after)
        marks |= {name: mark for name, mark in found.marks.items() if mark != "untouched" or name not in marks}
        wrong += [f"stage {number}: {line}" for line in found.wrong]
    return Score(marks, tuple(wrong))


def _put_for_good(found: Score, before: Mapping[str, Thing], end: Mapping[str, Thing], after: Mapping[str, Thing]) -> Score:
    """`found` of the items alone that a stage has moved to where they lie `after` all."""
    stay = {n for n in found.marks if before[n].location != end[n].location == after[n].location}
    wrong = tuple(line for line in found.wrong if line.partition(":")[0] in stay)
    return Score({name: mark if name in stay else "untouched" for name, mark in found.marks.items()}, wrong)
