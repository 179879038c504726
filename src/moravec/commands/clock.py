"""The wall's clock, which the command line hands down."""

from __future__ import annotations

import time
from typing import final


@final
class WallClock:
    """The wall's monotonic time [s]."""

    def now(self) -> float:
        """Seconds since some origin."""
        return time.monotonic()
