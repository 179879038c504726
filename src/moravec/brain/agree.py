"""How a plan is agreed on: a mind proposes, the validator disposes, its reasons go back, and the tries are bounded.

After the refusals of a mind from outside, the symbolic mind plans. What the validator refuses it, it plans otherwise: the refused
step's item comes first, then last, and if neither helps it is left out, with the reason.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias

from moravec.brain.conduct.charter import Charter
from moravec.brain.conduct.overseer import Overseer
from moravec.brain.job import Job
from moravec.brain.mind import Mind, SymbolicMind, planned
from moravec.brain.remember import Inventory
from moravec.brain.steps import Plan, plan_to_json
from moravec.brain.tasks import Assignment
from moravec.brain.think import think
from moravec.brain.validate import validate, validation_record
from moravec.core.workplace import Workplace
from moravec.skills.contract import Note, Request

LAST = 10**6  # in place of how often an item has failed: those that failed less come first
Routine: TypeAlias = Generator[Request, Any, Any]


def agree(job: Job, mind: Mind, overseer: Overseer, workplace: Workplace) -> Routine:
    """A plan that the validator lets pass, or None with the job ended."""
    feedback: list[str] = []
    job.plans += 1
    if job.plans > job.limits.plans + job.limits.replans_per_item * len(job.inventory.items):
        job.end(f"stopped after {job.plans - 1} plans")
        return None
    for _ in range(0 if isinstance(mind, SymbolicMind) else job.limits.rejections):
        situation = job.situation(tuple(feedback))
        plan: Plan = yield from think(mind, partial(mind.plan, situation), "plan", job.context.now)
        refused = yield from _refused(job, plan, overseer, workplace)
        if refused is None:
            return _begun(job, plan)
        feedback.append(str(refused["why"]))
    return (yield from _mended(job, overseer, workplace, feedback))


def _mended(job: Job, overseer: Overseer, workplace: Workplace, feedback: list[str]) -> Routine:
    """The symbolic mind's plan, mended as long as that can be done."""
    turn: dict[str, int] = {}  # of items that come first, the latest refused before all, or last
    for _ in range(job.limits.repairs):
        situation = job.situation(tuple(feedback))
        situation = replace(situation, tries={**situation.tries, **turn})
        plan = planned(situation)
        refused = yield from _refused(job, plan, overseer, workplace)
        if refused is None:
            return _begun(job, plan)
        feedback.append(str(refused["why"]))
        step = refused["step"]
        item = plan.steps[step].item if 0 <= step < len(plan.steps) else None
        if item is None:
            break
        if turn.get(item, 0) == 0:
            turn[item] = -1 - len(turn)
        elif turn[item] < 0:
            turn[item] = LAST
        elif item not in job.aside and job.inventory.holding() != item:
            job.aside[item] = feedback[-1]
            yield Note("set_aside", {"item": item, "why": feedback[-1]})
        else:
            break
    job.end(f"no valid plan after {len(feedback)} tries: {feedback[-1]}")
    return None


def _refused(job: Job, plan: Plan, overseer: Overseer, workplace: Workplace) -> Routine:
    """The validation of `plan` where that refuses it."""
    yield Note("plan", {**plan_to_json(plan), "replans": job.replans})
    yield from overseer.survey(job)
    record = validation_record(plan, job.inventory.state(), workplace, overseer.conduct(job.inventory, job.assignment()))
    yield Note("validation", record)
    verdict = record["validation"]
    return None if verdict["ok"] else verdict


def _begun(job: Job, plan: Plan) -> Plan | None:
    """`plan`, or None with the job ended where it says that there is none."""
    if plan.problem and not plan.steps:
        job.end(plan.problem)
        return None
    return plan


def first_refusal(plan: Plan, charter: Charter, workplace: Workplace) -> str:
    """Why the validator refuses a plan that is made before anything was seen, or ""."""
    inventory = Inventory(workplace)
    conduct = Overseer(charter, workplace).conduct(inventory, Assignment())
    return validate(plan, inventory.state(), workplace, conduct=conduct).why
