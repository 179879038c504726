"""Which tokens may come next: a grammar that is read from left to right with one token's foresight, LL(1).

Aho, Sethi, Ullman: Compilers, 4.4. A sequence that was written under it can be read in one way only. Pointers in a row are one
literal: neighbours in the sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from moravec.core.errors import BadInput, ContractError

Stack = tuple[str, ...]  # what is still to come, next first
SHOWN = 40  # characters of a token in an error
MARK = "="  # before a token of the sentence that is pointed at


@dataclass(frozen=True)
class Lawful:
    """`rules`: of each symbol its productions, each a sequence of symbols; what has no production is a token. `pointers` are
    the tokens that stand for one of the sentence's own. Raises ContractError for a grammar that needs more foresight."""

    start: str
    rules: Mapping[str, tuple[tuple[str, ...], ...]]
    pointers: tuple[str, ...] = ()
    _firsts: dict[str, frozenset[str]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _empty: set[str] = field(default_factory=set, init=False, repr=False, compare=False)
    _steps: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._find_empty()
        for symbol in self.rules:
            self._first_of(symbol, ())
        for symbol, productions in self.rules.items():
            for production in productions:
                for token in self._first(production):
                    if (symbol, token) in self._steps:
                        raise ContractError(f"the grammar: {symbol} may begin with {token} in two ways")
                    self._steps[symbol, token] = production

    @property
    def tokens(self) -> tuple[str, ...]:
        """All tokens but pointers, in order."""
        used = dict.fromkeys(s for productions in self.rules.values() for p in productions for s in p)
        return tuple(s for s in used if s not in self.rules and s not in self.pointers)

    def allowed(self, stack: Stack) -> frozenset[str]:
        """The tokens and kinds of pointers that may come next; none at the end."""
        return self._first(stack)

    def advance(self, stack: Stack, token: str) -> Stack:
        """The stack after `token`, a token or a kind of pointer. Raises BadInput for one that is not allowed."""
        left = stack
        while left:
            top, left = left[0], left[1:]
            if top == token:
                return left
            step = self._steps.get((top, token))
            if step is not None:
                left = (*step, *left)
            elif top not in self._empty:
                break
        raise BadInput("the next token", token[:SHOWN], self.allowed(stack) or "nothing more")

    def _find_empty(self) -> None:
        grown = True
        while grown:
            more = {s for s, ps in self.rules.items() if any(all(x in self._empty for x in p) for p in ps)} - self._empty
            self._empty.update(more)
            grown = bool(more)

    def _first_of(self, symbol: str, within: Stack) -> frozenset[str]:
        if symbol not in self.rules:
            return frozenset((symbol,))
        if symbol in within:
            raise ContractError(f"the grammar: {symbol} begins with itself")
        if symbol not in self._firsts:
            self._firsts[symbol] = frozenset().union(*(self._first(p, (*within, symbol)) for p in self.rules[symbol]))
        return self._firsts[symbol]

    def _first(self, symbols: Iterable[str], within: Stack = ()) -> frozenset[str]:
        found: set[str] = set()
        for symbol in symbols:
            found |= self._first_of(symbol, within)
            if symbol not in self._empty:
                break
        return frozenset(found)
