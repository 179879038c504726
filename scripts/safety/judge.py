"""The judge of the random motions: every set-point that a guard approved, against the limit table, by another way.

It sees what was asked (`Asked`), what was answered (`Answer`), the state of the stop machine, and where people really are. It
takes nothing from the guard's own arithmetic. In the subset of Python that Numba compiles.

What it holds a guard to:

- of every approved set-point: finite; joint speed, acceleration, range, room to brake, what is travelled in real time
- of one that was let through: jerk where it passes, at most 0.01 rad from what was asked, the tool's speed and workspace, parts
  that may not touch, slow and stop zones, the separation formula; and that what came with it was fresh and whole
- of the guard's own braking: never faster from tick to tick, at rest in time, nothing touched on the way, back in the workspace
- of people who walk no faster than declared: nobody is touched by a part that moves faster than a contact may be
- from an unlawful start: no farther out of a range than braking forces, no deeper outside or inside than before
"""

from __future__ import annotations

import math
from typing import Any

from geometry import apart_at_least, box_gap, clearance_of, depth_in, put_arm
from law import SLOW, STOP, Law
from notes import (
    ACCELERATION,
    BEND_DEPTH,
    EPS,
    FED,
    FINITE,
    FINITE_MOST,
    GRAIN,
    GRIP,
    GROWS,
    JERK,
    LATE,
    MISMATCH_TICKS,
    N_BENT,
    N_CLEAR,
    N_DEPTH,
    N_DUE,
    N_FLOOR,
    N_FORCE,
    N_GROUND,
    N_HONEST,
    N_LIMIT,
    N_OPEN,
    N_PARTS,
    N_PEOPLE,
    N_REF,
    N_SPACE,
    N_TICKS,
    N_TIME,
    N_TOOL,
    N_WIDTH,
    OFF,
    PARTS,
    POSITION,
    POWER,
    PULLED,
    PULLED_MOST,
    REDUCED,
    REST_SPEED,
    ROOM,
    S_BACK,
    S_BRAKING,
    S_CLEAR,
    S_DEPTH,
    S_FASTEST,
    S_GAP,
    S_IDLE,
    S_LIMIT,
    S_LONGEST,
    S_MOVING,
    S_NEAR,
    S_OFF,
    S_PASS,
    S_STOPS,
    S_TICKS,
    S_TOOL,
    SEPARATION,
    SLACK,
    SLOW_ZONE,
    SPEED,
    STALE,
    STILL,
    STIRRED,
    STOP_SPACE,
    STOP_SPEED,
    STOP_ZONE,
    TOOL_SPEED,
    TOUCH,
    TOUCHED,
    TRAVEL,
    WINDOW,
    WORKSPACE,
    Book,
    Notes,
    blame,
    rest_of,
    zone_holds,
)  # fmt: skip
from people import end_speed, most_time_to_rest, person_gap, separation_needed, skin_speed


def judge_tick(law: Law, notes: Notes, book: Book, a: Any, o: Any, state: int) -> None:
    """One tick: what was asked in `a`, answered in `o`, and the state after it."""
    num = notes.num
    book.score[S_TICKS] += 1.0
    still, whole = True, True
    for j in range(law.n):
        whole = whole and abs(o.q[j]) <= FINITE_MOST and abs(o.dq[j]) <= FINITE_MOST
        notes.new_step[j] = o.q[j] - notes.q[j]
        still = still and notes.new_step[j] == 0.0
    if not whole:
        blame(book, FINITE, math.nan, FINITE_MOST, state)
        return
    early = abs(a.now - num[N_TIME]) < law.period * (1.0 - EPS)
    if o.own == 1 and still and state != OFF and early and most_time_to_rest(law, notes.step) > law.period * (1.0 + EPS):
        book.score[S_IDLE] += 1.0  # between two proper ticks no time has passed for the robot
        return
    for k in range(law.zone_count):
        notes.zones[k] = zone_holds(law, k, a.now)
        notes.both[k] = min(notes.zones[k], notes.held[k])
    judge_joints(law, notes, book, a, o, state)
    put_arm(law, o.q, notes.new_tool, notes.new_points, notes.axes)
    depth, clear = depth_in(law, notes.new_tool), clearance_of(law, notes.new_points, notes.zones)
    if o.own == 0:
        judge_asked(law, notes, book, a, o, still, state)
        judge_let_through(law, notes, book, a, depth, clear, still, state)
    else:
        judge_stop(law, notes, book, o, depth, still, state)
    if law.watched == 1:
        judge_touch(law, notes, book, state)
    turn_page(law, notes, a, o, depth, clear)


