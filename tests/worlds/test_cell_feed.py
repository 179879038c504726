"""Conditions of the line from the cameras: pictures that come again, with an honest stamp or a new one, and cameras exchanged."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from helpers_imaging import at, cell_under, frame_under

from moravec.core.observation import CameraFrame
from moravec.guard.degraded import fitness
from moravec.guard.stop import Mode
from moravec.runtime.sight import SightWatch
from moravec.worlds.cell.imaging.feed import longest_still, repeated
from moravec.worlds.registry import WorldOptions, open_world

TINY = (12, 16)  # [px]


def film(*texts: str, times: list[float], camera: str = "wrist") -> tuple[list[CameraFrame], dict[str, float]]:
    """Pictures asked for at `times` [s] while the arm's base turns, and what is found of the line."""
    cell = cell_under(*texts, image=TINY)
    frames = []
    for t in times:
        cell.data.joint("shoulder_pan").qpos = 0.01 * t
        frames.append(at(cell, t).frame(camera))
    found = cell.found()
    cell.close()
    return frames, found


def same(one: CameraFrame, other: CameraFrame) -> bool:
    """Whether they are one picture: noise makes any two differ."""
    return np.array_equal(one.rgb, other.rgb) and np.array_equal(one.depth, other.depth, equal_nan=True)


# ── frozen ───────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(("length", "stamps", "span"), [(2.5, [0, 1, 1, 1, 4, 5], 2.0), (3600.0, [0, 1, 1, 1, 1, 1], 4.0)])
def test_a_frozen_line_repeats_its_last_picture_as_old_as_it_is(length: float, stamps: list[int], span: float) -> None:
    times = [float(t) for t in range(6)]
    frames, found = film(f"camera.frozen={length}", "camera.frozen_from=1.5", times=times)
    usual, _ = film(times=times)
    assert [frame.t for frame in frames] == stamps
    for frame, t in zip(frames, stamps, strict=True):
        assert same(frame, usual[t]) and frame.seq == usual[t].seq
        np.testing.assert_array_equal(frame.T_world_camera, usual[t].T_world_camera)
    assert found["camera.frozen"] == span


def test_a_line_that_is_frozen_from_the_beginning_still_has_one_picture() -> None:
    frames, found = film("camera.frozen=600", times=[0.0, 10.0, 20.0])
    assert [frame.t for frame in frames] == [0.0, 0.0, 0.0] and found["camera.frozen"] == 20.0 and found["camera.dropped"] == 1.0


def test_both_cameras_freeze_each_with_its_own_picture() -> None:
    cell = cell_under("camera.frozen=600", "camera.frozen_from=0.5", image=TINY)
    first = {name: cell.frame(name) for name in ("overhead", "wrist")}
    later = {name: at(cell, 2.0).frame(name) for name in first}
    cell.close()
    assert all(same(later[name], first[name]) and later[name].t == 0.0 for name in first)


# ── stamps ───────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(("age", "mode"), [(0.4, Mode.FULL), (1.0, Mode.REDUCED), (2.5, Mode.STILL)])
def test_an_honest_stamp_is_noticed_and_a_new_one_is_not(age: float, mode: Mode) -> None:
    for restamped, old, fit in ((0, age, mode), (1, 0.0, Mode.FULL)):
        (_, late), _ = film("camera.frozen=600", f"camera.restamped={restamped}", times=[0.0, age])
        watch = SightWatch()
        watch.look({"wrist": late}, age, age)
        assert watch.signals(age)["camera_old"] == pytest.approx(old)
        assert fitness(watch.signals(age)).mode is fit


def test_a_restamped_picture_is_the_old_one_under_the_pose_of_now() -> None:
    usual, _ = film(times=[0.0, 5.0])
    frames, found = film("camera.frozen=600", "camera.restamped=1", times=[0.0, 5.0])
    assert same(frames[1], usual[0]) and not same(usual[1], usual[0])
    assert (frames[1].t, frames[1].seq) == (usual[1].t, usual[1].seq) == (5.0, 2)
    np.testing.assert_array_equal(frames[1].T_world_camera, usual[1].T_world_camera)
    assert found["camera.frozen"] == 5.0, "the picture tells, the stamp does not"


