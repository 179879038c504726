"""Formulas of past-time linear temporal logic over what a robot does and what is believed then, as frozen values.

They speak of a trace of moments (`moment.py`), each in the present or of what was before it; never of what is to come, so that
every moment has its verdict at once. Semantics as in Havelund and Rosu 2002, "Synthesizing monitors for safety properties";
quantifiers range over the items and places that are known at a moment.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Phase = Literal["begins", "done", "failed"]
Kind = Literal["item", "place"]
Operator = Literal["=", "!=", "<", "<=", ">", ">="]


# ── terms ────────────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Literally:
    """A name or a number."""

    value: str | float


@dataclass(frozen=True, slots=True)
class Variable:
    """What a quantifier binds."""

    name: str


@dataclass(frozen=True, slots=True)
class Anything:
    """In the arguments of an event: it does not matter."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A fluent, or what is believed of an item or a place, as location(x)."""

    name: str
    args: tuple[Term, ...] = ()


Term: TypeAlias = Literally | Variable | Anything | Reading


# ── formulas ─────────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Constant:
    """True or false."""

    value: bool


@dataclass(frozen=True, slots=True)
class Happens:
    """At this moment a call of one of `skills` begins, is done, or failed. `args` are the call's first arguments."""

    phase: Phase
    skills: tuple[str, ...]  # none: any skill
    args: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True)
class Compare:
    """Two values at this moment. What is unknown is equal to nothing and neither more nor less than anything."""

    operator: Operator
    left: Term
    right: Term


@dataclass(frozen=True, slots=True)
class Holds:
    """The value of a reading is true."""

    reading: Reading


@dataclass(frozen=True, slots=True)
class Not:
    """It is not so."""

    body: Formula


@dataclass(frozen=True, slots=True)
class And:
    """Both."""

    left: Formula
    right: Formula


@dataclass(frozen=True, slots=True)
class Or:
    """One of the two, or both."""

    left: Formula
    right: Formula


@dataclass(frozen=True, slots=True)
class Implies:
    """If the left, then the right."""

    left: Formula
    right: Formula


@dataclass(frozen=True, slots=True)
class Previously:
    """It was so at the moment before; false at the first."""

    body: Formula


@dataclass(frozen=True, slots=True)
class Once:
    """It is so, or was so at some moment before."""

    body: Formula


@dataclass(frozen=True, slots=True)
class Historically:
    """It is so, and was so at every moment before."""

    body: Formula


@dataclass(frozen=True, slots=True)
class Since:
    """The right was so at some moment, and the left at every moment after that, up to now."""

    left: Formula
    right: Formula


@dataclass(frozen=True, slots=True)
class Every:
    """For every known item, or place."""

    kind: Kind
    variable: str
    body: Formula


@dataclass(frozen=True, slots=True)
class Some:
    """For at least one known item, or place."""

    kind: Kind
    variable: str
    body: Formula


Temporal: TypeAlias = Previously | Once | Historically | Since
Formula: TypeAlias = Constant | Happens | Compare | Holds | Not | And | Or | Implies | Temporal | Every | Some


def parts(formula: Formula) -> tuple[Formula, ...]:
    """The formulas directly inside."""
    if isinstance(formula, And | Or | Implies | Since):
        return (formula.left, formula.right)
    if isinstance(formula, Not | Previously | Once | Historically | Every | Some):
        return (formula.body,)
    return ()


def readings(formula: Formula) -> tuple[Term, ...]:
    """The terms directly inside an atom."""
    if isinstance(formula, Happens):
        return formula.args
    if isinstance(formula, Compare):
        return (formula.left, formula.right)
    return (formula.reading,) if isinstance(formula, Holds) else ()


def free(formula: Formula) -> frozenset[str]:
    """The variables that no quantifier inside binds."""
    names = frozenset(name for term in readings(formula) for name in _variables(term))
    names = names.union(*(free(part) for part in parts(formula)))
    return names - {formula.variable} if isinstance(formula, Every | Some) else names


def _variables(term: Term) -> frozenset[str]:
    if isinstance(term, Variable):
        return frozenset((term.name,))
    return frozenset().union(*(_variables(t) for t in term.args)) if isinstance(term, Reading) else frozenset()
