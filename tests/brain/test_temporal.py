"""Past-time formulas: the incremental monitor against the definition, the parser, and that no history is kept."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
    Literally,
    Not,
    Once,
    Or,
    Previously,
    Reading,
    Since,
    Some,
    Term,
    Variable,
    free,
)
from moravec.brain.temporal.moment import Event, Moment
from moravec.brain.temporal.monitor import Monitor, Program
from moravec.brain.temporal.parse import MOST_CHARACTERS, MOST_DEPTH, Vocabulary, parse
from moravec.core.errors import BadInput

PLACES = ("bin_1", "bin_2", "parcel")
WORDS = Vocabulary(
    readings={"location": ("item",), "inspected": ("item",), "open": ("place",), "holding": (), "weight": ("item",)},
    skills={"pick": ("item",), "stow": ("item", "place"), "place": ("item", "place"), "look": ("place",), "home": ()},
    groups={"put": ("stow", "place")},
    values={"location": (*PLACES, "hand")},
    places=PLACES,
)


# ── the definition, word for word, over a whole trace ────────────────────────────────────────────────────────────────
def value(term: Term, moment: Moment, env: dict[str, str]) -> Any:
    if isinstance(term, Variable):
        return env[term.name]
    if isinstance(term, Reading):
        return moment.value(term.name, tuple(str(value(t, moment, env)) for t in term.args))
    return term.value if isinstance(term, Literally) else None


def kinds_of(formula: Formula, kinds: dict[str, str]) -> dict[str, str]:
    return {name: kinds[name] for name in free(formula)}


def truth(f: Formula, trace: Sequence[Moment], i: int, env: dict[str, str], kinds: dict[str, str]) -> bool:
    """Whether `f` holds at moment `i`. The trace of a binding is that of the moments at which all of it is known."""
    m = trace[i]
    if isinstance(f, Constant):
        return f.value
    if isinstance(f, Happens):
        e = m.event
        if e is None or e.phase != f.phase or (f.skills and e.skill not in f.skills) or len(f.args) > len(e.args):
            return False
        pairs = zip(f.args, e.args, strict=False)
        return all(isinstance(arg, Anything) or value(arg, m, env) == given_ for arg, given_ in pairs)
    if isinstance(f, Holds):
        return value(f.reading, m, env) is True
    if isinstance(f, Compare):
        a, b = value(f.left, m, env), value(f.right, m, env)
        if f.operator in ("=", "!="):
            return (a is not None and a == b) == (f.operator == "=")
        numbers = isinstance(a, int | float) and isinstance(b, int | float)
        return numbers and eval(f"a {f.operator} b")
    if isinstance(f, Every | Some):
        inner = {**kinds, f.variable: f.kind}
        bodies = [truth(f.body, trace, i, {**env, f.variable: x}, inner) for x in m.known(f.kind)]
        return all(bodies) if isinstance(f, Every) else any(bodies)
    if isinstance(f, Not):
        return not truth(f.body, trace, i, env, kinds)
    if isinstance(f, And):
        return truth(f.left, trace, i, env, kinds) and truth(f.right, trace, i, env, kinds)
    if isinstance(f, Or):
        return truth(f.left, trace, i, env, kinds) or truth(f.right, trace, i, env, kinds)
    if isinstance(f, Implies):
        return not truth(f.left, trace, i, env, kinds) or truth(f.right, trace, i, env, kinds)
    own = [j for j in range(i + 1) if all(env[n] in trace[j].known(k) for n, k in kinds_of(f, kinds).items())]  # type: ignore[arg-type]
    if isinstance(f, Previously):
        return len(own) > 1 and truth(f.body, trace, own[-2], env, kinds)
    if isinstance(f, Once):
        return any(truth(f.body, trace, j, env, kinds) for j in own)
    if isinstance(f, Historically):
        return all(truth(f.body, trace, j, env, kinds) for j in own)
    assert isinstance(f, Since)
    return any(
        truth(f.right, trace, j, env, kinds) and all(truth(f.left, trace, k, env, kinds) for k in own if k > j) for j in own
    )


# ── random formulas and traces ───────────────────────────────────────────────────────────────────────────────────────
ITEMS = ("a", "b", "c")


def drawn(rng: random.Random, bound: tuple[tuple[str, str], ...] = (), depth: int = 4) -> Formula:
    """A formula over `bound` variables, operators inside each other up to `depth` times."""
    roll = rng.random()
    if depth == 0 or roll < 0.15:
        return atom(rng, [n for n, k in bound if k == "item"], [n for n, k in bound if k == "place"])
    if roll < 0.35 and len(bound) < 2:
        kind = rng.choice(("item", "place"))
        name = f"{kind[0]}{len(bound)}"
        return rng.choice((Every, Some))(kind, name, drawn(rng, (*bound, (name, kind)), depth - 1))
    if roll < 0.65:
        return rng.choice((Not, Previously, Once, Historically))(drawn(rng, bound, depth - 1))
    return rng.choice((And, Or, Implies, Since))(drawn(rng, bound, depth - 1), drawn(rng, bound, depth - 1))


def atom(rng: random.Random, items: list[str], places: list[str]) -> Formula:
    place = rng.choice([*map(Variable, places), *map(Literally, PLACES)])
    someone = rng.choice([*map(Variable, items), Anything()])
    phase = rng.choice(("begins", "done", "failed"))
    choices: list[Formula] = [
        Constant(rng.random() < 0.5),
        Holds(Reading("open", (place,))),
        Happens(phase, rng.choice((("pick",), (), ("stow", "place"))), rng.choice(((), (someone,)))),
        Happens(phase, ("stow",), (someone, rng.choice((place, Anything())))),
    ]
    if items:
        x = Variable(rng.choice(items))
        choices.append(Compare(rng.choice(("=", "!=")), Reading("location", (x,)), place))
        choices.append(Compare(rng.choice(("<", ">=", "=")), Reading("weight", (x,)), Literally(rng.choice((1.0, 2.0)))))
    return rng.choice(choices)


def moments(rng: random.Random, length: int) -> list[Moment]:
    """A trace on which items become known, lie here and there, and things are done with them."""
    trace = []
    known = rng.randrange(3)
    for _ in range(length):
        known = min(3, known + (rng.random() < 0.3))
        items = ITEMS[:known]
        readings: dict[tuple[str, tuple[str, ...]], Any] = {("open", (p,)): rng.random() < 0.5 for p in PLACES}
        for item in items:
            readings["location", (item,)] = rng.choice((*PLACES, "hand"))
            readings["weight", (item,)] = rng.choice((0.5, 1.0, 3.0, None))
        event = None
        if items and rng.random() < 0.9:
            args = (rng.choice(items), rng.choice(PLACES))
            skill = rng.choice(("pick", "stow", "place", "home"))
            args = {"pick": args[:1], "home": ()}.get(skill, args)  # type: ignore[assignment]
            event = Event(rng.choice(("begins", "done", "failed")), skill, args)
        trace.append(Moment(event, lambda n, a, r=readings: r.get((n, a)), items, PLACES))  # type: ignore[misc]
    return trace


@given(st.integers(0, 2**64))
@settings(max_examples=800, deadline=None)
def test_the_monitor_says_at_each_moment_what_the_definition_says(seed: int) -> None:
    rng = random.Random(seed)
    formula, trace = drawn(rng), moments(rng, rng.randint(1, 9))
    monitor = Monitor(Program(formula))
    assert [monitor.step(m) for m in trace] == [truth(formula, trace, i, {}, {}) for i in range(len(trace))]


@given(st.integers(0, 2**64))
@settings(max_examples=200, deadline=None)
def test_a_copy_and_a_recorded_past_go_on_alike(seed: int) -> None:
    rng = random.Random(seed)
    formula, trace, n = drawn(rng), moments(rng, 8), rng.randint(1, 6)
    program = Program(formula)
    monitor = Monitor(program)
    for moment in trace[:n]:
        monitor.step(moment)
    recorded = Monitor.with_past(program, json.loads(json.dumps(monitor.past())))
    copy = monitor.copy()
    verdicts = [monitor.step(m) for m in trace[n:]]
    assert verdicts == [copy.step(m) for m in trace[n:]] == [recorded.step(m) for m in trace[n:]]


@pytest.mark.parametrize(
    ("text", "opened", "verdicts"),
    [
        ("previously open(parcel)", "0110", "0011"),
        ("once open(parcel)", "0100", "0111"),
        ("historically open(parcel)", "1101", "1100"),
        ("open(parcel) since begins look", "0110", "0110"),
        ("not open(parcel) since begins look", "0011", "0100"),
        ("once historically open(parcel)", "1001", "1111"),
    ],
)
def test_each_operator_by_hand(text: str, opened: str, verdicts: str) -> None:
    """A look begins at the second moment."""
    monitor, said = Monitor(Program(parse(text, WORDS))), ""
    for i, bit in enumerate(opened):
        event = Event("begins", "look", ("parcel",)) if i == 1 else None
        said += str(int(monitor.step(Moment(event, lambda name, args, bit=bit: bit == "1"))))  # type: ignore[misc]
    assert said == verdicts


def test_what_is_remembered_does_not_grow_with_the_trace() -> None:
    formula = parse("every item x: begins stow(x, any) implies once (done pick(x) since begins look)", WORDS)
    monitor, rng = Monitor(Program(formula)), random.Random(1)
    sizes = []
    for moment in moments(rng, 400):
        monitor.step(moment)
        sizes.append(len(monitor._bits))
    assert sizes[200:] == [2 * len(ITEMS)] * 200


def test_a_free_variable_is_refused() -> None:
    with pytest.raises(BadInput, match="'x'"):
        Program(Holds(Reading("inspected", (Variable("x"),))))


@pytest.mark.parametrize("past", [[3], [[0, ["a"]]], [[9, [], True]], [[0, "a", 1]], [["0", [], True]]])
def test_a_broken_recorded_past_is_refused(past: Any) -> None:
    with pytest.raises(BadInput, match="recorded monitor"):
        Monitor.with_past(Program(Once(Constant(True))), past)


# ── the parser ───────────────────────────────────────────────────────────────────────────────────────────────────────
OPEN, SEEN = Holds(Reading("open", (Literally("parcel"),))), Happens("begins", ("look",))


@pytest.mark.parametrize(
    ("text", "formula"),
    [
        ("true", Constant(True)),
        ("not open(parcel) and begins look", And(Not(OPEN), SEEN)),
        ("open(parcel) or open(parcel) and begins look", Or(OPEN, And(OPEN, SEEN))),
        ("open(parcel) and open(parcel) since begins look", And(OPEN, Since(OPEN, SEEN))),
        ("open(parcel) implies open(parcel) implies begins look", Implies(OPEN, Implies(OPEN, SEEN))),
        ("(open(parcel) implies open(parcel)) implies begins look", Implies(Implies(OPEN, OPEN), SEEN)),
        ("historically once previously not open(parcel)", Historically(Once(Previously(Not(OPEN))))),
        ("holding = nothing", Compare("=", Reading("holding"), Literally("nothing"))),
        ("begins any", Happens("begins", ())),
        ("failed put(any, bin_1)", Happens("failed", ("stow", "place"), (Anything(), Literally("bin_1")))),
        (
            "every item x: done pick(x) implies weight(x) <= 2.5",
            Every(
                "item", "x",
                Implies(Happens("done", ("pick",), (Variable("x"),)),
                        Compare("<=", Reading("weight", (Variable("x"),)), Literally(2.5))),
            ),
        ),
        (
            "every item x: open(location(x))",
            Every("item", "x", Holds(Reading("open", (Reading("location", (Variable("x"),)),)))),
        ),
        (
            'some place p: some item x: location(x) = p and "bin_1" = location(x)',
            Some("place", "p", Some("item", "x", And(
                Compare("=", Reading("location", (Variable("x"),)), Variable("p")),
                Compare("=", Literally("bin_1"), Reading("location", (Variable("x"),))),
            ))),
        ),
    ],
)  # fmt: skip
def test_what_is_read(text: str, formula: Formula) -> None:
    assert parse(text, WORDS) == formula


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a formula at character 1: found 'the end'"),
        ("onec begins pick", "character 1: found 'onec'; allowed: a formula: an event, a reading, a comparison, not, (; "
                             "did you mean 'once'?"),
        ("open(parcl)", "character 6, after 'open(': found 'parcl'; allowed: a place: bin_1, bin_2, parcel; did you mean"),
        ("begins stov", "did you mean 'stow'?"),
        ("begins look(parcel, bin_1)", "at most 1 arguments of 'look'"),
        ("begins pick(parcel)", "a variable of the kind item, or any"),
        ("begins any(x)", "at most 0 arguments of 'any'"),
        ("every item x: location(x) = bin_3", "a value of location: bin_1, bin_2, hand, parcel; did you mean 'bin_"),
        ("every item x: bin_3 = location(x)", "a value of location"),
        ("every item x: open(x)", "a variable of the kind place; 'x' is of the kind item"),
        ("every item x: every item x: true", "a name of its own for the variable"),
        ("every itm x: true", "did you mean 'item'?"),
        ("every item x true", "allowed: ':'"),
        ("(open(parcel)", "found 'the end'; allowed: ')'"),
        ("open(parcel) open(parcel)", "found 'open'; allowed: the end, or and, or, implies, since"),
        ("open(parcel) adn begins look", "did you mean 'and'?"),
        ("inspected(y)", "found 'y'; allowed: a variable of the kind item"),
        ("openn(parcel)", "did you mean 'open'?"),
        ("begins pick; drop", "found ';'"),
        ("holding =", "found 'the end'"),
        ("3", "a comparison with"),
        ("every item x: x", "a comparison with"),
        ("every item a: every item b: every item c: every item d: true", "at most 3 variables"),
        ("(" * 100 + "true" + ")" * 100, f"at most {MOST_DEPTH} operators"),
        ("not " * 400 + "true", f"at most {MOST_DEPTH} operators"),
        (" " * (MOST_CHARACTERS + 1), f"at most {MOST_CHARACTERS}"),
    ],
)  # fmt: skip
def test_what_is_not_read_is_shown_where_it_stands(text: str, said: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse(text, WORDS)
    assert said in str(caught.value) and "\n" not in str(caught.value)


@given(st.lists(st.sampled_from(
    ["every", "item", "x", ":", "(", ")", "begins", "pick", "once", "since", "and", "open", "parcel", "=", ",", '"', "3", "∀"]
), max_size=14))  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_any_words_are_read_or_refused(words: list[str]) -> None:
    try:
        formula = parse(" ".join(words), WORDS)
    except BadInput:
        return
    Program(formula)
