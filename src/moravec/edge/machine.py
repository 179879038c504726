"""The three things a loop needs of the machine. Here in plain Python; `compiled` puts machine code in their place."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray


def fence() -> None:
    """What stands before is done before what stands after, also as seen by other processes. Interpreted, nothing to do."""


def now_ns(times: NDArray[np.int64]) -> int:
    """CLOCK_MONOTONIC [ns]; `times` (4,) is scratch."""
    return time.monotonic_ns()


def sleep_until(due: int, times: NDArray[np.int64]) -> None:
    """Sleeps until CLOCK_MONOTONIC reads `due` [ns], or a little longer."""
    time.sleep(max(0.0, (due - time.monotonic_ns()) * 1e-9))
