"""One pure function for each limit. No state, no I/O, no clock; scalars and sequences of floats in, a `Finding` out.

Each is written so that what is not provably inside is refused: a comparison with NaN is false, and false means no.
`tolerance` makes the guard slightly looser than any planner that works with the same table, so that a lawful motion at exactly
the limit passes in spite of rounding; a guard that is tighter than its planner trips for nothing and gets switched off.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from moravec.guard.braking import brake_distance
from moravec.guard.limits import HUGE, Box

# Relative slack of the speed, acceleration and torque limits, and of the tool speed limit [1].
TOLERANCE = 1e-3
# Slack of position limits [rad].
POSITION_TOLERANCE = 1e-6
# Slack of the gripper's limits, in metres and newtons.
GRIP_TOLERANCE = 1e-6
# A command may seem this much newer than now [s]: rounding, not clocks that disagree.
FUTURE_TOLERANCE = 1e-6


class Finding(NamedTuple):
    """What one check found. The check holds if and only if `margin` >= 0.

    `limit` is the enforced limit, tolerance included; `margin` is in its unit; `relative` is the margin over the limit's own
    scale, to compare unlike checks; `joint` is -1 where no joint decides.
    """

    check: str
    joint: int
    value: float
    limit: float
    margin: float
    relative: float


def _below(check: str, joint: int, value: float, limit: float) -> Finding:
    return Finding(check, joint, value, limit, limit - value, (limit - value) / limit)


def check_shape(check: str, fitting: bool) -> Finding:
    """Whether the fields have the shapes and types of the contract."""
    value = 0.0 if fitting else 1.0
    return Finding(check, -1, value, 0.0, -value, 1.0 - 2.0 * value)


def check_finite(check: str, values: Sequence[float]) -> Finding:
    """Every value within +-HUGE. `value` counts those that are not (so that no NaN gets into a verdict)."""
    bad = 0
    first = -1
    for i, x in enumerate(values):
        if not -HUGE <= x <= HUGE:
            bad += 1
            if first < 0:
                first = i
    return Finding(check, first, float(bad), 0.0, -float(bad), 1.0 if bad == 0 else -1.0)


def check_age(t: float, now: float, oldest: float) -> Finding:
    """A command of time `t` [s] is at most `oldest` [s] old, and not from the future."""
    age = now - t
    if age < -FUTURE_TOLERANCE:
        return Finding("command_from_future", -1, -age, FUTURE_TOLERANCE, FUTURE_TOLERANCE + age, -1.0)
    return _below("command_age", -1, age, oldest + FUTURE_TOLERANCE)


def check_sequence(seq: int, last: int, gap: int) -> Finding:
    """The number after `last` is larger, by at most `gap`."""
    step = seq - last
    if step < 1:
        return Finding("sequence_repeat", -1, float(step), 1.0, float(step - 1), -1.0)
    return Finding("sequence_gap", -1, float(step), float(gap), float(gap - step), 1.0 if step <= gap else -1.0)


def check_velocity(check: str, speeds: Sequence[float], limits: Sequence[float]) -> Finding:
    """|speed| (n,) [rad/s] within limits (n,) [rad/s]; the joint with the least relative margin."""
    worst, joint, ratio = 0.0, 0, -1.0
    for j in range(len(limits)):
        value = abs(speeds[j])
        if not value / limits[j] <= ratio:
            worst, joint, ratio = value, j, value / limits[j]
        if math.isnan(ratio):
            break  # not a number: nothing after it may cover it up
    return _below(check, joint, worst, limits[joint] * (1.0 + TOLERANCE))


def check_acceleration(
    steps: Sequence[float], previous: Sequence[float], limits: Sequence[float], period: float
) -> Finding:
    """|second difference| of the set-points / period^2 [rad/s^2] within limits (n,); steps in [rad] a tick."""
    worst, joint, ratio = 0.0, 0, -1.0
    square = period * period
    for j in range(len(limits)):
        value = abs(steps[j] - previous[j]) / square
        if not value / limits[j] <= ratio:
            worst, joint, ratio = value, j, value / limits[j]
        if math.isnan(ratio):
            break
    return _below("acceleration", joint, worst, limits[joint] * (1.0 + TOLERANCE))


def check_position(
    q: Sequence[float],
    steps: Sequence[float],
    gains: Sequence[float],
    lows: Sequence[float],
    highs: Sequence[float],
) -> Finding:
    """From set-point `q` (n,) [rad], reached with `steps` [rad], every joint can brake to rest inside its range.

    `value` is where it comes to rest. A joint that is outside already (it started there) must not move further out: its limit
    is then where it stood, so it may stay or come back.
    """
    found = Finding("position", 0, 0.0, 0.0, math.inf, math.inf)
    for j in range(len(lows)):
        low, high, step = lows[j] - POSITION_TOLERANCE, highs[j] + POSITION_TOLERANCE, steps[j]
        before = q[j] - step
        high, low = max(high, before), min(low, before)
        way = brake_distance(step, gains[j])
        end = q[j] + way if step >= 0.0 else q[j] - way
        above = high - end < end - low
        margin = high - end if above else end - low
        relative = 2.0 * margin / (highs[j] - lows[j])
        if not relative >= found.relative:
            found = Finding("position", j, end, high if above else low, margin, relative)
    return found


def check_torque(torques: Sequence[float], limits: Sequence[float]) -> Finding:
    """Measured |torque| (n,) [N m] within limits (n,) [N m]."""
    return check_velocity("torque", torques, limits)


def check_tracking(measured: Sequence[float], approved: Sequence[float], limits: Sequence[float]) -> Finding:
    """|measured - last approved set-point| (n,) [rad] within limits (n,) [rad]: the body follows, and is not held."""
    return check_velocity("tracking", [m - a for m, a in zip(measured, approved, strict=True)], limits)


def check_tool_speed(start: Sequence[float], end: Sequence[float], period: float, limit: float) -> Finding:
    """The tool point's way from `start` to `end` (3,) [m] in one `period` [s], against `limit` [m/s]."""
    dx, dy, dz = end[0] - start[0], end[1] - start[1], end[2] - start[2]
    return _below("tool_speed", -1, math.sqrt(dx * dx + dy * dy + dz * dz) / period, limit * (1.0 + TOLERANCE))


