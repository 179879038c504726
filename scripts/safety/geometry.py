"""Where an arm's parts are and how far from each other, for the judge: a second way, not the guard's.

Frames are followed axis by axis instead of as matrices; distances of segments are the least over the pairs of features that can
decide (ends and lines, after V. J. Lumelsky, "On fast computation of distance between line segments", 1985, as candidates), those
to boxes the least over every piece of a segment between two planes. In the subset of Python that Numba compiles; nothing of the
guard's is used.
"""

from __future__ import annotations

import math

from law import NOBODY_ENTERS, Law
from records import Floats

# Where nothing is near [m].
NOTHING = 1e9


def put_arm(law: Law, q: Floats, tool: Floats, points: Floats, axes: Floats) -> None:
    """Into `tool` (3,) and `points` (b, 2, 3) [m]: where they are at posture `q` (n,) [rad]. `axes` (4, 3) is scratch."""
    for r in range(4):
        for k in range(3):
            axes[r, k] = 1.0 if r == k else 0.0
    put_parts(law, 0, points, axes)
    for i in range(law.n):
        turn, a, d, ca, sa = law.links[i, 0] + q[i], law.links[i, 1], law.links[i, 2], law.links[i, 3], law.links[i, 4]
        c, s = math.cos(turn), math.sin(turn)
        for k in range(3):
            x, y, z = axes[0, k], axes[1, k], axes[2, k]
            ahead, aside = c * x + s * y, c * y - s * x
            axes[0, k] = ahead
            axes[1, k] = ca * aside + sa * z
            axes[2, k] = ca * z - sa * aside
            axes[3, k] += d * z + a * ahead
        put_parts(law, i + 1, points, axes)
    for k in range(3):
        tool[k] = axes[3, k] + axes[0, k] * law.tool[0] + axes[1, k] * law.tool[1] + axes[2, k] * law.tool[2]


def put_parts(law: Law, frame: int, points: Floats, axes: Floats) -> None:
    """The ends of all parts fixed in `frame`, whose axes and origin stand in `axes`."""
    for b in range(law.parts):
        if law.frame[b] == frame:
            for e in range(2):
                for k in range(3):
                    p = law.ends[b, e]
                    points[b, e, k] = axes[3, k] + axes[0, k] * p[0] + axes[1, k] * p[1] + axes[2, k] * p[2]


def depth_in(law: Law, x: Floats) -> float:
    """How deep the tool at `x` (3,) is in its workspace [m]: negative outside all allowed boxes or inside a forbidden one."""
    best = -NOTHING
    for i in range(law.allowed_count):
        best = max(best, box_depth(x, law.allowed[i]))
    for i in range(law.forbidden_count):
        best = min(best, -box_depth(x, law.forbidden[i]))
    return best


def box_depth(x: Floats, box: Floats) -> float:
    """The distance [m] of a point to the nearest face plane that it is inside of; negative where it is outside of one."""
    depth = NOTHING
    for k in range(3):
        depth = min(depth, x[k] - box[0, k], box[1, k] - x[k])
    return depth


def point_to_segment(x: float, y: float, z: float, a: Floats, b: Floats) -> float:
    """Distance [m] of a point to the segment a b."""
    ux, uy, uz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    square = ux * ux + uy * uy + uz * uz
    s = 0.0
    if square > 0.0:
        s = min(max(((x - a[0]) * ux + (y - a[1]) * uy + (z - a[2]) * uz) / square, 0.0), 1.0)
    dx, dy, dz = x - a[0] - s * ux, y - a[1] - s * uy, z - a[2] - s * uz
    return math.sqrt(dx * dx + dy * dy + dz * dz)


