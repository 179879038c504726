"""What a call of a skill costs, from how it went before: how likely it succeeds, and how long it takes. Pure."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from moravec.brain.memory.rules import Run
from moravec.core.wilson import wilson

ENOUGH = 5  # calls from which a narrow group speaks for itself


@dataclass(frozen=True, slots=True)
class Cost:
    """`successes` of `n` calls; `low` to `high` is Wilson's 95 % interval of the share. `median_s`: of the calls that succeeded
    [s], None where none did. `of`: the group that was counted, (skill, category, place), "" for any."""

    of: tuple[str, str, str]
    n: int
    successes: int
    low: float
    high: float
    median_s: float | None
    codes: tuple[tuple[str, int], ...] = ()  # ways to fail and how often, the most frequent first


def counted(runs: Iterable[Run], of: tuple[str, str, str]) -> Cost:
    """The figures of a group of calls; cancelled ones do not count."""
    group = [run for run in runs if run.status in ("succeeded", "failed")]
    good = [run.seconds for run in group if run.status == "succeeded"]
    bad: dict[str, int] = {}
    for run in group:
        if run.status == "failed":
            bad[run.code] = bad.get(run.code, 0) + 1
    low, high = wilson(len(good), len(group))
    codes = tuple(sorted(bad.items(), key=lambda pair: (-pair[1], pair[0])))
    return Cost(of, len(group), len(good), low, high, statistics.median(good) if good else None, codes)


@dataclass(frozen=True, slots=True)
class Costs:
    """How skills went, for a planner."""

    groups: Mapping[tuple[str, str, str], Cost]

    def cost(self, skill: str, category: str = "", place: str = "") -> Cost:
        """The narrowest group with ENOUGH calls: with this category at this place, with this category, at this place, or of
        the skill at all; the last one whatever it holds."""
        for of in ((skill, category, place), (skill, category, ""), (skill, "", place)):
            found = self.groups.get(of)
            if found is not None and found.n >= ENOUGH:
                return found
        return self.groups.get((skill, "", "")) or counted((), (skill, "", ""))


def costs_of(runs: Iterable[Run]) -> Costs:
    """Every group of `runs`."""
    groups: dict[tuple[str, str, str], list[Run]] = {}
    for run in runs:
        for category in {run.category, ""}:
            for place in {run.place, ""}:
                groups.setdefault((run.skill, category, place), []).append(run)
    return Costs({of: counted(group, of) for of, group in sorted(groups.items())})
