"""Judging one set-point against the last approved one: pass it, pull it back, or refuse it."""

from __future__ import annotations

import math

from moravec.guard.kernel.braking import allowed_steps, brake_ways, gone, pull_back, ticks_to_rest, way_to_rest
from moravec.guard.kernel.checks import (
    TOLERANCE,
    Finding,
    below,
    check_acceleration,
    check_each,
    check_gap,
    check_jerk,
    check_position,
    check_workspace,
    check_workspace_from,
    larger,
    lesser,
    worst,
)
from moravec.guard.kernel.codes import (
    LIMIT,
    PASS,
    REDUCED,
    STOP,
    TOOL_SPEED,
    VELOCITY,
    VELOCITY_MISMATCH,
    VELOCITY_WANTED,
    WINDOW,
)
from moravec.guard.kernel.collision import clearance, parted, sweep, travels
from moravec.guard.kernel.form import Answer, Asked, Memory, Table, Vec
from moravec.guard.kernel.kinematics import place
from moravec.guard.kernel.people import check_separation, check_zones

# A set-point is pulled back by at most this much [rad], 8.5 mm at the end of a 0.85 m arm; beyond, the motion is another one
# than was asked for, and that is a stop.
PULL_BACK_MAX = 0.01
# A speed is pulled back up to this multiple of its limit; beyond, the sender is broken and that is a stop.
BAND = 1.5
# The tool's way is not quite linear in the joints' steps: so many corrections bring it below its limit.
SLOWINGS = 3
# The speed a command means to have may differ from that between its set-points by what a joint's acceleration limit changes in
# so many ticks: a servo that is fed speed forward follows the speed, whatever the positions say.
MISMATCH_TICKS = 2.0
# The tool's way to rest is looked at each time the joints together have turned by so much [rad], but not oftener than so many
# times. Between two looks an arm of 1 m bulges by at most 0.1^2 / 8 = 1.3 mm. Where each joint brakes on its own, a tool that
# joints hold slow against each other becomes faster once one of them rests, however short the way: looked at as often as can be.
LOOK_EVERY = 0.1
MOST_LOOKS = 12.0
# What joints travel within this time [s] stays within their speed as well: many small lawful steps are one large one.
WINDOW_TIME = 0.25


def speed_limit(t: Table, a: Asked) -> float:
    """The tool's speed limit [m/s] in this mode."""
    return lesser(t.tool_speed, t.tool_speed_reduced) if a.mode == REDUCED else t.tool_speed


def check_tool_speed(t: Table, a: Asked, m: Memory, o: Answer) -> Finding:
    """The tool point's way since the last set-point, to where `o.tool` is now, in one period."""
    dx, dy, dz = o.tool[0] - m.tool[0], o.tool[1] - m.tool[1], o.tool[2] - m.tool[2]
    speed = math.sqrt(dx * dx + dy * dy + dz * dz) / t.period
    return below(TOOL_SPEED, -1, speed, speed_limit(t, a) * (1.0 + TOLERANCE))


def moving(steps: Vec, n: int) -> bool:
    """Whether any joint moves."""
    for j in range(n):
        if steps[j] != 0.0:
            return True
    return False


def check_joints(q: Vec, steps: Vec, t: Table, m: Memory, o: Answer) -> Finding:
    """Speed, acceleration, position with room to brake, and travel within the window, of a step to `q`."""
    found = check_each(VELOCITY, o.speeds, t.velocity, t.n)
    found = worst(found, check_acceleration(steps, m.steps, t))
    brake_ways(steps, t, o.way)
    found = worst(found, check_position(q, steps, o.way, t))
    return worst(found, check_gap(WINDOW, q, m.window_q, t.velocity, m.now - m.window_t + 2.0 * t.period, t.n))


