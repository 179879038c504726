"""Shares and spreads as results say them; keys in per cent begin with `pc_`, as lerobot's do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from moravec.core.wilson import wilson
from moravec.trials.statistics.intervals import at_least


def told(successes: int, n: int) -> dict[str, Any]:
    """A share of successes with its interval, and what can be claimed of it: the exact one-sided bound of 95 %."""
    low, high = wilson(successes, n)
    return {
        "n_episodes": n, "n_success": successes, "pc_success": 100.0 * successes / max(1, n),
        "pc_success_ci95": [100.0 * low, 100.0 * high], "pc_success_at_least95": 100.0 * at_least(successes, n),
    }  # fmt: skip


def quantiles(values: Sequence[float]) -> dict[str, float]:
    """How many there are, their median and their 95th percentile."""
    if not values:
        return {"n": 0}
    p50, p95 = (float(v) for v in np.percentile(values, [50, 95]))
    return {"n": len(values), "p50": round(p50, 3), "p95": round(p95, 3)}
