"""Which items a selection means, given what is believed of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from moravec.brain.goal import EVERYWHERE, RANKS, Measure, Selection
from moravec.brain.remember import Inventory, Item, natural
from moravec.brain.state import GONE

UNSURE = 0.5  # a belief below this may as well be another
_SAME_SIZE = 1.3  # largest over smallest volume; below it nobody would call one of them small
_ABOUT = 0.15  # by how large a share of it something may differ from "about 20 cm"
_PUT_AWAY = ("bin", "reject")


@dataclass(frozen=True, slots=True)
class Fit:
    """Whether an item belongs, as believed, and whether a closer look cannot change that."""

    match: bool
    sure: bool


def fit(item: Item, what: Selection, inventory: Inventory) -> Fit:
    """How `item` fits `what`, sizes and count apart."""
    parts = [_in_place(item, what, inventory)]
    if what.items:
        parts.append(Fit(item.id in what.items, True))
    if what.measure is not None and what.measure.value:
        parts.append(Fit(_measures(item, what.measure), True))
    if what.coded is not None:
        known = item.inspected or item.code is not None  # that there is no code only a close look can tell
        parts.append(Fit(known and (item.code is not None) == what.coded, known))
    if what.codes:
        parts.append(_code(item, what, inventory))
    if what.categories:
        parts.append(Fit(item.category in what.categories, item.inspected or item.category_p >= UNSURE))
    if what.colours:
        parts.append(Fit(item.colour in what.colours, item.inspected or item.colour_p >= UNSURE))
    if what.condition is not None:
        parts.append(Fit(item.damaged == (what.condition == "damaged"), item.inspected))
    for exception in what.exceptions:
        if _relative(exception):
            continue  # it depends on the other items; `candidates` takes these out
        inner = fit(item, exception, inventory)
        parts.append(Fit(not inner.match, inner.sure))
    match = all(part.match for part in parts)
    sure = all(p.sure for p in parts) if match else any(p.sure and not p.match for p in parts)
    return Fit(match, sure)


def _in_place(item: Item, what: Selection, inventory: Inventory) -> Fit:
    kind = inventory.kinds.get(item.origin, "")
    if what.place is None:
        return Fit(bool(what.codes or what.items) or kind not in _PUT_AWAY, True)
    if what.place == EVERYWHERE:
        return Fit(True, True)
    if what.place == "bins":
        return Fit(kind == "bin", True)
    if what.place.startswith("bin:"):
        return Fit(inventory.labels.get(item.origin) == what.place[4:], True)
    return Fit(what.place in (item.origin, kind), True)


def extent_of(item: Item, axis: str) -> float:
    """Its volume [m^3], or its longest side [m]."""
    return item.volume if axis == "volume" else max(item.extent)


def _measures(item: Item, measure: Measure) -> bool:
    """Whether it measures what is wanted; ranks and "small" depend on the other items, see `of_size`."""
    size, value = extent_of(item, measure.axis), measure.value
    if measure.kind == "about":
        return abs(size - value) <= _ABOUT * value
    slack = 1e-6 * value * (1.0 if measure.inclusive else -1.0)
    return size < value + slack if measure.kind == "below" else size > value - slack


def _relative(what: Selection) -> bool:
    """Whether it depends on the other items which ones it means."""
    return bool(what.sizes) or what.count is not None or (what.measure is not None and not what.measure.value)


def prints(code: str | None, said: str) -> bool:
    """Whether a person who says `said` may mean the printed `code`: as it is, or its digits alone, "017" or "17" for MV-017."""
    if code is None or code == said:
        return code == said
    return said.isdecimal() and code.rpartition("-")[2].lstrip("0") == said.lstrip("0")


def _code(item: Item, what: Selection, inventory: Inventory) -> Fit:
    if item.code is not None:
        return Fit(any(prints(item.code, said) for said in what.codes), True)
    known = {other.code for other in inventory.items.values()}
    return Fit(False, item.inspected or all(any(prints(code, said) for code in known) for said in what.codes))


def of_size(items: Iterable[Item], what: Selection) -> list[Item]:
    """Those of `items` with the wanted size. Sizes are relative to the others: the border between small and large is
    the geometric mean of the smallest and the largest volume; where all are about the same size, none is either."""
    chosen = list(items)
    if what.measure is not None and not what.measure.value and chosen:
        chosen = _of_measure(chosen, what.measure.kind, what.measure.axis, what.count)
    if not what.sizes or not chosen:
        return chosen
    out: list[Item] = []
    for size in what.sizes:
        out += _of_measure(chosen, size, "volume", what.count)
    return out


def _of_measure(chosen: list[Item], kind: str, axis: str, count: int | None) -> list[Item]:
    ranked = sorted(chosen, key=lambda i: (extent_of(i, axis), natural(i.id)), reverse=kind == "largest")
    sizes = sorted(extent_of(i, axis) for i in chosen)
    if kind in RANKS:
        first = (len(ranked) - min(count or 1, len(ranked))) // 2 if kind == "middle" else 0
        return ranked[first : first + (count or 1)]
    if sizes[-1] < _SAME_SIZE * sizes[0]:
        return []
    border = (sizes[0] * sizes[-1]) ** 0.5
    return [i for i in chosen if (extent_of(i, axis) < border) == (kind == "small")]


def candidates(what: Selection, inventory: Inventory, pool: Iterable[Item]) -> tuple[list[Item], list[Item]]:
    """The items of `pool` that `what` means as believed, count apart, and those that a closer look may add."""
    pool = list(pool)
    fits = [(item, fit(item, what, inventory)) for item in pool]
    matched = of_size([item for item, f in fits if f.match], what)
    unsure = [item for item, f in fits if not f.match and not f.sure]
    for exception in what.exceptions:
        if _relative(exception):
            spared = of_size([i for i in matched if fit(i, exception, inventory).match], exception)
            spared = sorted(spared, key=lambda i: natural(i.id))[: exception.count]
            matched = [i for i in matched if i not in spared]
    return matched, unsure


def _ranked(what: Selection) -> bool:
    return what.measure is not None and what.measure.kind in RANKS


def answering(what: Selection, inventory: Inventory) -> list[Item]:
    """The items a question means: as they lie now, wherever that is, lost ones left out."""
    def anywhere(selection: Selection) -> Selection:
        exceptions = tuple(anywhere(exception) for exception in selection.exceptions)
        return replace(selection, place=selection.place or EVERYWHERE, exceptions=exceptions)

    asked = replace(anywhere(what), rest=False, count=what.count if _ranked(what) else None)
    found = [replace(item, origin=item.location) for item in inventory.items.values() if item.location != GONE]
    matched, _ = candidates(asked, inventory, found)
    return sorted((inventory.item(i.id) for i in matched), key=lambda i: natural(i.id))
