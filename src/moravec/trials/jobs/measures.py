"""What the jobs of one variation come to: completion, throughput, recovery, uptime. Every figure is made of records alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from moravec.core.wilson import wilson
from moravec.trials.jobs.record import Record
from moravec.trials.shares import quantiles
from moravec.trials.statistics.clusters import of_clusters
from moravec.trials.statistics.intervals import at_least

HOUR = 3600.0  # [s]
ANSWER_S = 30.0  # [s] that a person is taken to need for a question: our choice; nobody answers in a simulation


def measures(records: Sequence[Record], ideal_cycle_s: float) -> dict[str, Any]:
    """Of one variation. `ideal_cycle_s`: of an item where nothing goes wrong, for the overall equipment effectiveness."""
    items, right = sum(r.items for r in records), sum(r.right for r in records)
    jobs, whole = len(records), sum(r.success for r in records)
    seconds = sum(r.robot_s for r in records)
    return {
        "n_jobs": jobs, "n_jobs_right": whole, "pc_jobs_right": _pc(whole, jobs), "pc_jobs_right_ci95": _interval(whole, jobs),
        "n_items": items, "n_items_right": right, "pc_items_right": _pc(right, items),
        "pc_items_right_ci95": _interval(right, items), "pc_items_right_at_least95": 100.0 * at_least(right, items),
        "pc_items_right_by_job_ci95": [100.0 * end for end in of_clusters([(r.right, r.items) for r in records])],
        "items_per_hour": HOUR * right / seconds if seconds else 0.0,
        "cycle_s": quantiles([cycle for r in records for cycle in r.cycle_s]),
        "robot_s": round(seconds, 3), **_reliability(records, seconds), **_defects(records),
        **_effectiveness(records, seconds, items, right, ideal_cycle_s),
        "energy_j_per_item": round(sum(r.energy_j for r in records) / max(1, right), 1),
        "peak_force_n": max((r.peak_force_n for r in records), default=0.0),
        "causes": dict(Counter(w["cause"] for r in records for w in r.wrong).most_common()),
        "died": dict(Counter(r.died for r in records if r.died)),
    }  # fmt: skip


def _reliability(records: Sequence[Record], seconds: float) -> dict[str, Any]:
    """Failures of steps and stops, how often and for how long; MTBF, MTTR and the mean time between interventions [s], None where
    there was none in the time tried: then the time itself stands beside it."""
    repaired = [took for r in records for took in r.recoveries]
    failures = len(repaired) + sum(r.unrecovered for r in records)
    stops: Counter[str] = sum((Counter(r.stops) for r in records), Counter())
    asked = sum(r.questions for r in records)
    broken = failures + sum(stops.values())
    return {
        "failures": failures, "recovered": len(repaired), "pc_recovered": _pc(len(repaired), failures),
        "recovery_s": quantiles(repaired), "stops": dict(sorted(stops.items())),
        "false_stops": sum(r.false_stops for r in records), "interventions": asked,
        "interventions_per_hour": HOUR * asked / seconds if seconds else 0.0,
        "human_minutes_per_hour": asked * ANSWER_S / 60.0 * HOUR / seconds if seconds else 0.0,
        "mtbf_s": _mean_between(seconds, broken), "mttr_s": round(float(np.mean(repaired)), 3) if repaired else None,
        "mtbi_s": _mean_between(seconds, asked),
    }  # fmt: skip


def _defects(records: Sequence[Record]) -> dict[str, Any]:
    violations: Counter[str] = sum((Counter(r.violations) for r in records), Counter())
    return {
        "drops": sum(r.drops for r in records), "misplaced": sum(r.misplaced for r in records),
        "limits_broken": dict(sorted(violations.items())),
    }  # fmt: skip


def _effectiveness(records: Sequence[Record], seconds: float, items: int, right: int, ideal: float) -> dict[str, Any]:
    """Availability, performance, quality and their product (ISO 22400-2, overall equipment effectiveness)."""
    up = seconds - sum(r.down_s for r in records)
    availability = up / seconds if seconds else 0.0
    performance = min(1.0, ideal * items / up) if up > 0.0 else 0.0
    quality = right / items if items else 0.0
    return {
        "uptime": round(availability, 4), "performance": round(performance, 4), "quality": round(quality, 4),
        "oee": round(availability * performance * quality, 4),
    }  # fmt: skip


def ideal_cycle(records: Sequence[Record]) -> float:
    """Of the jobs as drawn, the cycle [s] that a tenth of the items beat; of all jobs where none was as drawn."""
    usual = [cycle for r in records if r.severity == 0 for cycle in r.cycle_s]
    every = usual or [cycle for r in records for cycle in r.cycle_s]
    return float(np.percentile(every, 10)) if every else 0.0


def _mean_between(seconds: float, events: int) -> float | None:
    return round(seconds / events, 3) if events else None


def _pc(part: int, whole: int) -> float:
    return 100.0 * part / whole if whole else 0.0


def _interval(part: int, whole: int) -> list[float]:
    return [100.0 * end for end in wilson(part, whole)]
