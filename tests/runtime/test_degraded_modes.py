"""What happens to the robot when a camera or the disk fails: a mode with a budget, or a controlled stop."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from helpers_runtime import LIMITS, PERIOD, FakeRobot, Log, Rig, lawful

from moravec.core.command import Provenance
from moravec.core.errors import TapeError
from moravec.core.observation import CameraFrame
from moravec.guard.degraded import BUDGETS, RECOVERY
from moravec.guard.stop import Mode
from moravec.runtime.loop import LIGHT
from moravec.runtime.sight import DARK, SightWatch
from moravec.skills.contract import Capture, Follow, Pause


@pytest.mark.parametrize(("delay", "mode"), [(0.4, None), (0.6, Mode.REDUCED), (2.5, Mode.STILL)])
def test_a_camera_that_stands_still_costs_speed_and_then_all_motion(delay: float, mode: Mode | None) -> None:
    rig = Rig(FakeRobot())
    rig.robot.camera_delay = delay
    rig.serve(Capture(("wrist",)), Pause(0.1))
    assert [fitness.mode for _, fitness in rig.log.modes] == ([] if mode is None else [mode])
    (moved,) = rig.serve(Follow(rig.way(0.2)))
    assert moved.end == ("stopped" if mode is Mode.STILL else "done")
    assert rig.runtime.counts["limit"] == 0
    if mode is not None:
        assert rig.log.modes[0][1].signal == "camera_old" and rig.log.modes[0][1].value == pytest.approx(delay, abs=1e-9)


def test_fresh_pictures_give_everything_back_after_a_while() -> None:
    rig = Rig(FakeRobot())
    rig.robot.camera_delay = 3.0
    rig.serve(Capture(("wrist",)), Pause(0.1))
    rig.robot.camera_delay = 0.0
    rig.serve(Capture(("wrist",)), Pause(5.5))
    assert [fitness.mode for _, fitness in rig.log.modes] == [Mode.STILL, Mode.FULL]


def test_a_dark_camera_costs_speed_at_once_and_all_motion_when_it_stays_dark() -> None:
    rig = Rig(FakeRobot())
    rig.robot.dark_until = 1.0
    rig.serve(Capture(("wrist",)))
    modes = [(t, fitness.mode, fitness.signal) for t, fitness in rig.log.modes]
    dark = [(Mode.REDUCED, "camera_dark"), (Mode.STILL, "camera_dark")]
    assert [(mode, signal) for _, mode, signal in modes] == [*dark, (Mode.FULL, "")]
    assert modes[1][0] - modes[0][0] == pytest.approx(BUDGETS["camera_dark"].still, abs=5 * PERIOD)


def test_darkness_is_waited_out_and_then_the_arm_may_move() -> None:
    """The pictures that a skill gets are of after it, and nothing was asked of the guard meanwhile."""
    rig = Rig(FakeRobot())
    rig.robot.dark_until = 3.0
    frames, moved = rig.serve(Capture(("wrist",)), Follow(rig.way(0.2)))
    assert frames["wrist"].t >= 3.0 and frames["wrist"].rgb.mean() >= DARK
    assert moved.end == "done" and rig.runtime.counts["stop"] == 0
    assert [note.payload["why"] for _, note in rig.log.notes if note.topic == "waiting"] == ["it is dark before wrist"]
    assert 3.0 + RECOVERY < rig.robot.now() < 3.0 + RECOVERY + 2.0 + rig.way(0.2).duration


def test_a_night_is_not_waited_out() -> None:
    rig = Rig(FakeRobot())
    rig.robot.dark_until = math.inf
    (frames,) = rig.serve(Capture(("wrist",)))
    assert frames["wrist"].rgb.mean() < DARK and LIGHT < rig.robot.now() < LIGHT + RECOVERY + 2.0
    (moved,) = rig.serve(Follow(rig.way(0.2)))
    assert moved.end == "stopped" and moved.check == "mode"


def test_the_worst_camera_counts_and_light_is_not_taken_for_darkness() -> None:
    def frame(t: float, brightness: float) -> CameraFrame:
        rgb = np.full((2, 2, 3), brightness, np.uint8)
        return CameraFrame("c", 1, t, rgb, np.ones((2, 2), np.float32), np.eye(3), np.eye(4))

    watch = SightWatch()
    assert watch.signals(5.0) == {"camera_old": 0.0, "camera_dark": 0.0}
    watch.look({"a": frame(9.0, DARK - 1), "b": frame(9.9, DARK)}, 10.0, 10.1)
    assert watch.signals(10.4) == pytest.approx({"camera_old": 1.0, "camera_dark": 0.3})
    watch.look({"b": frame(10.5, DARK - 1)}, 10.5, 10.6)
    assert watch.signals(10.6) == pytest.approx({"camera_old": 0.0, "camera_dark": 0.5}), "the other one is dark still"
    watch.look({"a": frame(11.0, DARK)}, 11.0, 11.0)
    assert watch.signals(11.6)["camera_dark"] == pytest.approx(1.0)


class FullDisk(Log):
    """A recorder whose disk is full from the `after`-th tick on."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.after = after

    def tick(self, *row: object) -> None:
        if len(self.ticks) >= self.after:
            raise TapeError("tape.mcap: found no room on the disk")
        super().tick(*row)  # type: ignore[arg-type]


