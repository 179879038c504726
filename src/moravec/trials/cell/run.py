"""A trial in the cell, in several processes; what was broken off goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import as_completed

from moravec.core.errors import BadInput
from moravec.skills.learned.pilot import Pilot
from moravec.trials.cell.attempt import Record, make
from moravec.trials.cell.suite import POLICY, Attempt
from moravec.trials.record import Book
from moravec.worlds.processes import pool
from moravec.worlds.registry import World

Deliver = Callable[[int], World]  # of a seed
OpenPilot = Callable[[], Pilot | None]  # both importable by name, for other processes


def run(
    book: Book[Record], wanted: Sequence[Attempt], deliver: Deliver, open_pilot: OpenPilot, held_out: bool,
    processes: int, tell: Callable[[Record], None],
) -> list[Record]:  # fmt: skip
    """Makes every attempt that has no record yet; all records, in the order of `wanted`.

    Raises BadInput for a record of the same attempt in another delivery, what a process raises, and WorldError where one died.
    """
    for attempt in wanted:
        found = book.records.get(attempt.key)
        if found and (found.seed, found.where) != (attempt.seed, attempt.where):
            there, now = f"seed {found.seed}, {found.where}", f"seed {attempt.seed}, {attempt.where}"
            raise BadInput(f"the trial in {book.folder}, {attempt.key}", there, f"{now}, as now asked for; or another --out")
    left = [attempt for attempt in wanted if attempt.key not in book.records]

    def done(record: Record) -> None:
        book.write(record)
        tell(record)

    if processes == 1:
        for attempt in left:
            done(tried(attempt, deliver, open_pilot, held_out))
    elif left:
        with pool(processes) as workers:
            jobs = {job.future: job for job in [workers.do(tried, each, deliver, open_pilot, held_out) for each in left]}
            for future in as_completed(jobs):
                done(jobs[future].result())
    return [book.records[attempt.key] for attempt in wanted]


def tried(attempt: Attempt, deliver: Deliver, open_pilot: OpenPilot, held_out: bool) -> Record:
    """One attempt, in this process."""
    return make(attempt, deliver, open_pilot() if attempt.by == POLICY else None, held_out)
