"""Outlines of things, seen from above: rectangles, as detections have them."""

from __future__ import annotations

import numpy as np

from moravec.core.frames import Matrix
from moravec.perception.detection import Detection

OUTLINE_POINTS = 9  # on each side


def apart(one: Detection, other: Detection) -> float:
    """How far [m] the outlines of two things are apart, seen from above; 0 where they overlap."""
    a, b = _outline(one), _outline(other)
    if inside_of(one, b).any() or inside_of(other, a).any():
        return 0.0
    return float(np.linalg.norm(a[:, None] - b[None], axis=-1).min())


def _outline(thing: Detection) -> Matrix:
    """Points (n, 2) [m] around it."""
    u = np.linspace(-0.5, 0.5, OUTLINE_POINTS)
    ones = np.full_like(u, 0.5)
    sides = np.stack([np.concatenate([u, u, ones, -ones]), np.concatenate([ones, -ones, u, u])], axis=-1)
    c, s = np.cos(thing.yaw), np.sin(thing.yaw)
    return np.asarray(np.array(thing.position[:2]) + (sides * thing.extent[:2]) @ np.array([[c, s], [-s, c]]))


def inside_of(thing: Detection, points: Matrix) -> np.ndarray:
    """Which of `points` (n, 2) [m] lie within its outline."""
    away = points - np.array(thing.position[:2])
    c, s = np.cos(thing.yaw), np.sin(thing.yaw)
    along, across = away @ np.array([c, s]), away @ np.array([-s, c])
    return np.asarray((np.abs(along) < thing.extent[0] / 2) & (np.abs(across) < thing.extent[1] / 2))
