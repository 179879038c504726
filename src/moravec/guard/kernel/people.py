"""Who is near, and how fast the robot may be then: separation, contact, zones.

Speed and separation monitoring after ISO/TS 15066:2016, 5.5.4 (taken over into ISO 10218-2:2025), as analysed by Marvel and
Norcross, "Implementing speed and separation monitoring in collaborative robot workcells", 2017 (PMC5117641):

    S_p = v_h (T_r + T_s) + v_r T_r + S_s + C + Z_d + Z_r

The age of the reading counts into T_r. T_s is the longer of the time the guard's own braking takes from this set-point and of
v_r / a with the declared deceleration a; S_s is taken as v_r T_s, twice the way of an even deceleration, because the parts'
speed may change while the joints brake together. Each part is judged by its own distance and speed.
"""

from __future__ import annotations

import math

from moravec.guard.kernel.checks import Finding, below, check_age, larger, worst
from moravec.guard.kernel.codes import (
    PEOPLE_AGE,
    PEOPLE_FROM_FUTURE,
    SEPARATION,
    SLOW,
    STOP_ZONE,
    ZONE_SLOW,
    ZONE_STOP,
)
from moravec.guard.kernel.collision import FAR, clamped, segment_to_box
from moravec.guard.kernel.form import PEOPLE, SPANS, Answer, Asked, Memory, Table

# No safety scanner sees farther [m]; a reading beyond is in the wrong unit, or made up.
SIGHT_MAX = 100.0


def protective_distance(speed: float, time: float, age: float, t: Table) -> float:
    """S_p [m] for a part with `speed` [m/s] whose robot rests `time` [s] after braking began, people seen `age` [s] ago."""
    reaction = t.reaction_time + age
    stopping = larger(time, speed / t.braking)
    human = t.human_speed * (reaction + stopping)
    return human + speed * reaction + speed * stopping + t.intrusion + t.human_uncertainty + t.robot_uncertainty


def part_speed(b: int, t: Table, m: Memory, o: Answer) -> float:
    """A bound of the speed [m/s] of every point of body `b` between the last set-point and the one placed in `o.points`.

    Along a segment the velocity of a rigid body is linear, so one of the ends is the fastest; points at the radius r move
    faster than the segment by at most r times the sum of the joints' speeds.
    """
    fastest = 0.0
    for end in range(2):
        i = 6 * b + 3 * end
        dx, dy, dz = o.points[i] - m.points[i], o.points[i + 1] - m.points[i + 1], o.points[i + 2] - m.points[i + 2]
        fastest = larger(math.sqrt(dx * dx + dy * dy + dz * dz), fastest)
    turn = 0.0
    for j in range(t.body_frame[b]):
        turn += abs(o.steps[j])
    return (fastest + t.body_radius[b] * turn) / t.period


def person_to_body(x: float, y: float, b: int, t: Table, o: Answer) -> float:
    """Horizontal distance [m] of a person at (x, y) to body `b`; a person is as high as the room."""
    i = 6 * b
    ux, uy = o.points[i + 3] - o.points[i], o.points[i + 4] - o.points[i + 1]
    wx, wy = x - o.points[i], y - o.points[i + 1]
    square = ux * ux + uy * uy
    s = clamped((ux * wx + uy * wy) / square) if square > 0.0 else 0.0
    dx, dy = wx - s * ux, wy - s * uy
    return math.sqrt(dx * dx + dy * dy) - t.body_radius[b]


def nearest_person(t: Table, a: Asked, o: Answer) -> float:
    """Distance [m] of the nearest person to the parts placed in `o.points`; FAR where nobody is."""
    least = FAR
    for p in range(a.people):
        for b in range(t.bodies):
            apart = person_to_body(a.person[2 * p], a.person[2 * p + 1], b, t, o)
            if not apart >= least:
                least = apart
    return least


