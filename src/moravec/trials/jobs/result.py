"""What a trial of whole jobs says: each variation, what is left of the jobs as drawn, what may be claimed, and what may not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from moravec.trials.jobs.causes import CAUSES
from moravec.trials.jobs.drift import drifts
from moravec.trials.jobs.measures import ideal_cycle, measures
from moravec.trials.jobs.record import Record
from moravec.trials.jobs.suite import NOMINAL, SEVERITIES, Suite
from moravec.trials.statistics.claims import attempts_left
from moravec.trials.statistics.clusters import ratio_of_pairs
from moravec.trials.statistics.intervals import at_least
from moravec.trials.statistics.pairs import mcnemar

CLAIMS = (0.999, 0.995, 0.99, 0.98, 0.95, 0.9, 0.8, 0.7, 0.5)  # shares that people ask for, the best first
FEW_JOBS = 20  # below, an interval of a variation is wider than most differences
WEAK = 0.9  # a variation that keeps less than this of the usual share is told as a weakness
FAILED_MOST = 12  # failures that are listed, the worst first


def summary(suite: Suite, records: Sequence[Record]) -> dict[str, Any]:
    """The result: of the jobs as drawn at the top, each variation beside it, and words that the figures carry."""
    ideal = ideal_cycle(records)
    by = _by_variation(records)
    usual = by.get(NOMINAL, [])
    variations = {name: measures(group, ideal) | _bent(suite, group, usual) for name, group in by.items() if name != NOMINAL}
    usually = measures(usual, ideal) if usual else {}
    told = {"ideal_cycle_s": round(ideal, 3), **usually, "variations": variations, "drift": drifts(usual)}
    return told | {"claims": claims(usual), "failures_like": worst(records), "limitations": limitations(suite, told, records)}


def claims(usual: Sequence[Record]) -> list[dict[str, Any]]:
    """Of each share that people ask for, whether the jobs as drawn carry it (95 %, exact, one-sided), and how many more faultless
    ones would. Of jobs, not of items: those of one job fail together, and counted singly would claim too much."""
    jobs, whole = len(usual), sum(r.success for r in usual)
    return [
        {
            "jobs_right_at_least": share, "carried": at_least(whole, jobs) >= share if jobs else False,
            "more_jobs": attempts_left(share, whole, jobs),
        }
        for share in CLAIMS
    ]  # fmt: skip


def too_few_right(suite: Suite, records: Sequence[Record]) -> list[str]:
    """The variations with less than the suite's share of items right. A job that left none counts
    with as many as the largest."""
    if suite.least_right == 0.0:
        return []
    groups = _by_variation(records).items()
    most = max((record.items for record in records), default=0) or 1
    return [name for name, of in groups if sum(r.right for r in of) < suite.least_right * sum(r.items or most for r in of)]


def worst(records: Sequence[Record]) -> list[dict[str, Any]]:
    """Failures for people to look at: clusters of like ones (cause and words of the skill), the largest first, one of each."""
    like: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        if not record.success:
            like.setdefault((record.cause or record.died, record.words.split(".")[0]), []).append(record)
    ordered = sorted(like.items(), key=lambda one: (-len(one[1]), one[0]))
    return [
        {
            "cause": cause, "means": CAUSES.get(cause, ""), "jobs": len(group), "words": group[0].words,
            "first": {"attempt": group[0].key, "seed": group[0].seed, "decided_at": group[0].decided_at},
            "attempts": [r.key for r in group],
        }
        for (cause, _), group in ordered[:FAILED_MOST]
    ]  # fmt: skip


def limitations(suite: Suite, told: Mapping[str, Any], records: Sequence[Record]) -> list[str]:
    """What the figures do not show, in plain words; each sentence is made of the data."""
    said = ["Everything was simulated; nothing here says what a real arm, camera or parcel adds."]
    jobs, whole = told.get("n_jobs", 0), told.get("n_jobs_right", 0)
    if jobs:
        carried = next((c for c in claims([r for r in records if r.severity == 0]) if c["carried"]), None)
        more = attempts_left(0.99, whole, jobs)
        words = f"of {jobs} jobs as drawn {whole} were right in all things"
        best = f"that carries a claim of {100 * carried['jobs_right_at_least']:g} %" if carried else "that carries no claim"
        said.append(f"{words.capitalize()}: {best}, and {more} more without a fault would be needed for 99 %.")
    for name, of in told["variations"].items():
        kept = of["retention"]
        if kept is not None and kept["of_items"] < WEAK:
            low, high = kept["ci95"]
            said.append(
                f"Where {of['says']} ({of['level']}), {100 * kept['of_items']:.0f} % of the usual share is left "
                f"({100 * low:.0f} to {100 * high:.0f}); mostly {next(iter(of['causes']), 'for no cause that was found')}."
            )
        if of["n_jobs"] < FEW_JOBS:
            said.append(f"{name} rests on {of['n_jobs']} jobs: differences of some points are not told from chance.")
    if not suite.perturbations:
        said.append("Nothing was bent: light, cameras, things, robot and people were as drawn.")
    for signal, drift in told["drift"]["signals"].items():
        if drift["alarm_at"] is not None:
            said.append(f"{signal} has risen by job {drift['alarm_at']}: it drifts from {drift['baseline']:g}, its usual value.")
    if any(r.died for r in records):
        said.append(f"{sum(bool(r.died) for r in records)} jobs gave no result of their own and count as failed.")
    return said


def _by_variation(records: Sequence[Record]) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for record in records:
        found.setdefault(record.variation, []).append(record)
    return found


def _bent(suite: Suite, group: Sequence[Record], usual: Sequence[Record]) -> dict[str, Any]:
    """What the variation is, and what it leaves of the jobs as drawn in the same deliveries."""
    first = group[0]
    bend = suite.perturbation(first.perturbation)
    assert bend is not None
    plain = {r.index: r for r in usual}
    pairs = [(plain[r.index], r) for r in group if r.index in plain]
    kept = None
    if any(a.right for a, _ in pairs) and all(b.items for _, b in pairs):
        share, low, high = ratio_of_pairs([((a.right, a.items), (b.right, b.items)) for a, b in pairs])
        lost, won = (sum(a.success > b.success for a, b in pairs), sum(a.success < b.success for a, b in pairs))
        kept = {"of_items": share, "ci95": [low, high], "p_mcnemar_jobs": mcnemar(lost, won), "pairs": len(pairs)}
    return {
        "axis": bend.axis, "says": bend.says, "severity": SEVERITIES[first.severity - 1],
        "level": f"{bend.levels[first.severity - 1]} {bend.unit}".strip(), "retention": kept,
        "in_force": sum(bool(r.in_force) for r in group),
    }  # fmt: skip
