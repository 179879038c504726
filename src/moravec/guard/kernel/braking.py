"""The braking that every accepted command leaves room for, and how a small excess is pulled back.

Everything is counted in control ticks. A *step* is what a joint moves in one tick [rad]: step = speed * period. Braking takes
`gain` = acceleration * period^2 [rad] off the step in each tick, so from step s it goes on for s - gain, s - 2 gain, ... and
comes to rest after

    brake_distance(s) = n s - gain n (n + 1) / 2,    n = floor(s / gain)

which is the tick-wise form of v^2 / (2 a): for a motion sampled from constant deceleration both agree exactly.

Proof of the invariant. Let room be the way to the limit. A step s is allowed only if s + brake_distance(s) <= room. Then the
step s - gain is allowed next: it and all that follow were counted in brake_distance(s). So as long as allowed steps are taken,
a further allowed step exists that keeps within the acceleration limit, and taking it again and again ends at rest inside.

That is the law of one joint. Where tool, parts and people are concerned, the way of all joints together counts: `way_to_rest`
says which it is, it is judged before a command is approved, and a stop takes that very way (`Memory.straight`).
"""

from __future__ import annotations

import math

from moravec.guard.kernel.checks import larger, lesser
from moravec.guard.kernel.form import Answer, Table, Vec

# Rounding of a sum of steps [rad]; far below what an encoder resolves.
ROUNDING = 1e-9


def whole(x: float) -> float:
    """`x` >= 0 rounded down. Numbers from 2^53 on are whole, and may be too large for a machine's integer."""
    return float(math.floor(x)) if x < 9e15 else x


def brake_distance(step: float, gain: float) -> float:
    """How far a joint still goes [rad] after a tick in which it moved `step` [rad], braking with `gain` [rad] a tick."""
    s = abs(step)
    n = whole(s / gain)
    return n * s - gain * n * (n + 1.0) / 2.0


def fastest_step(room: float, gain: float) -> float:
    """The largest step s [rad] with s + brake_distance(s) <= `room` [rad]; 0 where there is no room.

    s + brake_distance(s) is continuous, rising and linear between multiples of gain: it is solved on its own piece.
    """
    if not room > 0.0:
        return 0.0
    n = whole((math.sqrt(1.0 + 8.0 * room / gain) - 1.0) / 2.0)
    return (room + gain * n * (n + 1.0) / 2.0) / (n + 1.0)


def ticks_to_rest(steps: Vec, gains: Vec, n: int) -> float:
    """How many ticks, not rounded, the joint that needs longest brakes."""
    ticks = 0.0
    for j in range(n):
        ticks = larger(abs(steps[j]) / gains[j], ticks)
    return ticks


def next_factor(ticks: float) -> float:
    """The share of each step that is left in the next tick of straight braking, `ticks` from rest."""
    return 0.0 if ticks <= 1.0 else (ticks - 1.0) / ticks


def rest_factor(ticks: float) -> float:
    """The whole way to rest of straight braking, as a multiple of each step."""
    if ticks <= 1.0:
        return 0.0
    n = whole(ticks)
    return n - n * (n + 1.0) / (2.0 * ticks)


def brake_ways(steps: Vec, t: Table, out: Vec) -> None:
    """Into `out` (n,) [rad], never negative: how far each joint goes on when it brakes on its own."""
    for j in range(t.n):
        out[j] = brake_distance(steps[j], t.gains[j])


def way_to_rest(q: Vec, steps: Vec, t: Table, out: Vec) -> bool:
    """Into `out` (n,) [rad]: the way from posture `q`, reached with `steps`, to rest; whether it is straight.

    Straight braking, all joints by the same share, keeps the tool on its way and is preferred; where it would leave the
    position limits, each joint brakes on its own as hard as it may, which the invariant keeps inside.
    """
    rest = rest_factor(ticks_to_rest(steps, t.gains, t.n))
    straight = True
    for j in range(t.n):
        out[j] = rest * steps[j]
        end = q[j] + out[j]
        if steps[j] > 0.0 and end > t.highs[j] + ROUNDING:
            straight = False
        if steps[j] < 0.0 and end < t.lows[j] - ROUNDING:
            straight = False
    if not straight:
        for j in range(t.n):
            out[j] = math.copysign(brake_distance(steps[j], t.gains[j]), steps[j])
    return straight


def gone(ticks: float, step: float, gain: float, straight: bool, until_rest: float) -> float:
    """How far a joint gets [rad] in the first `ticks` of braking from `step` [rad]; `until_rest` is `ticks_to_rest` of all."""
    if straight:
        return step * (ticks - ticks * (ticks + 1.0) / (2.0 * until_rest))
    n = lesser(ticks, abs(step) / gain)
    return math.copysign(abs(step) * n - gain * n * (n + 1.0) / 2.0, step)


def brake(steps: Vec, straight: bool, t: Table) -> None:
    """Replaces `steps` (n,) [rad] by the next ones of braking; all zero at rest.

    A stop is straight, or not, to its end, as it was when its way was judged: a joint that comes to rest early must not send
    the others back to the longer way.
    """
    if straight:
        factor = next_factor(ticks_to_rest(steps, t.gains, t.n))
        for j in range(t.n):
            steps[j] = factor * steps[j]
        return
    for j in range(t.n):
        left = abs(steps[j]) - t.gains[j]
        steps[j] = math.copysign(left, steps[j]) if left > 0.0 else 0.0


def allowed_steps(q: Vec, steps: Vec, t: Table, down: Vec, up: Vec) -> None:
    """Into `down` and `up` (n,) [rad]: the lowest and highest next step that keeps speed, acceleration and the invariant.

    From a lawful past no interval is empty.
    """
    for j in range(t.n):
        gain = t.gains[j]
        low = larger(-t.fastest[j], -fastest_step(q[j] - t.lows[j], gain))
        high = lesser(t.fastest[j], fastest_step(t.highs[j] - q[j], gain))
        down[j] = larger(steps[j] - gain, low)
        up[j] = lesser(steps[j] + gain, high)


def approach(wanted: float, ahead: float, gain: float) -> float:
    """The step [rad] towards a set-point `wanted` [rad] away that itself moves `ahead` [rad] a tick, without overshoot."""
    gap = wanted - ahead
    return ahead + math.copysign(fastest_step(abs(gap), gain), gap)


def pull_back(wanted: Vec, aheads: Vec, t: Table, o: Answer) -> bool:
    """Into `o.steps`: the steps (n,) [rad] nearest to `wanted` inside [`o.down`, `o.up`]; whether there are any.

    First all joints are scaled by one factor, which keeps the direction; where no factor fits, each joint is then clamped alone.
    """
    least, most = 0.0, 1.0
    possible = True
    for j in range(t.n):
        target, low, high = approach(wanted[j], aheads[j], t.gains[j]), o.down[j], o.up[j]
        o.steps[j] = target
        if low > high + ROUNDING:
            return False
        if target == 0.0:
            possible = possible and low <= 0.0 <= high
        elif target > 0.0:
            least, most = larger(least, low / target), lesser(most, high / target)
        else:
            least, most = larger(least, high / target), lesser(most, low / target)
    if possible and least <= most:
        for j in range(t.n):
            o.steps[j] = most * o.steps[j]
        return True
    for j in range(t.n):
        o.steps[j] = larger(lesser(larger(most, 0.0) * o.steps[j], o.up[j]), o.down[j])
    return True
