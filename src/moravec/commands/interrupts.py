"""Ctrl-C and SIGTERM: the first asks for a controlled stop, the second ends at once."""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType
from typing import Any, Self, final

from moravec.commands.options import say
from moravec.runtime.job import AtOnce

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@final
class Interrupts:
    """A context manager around a job. Until `bind` gives it something to cancel, the first signal ends at once as well.

    Only for the main thread, as Python's signal handlers are.
    """

    def __init__(self) -> None:
        self._cancel: Callable[[], None] | None = None
        self._came = 0
        self._before: dict[int, Any] = {}

    def bind(self, cancel: Callable[[], None]) -> None:
        """From now on the first signal calls `cancel`."""
        self._cancel = cancel

    def __enter__(self) -> Self:
        for number in _SIGNALS:
            self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self._came += 1
        if self._cancel is None or self._came > 1:
            raise AtOnce
        self._cancel()
        say("stopping the arm; once more ends at once")