def survey(q: Vec, t: Table, o: Answer) -> Finding:
    """Places the parts at posture `q` (n,) [rad] and measures them, into `o`; the clearance."""
    place(q, t, o)
    found = clearance(t, o)
    o.depth, o.clearance = check_workspace(o.tool, t).margin, found.margin
    return found


def _space(t: Table, m: Memory, o: Answer) -> Finding:
    """The tool placed in `o.tool` in its workspace; one that was outside may only come back."""
    return check_workspace(o.tool, t) if m.depth >= 0.0 else check_workspace_from(o.tool, m.tool, t)


def check_way(t: Table, a: Asked, m: Memory, o: Answer) -> Finding:
    """The tool on its way from the target to rest, at some moments between: in its workspace, and no faster than it may be.

    Both ends are judged elsewhere; a way may bulge between them. The farther the joints turn the more often it is looked at. The
    target stays placed in `o`.
    """
    found, turn = Finding(VELOCITY, -1, 0.0, 1.0, 1.0, 1.0), 0.0
    for j in range(t.n):
        turn += abs(o.way[j])
    looks = int(lesser(math.floor(turn / LOOK_EVERY), MOST_LOOKS) if o.straight == 1 else MOST_LOOKS)
    ticks = ticks_to_rest(o.steps, t.gains, t.n)
    x, y, z, last = o.tool[0], o.tool[1], o.tool[2], 0.0
    for i in range(looks):
        now = ticks * (i + 1.0) / (looks + 1.0)
        for j in range(t.n):
            o.posture[j] = o.q[j] + gone(now, o.steps[j], t.gains[j], o.straight == 1, ticks)
        place(o.posture, t, o)
        dx, dy, dz = o.tool[0] - x, o.tool[1] - y, o.tool[2] - z
        speed = math.sqrt(dx * dx + dy * dy + dz * dz) / ((now - last) * t.period)
        found = worst(found, below(TOOL_SPEED, -1, speed, speed_limit(t, a) * (1.0 + TOLERANCE)))
        found = worst(found, _space(t, m, o))
        x, y, z, last = o.tool[0], o.tool[1], o.tool[2], now
    place(o.q, t, o)
    return found


def check_place(t: Table, a: Asked, m: Memory, o: Answer) -> Finding:
    """Where the target `o.q`, reached with `o.steps`, and braking from it lead: workspace, parts, people, zones.

    A tool that began outside its workspace may only come back, and parts that began too close may only part: the margin is
    then what was gained. Whoever stands still is nobody's danger; the hand still grips. The target stays placed in `o`.
    """
    o.straight = 1
    if not moving(o.steps, t.n):
        survey(o.q, t, o)
        for b in range(t.bodies):
            o.travel[b] = 0.0
        grips = a.grip_width != m.grip_width or a.grip_force != m.grip_force
        return check_zones(t, a, m, o) if grips else Finding(VELOCITY, -1, 0.0, 1.0, 1.0, 1.0)
    if not way_to_rest(o.q, o.steps, t, o.way):
        o.straight = 0
    for j in range(t.n):
        o.posture[j] = o.q[j] + o.way[j]
    travels(t, o)
    survey(o.posture, t, o)
    at_rest = _space(t, m, o)
    parts_at_rest = parted(t, m.points, 0.0, o) if m.clearance < 0.0 else at_rest
    here = survey(o.q, t, o)
    space = worst(worst(_space(t, m, o), at_rest), check_way(t, a, m, o))
    free = worst(parted(t, m.points, 1.0, o), parts_at_rest) if m.clearance < 0.0 else sweep(here, o.straight == 1, t, o)
    found = worst(check_zones(t, a, m, o), worst(space, free))
    if t.separation == 1:
        found = worst(check_separation(ticks_to_rest(o.steps, t.gains, t.n), t, a, m, o), found)
    return found


