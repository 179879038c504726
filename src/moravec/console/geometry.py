"""Where the robot's parts are over many set-points at once: the guard's kinematics and its distances, as array arithmetic.

The guard's own functions judge one tick at a time; a window of forty seconds has twenty thousand. A test holds both to the
same numbers. Everything in frame 0 of the limit table's kinematics, SI units and radians.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from moravec.core.frames import Matrix
from moravec.core.observation import NOBODY
from moravec.guard.limits import LimitTable
from moravec.guard.separation import Separation


def placed(q: Matrix, limits: LimitTable) -> tuple[Matrix, Matrix]:
    """Tool point (m, 3) and both ends of every part (m, parts, 2, 3) [m] at postures `q` (m, n) [rad].

    Standard Denavit-Hartenberg convention, as in `moravec.guard.kernel.kinematics`.
    """
    count = len(q)
    turn, at = np.tile(np.eye(3), (count, 1, 1)), np.zeros((count, 3))
    frames = [(turn, at)]
    for i, (theta0, a, d, alpha) in enumerate(limits.dh):
        c, s = np.cos(theta0 + q[:, i]), np.sin(theta0 + q[:, i])
        ca, sa, zero = math.cos(alpha), math.sin(alpha), np.zeros(count)
        link = np.stack([c, -s * ca, s * sa, s, c * ca, -c * sa, zero, zero + sa, zero + ca], axis=1).reshape(-1, 3, 3)
        at = at + (turn @ np.stack([a * c, a * s, zero + d], axis=1)[:, :, None])[:, :, 0]
        turn = turn @ link
        frames.append((turn, at))
    tool = at + turn @ np.asarray(limits.tool_offset)
    ends = np.zeros((count, len(limits.bodies), 2, 3))
    for b, body in enumerate(limits.bodies):
        turn, at = frames[body.frame]
        ends[:, b, 0], ends[:, b, 1] = at + turn @ np.asarray(body.a), at + turn @ np.asarray(body.b)
    return tool, ends


def part_speeds(before: Matrix, ends: Matrix, steps: Matrix, limits: LimitTable) -> Matrix:
    """(m, parts) [m/s]: a bound of the speed of every point of each part, as `moravec.guard.kernel.people.part_speed`, that went
    from `before` to `ends` (m, parts, 2, 3) [m] with `steps` (m, n) [rad] in one tick."""
    moved = np.linalg.norm(ends - before, axis=3).max(axis=2)
    turn = np.concatenate([np.zeros((len(steps), 1)), np.cumsum(np.abs(steps), axis=1)], axis=1)
    frames, radii = [body.frame for body in limits.bodies], np.array([body.radius for body in limits.bodies])
    speeds: Matrix = (moved + radii * turn[:, frames]) / limits.control_period
    return speeds


def people_distances(people: Matrix, ends: Matrix, limits: LimitTable) -> Matrix:
    """(m, parts) [m]: the horizontal distance of the nearest of `people` (m, k, 2) to each part; infinite where nobody is.

    Rows of NaN in `people` are nobody.
    """
    a, along = ends[:, None, :, 0, :2], (ends[:, :, 1, :2] - ends[:, :, 0, :2])[:, None]
    to = people[:, :, None, :] - a
    square = np.sum(along * along, axis=3)
    share = np.clip(np.sum(along * to, axis=3) / np.where(square > 0.0, square, 1.0), 0.0, 1.0) * (square > 0.0)
    away = np.linalg.norm(to - share[..., None] * along, axis=3) - np.array([body.radius for body in limits.bodies])
    nearest: Matrix = np.min(np.where(np.isnan(away), np.inf, away), axis=1, initial=np.inf)
    return nearest


def braking_times(steps: Matrix, limits: LimitTable) -> Matrix:
    """(m,) [s]: how long the guard's own braking takes after `steps` (m, n) [rad] in one tick."""
    gains = np.array(limits.acceleration) * limits.control_period**2
    times: Matrix = np.max(np.abs(steps) / gains, axis=1) * limits.control_period
    return times


def protective_distances(speed: Matrix, time: Matrix, age: Matrix, terms: Separation) -> Matrix:
    """S_p (m, parts) [m] of parts with `speed` (m, parts) [m/s], where braking takes `time` (m,) [s] and people were seen
    `age` (m,) [s] ago.

    The formula and its sources stand in `moravec.guard.kernel.people`.
    """
    reaction = (terms.reaction_time + age)[:, None]
    stopping = np.maximum(time[:, None], speed / terms.braking)
    fixed = terms.intrusion + terms.human_uncertainty + terms.robot_uncertainty
    needed: Matrix = terms.human_speed * (reaction + stopping) + speed * (reaction + stopping) + fixed
    return needed


@dataclass(frozen=True, slots=True)
class Room:
    """Over m moments: how far somebody is, and how far they must be.

    nearest  (m,) distance of the nearest person to any part [m]; NaN where nobody is seen
    apart    (m,) that to the part with the least room, in proportion [m]; NaN where nobody is seen
    needed   (m,) the protective distance of that part [m]
    part     (m,) which part that is; -1 for none
    """

    nearest: Matrix
    apart: Matrix
    needed: Matrix
    part: NDArray[np.int64]


def room_of(people: Matrix, ends: Matrix, speeds: Matrix, times: Matrix, ages: Matrix, limits: LimitTable) -> Room:
    """The room that `people` (m, k, 2) leave parts at `ends` with `speeds` (m, parts) [m/s], where braking takes `times` (m,)
    [s] and people were seen `ages` (m,) [s] ago. Parts that stand still count only where all do."""
    blank, nobody = np.full(len(ends), np.nan), np.full(len(ends), -1)
    if not limits.bodies or not people.shape[1]:
        return Room(blank, blank, blank, nobody)
    distances = people_distances(people, ends, limits)
    nearest = np.where(np.isfinite(distances.min(axis=1)), distances.min(axis=1), np.nan)
    if limits.separation is None:
        return Room(nearest, blank, blank, nobody)
    needed = protective_distances(speeds, times, ages, limits.separation)
    slow = 0.0 if limits.touch is None else limits.touch.speed
    counted = (speeds > slow) | ~np.any(speeds > slow, axis=1)[:, None]
    room = np.where(counted, (distances - needed) / needed, np.inf)
    part = np.argmin(np.where(np.isnan(room), np.inf, room), axis=1)
    at = (np.arange(len(ends)), part)
    known = np.isfinite(distances[at]) & np.isfinite(needed[at])
    return Room(
        nearest, np.where(known, distances[at], np.nan), np.where(known, needed[at], np.nan), np.where(known, part, -1)
    )


def people_rows(lists: Sequence[object]) -> Matrix:
    """(m, k, 2) where people stand, rows of NaN where there are fewer than most; what is no list of places is nobody."""
    found = [p if isinstance(p, np.ndarray) and p.ndim == 2 and p.shape[1] == 2 else NOBODY for p in lists]
    rows = np.full((len(found), max(map(len, found), default=0), 2), np.nan)
    for i, people in enumerate(found):
        rows[i, : len(people)] = people
    return rows


def rows_of(values: list[Any], width: int) -> NDArray[np.float64]:
    """(m, width): each of `values`, or NaN where it is no vector of that width."""
    blank = np.full(width, np.nan)
    fit = [v if isinstance(v, np.ndarray) and v.shape == (width,) and v.dtype == np.float64 else blank for v in values]
    return np.array(fit).reshape(-1, width)
