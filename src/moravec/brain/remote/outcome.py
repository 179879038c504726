"""Whether a server's plan brings about what is wanted, and nothing else. Pure.

The validator says whether steps can be done; here it is whether they should be. The measure is what the symbolic mind's own
plan would bring about: another way there is welcome, another end is not.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from moravec.brain.mind import Situation
from moravec.brain.state import SymbolicState
from moravec.brain.steps import Plan
from moravec.brain.tasks import assign
from moravec.brain.validate import validate
from moravec.core.errors import BadInput
from moravec.skills.manifests import BY_NAME
from moravec.skills.symbols import Fluent, Value, changes

LONGER = 3  # times the steps of the symbolic mind's plan, plus
MORE = 10  # steps


def check(plan: Plan, own: Plan, situation: Situation) -> None:
    """Raises BadInput, with the reason for the server, for a plan that cannot be done or does something else."""
    inventory = situation.inventory
    most = LONGER * len(own.steps) + MORE
    if len(plan.steps) > most:
        raise BadInput("a plan", f"{len(plan.steps)} steps", f"at most {most} here")
    verdict = validate(plan, inventory.state(), inventory.workplace)
    if not verdict.ok:
        raise BadInput("a plan", f"step {verdict.step} cannot be done: {verdict.why}", "steps whose preconditions hold")
    assignment = assign(situation.goal, inventory, situation.aside, situation.overflow)
    targets = {task.item: task.to for task in assignment.tasks if task.to is not None and task.item not in situation.aside}
    before = inventory.state()
    why = difference(before, after(own, before), after(plan, before), targets)
    why = why or out_of_turn(plan, {task.item: task.stage for task in assignment.tasks})
    if own.steps and own.steps[-1].skill == "home" and (not plan.steps or plan.steps[-1].skill != "home"):
        why = why or "the last step is not home"
    if why:
        raise BadInput("a plan", why, "what is wanted, and nothing else")


def after(plan: Plan, state: Mapping[Fluent, Value]) -> SymbolicState:
    """The state that the plan's steps leave, each of which can be done."""
    end = SymbolicState(state)
    for step in plan.steps:
        end.write(changes(BY_NAME[step.skill].effects, step.arguments, end))
    return end


def difference(
    before: Mapping[Fluent, Value], own: Mapping[Fluent, Value], found: Mapping[Fluent, Value], targets: Mapping[str, str]
) -> str:
    """How the end `found` differs from the end `own` in what matters; "" where it does not.

    An item of `targets` may reach its target even where `own` cannot bring it there. More may be looked at and inspected.
    """
    for fluent, wanted in own.items():
        value, name = found.get(fluent), fluent[0]
        if value == wanted:
            continue
        if name == "location" and value == targets.get(fluent[1]):
            continue
        if name in ("seen", "inspected") and value is True:
            continue
        if name in ("seen", "inspected") and before.get(fluent) is wanted:
            return f"{name} is lost for {fluent[1]}"
        return f"in the end {_words(fluent)} is {value}; it has to be {wanted}"
    return _extra(set(own), found)


def out_of_turn(plan: Plan, stages: Mapping[str, int]) -> str:
    """Which item is taken before its "then" has come, in words; "" where none is."""
    reached = 0
    for step in plan.steps:
        stage = stages.get(step.item or "", reached)
        if step.skill == "pick" and stage < reached:
            return f"{step.item} is taken too late: it has to be done before what comes then"
        reached = max(reached, stage)
    return ""


def _extra(known: Collection[Fluent], found: Mapping[Fluent, Value]) -> str:
    for fluent in found:
        if fluent not in known and fluent[0] not in ("seen", "inspected"):
            return f"it changes {_words(fluent)}"
    return ""


def _words(fluent: Fluent) -> str:
    return f"{fluent[0]}({', '.join(fluent[1:])})" if len(fluent) > 1 else fluent[0]
