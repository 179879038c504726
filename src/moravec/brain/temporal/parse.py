"""The text form of formulas.

    every item x: begins stow(x, any) implies once done inspect(x)

Binding, the tightest first: not, previously, once, historically; since; and; or; implies (to the right); a quantifier reaches as
far to the right as it can. Events are begins, done or failed, with a skill, "put" for any way of putting down, or "any".
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import NoReturn, cast, final

from moravec.brain.temporal.formula import (
    And,
    Anything,
    Compare,
    Constant,
    Every,
    Formula,
    Happens,
    Historically,
    Holds,
    Implies,
    Kind,
    Literally,
    Not,
    Once,
    Operator,
    Or,
    Phase,
    Previously,
    Reading,
    Since,
    Some,
    Term,
    Variable,
)
from moravec.core.errors import BadInput

MOST_CHARACTERS = 2000
MOST_DEPTH = 40  # of parentheses and operators
MOST_VARIABLES = 3  # bound at once: a monitor's cost is their number of items to this power
PHASES = ("begins", "done", "failed")
PREFIXES = {"not": Not, "previously": Previously, "once": Once, "historically": Historically}
WORDS = (*PHASES, *PREFIXES, "since", "and", "or", "implies", "every", "some", "true", "false", "any", "item", "place")
KINDS = ("item", "place")
_TOKEN = re.compile(r"\s*(?:(\d+(?:\.\d+)?)|([A-Za-z_][\w-]*)|\"([^\"]*)\"|(!=|<=|>=|[=<>(),:])|(\S))")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of formulas here. `readings`: name -> kinds of its arguments; `skills`: name -> kinds of its arguments;
    `groups`: one name for several skills; `values`: reading -> the texts it may be compared with."""

    readings: Mapping[str, tuple[str, ...]]
    skills: Mapping[str, tuple[str, ...]]
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    values: Mapping[str, Collection[str]] = field(default_factory=dict)
    places: Collection[str] = ()
    zones: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str  # "number", "name", "text", "sign", "end"
    text: str
    at: int


def parse(text: str, vocabulary: Vocabulary) -> Formula:
    """The formula written as `text`. Raises BadInput, which shows the place."""
    if len(text) > MOST_CHARACTERS:
        raise BadInput("a formula", f"{len(text)} characters", f"at most {MOST_CHARACTERS}")
    return _Parser(text, vocabulary).whole()


def _tokens(text: str) -> list[_Token]:
    kinds = ("number", "name", "text", "sign", "stray")
    found, at = [], 0
    while match := _TOKEN.match(text, at):
        index = next(i for i in range(1, 6) if match[i] is not None)
        found.append(_Token(kinds[index - 1], match[index], match.start(index)))
        at = match.end()
    return [*found, _Token("end", "the end", len(text))]


