"""A trial of whole jobs, in several processes; what was broken off goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import as_completed
from pathlib import Path

from moravec.core.errors import BadInput
from moravec.trials.jobs.attempt import tried
from moravec.trials.jobs.film import FOLDER
from moravec.trials.jobs.record import Record
from moravec.trials.jobs.suite import Attempt, Suite
from moravec.trials.record import Book
from moravec.worlds.metaworld.processes import pool


def run(
    book: Book[Record], suite: Suite, wanted: Sequence[Attempt], items: int | None, renderer: str | None, processes: int,
    tell: Callable[[Record], None],
) -> list[Record]:  # fmt: skip
    """Makes every attempt that has no record yet; all records, in the order of `wanted`.

    Raises BadInput for a record of the same attempt in another delivery, what a process raises, and WorldError where one died.
    """
    for attempt in wanted:
        found = book.records.get(attempt.key)
        if found and found.seed != attempt.seed:
            there, now = f"seed {found.seed}", f"seed {attempt.seed}, as now asked for; or another --out"
            raise BadInput(f"the trial in {book.folder}, {attempt.key}", there, now)
    left = [attempt for attempt in wanted if attempt.key not in book.records]

    def done(made: tuple[Record, bytes]) -> None:
        record, strip = made
        if strip:
            film_of(book.folder, record).parent.mkdir(exist_ok=True)
            film_of(book.folder, record).write_bytes(strip)
        book.write(record)
        tell(record)

    if processes == 1:
        for attempt in left:
            done(tried(attempt, suite, items, renderer))
    elif left:
        with pool(processes) as workers:
            jobs = {job.future: job for job in [workers.do(tried, each, suite, items, renderer) for each in left]}
            for future in as_completed(jobs):
                done(jobs[future].result())
    return [book.records[attempt.key] for attempt in wanted]


def film_of(folder: Path, record: Record) -> Path:
    """Where the film strip of a failed job stands in a trial's folder."""
    return folder / FOLDER / f"{record.variation}-{record.index:04d}.jpg"
