"""Whether a point breaks the job: several deliveries that go well as drawn are done under it, and none may."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from moravec.core.errors import MoravecError
from moravec.trials.executors.contract import Executor
from moravec.trials.jobs.record import Record
from moravec.trials.jobs.run import run
from moravec.trials.jobs.suite import FIRST_SEED, NOMINAL, SEEDS_APART, Attempt, OpenNamed, Suite
from moravec.trials.rare.severity import Numbers, Point, with_points
from moravec.trials.record import Book

ALIKE = 2  # deliveries that must fail: one alone may be unlucky
LONGER = 10.0  # than the longest that went well as drawn, of the robot's time
LEAST_TIME = 60.0  # [s]
TRIED_FOR_ONE = 4  # deliveries that are tried as drawn for each that is wanted


class Judge:
    """Has jobs done, and remembers in `book` what became of them. `tell` hears of each that is done, and how many under
    perturbations were asked for. `suite` is the one that is tried, see `prepare`."""

    def __init__(
        self, book: Book[Record], suite: Suite, drawn: Numbers, opened: OpenNamed, items: int | None, executor: Executor,
        tell: Callable[[Record, int], None], seed: int = 0,
    ) -> None:  # fmt: skip
        self.suite = suite
        self._book, self._drawn, self._opened = book, drawn, opened
        self._items, self._executor, self._tell = items, executor, tell
        self._first = FIRST_SEED + seed * SEEDS_APART
        self._good: list[int] = []  # indices of deliveries that go well as drawn
        self._asked: dict[str, None] = {}

    @property
    def jobs(self) -> int:
        """How many jobs under perturbations were asked for so far, also those that an earlier search has done."""
        return len(self._asked)

    def prepare(self, wanted: int) -> list[int]:
        """Finds `wanted` deliveries that go well as drawn; their indices. From here on a job may take LONGER times as long as
        the first of them do: who tries again and again without an end is broken off.

        Raises MoravecError where too few do: a job that fails by itself has to be mended first.
        """
        tried = 0
        while len(self._good) < wanted and tried < TRIED_FOR_ONE * wanted:
            more = range(tried, tried + wanted - len(self._good))
            self._good += self.well(more)
            tried = more.stop
        usual = max((self._book.records[f"{NOMINAL}/{k}"].robot_s for k in self._good[:ALIKE]), default=0.0)
        self.suite = replace(self.suite, most_robot_s=min(self.suite.most_robot_s, max(LEAST_TIME, LONGER * usual)))
        if len(self._good) < wanted:
            found = f"{len(self._good)} of {tried} deliveries went well as drawn"
            raise MoravecError(f"the search in {self._book.folder}: {found}, {wanted} are needed; see 'moravec trial'")
        return self._good[:wanted]

    def well(self, deliveries: Sequence[int]) -> list[int]:
        """Those of `deliveries`, indices, that go well as drawn."""
        records = self._records([Attempt(self.suite.name, NOMINAL, 0, k, self._first + k) for k in deliveries])
        return [k for k, record in zip(deliveries, records, strict=True) if record.success]

    def broken(self, points: Sequence[Point]) -> Mapping[Point, bool]:
        """Of each point, whether all of the first ALIKE good deliveries fail under it. The second is not tried where the first
        goes well."""
        found = dict.fromkeys(points, True)
        for delivery in self._good[:ALIKE]:
            left = [point for point in points if found[point] and point.levels]
            for point, record in zip(left, self.done([(point, delivery) for point in left]), strict=True):
                found[point] = not record.success
        return {point: bad and bool(point.levels) for point, bad in found.items()}

    def done(self, wanted: Sequence[tuple[Point, int]]) -> list[Record]:
        """What becomes of each delivery, an index, under its point."""
        attempts = [Attempt(self.suite.name, point.name, 1, k, self._first + k) for point, k in wanted]
        self._asked |= dict.fromkeys(attempt.key for attempt in attempts)
        return self._records(attempts, with_points(self.suite, [point for point, _ in wanted], self._drawn))

    def _records(self, attempts: Sequence[Attempt], suite: Suite | None = None) -> list[Record]:
        def told(record: Record) -> None:
            self._tell(record, self.jobs)

        return run(self._book, suite or self.suite, attempts, self._opened, self._items, self._executor, told)