def test_what_cannot_be_recorded_ends_in_a_controlled_stop() -> None:
    robot = FakeRobot()
    rig = Rig(robot, log=FullDisk(200))
    with pytest.raises(TapeError, match="no room"):
        rig.serve(Follow(rig.way(1.0)))
    speed = np.abs(np.diff(robot.path, axis=0)).max(axis=1) / PERIOD
    assert speed[:199].max() > 0.5 and speed[-1] == 0.0, "it moved, and it rests"
    lawful(robot.path)
    assert len(rig.log.ticks) == 200 and robot.applied[-1].power


@pytest.mark.parametrize("where", ["watcher", "chunk"])
def test_whatever_fails_in_motion_the_arm_is_brought_to_rest(where: str) -> None:
    rig = Rig(FakeRobot())
    if where == "watcher":
        rig.watcher.ticked = failing(lambda t, *_: t > 0.5)  # type: ignore[method-assign]
    else:
        calls = iter(range(10))
        rig.log.chunk = failing(lambda *_: next(calls) > 0)  # type: ignore[method-assign]
        rig.robot.wrench = lambda t: 50.0 if t > 0.6 else 0.0
    with pytest.raises(TapeError, match="refused"):
        rig.serve(Follow(rig.way(1.5), contact_force=10.0))
    assert np.abs(np.diff(rig.robot.path, axis=0)).max() / PERIOD > 0.3
    assert np.abs(rig.robot.applied[-1].command.dq).max() < 1e-9
    lawful(rig.robot.path)


def failing(when: Callable[..., bool]) -> Callable[..., None]:
    """A callback that fails from some moment on."""

    def call(*words: object) -> None:
        if when(*words):
            raise TapeError("refused")

    return call


@pytest.mark.parametrize(
    ("provenance", "check"),
    [
        (Provenance(-100.0, 1e3, 0.0, 0.0), "chunk_age"),
        (Provenance(0.0, 0.3, 0.0, 0.0), "chunk_expired"),
        (Provenance(0.0, 9.0, -1e3, 0.0), "sight_age"),
        (Provenance(0.0, 9.0, 0.0, 0.6), "novelty"),
        (Provenance(0.0, 9.0, 0.0, math.nan), "novelty"),
        (Provenance(0.0, 9.0, 0.0, 0.4), ""),
    ],
)
def test_what_a_policy_says_of_its_motion_reaches_the_guard_as_it_is(provenance: Provenance, check: str) -> None:
    rig = Rig(FakeRobot(limits=replace(LIMITS, novelty_max=0.5)))
    (followed,) = rig.serve(Follow(replace(rig.way(0.5), provenance=provenance)))
    assert followed.end == ("stopped" if check else "done")
    assert (check == "") or any(verdict.check == check for _, verdict in rig.watcher.watched)
