"""A trial in the cell, by any executor; what was broken off goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from moravec.skills.learned.pilot import Pilot
from moravec.trials.cell.attempt import Record, make
from moravec.trials.cell.suite import POLICY, Attempt
from moravec.trials.executors.contract import Executor, Group, Job, Outcome
from moravec.trials.record import Book
from moravec.worlds.registry import World

Deliver = Callable[[int], World]  # of a seed
OpenPilot = Callable[[], Pilot | None]  # both importable by name, for other processes


def run(
    book: Book[Record], wanted: Sequence[Attempt], deliver: Deliver, open_pilot: OpenPilot, held_out: bool,
    executor: Executor, tell: Callable[[Record], None],
) -> list[Record]:  # fmt: skip
    """Makes every attempt that has no record yet; all records, in the order of `wanted`. Who hangs, crashes or dies has failed.

    Raises BadInput for a record of the same attempt in another delivery, and what the executor raises.
    """
    left = book.missing(wanted, ("seed", "where"))

    def done(outcome: Outcome[Record]) -> None:
        record = outcome.value or lost(left[outcome.key], outcome)
        book.write(replace(record, leaked=outcome.leaked))
        tell(book.records[outcome.key])

    executor.run([_group(attempt, deliver, open_pilot, held_out) for attempt in left.values()], done)
    return [book.records[attempt.key] for attempt in wanted]


def tried(attempt: Attempt, deliver: Deliver, held_out: bool, pilot: Pilot | None) -> Record:
    """One attempt, in this process."""
    return make(attempt, deliver, pilot, held_out)


@contextmanager
def led(open_pilot: OpenPilot) -> Iterator[Pilot | None]:
    """The pilot of some attempts."""
    yield open_pilot()


@contextmanager
def unled() -> Iterator[None]:
    """The program leads itself."""
    yield


def lost(attempt: Attempt, outcome: Outcome[Record]) -> Record:
    """Of an attempt that left nothing. It counts against whoever was tried: how far it had come, nobody can tell."""
    return Record(
        attempt.by, attempt.index, attempt.seed, attempt.where, "", False, outcome.ended, outcome.words,
        seconds=round(outcome.seconds, 2),
    )  # fmt: skip


def _group(attempt: Attempt, deliver: Deliver, open_pilot: OpenPilot, held_out: bool) -> Group[Pilot | None, Record]:
    """An attempt by itself: beside a delivery, opening a pilot takes no time."""
    opened = partial(led, open_pilot) if attempt.by == POLICY else unled
    return Group(opened, (Job(attempt.key, partial(tried, attempt, deliver, held_out)),))
