"""A way of the hand through corners that are cut, so that it need not stop at them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from moravec.core.frames import Matrix, wrap_angle

STEP = 0.004  # [m] between two points of a way
EDGE = 0.2  # share of an arc in which its bend begins, and ends
SAME = 1e-6  # [m] nearer corners are one
NEAREST = 0.36  # [m] of the tool to the base's axis: nearer, the hand comes against the upper arm
LOOK = 0.02  # [m] between two looks at that
ACROSS = 0.15  # [m] of a straight way to the base's axis: nearer, the hand swings around instead
SWING = 0.25  # [rad] between two corners of a swing


@dataclass(frozen=True, slots=True)
class Corner:
    """The tool at (x, y, z) [m], world frame, its fingers closing along `yaw` [rad]; the leg to it at `speed` [m/s] at most."""

    x: float
    y: float
    z: float
    yaw: float
    speed: float = np.inf


@dataclass(frozen=True, slots=True)
class Way:
    """Tool points (m, 3) [m], yaws (m,) [rad] and the speed allowed at each (m,) [m/s], evenly along the way."""

    points: Matrix
    yaws: Matrix
    speeds: Matrix


def cut(corners: Sequence[Corner], cutting: float) -> Way:
    """The way along straight legs from corner to corner; `cutting` [m] before a corner it leaves the leg, so far beyond it comes
    to the next. Begins and ends exactly on the first and last corner, which differ."""
    kept = [c for c, before in zip(corners[1:], corners, strict=False) if _apart(c, before) > SAME]
    table = np.array([(c.x, c.y, c.z, c.yaw) for c in (corners[0], *kept)])
    lengths = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(table[:, :3], axis=0), axis=1))])
    along = np.linspace(0.0, lengths[-1], max(3, int(np.ceil(lengths[-1] / STEP)) + 1))
    straight = np.stack([np.interp(along, lengths, column) for column in table.T], axis=1)
    leg = np.clip(np.searchsorted(lengths, along, side="right") - 1, 0, len(kept) - 1)
    speeds = np.array([c.speed for c in kept])[leg]
    half = min(int(cutting / (along[1] - along[0])), (len(along) - 1) // 2)
    rounded = _averaged(straight, half)
    return Way(rounded[:, :3], rounded[:, 3], speeds)


def straight(start: Corner, end: Corner) -> list[Corner]:
    """Corners from `start` to `end`, both included: straight, but for a bulge where that is too near the base, or around it where
    the way would lead across it."""
    count = max(2, int(np.ceil(_apart(start, end) / LOOK)) + 1)
    rows = np.linspace([start.x, start.y, start.z, start.yaw], [end.x, end.y, end.z, end.yaw], count)
    radii = np.hypot(rows[:, 0], rows[:, 1])
    if radii.min() < ACROSS:
        return swung(start, end)
    near = radii < NEAREST
    near[0] = near[-1] = False
    rows[near, :2] *= (NEAREST / radii[near])[:, None]
    kept = near | np.roll(near, 1) | np.roll(near, -1)
    kept[0] = kept[-1] = True
    return [Corner(*map(float, row)) for row in rows[kept]]


def swung(start: Corner, end: Corner) -> list[Corner]:
    """Corners from `start` to `end`, both included, around the base the shorter way."""
    first, last = np.arctan2(start.y, start.x), np.arctan2(end.y, end.x)
    turn = wrap_angle(float(last - first))
    count = max(2, int(np.ceil(abs(turn) / SWING)) + 1)
    ends = [(np.hypot(c.x, c.y), c.z, c.yaw) for c in (start, end)]
    rows = zip(np.linspace(first, first + turn, count), np.linspace(*ends, count), strict=True)
    return [Corner(float(r * np.cos(b)), float(r * np.sin(b)), float(z), float(yaw)) for b, (r, z, yaw) in rows]


def _apart(a: Corner, b: Corner) -> float:
    return float(np.linalg.norm([a.x - b.x, a.y - b.y, a.z - b.z]))


def _averaged(rows: Matrix, half: int) -> Matrix:
    """Rows (m, n), each the mean of its neighbours up to `half` away, those far off counting less: a straight row stays as it
    is, and a corner becomes an arc without a jump in its bend. Both ends stay where they are."""
    if half < 1:
        return rows
    edge = round(EDGE * half)
    weights = np.convolve(np.ones(2 * (half - edge) + 1), np.ones(2 * edge + 1))
    before, after = 2 * rows[0] - rows[half:0:-1], 2 * rows[-1] - rows[-2 : -half - 2 : -1]
    padded = np.vstack([before, rows, after])
    return np.stack([np.convolve(column, weights / weights.sum(), mode="valid") for column in padded.T], axis=1)
