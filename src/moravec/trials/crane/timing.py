"""As fast along a given way as the arm may go: time-optimal path parameterisation.

Along a path q(s) with s the tool's way, the joints' accelerations are q' s.. + q'' s.^2. So at each point the speed s. that the
limits allow bounds s.., and the fastest profile is found in two passes, one that only speeds up and one, from the end, that only
slows down (after Bobrow, Dubowsky and Gibson, 1985; compare Pham and Pham, 2018). The profile is then averaged over a short time,
which bounds the jerk; what still asks for too much is run evenly slower.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicHermiteSpline, CubicSpline

from moravec.core.command import ActionChunk
from moravec.core.frames import Matrix

TICK = 0.002  # [s] in which the profile is averaged and the result is checked: the control period
NODE = 4  # ticks between the nodes of a chunk
BEND = 0.85  # share of the joints' acceleration that the bend of the way may take up


@dataclass(frozen=True, slots=True)
class Drive:
    """What motions are made with: nearly all that the guard lets through, see `robots/ur5e/limits.py`."""

    velocity: float = 2.9  # [rad/s]
    acceleration: float = 11.6  # [rad/s2]
    tool_speed: float = 0.94  # [m/s]
    tool_acceleration: float = 10.0  # [m/s2] along the way: what the hand holds by friction must not slide
    averaged: float = 0.02  # [s]


def timed(q: Matrix, points: Matrix, speeds: Matrix, drive: Drive, source: str) -> ActionChunk:
    """The motion from rest to rest through the joint positions `q` (m, 6) [rad], which carry the tool through `points` (m, 3)
    [m], no faster than `speeds` (m,) [m/s]. The points are apart."""
    s = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    path = CubicSpline(s, q)
    t, v = _profile(s, path(s, 1), path(s, 2), speeds, drive)
    s_t, v_t = _averaged(t, v, drive.averaged)
    s_t, v_t = s_t * s[-1] / s_t[-1], v_t * s[-1] / s_t[-1]
    times, q_t, dq_t = TICK * np.arange(len(s_t)), path(s_t), path(s_t, 1) * v_t[:, None]
    dq_t[0] = dq_t[-1] = 0.0
    nodes = np.unique(np.append(np.arange(0, len(times), NODE), len(times) - 1))
    slower = _beyond(times[nodes], q_t[nodes], dq_t[nodes], drive)
    return ActionChunk.of(times[nodes] * slower, q_t[nodes], dq_t[nodes] / slower, source)


def _profile(s: Matrix, first: Matrix, second: Matrix, speeds: Matrix, drive: Drive) -> tuple[Matrix, Matrix]:
    """When [s] the tool is at `s` (m,) [m], and how fast [m/s], given the path's derivatives (m, 6) by s."""
    most = np.minimum(np.minimum(speeds, drive.tool_speed), drive.velocity / np.maximum(np.abs(first).max(axis=1), 1e-9))
    x = np.minimum(most**2, BEND * drive.acceleration / np.maximum(np.abs(second).max(axis=1), 1e-9))  # speeds squared
    x[0] = x[-1] = 0.0
    lengths = np.diff(s)
    for k in range(len(lengths) - 1, -1, -1):
        x[k] = min(x[k], x[k + 1] + 2 * lengths[k] * _most(-first[k + 1], second[k + 1], x[k + 1], drive))
    for k in range(len(lengths)):
        x[k + 1] = min(x[k + 1], x[k] + 2 * lengths[k] * _most(first[k], second[k], x[k], drive))
    v = np.sqrt(x)
    return np.concatenate([[0.0], np.cumsum(2 * lengths / np.maximum(v[1:] + v[:-1], 1e-9))]), v


def _most(first: Matrix, second: Matrix, x: float, drive: Drive) -> float:
    """The largest acceleration along the way [m/s2] at a speed of sqrt(`x`) [m/s]."""
    slope = np.maximum(np.abs(first), 1e-9)
    left = (drive.acceleration - np.sign(first) * second * x) / slope
    return max(0.0, min(float(left.min()), drive.tool_acceleration))


def _averaged(t: Matrix, v: Matrix, window: float) -> tuple[Matrix, Matrix]:
    """The way [m] and speed [m/s] at each tick, the speed averaged over the `window` [s] before."""
    width = max(1, int(round(window / TICK)))
    ticks = TICK * np.arange(int(np.ceil(t[-1] / TICK)) + 1)
    raw = np.concatenate([np.zeros(width), np.interp(ticks, t, v), np.zeros(width)])
    even = np.convolve(raw, np.full(width, 1.0 / width), mode="valid")
    way = np.concatenate([[0.0], np.cumsum((even[1:] + even[:-1]) / 2 * TICK)])
    return way, even


def _beyond(times: Matrix, q: Matrix, dq: Matrix, drive: Drive) -> float:
    """By which factor the motion has to be slower to keep what `drive` says, tick by tick; 1 where it does."""
    at = CubicHermiteSpline(times, q, dq)(TICK * np.arange(int(times[-1] / TICK) + 1))
    steps = np.diff(at, axis=0)
    speed = float(np.abs(steps).max()) / TICK / drive.velocity
    acceleration = float(np.abs(np.diff(steps, axis=0)).max()) / TICK**2 / drive.acceleration
    return max(1.0, speed, np.sqrt(acceleration))
