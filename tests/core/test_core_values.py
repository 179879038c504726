"""Action chunks, errors, clocks, workplaces: laws, boundaries, words."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moravec.core.clock import ManualClock
from moravec.core.command import ActionChunk
from moravec.core.errors import (
    BadInput,
    ContractError,
    GuardConfigError,
    MoravecError,
    SkillError,
    TapeError,
    TapeTampered,
    WorldError,
)
from moravec.core.observation import CameraFrame
from moravec.core.workplace import Place, Workplace


# ── action chunks ────────────────────────────────────────────────────────────────────────────────────────────────────
def some_chunk(seed: int, nodes: int = 6, joints: int = 3) -> ActionChunk:
    rng = np.random.default_rng(seed)
    times = np.concatenate([[0.0], np.cumsum(rng.uniform(0.01, 0.3, nodes - 1))])
    return ActionChunk.of(times, rng.normal(size=(nodes, joints)), rng.normal(size=(nodes, joints)), "t")


@given(st.integers(0, 2**32), st.integers(1, 9), st.integers(1, 7))
def test_a_chunk_goes_exactly_through_its_nodes(seed: int, nodes: int, joints: int) -> None:
    chunk = some_chunk(seed, nodes, joints)
    for i, t in enumerate(chunk.times):
        q, dq = chunk.sample(float(t))
        np.testing.assert_allclose(q, chunk.q[i], atol=1e-12)
        np.testing.assert_allclose(dq, chunk.dq[i], atol=1e-12)


@given(st.integers(0, 2**32), st.floats(0.0, 1.0))
def test_its_velocity_is_the_slope_of_its_position(seed: int, share: float) -> None:
    chunk, h = some_chunk(seed), 1e-6
    t = h + share * (chunk.duration - 2 * h)
    if np.min(np.abs(chunk.times - t)) < 2 * h:
        return  # the slope's slope jumps at a node
    slope = (chunk.sample(t + h)[0] - chunk.sample(t - h)[0]) / (2 * h)
    np.testing.assert_allclose(chunk.sample(t)[1], slope, atol=1e-6, rtol=1e-6)


def test_it_gives_back_every_cubic_exactly() -> None:
    """Hermite splines of third degree contain the cubics (C. de Boor, "A Practical Guide to Splines", 1978)."""
    times = np.array([0.0, 0.4, 0.5, 1.7])
    cubic, slope = np.poly1d([0.7, -1.1, 0.3, 2.0]), np.poly1d([0.7, -1.1, 0.3, 2.0]).deriv()
    chunk = ActionChunk.of(times, cubic(times)[:, None], slope(times)[:, None], "t")
    for t in np.linspace(0.0, 1.7, 57):
        q, dq = chunk.sample(float(t))
        assert q[0] == pytest.approx(cubic(t), abs=1e-12) and dq[0] == pytest.approx(slope(t), abs=1e-12)


def test_it_holds_at_both_ends() -> None:
    chunk = some_chunk(1)
    for t, i in ((-1.0, 0), (0.0, 0), (chunk.duration, -1), (chunk.duration + 9.0, -1)):
        np.testing.assert_array_equal(chunk.sample(t)[0], chunk.q[i])
    one = ActionChunk.of(np.zeros(1), np.ones((1, 3)), np.zeros((1, 3)), "t")
    assert one.duration == 0.0 and one.sample(0.5)[0].tolist() == [1.0, 1.0, 1.0]


def test_it_is_a_frozen_copy() -> None:
    times, q = np.array([0.0, 1.0]), np.zeros((2, 3))
    chunk = ActionChunk.of(times, q, q, "t")
    q[1] = 7.0
    assert chunk.q[1].tolist() == [0.0, 0.0, 0.0]
    with pytest.raises(ValueError, match="read-only"):
        chunk.q[0, 0] = 1.0
    with pytest.raises(FrozenInstanceError):
        chunk.source = "x"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("times", "q", "dq"),
    [
        (np.zeros(0), np.zeros((0, 3)), np.zeros((0, 3))),
        (np.zeros((1, 1)), np.zeros((1, 3)), np.zeros((1, 3))),
        (np.array([0.0, 1.0]), np.zeros((3, 3)), np.zeros((3, 3))),
        (np.array([0.0, 1.0]), np.zeros((2, 3)), np.zeros((2, 2))),
        (np.array([0.0, 1.0]), np.zeros((2, 3)), np.zeros((1, 3))),
        (np.array([0.0]), np.zeros(1), np.zeros(1)),
        (np.array([0.0, 1.0]), np.zeros((2, 3, 1)), np.zeros((2, 3, 1))),
    ],
)
def test_shapes_that_do_not_fit_are_refused(times: np.ndarray, q: np.ndarray, dq: np.ndarray) -> None:
    with pytest.raises(ContractError, match=r"action chunk of 't': found times .*; allowed: \(m,\), \(m, n\), \(m, n\)"):
        ActionChunk.of(times, q, dq, "t")


@pytest.mark.parametrize("times", [[0.1, 1.0], [0.0, 0.0], [0.0, -1.0], [0.0, np.nan], [np.nan, 1.0], [0.0, np.inf]])
def test_times_that_do_not_start_at_zero_and_increase_are_refused(times: list[float]) -> None:
    with pytest.raises(ContractError, match="times must start at 0 and increase"):
        ActionChunk.of(np.array(times), np.zeros((2, 3)), np.zeros((2, 3)), "t")


# ── errors ───────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("asked", "found", "allowed", "message"),
    [
        ("the world", "cel", ["cell", "hall"], "the world: found 'cel'; allowed: one of cell, hall; did you mean 'cell'?"),
        ("the world", "moon", ["hall", "cell"], "the world: found 'moon'; allowed: one of cell, hall"),
        ("the seed", -1, "a whole number of 0 or more", "the seed: found -1; allowed: a whole number of 0 or more"),
        ("a number", 3, {2: "b", 31: "a"}, "a number: found 3; allowed: one of 2, 31; did you mean '31'?"),
    ],
)
def test_bad_input_says_asked_found_allowed(asked: str, found: object, allowed: object, message: str) -> None:
    error = BadInput(asked, found, allowed)  # type: ignore[arg-type]
    assert str(error) == message and (error.asked, error.found) == (asked, found) and error.exit_status == 2


def test_there_is_one_tree_of_errors() -> None:
    for kind in (ContractError, GuardConfigError, TapeError, TapeTampered, WorldError, SkillError):
        assert issubclass(kind, MoravecError) and kind.exit_status == 1
    assert issubclass(TapeTampered, TapeError) and issubclass(BadInput, MoravecError)


# ── clock ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_manual_clock_moves_when_told_and_never_back() -> None:
    clock = ManualClock(5.0)
    clock.advance(0.0)
    clock.advance(1.5)
    assert clock.now() == 6.5
    for bad in (-1e-9, float("nan")):
        with pytest.raises(ValueError, match="cannot move by"):
            clock.advance(bad)
    assert clock.now() == 6.5 and ManualClock().now() == 0.0


# ── workplace ────────────────────────────────────────────────────────────────────────────────────────────────────────
BIN = Place("bin_1", "bin", (0.3, 0.4), (0.2, 0.1), 0.01, 0.1)
SHOP = Workplace(
    "shop", (BIN, Place("station", "station", (0.0, 0.0), (0.2, 0.2), 0.02, 0.02)), ("red",), ("can",), ("A",),
    (("can", "A"), ("damaged", "reject")), (0.0,) * 6, (("station", (0.0, 0.0, 0.4, 0.0)),),
)  # fmt: skip


def test_a_workplace_finds_its_places() -> None:
    assert SHOP.place("bin_1") is BIN and SHOP.of_kind("bin") == (BIN,) and SHOP.of_kind("lid_rest") == ()
    with pytest.raises(BadInput, match=r"found 'bin_2'; allowed: one of bin_1, station; did you mean 'bin_1'\?"):
        SHOP.place("bin_2")


def test_the_storing_rule_puts_damage_before_category() -> None:
    assert (SHOP.label_for("can", False), SHOP.label_for("can", True), SHOP.label_for("ball", True)) == ("A", "reject", "reject")
    with pytest.raises(BadInput, match=r"the storing rule for: found 'cat'; allowed: one of can, damaged; did you mean 'can'\?"):
        SHOP.label_for("cat", False)


@pytest.mark.parametrize(
    ("x", "y", "margin", "inside"),
    [
        (0.3, 0.4, 0.0, True), (0.399, 0.449, 0.0, True), (0.401, 0.4, 0.0, False), (0.3, 0.451, 0.0, False),
        (0.201, 0.351, 0.0, True), (0.399, 0.4, 0.01, False), (0.405, 0.4, -0.01, True), (0.3, 0.4, 0.06, False),
    ],
)  # fmt: skip
def test_a_place_contains_its_inside(x: float, y: float, margin: float, inside: bool) -> None:
    assert BIN.contains(x, y, margin) is inside


def test_a_frame_knows_its_size() -> None:
    frame = CameraFrame("c", 1, 0.0, np.zeros((3, 5, 3), np.uint8), np.zeros((3, 5), np.float32), np.eye(3), np.eye(4))
    assert frame.size == (3, 5)
