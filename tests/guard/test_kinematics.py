"""Forward kinematics against matrix products written out from the textbook."""

from __future__ import annotations

import numpy as np
from helpers_guard import HOME, table

from moravec.guard.kinematics import arm_points, carried, chain_of, tool_point


def by_matrices(q: np.ndarray, dh: tuple[tuple[float, ...], ...]) -> list[np.ndarray]:
    """T_0_i for i = 1..n."""
    T, out = np.eye(4), []
    for angle, (theta0, a, d, alpha) in zip(q, dh, strict=True):
        ct, st = np.cos(theta0 + angle), np.sin(theta0 + angle)
        ca, sa = np.cos(alpha), np.sin(alpha)
        T = T @ np.array(
            [[ct, -st * ca, st * sa, a * ct], [st, ct * ca, -ct * sa, a * st], [0, sa, ca, d], [0, 0, 0, 1]]
        )
        out.append(T)
    return out


def test_agrees_with_matrices_everywhere() -> None:
    rng = np.random.default_rng(7)
    for _ in range(300):
        dh = tuple(tuple(row) for row in rng.uniform(-2.0, 2.0, (6, 4)).tolist())
        q, offset = rng.uniform(-7.0, 7.0, 6), tuple(rng.uniform(-1.0, 1.0, 3).tolist())
        frames = by_matrices(q, dh)
        chain = chain_of(dh)
        points = arm_points(q.tolist(), chain, offset)
        assert len(points) == 7
        for T, point in zip(frames, points, strict=False):
            np.testing.assert_allclose(point, T[:3, 3], atol=1e-12)
        expected = frames[-1] @ np.array([*offset, 1.0])
        np.testing.assert_allclose(points[-1], expected[:3], atol=1e-12)
        assert tool_point(q.tolist(), chain, offset) == points[-1]


def test_frame_zero_is_the_base() -> None:
    assert carried(HOME.tolist(), chain_of(table().dh), 0, (1.0, 2.0, 3.0)) == (1.0, 2.0, 3.0)
