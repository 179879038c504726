"""What an order in mid-job means for the job that runs. Pure."""

from __future__ import annotations

from typing import Literal, TypeAlias

from moravec.brain.reading import Reading
from moravec.brain.wishes.wish import Things, Wish

Bearing: TypeAlias = Literal["order", "back", "drop", "stop", "harm"]
_NO_HARM = ("too-long", "not-a-job")  # rules that refuse a sentence, but no danger


def bearing(reading: Reading) -> Bearing:
    """By the likeliest reading. "stop": everything ends here. "harm": a rule refuses it as harmful; everything ends here as well.
    "back": the whole job is taken back, and there is something to do instead. "drop": it is taken back, and that is all.
    "order": something to do before the job goes on."""
    if reading.refusal is not None:
        return "order" if reading.refusal.rule in _NO_HARM else "harm"
    wishes = reading.meant[0].wishes
    if any(wish.kind == "stop" for wish in wishes):
        return "stop"
    if any(wish.kind == "refuse" and wish.why == "unsafe" for wish in wishes):
        return "harm"
    if wishes and all(_drops(wish) for wish in wishes):
        return "drop"
    return "back" if any(_drops(wish) or _takes_back(wish) for wish in wishes) else "order"


def _drops(wish: Wish) -> bool:
    """"Leave it", "leave everything as it is", "no": the job itself is meant."""
    return wish.kind == "decline" or (wish.kind == "leave" and all(_wide(things) for things in wish.what))


def _takes_back(wish: Wish) -> bool:
    """"Undo that", "put everything back"."""
    if wish.kind == "undo":
        return True
    whole = all(_wide(things) and things.amount.kind == "all" for things in wish.what)
    return wish.kind == "move" and wish.to is not None and wish.to.kind == "back" and whole


def _wide(things: Things) -> bool:
    """Whether no word of it says which things."""
    plain = not (things.categories or things.colours or things.codes or things.unknown or things.condition or things.exceptions)
    return plain and things.refers in ("", "it", "rest") and things.coded is None and things.size is None and things.at is None
