"""How deliveries come here: in a parcel, or on a belt. Minds read of parcels; where a belt brings things, it is what they mean.

So a delivery is unpacked and "everything" is stored in the same words, however it comes, and a mind that was never told of belts
understands "the conveyor".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from moravec.brain.reading import Reading
from moravec.brain.wishes.wish import Condition, Spot, Things, Wish
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
    return replace(reading, meant=tuple(replace(way, wishes=tuple(_wish(w, belt) for w in way.wishes)) for way in reading.meant))


def _maybe(work: Callable[[T, str], T], value: T | None, belt: str) -> T | None:
    return None if value is None else work(value, belt)


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