def judge_joints(law: Law, notes: Notes, book: Book, a: Any, o: Any, state: int) -> None:
    """Speed, acceleration, range, room to brake, fed speed and travel of every joint."""
    t, num = law.period, notes.num
    if not 0.0 <= a.now - num[N_REF] <= WINDOW or a.now < num[N_TIME]:
        num[N_REF] = a.now
        for j in range(law.n):
            notes.from_q[j] = notes.q[j]
    lasted = a.now - num[N_REF] + 2.0 * t
    # Power is off at once, or nobody knows what was in a gap of the clock and the body rests: nothing is braked any more.
    hole = slow(law, notes) and not abs(a.now - num[N_TIME]) <= law.command_age
    cut = o.category == 0 or hole
    rests = fastest_joint(law, notes) == 0.0  # coming to a stand is never too sudden: its deceleration is judged
    for j in range(law.n):
        step, most = notes.new_step[j], law.speed[j] * (1.0 + SLACK)
        grain = EPS * t + GRAIN * abs(o.q[j])
        if not abs(step) <= most * t + grain:
            blame(book, SPEED, step / t, law.speed[j], state)
        change = abs(step - notes.step[j])
        if not (cut and step == 0.0) and not change <= law.acceleration[j] * t * t * (1.0 + SLACK) + 2.0 * grain:
            blame(book, ACCELERATION, change / t / t, law.acceleration[j], state)
        if o.decision == 0 and num[N_BENT] == 1.0 and not rests:
            jerk = abs(step - notes.step[j] - (0.0 if hole else notes.bend[j]))
            if not jerk <= law.jerk[j] * (1.0 + SLACK) * t * t * t + 4.0 * grain:
                blame(book, JERK, jerk / t / t / t, law.jerk[j], state)
        if not notes.low[j] <= o.q[j] <= notes.high[j]:
            blame(book, POSITION, o.q[j], law.low[j] if o.q[j] < 0.0 else law.high[j], state)
        rest = rest_of(law, j, o.q[j], step)
        if not notes.low[j] - 10.0 * EPS <= rest <= notes.high[j] + 10.0 * EPS:
            blame(book, ROOM, rest, law.low[j] if rest < 0.0 else law.high[j], state)
        fed = abs(o.dq[j] - step / t)
        if not fed <= law.acceleration[j] * MISMATCH_TICKS * t * (1.0 + SLACK) + grain / t or not abs(o.dq[j]) <= most + EPS:
            blame(book, FED, o.dq[j], step / t, state)
        if math.isfinite(lasted) and not abs(o.q[j] - notes.from_q[j]) <= most * lasted + EPS + grain:
            blame(book, TRAVEL, o.q[j] - notes.from_q[j], most * lasted, state)


def slow(law: Law, notes: Notes) -> bool:
    """Whether every joint was so slow in the last tick that a sensor could not tell it from rest."""
    fastest = 0.0
    for j in range(law.n):
        fastest = max(fastest, abs(notes.step[j]) / law.period)
    return fastest <= REST_SPEED


