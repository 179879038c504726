"""Time is injected: nothing below `runtime/` reads the wall clock."""

from __future__ import annotations

from typing import Protocol, final


class Clock(Protocol):
    """Monotonic time in seconds."""

    def now(self) -> float:
        """Seconds since an arbitrary origin; never decreases."""
        ...


@final
class ManualClock:
    """A clock that moves when it is told to; for tests and simulated time."""

    def __init__(self, start: float = 0.0) -> None:
        self._now = start

    def now(self) -> float:
        """Seconds since `start` was set."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move time forward by `seconds` [s], which must not be negative."""
        if not seconds >= 0.0:
            raise ValueError(f"a clock cannot move by {seconds} s; allowed: 0 or more")
        self._now += seconds
