"""From a point that breaks the job to a mild one that still does: fewest perturbations, then least severities.

Generators: they ask for points and are told which of them break the job. Pure: the same answers lead the same way.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Mapping, Sequence
from itertools import permutations

from moravec.trials.rare.severity import MOST, STEP, Point

Broken = Mapping[Point, bool]
Reducing = Generator[Sequence[Point], Broken, Point]

RESOLUTION = 0.125  # of a severity, to which a limit is found
TRADES = (1.0, 0.5, 0.25)  # of a severity, between two perturbations


def milder(point: Point, known: Callable[[Point], bool]) -> Reducing:
    """A point that breaks the job as `point` does, and is milder: without any of its perturbations, or with any less severe
    by RESOLUTION, it would not, as far as more is always worse. What is `known` on the way is not made milder than it is."""
    names = yield from _needed(Point(), point)
    found = point.among(names)
    if found != point and not (yield [found])[found]:
        return point  # more was not worse: the rest of the point mattered after all
    if known(found):
        return found
    for name in found.names:
        found = yield from _lowered(found, name)
    return found


def _needed(base: Point, rest: Point) -> Generator[Sequence[Point], Broken, tuple[str, ...]]:
    """Which of `rest` it takes besides `base` (QuickXplain, Junker 2004); all of both breaks the job, `base` alone does not."""
    if len(rest.levels) <= 1:
        return rest.names
    half = len(rest.levels) // 2
    first, second = Point(rest.levels[:half]), Point(rest.levels[half:])
    with_first, with_second = _joined(base, first), _joined(base, second)
    if (yield [with_first])[with_first]:
        return (yield from _needed(base, first))
    if (yield [with_second])[with_second]:
        return (yield from _needed(base, second))
    left = yield from _needed(with_second, first)
    right = yield from _needed(_joined(base, first.among(left)), second)
    return left + right


def _lowered(point: Point, name: str, least: float = 0.0) -> Reducing:
    """`name` as little severe, beyond `least`, as still breaks the job, by halving."""
    low, high = least, dict(point.levels)[name]
    while high - low > RESOLUTION + STEP / 2.0:
        half = point.at(name, (low + high) / 2.0)
        level = dict(half.levels)[name]
        low, high = (low, level) if (yield [half])[half] else (level, high)
    return point.at(name, high)


def likelier(point: Point, others: Sequence[Point]) -> Reducing:
    """A likelier mixture of the same perturbations: one is less severe, another just so much more that the job still breaks.

    Where the severities' squares sum to less it is likelier, see `Occurrence`. Long trades first, as long as any helps; none that
    leads to what one of the `others`, which break the job by themselves, explains.
    """
    best = point
    for trade in TRADES:
        helped = True
        while helped:
            helped = False
            for less, more in permutations(best.names, 2):
                found = yield from _traded(best, less, more, trade, others)
                best, helped = (found, True) if found != best else (best, helped)
    return best


def _traded(point: Point, less: str, more: str, trade: float, others: Sequence[Point]) -> Reducing:
    """`less` by `trade` less severe, and `more` as little more as that takes; `point` itself where that is no likelier."""
    levels = dict(point.levels)
    rest = levels[less] - trade
    if rest <= 0.0:
        return point
    most = min(MOST, math.sqrt(levels[more] ** 2 + levels[less] ** 2 - rest**2) - RESOLUTION)
    if most <= levels[more]:
        return point
    found = point.at(less, rest).at(more, most)
    if any(other.within(found) for other in others) or not (yield [found])[found]:
        return point
    return (yield from _lowered(found, more, levels[more]))


def _joined(one: Point, other: Point) -> Point:
    return Point(tuple(sorted({**dict(one.levels), **dict(other.levels)}.items())))
