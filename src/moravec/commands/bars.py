"""A bar of progress on standard error; lines now and then where nobody watches a terminal."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

TOLD_EVERY = 30.0  # [s] between two lines where there is no terminal
Advance = Callable[[int, str], None]


@contextlib.contextmanager
def bar(what: str, total: int) -> Iterator[Advance]:
    """Gives a function that is told how many are done, and a word about the last one."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _lines(what, total)
        return
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn(),
        TextColumn("{task.fields[word]}"),
    )  # fmt: skip
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(what, total=total, word="")
        yield lambda done, word: progress.update(task, completed=done, word=word)


def _lines(what: str, total: int) -> Advance:
    start, told = time.monotonic(), 0.0

    def advance(done: int, word: str) -> None:
        nonlocal told
        now = time.monotonic() - start
        if now - told >= TOLD_EVERY or done == total:
            told = now
            print(f"{what}: {done:,} of {total:,}, {now:.0f} s, {word}", file=sys.stderr, flush=True)

    return advance
