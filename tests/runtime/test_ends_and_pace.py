"""How a routine ends, by itself or cancelled; and the paces at which it may run."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from typing import Any

import numpy as np
import pytest
from helpers_runtime import HOME, Rig, lawful

from moravec.core.errors import BadInput
from moravec.runtime.pace import AsFastAsPossible, RealTime
from moravec.skills.contract import Capture, Compute, Follow, Grip, Pause


# ── ends ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_routines_result_is_the_runs_result_and_it_is_closed() -> None:
    closed = []

    def routine() -> Generator[Any, Any, str]:
        try:
            yield Pause(0.01)
            return "fine"
        finally:
            closed.append(True)

    assert Rig().runtime.run(routine()) == "fine" and closed == [True]


def cancelling(rig: Rig, request: Any, at: float) -> Callable[[], None]:
    """Runs `request` and cancels it at `at` [s] of the robot's time."""
    done: list[str] = []

    def routine() -> Generator[Any, Any, None]:
        try:
            yield request
            done.append("answered")
        finally:
            done.append("closed")

    def cancel(t: float) -> float:
        if t >= at and not done:
            done.append("cancelled")
            rig.runtime.cancel()
        return 0.0

    rig.robot.wrench = cancel

    def run() -> None:
        with pytest.raises(KeyboardInterrupt):
            rig.runtime.run(routine())
        assert done == ["cancelled", "closed"]

    return run


def test_cancelling_a_motion_is_a_controlled_stop() -> None:
    rig = Rig()
    chunk = rig.way(1.5)
    cancelling(rig, Follow(chunk), 0.5)()
    rig.runtime.rest(0.1)
    path = rig.robot.path
    lawful(path)
    np.testing.assert_array_equal(path[-1], path[-20])
    assert 0.05 < path[-1][0] < 1.4 and np.all(np.abs(path[:, 1:] - HOME[1:]) < 1e-9)
    assert rig.runtime.counts["stop"] == rig.runtime.counts["limit"] == 0
    assert rig.serve(Follow(rig.way(0.1)))[0].end == "done"  # and it can go on


@pytest.mark.parametrize("request_", [Pause(5.0), Grip(0.1, 10.0), Compute(lambda: 1, "x", 5.0), Capture(("wrist",))])
def test_cancelling_anything_else_ends_it_at_once(request_: Any) -> None:
    rig = Rig()
    start = rig.runtime.now()
    cancelling(rig, request_, start + 0.02)()
    assert rig.runtime.now() - start < 0.03
    rig.runtime.rest(0.1)
    np.testing.assert_allclose(rig.robot.path[-1], HOME)


def test_cancelling_while_it_brakes_from_contact_still_ends_at_rest() -> None:
    rig = Rig()
    told = []

    def push(t: float) -> float:
        if t > 0.46 and not told:
            told.append(t)
            rig.runtime.cancel()
        return 30.0 if t > 0.4 else 0.0

    rig.robot.wrench = push
    with pytest.raises(KeyboardInterrupt):
        rig.serve(Follow(rig.way(1.5), contact_force=8.0))
    rig.runtime.rest(0.2)
    lawful(rig.robot.path)
    np.testing.assert_array_equal(rig.robot.path[-1], rig.robot.path[-20])


# ── pace ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_as_fast_as_possible_works_on_the_spot_and_carries_errors() -> None:
    pace = AsFastAsPossible()
    pace.start(0.0)
    future = pace.begin(lambda: 7)
    assert future.done() and future.result() == 7

    def broken() -> None:
        raise BadInput("x", 1, "2")

    future = pace.begin(broken)
    assert future.done()
    with pytest.raises(BadInput):
        future.result()
    pace.wait(1e9)  # never waits
    pace.close()


def test_in_real_time_work_runs_beside_the_ticks() -> None:
    """The work waits for ticks that come only if the loop goes on: on the loop's own thread it would never end."""
    pace = RealTime()
    rig = Rig(pace=pace)
    before, thread, enough = len(rig.robot.applied), [], threading.Event()

    def watch(t: float) -> float:
        if len(rig.robot.applied) > before + 200:
            enough.set()
        return 0.0

    rig.robot.wrench = watch

    def work() -> bool:
        thread.append(threading.current_thread().name)
        return enough.wait(timeout=5.0)

    try:
        assert rig.serve(Compute(work, "slow")) == [True]
    finally:
        pace.close()
    assert thread[0].startswith("mind")


@pytest.mark.parametrize("factor", [1.0, 4.0])
def test_real_time_keeps_step_with_the_wall(factor: float) -> None:
    """Never ahead of it, counted from the start; how late it may be is a benchmark's matter."""
    start, pace = time.monotonic(), RealTime(factor)
    rig = Rig(pace=pace)
    rig.serve(Pause(0.2 * factor))
    pace.close()
    assert time.monotonic() - start >= rig.runtime.now() / factor - 1e-3


def test_real_time_ends_with_its_work_done() -> None:
    pace, done = RealTime(), []
    pace.start(0.0)
    pace.begin(lambda: (time.sleep(0.05), done.append(1)))
    pace.close()
    assert done == [1]
