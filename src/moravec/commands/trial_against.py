"""Makes a trial's attempts: all of them, or with `--against` only until it is decided which of two is better."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from moravec.commands.bars import attempts_bar
from moravec.core.errors import BadInput
from moravec.trials import against
from moravec.trials.record import Book, Recorded, Wanted

if TYPE_CHECKING:
    from moravec.commands.trial import Trial

TOGETHER = 4  # attempts of each process between two looks at what is decided


class Attempt(Wanted, Protocol):
    """An attempt that is asked for."""

    @property
    def index(self) -> int:
        """Which one of its kind, from 0."""
        ...


class Record(Recorded, against.Tried, Protocol):
    """What became of it."""


A = TypeVar("A", bound=Attempt)
T = TypeVar("T", bound=Record)


def tried(
    asked: Trial, book: Book[T], wanted: Sequence[A], make: Callable[..., T], same: Mapping[str, Any], word: Callable[[T], str],
    run: Callable[..., Sequence[T]],
) -> tuple[Sequence[T], dict[str, Any]]:  # fmt: skip
    """The records of `wanted`, and for the result what the comparison says. `run` makes those of its `wanted` that are missing;
    `same` are the entries of the header that the trial before must share. Raises BadInput."""
    what = "attempts" if asked.suite.startswith("metaworld") else "jobs"
    if asked.against is None:
        with attempts_bar(book, wanted, word, what) as told:
            return run(wanted=wanted, tell=told), {}
    if asked.against.resolve() == book.folder.resolve():
        raise BadInput("--against", f"{asked.against}, where this trial is written", "another trial, or another --out")
    before = against.read_before(asked.against, str(book.header["suite"]), same, make)
    # One of each kind, then the next of each: where it stops, all kinds have been tried about equally often.
    both = sorted(against.shared(wanted, before), key=lambda attempt: attempt.index)
    batch = TOGETHER * (asked.processes or len(os.sched_getaffinity(0)))
    with attempts_bar(book, both, word, f"{what} at most") as told:
        records = against.until_decided(both, before, asked.margin, batch, lambda some: run(wanted=some, tell=told))
    return records, {"against": against.told(records, before, book.header, len(both), asked.margin)}
