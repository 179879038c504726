"""Boxes around points."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from moravec.core.frames import rotation_z, wrap_angle
from moravec.perception.cloud import Cloud
from moravec.perception.shape import Box, upright_box


def box_of(flat: np.ndarray, top: float = 0.05, **more: float) -> Box:
    points = np.column_stack([flat, np.full(len(flat), top)])[None].astype(np.float32)
    mask = np.ones(points.shape[:2], bool)
    return upright_box(Cloud(points, mask, ~mask), mask, 0.01, np.array([0.0, 0.0, 0.5]), **more)


def rectangle(long: float, short: float, yaw: float) -> np.ndarray:
    rng = np.random.default_rng(1)
    local = rng.uniform(-0.5, 0.5, (4000, 2)) * (long, short)
    return local @ rotation_z(yaw)[:2, :2].T + (0.1, -0.05)


@settings(max_examples=40, deadline=None)
@given(st.floats(-1.5, 1.5))
def test_a_rectangle_is_measured_at_any_yaw(yaw: float) -> None:
    box = box_of(rectangle(0.10, 0.04, yaw))
    assert box.centre == pytest.approx((0.1, -0.05, 0.03), abs=0.002)
    assert box.extent == pytest.approx((0.10, 0.04, 0.04), abs=0.003)
    assert abs(wrap_angle(box.yaw - yaw, np.pi)) < 0.03
    assert -np.pi / 2 <= box.yaw < np.pi / 2


def test_a_hammer_lies_along_its_handle() -> None:
    rng = np.random.default_rng(2)
    handle = rng.uniform(-0.5, 0.5, (3000, 2)) * (0.12, 0.02)
    head = rng.uniform(-0.5, 0.5, (1500, 2)) * (0.024, 0.06) + (0.06, 0)
    box = box_of(np.concatenate([handle, head]))
    assert abs(box.yaw) < 0.04
    assert box.extent[:2] == pytest.approx((0.132, 0.06), abs=0.004)


def test_what_may_be_hidden_widens_the_doubt() -> None:
    open_, hidden = box_of(rectangle(0.1, 0.04, 0.0)), box_of(rectangle(0.1, 0.04, 0.0), hidden=0.5)
    assert hidden.sigma[0] > 3 * open_.sigma[0]
    assert box_of(rectangle(0.1, 0.04, 0.0), propped=0.5).sigma[2] > 3 * open_.sigma[2]
    assert 0.0005 < open_.sigma[0] < 0.003 and 0.0 < open_.sigma[2] < 0.002


def test_a_few_stray_points_do_not_stretch_it() -> None:
    flat = rectangle(0.1, 0.04, 0.3)
    stray = np.concatenate([flat, [[0.4, 0.4]] * 3])
    assert box_of(stray).extent == pytest.approx(box_of(flat).extent, abs=0.002)
