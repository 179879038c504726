"""Scores a run against the truth: is every item where the instruction wants it?

The goal is the brain's reading of the instruction, in the form of `result.json`; everything about the items comes from
the simulator. Items that no clause claims must be where they were.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from moravec.brain.goal import Clause, Goal, Selection, goal_from_json
from moravec.worlds.registry import Thing

LOST = ("floor", "hand")


@dataclass(frozen=True, slots=True)
class Score:
    """Items that are right, of those that count; `wrong` says item by item what was wanted and found."""

    right: int
    of: int
    wrong: tuple[str, ...] = ()

    @property
    def success(self) -> bool:
        """Whether nothing is wrong."""
        return not self.wrong


def score(goal: Sequence[Mapping[str, Any]], before: Mapping[str, Thing], after: Mapping[str, Thing]) -> Score:
    """How many items are right. `before` and `after` are the truth at both ends of the run. Raises BadInput."""
    read = goal_from_json(goal)
    claims = {name: _claim(read, name, before) for name in before}
    wrong: list[str] = []
    counted: set[str] = set()
    for clause in (c for c in read.clauses if c.kind == "move" and c.what.count is not None):
        mine = [name for name, claim in claims.items() if claim is clause]
        there = [name for name in mine if after[name].location in _wanted(clause, after[name])]
        enough = min(clause.what.count or 0, len(mine))
        counted |= set(mine)
        if len(there) != enough:
            wrong.append(f"{enough} of {clause.what.describe()} wanted in {clause.to}; found {len(there)}")
        wrong += [_moved(n, before, after) for n in mine if n not in there and _is_astray(n, before, after)]
    for name, claim in claims.items():
        if name in counted:
            continue
        if claim is not None and after[name].location not in _wanted(claim, after[name]):
            wanted = " or ".join(_wanted(claim, after[name]))
            wrong.append(f"{name}: wanted in {wanted}; found in {after[name].location}")
        if claim is None and _is_astray(name, before, after):
            wrong.append(_moved(name, before, after))
    about = [name for name, claim in claims.items() if claim is not None] or list(before)
    return Score(max(0, len(about) - len(wrong)), len(about), tuple(wrong))


def _is_astray(name: str, before: Mapping[str, Thing], after: Mapping[str, Thing]) -> bool:
    return after[name].location != before[name].location or after[name].location in LOST


def _moved(name: str, before: Mapping[str, Thing], after: Mapping[str, Thing]) -> str:
    return f"{name}: was to stay in {before[name].location}; found in {after[name].location}"


def _wanted(clause: Clause, thing: Thing) -> tuple[str, ...]:
    """The locations that fulfil `clause` for `thing`."""
    assert clause.to is not None  # a move says where to
    return (thing.belongs,) if clause.to.kind == "rule" else (clause.to.name,)


def _claim(goal: Goal, name: str, things: Mapping[str, Thing]) -> Clause | None:
    """The clause that says where `name` goes: the narrowest that fits, of equal ones the last."""
    fitting = [c for c in goal.clauses if c.kind == "move" and c.to is not None and _fits(c.what, name, things, goal)]
    return max(reversed(fitting), key=lambda c: c.what.specificity, default=None)


def _fits(what: Selection, name: str, things: Mapping[str, Thing], goal: Goal) -> bool:
    thing = things[name]
    simple = (
        (not what.categories or thing.category in what.categories)
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
    if place == "bins":
        return len(location) == 1
    return location == place.removeprefix("bin:")


def _fits_size(what: Selection, name: str, things: Mapping[str, Thing]) -> bool:
    """"smallest" and "largest" rank among the items of the same selection; "small" and "large" split them in halves."""
    if not what.sizes:
        return True
    alike = [n for n, t in things.items() if (not what.categories or t.category in what.categories)
             and (not what.colours or t.colour in what.colours)]  # fmt: skip
    order = sorted(alike, key=lambda n: things[n].size)
    rank, n = order.index(name), len(order)
    amount = what.count or 1
    fits = {"smallest": rank < amount, "largest": rank >= n - amount, "small": 2 * rank < n, "large": 2 * rank >= n - 1}
    return any(fits[size] for size in what.sizes)
