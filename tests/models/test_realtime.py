"""Real-time chunking: counted steps, soft seams, and no action where there is none."""

from __future__ import annotations

import math

import numpy as np
import pytest
from helpers_chunks import RATE, Oracle, at, episode, said
from hypothesis import given
from hypothesis import strategies as st

from moravec.models.chunks import AgeLimit, Why
from moravec.models.lines import Delayed
from moravec.models.realtime import RealTime, Rows, blend, soft_weights

ANY = AgeLimit(10**6, 1e9)


def rows(values: list[float], step: int, born: int) -> Rows:
    n = len(values)
    actions = np.array([[v] for v in values], dtype=np.float32)
    return Rows(actions, step, np.full(n, born), np.full(n, born / RATE))


def test_actions_for_steps_gone_by_are_dropped_by_counting() -> None:
    oracle = Oracle(8)
    steps = episode(RealTime(Delayed(oracle, 3), every=4, overlap=0), 14)
    assert said(steps)[:3] == ["waiting"] * 3
    assert [one[0] for one in said(steps)[3:]] == list(range(3, 14))
    assert [one[1] for one in said(steps)[3:]] == [0] * 4 + [1] * 4 + [2] * 3
    assert oracle.asked == [0, 4, 8]
    assert [one.late for one in steps if one.late >= 0] == [3, 3, 3]
    assert [one.age for one in steps[3:]] == [3, 4, 5, 6, 3, 4, 5, 6, 3, 4, 5]


def test_the_seam_is_passed_softly() -> None:
    steps = episode(RealTime(Delayed(Oracle(8), 3), every=4, overlap=3), 11)
    by = [float(one.action[1]) for one in steps[3:] if one.action is not None]
    # old chunk 0 from step 3; chunk 1 came at step 7, where the old one reaches to step 7 only: one step to blend over
    assert by == pytest.approx([0, 0, 0, 0, 0.5, 1, 1, 1])
    steps = episode(RealTime(Delayed(Oracle(12), 3), every=4, overlap=3), 11)
    by = [float(one.action[1]) for one in steps[3:] if one.action is not None]
    assert by == pytest.approx([0, 0, 0, 0, 0.25, 0.5, 0.75, 1])
    assert [one.age for one in steps[7:]] == [7, 8, 9, 6]  # the oldest observation in a blend


@given(
    st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=8),
    st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=8),
    st.integers(0, 9),
)
def test_a_blend_is_between_the_two_and_no_seam_jumps(old: list[float], new: list[float], overlap: int) -> None:
    mixed = blend(rows(old, 5, 0), rows(new, 5, 4), overlap, ANY, 0.5, RATE).actions[:, 0]
    m = min(overlap, len(old), len(new))
    assert len(mixed) == len(new) and mixed[m:].tolist() == new[m:]
    for j in range(m):
        assert min(old[j], new[j]) <= mixed[j] <= max(old[j], new[j])
        assert abs(mixed[j] - old[j]) <= abs(new[j] - old[j]) * (j + 1) / (m + 1) + 1e-6


@given(st.integers(0, 50))
def test_the_weights_fall_in_equal_steps(m: int) -> None:
    weights = soft_weights(m)
    edges = np.concatenate([[1.0], weights, [0.0]])
    assert len(weights) == m and np.allclose(np.diff(edges), -1 / (m + 1))


@given(st.integers(1, 24), st.integers(1, 12), st.integers(0, 11), st.integers(0, 12))
def test_a_chunk_that_is_long_enough_leaves_no_gap(chunk: int, every: int, late: int, overlap: int) -> None:
    steps = episode(RealTime(Delayed(Oracle(chunk), late), every, overlap), 60)
    acted = [one.action for one in steps[late:]]
    enough = chunk >= max(every, late) + late if late else True
    if enough:
        assert all(action is not None for action in acted)
    for step, one in enumerate(steps):
        assert one.action is None or one.action[0] == step  # never an action meant for another step
        assert one.action is None or 0 <= one.age < chunk
        assert one.why is not Why.AGED


