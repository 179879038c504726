"""Places in wishes: which one is meant, checked against the workplace and the labels that were read."""

from __future__ import annotations

from moravec.brain.goal import RULE, Destination
from moravec.brain.lexicon import known_places
from moravec.brain.remember import Inventory, Item
from moravec.brain.wishes.open import Denied, Open, Option, Question, evenly
from moravec.brain.wishes.wish import Spot
from moravec.core.workplace import Workplace


def objection(spot: Spot, workplace: Workplace) -> Denied | None:
    """Why there is no such place, from the drawing of the workplace alone."""
    unknown = spot.kind == "unknown" or (spot.kind == "bin" and spot.name not in workplace.labels)
    unknown = unknown or (spot.kind == "place" and not workplace.of_kind(spot.name))
    if not unknown:
        return None
    said = f"bin {spot.name}" if spot.kind == "bin" else spot.name
    return Denied("unknown-place", f"There is no place {said!r} here: {known_places(workplace)}.")


def carried(label: str, inventory: Inventory) -> bool:
    """Whether some bin carries `label`, or may, since not all labels were read."""
    bins = len(inventory.workplace.of_kind("bin"))
    return label in inventory.labels.values() or len(inventory.labels) < bins


def of_location(location: str, inventory: Inventory) -> Destination:
    """The place called `location` as a destination."""
    label = inventory.labels.get(location)
    return Destination("bin", label) if label else Destination("place", location)


def by_rule(item: Item, workplace: Workplace) -> Destination:
    """Where the storing rule wants `item`."""
    label = workplace.label_for(item.category, item.damaged)
    return Destination("place", label) if label == "reject" else Destination("bin", label)


def selected(place: Destination) -> str:
    """The place in the form of a selection's `place`."""
    return f"bin:{place.name}" if place.kind == "bin" else place.name


def in_words(place: Destination) -> str:
    """As "bin B"."""
    return "by the storing rule" if place == RULE else f"bin {place.name}" if place.kind == "bin" else f"the {place.name}"


def which(key: str, choices: list[Destination], text: str, why: str) -> Open:
    """The question which of `choices` is meant."""
    return Open(Question(key, "where", text, evenly([Option(in_words(place), place) for place in choices]), why))


def everywhere(inventory: Inventory) -> list[Destination]:
    """All places that a person may mean when none was named."""
    workplace = inventory.workplace
    labels = [label for label in workplace.labels if carried(label, inventory)]
    others = [kind for kind in ("table", "station", "reject") if workplace.of_kind(kind)]
    return [RULE, *(Destination("bin", label) for label in labels), *(Destination("place", kind) for kind in others)]
