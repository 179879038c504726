"""How deliveries come here: in a parcel, or on a belt. Minds read of parcels; where a belt brings things, it is what they mean.

So a delivery is unpacked and "everything" is stored in the same words, however it comes, and a mind that was never told of belts
understands "the conveyor".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from moravec.brain.goal import Clause, Destination, Goal, Selection
from moravec.brain.read import Query, Reading
from moravec.brain.wishes.wish import Condition, Meant, Spot, Things, Wish
from moravec.core.workplace import Workplace

T = TypeVar("T")

SOURCES = ("parcel", "belt")  # kinds of places that things come from
_WORDS = re.compile(r"\b(?:conveyor[ -]?belts?|belt[ -]?conveyors?|conveyors?|belts?)\b", re.IGNORECASE)
_CHINESE = re.compile("传送带|输送带|传输带")


def read_here(read: Callable[[str, Workplace], Reading], instruction: str, workplace: Workplace) -> Reading:
    """What `instruction` means in `workplace`, by `read`."""
    belts = workplace.of_kind("belt")
    if not belts or workplace.of_kind("parcel"):
        return read(instruction, workplace)
    belt = belts[0].name
    names = tuple(replace(p, name="parcel", kind="parcel") if p.name == belt else p for p in workplace.places)
    said = _CHINESE.sub("包裹", _WORDS.sub("parcel", instruction))
    reading = read(said, replace(workplace, places=names))
    query = reading.query
    if query is not None:
        query = Query(query.text, tuple((o, _maybe(_goal, goal, belt)) for o, goal in query.options), query.default, query.why)
    meant = tuple(Meant(tuple(_wish(wish, belt) for wish in way.wishes), way.p) for way in reading.meant)
    return replace(reading, goal=_maybe(_goal, reading.goal, belt), query=query, meant=meant)


def _maybe(work: Callable[[T, str], T], value: T | None, belt: str) -> T | None:
    return None if value is None else work(value, belt)


# ── goals ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def _goal(goal: Goal, belt: str) -> Goal:
    return Goal(tuple(_clause(clause, belt) for clause in goal.clauses))


def _clause(clause: Clause, belt: str) -> Clause:
    to = clause.to
    if to is not None and to.kind == "place" and to.name == "parcel":
        to = Destination("place", belt)
    return replace(clause, what=_selection(clause.what, belt), to=to)


def _selection(what: Selection, belt: str) -> Selection:
    place = belt if what.place == "parcel" else what.place
    return replace(what, place=place, exceptions=tuple(_selection(e, belt) for e in what.exceptions))


# ── wishes ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def _wish(wish: Wish, belt: str) -> Wish:
    to = Spot("place", belt) if wish.kind == "open" and wish.to is None else wish.to
    return replace(
        wish, what=_all(wish.what, belt), to=_maybe(_spot, to, belt), others=_all(wish.others, belt),
        condition=_maybe(_condition, wish.condition, belt), wishes=tuple(_wish(w, belt) for w in wish.wishes),
        otherwise=tuple(_wish(w, belt) for w in wish.otherwise),
    )  # fmt: skip


def _all(things: tuple[Things, ...], belt: str) -> tuple[Things, ...]:
    return tuple(_things(t, belt) for t in things)


def _things(things: Things, belt: str) -> Things:
    size = things.size
    if size is not None:
        size = replace(size, than=_maybe(_things, size.than, belt))
    return replace(things, at=_maybe(_spot, things.at, belt), size=size, exceptions=_all(things.exceptions, belt))


def _spot(spot: Spot, belt: str) -> Spot:
    name = belt if spot.kind == "place" and spot.name == "parcel" else spot.name
    return replace(spot, name=name, things=_maybe(_things, spot.things, belt))


def _condition(condition: Condition, belt: str) -> Condition:
    return replace(condition, what=_all(condition.what, belt), at=_maybe(_spot, condition.at, belt))
