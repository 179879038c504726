"""Stops out of lawful cruising, measured: how long, how far. In the subset of Python that Numba compiles."""

from __future__ import annotations

import math
from typing import Any

from geometry import put_arm
from law import Law
from notes import Notes
from people import most_time_to_rest, skin_speed
from records import Floats, Whole

# Columns of a measured stop. `REFUSED` is 1 where the cruising itself was not let through, and nothing was measured.
MEASURES = ("refused", "stop time", "tool way", "part way", "tool speed", "part speed", "share reckoned", "share of time")
REFUSED, TIME, TOOL_WAY, PART_WAY, TOOL_AT, PART_AT, RECKONED, TIME_SHARE = range(len(MEASURES))
FAULTS = ("no command", "emergency stop", "a number that is none", "a measurement that is none", "somebody appears")


def measure_stops(
    law: Law, notes: Notes, t: Any, fresh: Any, records: Any, postures: Floats, speeds: Floats, faults: Whole, ways: Floats,
    out: Floats,
) -> None:
    """Into `out` (m, MEASURES): from cruising through `postures` (m, n) [rad] with `speeds` (m, n) [rad/s], a fault in the next
    tick. `ways` (b, 2) is scratch."""
    for i in range(len(postures)):
        records[0][0] = fresh[0][0]
        records[1][0] = fresh[1][0]
        records[2][0] = fresh[2][0]
        m, a, o = records[0][0], records[1][0], records[2][0]
        for k in range(len(MEASURES)):
            out[i, k] = 0.0
        if not cruise(law, notes, t, m, a, o, postures[i], speeds[i]):
            out[i, REFUSED] = 1.0
            continue
        halt_from(law, notes, t, m, a, o, faults[i], ways, out[i])


def cruise(law: Law, notes: Notes, t: Any, m: Any, a: Any, o: Any, q: Floats, speed: Floats) -> bool:
    """The guard stands one step before `q`, has let through a motion at `speed` before, and is asked for the next step of it."""
    for k in range(2):
        in_order(law, a, k)
        for j in range(law.n):
            before = q[j] - speed[j] * law.period
            a.measured_q[j], a.measured_dq[j] = before, 0.0 if k == 0 else speed[j]
            a.q[j], a.dq[j] = before if k == 0 else q[j], 0.0 if k == 0 else speed[j]
            notes.q[j] = before
        decide(t, m, a, o)  # noqa: F821 - the guard's entry, put in its place when this is compiled
        if o.decision != 0:
            return False
        for j in range(law.n):
            m.steps[j] = q[j] - notes.q[j]
    for j in range(law.n):
        notes.step[j] = q[j] - notes.q[j]
    put_arm(law, notes.q, notes.tool, notes.points, notes.axes)
    return True


def in_order(law: Law, a: Any, k: int) -> None:
    """An input in which nothing is wrong, of tick `k`; nobody near."""
    now = k * law.period
    a.now, a.t, a.made, a.seen, a.state_t, a.people_t, a.expires = now, now, now, now, now, now, now + 0.1
    a.mode, a.command_fits, a.state_fits, a.estop, a.people, a.seq = 0, 1, 1, 0, 0, k + 1


def halt_from(law: Law, notes: Notes, t: Any, m: Any, a: Any, o: Any, fault: int, ways: Floats, out: Floats) -> None:
    """The stop that a fault begins, measured into `out` (MEASURES,) until rest."""
    put_arm(law, a.q, notes.new_tool, notes.new_points, notes.axes)
    lasts = most_time_to_rest(law, notes.step)
    fastest = tool_way = 0.0
    for b in range(law.parts):
        ways[b, 0] = ways[b, 1] = 0.0
        ways[b, 1] = skin_speed(law, b, notes.points[b], notes.new_points[b], notes.step)
        fastest = max(fastest, ways[b, 1])
    out[TOOL_AT], out[PART_AT] = length(notes.tool, notes.new_tool) / law.period, fastest
    ticks = 0
    while ticks < 10_000:
        for k in range(3):
            notes.tool[k] = notes.new_tool[k]
        notes.points[:] = notes.new_points
        for j in range(law.n):
            notes.q[j] = o.q[j]
            a.measured_q[j], a.measured_dq[j] = o.q[j], o.dq[j]
        in_order(law, a, ticks + 2)
        go_wrong(notes, a, fault, ticks)
        decide(t, m, a, o)  # noqa: F821 - the guard's entry, put in its place when this is compiled
        ticks += 1
        moves = False
        for j in range(law.n):
            notes.step[j] = o.q[j] - notes.q[j]
            moves = moves or notes.step[j] != 0.0
        if not moves:
            break
        put_arm(law, o.q, notes.new_tool, notes.new_points, notes.axes)
        tool_way += length(notes.tool, notes.new_tool)
        for b in range(law.parts):
            ways[b, 0] += skin_speed(law, b, notes.points[b], notes.new_points[b], notes.step) * law.period
    out[TIME], out[TOOL_WAY] = ticks * law.period, tool_way
    out[TIME_SHARE] = out[TIME] / (math.ceil(lasts / law.period - 1e-6) * law.period) if lasts > 0.0 else 0.0
    for b in range(law.parts):
        out[PART_WAY] = max(out[PART_WAY], ways[b, 0])
        if ways[b, 1] > 0.0:
            reckoned = ways[b, 1] * (max(lasts, ways[b, 1] / law.braking) if law.watched == 1 else lasts)
            out[RECKONED] = max(out[RECKONED], ways[b, 0] / reckoned)


def length(one: Floats, other: Floats) -> float:
    """Distance [m] of two points (3,)."""
    return math.sqrt((other[0] - one[0]) ** 2 + (other[1] - one[1]) ** 2 + (other[2] - one[2]) ** 2)


def go_wrong(notes: Notes, a: Any, fault: int, tick: int) -> None:
    """One of FAULTS, `tick` ticks after it began. What is measured is lost for one tick alone, or power would be cut; somebody
    appears where the tool is."""
    if fault == 0:
        a.command_fits = 0
    elif fault == 1:
        a.estop = 1
    elif fault == 2:
        a.q[0] = math.nan
    elif fault == 3:
        a.command_fits = 0
        if tick == 0:
            a.measured_q[0] = math.nan
    else:
        a.people, a.person[0], a.person[1] = 1, notes.tool[0], notes.tool[1]