@final
class _Parser:
    def __init__(self, text: str, vocabulary: Vocabulary) -> None:
        self._text, self._words = text, vocabulary
        self._tokens, self._next = _tokens(text), 0
        self._bound: dict[str, Kind] = {}
        self._depth = 0

    def whole(self) -> Formula:
        """All of the text as one formula."""
        formula = self._implication()
        if self._here.kind != "end":
            self._refuse(("and", "or", "implies", "since"), "the end, or and, or, implies, since")
        return formula

    # ── operators ────────────────────────────────────────────────────────────────────────────────────────────────
    def _implication(self) -> Formula:
        self._deeper()
        left = self._either()
        right = self._implication() if self._took("implies") else None
        self._depth -= 1
        return left if right is None else Implies(left, right)

    def _either(self) -> Formula:
        left = self._both()
        while self._took("or"):
            left = Or(left, self._both())
        return left

    def _both(self) -> Formula:
        left = self._after()
        while self._took("and"):
            left = And(left, self._after())
        return left

    def _after(self) -> Formula:
        left = self._single()
        while self._took("since"):
            left = Since(left, self._single())
        return left

    def _single(self) -> Formula:
        self._deeper()
        token = self._here
        if token.kind == "name" and token.text in PREFIXES:
            self._next += 1
            found: Formula = PREFIXES[token.text](self._single())
        elif token.kind == "name" and token.text in ("every", "some"):
            found = self._quantified()
        elif self._took("("):
            found = self._implication()
            self._expect(")")
        else:
            found = self._atom()
        self._depth -= 1
        return found

    def _quantified(self) -> Formula:
        shape = Every if self._take().text == "every" else Some
        kind = self._here
        if kind.text not in KINDS:
            self._refuse(KINDS, "item or place")
        self._next += 1
        name = self._here
        if name.kind != "name" or name.text in WORDS or name.text in self._bound or name.text in self._words.readings:
            self._refuse((), "a name of its own for the variable")
        if len(self._bound) >= MOST_VARIABLES:
            self._refuse((), f"at most {MOST_VARIABLES} variables at once")
        self._next += 1
        self._expect(":")
        self._bound[name.text] = cast(Kind, kind.text)
        body = self._implication()
        del self._bound[name.text]
        return shape(cast(Kind, kind.text), name.text, body)

    # ── atoms ────────────────────────────────────────────────────────────────────────────────────────────────────
    def _atom(self) -> Formula:
        token = self._here
        if token.kind == "name" and token.text in PHASES:
            return self._event()
        if token.kind == "name" and token.text in ("true", "false"):
            self._next += 1
            return Constant(token.text == "true")
        left = self._term()
        sign = self._here
        if sign.text not in ("=", "!=", "<", "<=", ">", ">="):
            if isinstance(left, Reading):
                return Holds(left)
            self._refuse((), "a comparison with = != < <= > >=")
        self._next += 1
        at = self._next
        right = self._term()
        for reading, other in ((left, right), (right, left)):
            if isinstance(reading, Reading) and isinstance(other, Literally):
                self._known_value(reading, other, at if other is right else at - 2)
        return Compare(cast(Operator, sign.text), left, right)

    def _event(self) -> Formula:
        phase = cast(Phase, self._take().text)
        token = self._here
        allowed = ("any", *self._words.groups, *self._words.skills)
        if token.kind != "name" or token.text not in allowed:
            self._refuse(allowed, f"a skill: {', '.join(allowed)}")
        self._next += 1
        skills = () if token.text == "any" else self._words.groups.get(token.text, (token.text,))
        takes = self._words.skills[skills[0]] if skills else ()
        args: list[Term] = []
        if self._took("("):
            while not self._took(")"):
                if args:
                    self._expect(",")
                if len(args) >= len(takes):
                    self._refuse((), f"at most {len(takes)} arguments of {token.text!r}")
                args.append(self._event_argument(takes[len(args)]))
        return Happens(phase, skills, tuple(args))

    def _event_argument(self, kind: str) -> Term:
        if self._took("any"):
            return Anything()
        token = self._here
        if token.text in self._bound:
            return self._variable(kind)
        if kind != "place":
            self._refuse((), f"a variable of the kind {kind}, or any")
        return self._place()

    def _term(self) -> Term:
        token = self._here
        if token.kind == "number":
            self._next += 1
            return Literally(float(token.text))
        if token.text in self._bound:
            return self._variable("")
        if token.kind == "name" and token.text in self._words.readings:
            return self._reading()
        if token.kind == "name" and self._tokens[self._next + 1].text == "(":
            self._refuse(self._words.readings, f"one of {', '.join(sorted(self._words.readings))}")
        if token.kind not in ("name", "text") or token.text in WORDS:
            self._refuse((*WORDS, *self._words.readings), "a formula: an event, a reading, a comparison, not, (")
        if token.kind == "name" and not self._compares():
            self._refuse((*WORDS, *self._words.readings), "a formula: an event, a reading, a comparison, not, (")
        self._next += 1
        return Literally(token.text)

    def _compares(self) -> bool:
        """Whether the word here stands on either side of a comparison."""
        signs = ("=", "!=", "<", "<=", ">", ">=")
        return self._tokens[self._next + 1].text in signs or (self._next > 0 and self._tokens[self._next - 1].text in signs)

    def _reading(self) -> Reading:
        name = self._take().text
        kinds = self._words.readings[name]
        args: list[Term] = []
        if kinds:
            self._expect("(")
            for kind in kinds:
                if args:
                    self._expect(",")
                args.append(self._argument(kind))
            self._expect(")")
        return Reading(name, tuple(args))

    def _argument(self, kind: str) -> Term:
        token = self._here
        if kind == "zone":
            if token.text not in self._words.zones:
                self._refuse(self._words.zones, f"a zone: {', '.join(sorted(self._words.zones)) or 'none is known'}")
            self._next += 1
            return Literally(token.text)
        if token.text in self._bound:
            return self._variable(kind)
        if token.kind == "name" and token.text in self._words.readings:
            return self._reading()  # of the place where something lies, as open(location(x))
        if kind != "place":
            self._refuse((), f"a variable of the kind {kind}")
        return self._place()

    def _variable(self, kind: str) -> Variable:
        name = self._here.text
        if kind and self._bound[name] != kind:
            self._refuse((), f"a variable of the kind {kind}; {name!r} is of the kind {self._bound[name]}")
        self._next += 1
        return Variable(name)

    def _place(self) -> Literally:
        if self._here.kind not in ("name", "text") or self._here.text not in self._words.places:
            self._refuse(self._words.places, f"a place: {', '.join(self._words.places) or 'none is known'}")
        return Literally(self._take().text)

    def _known_value(self, reading: Reading, other: Literally, at: int) -> None:
        """A text that can never be the reading's value is a slip of the pen, and the rule would be silent for ever."""
        allowed = self._words.values.get(reading.name)
        if allowed is not None and other.value not in allowed:
            self._next = at
            self._refuse(allowed, f"a value of {reading.name}: {', '.join(sorted(allowed))}")

    # ── tokens ───────────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def _here(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._here
        self._next += 1
        return token

    def _took(self, text: str) -> bool:
        token = self._here
        if token.text == text and token.kind in ("name", "sign"):
            self._next += 1
            return True
        return False

    def _expect(self, sign: str) -> None:
        if not self._took(sign):
            self._refuse((), repr(sign))

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > MOST_DEPTH:
            self._refuse((), f"at most {MOST_DEPTH} operators inside each other")

    def _refuse(self, names: Collection[str], allowed: str) -> NoReturn:
        token = self._here
        near = difflib.get_close_matches(token.text, sorted(names), n=1) if token.kind in ("name", "text") else []
        hint = f"; did you mean {near[0]!r}?" if near else ""
        before = self._text[max(0, token.at - 40) : token.at]
        before = ("…" if token.at > 40 else "") + before
        place = f"a formula at character {token.at + 1}" + (f", after {before.strip()!r}" if before.strip() else "")
        raise BadInput(place, token.text, allowed + hint)
