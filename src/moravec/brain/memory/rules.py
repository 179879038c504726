"""What is learned from failures, by rules that can be told. Pure.

A rule speaks of a group of calls: those at one place, or those of one skill with one category of things. It holds when, in
the last JOBS jobs in which the group was used, one kind of failure came at least FAILURES times, in more than one job (one
item that is tried again and again is no rule) and in a share of the skill's calls that is surely above SHARE, and fewer than
SUCCESSES of them went well since the last failure. What no longer holds is lifted. Only the last RECENT jobs are looked at,
so that a memory that has grown for years costs no more than a young one, and so that figures speak of today.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from moravec.core.wilson import wilson

FAILURES = 3
JOBS = 10
SUCCESSES = 5
SHARE = 0.1  # of the calls, by the lower end of Wilson's 95 % interval
RECENT = 200  # jobs
# The ways to fail that speak of the place, and not of the thing or of the plan.
AT_PLACE = ("contact", "stuck", "unreachable", "no_handle")
WITH_THING = ("missed", "slipped", "lost", "no_grasp", "not_alone")


@dataclass(frozen=True, slots=True)
class Run:
    """One call of a skill. `seconds` of the robot's time."""

    seq: int
    job: int
    skill: str
    category: str
    place: str
    status: str
    code: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule makes of calls: a fact, the words for why, and the events it rests on."""

    subject: str
    key: str
    value: bool | str
    why: str
    evidence: tuple[int, ...]


def findings(runs: Iterable[Run]) -> list[Finding]:
    """All that the rules make of `runs`, which are in order; by subject and key."""
    places: dict[str, list[Run]] = {}
    pairs: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        if run.place and run.skill != "look":
            places.setdefault(run.place, []).append(run)
        if run.category:
            pairs.setdefault((run.skill, run.category), []).append(run)
    found = []
    for place, group in sorted(places.items()):
        worst = _worst(group, AT_PLACE)
        if worst is not None:
            skill, code, failed, jobs = worst
            why = f"{skill} ended with {code} there {len(failed)} times in the last {jobs} jobs that used it"
            found.append(Finding(place, "sticks", True, why, tuple(r.seq for r in failed)))
    for (skill, category), group in sorted(pairs.items()):
        worst = _worst(group, WITH_THING)
        if worst is not None:
            _, code, failed, jobs = worst
            why = f"{skill} of a {category} ended with {code} {len(failed)} times in the last {jobs} jobs with one"
            found.append(Finding(f"{skill}({category})", "often", code, why, tuple(r.seq for r in failed)))
    return sorted(found, key=lambda finding: (finding.subject, finding.key))


def _worst(group: Sequence[Run], codes: Sequence[str]) -> tuple[str, str, list[Run], int] | None:
    """The kind of failure that holds and is the most frequent: skill, code, the calls, and of how many jobs."""
    jobs = sorted({run.job for run in group})[-JOBS:]
    recent = [run for run in group if run.job >= jobs[0]]
    kinds = sorted({(run.skill, run.code) for run in recent if run.status == "failed" and run.code in codes})
    best: tuple[str, str, list[Run], int] | None = None
    for skill, code in kinds:
        failed = [run for run in recent if (run.skill, run.code, run.status) == (skill, code, "failed")]
        good = [run for run in recent if (run.skill, run.status) == (skill, "succeeded")]
        calls = len(good) + sum((run.skill, run.status) == (skill, "failed") for run in recent)
        often = len(failed) >= FAILURES and len({run.job for run in failed}) > 1 and wilson(len(failed), calls)[0] >= SHARE
        since = sum(run.seq > failed[-1].seq for run in good)
        if often and since < SUCCESSES and (best is None or len(failed) > len(best[2])):
            best = (skill, code, failed, len(jobs))
    return best
