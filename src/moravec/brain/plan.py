"""The planner: tasks broken down by methods to steps, over a state that is changed in place.

Each method adds steps through `_Planner.do`, which checks the manifest's own preconditions; a method whose step cannot
be done is taken back and forward search is tried instead. Linear in the number of items.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import inf
from typing import Literal, final

from moravec.brain.arrivals import SOURCES
from moravec.brain.goal import EVERYWHERE, Goal, Selection
from moravec.brain.remember import Inventory, natural
from moravec.brain.search import search
from moravec.brain.state import HAND, HOLDING, NOTHING
from moravec.brain.steps import Plan, Step
from moravec.brain.tasks import Assignment, Task, assign, is_done
from moravec.skills.belt import leaves
from moravec.skills.manifests import BY_NAME
from moravec.skills.symbols import Value, changes, unmet

_HOLDING = ("parcel", "belt", "station", "table", "reject", "bin")  # kinds of places where items may lie
_NO_TRIES: Mapping[str, int] = {}


class _NoMethod(Exception):
    """No method leads on from here, with the reason."""


def make_plan(
    goal: Goal,
    inventory: Inventory,
    aside: Collection[str] = (),
    overflow: Mapping[str, str] | None = None,
    tries: Mapping[str, int] = _NO_TRIES,
    assignment: Assignment | None = None,
) -> Plan:
    """Steps that fulfil `goal` as far as is known. Pure.

    `aside` are items given up, `overflow` the places used instead of full ones, `tries` how often an item has failed
    (others go first). A plan that ends in finding out is not `complete`; open points stand in `problem`.
    """
    if any(clause.kind == "stop" for clause in goal.clauses):
        return Plan(())
    planner = _Planner(inventory)
    try:
        unknown = planner.find_out(goal)
    except _NoMethod as why:
        return Plan((), False, f"no plan, because {why}", "none")
    if unknown:
        return Plan(tuple(planner.steps), complete=False)
    assigned = assignment or assign(goal, inventory, aside, overflow)
    todo = [t for t in assigned.tasks if not is_done(t, inventory)]
    strict = any(clause.then for clause in goal.clauses)
    todo.sort(
        key=lambda t: (
            t.stage, t.to == planner.station, t.clause * strict, _deadline(t.item, inventory), tries.get(t.item, 0),
            _height(t.item, inventory),
        )
    )  # fmt: skip
    planner.settle(todo, assigned, aside, tries)
    for task in todo:
        if task.item not in aside:
            planner.fulfil(task)
    planner.give_back(assigned, aside)
    if _comes_to_rest(goal) and (planner.steps or any(clause.kind != "question" for clause in goal.clauses)):
        planner.steps.append(Step("home"))
    problems = (*assigned.problems, *planner.problems)
    return Plan(tuple(planner.steps), True, "; ".join(dict.fromkeys(problems)), planner.method)


def _comes_to_rest(goal: Goal) -> bool:
    """Whether the arm goes home at the end; not where more is to come of what is learnt."""
    return not goal.clauses or any(clause.kind != "learn" for clause in goal.clauses)


def needed_looks(goal: Goal, inventory: Inventory) -> tuple[list[str], bool]:
    """The places whose contents the goal depends on, and whether it depends on the bins' labels."""
    places: list[str] = []
    labels = False
    for clause in goal.clauses:
        if clause.kind not in ("move", "inspect", "question", "open", "learn") or clause.query == "help":
            continue
        to_bin = clause.kind == "move" and clause.to is not None and clause.to.kind in ("bin", "rule")
        asked = clause.what.place or ""
        labels = labels or to_bin or asked.startswith("bin:") or asked == EVERYWHERE
        places += _sources(clause.what, inventory)
    return list(dict.fromkeys(places)), labels


def _sources(what: Selection, inventory: Inventory) -> list[str]:
    place = what.place
    if what.items:
        lying = (inventory.items[name].location for name in what.items if name in inventory.items)
        return [where for where in lying if where in inventory.kinds]
    if place == EVERYWHERE:
        return [p.name for p in inventory.workplace.places if p.kind in _HOLDING]
    if place is None:
        return [p.name for p in inventory.workplace.places if p.kind in SOURCES]
    if place.startswith("bin:"):
        return inventory.bins_labelled(place[4:])
    kind = {"bins": "bin"}.get(place, place)
    return [p.name for p in inventory.workplace.places if kind in (p.name, p.kind)]


def _deadline(name: str, inventory: Inventory) -> float:
    """When [s] it rides out of reach; infinite for what does not ride."""
    item = inventory.item(name)
    if inventory.kinds.get(item.location) != "belt":
        return inf
    return leaves(item, inventory.workplace.place(item.location))


def _height(name: str, inventory: Inventory) -> tuple[float, tuple[str, int]]:
    """The topmost item first: it lies on others, and none lies on it."""
    item = inventory.item(name)
    return (-round(item.position[2] + item.extent[2] / 2, 2), natural(name))


def _has_errand(item: str, assigned: Assignment) -> bool:
    task = assigned.task_of(item)
    return task is not None and task.to is not None