def judge(t: Table, a: Asked, m: Memory, o: Answer) -> Finding:
    """Judges `a.q` (n,) [rad] with `a.dq` [rad/s] after the set-point in memory; all finite. Into `o`: decision, target
    (`q`, `steps`, `dq`) and where its parts are. For STOP the target means nothing."""
    for j in range(t.n):
        o.wanted[j] = a.q[j] - m.q[j]
        o.speeds[j] = o.wanted[j] / t.period
        o.q[j], o.steps[j], o.dq[j] = a.q[j], o.wanted[j], a.dq[j]
    found = check_joints(a.q, o.wanted, t, m, o)
    found = worst(found, check_each(VELOCITY_WANTED, a.dq, t.velocity, t.n))
    found = worst(found, check_gap(VELOCITY_MISMATCH, a.dq, o.speeds, t.acceleration, MISMATCH_TICKS * t.period, t.n))
    if moving(o.wanted, t.n):  # standing still is never too sudden: its deceleration is judged above
        found = worst(found, check_jerk(o.wanted, m.steps, m.bends, t))
    if not found.margin >= 0.0:
        return _pull(found, t, a, m, o)
    place(o.q, t, o)
    speed = check_tool_speed(t, a, m, o)
    if not speed.margin >= 0.0:
        return _finish(speed, t, a, m, o)
    found = worst(worst(found, speed), check_place(t, a, m, o))
    o.decision = PASS if found.margin >= 0.0 else STOP
    return found


def _pull(cause: Finding, t: Table, a: Asked, m: Memory, o: Answer) -> Finding:
    """Pulls the joints' steps back inside speed, acceleration and position limits."""
    o.decision = STOP
    for j in range(t.n):
        most = BAND * t.velocity[j] * (1.0 + TOLERANCE)
        if not abs(o.speeds[j]) <= most or not abs(a.dq[j]) <= most:
            return cause
        o.aheads[j] = larger(lesser(a.dq[j] * t.period, t.fastest[j]), -t.fastest[j])
    allowed_steps(m.q, m.steps, t, o.down, o.up)
    _soften(t, m, o)
    if not pull_back(o.wanted, o.aheads, t, o):
        return cause
    return _finish(cause, t, a, m, o)


def _soften(t: Table, m: Memory, o: Answer) -> None:
    """Takes the jerk limit into [`o.down`, `o.up`] where that leaves anything: limits that protect people come first."""
    most = t.period * t.period * t.period
    for j in range(t.n):
        low = larger(m.steps[j] + m.bends[j] - t.jerk[j] * most, o.down[j])
        high = lesser(m.steps[j] + m.bends[j] + t.jerk[j] * most, o.up[j])
        if low <= high:
            o.down[j], o.up[j] = low, high


def _finish(cause: Finding, t: Table, a: Asked, m: Memory, o: Answer) -> Finding:
    """Slows `o.steps` down to the tool's speed limit, and approves them if they are close to what was wanted and in place."""
    o.decision = STOP
    fits = False
    for _ in range(SLOWINGS + 1):
        for j in range(t.n):
            o.q[j] = m.q[j] + o.steps[j]
        place(o.q, t, o)
        speed = check_tool_speed(t, a, m, o)
        if speed.margin >= 0.0:
            fits = True
            break
        if not speed.value <= BAND * speed.limit:
            return speed
        for j in range(t.n):
            o.steps[j] = speed.limit / speed.value * (1.0 - TOLERANCE) * o.steps[j]
    if not fits:
        return cause
    for j in range(t.n):
        if not abs(o.wanted[j] - o.steps[j]) <= PULL_BACK_MAX:
            return cause
        o.speeds[j] = o.steps[j] / t.period
        o.dq[j] = o.speeds[j]
    # What is approved holds the same limits as what passes: checked again, not taken on trust.
    if not check_joints(o.q, o.steps, t, m, o).margin >= 0.0:
        return cause
    found = check_place(t, a, m, o)
    if not found.margin >= 0.0:
        return found
    o.decision = LIMIT
    return cause
