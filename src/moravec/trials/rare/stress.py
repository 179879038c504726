"""All of it: what breaks the job, how mildly, whether it breaks other deliveries too, and how often the job fails out there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from moravec.core.errors import BadInput
from moravec.core.wilson import wilson
from moravec.trials.jobs.record import Record
from moravec.trials.jobs.suite import SEEDS_APART
from moravec.trials.rare.judge import ALIKE, Judge
from moravec.trials.rare.occurrence import HEAVIEST, Mixture, Occurrence
from moravec.trials.rare.reduce import RESOLUTION, Broken, Reducing, likelier
from moravec.trials.rare.search import Search
from moravec.trials.rare.severity import STEP, Point
from moravec.trials.statistics.bounded import mean_of_bounded

_Lanes = dict[Point, tuple[Reducing, Sequence[Point]]]

SEARCH, SAMPLE = range(2)  # streams of a search's randomness
FIRST_SAMPLED = 1_000  # the first delivery of a sample: those of the search and the fresh ones come before
MOST_SAMPLED = SEEDS_APART - FIRST_SAMPLED
KEPT = 0.15  # of the budget for making cases likelier, once they are found


@dataclass(frozen=True, slots=True)
class Plan:
    """`budget`: jobs under perturbations for the search. `fresh`: deliveries beyond these, in which each case is tried again.
    `sample`: jobs for the failure rate, each of a delivery of its own, which is done as drawn besides; 0: none."""

    budget: int = 800
    fresh: int = 4
    sample: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        for name, least in (("budget", 1), ("fresh", 0), ("sample", 0)):
            if getattr(self, name) < least:
                raise BadInput(f"the {name} of a search", getattr(self, name), f"{least} or more")
        if self.sample > MOST_SAMPLED:
            raise BadInput("the sample of a search", self.sample, f"at most {MOST_SAMPLED}")


@dataclass(frozen=True, slots=True)
class Case:
    """A point that breaks the job. `records` are of the deliveries it was found with, `fresh` of others that go well as drawn."""

    point: Point
    surprise: float  # [nats], see `Occurrence`
    mildest: bool  # False: the budget was spent before it was made as mild as it can be
    records: tuple[Record, ...]
    fresh: tuple[Record, ...] = ()

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        failed = sum(not record.success for record in self.fresh)
        told = {"severities": dict(self.point.levels), "surprise_nats": round(self.surprise, 3), "mildest": self.mildest}
        again = {"fresh": len(self.fresh), "fresh_failed": failed, "fresh_failed_ci95": _rounded(wilson(failed, len(self.fresh)))}
        causes = sorted({record.cause or record.died for record in (*self.records, *self.fresh) if not record.success})
        return told | (again if self.fresh else {}) | {"causes": causes, "words": self.records[0].words}


@dataclass(frozen=True, slots=True)
class Rate:
    """How often the job fails where perturbations occur as `Occurrence` says: a weighted mean of `jobs`, with an interval that
    holds for any number of them."""

    share: float
    ci95: tuple[float, float]
    jobs: int
    effective: float  # as many draws of what occurs would say as much of its mean weight (Kish)


@dataclass(slots=True)
class Found:
    """What a search knows so far: it can be told at any time."""

    cases: list[Case] = field(default_factory=list)
    jobs: int = 0
    ended: str = "not begun"
    rate: Rate | None = None


def stress(judge: Judge, occurrence: Occurrence, plan: Plan) -> Found:
    """Searches, and says what was found, the likeliest first. Raises MoravecError where the job fails as drawn too often."""
    good = judge.prepare(ALIKE + plan.fresh)
    search, ended = _searched(judge, occurrence, plan)
    refined, rough = _refined(judge, search.cases, plan)
    rough |= set(search.unfinished())
    points = sorted(dict.fromkeys([*refined, *search.unfinished()]), key=lambda point: (occurrence.surprise(point), point.key))
    searched = judge.jobs
    records = iter(judge.done([(point, delivery) for point in points for delivery in good]))
    cases = []
    for point in points:
        of = [next(records) for _ in good]
        cases.append(Case(point, occurrence.surprise(point), point not in rough, tuple(of[:ALIKE]), tuple(of[ALIKE:])))
    rate = rate_of(judge, Mixture(occurrence, tuple(points)), plan) if plan.sample else None
    return Found(cases, searched, ended, rate)


def _searched(judge: Judge, occurrence: Occurrence, plan: Plan) -> tuple[Search, str]:
    search = Search(occurrence, np.random.default_rng((plan.seed, SEARCH)))
    steps, most = search.steps(), plan.budget * (1.0 - KEPT)
    try:
        asked = next(steps)
        while judge.jobs < most:
            asked = steps.send(judge.broken(asked))
    except StopIteration:
        return search, "nothing else turned up"
    return search, "the budget is spent"


def _refined(judge: Judge, points: Sequence[Point], plan: Plan) -> tuple[list[Point], set[Point]]:
    """Cases of several perturbations as likely as they can be made with what is left of the budget, all at the same time; and
    those for which it did not suffice."""
    done = {point: point for point in points}
    lanes: _Lanes = {}
    for point in points:
        if len(point.levels) > 1:
            others = [_milder_still(one) for one in points if one != point]
            _step(lanes, done, point, likelier(point, others), None)
    while lanes and judge.jobs < plan.budget:
        broken = judge.broken(list(dict.fromkeys(one for _, asked in lanes.values() for one in asked)))
        for point, (steps, _) in list(lanes.items()):
            _step(lanes, done, point, steps, broken)
    return list(dict.fromkeys(done.values())), set(lanes)


def _milder_still(case: Point) -> Point:
    """`case` where it may break the job just so: its limits are known to RESOLUTION."""
    return Point.of({name: max(STEP, level - RESOLUTION - STEP) for name, level in case.levels})


def _step(lanes: _Lanes, done: dict[Point, Point], point: Point, steps: Reducing, broken: Broken | None) -> None:
    """One of the lanes a step on, `broken` its answer; None: it begins."""
    try:
        lanes[point] = (steps, next(steps) if broken is None else steps.send(broken))
    except StopIteration as end:
        done[point] = end.value
        lanes.pop(point, None)


def rate_of(judge: Judge, mixture: Mixture, plan: Plan) -> Rate:
    """The rate of failures among deliveries that go well as drawn, by importance sampling: each job has a delivery of its own."""
    rng = np.random.default_rng((plan.seed, SAMPLE))
    drawn = {k: mixture.draw(rng) for k in range(FIRST_SAMPLED, FIRST_SAMPLED + plan.sample)}
    well = judge.well(list(drawn))
    bent = [(drawn[k], k) for k in well if drawn[k].levels]
    failed = {k for (_, k), record in zip(bent, judge.done(bent), strict=True) if not record.success}
    weights = np.array([mixture.weight(drawn[k]) for k in well])
    values = weights * np.array([k in failed for k in well], dtype=np.float64)
    low, high = mean_of_bounded(values / HEAVIEST)
    ends = (round(low * HEAVIEST, 6), round(min(1.0, high * HEAVIEST), 6))
    effective = float(weights.sum() ** 2 / (weights**2).sum()) if well else 0.0
    return Rate(round(float(values.mean()), 6) if well else 0.0, ends, len(well), round(effective, 1))


def _rounded(interval: tuple[float, float]) -> list[float]:
    return [round(end, 4) for end in interval]
