"""Where to look before wishes can be understood."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from moravec.brain.goal import EVERYWHERE, Clause, Goal, Selection
from moravec.brain.remember import Inventory
from moravec.brain.wishes.conditions import without_its_test
from moravec.brain.wishes.talk import Talk
from moravec.brain.wishes.wish import Spot, Things, Wish

_FALLEN_TO = ("station", "table")  # kinds of places


def places_to_see(wishes: Sequence[Wish], talk: Talk, inventory: Inventory) -> Goal:
    """A goal that is to have looked: at the places that are named, everywhere where things are meant wherever they lie, and once
    where things may fall to, so that what lies there is not taken for something that fell."""
    spots = _named(wishes, talk)
    spots += _may_hold_what_falls(inventory) if spots else []
    if EVERYWHERE in spots:
        spots = [EVERYWHERE]
    known = tuple(dict.fromkeys(name for group in talk.groups for name in group.items)) if "known" in spots else ()
    clauses = [Clause("learn", Selection(place=spot)) for spot in spots if spot != "known"]
    if known and spots != [EVERYWHERE]:
        clauses.append(Clause("learn", Selection(items=known, place=EVERYWHERE)))
    return Goal(tuple(clauses))


def only_in_case(wishes: Sequence[Wish], talk: Talk, inventory: Inventory) -> frozenset[str]:
    """The places among these that no wish names: nothing is open where one of them cannot be looked at."""
    named = _named(wishes, talk)
    unnamed = (place for place in _may_hold_what_falls(inventory) if not {place, inventory.kinds[place]} & set(named))
    return frozenset(unnamed if EVERYWHERE not in named else ())


def _named(wishes: Sequence[Wish], talk: Talk) -> list[str]:
    return list(dict.fromkeys(spot for wish in wishes for spot in _of_wish(wish, talk)))


def _may_hold_what_falls(inventory: Inventory) -> list[str]:
    return [place for kind in _FALLEN_TO for place in inventory.never_seen(kind)]


def _of_wish(wish: Wish, talk: Talk) -> Iterator[str]:
    if wish.kind in ("home", "stop", "open", "agree", "decline", "refuse"):
        return
    if wish.kind == "ask" and wish.query in ("help", "why", "doing"):
        return
    if wish.kind in ("undo", "name"):
        yield "known" if talk.groups else EVERYWHERE
    for things in (*wish.what, *wish.others):
        yield from _of_things(things, talk)
        if wish.query == "all":
            yield from _of_things(without_its_test(things), talk)
    if not wish.what and wish.kind in ("move", "swap", "inspect"):
        yield "known" if talk.groups else EVERYWHERE
    if not wish.what and wish.kind == "ask" and (wish.to is None or wish.to.kind == "of"):
        yield EVERYWHERE
    if wish.to is not None and wish.to.things is not None:
        yield from _of_things(wish.to.things, talk)
    if wish.condition is not None:
        for things in wish.condition.what if wish.condition.at is None else ():
            yield from _of_things(things, talk)
            if wish.otherwise or wish.condition.holds in ("all", "none", "fewer"):  # it may be about those where it does not hold
                yield from _of_things(without_its_test(things), talk)
        if wish.condition.at is not None:
            yield from _of_spot(wish.condition.at)
    for inner in (*wish.wishes, *wish.otherwise):
        yield from _of_wish(inner, talk)


def _of_things(things: Things, talk: Talk) -> Iterator[str]:
    if things.at is not None and things.at.kind in ("bin", "place", "bins"):
        yield from _of_spot(things.at)
    elif things.refers in ("it", "former", "latter") and talk.groups:
        yield "known"
    else:
        yield EVERYWHERE
    if things.size is not None and things.size.than is not None:
        yield from _of_things(things.size.than, talk)


def _of_spot(spot: Spot) -> Iterator[str]:
    yield {"bin": f"bin:{spot.name}", "place": spot.name, "bins": "bins"}.get(spot.kind, EVERYWHERE)
