"""What the judge of the random motions keeps from tick to tick, and writes down. In the subset of Python that Numba compiles."""

from __future__ import annotations

import math
from typing import Protocol

from geometry import clearance_of, depth_in, put_arm
from law import Law
from records import Floats

from moravec.guard.kernel.form import BODIES, JOINTS, PEOPLE, ZONES

# The guard's documented tolerances, written down a second time: relative, on positions [rad], on pulled back set-points [rad].
SLACK, POSITION_SLACK, PULLED_MOST = 1e-3, 1e-6, 0.01
# How far a speed that is fed forward may be off, in ticks of acceleration; travel is judged anew after so long [s].
MISMATCH_TICKS, WINDOW = 2.0, 0.25
# Braking keeps the joints' direction, not quite the tool's. What a bend of its way may cost, as the guard's own tests allow it:
# of the workspace [m]; of the tool's speed limit see `law.BEND_SPEED`.
BEND_DEPTH = 1e-3
# Rounding: of lengths and angles, and of a clearance that two methods measure [m].
EPS, TOUCH = 1e-9, 1e-7
GRAIN = 1e-15  # relative, of a number itself: a set-point of a billion rad (what is measured may be) is that coarse
FINITE_MOST = 1.1e9  # what is larger counts as no number
REST_SPEED = 0.02  # [rad/s], slower is at rest when a guard begins
OFF = 5  # the stop machine's state without power
REDUCED, STILL = 1, 2

# Rules, in the order of the counts in `Book.broken`.
RULES = (
    "finite", "joint speed", "acceleration", "jerk", "position", "room to brake", "travel", "fed speed", "pulled back", "grip",
    "tool speed", "workspace", "parts", "slow zone", "stop zone", "separation", "touched", "stale", "stop grows", "stop late",
    "power", "tool speed in a stop", "workspace in a stop", "stirred",
)  # fmt: skip
(
    FINITE, SPEED, ACCELERATION, JERK, POSITION, ROOM, TRAVEL, FED, PULLED, GRIP,
    TOOL_SPEED, WORKSPACE, PARTS, SLOW_ZONE, STOP_ZONE, SEPARATION, TOUCHED, STALE, GROWS, LATE,
    POWER, STOP_SPEED, STOP_SPACE, STIRRED,
) = range(len(RULES))  # fmt: skip

# What is kept from tick to tick in `Notes.num`.
(
    N_DEPTH, N_CLEAR, N_TIME, N_OPEN, N_SPACE, N_PARTS, N_PEOPLE, N_FLOOR, N_GROUND, N_TICKS, N_DUE, N_REF, N_BENT, N_TOOL,
    N_LIMIT, N_HONEST, N_WIDTH, N_FORCE, N_SIZE,
) = range(19)  # fmt: skip

# What is counted and measured in `Book.score`.
SCORES = (
    "ticks", "passed", "pulled back", "passed in motion", "stops", "ticks of braking", "powered off", "idle ticks", "near ticks",
    "least gap", "longest stop", "tool in a stop", "depth in a stop", "coming back", "fastest tool", "least clearance",
)  # fmt: skip
(
    S_TICKS, S_PASS, S_LIMIT, S_MOVING, S_STOPS, S_BRAKING, S_OFF, S_IDLE, S_NEAR,
    S_GAP, S_LONGEST, S_TOOL, S_DEPTH, S_BACK, S_FASTEST, S_CLEAR,
) = range(len(SCORES))  # fmt: skip
FOUND = 64  # violations kept with all numbers


class Notes(Protocol):
    """What the judge remembers of one session; a record, with room for the most that a table may hold."""

    q: Floats
    step: Floats
    bend: Floats
    low: Floats  # the range, wider where an unlawful start forces it
    high: Floats
    tool: Floats
    points: Floats
    new_step: Floats
    new_tool: Floats
    new_points: Floats
    axes: Floats
    zones: Floats  # 1: holds now
    held: Floats  # 1: held when the last set-point was let through
    both: Floats
    from_q: Floats  # where the running window of travel began
    crowd: Floats  # (people, 2) where they really are
    num: Floats


NOTES = {
    **dict.fromkeys(("q", "step", "bend", "low", "high", "new_step", "from_q"), (JOINTS,)), "tool": (3,), "new_tool": (3,),
    "points": (BODIES, 2, 3), "new_points": (BODIES, 2, 3), "axes": (4, 3), "zones": (ZONES,), "held": (ZONES,), "both": (ZONES,),
    "crowd": (PEOPLE, 2), "num": (N_SIZE,),
}  # fmt: skip


class Book(Protocol):
    """What was found over many sessions."""

    broken: Floats  # how often each rule was
    found: Floats  # (FOUND, 6): rule, session, tick, value, limit, state
    score: Floats
    at: Floats  # (2,) session and tick


BOOK = {"broken": (len(RULES),), "found": (FOUND, 6), "score": (len(SCORES),), "at": (2,)}


def blame(book: Book, rule: int, value: float, limit: float, state: int) -> None:
    """Writes down that `rule` was broken."""
    count = 0
    for r in range(len(book.broken)):
        count += int(book.broken[r])
    book.broken[rule] += 1.0
    if count < len(book.found):
        row = book.found[count]
        row[0], row[1], row[2], row[3], row[4], row[5] = rule, book.at[0], book.at[1], value, limit, state


def begin_notes(law: Law, notes: Notes, q: Floats, dq: Floats, now: float) -> None:
    """A session begins at a measured posture and speed. One that moves is braked: its speed is cut off at the limit."""
    moving = False
    for j in range(law.n):
        moving = moving or abs(dq[j]) > REST_SPEED
    for j in range(law.n):
        most = law.speed[j] * (1.0 + SLACK / 2.0)
        speed = min(max(dq[j], -most), most) if moving else 0.0
        notes.q[j], notes.step[j], notes.bend[j] = q[j], speed * law.period, 0.0
        notes.from_q[j] = q[j]
        rest = rest_of(law, j, q[j], notes.step[j])
        notes.high[j] = max(law.high[j], q[j], rest) + POSITION_SLACK + EPS
        notes.low[j] = min(law.low[j], q[j], rest) - POSITION_SLACK - EPS
    put_arm(law, notes.q, notes.tool, notes.points, notes.axes)
    for k in range(law.zone_count):
        notes.zones[k] = zone_holds(law, k, now)
        notes.held[k] = 0.0
    for i in range(N_SIZE):
        notes.num[i] = 0.0
    notes.num[N_DEPTH] = depth_in(law, notes.tool)
    notes.num[N_CLEAR] = clearance_of(law, notes.points, notes.zones)
    notes.num[N_TIME] = now - 10.0 * law.period
    notes.num[N_REF], notes.num[N_HONEST] = now, 1.0


def rest_of(law: Law, j: int, q: float, step: float) -> float:
    """Where joint `j` comes to rest [rad] when it brakes as hard as it may: a sum of steps that each are shorter by as much."""
    gain = law.acceleration[j] * law.period * law.period
    ticks = math.ceil(abs(step) / gain) - 1.0  # in which it still moves: by step - gain, step - 2 gain, ...
    if ticks < 1.0:
        return q
    first, last = abs(step) - gain, abs(step) - ticks * gain
    return q + math.copysign(ticks * (first + last) / 2.0, step)


def zone_holds(law: Law, k: int, now: float) -> float:
    """1 where zone `k` holds at `now` [s]."""
    for i in range(law.spans.shape[1]):
        if law.spans[k, i, 0] <= now < law.spans[k, i, 1]:
            return 1.0
    return 0.0
