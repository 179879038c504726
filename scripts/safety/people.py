"""The protective separation distance, written a second time for the judge, and whether a moving arm touches somebody.

ISO/TS 15066:2016, 5.5.4, with its terms as the limit table declares them: S_p = S_h + S_r + S_s + C + Z_d + Z_r, where a person
comes at v_h as long as the robot reacts and stops, and a part goes on at v_r as long. In the subset of Python that Numba
compiles; nothing of the guard's is used.
"""

from __future__ import annotations

import math

from law import Law
from records import Floats


def separation_needed(law: Law, speed: float, stopping: float, age: float) -> float:
    """S_p [m] for a part at `speed` [m/s], `stopping` [s] after braking began at rest, people having been seen `age` [s] ago."""
    reacting = law.reaction + age
    halting = max(stopping, speed / law.braking)
    human_way = (reacting + halting) * law.human_speed
    robot_way = reacting * speed + halting * speed
    return human_way + robot_way + (law.intrusion + law.human_error + law.robot_error)


def person_gap(x: float, y: float, ends: Floats, radius: float) -> float:
    """Distance [m], as seen from above, of somebody at (x, y) to the part with `ends` (2, 3)."""
    ax, ay, bx, by = ends[0, 0], ends[0, 1], ends[1, 0], ends[1, 1]
    length = math.hypot(bx - ax, by - ay)
    if length <= 0.0:
        return math.hypot(x - ax, y - ay) - radius
    ux, uy = (bx - ax) / length, (by - ay) / length
    along, across = (x - ax) * ux + (y - ay) * uy, (y - ay) * ux - (x - ax) * uy
    beyond = max(-along, along - length, 0.0)
    return math.hypot(beyond, across) - radius


def end_speed(law: Law, before: Floats, after: Floats) -> float:
    """How fast [m/s] the faster end of a part's core moved from `before` (2, 3) to `after` within one tick."""
    fastest = 0.0
    for e in range(2):
        dx, dy, dz = after[e, 0] - before[e, 0], after[e, 1] - before[e, 1], after[e, 2] - before[e, 2]
        fastest = max(fastest, math.sqrt(dx * dx + dy * dy + dz * dz))
    return fastest / law.period


def skin_speed(law: Law, b: int, before: Floats, after: Floats, step: Floats) -> float:
    """A bound of the speed [m/s] of every point of part `b`: its faster end, and what the turns add at its radius."""
    turns = 0.0
    for j in range(law.frame[b]):
        turns += abs(step[j]) / law.period
    return end_speed(law, before, after) + law.radius[b] * turns


def most_time_to_rest(law: Law, step: Floats) -> float:
    """How long [s] the joint that needs longest brakes from `step` (n,) [rad a tick]."""
    longest = 0.0
    for j in range(law.n):
        longest = max(longest, abs(step[j]) / law.period / law.acceleration[j])
    return longest
