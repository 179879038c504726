"""Scores a run against the truth: is every item where the instruction wants it?

The goal is the brain's reading of the instruction, in the form of `result.json`; everything about the items comes from
the simulator. Items that no clause claims must be where they were.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from moravec.brain.goal import EVERYWHERE, Clause, Goal, Measure, Selection, goal_from_json
from moravec.worlds.registry import Thing

LOST = ("floor", "hand")


@dataclass(frozen=True, slots=True)
class Score:
    """`marks` says of each item "right", "wrong" or "untouched" (nobody asked for it, and it is where it was).

    `wrong` says in words what was wanted and found.
    """

    marks: Mapping[str, str]
    wrong: tuple[str, ...] = ()

    @property
    def success(self) -> bool:
        """Whether nothing is wrong."""
        return not self.wrong

    @property
    def right(self) -> int:
        """How many items are where the instruction wants them."""
        return sum(mark == "right" for mark in self.marks.values())

    @property
    def of(self) -> int:
        """How many items count."""
        return sum(mark != "untouched" for mark in self.marks.values())


NOTHING = Score({})
NO_NAMES: Mapping[str, str] = {}


def score(
    goal: Sequence[Mapping[str, Any]],
    before: Mapping[str, Thing],
    after: Mapping[str, Thing],
    names: Mapping[str, str] = NO_NAMES,
) -> Score:
    """How many items are right. `before` and `after` are the truth at both ends of the run; `names` says which item the brain
    means by a name of its inventory. Raises BadInput."""
    read = Goal(tuple(replace(c, what=_by_true_names(c.what, names)) for c in goal_from_json(goal).clauses))
    marks: dict[str, str] = {}
    wrong: list[str] = []
    claims = {name: _claim(read, name, before) for name in before}
    for clause in (c for c in read.clauses if c.kind == "move" and c.what.count is not None):
        wrong += _score_count(clause, [name for name, claim in claims.items() if claim is clause], before, after, marks)
    for name, claim in claims.items():
        if name in marks:
            continue
        if claim is None:
            marks[name] = "wrong" if _is_astray(name, before, after) else "untouched"
            wrong += [_moved(name, before, after)] if marks[name] == "wrong" else []
        else:
            wanted, found = _wanted(claim, after[name]), after[name].location
            marks[name] = "right" if found == wanted else "wrong"
            wrong += [] if found == wanted else [f"{name}: wanted in {wanted}; found in {found}"]
    return Score(marks, tuple(wrong))


def _score_count(
    clause: Clause, mine: Sequence[str], before: Mapping[str, Thing], after: Mapping[str, Thing], marks: dict[str, str]
) -> list[str]:
    """"Two red cans": as many as were named, or as there are, must be there; the others where they were."""
    there = [name for name in mine if after[name].location == _wanted(clause, after[name])]
    enough = min(clause.what.count or 0, len(mine))
    astray = [name for name in mine if name not in there and _is_astray(name, before, after)]
    short = max(0, enough - len(there) - len(astray))
    for name in mine:
        if name in there:
            marks[name] = "right" if there.index(name) < enough else "wrong"
        else:
            marks[name] = "wrong" if name in astray or short > 0 else "untouched"
            short -= name not in astray and short > 0
    wrong = [_moved(name, before, after) for name in astray]
    if len(there) != enough:
        wrong.append(f"{enough} of {clause.what.describe()} wanted in {clause.to}; found {len(there)}")
    return wrong


def _is_astray(name: str, before: Mapping[str, Thing], after: Mapping[str, Thing]) -> bool:
    return after[name].location != before[name].location or after[name].location in LOST


def _moved(name: str, before: Mapping[str, Thing], after: Mapping[str, Thing]) -> str:
    return f"{name}: was to stay in {before[name].location}; found in {after[name].location}"


def _wanted(clause: Clause, thing: Thing) -> str:
    """The location that fulfils `clause` for `thing`."""
    assert clause.to is not None  # a move says where to
    return thing.belongs if clause.to.kind == "rule" else clause.to.name


def _claim(goal: Goal, name: str, things: Mapping[str, Thing]) -> Clause | None:
    """The clause that says where `name` goes: what names a code or damage before what does not, then the narrowest that fits,
    then a named place; of equal ones the last."""
    fitting = [c for c in goal.clauses if c.kind == "move" and c.to is not None and _fits(c.what, name, things, goal)]
    return max(reversed(fitting), key=_weight, default=None)


def _weight(clause: Clause) -> tuple[bool, bool, bool, int, bool]:
    what = clause.what
    named = clause.to is not None and clause.to.kind != "rule"
    return (not what.rest, bool(what.codes), what.condition is not None, what.specificity, named)


def _fits(what: Selection, name: str, things: Mapping[str, Thing], goal: Goal) -> bool:
    thing = things[name]
    simple = (
        (not what.items or name in what.items)
        and (what.coded is None or what.coded == (thing.code is not None))
        and (what.measure is None or not what.measure.value or _measures(thing, what.measure))
        and (not what.categories or thing.category in what.categories)
        and (not what.colours or thing.colour in what.colours)
        and (not what.codes or thing.code in what.codes)
        and (what.condition is None or (what.condition == "damaged") == thing.damaged)
        and (what.place is None or _is_in(what.place, thing.location))
    )
    if not simple or any(_fits(other, name, things, goal) for other in what.exceptions):
        return False
    if what.rest:
        others = [c.what for c in goal.clauses if c.kind == "move" and c.what != what and not c.what.rest]
        if any(_fits(other, name, things, goal) for other in others):
            return False
    return _fits_size(what, name, things)


def _is_in(place: str, location: str) -> bool:
    if place == EVERYWHERE:
        return True
    if place == "bins":
        return len(location) == 1
    return location == place.removeprefix("bin:")


def _fits_size(what: Selection, name: str, things: Mapping[str, Thing]) -> bool:
    """"smallest" and "largest" rank among the items of the same selection; "small" and "large" split them in halves."""
    if what.measure is not None and not what.measure.value:
        return _ranks(what, what.measure, name, things)
    if not what.sizes:
        return True
    alike = [n for n, t in things.items() if (not what.categories or t.category in what.categories)
             and (not what.colours or t.colour in what.colours)]  # fmt: skip
    order = sorted(alike, key=lambda n: things[n].size)
    rank, n = order.index(name), len(order)
    amount = what.count or 1
    fits = {"smallest": rank < amount, "largest": rank >= n - amount, "small": 2 * rank < n, "large": 2 * rank >= n - 1}
    return any(fits[size] for size in what.sizes)


def _size(thing: Thing, measure: Measure) -> float:
    return thing.size if measure.axis == "volume" else thing.length


def _measures(thing: Thing, measure: Measure) -> bool:
    size, value = _size(thing, measure), measure.value
    if measure.kind == "about":
        return abs(size - value) <= 0.2 * value
    return size <= value if measure.kind == "below" else size >= value


def _ranks(what: Selection, measure: Measure, name: str, things: Mapping[str, Thing]) -> bool:
    """Among the items that fit the other words: first, last, in the middle, or in the smaller or larger half."""
    plain = replace(what, measure=None, count=None, exceptions=(), rest=False)
    alike = [n for n in things if _fits(plain, n, things, Goal(()))]
    order = sorted(alike, key=lambda n: _size(things[n], measure))
    rank, n, amount = order.index(name), len(order), what.count or 1
    first = {"smallest": 0, "middle": (n - amount) // 2, "largest": n - amount}.get(measure.kind)
    if first is not None:
        return first <= rank < first + amount
    return 2 * rank < n if measure.kind == "small" else 2 * rank >= n - 1


def _by_true_names(what: Selection, names: Mapping[str, str]) -> Selection:
    items = tuple(names.get(name, name) for name in what.items)
    return replace(what, items=items, exceptions=tuple(_by_true_names(e, names) for e in what.exceptions))
