"""What a trial's attempts say: shares with intervals, by task and tier, and the two means that are quoted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from moravec.trials.metaworld.causes import CAUSES
from moravec.trials.metaworld.episode import Record
from moravec.trials.metaworld.harsh import axes, variations
from moravec.trials.shares import quantiles, told, troubles
from moravec.trials.statistics.intervals import mean_of_shares
from moravec.worlds.metaworld.tasks import TIERS


def summary(records: Sequence[Record]) -> dict[str, Any]:
    """The result. Keys in per cent begin with `pc_`, as lerobot's do; `tier_mean` is the plain mean of the four tiers' shares."""
    tiers = {tier: _counts([r for r in records if r.task in names]) for tier, names in TIERS.items()}
    known = sorted({record.task for record in records})
    tasks = {task: _share([r for r in records if r.task == task]) for task in known}
    tried = {tier: count for tier, count in tiers.items() if count[1]}
    result: dict[str, Any] = {
        **_share(records), "per_tier": {tier: told(*count) for tier, count in tried.items()}, "per_task": tasks,
        "causes": dict(Counter(r.cause for r in records if not r.success).most_common()),
        "steps_to_success": quantiles([float(r.steps) for r in records if r.success]),
        "act_ms": quantiles([ms for r in records for ms in r.act_ms]), "troubles": troubles(records),
    }  # fmt: skip
    if tried:
        mean, low, high = mean_of_shares(list(tried.values()))
        result["tier_mean"] = {"pc_success": 100.0 * mean, "pc_success_ci95": [100.0 * low, 100.0 * high], "tiers": len(tried)}
    return result


def of_harsh(records: Sequence[Record]) -> dict[str, Any]:
    """The same of a trial that bends the table: of the attempts as drawn at the top, variations and axes beside it."""
    by = variations(records)
    whole = {"troubles": troubles(records), "variations": by, "axes": axes(by)}
    return summary([record for record in records if not record.variation]) | whole


def worst(records: Sequence[Record], most: int) -> list[Record]:
    """Failed attempts for people to look at: the tasks that fail oftenest first, at most `most`, at most three of a task."""
    failed = [r for r in records if not r.success]
    often = Counter(r.task for r in failed)
    out, seen = list[Record](), Counter[str]()
    for record in sorted(failed, key=lambda r: (-often[r.task], r.task, r.variation, r.index)):
        if seen[record.task] < 3 and len(out) < most:
            out.append(record)
            seen[record.task] += 1
    return out


def cause_in_words(record: Record) -> str:
    """Why it failed, for people."""
    return CAUSES[record.cause]


def _counts(records: Sequence[Record]) -> tuple[int, int]:
    return sum(r.success for r in records), len(records)


def _share(records: Sequence[Record]) -> dict[str, Any]:
    return told(*_counts(records))
