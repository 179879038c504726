"""Time is injected: nothing below `runtime/` reads the wall clock."""

from __future__ import annotations

from typing import Protocol, final


class Clock(Protocol):
    """Monotonic time in seconds."""

    def now(self) -> float:
        """Seconds since an arbitrary origin; never decreases."""
        ...


class Calendar(Clock, Protocol):
    """A clock that knows the date as well."""

    def utc_ns(self) -> int:
        """Nanoseconds since 1970-01-01 in UTC; may be set back."""
        ...


@final
class ManualClock:
    """A clock that moves when it is told to; for tests and simulated time. `utc_ns` is the date at its start [ns]."""

    def __init__(self, start: float = 0.0, utc_ns: int = 0) -> None:
        self._now, self._start, self._date = start, start, utc_ns

    def now(self) -> float:
        """Seconds since `start` was set."""
        return self._now

    def utc_ns(self) -> int:
        """The date at the start and the time since then [ns]."""
        return self._date + round((self._now - self._start) * 1e9)

    def advance(self, seconds: float) -> None:
        """Move time forward by `seconds` [s], which must not be negative."""
        if not seconds >= 0.0:
            raise ValueError(f"a clock cannot move by {seconds} s; allowed: 0 or more")
        self._now += seconds