def judge_asked(law: Law, notes: Notes, book: Book, a: Any, o: Any, still: bool, state: int) -> None:
    """What was let through is what was asked, or near it; and what came with it was fresh and whole."""
    book.score[S_PASS if o.decision == 0 else S_LIMIT] += 1.0
    moving = False
    for j in range(law.n):
        moving = moving or notes.step[j] != 0.0 or a.q[j] != notes.q[j] or a.dq[j] != 0.0
        off, fed = abs(o.q[j] - a.q[j]), abs(o.dq[j] - a.dq[j])
        if (o.decision == 0 and (off != 0.0 or fed != 0.0)) or not off <= PULLED_MOST + EPS:
            blame(book, PULLED, off, PULLED_MOST, state)
        if not abs(a.measured_q[j] - notes.q[j]) <= law.tracking[j] * (1.0 + SLACK) + EPS:
            blame(book, STALE, a.measured_q[j], notes.q[j], state)
    grips = o.grip_width != notes.num[N_WIDTH] or o.grip_force != notes.num[N_FORCE]
    if not moving and not still:
        blame(book, STIRRED, fastest_joint(law, notes), 0.0, state)
    inside = law.grip[0] - 2e-6 <= o.grip_width <= law.grip[1] + 2e-6 and -2e-6 <= o.grip_force <= law.grip[2] + 2e-6
    if not inside:
        blame(book, GRIP, o.grip_width, o.grip_force, state)
    fit = a.estop == 0 and a.command_fits == 1 and a.state_fits == 1
    fit = fit and fresh(a.t, a.now, law.command_age) and fresh(a.state_t, a.now, law.command_age)
    if moving or (grips and notes.num[N_BENT] == 1.0):
        fit = fit and a.mode != STILL and fresh(a.made, a.now, law.chunk_age) and fresh(a.seen, a.now, law.sight_age)
        fit = fit and a.now - a.expires <= 0.004 + EPS and (law.novelty == math.inf or a.novelty <= law.novelty)
    if law.watched == 1:
        fit = fit and fresh(a.people_t, a.now, law.reading_age) and 0 <= a.people <= 8
    if not fit:
        blame(book, STALE, a.now, a.t, state)


def fastest_joint(law: Law, notes: Notes) -> float:
    """The largest joint speed [rad/s] of this tick."""
    fastest = 0.0
    for j in range(law.n):
        fastest = max(fastest, abs(notes.new_step[j]) / law.period)
    return fastest


def fresh(then: float, now: float, oldest: float) -> bool:
    """Whether what is of time `then` [s] is at most `oldest` [s] old, and not of the future."""
    return -2e-6 <= now - then <= oldest + 2e-6


def judge_let_through(
    law: Law, notes: Notes, book: Book, a: Any, depth: float, clear: float, still: bool, state: int
) -> None:
    """Tool, workspace, parts, zones and people of a set-point that was let through."""
    num = notes.num
    before = num[N_CLEAR]
    if law.zone_count > 0:  # a zone may begin while the arm is in it: then it may only leave
        before = clearance_of(law, notes.points, notes.zones)
    num[N_FLOOR], num[N_GROUND] = min(before, 0.0) - TOUCH, min(num[N_DEPTH], 0.0) - EPS
    num[N_PARTS] = 1.0 if before >= TOUCH else 0.0
    num[N_SPACE] = 1.0 if num[N_DEPTH] >= 0.0 else 0.0
    num[N_PEOPLE], num[N_OPEN], num[N_TICKS] = 1.0, 1.0, 0.0
    num[N_DUE] = math.ceil(most_time_to_rest(law, notes.new_step) / law.period - 1e-6) + 1.0
    speed = tool_speed_of(law, notes)
    limit = min(law.tool_speed, law.tool_reduced) if a.mode == REDUCED else law.tool_speed
    num[N_TOOL], num[N_LIMIT] = speed, limit
    for k in range(law.zone_count):
        notes.held[k] = notes.zones[k]
    if still:  # whatever was wrong before, a stop from here moves nothing
        num[N_PARTS], num[N_SPACE], num[N_DUE] = 0.0, 0.0, 0.0
        return
    book.score[S_MOVING] += 1.0
    book.score[S_FASTEST] = max(book.score[S_FASTEST], speed / limit)
    if before >= 0.0:
        book.score[S_CLEAR] = min(book.score[S_CLEAR], clear)
    if num[N_FLOOR] < -2.0 * TOUCH or num[N_GROUND] < -2.0 * EPS:
        book.score[S_BACK] += 1.0
    if not speed <= limit * (1.0 + SLACK) + EPS:
        blame(book, TOOL_SPEED, speed, limit, state)
    if not depth >= num[N_GROUND]:
        blame(book, WORKSPACE, depth, num[N_GROUND], state)
    if not clear >= num[N_FLOOR]:
        blame(book, PARTS, clear, num[N_FLOOR], state)
    judge_people(law, notes, book, a, state)


