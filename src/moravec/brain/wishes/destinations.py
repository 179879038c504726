"""Where the places of wishes are, by the talk so far and what is believed of the cell."""

from __future__ import annotations

from dataclasses import replace

from moravec.brain.goal import RULE, Destination
from moravec.brain.wishes import places
from moravec.brain.wishes.open import Denied
from moravec.brain.wishes.things import Sense
from moravec.brain.wishes.wish import Spot, Things


def destination(to: Spot | None, sense: Sense, key: str) -> Destination:
    """The place that `to` means. Raises Open or Denied."""
    settled = sense.settled.get(key)
    if isinstance(settled, Destination):
        return settled
    inventory, last = sense.inventory, sense.talk.places[-1] if sense.talk.places else None
    if to is None:
        done = sense.talk.last_done()
        if done is not None and done.to is not None and done.turn == sense.talk.turn - 1:
            return done.to  # "and the blue one"
        raise places.which(key, places.everywhere(inventory), "Where to?", "no place was named")
    if to.kind == "rule":
        return RULE
    if to.kind == "place":
        return Destination("place", to.name)
    if to.kind == "bin":
        if not places.carried(to.name, inventory):
            raise Denied("unknown-place", f"No bin carries the label {to.name!r}.")
        return Destination("bin", to.name)
    if to.kind == "same" and last is not None:
        return last
    if to.kind == "of" and to.things is not None:
        return where_it_is(to.things, sense, key)
    bins = [p for p in places.everywhere(inventory) if p.kind == "bin"]
    if to.kind == "other" and last is not None:
        spoken = [p for p in dict.fromkeys(sense.talk.places) if p != last and p.kind != "rule"]
        if len(spoken) == 1:
            return spoken[0]
        bins = [p for p in bins if p != last]
    raise places.which(key, bins if to.kind != "same" else places.everywhere(inventory), "Which place do you mean?",
                       "the words fit several")  # fmt: skip


def where_it_is(things: Things, sense: Sense, key: str) -> Destination:
    """The place where `things` lie."""
    found = sense.believed(sense.choose(replace(things, definite=True), f"{key}.of").items)
    where = list(dict.fromkeys(places.of_location(item.location, sense.inventory) for item in found))
    if len(where) != 1:
        raise places.which(key, where, "They lie in several places; which one?", "the words fit several places")
    return where[0]
