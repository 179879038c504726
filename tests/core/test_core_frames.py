"""Laws of rigid transforms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moravec.core.frames import (
    apply,
    frozen,
    inverse,
    matrix_from_quaternion,
    rotation_z,
    tool_down,
    transform,
    wrap_angle,
)

seeds = st.integers(0, 2**32)
angles = st.floats(-20.0, 20.0)


def some_transform(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    quaternion = rng.normal(size=4)
    return transform(matrix_from_quaternion(quaternion / np.linalg.norm(quaternion)), rng.normal(size=3))


def is_rotation(R: np.ndarray) -> bool:
    return bool(np.allclose(R @ R.T, np.eye(3), atol=1e-12) and np.isclose(np.linalg.det(R), 1.0))


@given(seeds)
def test_inverse_undoes(seed: int) -> None:
    T = some_transform(seed)
    np.testing.assert_allclose(T @ inverse(T), np.eye(4), atol=1e-12)
    np.testing.assert_allclose(inverse(T) @ T, np.eye(4), atol=1e-12)
    np.testing.assert_allclose(inverse(T), np.linalg.inv(T), atol=1e-12)


@given(seeds, seeds)
def test_apply_is_the_matrix_product_and_composes(a: int, b: int) -> None:
    A, B, points = some_transform(a), some_transform(b), np.random.default_rng(a ^ b).normal(size=(4, 2, 3))
    expected = (A @ np.concatenate([points, np.ones((4, 2, 1))], axis=-1)[..., None])[..., :3, 0]
    np.testing.assert_allclose(apply(A, points), expected, atol=1e-12)
    np.testing.assert_allclose(apply(A, apply(B, points)), apply(A @ B, points), atol=1e-12)
    assert apply(A, points[0, 0]).shape == (3,)


@given(seeds)
def test_quaternions_give_rotations_and_opposite_ones_the_same(seed: int) -> None:
    quaternion = np.random.default_rng(seed).normal(size=4)
    quaternion /= np.linalg.norm(quaternion)
    R = matrix_from_quaternion(quaternion)
    assert is_rotation(R)
    np.testing.assert_allclose(R, matrix_from_quaternion(-quaternion), atol=1e-15)
    np.testing.assert_allclose(R @ quaternion[1:], quaternion[1:], atol=1e-12)  # the axis stays


@given(angles)
def test_turning_about_z(angle: float) -> None:
    R = rotation_z(angle)
    assert is_rotation(R)
    half = angle / 2
    np.testing.assert_allclose(R, matrix_from_quaternion([np.cos(half), 0, 0, np.sin(half)]), atol=1e-12)
    np.testing.assert_allclose(R @ [1, 0, 0], [np.cos(angle), np.sin(angle), 0], atol=1e-12)


@given(angles)
def test_a_tool_that_points_down(yaw: float) -> None:
    T = tool_down([0.1, 0.2, 0.3], yaw)
    assert is_rotation(T[:3, :3])
    np.testing.assert_allclose(T[:3, 3], [0.1, 0.2, 0.3])
    np.testing.assert_allclose(T[:3, 2], [0, 0, -1])  # its z axis: down
    np.testing.assert_allclose(T[:3, 0], [np.cos(yaw), np.sin(yaw), 0], atol=1e-12)  # its x axis: the fingers' way


@given(st.floats(-1e4, 1e4), st.sampled_from([np.pi, 2 * np.pi]))
def test_wrapping_keeps_the_direction(angle: float, period: float) -> None:
    wrapped = wrap_angle(angle, period)
    assert -period / 2 <= wrapped < period / 2 + 1e-12
    turns = (angle - wrapped) / period
    assert turns == pytest.approx(round(turns), abs=1e-9)


def test_wrapping_at_the_edge() -> None:
    assert wrap_angle(np.pi) == -np.pi and wrap_angle(-np.pi) == -np.pi and wrap_angle(0.0) == 0.0


def test_frozen_copies() -> None:
    source = [1, 2]
    array = frozen(source)
    assert array.dtype == np.float64 and not array.flags.writeable
    again = np.ones(2)
    copy = frozen(again)
    again[0] = 5.0
    assert copy[0] == 1.0
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 0.0
