"""Outlines of things, seen from above: rectangles, as detections have them."""

from __future__ import annotations

import numpy as np

from moravec.core.frames import Matrix
from moravec.perception.detection import Detection


def apart(one: Detection, other: Detection) -> float:
    """How far [m] the outlines of two things are apart, seen from above; 0 where they overlap.

    Two rectangles overlap unless one of their four sides' directions separates them; else a corner of one is nearest.
    """
    a, b = _corners(one), _corners(other)
    if not any(_separated(a, b, axis) for axis in (*_axes(one), *_axes(other))):
        return 0.0
    return float(min(beyond(one, b).min(), beyond(other, a).min()))


def beyond(thing: Detection, points: Matrix) -> Matrix:
    """How far [m] `points` (n, 2) [m] lie outside of its outline (n,); 0 inside."""
    away = points - np.array(thing.position[:2])
    outside = [np.maximum(np.abs(away @ axis) - side / 2, 0.0) for axis, side in zip(_axes(thing), thing.extent, strict=False)]
    return np.asarray(np.hypot(*outside))


def _axes(thing: Detection) -> tuple[Matrix, Matrix]:
    """Its long and its short side's direction, unit vectors (2,)."""
    c, s = np.cos(thing.yaw), np.sin(thing.yaw)
    return np.array([c, s]), np.array([-s, c])


def _corners(thing: Detection) -> Matrix:
    """(4, 2) [m]."""
    long, short = _axes(thing)
    signs = ((1, 1), (1, -1), (-1, -1), (-1, 1))
    middle = np.array(thing.position[:2])
    return np.array([middle + u * thing.extent[0] / 2 * long + v * thing.extent[1] / 2 * short for u, v in signs])


def _separated(a: Matrix, b: Matrix, axis: Matrix) -> bool:
    """Whether corners (4, 2) [m] of two rectangles do not overlap along `axis` (2,)."""
    p, q = a @ axis, b @ axis
    return bool(p.max() < q.min() or q.max() < p.min())