@given(st.lists(st.integers(0, 9), min_size=1, max_size=8), st.integers(1, 10), st.integers(1, 6), st.integers(0, 6))
def test_whatever_the_delays_no_action_is_for_another_step(late: list[int], chunk: int, every: int, overlap: int) -> None:
    steps = episode(RealTime(Delayed(Oracle(chunk), late), every, overlap), 50)
    assert all(one.action is None or one.action[0] == step for step, one in enumerate(steps))
    assert all(one.action is None or one.action[1] == round(float(one.action[1]), 6) or overlap for one in steps)


def test_a_chunk_that_runs_out_is_a_step_without_an_action() -> None:
    steps = episode(RealTime(Delayed(Oracle(4), [0, 6, 0]), every=2, overlap=2), 12)
    assert said(steps)[:4] == [(0, 0), (1, 0), (2, 0), (3, 0)]
    assert said(steps)[4:8] == ["spent"] * 4
    assert said(steps)[8] == (8, 2)  # the answer of step 2 came at step 8: all gone by; asked anew at once
    assert "6 steps late" in steps[8].trouble and steps[8].late == 0


def test_a_policy_slower_than_its_own_chunks_never_moves_the_robot() -> None:
    steps = episode(RealTime(Delayed(Oracle(3), 3)), 20)
    assert all(one.action is None for one in steps)
    assert any("gone by" in one.trouble for one in steps)


def test_a_failed_request_is_asked_again_at_once_while_the_old_chunk_goes_on() -> None:
    oracle = Oracle(10, fail=[1, 2])
    steps = episode(RealTime(oracle, every=4, overlap=0), 9)
    assert [one[0] for one in said(steps)] == list(range(9))
    assert oracle.asked == [0, 4, 5, 6]
    assert [bool(one.trouble) for one in steps] == [False] * 4 + [True, True] + [False] * 3


def test_an_old_action_that_would_be_too_old_takes_no_part_in_a_blend() -> None:
    age = AgeLimit(6, 1e9)
    mixed = blend(rows([0, 0, 0], 5, 0), rows([1, 1, 1], 5, 4), 3, age, 0.5, RATE)
    assert mixed.actions[:, 0].tolist() == [0.25, 0.5, 1.0]
    assert mixed.born.tolist() == [0, 0, 4]
    late = blend(rows([0, 0, 0], 5, 0), rows([1, 1, 1], 5, 4), 3, AgeLimit(99, 0.65), 0.5, RATE)
    assert late.actions[:, 0].tolist() == [0.25, 0.5, 1.0] and late.seen.tolist() == [0.0, 0.0, 0.4]


def test_an_action_that_is_too_old_is_skipped_and_newer_ones_are_used() -> None:
    stepper = RealTime(Delayed(Oracle(12), [0, 2, 50]), every=3, overlap=4, age=AgeLimit(99, 0.7))
    stepper.reset(0)
    for step in range(6):
        assert stepper.next(at(step)).action is not None  # at step 5 chunk 1, seen at step 3, came; blended to step 7
    held = stepper.next(at(6, 0.75))  # the loop stood still: what chunk 0 has a part in is too old
    assert held.why is Why.AGED
    assert stepper.next(at(7, 0.76)).why is Why.AGED
    fresh = stepper.next(at(8, 0.77))
    assert fresh.action is not None and fresh.action.tolist() == [8, 1] and fresh.seconds == pytest.approx(0.47)


def test_a_policy_that_answers_at_once_is_asked_every_so_often() -> None:
    oracle = Oracle(8)
    episode(RealTime(oracle), 16)
    assert oracle.asked == [0, 4, 8, 12]


def test_confidence_is_that_of_the_newest_chunk() -> None:
    steps = episode(RealTime(Delayed(Oracle(8), 2), every=3, overlap=2), 8)
    assert math.isnan(steps[0].confidence)
    assert [one.confidence for one in steps[2:]] == [1.0, 1.0, 1.0, 0.5, 0.5, 0.5]
