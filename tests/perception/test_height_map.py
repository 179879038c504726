"""The level grid of heights."""

from __future__ import annotations

import numpy as np
import pytest
from helpers_perception import drawn_frame
from hypothesis import given, settings
from hypothesis import strategies as st

from moravec.core.errors import BadInput
from moravec.perception.height_map import height_map


def step_frame() -> np.ndarray:
    """Left of the middle 0 m, right of it 0.05 m."""
    heights = np.zeros((240, 320))
    heights[:, 160:] = 0.05
    return heights


def test_a_step_lies_where_it_is() -> None:
    grid = height_map(drawn_frame(step_frame()), (0.0, 0.0), (0.2, 0.2), 0.004)
    assert grid.heights.shape == (50, 50)
    assert abs(grid.at(-0.03, 0.02)) < 2e-4 and abs(grid.at(0.03, 0.02) - 0.05) < 2e-4


def test_rows_run_along_y_and_columns_along_x() -> None:
    heights = np.zeros((240, 320))
    heights[:100, 200:] = 0.04  # the picture's top is the world's +y
    grid = height_map(drawn_frame(heights), (0.0, 0.0), (0.2, 0.2), 0.004)
    assert grid.heights[-5, -5] == pytest.approx(0.04, abs=2e-4)
    assert grid.heights[5, -5] == pytest.approx(0.0, abs=2e-4)
    x, y = grid.world(np.array(49 - 0.0), np.array(49.0))
    assert float(x) == pytest.approx(0.098) and float(y) == pytest.approx(0.098)


@settings(max_examples=15, deadline=None)
@given(st.floats(-3.0, 3.0))
def test_world_and_local_agree_at_any_yaw(yaw: float) -> None:
    grid = height_map(drawn_frame(np.zeros((60, 80))), (0.02, -0.01), (0.06, 0.04), 0.005, yaw)
    u, v = grid.local(*grid.world(np.array([0.0, 7.0]), np.array([0.0, 11.0])))
    assert np.allclose(u, [-0.0275, 0.0275]) and np.allclose(v, [-0.0175, 0.0175])


def test_a_turned_grid_sees_the_turned_step() -> None:
    grid = height_map(drawn_frame(step_frame()), (0.0, 0.0), (0.1, 0.1), 0.005, np.pi / 2)
    assert np.nanmedian(grid.heights[:8]) == pytest.approx(0.05, abs=2e-4)  # local -y is world +x
    assert np.nanmedian(grid.heights[-8:]) == pytest.approx(0.0, abs=2e-4)


def test_one_wild_reading_in_a_cell_changes_nothing() -> None:
    heights = np.zeros((240, 320))
    heights[100:103, 100:103] = 0.3
    flat = height_map(drawn_frame(np.zeros((240, 320))), (0, 0), (0.2, 0.2), 0.02)
    wild = height_map(drawn_frame(heights), (0, 0), (0.2, 0.2), 0.02)
    assert np.allclose(flat.heights, wild.heights, atol=1e-6, equal_nan=True)


def test_what_is_not_seen_is_nan_and_outside_is_nan() -> None:
    heights = np.zeros((240, 320))
    heights[:, :160] = np.nan
    grid = height_map(drawn_frame(heights), (0.0, 0.0), (0.2, 0.2), 0.004)
    assert np.isnan(grid.at(-0.05, 0.0)) and np.isfinite(grid.at(0.05, 0.0)) and np.isnan(grid.at(3.0, 0.0))
    blind = height_map(drawn_frame(np.full((60, 80), np.nan)), (0.0, 0.0), (0.2, 0.2), 0.004)
    assert np.isnan(blind.heights).all()


def test_the_grid_is_read_only() -> None:
    grid = height_map(drawn_frame(np.zeros((60, 80))), (0.0, 0.0), (0.1, 0.1))
    with pytest.raises(ValueError, match="read-only"):
        grid.heights[0, 0] = 1.0


@pytest.mark.parametrize(
    ("size", "resolution"), [((0.1, 0.0), 0.002), ((0.1, 0.1), 0.0), ((0.1, 0.1), float("nan")), ((9, 9), 1e-4)]
)
def test_a_grid_that_cannot_be_is_refused(size: tuple[float, float], resolution: float) -> None:
    with pytest.raises(BadInput, match="a height map"):
        height_map(drawn_frame(np.zeros((60, 80))), (0.0, 0.0), size, resolution)
