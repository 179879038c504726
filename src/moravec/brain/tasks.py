"""What is left to do: the goal's clauses assigned to the items that are known.

Each item belongs to at most one clause. Where several claim it, the one that knows more of it wins: printed codes
before damage, damage before the number of words, a named place before the storing rule, and the later clause last of
all; "the rest" takes what nobody claims.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from moravec.brain.goal import Clause, Destination, Goal
from moravec.brain.remember import Inventory, Item, natural
from moravec.brain.select import candidates, prints
from moravec.brain.state import GONE
from moravec.core.errors import BadInput

CLEARLY = 1.1  # times as much, from which one place costs more than another


@dataclass(frozen=True, slots=True)
class Task:
    """One item's errand. `to` is the place it goes to; None means: look closely and put it back.

    `clause` is the index of the wish behind it and `stage` counts the "then"s before that.
    """

    item: str
    clause: int
    stage: int
    to: str | None
    check: bool = False  # only to find out whether the clause means it


@dataclass(frozen=True, slots=True)
class Assignment:
    """All errands, done ones included, in the order of the clauses; and what stands in the way of the goal."""

    tasks: tuple[Task, ...] = ()
    problems: tuple[str, ...] = ()

    def task_of(self, item: str) -> Task | None:
        """The errand of `item` that moves it, if any; else its check."""
        mine = [task for task in self.tasks if task.item == item]
        return next((t for t in mine if not t.check), mine[0] if mine else None)

    def key(self) -> frozenset[tuple[str, str | None, bool]]:
        """What a plan depends on; when it changes, the plan is old."""
        return frozenset((t.item, t.to, t.check) for t in self.tasks)


def assign(
    goal: Goal, inventory: Inventory, aside: Collection[str] = (), overflow: Mapping[str, str] | None = None
) -> Assignment:
    """Who goes where. `aside` are items given up; `overflow` says where things go instead of a full place."""
    pool = [item for item in inventory.items.values() if item.location != GONE]
    claims, unsure, problems = _claims(goal, inventory, pool, aside)
    stages = _stages(goal)
    tasks: list[Task] = []
    for index in sorted(claims):
        clause = goal.clauses[index]
        for item in claims[index]:
            to, problem = _target(clause, item, inventory, overflow or {})
            if problem:
                problems.append(problem)
            else:
                tasks.append(Task(item.id, index, stages[index], to))
    tasks += _checks(unsure, tasks, stages)
    tasks.sort(key=lambda task: (task.stage, task.clause))
    return Assignment(tuple(tasks), tuple(dict.fromkeys(problems)))


def _claims(
    goal: Goal, inventory: Inventory, pool: list[Item], aside: Collection[str]
) -> tuple[dict[int, list[Item]], dict[int, list[Item]], list[str]]:
    """Clause -> its items; clause -> items a closer look may add; and unmet expectations."""
    claims: dict[int, list[Item]] = {}
    unsure: dict[int, list[Item]] = {}
    problems: list[str] = []
    taken: set[str] = set()
    order = [i for i, clause in enumerate(goal.clauses) if clause.kind == "move"]
    order.sort(key=lambda i: _rank(goal.clauses[i], i))
    order += [i for i, clause in enumerate(goal.clauses) if clause.kind == "inspect"]
    for index in order:
        clause = goal.clauses[index]
        matched, maybe = candidates(clause.what, inventory, [i for i in pool if i.id not in taken])
        wanted = clause.what.count
        if wanted is not None:
            usable = [i for i in matched if i.id not in aside]
            matched = sorted(usable, key=_stable)[:wanted]
        claims[index] = matched
        enough = wanted is not None and len(matched) >= wanted and all(i.inspected for i in matched)
        unsure[index] = [] if enough else maybe
        taken |= {i.id for i in matched}
        shortfall = _shortfall(clause, matched)
        if shortfall:
            problems.append(shortfall)
    for index, clause in enumerate(goal.clauses):
        if clause.kind == "learn":
            unsure[index] = candidates(clause.what, inventory, pool)[1]
    return claims, unsure, problems


def _rank(clause: Clause, index: int) -> tuple[bool, bool, bool, int, bool, int]:
    what = clause.what
    rule = clause.to is None or clause.to.kind == "rule"
    return (what.rest, not what.codes, what.condition is None, -what.specificity, rule, -index)


def _stable(item: Item) -> tuple[bool, bool, bool, tuple[str, int]]:
    """Once an item was begun it stays chosen, so that "two cans" are two, not two others after each look."""
    handled = item.location != item.origin
    return (not handled, not item.inspected, bool(item.missing), natural(item.id))


def _shortfall(clause: Clause, matched: list[Item]) -> str:
    what = clause.what
    found = {item.code for item in matched}
    absent = [said for said in what.codes if not any(prints(code, said) for code in found)]
    if absent:
        return f"no item with the code {' or '.join(absent)} was found"
    if what.count is not None and len(matched) < what.count and not what.upto:
        return f"{len(matched) or 'none'} of {what.describe()} found"
    if what.definite and not matched:
        return f"none of {what.describe()} found"
    return ""


def _stages(goal: Goal) -> list[int]:
    stages, stage = [], 0
    for clause in goal.clauses:
        stage += clause.then
        stages.append(stage)
    return stages


def _target(clause: Clause, item: Item, inventory: Inventory, overflow: Mapping[str, str]) -> tuple[str | None, str]:
    """The place the item goes to, or why there is none."""
    if clause.kind == "inspect" or clause.to is None:
        return None, ""
    try:
        places = places_for(clause.to, item, inventory)
    except BadInput as error:
        return None, str(error)
    if item.location in places:
        return item.location, ""
    free = [p for p in places if inventory.fluents.get(("full", p)) is not True]
    if free:
        return cheapest(free, item, inventory), ""
    if places:
        other = overflow.get(places[0])
        return (other, "") if other else (None, f"{item.id}: {_named(places[0], inventory)} is full")
    return None, f"{item.id}: no bin carries the label {_label(clause.to, item, inventory)!r}"


def cheapest(places: Sequence[str], item: Item, inventory: Inventory) -> str:
    """Which of `places`, at least one, that answer to the same wish: not one to avoid where there is another; of the rest the
    first one whose expected cost is not clearly above the least."""
    good = [place for place in places if place not in inventory.avoid] or list(places)
    costs = {place: inventory.effort(item.category, place) for place in good}
    return next(place for place in good if costs[place] <= CLEARLY * min(costs.values()))


def places_for(to: Destination, item: Item, inventory: Inventory) -> list[str]:
    """All places that answer to the destination, for this item. Raises BadInput where the rule knows none."""
    label = _label(to, item, inventory)
    if to.kind == "place" or label == "reject":
        name = to.name if to.kind == "place" else "reject"
        return [p.name for p in inventory.workplace.places if name in (p.name, p.kind)]
    return inventory.bins_labelled(label)


def _label(to: Destination, item: Item, inventory: Inventory) -> str:
    return to.name if to.kind != "rule" else inventory.workplace.label_for(item.category, item.damaged)


def _named(place: str, inventory: Inventory) -> str:
    return f"bin {inventory.labels[place]}" if place in inventory.labels else place


def _checks(unsure: Mapping[int, list[Item]], tasks: list[Task], stages: list[int]) -> list[Task]:
    """Closer looks that are needed: not at items that are looked at anyway on their way elsewhere, unless a "then"
    says that this clause must be settled before."""
    on_the_way = {task.item: task.stage for task in tasks}
    done: set[str] = set()
    checks: list[Task] = []
    for index in sorted(unsure, key=lambda i: stages[i]):
        for item in unsure[index]:
            later = on_the_way.get(item.id)
            if item.id in done:
                continue
            if later is None or later > stages[index]:
                done.add(item.id)
                checks.append(Task(item.id, index, stages[index], None, check=True))
    return checks


def is_done(task: Task, inventory: Inventory) -> bool:
    """Whether the errand needs nothing more."""
    item = inventory.item(task.item)
    if task.to is not None:
        return item.location == task.to
    return item.inspected and item.location == item.origin
