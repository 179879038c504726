"""Pixels to points and back."""

from __future__ import annotations

import numpy as np
from helpers_perception import drawn_frame
from hypothesis import given
from hypothesis import strategies as st

from moravec.perception.cloud import HAND_REACH, cloud, depth_sigma, on_plane, project, unproject


@given(st.floats(0.0, 319.0), st.floats(0.0, 239.0), st.floats(-0.2, 0.3))
def test_on_plane_undoes_project(u: float, v: float, z: float) -> None:
    frame = drawn_frame(np.zeros((240, 320)))
    point = on_plane(np.array([[u, v]]), z, frame)
    assert np.isclose(point[0, 2], z)
    assert np.allclose(project(point, frame), [[u, v]], atol=1e-6)


def test_unproject_agrees_with_project() -> None:
    frame = drawn_frame(np.random.default_rng(0).uniform(0, 0.2, (60, 80)))
    points = unproject(frame.depth, frame).reshape(-1, 3)
    v, u = np.mgrid[0:60, 0:80]
    assert np.allclose(project(points, frame), np.column_stack([u.ravel(), v.ravel()]), atol=1e-3)


def test_a_pinhole_closes_and_a_large_hole_stays() -> None:
    heights = np.full((60, 80), 0.1)
    heights[10, 10] = np.nan
    heights[30:45, 30:45] = np.nan
    view = cloud(drawn_frame(heights))
    assert view.seen[10, 10] and np.isclose(view.points[10, 10, 2], 0.1, atol=1e-5)
    assert not view.seen[37, 37] and np.isnan(view.points[37, 37]).all()


def test_a_flying_pixel_is_dropped() -> None:
    heights = np.zeros((60, 80))
    heights[20, 20] = 0.25
    assert abs(cloud(drawn_frame(heights)).points[20, 20, 2]) < 1e-5


def test_fingers_are_not_part_of_the_world() -> None:
    heights = np.zeros((60, 80))
    heights[50:, :20] = 0.5 - 0.8 * HAND_REACH
    wrist, overhead = cloud(drawn_frame(heights)), cloud(drawn_frame(heights, camera="overhead"))
    assert wrist.hand[55, 5] and not wrist.seen[55, 5]
    assert overhead.seen[55, 5]


def test_noise_grows_with_the_square_of_distance() -> None:
    assert np.isclose(depth_sigma(1.0), 4 * depth_sigma(0.5))
