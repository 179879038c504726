"""Faults that are planted: an executor that does no job, but answers as a job would that has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from moravec.trials.executors.contract import Group, Outcome, Tell
from moravec.trials.jobs.record import Record
from moravec.trials.jobs.suite import Attempt, Perturbation, Suite
from moravec.trials.rare.judge import Judge
from moravec.trials.rare.severity import Point
from moravec.trials.record import Book

Levels = Mapping[str, float]
Fault = Callable[[Levels], bool]

NAMES = tuple(f"bend-{k:02d}" for k in range(39))
DRAWN = {f"x.{name}": 0.0 for name in NAMES}
SUITE = Suite(
    "planted", "Nothing but numbers.", "nowhere", "Do it.",
    perturbations=tuple(
        Perturbation(name, "axis", f"{name} is bent", ("1", "2", "3"), "", tuple((f"x.{name}={x}",) for x in (1.0, 2.0, 3.5)))
        for name in NAMES
    ),
)  # fmt: skip


@dataclass
class Planted:
    """An executor. `faults` are functions of severities; deliveries of `bad` indices fail always, those of `lucky` never."""

    faults: Sequence[Fault]
    bad: Sequence[int] = ()
    lucky: Sequence[int] = ()
    done: list[str] = field(default_factory=list)

    def run(self, groups: Iterable[Group[Any, Any]], tell: Tell) -> None:
        for group in groups:
            for job in group.jobs:
                attempt, suite, *_ = job.work.args  # type: ignore[attr-defined]
                self.done.append(job.key)
                tell(Outcome(job.key, "done", (self._record(attempt, suite), b"")))

    def _record(self, attempt: Attempt, suite: Suite) -> Record:
        bend = suite.perturbation(attempt.perturbation)
        levels = {} if bend is None else dict(severity_of(text) for text in bend.conditions[0])
        fails = attempt.index in self.bad or (attempt.index not in self.lucky and any(fault(levels) for fault in self.faults))
        told = (attempt.suite, attempt.perturbation, attempt.severity, attempt.index, attempt.seed)
        return Record(*told, items=1, right=0, cause="grasp", words="planted") if fails else Record(*told, items=1, right=1)


def severity_of(text: str) -> tuple[str, float]:
    """A name and its severity from what the world is told."""
    name, _, number = text.removeprefix("x.").partition("=")
    value = float(number)
    return name, value if value <= 2.0 else 2.0 + (value - 2.0) / 1.5


def judge_of(folder: Path, executor: Planted) -> Judge:
    return Judge(Book(folder, {"suite": "planted"}, Record), SUITE, DRAWN, _nowhere, None, executor, lambda *_: None)


def _nowhere(name: str, options: object) -> Any:
    raise AssertionError("no world is opened here")


def ten_faults(seed: int) -> list[Fault]:
    """Four single ones, three of two perturbations at once, one of three, one in a band, and one of a sum. Where, by `seed`."""
    rng = np.random.default_rng(seed)
    names = [str(name) for name in rng.permutation(NAMES)]

    def beyond(count: int) -> Fault:
        limits = {names.pop(): float(rng.uniform(0.5, 2.5)) for _ in range(count)}
        return lambda levels: all(levels.get(name, 0.0) >= limit for name, limit in limits.items())

    faults = [beyond(count) for count in (1, 1, 1, 1, 2, 2, 2, 3)]
    band, start, pair = names.pop(), float(rng.uniform(0.8, 1.4)), (names.pop(), names.pop())
    faults.append(lambda levels: start <= levels.get(band, 0.0) <= start + 0.6)
    faults.append(lambda levels: sum(levels.get(name, 0.0) for name in pair) >= 4.0)
    return faults


def levels_of(point: Point) -> Levels:
    return dict(point.levels)
