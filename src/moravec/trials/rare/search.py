"""The search: each perturbation by itself at its worst, then many at once, and whatever breaks the job is made as mild as can be.

How many are tried at once follows from what broke so far: about half of the points should (adaptive group testing). What a known
case explains is not found again: one of the case's perturbations is then drawn below it. Pure: what it asks for follows from its
randomness and the answers alone, so a search that was broken off goes on from its records.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np

from moravec.trials.rare.occurrence import Occurrence
from moravec.trials.rare.reduce import Broken, Reducing, milder
from moravec.trials.rare.severity import MOST, STEP, Point

TOGETHER = 8  # points that are asked for at once
LANES = 3  # broken points that are made milder at the same time
WORST = 0.7  # of the severities in a group are as bad as they may be; the others anything below
ALONE = 4  # every so many-th point is one perturbation somewhere below its worst: more is not always worse
STALE = 30  # rounds in a row that asked for nothing new: few perturbations make few points
QUIET = 60  # groups in a row, of all there is, that broke nothing: nothing is left to be found this way


@dataclass(slots=True)
class _Lane:
    """A broken point that is being made milder, what it asks for now, and the mildest that broke so far."""

    steps: Reducing
    asked: Sequence[Point]
    mildest: Point

    def hear(self, broken: Broken, occurrence: Occurrence) -> None:
        """Goes a step on. Raises StopIteration at its end."""
        self.mildest = min([self.mildest, *(point for point in self.asked if broken[point])], key=occurrence.surprise)
        self.asked = self.steps.send(broken)


class Search:
    """One search among the perturbations of `occurrence`. `cases` are the mild points that broke the job, as they were found."""

    def __init__(self, occurrence: Occurrence, rng: np.random.Generator) -> None:
        self.cases: list[Point] = []
        self._known: list[Point] = []
        self._occurrence, self._rng = occurrence, rng
        self._alone = [str(name) for name in rng.permutation(occurrence.names)]
        self._size = max(2.0, len(occurrence.names) / 3.0)  # of a group
        self._lanes: list[_Lane] = []
        self._waiting: list[Point] = []  # broken, nobody looks at them yet
        self._groups, self._quiet = 0, 0

    def steps(self) -> Generator[Sequence[Point], Broken, None]:
        """Asks for points until nothing new turns up; is told which of them break the job."""
        stale, known = 0, set[Point]()
        while self._quiet < QUIET and stale < STALE:
            scouts = self._scouts()
            asked = [*(point for lane in self._lanes for point in lane.asked), *scouts]
            stale = stale + 1 if known.issuperset(asked) else 0
            known.update(asked)
            broken = yield list(dict.fromkeys(asked))
            self._hear(scouts, broken)
            self._lead(broken)

    def explained(self, point: Point) -> bool:
        """Whether a known case is within `point`."""
        return any(case.within(point) for case in self._known)

    def unfinished(self) -> list[Point]:
        """Points that broke the job, are no case's, and were not made as mild as they can be; the mildest of like ones."""
        left: list[Point] = []
        for point in sorted([*(lane.mildest for lane in self._lanes), *self._waiting], key=self._occurrence.surprise):
            like = any(one.names == point.names or one.within(point) for one in left)
            if not like and not self.explained(point) and point.names not in self._names():
                left.append(point)
        return left

    def _scouts(self) -> list[Point]:
        """As many new points as there is room for."""
        room = TOGETHER - sum(len(lane.asked) for lane in self._lanes) if len(self._waiting) < LANES else 0
        points = []
        for _ in range(room):
            if self._alone:
                points.append(Point.of({self._alone.pop(): MOST}))
                continue
            self._groups += 1
            points.append(self._one() if self._groups % ALONE == 0 else self._group())
        return [point for point in points if point.levels]

    def _one(self) -> Point:
        name = self._occurrence.names[int(self._rng.integers(len(self._occurrence.names)))]
        return self._unexplained({name: float(self._rng.uniform(STEP, MOST))})

    def _group(self) -> Point:
        count = min(len(self._occurrence.names), round(self._size))
        names = self._rng.choice(self._occurrence.names, count, replace=False)
        worst, levels = self._rng.random(count) < WORST, self._rng.uniform(STEP, MOST, count)
        return self._unexplained(
            {str(name): MOST if bad else float(level) for name, bad, level in zip(names, worst, levels, strict=True)}
        )

    def _unexplained(self, levels: dict[str, float]) -> Point:
        """`levels`, and of each known case among them one perturbation drawn less severe than there."""
        for case in self._known:
            if case.within(Point.of(levels)):
                name, level = case.levels[int(self._rng.integers(len(case.levels)))]
                levels[name] = float(self._rng.uniform(0.0, max(0.0, level - STEP)))
        return Point.of(levels)

    def _hear(self, scouts: Sequence[Point], broken: Broken) -> None:
        for point in scouts:
            group = len(point.levels) > 1
            if group:
                self._size = float(np.clip(self._size * (0.8 if broken[point] else 1.2), 2.0, len(self._occurrence.names)))
                everything = round(self._size) == len(self._occurrence.names)
                self._quiet = self._quiet + 1 if everything and not broken[point] else 0
            if broken[point]:
                self._quiet = 0
                self._waiting.append(point)

    def _lead(self, broken: Broken) -> None:
        """Every lane a step on; then whoever waits and is not explained takes a free one."""
        still = []
        for lane in self._lanes:
            try:
                lane.hear(broken, self._occurrence)
                still.append(lane)
            except StopIteration as done:
                self._found(done.value)
        self._lanes = still
        while self._waiting and len(self._lanes) < LANES:
            point = self._waiting.pop(0)
            if self.explained(point):
                continue
            steps = milder(point, lambda found: found.names in self._names())
            try:
                self._lanes.append(_Lane(steps, next(steps), point))
            except StopIteration as done:
                self._found(done.value)

    def _found(self, case: Point) -> None:
        """A mild one is a case. Another mixture of what a case has is known from here on, and no case of its own."""
        if len(case.names) > 1 and case.names in self._names():
            self._known.append(Point.of({name: min(level, STEP) for name, level in case.levels}))
        elif not self.explained(case):
            self.cases = [other for other in self.cases if not case.within(other)] + [case]
            self._known.append(case)

    def _names(self) -> set[tuple[str, ...]]:
        return {case.names for case in self.cases}
