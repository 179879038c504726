"""What an instruction would do, before anything moves: its reading, its first plan, and a digest that an approval is bound to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moravec.brain.conduct.charter import Charter
from moravec.brain.conduct.overseer import Overseer
from moravec.brain.goal import Goal, goal_to_json
from moravec.brain.memory.prior import Prior
from moravec.brain.memory.recollect import Recollection
from moravec.brain.mind import Mind, Situation
from moravec.brain.read import Reading
from moravec.brain.remember import Inventory
from moravec.brain.steps import plan_to_json
from moravec.brain.tasks import Assignment
from moravec.brain.validate import validate
from moravec.commands.plan import planned
from moravec.core.workplace import Workplace


@dataclass(frozen=True, slots=True)
class Preview:
    """`shown` is for people and clients; `goal` and `first` are what is approved: the goal, and the steps up to where it has to
    be found out what there is. `goal` is None where nothing is to be done."""

    instruction: str
    goal: list[dict[str, Any]] | None
    first: list[dict[str, Any]]
    stops: bool
    shown: Mapping[str, Any]


def preview(instruction: str, workplace: Workplace, mind: Mind, prior: Prior | None, charter: Charter) -> Preview:
    """Reads and plans without a robot. A question of the reading is answered by its default."""
    shown = planned(instruction, workplace, mind, charter)
    shown.pop("seconds")
    goal = meant(mind.read(instruction, workplace))
    means = "" if goal is None else goal.describe()
    if goal is None or shown["refused"]:
        return Preview(instruction, None, [], False, {"instruction": instruction, "means": means, "problem": "", **shown})
    inventory = Inventory(workplace)
    Recollection(prior).begin(inventory)
    inventory.begin_job()
    plan = mind.plan(Situation(goal, inventory))
    conduct = Overseer(charter, workplace).conduct(inventory, Assignment())
    why = validate(plan, inventory.state(), workplace, conduct=conduct).why
    problem = plan.problem if not plan.steps and plan.problem else why
    stops = any(clause.kind == "stop" for clause in goal.clauses)
    told = {"instruction": instruction, "means": means, "problem": problem, **shown}
    return Preview(instruction, goal_to_json(goal), plan_to_json(plan)["steps"], stops, told)


def meant(reading: Reading) -> Goal | None:
    """The goal, a question's default included; None for a refusal, or where the default does nothing."""
    return reading.goal if reading.query is None else reading.query.goal_for(reading.query.default)


def digest(of: Preview, beside: Mapping[str, Any]) -> str:
    """SHA-256, in hexadecimal, of everything that an approval covers, and of what is put `beside` it."""
    whole = {**beside, "instruction": of.instruction, "goal": of.goal, "first": of.first, "shown": dict(of.shown)}
    text = json.dumps(whole, sort_keys=True, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
