"""Whether a turn answers the question that is open, and with what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from moravec.brain.goal import Destination
from moravec.brain.wishes import places
from moravec.brain.wishes.open import Denied, Need, Open, Question, Settled
from moravec.brain.wishes.things import Sense
from moravec.brain.wishes.wish import Spot, Things, Wish

Reply = Settled | Literal["nothing", "again"] | None


def reply(wishes: Sequence[Wish], question: Question, sense: Sense) -> Reply:
    """What `wishes` settle of `question`; "nothing" where the person wants none of it, "again" where that leaves it open, None
    where they are something new. Raises Need where only a closer look at what was asked about can tell."""
    said = [wish for wish in wishes if wish.kind not in ("agree", "decline")]
    if not said:
        if any(wish.kind == "decline" for wish in wishes):
            return "nothing"
        meant = [option.settles for option in question.options if option.settles is not None]
        return meant[0] if len(meant) == 1 else "again"
    if len(said) > 1 or said[0].kind not in ("name", "move") or (said[0].kind == "move" and said[0].to is not None):
        return None
    (wish,) = said
    if question.about in ("where", "clash"):
        place = _place(wish.to, sense) if wish.to is not None else None
        if place is None and len(wish.what) == 1 and wish.what[0].at is not None:  # "the one in bin B"
            place = _place(wish.what[0].at, sense)
        return place
    if not wish.what or question.about == "reading":
        return None
    names = _items(wish.what, question, sense)
    if question.about == "half" and isinstance(names, tuple):
        return len(names)
    return names


def _place(spot: Spot, sense: Sense) -> Destination | None:
    if places.objection(spot, sense.inventory.workplace) is not None:
        return None
    if spot.kind == "rule":
        return Destination("rule")
    if spot.kind == "same":
        return sense.talk.places[-1] if sense.talk.places else None
    return Destination("bin" if spot.kind == "bin" else "place", spot.name) if spot.kind in ("bin", "place") else None


def _items(what: Sequence[Things], question: Question, sense: Sense) -> tuple[str, ...] | Literal["again"] | None:
    """The items that an answer names: of those that were asked about, where it fits any of them, else of all."""
    asked = sense.believed(question.items)
    found: list[str] = []
    for things in what:
        bare = replace(things, refers="" if things.refers in ("it", "rest") else things.refers)
        for pool, here in ((asked, replace(sense, within=question.items)), (None, sense)):
            try:
                found += here.choose(bare, "answer", pool=pool).items
                break
            except Open:
                return "again"
            except Need as need:
                if pool is not None:
                    raise Need(replace(need.what, items=question.items)) from None
            except Denied:
                continue
        else:
            return None
    return tuple(dict.fromkeys(found)) or None
