"""What a trial's attempts in the cell say: shares with intervals, and pairs of policy and program in the same deliveries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from moravec.trials.cell.attempt import Record
from moravec.trials.cell.judge import NOT_TRIED
from moravec.trials.cell.suite import POLICY, PROGRAM
from moravec.trials.shares import quantiles, told, troubles
from moravec.trials.statistics.pairs import difference_of_pairs, mcnemar
from moravec.trials.statistics.sequential import difference_so_far


def summary(records: Sequence[Record]) -> dict[str, Any]:
    """The result: of the policy, or of the program where that alone was tried; the program's beside it, and the pairs.

    Deliveries in which there was no attempt, see `judge.NOT_TRIED`, are counted as `n_not_tried` and left out.
    """
    by = {who: [r for r in records if r.by == who and r.cause != NOT_TRIED] for who in (POLICY, PROGRAM)}
    missing = len({r.index for r in records if r.cause == NOT_TRIED})
    if all(r.by == PROGRAM for r in records):
        return {**_of(by[PROGRAM]), "n_not_tried": missing}
    theirs = {r.index: r.success for r in by[PROGRAM]}
    pairs = Counter((r.success, theirs[r.index]) for r in by[POLICY] if r.index in theirs)
    counts = pairs[True, True], pairs[True, False], pairs[False, True], pairs[False, False]
    (both, ours, program, neither), (apart, low, high) = counts, difference_of_pairs(*counts)
    least, most = difference_so_far(ours, program, both + neither)
    return {
        **_of(by[POLICY]), "n_not_tried": missing, "hard_coded": _of(by[PROGRAM]),
        "pairs": dict(zip(("both", "policy_only", "hard_coded_only", "neither"), counts, strict=True)),
        "pc_difference": 100.0 * apart, "pc_difference_ci95": [100.0 * low, 100.0 * high],
        "pc_difference_any_time95": [100.0 * least, 100.0 * most], "p_mcnemar": mcnemar(ours, program),
    }  # fmt: skip


def _of(records: Sequence[Record]) -> dict[str, Any]:
    kinds = sorted({r.where for r in records})
    return {
        **_share(records), "per_task": {kind: _share([r for r in records if r.where == kind]) for kind in kinds},
        "causes": dict(Counter(r.cause for r in records if not r.success).most_common()),
        "robot_s": quantiles([r.robot_s for r in records if r.success]),
        "looks": quantiles([float(r.looks) for r in records if r.looks]),
        "act_ms": quantiles([ms for r in records for ms in r.act_ms]), "troubles": troubles(records),
    }  # fmt: skip


def _share(records: Sequence[Record]) -> dict[str, Any]:
    return told(sum(r.success for r in records), len(records))
