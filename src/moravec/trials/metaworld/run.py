"""A trial, in several processes: hands out tasks, gathers records, goes on where it was broken off."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import as_completed

from moravec.core.errors import BadInput
from moravec.models.chunks import Stepper
from moravec.models.contract import Picture
from moravec.trials.metaworld.episode import Attempter, Record
from moravec.trials.metaworld.record import Book
from moravec.trials.metaworld.suite import Attempt
from moravec.worlds.metaworld.pictures import Drawing
from moravec.worlds.metaworld.scene import Scene
from moravec.worlds.processes import pool

GROUP = 5  # attempts at one task that a process makes before it tells
Open = Callable[[Scene], Stepper]  # what a process opens once for each group; must be importable by name


def run(
    book: Book, wanted: Sequence[Attempt], open_stepper: Open, drawing: Drawing, processes: int, tell: Callable[[Record], None]
) -> list[Record]:
    """Makes every attempt that has no record yet; all records, in the order of `wanted`.

    Raises BadInput for a record of the same attempt with another seed or other words, what a process raises, and WorldError where
    one died.
    """
    for attempt in wanted:
        found = book.records.get(attempt.key)
        if found and (found.seed, found.prompt) != (attempt.seed, attempt.prompt):
            there, now = f'seed {found.seed}, "{found.prompt}"', f'seed {attempt.seed}, "{attempt.prompt}"'
            raise BadInput(f"the trial in {book.folder}, {attempt.key}", there, f"{now}, as now asked for; or another --out")
    left = [attempt for attempt in wanted if attempt.key not in book.records]
    jobs = list(_groups(left))
    if processes == 1:
        for job in jobs:
            for record, strip in make(job, open_stepper, drawing):
                book.add(record, strip)
                tell(record)
    elif jobs:
        _in_parallel(book, jobs, open_stepper, drawing, processes, tell)
    return [book.records[attempt.key] for attempt in wanted]


def _in_parallel(
    book: Book, jobs: list[list[Attempt]], open_stepper: Open, drawing: Drawing, processes: int, tell: Callable[[Record], None]
) -> None:
    with pool(processes) as workers:
        jobs_of = {each.future: each for each in [workers.do(make, job, open_stepper, drawing) for job in jobs]}
        for future in as_completed(jobs_of):
            for record, strip in jobs_of[future].result():
                book.add(record, strip)
                tell(record)


def make(job: Sequence[Attempt], open_stepper: Open, drawing: Drawing) -> list[tuple[Record, list[Picture]]]:
    """The attempts of one job, all at one task, in this process."""
    attempter = Attempter(job[0].task, open_stepper, drawing)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Constant\\(s\\) may be too high")  # the experts ask for more than an action can be
            return [attempter.make(attempt) for attempt in job]
    finally:
        attempter.close()


def _groups(left: Sequence[Attempt]) -> Iterator[list[Attempt]]:
    """Attempts at the same task, at most GROUP together, in the order of their first."""
    waiting: dict[str, list[Attempt]] = {}
    for attempt in left:
        group = waiting.setdefault(attempt.task, [])
        group.append(attempt)
        if len(group) == GROUP:
            yield waiting.pop(attempt.task)
    yield from waiting.values()
