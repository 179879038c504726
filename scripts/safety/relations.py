"""Two decisions on the same tick, one of them with something tighter, later, nearer or heavier.

In the subset of Python that Numba compiles.

What the tighter one lets through, the other must let through as well, and never slower. Both begin from the same memory, as a
guard does whose table is tightened while it runs.
"""

from __future__ import annotations

import math
from typing import Any

from geometry import put_arm
from judge import person_inside
from law import NOBODY_ENTERS, Law
from notes import Notes, begin_notes
from people import person_gap
from records import Floats, Whole
from wild import NOW, Batch, Scene, ask, command, open_scene, people_walk, trouble

# What may be changed in the input of a tick; changes of the table have numbers from TABLES on.
INPUTS = (
    "older reading of people", "one more person", "nearer people", "older command", "older measurement", "older chunk",
    "older picture", "chunk that ended", "stranger to the policy", "reduced mode", "standstill mode", "emergency stop",
    "more load", "more torque", "farther off the set-point", "longer since the last tick",
)  # fmt: skip
(
    OLDER_PEOPLE, MORE_PEOPLE, NEARER, OLDER_COMMAND, OLDER_STATE, OLDER_CHUNK, OLDER_SIGHT, ENDED, STRANGER, REDUCED, STILL,
    PRESSED, LOAD, TORQUE, OFF_TRACK, LATER,
) = range(len(INPUTS))  # fmt: skip
TABLES = len(INPUTS)
# What became of a comparison.
RESULTS = (
    "compared", "both let through", "refused instead", "pulled back instead", "passed what was not", "faster", "not nested"
)  # fmt: skip
COMPARED, BOTH, REFUSED, PULLED, PASSED, FASTER, NESTED = range(len(RESULTS))
PASS, LIMIT, STOP = 0, 1, 2
ROUNDING = 1e-12  # [rad]
FOUND = 64


def compare_batch(
    law: Law, notes: Notes, scene: Scene, batch: Batch, t: Any, smooth: Any, others: Any, kinds: Whole, flags: Whole, fresh: Any,
    records: Any, spare: Any, tally: Floats, found: Floats,
) -> None:
    """All sessions of `batch` under table `t`; in each tick one of the `others` decides as well.

    `smooth` is `t` without its limit of jerk, which does not bind what is pulled back. `kinds` holds for each of the others a
    number of INPUTS, or from TABLES on that of a change of the table; `flags` (others, 2) hold 1 where a tighter limit may hinder
    braking, so that speeds are not compared, and where there is no rule for an arm that is outside of anything.
    `tally` (kinds, RESULTS) counts; `found` (FOUND, 5) keeps kind, result, session, tick, other."""
    for i in range(len(batch.ticks)):
        records[0][0] = fresh[0][0]
        records[1][0] = fresh[1][0]
        records[2][0] = fresh[2][0]
        m, a, o = records[0][0], records[1][0], records[2][0]
        open_scene(law, notes, scene, batch, i)
        begin_notes(law, notes, batch.q[i], batch.dq[i], 0.0)
        for k in range(batch.ticks[i]):
            dice = batch.dice[i, k]
            people_walk(law, notes, scene, dice)
            ask(law, notes, scene, a)
            weigh(law, notes, a, 60.0 * batch.dice[i, 0, 18])
            if k == 0:
                for j in range(law.n):
                    a.measured_dq[j] = batch.dq[i, j]
            command(law, notes, scene, a, m.state, dice)
            if k > 0 and dice[0] < batch.trouble[i]:
                trouble(law, notes, scene, a, dice)
            spare[0][0] = records[0][0]
            spare[3][0] = records[2][0]
            decide(t, m, a, o)  # noqa: F821 - the guard's entry, put in its place when this is compiled
            v = int(dice[17] * len(kinds))
            compare(law, notes, smooth, others[v], kinds[v], flags[v], records, spare, tally, found, dice, i, k)
            if k == 0 and batch.planted[i, 0] != 0.0 and m.state == 1:
                m.straight = 0
                for j in range(law.n):
                    m.steps[j] = batch.planted[i, j] * law.period
            for j in range(law.n):
                notes.q[j], notes.step[j] = m.q[j], m.steps[j]
            scene.num[NOW] += law.period


def weigh(law: Law, notes: Notes, a: Any, force: float) -> None:
    """What is felt at the tool: `force` [N] downwards. Given in the flange's frame, whose axes stand as rows in `notes.axes`."""
    put_arm(law, notes.q, notes.new_tool, notes.new_points, notes.axes)
    for k in range(3):
        a.wrench[k] = -force * notes.axes[k, 2]


def compare(
    law: Law, notes: Notes, smooth: Any, other: Any, kind: int, flags: Whole, records: Any, spare: Any, tally: Floats,
    found: Floats, dice: Floats, session: int, tick: int,
) -> None:
    """Decides the same tick again with one thing changed, from the same memory (`spare[0]`), and compares."""
    o = records[2][0]
    spare[1][0] = spare[0][0]
    spare[2][0] = records[1][0]
    m2, a2, o2 = spare[1][0], spare[2][0], spare[3][0]
    if not comparable(m2, a2, kind, flags[1], timed_zones(law)) or not change(law, notes, a2, kind, dice):
        return
    decide(other, m2, a2, o2)  # noqa: F821 - the guard's entry, put in its place when this is compiled
    tally[kind, COMPARED] += 1.0
    one, two = o.decision, o2.decision
    if one != STOP and two != STOP:
        tally[kind, BOTH] += 1.0
    if one != STOP and two == STOP:
        tally[kind, REFUSED] += 1.0
    if one == PASS and two == LIMIT:
        tally[kind, PULLED] += 1.0
    result = -1
    if two == PASS and one != PASS:
        result = PASSED
    elif two == LIMIT and one != STOP and flags[0] == 0 and faster(law, notes, o, o2):
        result = FASTER
    elif two == LIMIT and one == STOP:
        # It lets through another set-point than was asked for: that one must be lawful before the wider table as well.
        for j in range(law.n):
            a2.q[j], a2.dq[j] = o2.q[j], o2.dq[j]
        spare[1][0] = spare[0][0]
        decide(smooth, m2, a2, o2)  # noqa: F821 - the guard's entry, put in its place when this is compiled
        if o2.decision == STOP:
            result = NESTED
    if result >= 0:
        note(tally, found, kind, result, session, tick, float(one))


