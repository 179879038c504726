"""Words that tell items apart, for the options of a question."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from moravec.brain.remember import Inventory, Item


def place_of(item: Item, inventory: Inventory) -> str:
    """Where it lies, as "in bin B"."""
    label = inventory.labels.get(item.location)
    if label:
        return f"in bin {label}"
    return "in the hand" if item.location == "hand" else f"{'in' if item.location != 'table' else 'on'} the {item.location}"


def told_apart(items: Sequence[Item], inventory: Inventory) -> tuple[str, ...]:
    """One text for each item, no two alike, and no longer than it has to be."""
    ranked = sorted(items, key=lambda item: item.volume)

    def size(item: Item) -> str:
        first, last = ranked[0], ranked[-1]
        if last.volume < 1.1 * first.volume:
            return ""
        if item is first:
            return "smaller" if len(items) == 2 else "smallest"
        if item is last:
            return "larger" if len(items) == 2 else "largest"
        return f"{item.volume * 1e6:.0f} ml"

    before: tuple[Callable[[Item], str], ...] = (
        lambda item: item.colour,
        size,
        lambda item: "damaged" if item.damaged else "sound",
    )
    after: tuple[Callable[[Item], str], ...] = (
        lambda item: place_of(item, inventory),
        lambda item: f"with the code {item.code}" if item.code else "",
        lambda item: f"({item.id})",
    )
    texts = {item.id: item.category for item in items}
    for attribute, leads in [(a, True) for a in before] + [(a, False) for a in after]:
        alike = {item.id: [other for other in items if texts[other.id] == texts[item.id]] for item in items}
        told = {item.id: len({attribute(other) for other in alike[item.id]}) > 1 for item in items}
        texts = {i.id: _put(texts[i.id], attribute(i), leads) if told[i.id] else texts[i.id] for i in items}
    return tuple(f"the {texts[item.id]}" for item in items)


def _put(text: str, word: str, leads: bool) -> str:
    return (f"{word} {text}" if leads else f"{text} {word}").strip()
