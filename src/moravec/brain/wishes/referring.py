"""Words that point at what was spoken of: it, the others, the former and the latter."""

from __future__ import annotations

from dataclasses import replace

from moravec.brain.goal import EVERYWHERE, Selection
from moravec.brain.remember import Inventory, Item
from moravec.brain.select import candidates
from moravec.brain.state import GONE
from moravec.brain.wishes.talk import Group
from moravec.brain.wishes.wish import Things


def believed(names: tuple[str, ...], inventory: Inventory) -> list[Item]:
    """Those of `names` that are known and not lost."""
    items = inventory.items
    return [items[name] for name in names if name in items and items[name].location != GONE]


def wanted(things: Things) -> int:
    """How many there have to be at least."""
    counts = things.amount.kind in ("exactly", "at least")
    return things.amount.n if counts else int(things.definite or things.amount.kind in ("some", "half"))


def points_past(things: Things, what: Selection, groups: list[Group], inventory: Inventory) -> bool:
    """Whether "that can" is said of a can that nobody has spoken of yet, so that only its words tell which."""
    counts = things.amount.kind == "exactly" or things.definite  # and not "how many of them are cans?"
    if things.refers != "it" or not things.categories or (groups and not counts):
        return False
    return not any(candidates(what, inventory, believed(group.items, inventory))[0] for group in groups)


def it(things: Things, what: Selection, groups: list[Group], inventory: Inventory) -> list[Item]:
    """One: the last that was spoken of and fits; several: all of the last turn, back to where there are enough."""
    least = things.amount.n if things.amount.kind in ("exactly", "at least") else 2
    fits = [candidates(what, inventory, believed(g.items, inventory))[0] for g in groups]
    last = next((found for found in reversed(fits) if found), [])
    if len(last) >= least or (groups[-1].loose and fits[-1]):
        return last
    merged: dict[str, Item] = {}
    last_turn = next((g.turn for g, found in zip(reversed(groups), reversed(fits), strict=True) if found), 0)
    for group, found in zip(reversed(groups), reversed(fits), strict=True):
        if group.turn != last_turn or len(merged) >= max(least, 2):
            break
        merged |= {item.id: item for item in found}
    return list(merged.values()) or believed(groups[-1].items, inventory)  # of which none fits


def others(things: Things, what: Selection, groups: list[Group], inventory: Inventory) -> list[Item]:
    """What is like that which was spoken of last, and is something else."""
    last = groups[-1]
    everything = [i for i in inventory.items.values() if i.location != GONE]
    words = bool(things.categories or things.colours or things.codes or things.size)
    like = [what] if words else []
    if not words:
        kinds = {i.category for i in believed(last.items, inventory)}
        same = replace(last.what, items=(), count=None, measure=None, rest=False, exceptions=(), upto=False)
        like = [same] if same.specificity or same.condition else []  # "them" says nothing of what they are like
        if len(kinds) == 1 or last.what.categories:
            like.append(Selection(tuple(sorted(kinds)), place=EVERYWHERE))
        like.append(what)
    for pattern in like:
        fits = [i for i in candidates(pattern, inventory, everything)[0] if i.id not in last.items]
        spoken = {name for g in groups for name in g.items}
        fresh = [i for i in fits if i.id not in spoken]
        if fits:
            return fresh if fresh and len(fits) > wanted(things) else fits
    return []


def of_two(groups: list[Group], turn: int, former: bool, inventory: Inventory) -> list[Item]:
    """The first or the second of two that were spoken of; not what turn `turn` only took up again, as "the former"."""
    fresh = [
        group for n, group in enumerate(groups)
        if group.turn < turn or not any(set(group.items) <= set(other.items) for other in groups[:n])
    ]  # fmt: skip
    together = [Group((name,)) for name in fresh[-1].items]
    two = together if len(together) == 2 or len(fresh) == 1 else fresh[-2:]
    return believed(two[0 if former else min(1, len(two) - 1)].items, inventory)
