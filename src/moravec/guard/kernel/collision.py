"""Distances between the robot's parts, and from them to the cell's; and whether a whole braking motion keeps them.

Parts are capsules: all points within a radius of a segment. The cell's bodies are boxes along the axes of frame 0.
"""

from __future__ import annotations

import math

from moravec.guard.kernel.checks import Finding, larger, lesser
from moravec.guard.kernel.codes import CELL_COLLISION, KEEP_OUT, PERSON_ONLY, SELF_COLLISION, ZONE
from moravec.guard.kernel.form import BOXES, JOINTS, ZONES, Answer, Table, Vec
from moravec.guard.kernel.kinematics import place

# Where nothing is near [m].
FAR = 1e9
# A braking motion is looked at in at most so many places; if that does not prove it free, it counts as not free.
LOOKS = 24
# Clearance is used up to this share before the next look, so that rounding cannot matter.
SHARE = 0.999


def clamped(x: float) -> float:
    """`x` cut off at 0 and 1."""
    return lesser(larger(x, 0.0), 1.0)


def segments_apart(p: Vec, i: int, j: int) -> float:
    """Distance [m] of two segments whose ends stand at p[i:i + 6] and p[j:j + 6].

    C. Ericson, "Real-Time Collision Detection", 2005, 5.1.9.
    """
    ux, uy, uz = p[i + 3] - p[i], p[i + 4] - p[i + 1], p[i + 5] - p[i + 2]
    vx, vy, vz = p[j + 3] - p[j], p[j + 4] - p[j + 1], p[j + 5] - p[j + 2]
    wx, wy, wz = p[i] - p[j], p[i + 1] - p[j + 1], p[i + 2] - p[j + 2]
    a, e = ux * ux + uy * uy + uz * uz, vx * vx + vy * vy + vz * vz
    f, c = vx * wx + vy * wy + vz * wz, ux * wx + uy * wy + uz * wz
    b = ux * vx + uy * vy + uz * vz
    if a <= 0.0 and e <= 0.0:
        s, t = 0.0, 0.0
    elif a <= 0.0:
        s, t = 0.0, clamped(f / e)
    elif e <= 0.0:
        s, t = clamped(-c / a), 0.0
    else:
        bottom = a * e - b * b
        s = clamped((b * f - c * e) / bottom) if bottom > 0.0 else 0.0
        t = (b * s + f) / e
        if t < 0.0:
            s, t = clamped(-c / a), 0.0
        elif t > 1.0:
            s, t = clamped((b - c) / a), 1.0
    dx, dy, dz = wx + s * ux - t * vx, wy + s * uy - t * vy, wz + s * uz - t * vz
    return math.sqrt(dx * dx + dy * dy + dz * dz)


def _outside(x: float, low: float, high: float) -> float:
    """How far `x` is beyond its interval: negative below, positive above, 0 inside."""
    if x < low:
        return x - low
    return x - high if x > high else 0.0


def _slope(p: Vec, i: int, low: Vec, high: Vec, at: int, s: float) -> float:
    """Half the derivative, with respect to s, of the squared distance of the segment's point at s in [0, 1] to the box."""
    total = 0.0
    for k in range(3):
        d = p[i + 3 + k] - p[i + k]
        total += d * _outside(p[i + k] + s * d, low[at + k], high[at + k])
    return total