@final
class _Planner:
    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self.state = inventory.state()
        self.steps: list[Step] = []
        self.problems: list[str] = []
        self.method: Literal["tasks", "search", "none"] = "tasks"
        self.station = next((p.name for p in inventory.workplace.of_kind("station")), None)
        self.table = next((p.name for p in inventory.workplace.of_kind("table")), None)

    def do(self, skill: str, **args: Value) -> None:
        """Add a step. Raises _NoMethod where its preconditions do not hold."""
        manifest = BY_NAME[skill]
        step = Step(skill, tuple(args.items()))
        broken = unmet(manifest.preconditions, args, self.state)
        if broken:
            raise _NoMethod(f"{step}: {broken[0].why}")
        self.state.write(changes(manifest.effects, args, self.state))
        self.steps.append(step)

    # ── methods ──────────────────────────────────────────────────────────────────────────────────────────────────
    def find_out(self, goal: Goal) -> bool:
        """Looks (and opening) that must come before the rest can be planned; whether there were any."""
        places, labels = needed_looks(goal, self.inventory)
        shelf = next((p.name for p in self.inventory.workplace.of_kind("shelf")), None)
        if labels and shelf and not self.state.get(("seen", shelf)):
            self.do("look", place=shelf)
        for place in sorted(places, key=lambda p: self.inventory.kinds.get(p) == "belt"):  # at last: what rides does not wait
            closed = self.state.get(("open", place)) is not True
            if not self.state.get(("seen", place)):
                self.do("look", place=place)
            if closed:
                if self.state.get(HOLDING) != NOTHING:
                    self.put_down(str(self.state[HOLDING]))
                self.do("open", place=place)
                self.do("look", place=place)
        return bool(self.steps)

    def settle(
        self, todo: list[Task], assigned: Assignment, aside: Collection[str], tries: Mapping[str, int] = _NO_TRIES
    ) -> None:
        """First finish with what is in the hand or on the station: its own errand, or back where it came from."""
        held = str(self.state[HOLDING])
        here = [item.id for item in self.inventory.items.values() if item.location == self.station]
        busy = [held] if held != NOTHING else []
        busy += sorted(here, key=lambda name: (tries.get(name, 0), _height(name, self.inventory)))
        first = min((task.stage for task in todo), default=0)
        for name in busy:
            task = next((t for t in todo if t.item == name and not t.check and t.stage == first), None)
            if task is not None and name not in aside:
                self.fulfil(task)
            elif name == held or not self._may_stay(name, todo, assigned):
                self._attempt(name, self._home_of(name), needs_inspection=False)

    def _may_stay(self, item: str, todo: list[Task], assigned: Assignment) -> bool:
        """Whether an item may remain on the station: it was wanted there, or lay there and is in nobody's way."""
        mine = assigned.task_of(item)
        if mine is not None and mine.to == self.station:
            return True
        return self.inventory.item(item).origin == self.station and all(t.item == item for t in todo)

    def fulfil(self, task: Task) -> None:
        """Bring one item where it belongs, past the station unless it was inspected."""
        item = self.inventory.item(task.item)
        already = self.state.get(("location", task.item)) == (task.to or self._home_of(task.item))
        if already and (task.to is not None or self.state.get(("inspected", item.id))):
            return
        self._attempt(task.item, task.to or self._home_of(task.item), needs_inspection=self.station is not None)

    def give_back(self, assigned: Assignment, aside: Collection[str]) -> None:
        """What lay on the station before the job and only made room goes back there, if nothing else was wanted there."""
        items = self.inventory.items.values()
        waiting = [i for i in items if i.origin == self.station and i.id not in aside and not _has_errand(i.id, assigned)]
        for item in sorted(waiting, key=lambda i: _height(i.id, self.inventory)):
            where = [self.state.get(("location", other.id)) for other in items]
            if self.station in where or self.state.get(("location", item.id)) not in self.inventory.kinds:
                continue
            mark, length = self.state.mark(), len(self.steps)
            try:
                self._deliver(item.id, str(self.station), inspect=False)
            except _NoMethod:  # it stays where it made room
                self.state.undo(mark)
                del self.steps[length:]

    def put_down(self, item: str) -> None:
        """Put the held item back."""
        place = self._home_of(item)
        if self.state.get(("open", place)) is not True:
            place = self.table or place
        self.do("place", item=item, place=place)

    def _attempt(self, item: str, to: str, needs_inspection: bool) -> None:
        mark, length = self.state.mark(), len(self.steps)
        inspect = needs_inspection and self.state.get(("inspected", item)) is not True
        try:
            self._deliver(item, to, inspect)
        except _NoMethod as why:
            self.state.undo(mark)
            del self.steps[length:]
            self._search(item, to, inspect, str(why))

    def _deliver(self, item: str, to: str, inspect: bool) -> None:
        if inspect and self.station is not None:
            if self.state.get(("location", item)) != self.station:
                self._take(item)
                self.do("place", item=item, place=self.station)
            self.do("inspect", item=item)
        if self.state.get(("location", item)) == to:
            return
        self._take(item)
        skill = {"bin": "stow", "reject": "discard"}.get(self.inventory.kinds[to], "place")
        self.do(skill, item=item, place=to)

    def _take(self, item: str) -> None:
        if self.state.get(("location", item)) != HAND:
            self.do("pick", item=item)

    def _search(self, item: str, to: str, inspect: bool, why: str) -> None:
        """No method applies: search over the item, what the hand holds and what lies on the station."""
        goal: dict[tuple[str, ...], Value] = {("location", item): to, HOLDING: NOTHING}
        if inspect:
            goal["inspected", item] = True
        held = str(self.state[HOLDING])
        items = [item] + [held] * (held not in (NOTHING, item))
        found = search(self.state, goal, items)
        if found.steps is None:
            self.problems.append(f"{item}: no plan, because {found.why or why}")
            return
        self.method = "search"
        for step in found.steps:
            self.do(step.skill, **step.arguments)

    def _home_of(self, item: str) -> str:
        """Where an item without an errand goes: back to where it was; the table where that cannot be."""
        origin = self.inventory.item(item).origin
        usable = origin in self.inventory.kinds and origin != self.station and self.inventory.kinds[origin] != "belt"
        if usable and self.state.get(("full", origin)) is not True:
            return origin
        parcel = next((p.name for p in self.inventory.workplace.of_kind("parcel")), None)
        return self.table or parcel or origin
