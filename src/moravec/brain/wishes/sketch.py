"""A goal of wishes before anything was looked at: what the words alone say, to show what would be done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from moravec.brain.goal import RULE, Clause, Destination, Goal, Measure, Selection
from moravec.brain.remember import Inventory
from moravec.brain.wishes.interpret import objection
from moravec.brain.wishes.survey import places_to_see
from moravec.brain.wishes.talk import Talk
from moravec.brain.wishes.things import Sense
from moravec.brain.wishes.wish import Size, Spot, Things, Wish


def sketched(wishes: Sequence[Wish], inventory: Inventory) -> tuple[Goal | None, str | None]:
    """The goal as far as the words tell, first what is looked at; or None and why it is refused. What words mean that refer to
    a talk, or depend on what there is, stays as wide as it may be."""
    problem = objection(wishes, Sense(inventory, Talk()))
    if problem is not None:
        return None, str(problem.refusal)
    looks = places_to_see(wishes, Talk(), inventory).clauses
    return Goal((*looks, *(clause for wish in wishes for clause in _clauses(wish)))), None


def _clauses(wish: Wish) -> Iterator[Clause]:
    if wish.kind == "if":
        for inner in (*wish.wishes, *wish.otherwise):
            yield from _clauses(inner)
    elif wish.kind in ("move", "inspect"):
        to = _destination(wish.to) if wish.kind == "move" else None
        for number, things in enumerate(wish.what or (Things(refers="it"),)):
            then = wish.then and number == 0
            yield Clause("inspect" if wish.kind == "inspect" else "move", _selection(things), to, then=then)
    elif wish.kind == "ask" and wish.query not in ("why", "doing"):
        for things in wish.what or (Things(),):
            to = _destination(wish.to) if wish.query == "which place" else None
            yield Clause("question", replace(_selection(things), count=None), to, wish.query or "what", then=wish.then)
    elif wish.kind in ("home", "stop"):
        yield Clause("home" if wish.kind == "home" else "stop", then=wish.then)
    elif wish.kind == "open":
        yield Clause("open", Selection(place="parcel"), then=wish.then)


def _destination(to: Spot | None) -> Destination | None:
    if to is None or to.kind not in ("bin", "place", "rule"):
        return None
    return RULE if to.kind == "rule" else Destination("bin" if to.kind == "bin" else "place", to.name)


def _selection(things: Things) -> Selection:
    at = things.at
    place = {"bin": f"bin:{at.name}", "place": at.name, "bins": "bins"}.get(at.kind, "cell") if at is not None else "cell"
    count = things.amount.n if things.amount.kind in ("exactly", "at most", "at least") else None
    what = Selection(
        things.categories, things.colours, (), things.codes, things.condition, place, count, things.definite,
        rest=things.refers == "rest", coded=things.coded, measure=_measure(things.size), upto=things.amount.kind == "at most",
    )  # fmt: skip
    return replace(what, exceptions=tuple(_selection(e) for e in things.exceptions))


def _measure(size: Size | None) -> Measure | None:
    if size is None:
        return None
    if size.kind == "smaller" or size.kind == "larger":
        return Measure("small" if size.kind == "smaller" else "large", size.axis)
    return Measure(size.kind, size.axis, size.value, size.inclusive)
