"""Processes that simulate side by side. They come after people's own work, and none outlives the one that started them."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Generic, TypeVar, final

from moravec.core.errors import WorldError

T = TypeVar("T")
NICE = 5  # added to what the one that starts them has


@final
class Pool:
    """Where jobs are given to. See `pool`."""

    def __init__(self, executor: ProcessPoolExecutor) -> None:
        self._executor = executor

    def do(self, work: Callable[..., T], *arguments: Any) -> Job[T]:
        """Has `work(*arguments)` done in one of the processes; both must be importable, or picklable."""
        return Job(self._executor.submit(work, *arguments))


@dataclass(frozen=True, slots=True)
class Job(Generic[T]):
    """Something that a process does."""

    future: Future[Any]

    def result(self) -> T:
        """What the work gave; waits for it. Raises what the work raised."""
        done: T = self.future.result()
        return done


@contextlib.contextmanager
def pool(processes: int) -> Iterator[Pool]:
    """Processes for as long as the block lasts. Whatever ends it but its own end (a fault, Ctrl-C, a kill) ends them at once.

    Raises WorldError where one of them died.
    """
    context = multiprocessing.get_context("spawn")  # OpenGL and a model's threads do not survive a fork
    theirs, ours = context.Pipe(duplex=False)
    executor = ProcessPoolExecutor(processes, context, begin, (theirs,))
    try:
        yield Pool(executor)
        executor.shutdown()
    except BrokenProcessPool as error:
        raise WorldError("a process died at its work: killed, or too little memory; the same command goes on") from error
    finally:
        ours.close()
        executor.shutdown()
        theirs.close()


def begin(lifeline: Connection) -> None:
    """The first thing in a new process. The end of `lifeline` comes when the one that started it closes it or is no more."""

    def end() -> None:
        lifeline.poll(None)
        os._exit(1)

    os.nice(NICE)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal sends Ctrl-C to all; the first process decides
    threading.Thread(target=end, daemon=True).start()
