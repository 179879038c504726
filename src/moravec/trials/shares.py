"""Shares and spreads as results say them; keys in per cent begin with `pc_`, as lerobot's do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from moravec.core.wilson import wilson
from moravec.trials.executors.contract import LOST
from moravec.trials.statistics.intervals import at_least


class Attempted(Protocol):
    """What became of an attempt."""

    @property
    def cause(self) -> str:
        """Why it failed; "": it did not."""
        ...

    @property
    def leaked(self) -> int:
        """[bytes], see the executor's `Outcome`."""
        ...


def troubles(records: Sequence[Attempted]) -> dict[str, int]:
    """How many attempts hung, crashed or died, which are failures, and after how many a process was replaced since it had
    "leaked"; kinds that did not happen are left out."""
    found = Counter(record.cause for record in records)
    found["leaked"] = sum(record.leaked > 0 for record in records)
    return {kind: found[kind] for kind in (*LOST, "leaked") if found[kind]}


def in_words(trouble: Mapping[str, int], where: str) -> str:
    """For the end of a line, "" where there was none; `where` one reads more."""
    return f"; {', '.join(f'{n} {kind}' for kind, n in trouble.items())} (see {where})" if trouble else ""


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