def tool_speed_of(law: Law, notes: Notes) -> float:
    """The tool's speed [m/s] in this tick."""
    x, y, z = (
        notes.new_tool[0] - notes.tool[0],
        notes.new_tool[1] - notes.tool[1],
        notes.new_tool[2] - notes.tool[2],
    )
    return math.sqrt(x * x + y * y + z * z) / law.period


def judge_people(law: Law, notes: Notes, book: Book, a: Any, state: int) -> None:
    """Slow and stop zones, and the separation formula, for a set-point in motion that was let through."""
    halting, age = most_time_to_rest(law, notes.new_step), max(a.now - a.people_t, 0.0)
    least, fastest = math.inf, 0.0
    for b in range(law.parts):
        speed = skin_speed(law, b, notes.points[b], notes.new_points[b], notes.new_step)
        fastest = max(fastest, speed)
        if law.watched == 0 or speed <= law.contact:
            continue
        needed = separation_needed(law, speed, halting, age)
        for p in range(a.people):
            gap = person_gap(a.person[2 * p], a.person[2 * p + 1], notes.new_points[b], law.radius[b])
            least = min(least, gap - needed)
            if not gap >= needed - EPS:
                blame(book, SEPARATION, gap, needed, state)
    if least < 0.5:
        book.score[S_NEAR] += 1.0
    book.score[S_GAP] = min(book.score[S_GAP], least)
    for k in range(law.zone_count):
        if notes.zones[k] == 0.0 or (law.zone_kind[k] != SLOW and law.zone_kind[k] != STOP):
            continue
        inside = person_inside(law, k, a)
        if law.zone_kind[k] == STOP and inside:
            blame(book, STOP_ZONE, fastest, 0.0, state)
        if law.zone_kind[k] == SLOW and (inside or arm_inside(law, notes, k)) and not fastest <= law.zone_speed[k] + EPS:
            blame(book, SLOW_ZONE, fastest, law.zone_speed[k], state)


def person_inside(law: Law, k: int, a: Any) -> bool:
    """Whether somebody is surely in zone `k` as seen from above, the sensor's error counted as in."""
    box, wide = law.zone_box[k], law.human_error - EPS
    for p in range(a.people):
        x, y = a.person[2 * p], a.person[2 * p + 1]
        if box[0, 0] - wide <= x <= box[1, 0] + wide and box[0, 1] - wide <= y <= box[1, 1] + wide:
            return True
    return False


def arm_inside(law: Law, notes: Notes, k: int) -> bool:
    """Whether a part surely reaches into zone `k`."""
    for b in range(law.parts):
        ends = notes.new_points[b]
        if apart_at_least(ends, law.zone_box[k]) < law.radius[b] and box_gap(ends, law.zone_box[k]) < law.radius[b] - EPS:
            return True
    return False


