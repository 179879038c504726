"""One thread beside the others, for work that may take long."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from multiprocessing.pool import ThreadPool
from typing import TypeVar, final

T = TypeVar("T")


@final
class Worker:
    """Does jobs one after another, in the order in which they were given.

    A job's future carries what it gave or whatever it raised. A future that is cancelled before its turn is never
    begun. The thread is a daemon: a job that never ends does not keep the process from ending.
    """

    def __init__(self) -> None:
        self._pool = ThreadPool(1)

    def do(self, job: Callable[[], T]) -> Future[T]:
        """Puts `job` at the end of the queue. Raises ValueError after `close`."""
        future: Future[T] = Future()

        def run() -> tuple[T, ...]:
            try:
                return (job(),) if future.set_running_or_notify_cancel() else ()
            except SystemExit as error:  # it would end the thread, and nobody would hear of it
                raise RuntimeError(f"a job wanted to end the process: exit status {error.code}") from error

        def ended(result: tuple[T, ...]) -> None:
            for value in result:
                future.set_result(value)

        self._pool.apply_async(run, callback=ended, error_callback=future.set_exception)
        return future

    def close(self) -> None:
        """Drops what has not begun. A job that is under way is left to itself; its result goes nowhere."""
        self._pool.terminate()
