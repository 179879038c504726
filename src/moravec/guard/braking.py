"""The braking that every accepted command leaves room for, and how a small excess is pulled back.

Everything is counted in control ticks. A *step* is what a joint moves in one tick [rad]: step = speed * period. Braking takes
`gain` = acceleration * period^2 [rad] off the step in each tick, so from step s it goes on for s - gain, s - 2 gain, ... and
comes to rest after

    brake_distance(s) = n s - gain n (n + 1) / 2,    n = floor(s / gain)

which is the tick-wise form of v^2 / (2 a): for a motion sampled from constant deceleration both agree exactly.

Proof of the invariant. Let room be the way to the limit. A step s is allowed only if s + brake_distance(s) <= room. Then the
step s - gain is allowed next: it and all that follow were counted in brake_distance(s). So as long as allowed steps are taken,
a further allowed step exists that keeps within the acceleration limit, and taking it again and again ends at rest inside.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

# Rounding of a sum of steps [rad]; far below what an encoder resolves.
ROUNDING = 1e-9


def brake_distance(step: float, gain: float) -> float:
    """How far a joint still goes [rad] after a tick in which it moved `step` [rad], braking with `gain` [rad] a tick."""
    s = abs(step)
    n = math.floor(s / gain)
    return n * s - gain * n * (n + 1) / 2.0


def fastest_step(room: float, gain: float) -> float:
    """The largest step s [rad] with s + brake_distance(s) <= `room` [rad]; 0 where there is no room.

    s + brake_distance(s) is continuous, rising and linear between multiples of gain: it is solved on its own piece.
    """
    if not room > 0.0:
        return 0.0
    n = math.floor((math.sqrt(1.0 + 8.0 * room / gain) - 1.0) / 2.0)
    return (room + gain * n * (n + 1) / 2.0) / (n + 1)


def straight_factor(steps: Sequence[float], gains: Sequence[float]) -> tuple[float, float]:
    """Braking all joints together so that the motion keeps its direction: (next, rest).

    The next step is `next` * steps, and the whole way to rest `rest` * steps. The joint that needs longest sets the pace.
    """
    ticks = 0.0
    for step, gain in zip(steps, gains, strict=True):
        ticks = max(ticks, abs(step) / gain)
    if ticks <= 1.0:
        return 0.0, 0.0
    n = math.floor(ticks)
    return (ticks - 1.0) / ticks, n - n * (n + 1) / (2.0 * ticks)


def rest_posture(
    q: Sequence[float], steps: Sequence[float], gains: Sequence[float], lows: Sequence[float], highs: Sequence[float]
) -> tuple[list[float], bool]:
    """Where braking from posture `q` (n,) [rad], reached with `steps` (n,) [rad], comes to rest, and whether it is straight.

    Straight braking keeps the tool on its way and is preferred; where it would leave the position limits, each joint brakes
    on its own as hard as it may, which the invariant keeps inside.
    """
    _, rest = straight_factor(steps, gains)
    ends = [p + rest * step for p, step in zip(q, steps, strict=True)]
    for end, step, low, high in zip(ends, steps, lows, highs, strict=True):
        if (step > 0.0 and end > high + ROUNDING) or (step < 0.0 and end < low - ROUNDING):
            alone = [
                p + math.copysign(brake_distance(step, gain), step)
                for p, step, gain in zip(q, steps, gains, strict=True)
            ]
            return alone, False
    return ends, True


def brake(
    q: Sequence[float], steps: Sequence[float], gains: Sequence[float], lows: Sequence[float], highs: Sequence[float]
) -> list[float]:
    """The next steps (n,) [rad] of braking; all zero at rest. Arguments as for `rest_posture`."""
    _, straight = rest_posture(q, steps, gains, lows, highs)
    if straight:
        factor, _ = straight_factor(steps, gains)
        return [factor * step for step in steps]
    return [
        math.copysign(max(abs(step) - gain, 0.0), step) if abs(step) > gain else 0.0
        for step, gain in zip(steps, gains, strict=True)
    ]


def allowed_steps(
    q: Sequence[float],
    steps: Sequence[float],
    gains: Sequence[float],
    fastest: Sequence[float],
    lows: Sequence[float],
    highs: Sequence[float],
) -> tuple[list[float], list[float]]:
    """For each joint the lowest and highest next step [rad] that keeps speed, acceleration and the braking invariant.

    `steps` were the last ones, `fastest` (n,) [rad] the steps at the speed limit. From a lawful past no interval is empty.
    """
    down: list[float] = []
    up: list[float] = []
    for p, step, gain, most, low, high in zip(q, steps, gains, fastest, lows, highs, strict=True):
        down.append(max(step - gain, -most, -fastest_step(p - low, gain)))
        up.append(min(step + gain, most, fastest_step(high - p, gain)))
    return down, up


def approach(wanted: float, ahead: float, gain: float) -> float:
    """The step [rad] towards a set-point `wanted` [rad] away that itself moves `ahead` [rad] a tick, without overshoot."""
    gap = wanted - ahead
    return ahead + math.copysign(fastest_step(abs(gap), gain), gap)


def pulled_back(
    wanted: Sequence[float], aheads: Sequence[float], gains: Sequence[float], down: Sequence[float], up: Sequence[float]
) -> tuple[list[float], bool]:
    """The steps (n,) [rad] nearest to `wanted` inside [`down`, `up`], and whether there are any.

    First all joints are scaled by one factor, which keeps the direction; where no factor fits, each joint is clamped alone.
    """
    targets = [approach(w, a, g) for w, a, g in zip(wanted, aheads, gains, strict=True)]
    least, most = 0.0, 1.0
    possible = True
    for target, low, high in zip(targets, down, up, strict=True):
        if low > high + ROUNDING:
            return targets, False
        if target == 0.0:
            possible = possible and low <= 0.0 <= high
            continue
        first, last = (low / target, high / target) if target > 0.0 else (high / target, low / target)
        least, most = max(least, first), min(most, last)
    if possible and least <= most:
        return [most * target for target in targets], True
    return [max(min(t, high), low) for t, low, high in zip(targets, down, up, strict=True)], True