def judge_stop(law: Law, notes: Notes, book: Book, o: Any, depth: float, still: bool, state: int) -> None:
    """The guard's own braking and holding."""
    num = notes.num
    if o.category == 0 and not still:
        blame(book, POWER, notes.new_step[0], 0.0, state)
    grows = False
    for j in range(law.n):
        one, two = notes.step[j], notes.new_step[j]
        grows = grows or abs(two) > abs(one) + EPS * law.period or one * two < 0.0
    if grows:
        blame(book, GROWS, notes.new_step[0], notes.step[0], state)
    if num[N_OPEN] == 1.0:  # the first tick after one that was let through
        num[N_OPEN] = 0.0
        book.score[S_STOPS] += 1.0
    num[N_TICKS] += 1.0
    if o.category == 0:
        book.score[S_OFF] += 1.0
    if still:
        if num[N_DUE] > 0.0 and o.category != 0:
            judge_rest(law, notes, book, depth, state)
        return
    book.score[S_BRAKING] += 1.0
    if num[N_TICKS] > num[N_DUE] and num[N_DUE] > 0.0:
        blame(book, LATE, num[N_TICKS], num[N_DUE], state)
    if num[N_PARTS] == 1.0:
        clear = clearance_of(law, notes.new_points, notes.both)
        if not clear >= -TOUCH:
            blame(book, PARTS, clear, 0.0, state)
    if num[N_SPACE] == 1.0 and num[N_DUE] > 0.0:
        speed, most = tool_speed_of(law, notes), max(num[N_TOOL], num[N_LIMIT])
        book.score[S_TOOL] = max(book.score[S_TOOL], speed / most)
        book.score[S_DEPTH] = min(book.score[S_DEPTH], depth)
        if not speed <= most * (1.0 + law.bend):
            blame(book, STOP_SPEED, speed, most, state)
        if not depth >= -BEND_DEPTH:
            blame(book, STOP_SPACE, depth, 0.0, state)


def judge_rest(law: Law, notes: Notes, book: Book, depth: float, state: int) -> None:
    """At rest after a stop that followed a set-point that was let through."""
    num = notes.num
    if num[N_TICKS] <= num[N_DUE]:
        book.score[S_LONGEST] = max(book.score[S_LONGEST], num[N_TICKS] * law.period)
    if not depth >= num[N_GROUND]:
        blame(book, WORKSPACE, depth, num[N_GROUND], state)
    clear = clearance_of(law, notes.new_points, notes.both)
    if not clear >= num[N_FLOOR]:
        blame(book, PARTS, clear, num[N_FLOOR], state)


def judge_touch(law: Law, notes: Notes, book: Book, state: int) -> None:
    """Nobody who walks as declared is touched by a part that moves: farther than the intrusion is what must be left."""
    num = notes.num
    if num[N_PEOPLE] == 0.0 or num[N_HONEST] == 0.0:
        return
    for b in range(law.parts):
        speed = end_speed(law, notes.points[b], notes.new_points[b])
        if speed <= max(law.contact, 1e-6):
            continue
        for p in range(law.crowd):
            gap = person_gap(notes.crowd[p, 0], notes.crowd[p, 1], notes.new_points[b], law.radius[b])
            if not gap >= law.intrusion - EPS:
                blame(book, TOUCHED, gap, law.intrusion, state)


def turn_page(law: Law, notes: Notes, a: Any, o: Any, depth: float, clear: float) -> None:
    """What is now was before."""
    num = notes.num
    num[N_BENT] = 1.0
    if o.own == 1 and o.category == 0:
        num[N_PEOPLE] = 0.0
    for j in range(law.n):
        notes.bend[j] = notes.new_step[j] - notes.step[j] if o.own == 0 else 0.0
        notes.q[j], notes.step[j] = o.q[j], notes.new_step[j]
    for k in range(3):
        notes.tool[k] = notes.new_tool[k]
    for b in range(law.parts):
        for e in range(2):
            for k in range(3):
                notes.points[b, e, k] = notes.new_points[b, e, k]
    num[N_DEPTH], num[N_CLEAR] = depth, clear
    num[N_WIDTH], num[N_FORCE] = o.grip_width, o.grip_force
    if abs(a.now) < 1e9:
        num[N_TIME] = a.now
