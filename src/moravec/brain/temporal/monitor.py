"""A formula watched along a trace: one bit for each temporal operator and binding, no history.

Each moment costs what the formula's size is, times the bindings of the variables under its temporal operators. A binding's trace
begins at the first moment at which all its items are known. Where an event in a quantifier's guard names the variable, only the
event's own argument is tried: for every other the guard is false.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, final

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
    Or,
    Previously,
    Reading,
    Since,
    Some,
    Temporal,
    Term,
    Variable,
    free,
    parts,
)
from moravec.brain.temporal.moment import Moment
from moravec.core.errors import BadInput
from moravec.skills.symbols import Value

Env: TypeAlias = dict[str, str]
Bits: TypeAlias = dict[tuple[int, tuple[str, ...]], bool]
Test: TypeAlias = Callable[[Moment, Env, Bits], bool]
Read: TypeAlias = Callable[[Moment, Env], Value]


@dataclass(frozen=True, slots=True)
class _Register:
    """One temporal operator: its variables, what it was before the first moment, and its tests."""

    node: Temporal
    variables: tuple[tuple[str, Kind], ...]
    before: bool
    tests: tuple[Test, ...]


@final
class Program:
    """A formula made ready to be watched; monitors share it. Raises BadInput for a formula with a free variable."""

    def __init__(self, formula: Formula) -> None:
        if unbound := free(formula):
            raise BadInput("the variable of a formula", min(unbound), "a name that 'every' or 'some' binds")
        self.formula = formula
        self.registers: list[_Register] = []
        self.test = self._compiled(formula, {})

    def _compiled(self, f: Formula, kinds: Mapping[str, Kind]) -> Test:
        if isinstance(f, Constant):
            constant = f.value
            return lambda m, env, now: constant
        if isinstance(f, Happens):
            return _happens(f)
        if isinstance(f, Compare):
            return _compare(f)
        if isinstance(f, Holds):
            read = _read(f.reading)
            return lambda m, env, now: read(m, env) is True
        if isinstance(f, Every | Some):
            return _quantifier(f, self._compiled(f.body, {**kinds, f.variable: f.kind}))
        inner = tuple(self._compiled(part, kinds) for part in parts(f))
        if isinstance(f, Previously | Once | Historically | Since):
            names = sorted(free(f))
            self.registers.append(
                _Register(f, tuple((n, kinds[n]) for n in names), isinstance(f, Historically), inner)
            )
            return _recall(len(self.registers) - 1, names)
        first, last = inner[0], inner[-1]
        if isinstance(f, Not):
            return lambda m, env, now: not first(m, env, now)
        if isinstance(f, And):
            return lambda m, env, now: first(m, env, now) and last(m, env, now)
        if isinstance(f, Or):
            return lambda m, env, now: first(m, env, now) or last(m, env, now)
        return lambda m, env, now: not first(m, env, now) or last(m, env, now)


@final
class Monitor:
    """Has the life of one trace. `bits` are what it remembers."""

    def __init__(self, program: Program, bits: Mapping[tuple[int, tuple[str, ...]], bool] | None = None) -> None:
        self._program = program
        self._bits: Bits = dict(bits or {})

    def step(self, moment: Moment) -> bool:
        """Whether the formula holds at `moment`, the next of the trace."""
        now: Bits = {}
        bits = self._bits
        for index, register in enumerate(self._program.registers):
            node, tests = register.node, register.tests
            for env in _bindings(register.variables, moment):
                key = (index, tuple(env.values()))
                was = bits.get(key, register.before)
                value = tests[-1](moment, env, now)
                if isinstance(node, Previously):
                    now[key], bits[key] = was, value
                    continue
                if isinstance(node, Once):
                    value = was or value
                elif isinstance(node, Historically):
                    value = was and value
                else:
                    value = value or (was and tests[0](moment, env, now))
                now[key] = bits[key] = value
        return self._program.test(moment, {}, now)

    def copy(self) -> Monitor:
        """An independent one, with the same past."""
        return Monitor(self._program, self._bits)

    def past(self) -> list[list[Any]]:
        """What it remembers as plain JSON data: [operator, names, bit], where that differs from the beginning of a trace."""
        before = [register.before for register in self._program.registers]
        kept = [(key, bit) for key, bit in self._bits.items() if bit != before[key[0]]]
        return [[index, list(names), bit] for (index, names), bit in sorted(kept)]

    @staticmethod
    def with_past(program: Program, past: Sequence[Any]) -> Monitor:
        """The monitor that `past` was written of. Raises BadInput."""
        bits: Bits = {}
        for row in past:
            if not isinstance(row, list | tuple) or len(row) != 3 or not isinstance(row[2], bool):
                raise BadInput("a bit of a recorded monitor", row, "[operator, names, true or false]")
            index, names = row[0], row[1]
            if not isinstance(index, int) or not 0 <= index < len(program.registers) or not isinstance(names, list | tuple):
                raise BadInput("a bit of a recorded monitor", row, f"an operator from 0 to {len(program.registers) - 1}")
            bits[index, tuple(str(name) for name in names)] = row[2]
        return Monitor(program, bits)


def _bindings(variables: Sequence[tuple[str, Kind]], moment: Moment) -> Iterator[Env]:
    if not variables:
        return iter(({},))
    names = [name for name, _ in variables]
    domains = [moment.known(kind) for _, kind in variables]
    return (dict(zip(names, values, strict=True)) for values in itertools.product(*domains))


def _recall(index: int, names: Sequence[str]) -> Test:
    if not names:
        return lambda m, env, now: now[index, ()]
    return lambda m, env, now: now[index, tuple(env[name] for name in names)]


def _read(term: Term) -> Read:
    if isinstance(term, Variable):
        name = term.name
        return lambda m, env: env[name]
    if isinstance(term, Reading):
        called, args = term.name, tuple(_read(arg) for arg in term.args)
        if not args:
            return lambda m, env: m.value(called, ())
        if len(args) == 1:
            (only,) = args
            return lambda m, env: m.value(called, (str(only(m, env)),))
        return lambda m, env: m.value(called, tuple(str(arg(m, env)) for arg in args))
    value = term.value if isinstance(term, Literally) else None
    return lambda m, env: value


def _compare(f: Compare) -> Test:
    left, right, operator = _read(f.left), _read(f.right), f.operator

    def test(m: Moment, env: Env, now: Bits) -> bool:
        a, b = left(m, env), right(m, env)
        if operator in ("=", "!="):
            same = a is not None and a == b
            return same if operator == "=" else not same
        if not isinstance(a, int | float) or not isinstance(b, int | float):
            return False
        return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[operator]

    return test


def _happens(f: Happens) -> Test:
    phase, skills = f.phase, frozenset(f.skills)
    wanted, least = tuple((i, _read(arg)) for i, arg in enumerate(f.args) if not isinstance(arg, Anything)), len(f.args)

    def test(m: Moment, env: Env, now: Bits) -> bool:
        event = m.event
        if event is None or event.phase != phase or (skills and event.skill not in skills):
            return False
        return len(event.args) >= least and all(event.args[i] == read(m, env) for i, read in wanted)

    return test


def _quantifier(f: Every | Some, body: Test) -> Test:
    every, kind, name = isinstance(f, Every), f.kind, f.variable
    pin = _pinned(f)

    def test(m: Moment, env: Env, now: Bits) -> bool:
        known = m.known(kind)
        if pin is not None:
            guard, position = pin
            event = m.event
            if event is None or event.phase != guard.phase or (guard.skills and event.skill not in guard.skills):
                return every
            if position >= len(event.args) or event.args[position] not in known:
                return every
            known = (event.args[position],)
        inner = dict(env)
        for value in known:
            inner[name] = value
            if body(m, inner, now) != every:
                return not every
        return every

    return test


def _pinned(f: Every | Some) -> tuple[Happens, int] | None:
    """The event that has to happen with the variable in it for the body to matter, and which argument it is."""
    body: Formula = f.body
    while isinstance(body, type(f)):
        if body.variable == f.variable:
            return None
        body = body.body
    if isinstance(f, Every):
        if not isinstance(body, Implies):
            return None
        body = body.left
    for atom in _conjuncts(body):
        if isinstance(atom, Happens) and Variable(f.variable) in atom.args:
            return atom, atom.args.index(Variable(f.variable))
    return None


def _conjuncts(f: Formula) -> Iterator[Formula]:
    if isinstance(f, And):
        yield from _conjuncts(f.left)
        yield from _conjuncts(f.right)
    else:
        yield f