def box_depth(point: Sequence[float], box: Box) -> tuple[float, float, float]:
    """How deep `point` (3,) [m] lies in `box`: (distance to the nearest face, negative outside; its coordinate; the face), [m].

    Outside, the face is the one along the axis by which it is farthest out.
    """
    depth, value, face = math.inf, 0.0, 0.0
    for axis in range(3):
        x, low, high = point[axis], box.low[axis], box.high[axis]
        if not x - low >= depth:
            depth, value, face = x - low, x, low
        if not high - x >= depth:
            depth, value, face = high - x, x, high
        if math.isnan(depth):
            break
    return depth, value, face


def check_workspace(point: Sequence[float], allowed: Sequence[Box], forbidden: Sequence[Box]) -> Finding:
    """The tool `point` (3,) [m] lies in the union of `allowed` and outside every `forbidden` box.

    `value` and `limit` are the point's and the face's coordinate along the deciding axis. A point on a face of an allowed box
    is inside, on a face of a forbidden box outside.
    """
    best = box_depth(point, allowed[0])
    for i in range(1, len(allowed)):
        other = box_depth(point, allowed[i])
        if other[0] > best[0]:
            best = other
    found = Finding("workspace", -1, best[1], best[2], best[0], best[0])
    for box in forbidden:
        depth, value, face = box_depth(point, box)
        if not -depth >= found.margin:
            found = Finding("forbidden_zone", -1, value, face, -depth, -depth)
    return found


def check_grip(width: float, force: float, narrowest: float, widest: float, strongest: float) -> Finding:
    """Opening `width` [m] and `force` [N] of the gripper inside their ranges; the worse of the two."""
    narrow, wide = width - narrowest, widest - width
    scale = widest - narrowest
    if not wide >= narrow:
        by_width = Finding("grip_width", -1, width, widest, wide + GRIP_TOLERANCE, wide / scale)
    else:
        by_width = Finding("grip_width", -1, width, narrowest, narrow + GRIP_TOLERANCE, narrow / scale)
    if not by_width.margin >= 0.0:
        return by_width
    if force < 0.0:
        return Finding("grip_force", -1, force, 0.0, force + GRIP_TOLERANCE, force / strongest)
    return Finding("grip_force", -1, force, strongest, strongest - force + GRIP_TOLERANCE, 1.0 - force / strongest)
