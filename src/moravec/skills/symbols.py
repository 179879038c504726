"""The small symbolic language in which skills say what they need and what they change.

A state is a flat mapping from a fluent, a tuple of strings such as ("location", "item-3"), to a value. A term is
either a literal, a parameter written "?item", or a nested fluent whose own terms are looked up in the state:
("open", ("location", "?item")) asks whether the place where the item lies is open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Value: TypeAlias = str | bool | int | float | None
Fluent: TypeAlias = tuple[str, ...]
State: TypeAlias = Mapping[Fluent, Value]
Term: TypeAlias = "Value | tuple[Term, ...]"


@dataclass(frozen=True, slots=True)
class Condition:
    """`fluent` must (or with "differs" must not) have `value`; `why` finishes the sentence "it cannot, because"."""

    fluent: tuple[Term, ...]
    value: Term
    why: str
    relation: Literal["is", "differs"] = "is"


@dataclass(frozen=True, slots=True)
class Effect:
    """After success `fluent` has `value`."""

    fluent: tuple[Term, ...]
    value: Term


def resolve(term: Term, args: Mapping[str, Value], state: State) -> Value:
    """The value of `term`. An unknown parameter is a KeyError; an unknown fluent is None."""
    if isinstance(term, tuple):
        return state.get(ground(term, args, state))
    if isinstance(term, str) and term.startswith("?"):
        return args[term[1:]]
    return term


def ground(fluent: tuple[Term, ...], args: Mapping[str, Value], state: State) -> Fluent:
    """`fluent` with every term replaced by its value."""
    return tuple(str(resolve(term, args, state)) for term in fluent)


def unmet(conditions: tuple[Condition, ...], args: Mapping[str, Value], state: State) -> tuple[Condition, ...]:
    """The conditions that do not hold in `state`."""
    return tuple(
        c
        for c in conditions
        if (state.get(ground(c.fluent, args, state)) == resolve(c.value, args, state)) != (c.relation == "is")
    )


def changes(effects: tuple[Effect, ...], args: Mapping[str, Value], state: State) -> dict[Fluent, Value]:
    """What `effects` write, all read from the state before."""
    return {ground(e.fluent, args, state): resolve(e.value, args, state) for e in effects}
