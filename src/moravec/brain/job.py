"""One job while it runs, and the report at its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from moravec.brain.goal import Goal, goal_to_json
from moravec.brain.midjob.give_way import Taken, without
from moravec.brain.mind import Situation
from moravec.brain.recover import Limits
from moravec.brain.remember import Inventory
from moravec.brain.steps import Step
from moravec.brain.tasks import Assignment, assign
from moravec.brain.wishes.talk import Talk
from moravec.core.observation import RobotState
from moravec.core.workplace import Workplace
from moravec.skills.contract import Ask, SkillResult


class Context(Protocol):
    """What the agent needs of the skills' context."""

    @property
    def workplace(self) -> Workplace:
        """The cell."""
        ...

    def now(self) -> float:
        """The robot's time [s]."""
        ...

    def state(self) -> RobotState:
        """The body's state."""
        ...


@dataclass(frozen=True, slots=True)
class JobReport:
    """What the agent believes became of a job. `problems` are the open points; none for success."""

    success: bool
    instruction: str
    goal: list[dict[str, Any]]
    steps: tuple[dict[str, Any], ...]  # {"skill", "args", "status", "code", "seconds"}
    questions: tuple[dict[str, Any], ...]  # {"text", "options", "answer", "why"}
    refused: str | None
    replans: int
    answer: str
    problems: tuple[str, ...]
    surprises: tuple[str, ...]
    inventory: dict[str, Any]
    answers: tuple[dict[str, Any], ...] = ()  # {"kind", "value"}: of what was asked, as data
    open: bool = False  # a question of it waits for an answer, which the next turn may give
    replied: bool = False  # it answered the question that the turn before had left open
    turns: tuple[dict[str, Any], ...] = ()  # of a talk of several, in short
    heard: float | None = None  # [s] of the robot's time, where it was said while a job ran
    amid: tuple[Amid, ...] = ()  # what was done of other orders while it ran


@dataclass(frozen=True, slots=True)
class Amid:
    """An order that was done while an older job waited, after so many of the older's `steps`."""

    steps: int
    report: JobReport


@dataclass(slots=True)
class Job:
    """The working state of one run; not shared."""

    instruction: str
    inventory: Inventory
    context: Context
    limits: Limits
    goal: Goal = field(default_factory=lambda: Goal(()))
    steps: list[dict[str, Any]] = field(default_factory=list)
    questions: list[dict[str, Any]] = field(default_factory=list)
    surprises: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    aside: dict[str, str] = field(default_factory=dict)  # item -> why it was given up
    overflow: dict[str, str] = field(default_factory=dict)  # full place -> what is used instead
    tries: Counter[str] = field(default_factory=Counter)  # item -> failures
    calls: Counter[str] = field(default_factory=Counter)  # skill and thing -> failures
    said: list[str] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)
    refused: str | None = None
    replans: int = 0
    plans: int = 0  # agreed on, or tried in vain
    answer: str = ""
    ended: bool = False
    open: bool = False  # whether a question waits for an answer
    replied: bool = False  # whether it answered the one of the turn before
    in_case: frozenset[str] = frozenset()  # places that are looked at only for what may have fallen there
    overlooked: bool = False  # whether the last look around was taken
    so_far: Callable[[], Talk] | None = None  # the talk as of now; None: not understood yet, nothing may come in between
    within: bool = False  # while an older job waits
    amid: list[Amid] = field(default_factory=list)  # what came in between
    taken: Taken = field(default_factory=Taken)  # what newer words name
    parted: dict[str, str] = field(default_factory=dict)  # such an item -> where it lay when they took it
    contested: set[str] = field(default_factory=set)  # such items that this job wanted elsewhere
    taken_back: str = ""  # by which words
    began: float = field(init=False)  # [s]

    def __post_init__(self) -> None:
        self.began = self.context.now()

    @property
    def station(self) -> str | None:
        """The inspection station's name."""
        return next((p.name for p in self.inventory.workplace.of_kind("station")), None)

    def end(self, why: str) -> None:
        """Go no further."""
        self.ended = True
        self.problems.append(why)

    def beyond(self) -> str:
        """Which bound on the turn is reached, in words; "" for none."""
        if len(self.steps) >= self.limits.steps:
            return f"stopped after {len(self.steps)} steps"
        seconds = self.context.now() - self.began
        return f"stopped after {seconds:.0f} s" if seconds >= self.limits.seconds else ""

    def take_back(self, by: str) -> None:
        """A person wants it no more: go no further, and nothing of it is open."""
        self.ended = True
        self.taken_back = by

    def give_way(self, taken: Taken, lay: Mapping[str, str]) -> None:
        """Newer words have `taken` some of it; `lay`: where items lay before."""
        self.parted |= {name: lay[name] for name in taken.items if name in lay and name not in self.parted}
        self.taken |= taken
        self.goal = self.but_for_taken(self.goal)

    def but_for_taken(self, goal: Goal) -> Goal:
        """`goal` less what newer words name."""
        if not self.taken.items and not self.taken.words:
            return goal
        assignment = assign(goal, self.inventory, self.aside, self.overflow)
        where = {name: item.location for name, item in self.inventory.items.items()}
        wanted = [task for task in assignment.tasks if task.item in self.taken.items and task.to is not None]
        self.contested |= {task.item for task in wanted if task.to != where[task.item]}
        return without(goal, assignment, self.taken)

    def asked(self, ask: Ask, answer: str) -> None:
        """One question and its answer, in the form of `result.json`."""
        fields = {key: value for key, value in ask.more().items() if key in ("scores", "evidence")}
        question = {"text": ask.text, "options": list(ask.options), "answer": answer, "why": ask.why}
        self.questions.append(question | fields)

    def refuse(self, why: str) -> None:
        """The job is not done at all."""
        self.refused = self.answer = why
        self.ended = True

    def log(self, step: Step, result: SkillResult, seconds: float) -> None:
        """One call of a skill, in the form of `result.json`."""
        entry = {"skill": step.skill, "args": step.arguments, "status": result.status, "code": result.code}
        self.steps.append({**entry, "seconds": round(seconds, 6)})

    def failed(self, step: Step) -> tuple[int, int]:
        """Count a failure: how often this skill failed on this thing, and anything with this item."""
        thing = step.item or step.place or ""
        self.calls[f"{step.skill} {thing}"] += 1
        if step.item is not None:
            self.tries[step.item] += 1
        return self.calls[f"{step.skill} {thing}"], self.tries[step.item or ""]

    def assignment(self) -> Assignment:
        """Who goes where, as believed now."""
        return assign(self.goal, self.inventory, self.aside, self.overflow)

    def situation(self, feedback: tuple[str, ...]) -> Situation:
        """What a mind plans from."""
        return Situation(
            self.goal, self.inventory, frozenset(self.aside), dict(self.overflow), dict(self.tries), feedback
        )

    def report(self) -> JobReport:
        """The end of the job as a frozen value."""
        return JobReport(
            success=self.refused is None and not self.problems and not self.aside,
            instruction=self.instruction,
            goal=goal_to_json(self.goal),
            steps=tuple(self.steps),
            questions=tuple(self.questions),
            refused=self.refused,
            replans=self.replans,
            answer=self.answer,
            problems=tuple(self.problems),
            surprises=tuple(self.surprises),
            inventory=self.inventory.snapshot(),
            answers=tuple(self.answers),
            open=self.open,
            replied=self.replied,
            amid=tuple(self.amid),
        )