def segment_to_box(p: Vec, i: int, low: Vec, high: Vec, at: int) -> float:
    """Distance [m] of the segment p[i:i + 6] to the box whose corners stand at `at`; 0 where they touch.

    The squared distance of a point to a box is convex, and along a segment piecewise quadratic: its slope rises, and is
    linear between the places where the segment crosses the planes of the box's faces. The last of these with a negative
    slope and the first with a positive one hold the minimum between them.
    """
    first, last = 0.0, 1.0
    slope_first, slope_last = _slope(p, i, low, high, at, 0.0), _slope(p, i, low, high, at, 1.0)
    if slope_first >= 0.0:
        s = 0.0
    elif slope_last <= 0.0:
        s = 1.0
    else:
        for k in range(3):
            d = p[i + 3 + k] - p[i + k]
            if d == 0.0:
                continue
            for side in range(2):
                face = low[at + k] if side == 0 else high[at + k]
                crossing = (face - p[i + k]) / d
                if not first < crossing < last:
                    continue
                slope = _slope(p, i, low, high, at, crossing)
                if slope <= 0.0:
                    first, slope_first = crossing, slope
                else:
                    last, slope_last = crossing, slope
        s = first - slope_first * (last - first) / (slope_last - slope_first)
    total = 0.0
    for k in range(3):
        beyond = _outside(p[i + k] + s * (p[i + 3 + k] - p[i + k]), low[at + k], high[at + k])
        total += beyond * beyond
    return math.sqrt(total)


def box_far(p: Vec, i: int, low: Vec, high: Vec, at: int) -> float:
    """A distance [m] that the segment p[i:i + 6] surely has to the box: along one axis. At most 0 where none separates."""
    best = -FAR
    for k in range(3):
        small, large = lesser(p[i + k], p[i + 3 + k]), larger(p[i + k], p[i + 3 + k])
        best = larger(best, larger(low[at + k] - large, small - high[at + k]))
    return best


def body_to_box(t: Table, o: Answer, b: int, low: Vec, high: Vec, at: int, known: float) -> float:
    """Distance [m] of body `b` to the box, negative inside; a lower bound where that already is more than `known`."""
    bound = box_far(o.points, 6 * b, low, high, at) - t.body_radius[b]
    if bound > known:
        return bound
    return segment_to_box(o.points, 6 * b, low, high, at) - t.body_radius[b]


def clearance(t: Table, o: Answer) -> Finding:
    """The least distance, beyond what must be kept, of the parts placed in `o.points`; `margin` and `relative` in [m].

    Into `o.share`: which share of a way on which part b moves by at most `o.travel[b]` [m] cannot use up any of the distances.
    `value` is the distance, `limit` what must be kept; `joint` is the pair (SELF_COLLISION), body * BOXES + box
    (CELL_COLLISION) or body * ZONES + zone (ZONE).
    """
    found = Finding(CELL_COLLISION, -1, FAR, t.box_clearance, FAR, FAR)
    o.share = FAR
    for k in range(t.pairs):
        a, b = t.pair_a[k], t.pair_b[k]
        apart = segments_apart(o.points, 6 * a, 6 * b) - t.body_radius[a] - t.body_radius[b]
        spare = apart - t.body_clearance
        spend(spare, o.travel[a] + o.travel[b], o)
        if not spare >= found.margin:
            found = Finding(SELF_COLLISION, k, apart, t.body_clearance, spare, spare)
    for b in range(t.bodies):
        if t.body_frame[b] == 0:
            continue  # what does not move cannot be moved into anything
        for k in range(t.boxes):
            known = larger(found.margin, o.share * o.travel[b])
            apart = body_to_box(t, o, b, t.box_low, t.box_high, 3 * k, known + t.box_clearance)
            spare = apart - t.box_clearance
            spend(spare, o.travel[b], o)
            if not spare >= found.margin:
                found = Finding(CELL_COLLISION, b * BOXES + k, apart, t.box_clearance, spare, spare)
        for k in range(t.zones):
            if o.zone_on[k] == 1 and (t.zone_kind[k] == KEEP_OUT or t.zone_kind[k] == PERSON_ONLY):
                known = larger(found.margin, o.share * o.travel[b])
                apart = body_to_box(t, o, b, t.zone_low, t.zone_high, 3 * k, known)
                spend(apart, o.travel[b], o)
                if not apart >= found.margin:
                    found = Finding(ZONE, b * ZONES + k, apart, 0.0, apart, apart)
    return found


def _gained(spare: float, before: float, travel: float) -> float:
    """What counts of a distance [m]: the gain where it was too small `before`, else what `travel` leaves of it."""
    return spare - before if before < 0.0 else spare - travel