def comparable(m: Any, a: Any, kind: int, inside_only: int, timed: int) -> bool:
    """Whether the rule has a meaning here."""
    if m.begun == 0 and (kind == OFF_TRACK or kind >= TABLES):
        return False  # what is measured first is the first set-point, and the first table the only one
    if inside_only == 1 and (m.clearance < 0.0 or m.depth < 0.0):
        return False
    if kind == LATER and timed == 1:
        return False  # zones end with time
    if kind in (OLDER_PEOPLE, OLDER_COMMAND, OLDER_STATE, OLDER_CHUNK, OLDER_SIGHT, LATER):
        # What seems to come from the future is refused, and no longer once it is older; so is a tick that comes too soon.
        newest = max(a.t, a.state_t, a.made, a.seen, a.people_t)
        return m.begun == 0 or (newest <= a.now and a.now >= m.due)
    return True


def timed_zones(law: Law) -> int:
    """1 where a zone holds at some times alone."""
    for k in range(law.zone_count):
        if law.spans[k, 0, 1] < math.inf:
            return 1
    return 0


def note(tally: Floats, found: Floats, kind: int, result: int, session: int, tick: int, one: float) -> None:
    """Writes down what should not be."""
    count = 0
    for r in (PASSED, FASTER, NESTED):
        for k in range(len(tally)):
            count += int(tally[k, r])
    tally[kind, result] += 1.0
    if count < len(found):
        row = found[count]
        row[0], row[1], row[2], row[3], row[4] = kind, result, session, tick, one


def faster(law: Law, notes: Notes, o: Any, o2: Any) -> bool:
    """Whether the second answer moves the arm faster than the first: by its fastest joint, each against its own limit."""
    one, two = 0.0, 0.0
    for j in range(law.n):
        one = max(one, abs(o.q[j] - notes.q[j]) / law.speed[j])
        two = max(two, abs(o2.q[j] - notes.q[j]) / law.speed[j])
    return two > one + ROUNDING


def change(law: Law, notes: Notes, a: Any, kind: int, dice: Floats) -> bool:
    """Makes one input of the tick worse; whether that was possible."""
    more = 10.0 ** (4.0 * dice[19] - 4.0)  # 1e-4 ... 1
    if kind == OLDER_PEOPLE:
        a.people_t -= 0.3 * more
    elif kind == MORE_PEOPLE:
        if not 0 <= a.people < 8:
            return False
        a.person[2 * a.people], a.person[2 * a.people + 1] = 6.0 * dice[14] - 3.0, 6.0 * dice[15] - 3.0
        a.people += 1
    elif kind == NEARER:
        return come_nearer(law, notes, a, 0.5 * more)
    elif kind == OLDER_COMMAND:
        a.t -= 0.04 * more
    elif kind == OLDER_STATE:
        a.state_t -= 0.04 * more
    elif kind == OLDER_CHUNK:
        a.made -= 50.0 * more
    elif kind == OLDER_SIGHT:
        a.seen -= 200.0 * more
    elif kind == ENDED:
        a.expires -= 0.2 * more
    elif kind == STRANGER:
        a.novelty += more
    elif kind in (REDUCED, STILL):
        wanted = 1 if kind == REDUCED else 2
        if a.mode >= wanted:
            return False
        a.mode = wanted
    elif kind == PRESSED:
        a.estop = 1
    elif kind == LOAD:
        for k in range(3):
            a.wrench[k] *= 1.0 + 5.0 * more
    elif kind == TORQUE:
        for j in range(law.n):
            a.measured_tau[j] = a.measured_tau[j] * (1.0 + more) + math.copysign(100.0 * more, a.measured_tau[j])
    elif kind == OFF_TRACK:
        for j in range(law.n):
            off = a.measured_q[j] - notes.q[j]
            a.measured_q[j] += math.copysign(0.1 * more, off)
    elif kind == LATER:
        a.now += 0.3 * more
    return True


def come_nearer(law: Law, notes: Notes, a: Any, way: float) -> bool:
    """Moves everybody by `way` [m] towards the base; possible where that brings nobody farther from any part."""
    put_arm(law, notes.q, notes.new_tool, notes.new_points, notes.axes)
    if not 1 <= a.people <= 8:
        return False
    for k in range(law.zone_count):
        if law.zone_kind[k] != NOBODY_ENTERS and person_inside(law, k, a):
            return False  # whoever is in a zone may leave it by that
    for p in range(a.people):
        x, y = a.person[2 * p], a.person[2 * p + 1]
        away = math.hypot(x, y)
        if not way < away < 100.0:
            return False
        nx, ny = x * (1.0 - way / away), y * (1.0 - way / away)
        for b in range(law.parts):
            ends, radius = notes.new_points[b], law.radius[b]
            # The arm moves by a step before it is judged: far less than a thousandth.
            if person_gap(nx, ny, ends, radius) > person_gap(x, y, ends, radius) - 1e-3 - 0.5 * way:
                return False
        a.person[2 * p], a.person[2 * p + 1] = nx, ny
    return True
