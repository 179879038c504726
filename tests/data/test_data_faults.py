"""What is a fault and what is not, told from arrays."""

from __future__ import annotations

import numpy as np
import pytest
from helpers_data import pictures
from hypothesis import given, settings
from hypothesis import strategies as st

from moravec.data import faults
from moravec.data.faults import CODES, Fault, Limits
from moravec.models.contract import Channel

LIMITS = Limits()


def test_a_fault_is_one_line() -> None:
    fault = Fault("jump", "observation.state", 3, 7, "x from 0 to 9", "less")
    assert fault.line() == "jump: episode 3, frame 7, observation.state: found x from 0 to 9; allowed: less"
    assert Fault("info", "meta/info.json", None, None, "a", "b").line() == "info: meta/info.json: found a; allowed: b"
    assert all(code == code.lower() and meaning for code, meaning in CODES.items())


# ── numbering ────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("numbers", "count", "found"),
    [
        ([0, 1, 2], 3, []),
        ([], 0, []),
        ([0, 2], 3, [("gap", 1, -1)]),
        ([0, 1], 3, [("gap", 2, -1)]),
        ([0, 1, 1, 2], 3, [("twice", 1, 2)]),
        ([0, 2, 1], 3, [("order", 1, 2)]),
        ([1, 1, 0], 3, [("twice", 1, 1), ("gap", 2, -1), ("order", 0, 2)]),
    ],
)
def test_numbering(numbers: list[int], count: int, found: list[tuple[str, int, int]]) -> None:
    assert faults.numbering(np.array(numbers, np.int64), count) == found


@given(st.permutations(range(8)))
def test_every_disorder_is_seen(order: list[int]) -> None:
    found = faults.numbering(np.array(order), 8)
    assert [kind for kind, _, _ in found] == ([] if order == sorted(order) else ["order"])


# ── time ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
FRAMES = np.arange(200)


@given(st.sampled_from([1.0, 10.0, 29.97, 30.0, 80.0, 1000.0]), st.integers(1, 100_000))
@settings(deadline=None)
def test_times_in_float32_are_no_fault(fps: float, start: int) -> None:
    frames = np.arange(start, start + 50)
    assert faults.time_fault((frames / fps).astype(np.float32), frames, fps, LIMITS) is None


@pytest.mark.parametrize(
    ("change", "kind", "row"),
    [
        (lambda t: t * 1.001, "drift", 4),  # recorded slower than labelled
        (lambda t: t + 0.5, "drift", 0),  # from another start
        (lambda t: np.where(FRAMES == 50, t + 0.01, t), "irregular", 50),
        (lambda t: np.where(FRAMES >= 90, t + 1 / 30, t), "irregular", 90),  # a frame was lost
        (lambda t: np.where(FRAMES == 7, np.nan, t), "irregular", 7),
        (lambda t: t + np.random.default_rng(0).normal(0, 0.005, len(t)), "irregular", 0),
    ],
)
def test_times_that_are_off(change: object, kind: str, row: int) -> None:
    times = change(FRAMES / 30.0)  # type: ignore[operator]
    found = faults.time_fault(times, FRAMES, 30.0, LIMITS)
    assert found is not None and found[:2] == (kind, row)
    if kind == "drift":
        assert found[2] == pytest.approx(times[row] - row / 30.0)


def test_a_wrong_number_of_a_frame_is_no_wrong_time() -> None:
    gap = np.delete(FRAMES, 20)
    assert faults.time_fault(gap / 30.0, gap, 30.0, LIMITS) is None


# ── numbers ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_what_is_not_finite() -> None:
    values = np.zeros((5, 3), np.float32)
    assert faults.not_finite(values) == []
    values[1, 2], values[4, 0] = np.nan, -np.inf
    assert faults.not_finite(values) == [(1, 2), (4, 0)]


def test_what_is_out_of_range() -> None:
    channels = (Channel("a", "1", "", -1.0, 1.0), Channel("b", "1"), Channel("c", "1", "", 0.0))
    values = np.array([[1, 9, 0], [-1, -9, 5], [np.nan, np.inf, 1]], np.float32)
    assert faults.out_of_range(values, channels) == []
    values[1, 0], values[0, 2], values[1, 2] = -1.001, -0.1, -0.2
    assert faults.out_of_range(values, channels) == [(1, 0, 1), (0, 2, 2)]


