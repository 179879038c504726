"""One pure function for each limit: numbers in, a `Finding` out.

Each is written so that what is not provably inside is refused: a comparison with NaN is false, and false means no.
`TOLERANCE` makes the guard slightly looser than any planner that works with the same table, so that a lawful motion at exactly
the limit passes in spite of rounding; a guard that is tighter than its planner trips for nothing and gets switched off.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from moravec.guard.kernel.codes import (
    ACCELERATION,
    COMMAND_AGE,
    COMMAND_FROM_FUTURE,
    FORBIDDEN_ZONE,
    GRIP_FORCE,
    GRIP_WIDTH,
    JERK,
    POSITION,
    SEQUENCE_GAP,
    SEQUENCE_REPEAT,
    WORKSPACE,
)
from moravec.guard.kernel.form import Asked, Table, Vec

# No length, angle, speed, torque or time of a robot comes near this; larger numbers are treated like infinity.
HUGE = 1e9
# No joint is farther beyond its range than this [rad, m]: one that was counted a turn wrong may be there, a sensor lies.
BEYOND = 6.2831853
# Relative slack of the speed, acceleration, jerk and torque limits, and of the tool speed limit [1].
TOLERANCE = 1e-3
# Slack of position limits [rad].
POSITION_TOLERANCE = 1e-6
# Slack of the gripper's limits, in metres and newtons.
GRIP_TOLERANCE = 1e-6
# A time may seem this much newer than now [s]: rounding, not clocks that disagree.
FUTURE_TOLERANCE = 1e-6


class Finding(NamedTuple):
    """What one check found. The check holds if and only if `margin` >= 0.

    `limit` is the enforced limit, tolerance included; `margin` is in its unit; `relative` is the margin over the limit's own
    scale, to compare unlike checks; `joint` is the joint, body or zone that decides, -1 where none does.
    """

    check: int
    joint: int
    value: float
    limit: float
    margin: float
    relative: float


def lesser(a: float, b: float) -> float:
    """The smaller of two numbers; `b` where they do not compare."""
    return a if a < b else b


def larger(a: float, b: float) -> float:
    """The larger of two numbers; `b` where they do not compare."""
    return a if a > b else b


def worst(before: Finding, found: Finding) -> Finding:
    """The one that decides: the first that does not hold, or else the one with the least relative margin."""
    if not before.margin >= 0.0:
        return before
    if not found.margin >= 0.0:
        return found
    return found if found.relative < before.relative else before


def below(check: int, joint: int, value: float, limit: float) -> Finding:
    """`value` is at most `limit`, which is above 0."""
    return Finding(check, joint, value, limit, limit - value, (limit - value) / limit)


def fact(check: int, holds: bool) -> Finding:
    """What either is so or is not; `value` 1 where it is not."""
    value = 0.0 if holds else 1.0
    return Finding(check, -1, value, 0.0, -value, 1.0 - 2.0 * value)


def unfit(values: Vec, count: int) -> int:
    """How many of the first `count` values are not within +-HUGE."""
    bad = 0
    for i in range(count):
        if not -HUGE <= values[i] <= HUGE:
            bad += 1
    return bad


def odd(value: float) -> int:
    """1 for a value that is not within +-HUGE."""
    return 0 if -HUGE <= value <= HUGE else 1


def check_command_finite(check: int, a: Asked, n: int) -> Finding:
    """Every number of the command within +-HUGE; `value` counts those that are not, so that no NaN gets into a verdict."""
    bad = unfit(a.q, n) + unfit(a.dq, n)
    bad += odd(a.t) + odd(a.grip_width) + odd(a.grip_force) + odd(float(a.seq))
    return Finding(check, -1, float(bad), 0.0, -float(bad), 1.0 if bad == 0 else -1.0)


def check_state_finite(check: int, t: Table, a: Asked) -> Finding:
    """Every measured number within +-HUGE, and no joint farther than BEYOND its range."""
    bad = unfit(a.measured_dq, t.n) + unfit(a.measured_tau, t.n)
    for j in range(t.n):
        if not t.position_min[j] - BEYOND <= a.measured_q[j] <= t.position_max[j] + BEYOND:
            bad += 1
    bad += unfit(a.wrench, 6) + unfit(a.measured_grip, 2) + odd(a.state_t)
    return Finding(check, -1, float(bad), 0.0, -float(bad), 1.0 if bad == 0 else -1.0)


def check_age(check: int, ahead: int, then: float, now: float, oldest: float) -> Finding:
    """What is of time `then` [s] is at most `oldest` [s] old, and (check `ahead`) not from the future; NaN is too old."""
    age = now - then
    if not -HUGE <= age <= HUGE:
        return Finding(check, -1, HUGE, oldest + FUTURE_TOLERANCE, -HUGE, -1.0)
    if age < -FUTURE_TOLERANCE:
        return Finding(ahead, -1, -age, FUTURE_TOLERANCE, FUTURE_TOLERANCE + age, -1.0)
    return below(check, -1, age, oldest + FUTURE_TOLERANCE)


def check_command_age(then: float, now: float, oldest: float) -> Finding:
    """A command of time `then` [s] is fresh."""
    return check_age(COMMAND_AGE, COMMAND_FROM_FUTURE, then, now, oldest)


def check_sequence(seq: int, last: int, gap: int) -> Finding:
    """The number after `last` is larger, by at most `gap`."""
    step = seq - last
    if step < 1:
        return Finding(SEQUENCE_REPEAT, -1, float(step), 1.0, float(step - 1), -1.0)
    return Finding(SEQUENCE_GAP, -1, float(step), float(gap), float(gap - step), 1.0 if step <= gap else -1.0)


def check_each(check: int, values: Vec, limits: Vec, n: int) -> Finding:
    """|value| (n,) within limits (n,); the joint with the least relative margin."""
    worst_value, joint, ratio = 0.0, 0, -1.0
    for j in range(n):
        value = abs(values[j])
        if not value / limits[j] <= ratio:
            worst_value, joint, ratio = value, j, value / limits[j]
        if math.isnan(ratio):
            break  # not a number: nothing after it may cover it up
    return below(check, joint, worst_value, limits[joint] * (1.0 + TOLERANCE))


def check_gap(check: int, values: Vec, others: Vec, limits: Vec, scale: float, n: int) -> Finding:
    """|value - other| / `scale` (n,) within limits (n,)."""
    worst_value, joint, ratio = 0.0, 0, -1.0
    for j in range(n):
        value = abs(values[j] - others[j]) / scale
        if not value / limits[j] <= ratio:
            worst_value, joint, ratio = value, j, value / limits[j]
        if math.isnan(ratio):
            break
    return below(check, joint, worst_value, limits[joint] * (1.0 + TOLERANCE))


def check_acceleration(steps: Vec, previous: Vec, t: Table) -> Finding:
    """|second difference| of the set-points / period^2 [rad/s^2]; steps in [rad] a tick."""
    return check_gap(ACCELERATION, steps, previous, t.acceleration, t.period * t.period, t.n)


def check_jerk(steps: Vec, previous: Vec, bends: Vec, t: Table) -> Finding:
    """|third difference| of the set-points / period^3 [rad/s^3]; `bends` are the last second differences [rad]."""
    cube = t.period * t.period * t.period
    worst_value, joint, ratio = 0.0, 0, -1.0
    for j in range(t.n):
        value = abs(steps[j] - previous[j] - bends[j]) / cube
        if not value / t.jerk[j] <= ratio:
            worst_value, joint, ratio = value, j, value / t.jerk[j]
        if math.isnan(ratio):
            break
    return below(JERK, joint, worst_value, t.jerk[joint] * (1.0 + TOLERANCE))


def check_position(q: Vec, steps: Vec, ways: Vec, t: Table) -> Finding:
    """From set-point `q` (n,) [rad], reached with `steps`, every joint can brake within `ways` [rad] inside its range.

    `value` is where it comes to rest. A joint that is outside already (it started there) must not move further out: its limit
    is then where it stood, so it may stay or come back.
    """
    found = Finding(POSITION, 0, 0.0, 0.0, math.inf, math.inf)
    for j in range(t.n):
        before = q[j] - steps[j]
        high = larger(t.position_max[j] + POSITION_TOLERANCE, before)
        low = lesser(t.position_min[j] - POSITION_TOLERANCE, before)
        end = q[j] + ways[j] if steps[j] >= 0.0 else q[j] - ways[j]
        above = high - end < end - low
        margin = high - end if above else end - low
        relative = 2.0 * margin / (t.position_max[j] - t.position_min[j])
        if not relative >= found.relative:
            found = Finding(POSITION, j, end, high if above else low, margin, relative)
        if math.isnan(relative):
            break
    return found


def box_depth(x: Vec, low: Vec, high: Vec, at: int) -> tuple[float, float, float]:
    """How deep point `x` (3,) [m] lies in the box whose corners stand at `at`: (distance to the nearest face, negative
    outside; the point's coordinate; the face's) [m]. Outside, the face is the one along the axis it is farthest out by."""
    depth, value, face = math.inf, 0.0, 0.0
    for k in range(3):
        if not x[k] - low[at + k] >= depth:
            depth, value, face = x[k] - low[at + k], x[k], low[at + k]
        if not high[at + k] - x[k] >= depth:
            depth, value, face = high[at + k] - x[k], x[k], high[at + k]
        if math.isnan(depth):
            break
    return depth, value, face


def check_workspace(x: Vec, t: Table) -> Finding:
    """The tool point `x` (3,) [m] lies in the union of the allowed boxes and outside every forbidden one.

    `value` and `limit` are the point's and the face's coordinate along the deciding axis. A point on a face of an allowed box
    is inside, on a face of a forbidden box outside.
    """
    best, at, bound = box_depth(x, t.allowed_low, t.allowed_high, 0)
    for i in range(1, t.allowed):
        depth, value, face = box_depth(x, t.allowed_low, t.allowed_high, 3 * i)
        if depth > best:
            best, at, bound = depth, value, face
    found = Finding(WORKSPACE, -1, at, bound, best, best)
    for i in range(t.forbidden):
        depth, value, face = box_depth(x, t.forbidden_low, t.forbidden_high, 3 * i)
        if not -depth >= found.margin:
            found = Finding(FORBIDDEN_ZONE, -1, value, face, -depth, -depth)
    return found


def check_workspace_from(x: Vec, before: Vec, t: Table) -> Finding:
    """The tool point `x` (3,) [m], which was outside its workspace at `before` (3,) [m]: it may only come back.

    The allowed boxes together, and each forbidden one: where it was outside the margin is the gain [m], else the depth itself.
    """
    best, old = -HUGE, -HUGE
    for i in range(t.allowed):
        best = larger(best, box_depth(x, t.allowed_low, t.allowed_high, 3 * i)[0])
        old = larger(old, box_depth(before, t.allowed_low, t.allowed_high, 3 * i)[0])
    gain = best - old if old < 0.0 else best
    found = Finding(WORKSPACE, -1, best, 0.0, gain, gain)
    for i in range(t.forbidden):
        depth, value, face = box_depth(x, t.forbidden_low, t.forbidden_high, 3 * i)
        inside = box_depth(before, t.forbidden_low, t.forbidden_high, 3 * i)[0]
        gain = inside - depth if inside > 0.0 else -depth
        if not gain >= found.margin:
            found = Finding(FORBIDDEN_ZONE, -1, value, face, gain, gain)
    return found


def check_grip(width: float, force: float, t: Table) -> Finding:
    """Opening `width` [m] and `force` [N] of the gripper inside their ranges; the worse of the two."""
    narrow, wide = width - t.grip_width_min, t.grip_width_max - width
    scale = t.grip_width_max - t.grip_width_min
    if not wide >= narrow:
        by_width = Finding(GRIP_WIDTH, -1, width, t.grip_width_max, wide + GRIP_TOLERANCE, wide / scale)
    else:
        by_width = Finding(GRIP_WIDTH, -1, width, t.grip_width_min, narrow + GRIP_TOLERANCE, narrow / scale)
    if not by_width.margin >= 0.0:
        return by_width
    if force < 0.0:
        return Finding(GRIP_FORCE, -1, force, 0.0, force + GRIP_TOLERANCE, force / t.grip_force_max)
    spare = t.grip_force_max - force
    return Finding(GRIP_FORCE, -1, force, t.grip_force_max, spare + GRIP_TOLERANCE, spare / t.grip_force_max)
