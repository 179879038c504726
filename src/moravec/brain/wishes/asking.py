"""Wishes to be told something: what is asked, as clauses of a goal."""

from __future__ import annotations

from dataclasses import replace

from moravec.brain.answer import structured
from moravec.brain.goal import RULE, Clause, Destination, Query, Selection
from moravec.brain.wishes import places
from moravec.brain.wishes.conditions import states, without_its_test
from moravec.brain.wishes.destinations import destination
from moravec.brain.wishes.open import Denied, Need, Open
from moravec.brain.wishes.talk import Talk
from moravec.brain.wishes.things import Sense
from moravec.brain.wishes.wish import Things, Wish


def questions(wish: Wish, sense: Sense, key: str) -> tuple[list[Clause], list[str]]:
    """The questions that a wish asks, and what there is to say at once. Raises Open, Denied or Need."""
    query = wish.query or "what"
    if query in ("why", "doing"):
        return [], [sense.talk.said or "Nothing was done so far."]
    if query == "help":
        return [Clause("question", Selection(), query="help")], []
    sense.talk = replace(sense.talk, asked=(sense.talk.turn, wish))
    to: Destination | None = None
    if query == "which place" and wish.to is not None:
        if wish.to.kind == "back":
            query = "where"
        else:
            to = destination(wish.to, sense, f"{key}.to")
    strict = query == "where"
    asked = tuple(t if strict else replace(sense.with_head(t), definite=False) for t in wish.what) or (Things(),)
    sense.speak_of_place(to if to != RULE else None)
    if to is not None and to != RULE and not wish.what:
        return [Clause("question", Selection(), to, "which place")], []
    clauses: list[Clause] = []
    for slot, things in enumerate(asked):
        free = things if things.size is not None else replace(things, amount=replace(things.amount, kind="all", n=0))
        if query == "which place" and to is not None:
            clauses.append(_ask_place(free, to, sense, f"{key}.{slot}"))
            continue
        one = _the_one(wish.what[slot], query, sense, f"{key}.{slot}") if wish.what else ()
        chosen = sense.choose(free, f"{key}.{slot}", close=True, pool=sense.believed(one) if one else None)
        spoken = sense.choose(without_its_test(free), f"{key}.{slot}.all") if query == "all" else chosen
        sense.speak_of(spoken.items, spoken.what)
        where = {places.of_location(item.location, sense.inventory) for item in sense.believed(chosen.items)}
        sense.speak_of_place(where.pop() if query == "where" and len(where) == 1 else None)
        what = replace(chosen.what, items=one) if one else chosen.what
        if query == "any" and things.amount.kind in ("exactly", "at least") and things.size is None:
            what = replace(what, count=things.amount.n)
        clauses.append(Clause("question", what, query=_known(query)))
    return clauses, []


def _the_one(things: Things, query: str, sense: Sense, key: str) -> tuple[str, ...]:
    """"The can", where it is plain which; for "is it damaged?" whether it is or not. None where that is open."""
    if not things.definite or things.amount.kind != "exactly" or things.refers or things.size is not None:
        return ()
    if query in ("any", "all"):
        if not states(things):
            return ()
        things = without_its_test(things)
    try:
        return sense.choose(things, f"{key}.one").items
    except (Open, Denied, Need):
        return ()


def asked_again(wish: Wish, talk: Talk) -> Wish | None:
    """"And the bottles?" after a question: the same of other things. None where it is none."""
    if wish.kind != "name" or not wish.what or wish.to is not None or talk.asked is None or talk.asked[0] != talk.turn - 1:
        return None
    asked = talk.asked[1]
    if not asked.what:
        return None
    return replace(asked, what=tuple(_likewise(things, asked.what[0]) for things in wish.what), then=wish.then)


def _likewise(things: Things, asked: Things) -> Things:
    """`things` in the place of what was `asked` about; what it leaves unsaid stays."""
    named = things.categories or things.codes or things.unknown or things.refers
    return replace(
        things,
        categories=things.categories if named else asked.categories,
        colours=things.colours or (() if named else asked.colours),
        condition=things.condition or asked.condition,
        coded=asked.coded if things.coded is None else things.coded,
        size=things.size or asked.size,
        at=things.at or asked.at,
    )


def _ask_place(things: Things, to: Destination, sense: Sense, key: str) -> Clause:
    """The question where `things` belong. Where that is one place, it is spoken of."""
    chosen = sense.choose(things, key)
    sense.speak_of(chosen.items, chosen.what)
    said = Selection(things.categories, things.colours, (), things.codes, things.condition, "cell")
    clause = Clause("question", chosen.what if things.refers else said, to, "which place")
    place = structured(clause, sense.inventory)["value"]
    if place:
        sense.speak_of_place(Destination("bin", place[4:]) if place.startswith("bin:") else Destination("place", place))
    return clause


def _known(query: str) -> Query:
    return query  # type: ignore[return-value]
