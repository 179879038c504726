"""What a loop may ask of the system: priority over everything else, memory that is never swapped, a core of its own.

Each is tried, and what was refused is said; nothing here is needed for the loop to be right, only for it to be on time.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass

PRIORITY = 80  # of 99; what serves the hardware runs higher
_LOCK_ALL, _ON_FAULT = 3, 4  # MCL_CURRENT | MCL_FUTURE; MCL_ONFAULT
_TIMER_SLACK = 29  # PR_SET_TIMERSLACK


@dataclass(frozen=True, slots=True)
class Granted:
    """What was granted; empty texts, or why not."""

    priority: str = ""
    memory: str = ""
    core: int = -1  # the loop's core, -1 where it has none of its own

    def words(self) -> str:
        """In one line."""
        told = ["real-time priority " + (f"refused ({self.priority})" if self.priority else "granted")]
        told.append("memory locking " + (f"refused ({self.memory})" if self.memory else "granted"))
        return ", ".join(told) + (f", core {self.core}" if self.core >= 0 else "")


def raise_priority() -> str:
    """SCHED_FIFO for the calling thread; "" or why not."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
    except OSError as error:
        return error.strerror or "not permitted"
    return ""


def lock_memory() -> str:
    """No page of this process is ever swapped; "" or why not."""
    return _lock(_LOCK_ALL)


def _lock(what: int) -> str:
    libc = ctypes.CDLL(None, use_errno=True)
    return "" if libc.mlockall(what) == 0 else os.strerror(ctypes.get_errno())


def unlock_memory() -> None:
    """Takes that back."""
    ctypes.CDLL(None).munlockall()


def wake_on_time() -> None:
    """Asks for timers of the calling thread to end when they should, and not up to 50 us later."""
    ctypes.CDLL(None).prctl(_TIMER_SLACK, 1, 0, 0, 0)


def take_core() -> int:
    """The last of the allowed cores for the calling thread alone, -1 where there is only one, or it is refused."""
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        return -1
    try:
        os.sched_setaffinity(0, {allowed[-1]})
    except OSError:
        return -1
    return allowed[-1]


@contextlib.contextmanager
def off_core(core: int) -> Iterator[None]:
    """Keeps the calling thread off the loop's core."""
    before = os.sched_getaffinity(0)
    if core >= 0 and before - {core}:
        os.sched_setaffinity(0, before - {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def locking_refused() -> str:
    """Whether this process may lock all its memory, tried without bringing any of it in, and taken back; "" or why not."""
    refused = _lock(_LOCK_ALL | _ON_FAULT)
    unlock_memory()
    return refused


def priority_refused() -> str:
    """Whether a thread of this process would get the priority, tried on one that ends at once; "" or why not."""
    found: list[str] = []
    thread = threading.Thread(target=lambda: found.append(raise_priority()))
    thread.start()
    thread.join()
    return found[0]
