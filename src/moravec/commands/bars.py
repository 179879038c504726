"""A bar of progress on standard error, with how fast it goes and how long it will take; lines now and then where nobody watches a
terminal."""

from __future__ import annotations

import contextlib
import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from moravec.commands.options import say
from moravec.trials.record import Book, R, Wanted

TOLD_EVERY = 30.0  # [s] between two lines where there is no terminal
Advance = Callable[[int, str], None]
Clock = Callable[[], float]


@contextlib.contextmanager
def bar(what: str, total: int, before: int = 0, clock: Clock = time.monotonic) -> Iterator[Advance]:
    """Gives a function that is told how many are done, and a word about the last one. `before` were done when it began: they say
    nothing about how fast it goes."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines(what, total, before, clock)
        return
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        TextColumn("{task.fields[pace]}"), TextColumn("{task.fields[word]}"),
    )  # fmt: skip
    with Progress(*columns, console=console) as progress:
        task, start = progress.add_task(what, total=total, completed=before, word="", pace=""), clock()

        def advance(done: int, word: str) -> None:
            progress.update(task, completed=done, word=word, pace=pace(done - before, total - done, clock() - start))

        yield advance


@contextlib.contextmanager
def attempts_bar(
    book: Book[R], wanted: Sequence[Wanted], told: Callable[[R], str], what: str = "attempts"
) -> Iterator[Callable[[R], None]]:
    """Gives a function that is told of each attempt as it ends, of which `told` says a word. Those that `book` holds are done."""
    if book.notice:
        say(book.notice)
    done = sum(attempt.key in book.records for attempt in wanted)
    with bar(what, len(wanted), done) as advance:

        def ended(record: R) -> None:
            nonlocal done
            done += 1
            advance(done, told(record))

        yield ended


def pace(done: int, left: int, seconds: float) -> str:
    """Rate and time left, for people, of what took `seconds` [s] for `done`; "" where nothing can be said."""
    if done <= 0 or seconds <= 0.0:
        return ""
    rate = done / seconds
    span, unit = next((s, u) for s, u in ((1.0, "a second"), (60.0, "a minute"), (math.inf, "an hour")) if rate * s >= 1.0)
    return f"{rate * min(span, 3600.0):.1f} {unit}, {_span(left / rate)} left"


def _span(seconds: float) -> str:
    """A time, as exactly as it can be known."""
    if seconds < 90.0:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60.0)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"


def _lines(what: str, total: int, before: int, clock: Clock) -> Advance:
    start, told = clock(), 0.0

    def advance(done: int, word: str) -> None:
        nonlocal told
        now = clock() - start
        if now - told >= TOLD_EVERY or done == total:
            told = now
            said = [f"{what}: {done:,} of {total:,}", f"{now:.0f} s", pace(done - before, total - done, now), word]
            print(", ".join(part for part in said if part), file=sys.stderr, flush=True)

    return advance
