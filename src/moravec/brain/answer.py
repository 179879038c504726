"""What the agent says: answers from the inventory, and what became of a job."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from moravec.brain.goal import EVERYWHERE, Clause, Goal, Selection
from moravec.brain.lexicon import plural
from moravec.brain.remember import Inventory, Item
from moravec.brain.select import answering, fit
from moravec.brain.state import GONE
from moravec.brain.tasks import Assignment, is_done

_HELP = (
    "I unpack a delivery, inspect the items, and store, sort, move or reject them. Name items by category, colour, "
    "size, code, condition or number, and say a bin; or ask what is where."
)


def answer(clause: Clause, inventory: Inventory) -> str:
    """The answer to one question, from what is believed now."""
    if clause.query == "help":
        return _HELP
    items = answering(clause.what, inventory)
    asked = clause.what.describe().removeprefix("all ").removeprefix("the ")
    unread = sum(1 for i in inventory.items.values() if i.code is None and not i.inspected and i.location != GONE)
    note = ""
    if clause.what.codes and not items and unread:
        note = f" The codes of {unread} items have not been read yet."
    if clause.what.condition and any(not i.inspected for i in inventory.items.values()):
        note = " That is as seen from above; not all items have been inspected."
    if clause.query == "how many":
        return f"{len(items)} ({asked})." + note
    if clause.query == "which place":
        place = _place_named(clause, inventory)
        return f"{place.replace('bin:', 'Bin ')}." if place else "The storing rule knows no one place for that."
    if clause.query == "all":
        every = structured(clause, inventory)["value"]
        return f"{'Yes' if every else 'No'}: {len(items)} ({asked})." + note
    if clause.query == "any":
        enough = len(items) >= (clause.what.count or 1)
        few = f"No: {listed(items)}." if items else f"No {asked} seen."
        return (f"Yes: {listed(items)}." if enough else few) + note
    if clause.query == "where":
        found = [f"{item.describe()} ({item.id}): {where(item, inventory)}" for item in items]
        return ("; ".join(found) + "." if found else f"I have not seen {asked}.") + note
    return (f"{len(items)}: {listed(items)}." if items else f"Nothing that I can see ({asked}).") + note


def structured(clause: Clause, inventory: Inventory) -> dict[str, Any]:
    """The answer to one question as data: {"kind": "count", "items", "place", "places", "yesno" or "text", "value"}; a place as
    "bin:B" or its name, items by their names in the inventory."""
    if clause.query == "help":
        return {"kind": "text", "value": _HELP}
    if clause.query == "which place":
        return {"kind": "place", "value": _place_named(clause, inventory)}
    items = answering(clause.what, inventory)
    if clause.query == "how many":
        return {"kind": "count", "value": len(items)}
    if clause.query == "any":
        return {"kind": "yesno", "value": len(items) >= (clause.what.count or 1)}
    if clause.query == "all":
        base = answering(without_its_test(clause.what), inventory)
        return {"kind": "yesno", "value": bool(base) and len(base) == len(items)}
    if clause.query == "where":
        spots = list(dict.fromkeys(_spot(item, inventory) for item in items))
        return {"kind": "place", "value": spots[0]} if len(spots) == 1 else {"kind": "places", "value": spots}
    return {"kind": "items", "value": [item.id for item in items]}


def _spot(item: Item, inventory: Inventory) -> str:
    label = inventory.labels.get(item.location)
    return f"bin:{label}" if label else item.location


def _place_named(clause: Clause, inventory: Inventory) -> str:
    """The place that a clause names; by the storing rule that of its one category, or of what is damaged."""
    to, what = clause.to, clause.what
    if to is not None and to.kind != "rule":
        return f"bin:{to.name}" if to.kind == "bin" else to.name
    found = answering(what, inventory)
    category = what.categories[0] if what.categories else found[0].category if found else ""
    damaged = what.condition == "damaged" or (bool(what.items and found) and all(item.damaged for item in found))
    label = inventory.workplace.label_for(category, damaged) if category or what.condition else ""
    return label if label in ("reject", "") else f"bin:{label}"


def without_its_test(what: Selection) -> Selection:
    """`what` without what "are all of them so?" asks: the condition, or the code, the place, the size, the colour."""
    if what.condition is not None:
        return replace(what, condition=None)
    if what.coded is not None:
        return replace(what, coded=None)
    if what.place not in (None, EVERYWHERE):
        return replace(what, place=EVERYWHERE)
    if what.measure is not None or what.colours:
        return replace(what, measure=None, colours=what.colours if what.measure is not None else ())
    return replace(what, categories=())


def listed(items: Sequence[Item]) -> str:
    """As "2 red cans, 1 blue box (damaged)"."""
    counts = Counter(item.describe() for item in items)
    parts = []
    for text, n in counts.items():
        head, _, extra = text.partition(" (")
        words = head.split()
        if n > 1:
            words[-1] = plural(words[-1])
        parts.append(f"{n} {' '.join(words)}" + (f" ({extra}" if extra else ""))
    return ", ".join(parts)


def where(item: Item, inventory: Inventory) -> str:
    """The item's place in the person's words."""
    label = inventory.labels.get(item.location)
    if label:
        return f"bin {label}"
    return {"hand": "in my hand", GONE: "lost", "reject": "the reject bin"}.get(item.location, f"the {item.location}")


def summary(assignment: Assignment, inventory: Inventory) -> str:
    """What became of the items of a job, as "6 items done: 2 red cans in bin B, ..."."""
    done = [t for t in assignment.tasks if not t.check and is_done(t, inventory)]
    by_place: dict[str, list[Item]] = {}
    for task in done:
        item = inventory.item(task.item)
        by_place.setdefault(where(item, inventory), []).append(item)
    parts = [f"{listed(items)} in {place}" for place, items in by_place.items()]
    if not done:
        return "No item was moved."
    return f"{len(done)} item{'s' if len(done) > 1 else ''} done: {'; '.join(parts)}."


def open_points(
    goal: Goal, assignment: Assignment, inventory: Inventory, aside: dict[str, str], overflow: dict[str, str]
) -> list[str]:
    """What of the goal is not fulfilled, one line each; empty for success."""
    points = list(assignment.problems)
    for task in assignment.tasks:
        if not is_done(task, inventory) and task.item not in aside:
            points.append(f"{task.item} is not done")
    for given_up, why in aside.items():
        points.append(f"{given_up} was set aside: {why}")
    for item in inventory.items.values():
        lost = item.location == GONE and item.id not in inventory.past
        if lost and any(fit(item, c.what, inventory).match for c in goal.moves):
            points.append(f"{item.id} ({item.describe()}) was lost")
    spilled = {p for p in overflow.values() if inventory.kinds.get(p) != "bin"}
    for task in assignment.tasks:
        to = goal.clauses[task.clause].to
        if task.to in spilled and is_done(task, inventory) and to is not None and to.name != task.to:
            points.append(f"{task.item} lies in the {task.to}, its own place is full")
    return list(dict.fromkeys(points))
