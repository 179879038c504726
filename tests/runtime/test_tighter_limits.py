"""Tighter limits for one routine, and what a silent mind does to the mode: both reach the guard and the record."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from helpers_runtime import LIMITS, PERIOD, FakeRobot, Rig

from moravec.core.errors import GuardConfigError
from moravec.guard.stop import Mode
from moravec.runtime.pace import AsFastAsPossible, RealTime
from moravec.skills.contract import Compute, Follow, Pause, Tighten


def test_tighter_limits_hold_to_the_end_of_the_routine_and_are_recorded() -> None:
    rig = Rig()
    slow = {"velocity": (0.5,) * 6}
    _, stopped = rig.serve(Tighten(slow, "careful"), Follow(rig.way(1.0)))
    assert stopped.end == "stopped" and "joint speed" in stopped.reason
    assert [(who, limits) for _, who, limits in rig.log.tightened] == [
        ("careful", replace(LIMITS, **slow)),
        ("end of the routine", None),
    ]
    (done,) = rig.serve(Follow(rig.way(1.0)))
    assert done.end == "done" and len(rig.log.tightened) == 2


def test_wider_limits_are_refused_and_the_robots_own_stay() -> None:
    rig = Rig()
    with pytest.raises(GuardConfigError, match=r"velocity\[0\]"):
        rig.serve(Tighten({"velocity": (4.0,) * 6}, "hasty"))
    assert rig.log.tightened == []
    assert rig.serve(Follow(rig.way(0.3)))[0].end == "done"


class Slow(AsFastAsPossible):
    """The mind's work takes `seconds` of the robot's time."""

    def __init__(self, robot: FakeRobot, seconds: float) -> None:
        self._robot, self._seconds = robot, seconds

    def begin(self, work):  # type: ignore[no-untyped-def]
        future, end, robot = super().begin(work), self._robot.now() + self._seconds, self._robot
        future.done = lambda: robot.now() >= end  # type: ignore[method-assign]
        return future


def test_a_silent_mind_reduces_speed_then_holds_then_recovers() -> None:
    robot = FakeRobot()
    rig = Rig(robot, pace=Slow(robot, 12.0))
    rig.serve(Compute(lambda: 1, "thinking"), Pause(6.0))
    modes = [(round(t, 3), fitness.mode, fitness.signal) for t, fitness in rig.log.modes]
    assert [mode for _, mode, _ in modes] == [Mode.REDUCED, Mode.STILL, Mode.FULL]
    assert modes[0][0] == pytest.approx(2.0, abs=5 * PERIOD) and modes[1][0] == pytest.approx(10.0, abs=5 * PERIOD)
    assert modes[2][0] == pytest.approx(17.0, abs=10 * PERIOD) and modes[0][2] == "brain_silent"
    np.testing.assert_array_equal(rig.robot.path, np.broadcast_to(rig.robot.path[0], rig.robot.path.shape))
    assert rig.serve(Follow(rig.way(0.3)))[0].end == "done"


def test_work_beside_a_real_clock_is_no_silence() -> None:
    robot = FakeRobot()
    rig = Rig(robot, pace=RealTime(factor=4.0))
    rig.serve(Compute(lambda: time.sleep(0.05), "short"))
    assert rig.log.modes == []
