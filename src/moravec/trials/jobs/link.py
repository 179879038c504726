"""A line between the brain and the edge: what is asked of the body, and what comes back, takes its time, is lost, is cut off.

The skills' requests cross it, each way: motions, grips, pictures, readings. A motion that has arrived is carried out whole by the
edge, under its guard; while nothing arrives the arm stands. What only the brain does (computing, planning, notes) does not cross,
but takes longer where its processor is busy.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, fields, replace
from math import isfinite
from typing import Any

import numpy as np

from moravec.brain.job import JobReport
from moravec.core.errors import BadInput
from moravec.runtime.job import Work
from moravec.runtime.loop import Runtime
from moravec.skills.contract import Capture, Compute, Follow, Grip, Pause, Request, Tighten

CROSSING = (Follow, Grip, Capture, Pause, Tighten)
LEAST_RETRY = 0.2  # [s] before what was lost is sent again: the least that Linux waits (TCP_RTO_MIN)
LONGEST = 60.0  # [s] of any of a link's times but the one between cuts
MOST_LOST = 0.5


@dataclass(frozen=True, slots=True)
class Link:
    """`latency` [s] one way, more or less by up to `jitter` [s], evenly; `loss`: the share of messages that are lost and sent
    again; every `cut_every` [s] the line is gone for `cut` [s]. `busy` [s]: how much longer each computation of the brain takes,
    on a core that has other work."""

    latency: float = 0.0
    jitter: float = 0.0
    loss: float = 0.0
    cut_every: float = 0.0
    cut: float = 0.0
    busy: float = 0.0

    def __post_init__(self) -> None:
        most = {"loss": MOST_LOST, "cut_every": 7200.0}
        for of in fields(self):
            value, high = getattr(self, of.name), most.get(of.name, LONGEST)
            if not isfinite(value) or not 0.0 <= value <= high:
                raise BadInput(f"{of.name} of a link", value, f"0 to {high:g}")
        if self.jitter > self.latency:
            raise BadInput("jitter of a link", self.jitter, f"at most its latency, {self.latency:g} s")
        if self.cut > 0.0 and self.cut_every <= self.cut:
            raise BadInput("cut_every of a link", self.cut_every, f"more than its cut, {self.cut:g} s")

    @staticmethod
    def parse(text: str) -> Link:
        """The link written as "latency=0.15 jitter=0.05 loss=0.02 cut_every=60 cut=10"; "" is none at all. Raises BadInput."""
        names = [of.name for of in fields(Link)]
        said: dict[str, float] = {}
        for part in text.split():
            name, sign, number = part.partition("=")
            if name not in names or not sign:
                raise BadInput("a link, NAME=NUMBER", part if not sign else name, names)
            if name in said:
                raise BadInput("a link", f"{name} twice", "each at most once")
            try:
                said[name] = float(number)
            except ValueError as error:
                raise BadInput(f"{name} of a link", number, "a number") from error
        return Link(**said)

    def takes(self, now: float, rng: np.random.Generator) -> float:
        """How long [s] a message takes that is sent at `now` [s]; what meets a cut goes when the line is back."""
        wait = self._back(now) - now
        spent = self.latency + float(rng.uniform(-self.jitter, self.jitter))
        while rng.random() < self.loss:
            spent += max(LEAST_RETRY, 2.0 * self.latency)
        return wait + spent

    def _back(self, now: float) -> float:
        if self.cut == 0.0 or now < self.cut_every:
            return now
        begun = now - now % self.cut_every
        return max(now, begun + self.cut)


@dataclass(slots=True)
class Crossed:
    """What has crossed a link, and what was computed beside other work, for the record: that it was in force."""

    messages: int = 0
    computations: int = 0
    seconds: float = 0.0
    longest: float = 0.0

    def told(self) -> dict[str, float]:
        """As plain data: how many, and how long [s] one took in the mean and at most."""
        mean = self.seconds / self.messages if self.messages else 0.0
        took = {"messages": self.messages, "mean_s": round(mean, 4), "longest_s": round(self.longest, 4)}
        return took | {"computations": self.computations}


def over(link: Link, rng: np.random.Generator, work: Work, crossed: Crossed) -> Work:
    """`work`, done over `link`; what crosses is counted in `crossed`. A link without latency, loss and cuts changes nothing."""
    if link == Link():
        return work

    away = replace(link, busy=0.0) != Link()

    def carried(runtime: Runtime) -> Generator[Request, Any, JobReport]:
        routine, answer, failed = work(runtime), None, None
        while True:
            try:
                request = routine.send(answer) if failed is None else routine.throw(failed)
            except StopIteration as done:
                report: JobReport = done.value
                return report
            answer = failed = None
            if isinstance(request, Compute):
                request = replace(request, latency=request.latency + link.busy)
                crossed.computations += 1
            far = away and isinstance(request, CROSSING)
            try:
                if far:
                    yield _crossing(link, rng, runtime.now(), crossed)
                answer = yield request
                if far:
                    late = yield _crossing(link, rng, runtime.now(), crossed)
                    answer = late if isinstance(request, Pause) else answer
            except Exception as error:  # noqa: BLE001 - thrown into the routine that asked, as a runtime would
                failed = error

    return carried


def _crossing(link: Link, rng: np.random.Generator, now: float, crossed: Crossed) -> Pause:
    spent = link.takes(now, rng)
    crossed.messages, crossed.seconds, crossed.longest = (
        crossed.messages + 1, crossed.seconds + spent, max(crossed.longest, spent)
    )  # fmt: skip
    return Pause(spent)
