"""Whether long work changes slowly: signals of the jobs as drawn, in the order of their seeds, against the first ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from moravec.trials.jobs.record import Record
from moravec.trials.statistics.drift import SLACK, THRESHOLD, alarm, run_length

BASELINE = 20  # jobs that say what is usual; frozen: a baseline that follows hides slow wear
LEAST_SPREAD = 1e-6  # a signal that never varies has no scale to be measured by

Signal = Callable[[Record], float | None]
SIGNALS: Mapping[str, Signal] = {
    "cycle_s": lambda r: float(np.median(r.cycle_s)) if r.cycle_s else None,
    "energy_j_per_item": lambda r: r.energy_j / r.right if r.right else None,
    "peak_force_n": lambda r: r.peak_force_n,
    "items_wrong": lambda r: float(r.items - r.right),
}


def drifts(usual: Sequence[Record]) -> dict[str, Any]:
    """Of each signal whether it rose: one-sided cumulative sums of values standardised on the first BASELINE jobs. `alarm_at` is
    the job, counted from 0, at which one exceeds the threshold, None for never, or where there are no jobs beyond the baseline.

    `jobs_between_false_alarms` is Siegmund's length for one normal signal; several signals together give one so much sooner.
    """
    signals: dict[str, Any] = {}
    for name, of in SIGNALS.items():
        values = np.array([value for r in usual if (value := of(r)) is not None])
        found: dict[str, Any] = {"jobs": len(values), "alarm_at": None}
        if len(values) > BASELINE:
            mean, spread = float(values[:BASELINE].mean()), float(values[:BASELINE].std(ddof=1))
            found |= {"baseline": round(mean, 4), "spread": round(spread, 4)}
            if spread > LEAST_SPREAD:
                at = alarm((values[BASELINE:] - mean) / spread)
                found["alarm_at"] = None if at is None else BASELINE + at
        signals[name] = found
    length = run_length(0.0)
    return {
        "signals": signals, "slack": SLACK, "threshold": THRESHOLD, "baseline_jobs": BASELINE,
        "jobs_between_false_alarms": round(length),
    }  # fmt: skip
