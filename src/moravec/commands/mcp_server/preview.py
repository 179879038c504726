"""What an instruction would do, before anything moves: its reading, its first plan, and a digest that an approval is bound to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from moravec.brain.agent import Agent
from moravec.brain.conduct.charter import Charter
from moravec.brain.conduct.overseer import Overseer
from moravec.brain.goal import Goal
from moravec.brain.job import JobReport
from moravec.brain.memory.prior import Prior
from moravec.brain.memory.recollect import Recollection
from moravec.brain.mind import Mind, Situation
from moravec.brain.reading import Reading
from moravec.brain.remember import Inventory
from moravec.brain.steps import Plan, plan_to_json
from moravec.brain.tasks import Assignment
from moravec.brain.validate import validate
from moravec.brain.wishes.sketch import sketched
from moravec.commands.plan import planned
from moravec.core.errors import ContractError
from moravec.core.observation import RobotState
from moravec.core.workplace import Workplace
from moravec.skills.contract import Ask, Compute, Note


@dataclass(frozen=True, slots=True)
class Preview:
    """`shown` is for people and clients; `meaning` and `first` are what is approved: how the instruction is read, and the first
    steps, up to where it has to be found out what there is. `meaning` is None where nothing is to be done."""

    instruction: str
    meaning: list[Any] | None
    first: list[dict[str, Any]]
    stops: bool
    shown: Mapping[str, Any]


def preview(instruction: str, workplace: Workplace, mind: Mind, prior: Prior | None, charter: Charter) -> Preview:
    """Reads and plans without a robot. A question is answered by its default."""
    shown = planned(instruction, workplace, mind, charter)
    shown.pop("seconds")
    reading = mind.read(instruction, workplace)
    meaning, goal = meaning_of(reading), _sketch(reading, workplace)
    means = "" if goal is None else goal.wanted.describe()
    nothing = Preview(instruction, None, [], False, {"instruction": instruction, "means": means, "problem": "", **shown})
    if meaning is None or goal is None or shown["refused"] or (shown["questions"] and not shown["goal"]):
        return nothing
    if any(clause.kind == "stop" for clause in goal.clauses):
        return Preview(instruction, meaning, [], True, nothing.shown)
    rehearsed = _Rehearsed(mind)
    agent = Agent({}, workplace, rehearsed, recollection=Recollection(prior), overseer=Overseer(charter, workplace))
    report = _until_planned(agent, instruction, workplace)
    if report is not None:
        return Preview(instruction, None, [], False, {**nothing.shown, "refused": report.refused or report.answer})
    plan, inventory = rehearsed.plans[0], agent.inventory
    conduct = Overseer(charter, workplace).conduct(inventory, Assignment())
    why = validate(plan, inventory.state(), workplace, conduct=conduct).why
    problem = plan.problem if not plan.steps and plan.problem else why
    return Preview(instruction, meaning, plan_to_json(plan)["steps"], False, {**nothing.shown, "problem": problem})


def meaning_of(reading: Reading) -> list[Any] | None:
    """What was read, as plain data; None for a refusal."""
    return list(json.loads(json.dumps([asdict(way) for way in reading.meant]))) or None


def digest(of: Preview, beside: Mapping[str, Any]) -> str:
    """SHA-256, in hexadecimal, of everything that an approval covers, and of what is put `beside` it."""
    whole = {**beside, "instruction": of.instruction, "meaning": of.meaning, "first": of.first, "shown": dict(of.shown)}
    text = json.dumps(whole, sort_keys=True, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _sketch(reading: Reading, workplace: Workplace) -> Goal | None:
    return sketched(reading.meant[0].wishes, Inventory(workplace))[0] if reading.meant else None


class _Rehearsed:
    """A mind whose plans are kept."""

    def __init__(self, mind: Mind) -> None:
        self._mind = mind
        self.plans: list[Plan] = []

    def read(self, instruction: str, workplace: Workplace) -> Reading:
        """As the mind reads."""
        return self._mind.read(instruction, workplace)

    def plan(self, situation: Situation) -> Plan:
        """As the mind plans."""
        self.plans.append(self._mind.plan(situation))
        return self.plans[-1]


@dataclass(frozen=True, slots=True)
class _Nowhere:
    """The context of a job that never begins."""

    workplace: Workplace

    def now(self) -> float:
        """[s]"""
        return 0.0

    def state(self) -> RobotState:
        """Nothing of a body may decide before the first plan. Raises ContractError."""
        raise ContractError("a preview has no robot whose state could be asked for")


def _until_planned(agent: Agent, instruction: str, workplace: Workplace) -> JobReport | None:
    """Lets the agent begin, up to its first plan; the report where it ends before that."""
    routine = agent.run(instruction, _Nowhere(workplace))
    answer: Any = None
    while True:
        try:
            request = routine.send(answer)
        except StopIteration as end:
            report: JobReport = end.value
            return report
        if isinstance(request, Note) and request.topic == "plan":
            routine.close()
            return None
        answer = request.default if isinstance(request, Ask) else request.work() if isinstance(request, Compute) else None
