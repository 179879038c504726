"""A trial of whole jobs, by any executor; what was broken off goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

from moravec.trials.executors.contract import Executor, Group, Job, Outcome
from moravec.trials.jobs.attempt import tried
from moravec.trials.jobs.film import FOLDER
from moravec.trials.jobs.record import Record
from moravec.trials.jobs.suite import Attempt, OpenNamed, Suite
from moravec.trials.record import Book

Made = tuple[Record, bytes]


def run(
    book: Book[Record], suite: Suite, wanted: Sequence[Attempt], opened: OpenNamed, items: int | None, executor: Executor,
    tell: Callable[[Record], None],
) -> list[Record]:  # fmt: skip
    """Makes every attempt that has no record yet; all records, in the order of `wanted`. What hangs, crashes or dies has failed.

    Raises BadInput for a record of the same attempt in another delivery, and what the executor raises.
    """
    left = book.missing(wanted, ("seed",))

    def done(outcome: Outcome[Made]) -> None:
        record, strip = outcome.value or (lost(left[outcome.key], outcome), b"")
        if strip:
            film_of(book.folder, record).parent.mkdir(exist_ok=True)
            film_of(book.folder, record).write_bytes(strip)
        book.write(replace(record, leaked=outcome.leaked))
        tell(book.records[outcome.key])

    executor.run([_group(attempt, suite, opened, items) for attempt in left.values()], done)
    return [book.records[attempt.key] for attempt in wanted]


def made(attempt: Attempt, suite: Suite, opened: OpenNamed, items: int | None, _: None) -> Made:
    """One attempt, in this process."""
    return tried(attempt, suite, opened, items)


def lost(attempt: Attempt, outcome: Outcome[Made]) -> Record:
    """Of an attempt that left nothing."""
    told = (attempt.suite, attempt.perturbation, attempt.severity, attempt.index, attempt.seed)
    return Record(*told, cause="hardware", words=outcome.words, died=outcome.ended, seconds=round(outcome.seconds, 2))


def film_of(folder: Path, record: Record) -> Path:
    """Where the film strip of a failed job stands in a trial's folder."""
    return folder / FOLDER / f"{record.variation}-{record.index:04d}.jpg"


def _group(attempt: Attempt, suite: Suite, opened: OpenNamed, items: int | None) -> Group[None, Made]:
    """A job by itself: beside it, nothing that others could share takes time."""
    return Group(nullcontext, (Job(attempt.key, partial(made, attempt, suite, opened, items)),))