def check_people(t: Table, a: Asked) -> Finding:
    """The reading of who is near is fresh, whole and finite. A reading that cannot be used counts as too old."""
    usable = 0 <= a.people <= PEOPLE and -FAR <= a.people_t <= FAR
    if usable:
        for i in range(2 * a.people):
            usable = usable and -SIGHT_MAX <= a.person[i] <= SIGHT_MAX
    if not usable:
        return Finding(PEOPLE_AGE, -1, FAR, t.people_age_max, -FAR, -1.0)
    return check_age(PEOPLE_AGE, PEOPLE_FROM_FUTURE, a.people_t, a.now, t.people_age_max)


def check_separation(ticks: float, t: Table, a: Asked, m: Memory, o: Answer) -> Finding:
    """Everybody is farther from every part than its speed asks for, `ticks` being what braking takes.

    `value` is the separation, `limit` the distance it must have; the check holds above its limit. Parts no faster than a
    contact would allow need no distance where contact is foreseen (power and force limiting).
    """
    found = Finding(SEPARATION, -1, FAR, 0.0, FAR, 1.0)
    age = larger(a.now - a.people_t, 0.0)
    for b in range(t.bodies):
        speed = part_speed(b, t, m, o)
        o.fastest = larger(speed, o.fastest)
        if speed <= t.contact_speed:
            continue
        needed = protective_distance(speed, ticks * t.period, age, t)
        for p in range(a.people):
            apart = person_to_body(a.person[2 * p], a.person[2 * p + 1], b, t, o)
            margin = apart - needed
            if not margin / needed >= found.relative:
                found = Finding(SEPARATION, b, apart, needed, margin, margin / needed)
    return found


def zones_now(t: Table, a: Asked, o: Answer) -> None:
    """Into `o.zone_on`: which zones are active at `a.now`, or will be before the robot can rest."""
    for k in range(t.zones):
        on = 1 if t.zone_spans[k] == 0 else 0
        for i in range(t.zone_spans[k]):
            if t.span_start[SPANS * k + i] - t.ahead <= a.now < t.span_end[SPANS * k + i]:
                on = 1
        o.zone_on[k] = on


def somebody_in(k: int, t: Table, a: Asked) -> bool:
    """Whether a person is in zone `k`, as seen from above; the sensor's uncertainty counts as in."""
    for p in range(a.people):
        x, y = a.person[2 * p], a.person[2 * p + 1]
        outside = (
            x < t.zone_low[3 * k] - t.human_uncertainty
            or x > t.zone_high[3 * k] + t.human_uncertainty
            or y < t.zone_low[3 * k + 1] - t.human_uncertainty
            or y > t.zone_high[3 * k + 1] + t.human_uncertainty
        )
        if not outside:
            return True
    return False


def part_in(k: int, t: Table, o: Answer) -> bool:
    """Whether any part placed in `o.points` reaches into zone `k`, or can on its way to rest."""
    for b in range(t.bodies):
        if segment_to_box(o.points, 6 * b, t.zone_low, t.zone_high, 3 * k) < t.body_radius[b] + o.travel[b]:
            return True
    return False


def check_zones(t: Table, a: Asked, m: Memory, o: Answer) -> Finding:
    """Slow zones: while a person or a part of the robot is in one, no part is faster than it allows. Stop zones: while a
    person is in one, nothing moves. Zones that nothing may enter are a matter of `collision`."""
    found = Finding(ZONE_SLOW, -1, 0.0, 1.0, 1.0, 1.0)
    for k in range(t.zones):
        if o.zone_on[k] == 0:
            continue
        if t.zone_kind[k] == STOP_ZONE and somebody_in(k, t, a):
            return Finding(ZONE_STOP, k, 1.0, 0.0, -1.0, -1.0)
        if t.zone_kind[k] == SLOW and (somebody_in(k, t, a) or part_in(k, t, o)):
            for b in range(t.bodies):
                found = worst(found, below(ZONE_SLOW, k, part_speed(b, t, m, o), t.zone_speed[k]))
    return found
