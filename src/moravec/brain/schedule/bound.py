"""How long a schedule has to be at least. Pure.

The largest of: the longest chain of steps; and for each resource, each place for things, and each group of robots: what has to
come before its work, its work shared out evenly, and what has to come after (the one-machine bound of Carlier 1982, "The
one-machine sequencing problem", without its order, for several machines alike).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from moravec.brain.schedule.problem import Model

_MARKS = 24  # most different beginnings and ends that are tried


def lower_bound(model: Model) -> float:
    """Seconds that no schedule of this plan on this site falls below."""
    heads, tails = longest_paths(model)
    lasts = [_least(model, n) for n in range(len(model.touched))]
    chain = max((h + d + t for h, d, t in zip(heads, lasts, tails, strict=True)), default=0.0)
    return max(
        chain, _by_themselves(model), _of_arms(model, heads, lasts, tails), _of_things(model, heads, lasts, tails),
        _of_robots(model, heads),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Work:
    """A block: the robots that can do it, its seconds by the common measure, what has to come before, and its part."""

    able: frozenset[int]
    seconds: float
    head: float
    part: int


def longest_paths(model: Model) -> tuple[list[float], list[float]]:
    """Seconds that have to pass before each step begins, and after each one ends."""
    n = len(model.touched)
    heads, tails = [0.0] * n, [0.0] * n
    follows = _follows(model)
    own = [_own_after(model, number) for number in range(n)]
    order = [step for block in model.blocks.blocks for step in block.steps]
    for step in order:
        for later in follows[step]:
            heads[later] = max(heads[later], heads[step] + _least(model, step))
    for step in reversed(order):
        after = (tails[later] + _least(model, later) for later in follows[step])
        tails[step] = max((*after, own[step]))
    return heads, tails


def _own_after(model: Model, step: int) -> float:
    """What every robot that did the step has to do by itself afterwards: the first such step, where all can do it."""
    own = next((n for n in model.blocks.own if n > step), None)
    if own is None or not all(robot.can(model.touched[own].step, ()) for robot in model.problem.site.robots):
        return 0.0
    return _least(model, own)


def _follows(model: Model) -> list[set[int]]:
    """Step -> the steps that have to wait for it, the next of its block included."""
    follows: list[set[int]] = [set() for _ in model.touched]
    for a, b in model.pairs:
        follows[a].add(b)
    for block in model.blocks.blocks:
        for a, b in pairwise(block.steps):
            follows[a].add(b)
    return follows


def _least(model: Model, step: int) -> float:
    """The seconds of a step by whoever is the fastest of all."""
    return model.least(step, range(len(model.seconds)))


def _by_themselves(model: Model) -> float:
    """Steps that concern a robot itself: at least one robot does each."""
    return max((_least(model, step) for step in model.blocks.own), default=0.0)


def _of_arms(model: Model, heads: Sequence[float], lasts: Sequence[float], tails: Sequence[float]) -> float:
    best = 0.0
    for i, resource in enumerate(model.problem.site.resources):
        rows = [(heads[n], lasts[n], tails[n]) for n, taken in enumerate(model.takes_up) if i in taken]
        best = max(best, _shared(rows, resource.arms))
    return best


def _of_things(model: Model, heads: Sequence[float], lasts: Sequence[float], tails: Sequence[float]) -> float:
    """What lies in a resource takes up room from the step that brings it to the end of the one that takes it away: at least for
    as long as all that is done with it there, since that is done one after the other."""
    best = 0.0
    for i, room in model.rooms.items():
        stays: dict[str, tuple[float, float]] = {}  # thing -> (what comes before, seconds so far)
        rows = []
        places = model.problem.site.resources[i].places
        for n, step in enumerate(model.touched):
            if step.item is None:
                continue
            if step.item in stays:
                head, seconds = stays[step.item]
                stays[step.item] = head, seconds + lasts[n]
            if step.lays in places:
                stays[step.item] = heads[n], lasts[n]
            elif step.lifts in places and step.item in stays:
                rows.append((*stays.pop(step.item), tails[n]))
        best = max(best, _shared(rows, room.things))
    return best


def _shared(rows: Sequence[tuple[float, float, float]], many: int) -> float:
    """(before, seconds, after) of works that `many` can do at once."""
    best = 0.0
    for before in _marks(row[0] for row in rows):
        for after in _marks(row[2] for row in rows):
            work = sum(seconds for h, seconds, t in rows if h >= before and t >= after)
            best = max(best, before + work / many + after if work else 0.0)
    return best


def _marks(values: Iterable[float]) -> list[float]:
    every = sorted(set(values))
    step = max(1, -(-len(every) // _MARKS))
    return every[::step]


def _of_robots(model: Model, heads: Sequence[float]) -> float:
    """For every group of robots: the work that only they can do."""
    expected = model.problem.expected
    works = [
        _Work(frozenset(able), sum(expected[n].total for n in block.steps), heads[block.steps[0]], block.part)
        for able, block in zip(model.able, model.blocks.blocks, strict=True)
    ]
    robots = sorted({robot for work in works for robot in work.able})
    groups = (group for size in range(1, len(robots) + 1) for group in combinations(robots, size))
    mine = ((group, [work for work in works if work.able <= set(group)]) for group in groups)
    return max((_of_group(model, group, works) for group, works in mine if works), default=0.0)


def _of_group(model: Model, group: Sequence[int], works: Sequence[_Work]) -> float:
    """Their work, and their own step after it where all of it lies before the same one, shared out among those that work."""
    parts = {work.part for work in works}
    own = min((_own_total(model, part) for part in parts), default=0.0) if len(parts) == 1 else 0.0
    rates = sorted((model.problem.site.robots[robot].speed for robot in group), reverse=True)
    best = 0.0
    for head in _marks(work.head for work in works):
        seconds = sum(work.seconds for work in works if work.head >= head)
        shared = ((seconds + (k + 1) * own) / sum(rates[: k + 1]) for k in range(len(rates)))
        best = max(best, head + min(shared))
    return best


def _own_total(model: Model, part: int) -> float:
    """The common measure of the step that every robot does by itself after a part, where all can."""
    if part >= len(model.blocks.own):
        return 0.0
    own = model.blocks.own[part]
    if not all(robot.can(model.touched[own].step, ()) for robot in model.problem.site.robots):
        return 0.0
    return model.problem.expected[own].total