# ── dropped ──────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("share", [0.1, 0.6])
def test_that_share_of_pictures_is_the_one_before(share: float) -> None:
    times = [0.1 * k for k in range(100)]
    frames, found = film(f"camera.dropped={share}", times=times)
    again = [same(a, b) for a, b in pairwise(frames)]
    assert np.mean(again) == pytest.approx(share, abs=3.0 * np.sqrt(share * (1 - share) / len(again)))
    assert found["camera.dropped"] == np.mean(again)
    usual, _ = film(times=times)
    for frame, untouched, came_again in zip(frames[1:], usual[1:], again, strict=True):
        assert came_again or same(frame, untouched), "what arrives is what would have come anyway"
    assert [frame.t for frame in frames] == sorted(frame.t for frame in frames)
    second, _ = film(f"camera.dropped={share}", times=times[:20])
    assert [f.t for f in second] == [f.t for f in frames[:20]]


def test_what_is_seen_late_and_in_another_order_is_the_same() -> None:
    cell = cell_under("camera.dropped=0.5", image=TINY)
    waiting = [at(cell, 0.1 * k).robot.expose("wrist") for k in range(20)]
    frames = [develop() for develop in reversed(waiting)][::-1]
    found = cell.found()["camera.dropped"]
    cell.close()
    inline, told = film("camera.dropped=0.5", times=[0.1 * k for k in range(20)])
    assert [f.t for f in frames] == [f.t for f in inline] and 0.2 < found < 0.8
    assert found == told["camera.dropped"]


def test_repetition_is_counted_in_what_came() -> None:
    assert repeated([]) == repeated([(0.0, 7)]) == longest_still([]) == longest_still([(3.0, 7)]) == 0.0
    shown = [(0.0, 1), (1.0, 1), (2.0, 2), (4.0, 2), (9.0, 2), (10.0, 1)]
    assert repeated(shown) == 3 / 5 and longest_still(shown) == 7.0


# ── swapped ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_swapped_cameras_show_what_the_other_sees_under_their_own_calibration() -> None:
    for camera, other in (("overhead", "wrist"), ("wrist", "overhead")):
        found = frame_under("camera.swapped=1", camera=camera)
        mine, theirs = frame_under(camera=camera), frame_under(camera=other)
        off = {frame.camera: np.abs(found.rgb.astype(int) - frame.rgb).mean() for frame in (mine, theirs)}
        assert off[other] < 6.0 < 15.0 < off[camera]
        both = np.isfinite(found.depth) & np.isfinite(theirs.depth)
        assert abs(np.median((found.depth - theirs.depth)[both])) < 0.01
        assert found.camera == camera
        np.testing.assert_array_equal(found.K, mine.K)
        np.testing.assert_array_equal(found.T_world_camera, mine.T_world_camera)


# ── what a run tells ─────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_run_tells_what_was_asked_and_what_its_cameras_show() -> None:
    asked = {"camera.wrist_shift": 0.02, "camera.overhead_tilt": 0.03, "camera.dust": 0.2, "camera.frozen": 900.0}
    asked |= {"camera.blur": 1.0}
    texts = tuple(f"{name}={value}" for name, value in asked.items())
    world = open_world("cell", WorldOptions(seed=1, items=1, renderer="rays", conditions=texts))
    try:
        told = world.extremes()["conditions"]
    finally:
        world.close()
    assert {name: one["asked"] for name, one in told.items()} == asked
    assert told["camera.blur"]["found"] is None and told["camera.frozen"]["found"] == 0.0, "nothing was shown yet"
    for name in ("camera.wrist_shift", "camera.overhead_tilt", "camera.dust"):
        assert told[name]["found"] == pytest.approx(asked[name], abs=1e-3), name


def test_nothing_is_told_where_nothing_was_asked() -> None:
    world = open_world("cell", WorldOptions(seed=1, items=1, renderer="rays"))
    try:
        assert "conditions" not in world.extremes()
    finally:
        world.close()
