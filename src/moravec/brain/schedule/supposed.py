"""A whole job in thought: what a closed parcel may hold, and the plan that follows once it is seen. In symbols; nothing is read.

A plan ends where something has to be found out first. To share out the work of a whole job, its delivery is supposed: drawn by a
seed, believed as if it had been seen, every look showing what is supposed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from moravec.brain.goal import Goal
from moravec.brain.remember import Inventory
from moravec.brain.state import SymbolicState
from moravec.brain.steps import Plan
from moravec.brain.tasks import Assignment, assign
from moravec.core.errors import BadInput
from moravec.core.workplace import Workplace
from moravec.perception.detection import Detection

_LOOKS = 8  # times that a plan may end in finding out
_ABOVE = 0.01  # [m] by which the top of what lies on another is higher, at least
_DAMAGED = 0.1  # share of things


@dataclass(frozen=True, slots=True)
class Whole:
    """A plan to its end. `state`: where it begins; `cuts`: step numbers before which all before is known; `over`: thing -> what
    lies on it; `categories`: of the things."""

    plan: Plan
    state: SymbolicState
    cuts: tuple[int, ...]
    over: Mapping[str, frozenset[str]]
    categories: Mapping[str, str]


def supposed_delivery(workplace: Workplace, n: int, seed: int = 0) -> Inventory:
    """`n` things in the workplace's closed parcel, drawn by `seed`, and the labels on its bins in their order; as it is believed
    before anybody looked. Raises BadInput for a workplace without a parcel."""
    parcel = next((place.name for place in workplace.of_kind("parcel")), None)
    if parcel is None:
        raise BadInput("a delivery", f"no parcel in {workplace.name!r}", "a workplace with a parcel")
    rng = np.random.default_rng(seed)
    inventory = Inventory(workplace)
    bins = [place.name for place in workplace.of_kind("bin")]
    inventory.read_labels(dict(zip(bins, workplace.labels, strict=False)))
    side = int(np.ceil(np.sqrt(n)))
    seen = []
    for i in range(n):
        colour = workplace.colours[rng.integers(len(workplace.colours))]
        category = workplace.categories[rng.integers(len(workplace.categories))]
        damaged = bool(rng.random() < _DAMAGED)
        position = ((i % side) * 0.1, (i // side) * 0.1, 0.05)
        seen.append(
            Detection(
                parcel, position, (0.06, 0.04, 0.05), 0.0, (0.002,) * 3, colour, 0.9, category, 0.9, damaged,
                0.9 if damaged else 0.1, None, "overhead", (0, 0, 1, 1),
            )
        )  # fmt: skip
    inventory.update(parcel, seen, 0.0)
    inventory.fluents["open", parcel] = inventory.fluents["seen", parcel] = False
    return inventory


def whole_plan(goal: Goal, inventory: Inventory, plan_of: Callable[[Goal, Inventory], Plan]) -> Whole:
    """The plan of `plan_of`, made anew each time it has found out what it needs. Changes `inventory` as those looks do."""
    state = SymbolicState(dict(inventory.state()))
    over = lying_on(inventory)
    plan, cuts = Plan(()), []
    for _ in range(_LOOKS):
        made = plan_of(goal, inventory)
        begun = len(plan.steps)
        plan = replace(made, steps=(*plan.steps, *made.steps))
        if made.complete or not made.steps:
            cuts += [begun + cut for cut in stage_cuts(made, assign(goal, inventory))]
            break
        cuts.append(len(plan.steps))
        for step in made.steps:
            inventory.after(step, 0.0)
    categories = {item.id: item.category for item in inventory.items.values()}
    return Whole(plan, state, tuple(sorted(set(cuts))), over, categories)


def stage_cuts(plan: Plan, assignment: Assignment) -> list[int]:
    """The numbers of the steps with which what comes after a "then" begins: of a thing that has no errand before it."""
    stages: dict[str, set[int]] = {}
    for task in assignment.tasks:
        stages.setdefault(task.item, set()).add(task.stage)
    cuts, now = [], 0
    for number, step in enumerate(plan.steps):
        mine = [stage for stage in stages.get(step.item or "", ()) if stage >= now]
        if mine and min(mine) > now:
            now = min(mine)
            cuts.append(number)
    return cuts


def lying_on(inventory: Inventory) -> dict[str, frozenset[str]]:
    """Thing -> those in the same place that lie on it: above it, and over the same ground by their sizes along the axes."""
    found: dict[str, frozenset[str]] = {}
    items = list(inventory.items.values())
    tops = {item.id: item.position[2] + item.extent[2] / 2 for item in items}
    for lower in items:
        uppers = frozenset(
            upper.id for upper in items
            if upper.location == lower.location and tops[upper.id] > tops[lower.id] + _ABOVE
            and all(abs(upper.position[k] - lower.position[k]) < (upper.extent[k] + lower.extent[k]) / 2 for k in (0, 1))
        )  # fmt: skip
        if uppers:
            found[lower.id] = uppers
    return found
