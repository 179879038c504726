"""How a person may ask for a thing that is named by its colour and its kind."""

from __future__ import annotations

TRAINED = (
    "pick up the {colour} {category}",
    "take the {colour} {category}",
    "grab the {colour} {category}",
    "get the {category} that is {colour}",
    "lift the {colour} {category} out",
    "grasp the {category}, the {colour} one",
    "pick the {colour} {category} up",
    "please take out the {colour} {category}",
)
HELD_OUT = (  # never shown in training
    "fetch the {colour} {category}",
    "hand me the {category} painted {colour}",
    "seize that {colour} {category}",
)


def asked(colour: str, category: str) -> str:
    """The sentence a pilot is given."""
    return TRAINED[0].format(colour=colour, category=category)


def sentences(colour: str, category: str) -> tuple[str, ...]:
    """All that training shows for such a thing, the pilot's own first."""
    return tuple(form.format(colour=colour, category=category) for form in TRAINED)
