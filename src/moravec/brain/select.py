"""Which items a selection means, given what is believed of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from moravec.brain.goal import Selection
from moravec.brain.remember import Inventory, Item, natural
from moravec.brain.state import GONE

UNSURE = 0.5  # a belief below this may as well be another
_SAME_SIZE = 1.3  # largest over smallest volume; below it nobody would call one of them small
_PUT_AWAY = ("bin", "reject")


@dataclass(frozen=True, slots=True)
class Fit:
    """Whether an item belongs, as believed, and whether a closer look cannot change that."""

    match: bool
    sure: bool


def fit(item: Item, what: Selection, inventory: Inventory) -> Fit:
    """How `item` fits `what`, sizes and count apart."""
    parts = [_in_place(item, what, inventory)]
    if what.codes:
        parts.append(_code(item, what, inventory))
    if what.categories:
        parts.append(Fit(item.category in what.categories, item.inspected or item.category_p >= UNSURE))
    if what.colours:
        parts.append(Fit(item.colour in what.colours, item.inspected or item.colour_p >= UNSURE))
    if what.condition is not None:
        parts.append(Fit(item.damaged == (what.condition == "damaged"), item.inspected))
    for exception in what.exceptions:
        if exception.sizes or exception.count is not None:
            continue  # it depends on the other items; `candidates` takes these out
        inner = fit(item, exception, inventory)
        parts.append(Fit(not inner.match, inner.sure))
    match = all(part.match for part in parts)
    sure = all(p.sure for p in parts) if match else any(p.sure and not p.match for p in parts)
    return Fit(match, sure)


def _in_place(item: Item, what: Selection, inventory: Inventory) -> Fit:
    kind = inventory.kinds.get(item.origin, "")
    if what.place is None:
        return Fit(bool(what.codes) or kind not in _PUT_AWAY, True)
    if what.place == "bins":
        return Fit(kind == "bin", True)
    if what.place.startswith("bin:"):
        return Fit(inventory.labels.get(item.origin) == what.place[4:], True)
    return Fit(what.place in (item.origin, kind), True)


def _code(item: Item, what: Selection, inventory: Inventory) -> Fit:
    if item.code is not None:
        return Fit(item.code in what.codes, True)
    known = {other.code for other in inventory.items.values()}
    return Fit(False, item.inspected or all(code in known for code in what.codes))


def of_size(items: Iterable[Item], what: Selection) -> list[Item]:
    """Those of `items` with the wanted size. Sizes are relative to the others: the border between small and large is
    the geometric mean of the smallest and the largest volume; where all are about the same size, none is either."""
    chosen = list(items)
    if not what.sizes or not chosen:
        return chosen
    volumes = sorted(item.volume for item in chosen)
    out: list[Item] = []
    for size in what.sizes:
        if size in ("smallest", "largest"):
            ranked = sorted(chosen, key=lambda i: (i.volume, natural(i.id)), reverse=size == "largest")
            out += ranked[: what.count or 1]
        elif volumes[-1] >= _SAME_SIZE * volumes[0]:
            border = (volumes[0] * volumes[-1]) ** 0.5
            out += [i for i in chosen if (i.volume < border) == (size == "small")]
    return out


def candidates(what: Selection, inventory: Inventory, pool: Iterable[Item]) -> tuple[list[Item], list[Item]]:
    """The items of `pool` that `what` means as believed, count apart, and those that a closer look may add."""
    pool = list(pool)
    fits = [(item, fit(item, what, inventory)) for item in pool]
    matched = of_size([item for item, f in fits if f.match], what)
    unsure = [item for item, f in fits if not f.match and not f.sure]
    for exception in what.exceptions:
        if exception.sizes or exception.count is not None:
            spared = of_size([i for i in matched if fit(i, exception, inventory).match], exception)
            spared = sorted(spared, key=lambda i: natural(i.id))[: exception.count]
            matched = [i for i in matched if i not in spared]
    return matched, unsure


def answering(what: Selection, inventory: Inventory) -> list[Item]:
    """The items a question means: as they lie now, wherever that is, lost ones left out."""
    everywhere = replace(what, place=None, count=None, rest=False)
    found = []
    for item in inventory.items.values():
        kind = inventory.kinds.get(item.location, "")
        if item.location == GONE:
            continue
        if what.place == "bins" and kind != "bin":
            continue
        if what.place is not None and what.place.startswith("bin:"):
            if inventory.labels.get(item.location) != what.place[4:]:
                continue
        elif what.place not in (None, "bins", item.location, kind):
            continue
        found.append(replace(item, origin=""))
    matched, _ = candidates(everywhere, inventory, found)
    return sorted((inventory.item(i.id) for i in matched), key=lambda i: natural(i.id))
