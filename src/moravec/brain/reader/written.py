"""Wishes as a lawful sequence of tokens, and back. Nothing is lost but the order of categories and of colours.

In a line of text the tokens stand apart, and `_` stands for a space inside one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from moravec.brain.reader import grammar as g
from moravec.brain.reader import literal
from moravec.brain.wishes.wish import EVERYTHING, Amount, Condition, Size, Spot, Things, Wish
from moravec.core.errors import BadInput

Tokens = Iterator[str]


def write(wishes: Sequence[Wish], sentence: Sequence[str]) -> tuple[str, ...]:
    """The tokens of `wishes`, literals as marked tokens of `sentence`, which is split as text.split does.

    Raises BadInput for a wish that no sentence says, or a literal that this sentence does not hold.
    """
    return (*(token for wish in wishes for token in _wish(wish, sentence)), ".")


def line_of(tokens: Sequence[str]) -> str:
    """A sequence as one line of text."""
    return " ".join(token.replace(" ", "_") for token in tokens)


def tokens_in(line: str) -> tuple[str, ...]:
    """The sequence that a line of text holds."""
    return tuple(token.replace("_", " ") for token in line.split())


def check(tokens: Sequence[str]) -> None:
    """Raises BadInput for a sequence that is not lawful."""
    stack: tuple[str, ...] = (g.WISHES.start,)
    for token in tokens:
        own = [kind for kind in g.WISHES.pointers if kind in g.WISHES.allowed(stack)] if literal.is_marked(token) else []
        stack = g.WISHES.advance(stack, own[0] if own else token)
    if stack:
        raise BadInput("the end of wishes", " ".join(tokens)[-80:], g.WISHES.allowed(stack))


def _wish(wish: Wish, sentence: Sequence[str]) -> Tokens:
    if wish.then:
        yield "then"
    if wish.kind in g.ALONE:
        yield from (f"{wish.kind}!", ";")
        return
    yield wish.kind
    if wish.kind == "refuse":
        yield str(wish.why)
    if wish.kind == "ask":
        yield f"?{wish.query}"
    if wish.kind == "if":
        yield from _conditional(wish, sentence)
    yield from _all(wish.what, sentence)
    if wish.others:
        yield "with"
        yield from _all(wish.others, sentence)
    if wish.to is not None:
        yield "to"
        yield from _spot(wish.to, sentence)
    yield ";"


def _conditional(wish: Wish, sentence: Sequence[str]) -> Tokens:
    if wish.condition is None:
        raise BadInput("a wish with a condition", "none", "a condition")
    holds, at = wish.condition.holds, wish.condition.at
    yield f"if {holds}"
    if at is not None:
        yield from _spot(at, sentence)
    else:
        if holds in g.COUNTS:
            yield from _count(wish.condition.n, sentence)
        yield from _all(wish.condition.what, sentence)
    for inner in wish.wishes:
        yield from _wish(inner, sentence)
    if wish.otherwise:
        yield "else"
        for inner in wish.otherwise:
            yield from _wish(inner, sentence)


def _all(things: Iterable[Things], sentence: Sequence[str]) -> Tokens:
    for each in things:
        yield from _things(each, sentence)


def _things(things: Things, sentence: Sequence[str]) -> Tokens:
    yield "("
    if things.refers:
        yield f"~{things.refers}"
    yield from sorted(things.categories, key=g.CATEGORIES.index)
    yield from sorted(things.colours, key=g.COLOURS.index)
    for code in things.codes:
        yield "code"
        yield from literal.code_in(code, sentence)
    for word in things.unknown:
        yield "unknown"
        yield from literal.words_in(word, sentence)
    if things.condition:
        yield things.condition
    if things.coded is not None:
        yield "coded" if things.coded else "uncoded"
    if things.size is not None:
        yield from _size(things.size, sentence)
    if things.at is not None:
        yield "at"
        yield from _spot(things.at, sentence)
    if things.amount.kind != "all":
        yield things.amount.kind
    if things.amount.kind in g.AMOUNTS:
        yield from _count(things.amount.n, sentence)
    if things.definite:
        yield "the"
    for exception in things.exceptions:
        yield "except"
        yield from _things(exception, sentence)
    yield ")"


def _size(size: Size, sentence: Sequence[str]) -> Tokens:
    yield size.kind
    if size.axis == "length":
        yield "length"
    if size.inclusive:
        yield "inclusive"
    if size.kind in g.BOUNDS:
        yield "measure"
        yield from literal.measure_in(size.value, size.axis, sentence)
    if size.than is not None:
        yield "than"
        yield from _things(size.than, sentence)


def _spot(spot: Spot, sentence: Sequence[str]) -> Tokens:
    if spot.kind == "bin":
        yield "bin"
        yield from literal.label_in(spot.name, sentence)
    elif spot.kind == "unknown":
        yield "named"
        yield from literal.words_in(spot.name, sentence)
    elif spot.kind == "of":
        yield "of"
        yield from _things(spot.things or EVERYTHING, sentence)
    else:
        yield f"@{spot.name if spot.kind == 'place' else spot.kind}"


def _count(n: int, sentence: Sequence[str]) -> Tokens:
    if n <= g.COUNTED:
        yield f"#{n}"
    else:
        yield from literal.number_in(n, sentence)


def read(tokens: Sequence[str]) -> tuple[Wish, ...]:
    """The wishes of a lawful sequence. Raises BadInput for another."""
    try:
        return _Reading(tokens).all()
    except (IndexError, KeyError, ValueError) as error:
        raise BadInput("the tokens of wishes", " ".join(tokens)[:200], "a lawful sequence") from error


class _Reading:
    """A sequence that is read from the left."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self._tokens, self._place = tokens, 0

    def all(self) -> tuple[Wish, ...]:
        wishes = self._wishes(".")
        self._need(".")
        return wishes

    def _next(self) -> str:
        return self._tokens[self._place]

    def _take(self) -> str:
        self._place += 1
        return self._tokens[self._place - 1]

    def _need(self, token: str) -> None:
        if self._take() != token:
            raise ValueError(token)

    def _if(self, token: str) -> bool:
        if self._next() != token:
            return False
        self._place += 1
        return True

    def _one_of(self, allowed: Iterable[str], mark: str = "") -> str:
        found = self._next()
        if found.startswith(mark) and found[len(mark) :] in allowed:
            self._place += 1
            return found[len(mark) :]
        return ""

    def _many(self, allowed: Iterable[str]) -> tuple[str, ...]:
        found: list[str] = []
        while word := self._one_of(allowed):
            found.append(word)
        return tuple(found)

    def _own(self) -> tuple[str, ...]:
        """The sentence's own tokens that follow."""
        found: list[str] = []
        while literal.is_marked(self._next()):
            found.append(literal.unmarked(self._take()))
        if not found:
            raise ValueError(self._next())
        return tuple(found)

    def _wishes(self, *ends: str) -> tuple[Wish, ...]:
        found: list[Wish] = []
        while self._next() not in ends:
            found.append(self._wish())
        return tuple(found)

    def _wish(self) -> Wish:
        then = self._if("then")
        kind = self._take()
        fields: dict[str, object] = {"kind": kind.removesuffix("!"), "then": then}
        if kind == "refuse":
            fields["why"] = self._take()
        if kind == "ask":
            fields["query"] = self._take().removeprefix("?")
        if kind == "if":
            fields["condition"] = self._condition()
            fields["wishes"] = self._wishes("else", ";")
            if self._if("else"):
                fields["otherwise"] = self._wishes(";")
        else:
            fields["what"] = self._phrases()
            if self._if("with"):
                fields["others"] = self._phrases()
            if self._if("to"):
                fields["to"] = self._spot()
        self._need(";")
        return Wish(**fields)  # type: ignore[arg-type]

    def _condition(self) -> Condition:
        holds = self._take().removeprefix("if ")
        if holds in ("full", "empty"):
            return Condition(holds, at=self._spot())  # type: ignore[arg-type]
        n = self._count() if holds in g.COUNTS else 0
        return Condition(holds, self._phrases(), n)  # type: ignore[arg-type]

    def _phrases(self) -> tuple[Things, ...]:
        found: list[Things] = []
        while self._next() == "(":
            found.append(self._things())
        return tuple(found)

    def _things(self) -> Things:
        self._need("(")
        fields: dict[str, object] = {"refers": self._one_of(g.REFERS, "~")}
        fields["categories"], fields["colours"] = self._many(g.CATEGORIES), self._many(g.COLOURS)
        fields["codes"] = tuple(self._literals("code", literal.code))
        fields["unknown"] = tuple(self._literals("unknown", literal.words))
        fields["condition"] = self._one_of(("damaged", "intact")) or None
        fields["coded"] = {"coded": True, "uncoded": False, "": None}[self._one_of(("coded", "uncoded"))]
        fields["size"] = self._size()
        fields["at"] = self._spot() if self._if("at") else None
        amount = self._one_of((*g.AMOUNTS, "some", "half"))
        fields["amount"] = Amount(amount or "all", self._count() if amount in g.AMOUNTS else 0)  # type: ignore[arg-type]
        fields["definite"] = self._if("the")
        exceptions: list[Things] = []
        while self._if("except"):
            exceptions.append(self._things())
        self._need(")")
        return Things(**fields, exceptions=tuple(exceptions))  # type: ignore[arg-type]

    def _literals(self, opens: str, said: object) -> Tokens:
        while self._if(opens):
            yield said(self._own())  # type: ignore[operator]

    def _size(self) -> Size | None:
        kind = self._one_of((*g.SIZES, *g.BOUNDS))
        if not kind:
            return None
        axis, inclusive = "length" if self._if("length") else "volume", self._if("inclusive")
        value = 0.0
        if self._if("measure"):
            number = self._own()
            value = literal.measure(number, self._take().removeprefix("unit "))
        than = self._things() if self._if("than") else None
        return Size(kind, axis, value, inclusive, than)  # type: ignore[arg-type]

    def _spot(self) -> Spot:
        token = self._take()
        if token == "bin":
            return Spot("bin", literal.label(self._own()))
        if token == "named":
            return Spot("unknown", literal.words(self._own()))
        if token == "of":
            return Spot("of", things=self._things())
        name = token.removeprefix("@")
        return Spot("place", name) if name in g.PLACES else Spot(name)  # type: ignore[arg-type]

    def _count(self) -> int:
        if literal.is_marked(self._next()):
            return literal.whole(self._own())
        return int(self._take().removeprefix("#"))
