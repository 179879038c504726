"""Which of several readings count: those that come to the same end are one, and what can be done at once is likelier meant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from moravec.brain.goal import Clause
from moravec.brain.remember import Inventory
from moravec.brain.select import answering, candidates
from moravec.brain.wishes.interpret import Stage, rehearse
from moravec.brain.wishes.open import Denied, Need, Open
from moravec.brain.wishes.sketch import sketched
from moravec.brain.wishes.things import Sense
from moravec.brain.wishes.wish import Meant, Wish

OPEN = 0.25  # of its probability counts for a reading that leaves something open: who speaks wants to be understood
LEAST = 0.1  # of all, below which a way is not asked about


@dataclass(frozen=True, slots=True)
class Way:
    """Readings that come to the same `end`: the number of the one to go on with, how likely they are together, what they come
    to. `order`: in which order, where one is said. `end` is None for a reading that leaves something open."""

    index: int
    p: float
    text: str
    end: Any
    order: tuple[Any, ...] = ()


def ways(meant: Sequence[Meant], sense: Callable[[], Sense]) -> tuple[list[Way], list[bool]]:
    """The ways that are left of the readings `meant`, the likeliest first, and which readings are refused."""
    found, refused = list[Way](), [False] * len(meant)
    for index, reading in enumerate(meant):
        try:
            found.append(_way(index, reading, sense()))
        except Denied:
            refused[index] = True
    together = _joined(found)
    enough = LEAST * sum(way.p for way in together)
    return sorted((way for way in together if way.p >= enough), key=lambda way: -way.p), refused


def _way(index: int, reading: Meant, sense: Sense) -> Way:
    """What one reading comes to. Raises Denied."""
    inventory = sense.inventory
    try:
        stages = rehearse(reading.wishes, sense)
    except (Need, Open):
        return Way(index, OPEN * reading.p, _in_words(reading.wishes, inventory), None)
    text = "; then ".join(stage.goal.describe() for stage in stages)
    final = {item: to for stage in stages for item, to in stage.moves.items()}
    where = {name: item.location for name, item in inventory.items.items()}
    moved = frozenset((item, to) for item, to in final.items() if where.get(item) != to)
    others = tuple(other for stage in stages for other in _others(stage))
    order = tuple(frozenset(stage.moves.items()) for stage in stages if stage.moves)
    return Way(index, reading.p, text or "nothing has to be done", (moved, others), order if len(order) > 1 else ())


def _others(stage: Stage) -> Iterator[Any]:
    """What a stage does besides moving things, by the things that are there."""
    for clause in stage.goal.clauses:
        if clause.kind == "move":
            continue
        names = tuple(sorted(item.id for item in _meant(clause, stage.inventory)))
        yield clause.kind, clause.query, clause.to, clause.what.count, names


def _meant(clause: Clause, inventory: Inventory) -> list[Any]:
    if clause.kind == "question":
        return answering(clause.what, inventory)
    return candidates(clause.what, inventory, inventory.items.values())[0]


def _joined(found: Sequence[Way]) -> list[Way]:
    """Those with the same end as one. An order that only some of them say is kept: it is right for the others, too."""
    out: list[Way] = []
    for way in found:
        same = next((n for n, other in enumerate(out) if way.end is not None and _agree(way, other)), None)
        if same is None:
            out.append(way)
            continue
        told = out[same] if out[same].order or not way.order else way
        out[same] = replace(told, p=out[same].p + way.p)
    return out


def _agree(one: Way, other: Way) -> bool:
    return one.end == other.end and (not one.order or not other.order or one.order == other.order)


def _in_words(wishes: Sequence[Wish], inventory: Inventory) -> str:
    goal, refused = sketched(wishes, inventory)
    return refused or "" if goal is None else goal.wanted.describe()
