"""A trial, by any executor: hands out tasks, gathers records, goes on where it was broken off."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial

from moravec.models.chunks import Stepper
from moravec.models.contract import Picture
from moravec.trials.executors.contract import Executor, Group, Job, Outcome
from moravec.trials.metaworld.episode import Attempter, Record
from moravec.trials.metaworld.record import Book
from moravec.trials.metaworld.suite import Attempt
from moravec.worlds.metaworld.pictures import Drawing
from moravec.worlds.metaworld.scene import Scene

GROUP = 5  # attempts at one task that share a scene and a policy
Open = Callable[[Scene], Stepper]  # what a worker opens once for each group; must be importable by name
Made = tuple[Record, list[Picture]]


def run(
    book: Book, wanted: Sequence[Attempt], open_stepper: Open, drawing: Drawing, executor: Executor,
    tell: Callable[[Record], None],
) -> list[Record]:  # fmt: skip
    """Makes every attempt that has no record yet; all records, in the order of `wanted`. Who hangs, crashes or dies has failed.

    Raises BadInput for a record of the same attempt with another seed or other words, and what the executor raises.
    """
    left = book.missing(wanted, ("seed", "prompt"))

    def done(outcome: Outcome[Made]) -> None:
        record, strip = outcome.value or (lost(left[outcome.key], outcome), [])
        book.add(replace(record, leaked=outcome.leaked), strip)
        tell(book.records[outcome.key])

    executor.run([_group(attempts, open_stepper, drawing) for attempts in _together(list(left.values()))], done)
    return [book.records[attempt.key] for attempt in wanted]


def make(attempt: Attempt, attempter: Attempter) -> Made:
    """One attempt, in this process."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Constant\\(s\\) may be too high")  # the experts ask for more than an action can be
        return attempter.make(attempt)


def attempting(task: str, open_stepper: Open, drawing: Drawing, conditions: tuple[str, ...]) -> closing[Attempter]:
    """What the attempts at a task share, bent in the same way."""
    return closing(Attempter(task, open_stepper, drawing, conditions))


def lost(attempt: Attempt, outcome: Outcome[Made]) -> Record:
    """Of an attempt that left nothing."""
    return Record(
        attempt.task, attempt.index, attempt.seed, attempt.prompt, False, 0, outcome.ended,
        seconds=round(outcome.seconds, 3), words=outcome.words, variation=attempt.variation,
    )  # fmt: skip


def _group(attempts: Sequence[Attempt], open_stepper: Open, drawing: Drawing) -> Group[Attempter, Made]:
    opened = partial(attempting, attempts[0].task, open_stepper, drawing, attempts[0].conditions)
    return Group(opened, tuple(Job(attempt.key, partial(make, attempt)) for attempt in attempts))


def _together(left: Sequence[Attempt]) -> Iterator[list[Attempt]]:
    """Attempts at the same task, bent in the same way, at most GROUP together, in the order of their first."""
    waiting: dict[tuple[str, tuple[str, ...]], list[Attempt]] = {}
    for attempt in left:
        group = waiting.setdefault((attempt.task, attempt.conditions), [])
        group.append(attempt)
        if len(group) == GROUP:
            yield waiting.pop((attempt.task, attempt.conditions))
    yield from waiting.values()
