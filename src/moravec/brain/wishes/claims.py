"""Wishes that claim the same items: which one counts, what contradicts, and what has to be asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from moravec.brain.goal import RULE, Clause, Destination, Selection
from moravec.brain.select import candidates
from moravec.brain.wishes.open import Denied, Open, Option, Question, evenly
from moravec.brain.wishes.places import in_words
from moravec.brain.wishes.things import Chosen, Sense


@dataclass(frozen=True, slots=True)
class Claim:
    """A clause, and the items that it is believed to mean. `free`: others would do as well."""

    clause: Clause
    items: tuple[str, ...]
    free: bool = False


def settled_claims(claims: Sequence[Claim], spared: Sequence[Chosen], sense: Sense, key: str) -> list[Clause]:
    """The clauses, each item in at most one of equal right. Raises Denied where they contradict each other, Open where it is
    open which one counts."""
    claims = _unspared(_without_repeats(claims), spared, sense)
    for i, one in enumerate(claims):
        for j, other in enumerate(claims[i + 1 :], start=i + 1):
            both = set(one.items) & set(other.items)
            if not both or one.clause.to == other.clause.to or not _of_equal_right(one.clause, other.clause):
                continue
            if set(one.items) == set(other.items) and not (one.free or other.free):
                why = f"{one.clause.what.describe()} cannot go both {_to(one)} and {_to(other)}."
                raise Denied("contradiction", why)
            if one.free or other.free:
                continue  # there is a choice, and `assign` makes it
            counts = _asked(one, other, both, sense, f"{key}.clash{i}.{j}")
            loser = other if counts == one.clause.to else one
            less = Selection(items=tuple(sorted(both)), place="cell")
            what = replace(loser.clause.what, exceptions=(*loser.clause.what.exceptions, less))
            fewer = replace(loser, clause=replace(loser.clause, what=what), items=tuple(n for n in loser.items if n not in both))
            claims = [fewer if claim is loser else claim for claim in claims]
    return [claim.clause for claim in claims]


def _to(claim: Claim) -> str:
    to = claim.clause.to
    return "nowhere" if to is None else in_words(to) if to == RULE else f"to {in_words(to)}"


def _without_repeats(claims: Sequence[Claim]) -> list[Claim]:
    return list({(claim.clause.what, claim.clause.to): claim for claim in claims}.values())


def _of_equal_right(one: Clause, other: Clause) -> bool:
    """Whether neither is narrower; see `tasks.assign`."""
    if RULE in (one.to, other.to) or one.what.rest != other.what.rest:
        return False
    a, b = one.what, other.what
    return (bool(a.codes), a.condition is None, a.specificity) == (bool(b.codes), b.condition is None, b.specificity)


def _asked(one: Claim, other: Claim, both: set[str], sense: Sense, key: str) -> Destination | None:
    settled = sense.settled.get(key)
    if isinstance(settled, Destination):
        return settled
    names = tuple(sorted(both))
    options = [Option(_to(claim), claim.clause.to, names) for claim in (one, other) if claim.clause.to is not None]
    words = " and ".join(item.describe() for item in sense.believed(names))
    raise Open(Question(key, "clash", f"Two wishes fit the {words}: where to?", evenly(options), "two wishes fit it"))


def _unspared(claims: Sequence[Claim], spared: Sequence[Chosen], sense: Sense) -> list[Claim]:
    """`claims` without what is to be left alone: by the same sentence, or by an earlier turn in words that are no wider."""
    out = []
    for claim in claims:
        what, items = claim.clause.what, set(claim.items)
        for chosen in spared:
            left = set(chosen.items)
            if items and items <= left and chosen.what.specificity >= what.specificity and not what.rest:
                raise Denied("contradiction", f"{what.describe()} cannot be moved and left alone.")
            if chosen.what.specificity >= what.specificity or what.rest or not items <= left:
                what = replace(what, exceptions=(*what.exceptions, _as_exception(chosen.what)))
                items -= left
        for earlier in sense.talk.left:
            if _told(earlier) > _told(what) or what.rest:
                what = replace(what, exceptions=(*what.exceptions, _as_exception(earlier)))
                items -= {i.id for i in candidates(earlier, sense.inventory, sense.believed(claim.items))[0]}
        if items or not claim.items:
            out.append(replace(claim, clause=replace(claim.clause, what=what), items=tuple(n for n in claim.items if n in items)))
    return out


def _told(what: Selection) -> int:
    """How much it says of the things themselves, wherever they lie."""
    return replace(what, place=None, count=None).specificity


def _as_exception(what: Selection) -> Selection:
    return replace(what, definite=False, rest=False)
