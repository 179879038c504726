"""The wall's clock, which the command line hands down."""

from __future__ import annotations

import time
from typing import final


@final
class WallClock:
    """The wall's monotonic time [s], and its date."""

    def now(self) -> float:
        """Seconds since some origin."""
        return time.monotonic()

    def utc_ns(self) -> int:
        """The date [ns since 1970-01-01, UTC]."""
        return time.time_ns()
