"""Makes a trial's attempts: all of them, or with `--against` only until it is decided which of two is better."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from moravec.commands.bars import attempts_bar
from moravec.core.errors import BadInput
from moravec.trials import against
from moravec.trials.against import Before
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


def held_against(
    asked: Trial, out: Path, header: Mapping[str, Any], same: Sequence[str], wanted: Sequence[A], make: Callable[..., Record]
) -> Before | None:
    """The trial that the one in `out` is held against; None where there is none. It must share the entries `same` of `header`,
    and some of the attempts `wanted`. To be asked before anything is written. Raises BadInput."""
    if asked.against is None:
        return None
    if asked.against.resolve() == out.resolve():
        raise BadInput("--against", f"{asked.against}, where this trial is written", "another trial, or another --out")
    found = against.read_before(asked.against, str(header["suite"]), {name: header[name] for name in same}, make)
    against.shared(wanted, found)
    return found


def tried(
    asked: Trial, book: Book[T], wanted: Sequence[A], earlier: Before | None, word: Callable[[T], str],
    run: Callable[..., Sequence[T]],
) -> tuple[Sequence[T], dict[str, Any]]:  # fmt: skip
    """The records of `wanted`, and for the result what the comparison with `earlier` says. `run` makes those of its `wanted`
    that are missing. Raises BadInput."""
    what = "attempts" if asked.suite.startswith("metaworld") else "jobs"
    if earlier is None:
        with attempts_bar(book, wanted, word, what) as told:
            return run(wanted=wanted, tell=told), {}
    # One of each kind, then the next of each: where it stops, all kinds have been tried about equally often.
    both = sorted(against.shared(wanted, earlier), key=lambda attempt: attempt.index)
    batch = TOGETHER * (asked.processes or len(os.sched_getaffinity(0)))
    with attempts_bar(book, both, word, f"{what} at most") as told:
        records = against.until_decided(both, earlier, asked.margin, batch, lambda some: run(wanted=some, tell=told))
    return records, {"against": against.told(records, earlier, book.header, len(both), asked.margin)}