def segment_gap(p: Floats, r: Floats) -> float:
    """Distance [m] of two segments (2, 3): of an end to the other segment, or of the lines where the feet of their common
    perpendicular lie within both."""
    a, b, c, d = p[0], p[1], r[0], r[1]
    least = min(point_to_segment(a[0], a[1], a[2], c, d), point_to_segment(b[0], b[1], b[2], c, d))
    least = min(least, point_to_segment(c[0], c[1], c[2], a, b), point_to_segment(d[0], d[1], d[2], a, b))
    ux, uy, uz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    vx, vy, vz = d[0] - c[0], d[1] - c[1], d[2] - c[2]
    nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
    square = nx * nx + ny * ny + nz * nz
    if not square > 0.0:
        return least
    wx, wy, wz = c[0] - a[0], c[1] - a[1], c[2] - a[2]
    # Cramer's rule: w = s u - t v + h n.
    s = (wx * (vy * nz - vz * ny) + wy * (vz * nx - vx * nz) + wz * (vx * ny - vy * nx)) / square
    t = (wx * (uy * nz - uz * ny) + wy * (uz * nx - ux * nz) + wz * (ux * ny - uy * nx)) / square
    if 0.0 <= s <= 1.0 and 0.0 <= t <= 1.0:
        least = min(least, abs(wx * nx + wy * ny + wz * nz) / math.sqrt(square))
    return least


def squared_to_box(p: Floats, box: Floats, s: float) -> float:
    """Squared distance [m^2] of the segment's point at s in [0, 1] to the box."""
    total = 0.0
    for k in range(3):
        x = p[0, k] + s * (p[1, k] - p[0, k])
        beyond = max(box[0, k] - x, x - box[1, k], 0.0)
        total += beyond * beyond
    return total


def box_gap(p: Floats, box: Floats) -> float:
    """Distance [m] of the segment p (2, 3) to a box (2, 3); 0 where they touch.

    Each of the six planes cuts the segment once at most. On a piece between two cuts the squared distance is one parabola,
    drawn through its ends and its middle.
    """
    least = min(squared_to_box(p, box, 0.0), squared_to_box(p, box, 1.0))
    start = 0.0
    for _ in range(7):
        end = 1.0
        for side in range(2):
            for k in range(3):
                way = p[1, k] - p[0, k]
                if way != 0.0:
                    cut = (box[side, k] - p[0, k]) / way
                    if start < cut < end:
                        end = cut
        one, half, two = squared_to_box(p, box, start), squared_to_box(p, box, (start + end) / 2.0), squared_to_box(p, box, end)
        bend, tilt = 2.0 * (one - 2.0 * half + two), 4.0 * half - 3.0 * one - two
        if bend > 0.0:
            s = min(max(-tilt / (2.0 * bend), 0.0), 1.0)
            least = min(least, squared_to_box(p, box, start + s * (end - start)))
        least = min(least, two)
        start = end
        if start >= 1.0:
            break
    return math.sqrt(least)


def apart_at_least(p: Floats, r: Floats) -> float:
    """What two segments or boxes (2, 3) are apart along one axis [m], whichever way round their corners stand."""
    best = -NOTHING
    for k in range(3):
        one, other = max(p[0, k], p[1, k]), max(r[0, k], r[1, k])
        best = max(best, min(r[0, k], r[1, k]) - one, min(p[0, k], p[1, k]) - other)
    return best


def clearance_of(law: Law, points: Floats, zones_on: Floats) -> float:
    """The least distance [m] of parts that must not touch, from each other and from what stands around, beyond what must be
    kept; negative where too little is left. `zones_on` (z,) holds 1 for the zones that hold."""
    least = NOTHING
    for i in range(law.pair_count):
        a, b = law.pairs[i, 0], law.pairs[i, 1]
        kept = law.radius[a] + law.radius[b] + law.apart
        if apart_at_least(points[a], points[b]) - kept < least:
            least = min(least, segment_gap(points[a], points[b]) - kept)
    for b in range(law.parts):
        if law.frame[b] == 0:
            continue  # it is bolted down, and stands where it stands
        for i in range(law.box_count):
            kept = law.radius[b] + law.clear
            if apart_at_least(points[b], law.boxes[i]) - kept < least:
                least = min(least, box_gap(points[b], law.boxes[i]) - kept)
        for i in range(law.zone_count):
            holds = law.zone_kind[i] == NOBODY_ENTERS and zones_on[i] > 0.0
            if holds and apart_at_least(points[b], law.zone_box[i]) - law.radius[b] < least:
                least = min(least, box_gap(points[b], law.zone_box[i]) - law.radius[b])
    return least