# ── jumps ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def motion(frames: int = 80) -> np.ndarray:  # type: ignore[type-arg]
    """A hand that moves smoothly in three channels, and a gripper that closes within one frame."""
    t = np.linspace(0, 4, frames)
    return np.stack([np.sin(t), np.cos(t), 0.1 * t, t > 2], axis=1).astype(np.float32)


def test_smooth_motions_and_grippers_do_not_jump() -> None:
    assert faults.jumps(motion(), LIMITS) == []
    assert faults.jumps(motion(3), LIMITS) == []
    assert faults.jumps(np.zeros((30, 2), np.float32), LIMITS) == []
    assert faults.jumps(np.zeros((30, 0), np.float32), LIMITS) == []


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=50, deadline=None)
def test_noise_does_not_jump(seed: int) -> None:
    rng = np.random.default_rng(seed)
    state = motion() + rng.normal(0, 0.003, (80, 4)).astype(np.float32)
    assert faults.jumps(state, LIMITS) == []


def test_a_gripper_that_closes_in_two_frames_does_not_jump() -> None:
    state = motion()
    state[40, 3] = 0.5
    assert sorted(set(state[:, 3].tolist())) == [0.0, 0.5, 1.0]
    assert faults.jumps(state, LIMITS) == []


def test_one_bad_row_jumps() -> None:
    for row in (1, 40, 78):
        state = motion()
        state[row, 1] += 1.5
        assert faults.jumps(state, LIMITS) == [(row, 1)]


def test_a_cut_jumps() -> None:
    state = motion()
    state[30:, :3] += 1.0  # the hand is elsewhere
    assert faults.jumps(state, LIMITS) == [(30, 0)]
    both = np.concatenate([motion(), motion()])  # two attempts in one
    assert [row for row, _ in faults.jumps(both, LIMITS)] == [80]


def test_what_is_not_finite_is_not_judged() -> None:
    state = motion()
    state[5] = np.nan
    assert faults.jumps(state, LIMITS) == []


# ── pictures ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_moving_pictures_are_not_frozen() -> None:
    assert faults.still_runs(pictures(0, 40, 32, 48), LIMITS) == ([], None)


def test_frozen_pictures() -> None:
    shown = pictures(0, 40, 32, 48)
    shown[12:30] = shown[12]
    assert faults.still_runs(shown, LIMITS) == ([(12, 30)], None)
    assert faults.still_runs(shown[:12], LIMITS) == ([], None)
    nine = pictures(0, 40, 32, 48)
    nine[12:21] = nine[12]
    assert faults.still_runs(nine, LIMITS) == ([], None)


def test_noise_does_not_hide_them() -> None:
    rng = np.random.default_rng(0)
    shown = np.repeat(pictures(0, 1, 32, 48), 30, axis=0)
    noisy = np.clip(shown + rng.normal(0, 3, shown.shape), 0, 255).astype(np.uint8)
    assert faults.still_runs(noisy, LIMITS)[0] == [(0, 30)]


def test_slow_motion_is_seen_from_the_first_picture_on() -> None:
    shown = np.full((60, 64, 64, 3), 90, np.uint8)
    for k in range(60):
        shown[k, 16:32, k // 4 : k // 4 + 16] = 200  # a pixel in four frames
    assert faults.still_runs(shown, LIMITS)[0] == []


def test_blank_pictures() -> None:
    shown = pictures(0, 20, 32, 48)
    shown[7] = 0
    shown[9] = 128
    assert faults.still_runs(shown, LIMITS) == ([], 7)


def test_small_pictures_are_looked_at_as_well() -> None:
    assert faults.still_runs(np.zeros((12, 2, 2, 3), np.uint8), LIMITS) == ([(0, 12)], 0)
    assert faults.still_runs([], LIMITS) == ([], None)


def test_travel() -> None:
    state = motion()
    assert faults.travelled(state, 10, 30, LIMITS)
    assert not faults.travelled(state, 10, 11, LIMITS)
    state[10:30] = state[10]
    assert not faults.travelled(state, 10, 30, LIMITS)
    assert not faults.travelled(np.zeros((9, 0), np.float32), 0, 9, LIMITS)
