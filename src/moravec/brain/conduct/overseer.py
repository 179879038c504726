"""Who sees to it that a job keeps its charter: gathers what plans are judged by, and watches every call as it is made."""

from __future__ import annotations

import math
from collections.abc import Generator
from functools import partial
from typing import TYPE_CHECKING, Any, final

from moravec.brain.conduct.charter import Charter
from moravec.brain.conduct.conduct import Conduct
from moravec.brain.conduct.watch import RuleBook, View, Watch
from moravec.brain.job import Job
from moravec.brain.remember import Inventory, Item
from moravec.brain.state import GONE
from moravec.brain.steps import Step
from moravec.brain.tasks import Assignment
from moravec.core.workplace import Workplace
from moravec.skills.belt import nearest_in_reach
from moravec.skills.contract import Compute, Request, SkillResult
from moravec.skills.manifests import BY_NAME
from moravec.skills.preview import STORES, Surroundings
from moravec.skills.symbols import Value

if TYPE_CHECKING:
    from moravec.skills.reach import Reach

NOT_PERMITTED, BROKEN_RULE = "not_permitted", "rule"  # how a call ends that was not begun


@final
class Overseer:
    """Has the life of one robot's work; `begin` starts a job. Raises BadInput for a rule that cannot be read.

    `reach` None: whether the arm gets somewhere is not known beforehand.
    """

    def __init__(self, charter: Charter, workplace: Workplace, reach: Reach | None = None) -> None:
        self._charter, self._workplace, self._reach = charter, workplace, reach
        kinds = {place.name: place.kind for place in workplace.places}
        self._book = RuleBook(charter.all_rules, charter.vocabulary(kinds, workplace))
        self._watch = Watch.fresh(self._book)

    def begin(self) -> None:
        """A new job: what was done before it is no past of its."""
        self._watch = Watch.fresh(self._book)

    # ── plans ────────────────────────────────────────────────────────────────────────────────────────────────────
    def survey(self, job: Job) -> Generator[Request, Any, None]:
        """Finds out, beside the control loop, where the arm gets to, as far as that is not known yet."""
        if self._reach is None:
            return
        places = (p for p in self._workplace.places if p.kind in STORES)
        points = [(*p.centre, p.rim) for p in places] + [_taken_at(i, job.inventory) for i in _present(job.inventory)]
        if unknown := self._reach.unknown(points):
            yield Compute(partial(self._reach.ask, unknown), "reach")

    def conduct(self, inventory: Inventory, assignment: Assignment) -> Conduct:
        """What a plan is judged by, now."""
        return Conduct(self._charter, self._around(inventory, assignment), self._watch.imagined())

    # ── calls ────────────────────────────────────────────────────────────────────────────────────────────────────
    def forbids(self, job: Job, step: Step) -> SkillResult | None:
        """How the call ends that must not begin now; None where it may. Looks between a plan's steps are asked about as well."""
        manifest = BY_NAME.get(step.skill)
        if manifest is None:
            return None
        view = self._view(job)
        category = view.around.things.get(step.item or "", {}).get("category")
        why = self._charter.permit.objection(manifest, step.arguments, view.state, None if category is None else str(category))
        if why:
            return SkillResult("failed", NOT_PERMITTED, why, recoverable=True)
        rule = self._watch.begins(manifest, step, view)
        return None if rule is None else SkillResult("failed", BROKEN_RULE, str(rule))

    def ended(self, step: Step, result: SkillResult) -> None:
        """A call that was begun came to its end."""
        if step.skill in BY_NAME:
            self._watch.ends(BY_NAME[step.skill], step, "ok" if result.status == "succeeded" else result.code)

    def closing(self, job: Job) -> str:
        """The rule that the last call of a job has broken, or ""."""
        rule = self._watch.settled(self._view(job))
        return "" if rule is None else str(rule)

    # ── what they are judged by ──────────────────────────────────────────────────────────────────────────────────
    def _view(self, job: Job) -> View:
        occupied: frozenset[str] = frozenset()
        if self._charter.zones:
            state = job.context.state()
            blind = math.isnan(state.people_t)  # where nobody looks, somebody may be anywhere
            occupied = frozenset(
                name for name, (x0, y0, x1, y1) in self._charter.zones.items()
                if blind or any(x0 <= x <= x1 and y0 <= y <= y1 for x, y in state.people)
            )  # fmt: skip
        around = self._around(job.inventory, job.assignment())
        return View(job.inventory.state(), around, self._charter.traits, occupied)

    def _around(self, inventory: Inventory, assignment: Assignment) -> Surroundings:
        """What is believed of things and places, for rules and previews."""
        reaches = (lambda point: None) if self._reach is None else self._reach.reaches
        targets = {task.item: task.to or inventory.item(task.item).origin for task in assignment.tasks}
        things: dict[str, dict[str, Value]] = {}
        for item in _present(inventory):
            length, width, height = (float(side) for side in item.extent)
            things[item.id] = {
                "at": item.location, "category": item.category, "colour": item.colour, "damaged": item.damaged,
                "code": item.code, "origin": item.origin, "wanted": item.id in targets, "target": targets.get(item.id),
                "length": length, "width": width, "height": height, "weight": self._charter.weights.get(item.category),
                "reach": reaches(_taken_at(item, inventory)),
            }  # fmt: skip
        places: dict[str, dict[str, Value]] = {
            place.name: {
                "kind": place.kind, "x": float(place.size[0]), "y": float(place.size[1]),
                "depth": float(place.rim - place.floor), "label": inventory.labels.get(place.name),
                "reach": reaches((*place.centre, place.rim)) if place.kind in STORES else None,
            }
            for place in self._workplace.places
        }  # fmt: skip
        return Surroundings(things, places)


def _taken_at(item: Item, inventory: Inventory) -> tuple[float, float, float]:
    """Where [m] it would be taken: here, or where it comes within reach."""
    if inventory.kinds.get(item.location) != "belt":
        return item.position
    return nearest_in_reach(item, inventory.workplace.place(item.location))


def _present(inventory: Inventory) -> list[Item]:
    return [item for item in inventory.items.values() if item.location != GONE]
