"""How near people came over a whole run, and how near they were allowed to be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from moravec.console.collect import Samples
from moravec.console.geometry import braking_times, part_speeds, placed, room_of
from moravec.core.frames import Matrix
from moravec.guard.kernel.decide import REST_SPEED
from moravec.guard.limits import LimitTable

NEAR = 4.0  # [m] whoever stays farther is nobody's concern


@dataclass(frozen=True, slots=True)
class Near:
    """Over the samples: distance of the nearest person to the part with the least room, and its protective distance, (m,) [m].

    NaN where nobody is seen, and for `needed` where the arm rests: whoever stands still is nobody's danger. `least` is the
    smallest distance, `room` the smallest of what was left beyond the protective distance; NaN where the arm never moved.
    """

    apart: Matrix
    needed: Matrix
    least: float
    room: float


def near_people(samples: Samples, limits: LimitTable) -> Near | None:
    """Who came near, from what the robot measured; None where the table watches for nobody or nobody came within NEAR."""
    if limits.separation is None or samples.q.shape[1] != limits.joints or not samples.people.shape[1]:
        return None
    steps = samples.dq * limits.control_period
    _, ends = placed(samples.q, limits)
    before = placed(samples.q - steps, limits)[1]
    speeds = part_speeds(before, ends, steps, limits)
    room = room_of(samples.people, ends, speeds, braking_times(steps, limits), samples.t - samples.people_t, limits)
    if not np.any(room.nearest < NEAR):
        return None
    moves = np.any(np.abs(samples.dq) > REST_SPEED, axis=1)
    needed = np.where(moves, room.needed, np.nan)
    left = (room.apart - needed)[np.isfinite(room.apart - needed)]
    return Near(room.apart, needed, float(np.nanmin(room.nearest)), float(left.min()) if len(left) else float("nan"))
