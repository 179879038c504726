"""How a person may ask for a thing that is named by its colour and its kind, and where to put it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

PICK = (
    "pick up the {colour} {category}",
    "take the {colour} {category}",
    "grab the {colour} {category}",
    "get the {category} that is {colour}",
    "lift the {colour} {category} out",
    "grasp the {category}, the {colour} one",
    "pick the {colour} {category} up",
    "please take out the {colour} {category}",
)
PICK_HELD_OUT = (  # never shown in training
    "fetch the {colour} {category}",
    "hand me the {category} painted {colour}",
    "seize that {colour} {category}",
)


PLACE: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "station": (
        "put {thing} down on the plate", "place {thing} on the plate", "set {thing} down gently here",
        "lay {thing} on the plate and let it go", "please put {thing} on the plate",
    ),
    "bin": (
        "put {thing} into the bin", "stow {thing} in the bin", "drop {thing} into the bin",
        "let {thing} go over the free spot of the bin", "please put {thing} away in the bin",
    ),
    "reject": (
        "put {thing} into the reject bin", "drop {thing} in the reject bin", "throw {thing} out", "discard {thing}",
        "please get rid of {thing}",
    ),
})  # fmt: skip
PLACE_HELD_OUT: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "station": ("leave {thing} on the plate", "rest {thing} there on the plate"),
    "bin": ("store {thing} in the bin", "leave {thing} in the free part of the bin"),
    "reject": ("leave {thing} in the reject bin", "reject {thing}"),
})  # fmt: skip


def asked(colour: str, category: str) -> str:
    """The sentence that a pilot is given to pick such a thing."""
    return PICK[0].format(colour=colour, category=category)


def sentences(colour: str, category: str) -> tuple[str, ...]:
    """All that training shows for picking such a thing, the pilot's own first."""
    return tuple(form.format(colour=colour, category=category) for form in PICK)


def held_out(colour: str, category: str) -> tuple[str, ...]:
    """What training never shows, for picking such a thing."""
    return tuple(form.format(colour=colour, category=category) for form in PICK_HELD_OUT)


def asked_down(thing: str, kind: str) -> str:
    """The sentence that a pilot is given to put a `thing` ("red cup", "" where nobody knows) in a place of that kind."""
    return sentences_down(thing, kind)[0]


def sentences_down(thing: str, kind: str) -> tuple[str, ...]:
    """All that training shows for putting it there, the pilot's own first."""
    return _put(PLACE[kind], thing)


def held_out_down(thing: str, kind: str) -> tuple[str, ...]:
    """What training never shows, for putting it there."""
    return _put(PLACE_HELD_OUT[kind], thing)


def _put(forms: tuple[str, ...], thing: str) -> tuple[str, ...]:
    return tuple(form.format(thing=f"the {thing}" if thing else "it") for form in forms)
