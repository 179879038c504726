"""The line between brain and edge: how long messages take, what cuts do, that work over it is the same work, only later."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, cast

import numpy as np
import pytest

from moravec.core.errors import BadInput, MoravecError
from moravec.runtime.loop import Runtime
from moravec.skills.contract import Capture, Compute, Note, Pause
from moravec.trials.jobs.link import LEAST_RETRY, Crossed, Link, over

RNG = np.random.default_rng


def test_a_link_is_what_it_is_written_as() -> None:
    assert Link.parse("latency=0.15 jitter=0.05 loss=0.02 cut_every=60 cut=10") == Link(0.15, 0.05, 0.02, 60.0, 10.0)
    assert Link.parse("") == Link()


@pytest.mark.parametrize(
    "text",
    ["latency", "latncy=1", "latency=x", "latency=-1", "latency=nan", "latency=61", "loss=0.6", "latency=0.1 jitter=0.2",
     "cut=10", "cut_every=5 cut=10", "latency=1 latency=1"],
)  # fmt: skip
def test_what_is_no_link_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        Link.parse(text)


def test_messages_take_as_long_as_said_and_a_lost_one_longer() -> None:
    rng = RNG(1)
    times = np.array([Link(0.15, 0.05).takes(3.0, rng) for _ in range(2000)])
    assert times.min() >= 0.10 and times.max() <= 0.20 and times.mean() == pytest.approx(0.15, abs=0.002)
    lossy = np.array([Link(0.02, 0.0, 0.25).takes(3.0, rng) for _ in range(4000)])
    again = (lossy - 0.02) / LEAST_RETRY
    assert np.allclose(again, np.round(again)) and again.mean() == pytest.approx(0.25 / 0.75, abs=0.03)


@pytest.mark.parametrize(
    ("now", "takes"), [(0.0, 0.1), (59.9, 0.1), (60.0, 10.1), (65.0, 5.1), (69.99, 0.11), (70.0, 0.1), (80.0, 0.1), (123.0, 7.1)]
)
def test_what_meets_a_cut_goes_when_the_line_is_back(now: float, takes: float) -> None:
    assert Link(0.1, cut_every=60.0, cut=10.0).takes(now, RNG(0)) == pytest.approx(takes)


class Clock:
    """As much of a runtime as the link asks for."""

    def __init__(self) -> None:
        self.t = 0.0

    def now(self) -> float:
        return self.t


def work(runtime: Any) -> Generator[Any, Any, Any]:
    got: list[Any] = [(yield Pause(1.0)), (yield Compute(lambda: 4, "four"))]
    try:
        yield Capture(("wrist",))
    except MoravecError as error:
        got.append(str(error))
    got.append((yield Note("x", {})))
    return got


def drive(link: Link) -> tuple[list[Any], list[Any], float, Crossed]:
    clock, crossed = Clock(), Crossed()
    routine = over(link, RNG(2), work, crossed)(cast("Runtime", clock))
    asked, answer, failed = [], None, None
    while True:
        try:
            request: Any = routine.throw(failed) if failed is not None else routine.send(answer)
        except StopIteration as done:
            return cast("list[Any]", done.value), asked, clock.t, crossed
        answer, failed = None, None
        asked.append(request)
        if isinstance(request, Pause):
            clock.t += request.seconds
            answer = f"at {clock.t:.3f}"
        elif isinstance(request, Compute):
            answer = request.work()
        elif isinstance(request, Capture):
            failed = MoravecError("no picture")


def test_no_link_changes_nothing_at_all() -> None:
    got, asked, t, crossed = drive(Link())
    assert got == ["at 1.000", 4, "no picture", None] and t == 1.0 and crossed.messages == 0
    assert [type(request) for request in asked] == [Pause, Compute, Capture, Note]


def test_on_a_busy_core_computations_take_longer_and_nothing_crosses() -> None:
    got, asked, t, crossed = drive(Link(busy=0.7))
    assert got == ["at 1.000", 4, "no picture", None] and (t, crossed.messages, crossed.computations) == (1.0, 0, 1)
    (computing,) = (request for request in asked if isinstance(request, Compute))
    assert computing.latency == pytest.approx(Compute(lambda: 4, "four").latency + 0.7)


def test_over_a_link_the_same_work_is_done_later_and_errors_reach_whoever_asked() -> None:
    got, asked, t, crossed = drive(Link(0.25))
    assert got == ["at 1.500", 4, "no picture", None], "a reading is as old as its way back makes it: it was taken on arrival"
    assert [type(request) for request in asked if not isinstance(request, Pause)] == [Compute, Capture, Note]
    assert t == pytest.approx(1.0 + 3 * 0.25) and crossed.messages == 3, "to a pause and back, and to a picture that failed"
    assert crossed.told() == {"messages": 3, "mean_s": 0.25, "longest_s": 0.25, "computations": 1}