def parted(t: Table, before: Vec, way: float, o: Answer) -> Finding:
    """For parts of which some were too near something at `before` (bodies * 6,) [m]: whether those only part.

    What was too near gains distance, each on its own; what was not keeps what it must, with `way` times the part's travel to
    rest taken off. `margin` is the least of gain and distance [m].
    """
    found = Finding(CELL_COLLISION, -1, FAR, t.box_clearance, FAR, FAR)
    for k in range(t.pairs):
        a, b = t.pair_a[k], t.pair_b[k]
        kept = t.body_radius[a] + t.body_radius[b] + t.body_clearance
        spare = segments_apart(o.points, 6 * a, 6 * b) - kept
        left = _gained(spare, segments_apart(before, 6 * a, 6 * b) - kept, way * (o.travel[a] + o.travel[b]))
        if not left >= found.margin:
            found = Finding(SELF_COLLISION, k, spare + t.body_clearance, t.body_clearance, left, left)
    for b in range(t.bodies):
        if t.body_frame[b] == 0:
            continue
        for k in range(t.boxes):
            kept = t.body_radius[b] + t.box_clearance
            spare = segment_to_box(o.points, 6 * b, t.box_low, t.box_high, 3 * k) - kept
            old = segment_to_box(before, 6 * b, t.box_low, t.box_high, 3 * k) - kept
            left = _gained(spare, old, way * o.travel[b])
            if not left >= found.margin:
                found = Finding(CELL_COLLISION, b * BOXES + k, spare + t.box_clearance, t.box_clearance, left, left)
        for k in range(t.zones):
            if o.zone_on[k] == 1 and (t.zone_kind[k] == KEEP_OUT or t.zone_kind[k] == PERSON_ONLY):
                spare = segment_to_box(o.points, 6 * b, t.zone_low, t.zone_high, 3 * k) - t.body_radius[b]
                old = segment_to_box(before, 6 * b, t.zone_low, t.zone_high, 3 * k) - t.body_radius[b]
                left = _gained(spare, old, way * o.travel[b])
                if not left >= found.margin:
                    found = Finding(ZONE, b * ZONES + k, spare, 0.0, left, left)
    return found


def spend(spare: float, travel: float, o: Answer) -> None:
    """Lowers `o.share` to what `spare` [m] allows of a way that changes a distance by at most `travel` [m]."""
    if travel <= 0.0:
        return  # nothing moves; what is not a number does
    if not travel * o.share <= spare:
        o.share = spare / travel


def travels(t: Table, o: Answer) -> None:
    """Into `o.travel` (bodies,) [m]: how far any point of each part's core moves at most on the way `o.way`.

    A turn of joint j moves a point by at most the angle times the point's distance from the axis, of which `t.reach` is a bound.
    """
    for b in range(t.bodies):
        total = 0.0
        for j in range(t.body_frame[b]):
            total += t.reach[JOINTS * b + j] * abs(o.way[j])
        o.travel[b] = total


def sweep(start: Finding, straight: bool, t: Table, o: Answer) -> Finding:
    """The least clearance of the parts on the way from posture `o.q` (n,) along `o.way`, as far as it takes to know.

    `start` is the clearance at `o.q`, `o.share` what it allows of the way: conservative advancement (B. Mirtich, "Impulse-based
    dynamic simulation of rigid body systems", 1996). A way that is not straight is only free if all of it is within the first
    clearance. If LOOKS looks do not reach the end, the answer is a clearance below 0.
    """
    if not start.margin >= 0.0 or o.share * SHARE >= 1.0:
        return start
    found, least, at = start, start, 0.0
    for _ in range(LOOKS):
        at += o.share * SHARE
        if at >= 1.0:
            place(o.q, t, o)
            return least
        if not straight:
            break
        for j in range(t.n):
            o.posture[j] = o.q[j] + at * o.way[j]
        place(o.posture, t, o)
        found = clearance(t, o)
        if found.margin < least.margin:
            least = found
        if not found.margin >= 0.0:
            break
    place(o.q, t, o)
    if not least.margin >= 0.0:
        return least
    return Finding(least.check, least.joint, least.value, least.limit, at - 1.0, -1.0)
