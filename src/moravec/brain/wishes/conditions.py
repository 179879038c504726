"""Whether a condition holds, by what is believed of the cell."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from moravec.brain.goal import Selection
from moravec.brain.remember import Inventory
from moravec.brain.wishes.open import Denied
from moravec.brain.wishes.places import of_location
from moravec.brain.wishes.things import Sense
from moravec.brain.wishes.wish import Amount, Condition, Spot, Things


def holds(condition: Condition, sense: Sense, key: str) -> bool:
    """Whether it holds. What it speaks of is spoken of afterwards. Raises Open, Denied or Need."""
    if condition.holds in ("full", "empty"):
        return _state_of(condition, sense)
    found: list[tuple[str, ...]] = []
    tested: list[tuple[str, ...]] = []
    whole = True
    for slot, things in enumerate(condition.what):
        lenient = replace(things, definite=False, amount=Amount() if things.size is None else things.amount)
        chosen = sense.choose(lenient, f"{key}.{slot}", close=True)
        found.append(chosen.items)
        base = without_its_test(lenient)
        if condition.holds == "all" or (not chosen.items and states(lenient)):
            tested.append(sense.choose(base, f"{key}.{slot}.all", close=condition.holds == "all").items)
        if condition.holds == "all":
            whole = whole and len(tested[-1]) == len(chosen.items)
    names = tuple(dict.fromkeys(name for items in found for name in items))
    # what fits none of it, or not all of it, is still what was spoken of: "if the can is damaged reject it, else store it"
    of = names if names and (condition.holds != "all" or whole) else tuple(n for items in tested for n in items)
    sense.speak_of(of, Selection(items=of, place="cell"), loose=True)
    if condition.holds == "any":
        return bool(names)
    if condition.holds == "none":
        return not names
    if condition.holds == "all":
        return whole and bool(names)
    n = len(names)
    return {"more": n > condition.n, "fewer": n < condition.n, "exactly": n == condition.n}[condition.holds]


def states(things: Things) -> bool:
    """Whether it says how things are, or where, so that the things themselves are something else to speak of."""
    return bool(things.condition or things.size or things.at) or things.coded is not None


def without_its_test(things: Things) -> Things:
    """`things` without what "are all of them so?" asks: the condition, or the code, or the place, or the colour."""
    tests: tuple[dict[str, Any], ...]
    tests = ({"condition": None}, {"coded": None}, {"at": None}, {"size": None}, {"colours": ()}, {"categories": ()})
    for test in tests:
        less = replace(things, **test)
        if less != things:
            return less
    return things


def _state_of(condition: Condition, sense: Sense) -> bool:
    inventory = sense.inventory
    names = _locations(condition.at, sense)
    if not names:
        raise Denied("unknown-place", "The place that this depends on is not here.")
    sense.speak_of_place(of_location(names[0], inventory) if len(names) == 1 else None)
    if condition.holds == "full":
        return all(inventory.fluents.get(("full", name)) is True for name in names)
    return not any(inventory.at(name) for name in names)


def _locations(at: Spot | None, sense: Sense) -> list[str]:
    inventory: Inventory = sense.inventory
    if at is None or at.kind == "same":
        last = sense.talk.places[-1] if sense.talk.places else None
        at = None if last is None or last.kind == "rule" else Spot("bin" if last.kind == "bin" else "place", last.name)
    if at is None:
        return []
    if at.kind == "bins":
        return [p.name for p in inventory.workplace.of_kind("bin")]
    if at.kind == "bin":
        return inventory.bins_labelled(at.name)
    return [p.name for p in inventory.workplace.places if at.name in (p.name, p.kind)]
