"""How fast the robot's clock may run against the wall: as fast as the machine allows, or in real time."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Protocol, final


class Pace(Protocol):
    """Paces ticks, and runs work beside them."""

    def start(self, now: float) -> None:
        """Called once, with the robot's clock [s]."""
        ...

    def wait(self, now: float) -> None:
        """Called after every tick, with the robot's clock [s]."""
        ...

    def begin(self, work: Callable[[], Any]) -> Future[Any]:
        """Starts `work`, at once or beside the loop."""
        ...

    def close(self) -> None:
        """Lets running work end."""
        ...


@final
class AsFastAsPossible:
    """No waiting; work is done on the spot, so that the same seed gives the same run, bit for bit."""

    def start(self, now: float) -> None:
        """Nothing to do."""

    def wait(self, now: float) -> None:
        """Nothing to do."""

    def begin(self, work: Callable[[], Any]) -> Future[Any]:
        """Runs `work` now; what it raises is raised by the future's `result`."""
        future: Future[Any] = Future()
        try:
            future.set_result(work())
        except Exception as error:  # noqa: BLE001 - carried to the caller by the future, as an executor does
            future.set_exception(error)
        return future

    def close(self) -> None:
        """Nothing to do."""


@final
class RealTime:
    """The robot's clock keeps step with the wall; work runs in one thread beside the loop."""

    def __init__(self, factor: float = 1.0) -> None:
        self._factor = factor
        self._offset = 0.0
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="mind")
        self.late_ticks = 0

    def start(self, now: float) -> None:
        """Binds the robot's clock to the wall's."""
        self._offset = time.monotonic() - now / self._factor

    def wait(self, now: float) -> None:
        """Sleeps until the wall has caught up; counts ticks that were late by more than 2 ms."""
        ahead = self._offset + now / self._factor - time.monotonic()
        if ahead > 0:
            time.sleep(ahead)
        elif ahead < -0.002:
            self.late_ticks += 1

    def begin(self, work: Callable[[], Any]) -> Future[Any]:
        """Runs `work` in the thread beside the loop."""
        return self._executor.submit(work)

    def close(self) -> None:
        """Waits for running work."""
        self._executor.shutdown(wait=True, cancel_futures=True)
