"""A limit table counted in control ticks: what the kernel reads."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields

import numpy as np

from moravec.guard.kernel.braking import ROUNDING
from moravec.guard.kernel.checks import POSITION_TOLERANCE, TOLERANCE
from moravec.guard.kernel.codes import KEEP_OUT, PERSON_ONLY, SLOW, STOP_ZONE
from moravec.guard.kernel.form import BODIES, JOINTS, SPANS, Table, Vec, dtype_of
from moravec.guard.limits import LimitTable
from moravec.guard.parts import Box

GRAVITY = 9.80665  # [m/s^2], standard (ISO 80000-3)
ZONE_KINDS = {"keep_out": KEEP_OUT, "person_only": PERSON_ONLY, "slow": SLOW, "stop": STOP_ZONE}


def counted(limits: LimitTable) -> Table:
    """The table in ticks of its control period."""
    t, period = Table(n=limits.joints, period=limits.control_period), limits.control_period
    for name in ("position_min", "position_max", "velocity", "acceleration", "jerk", "torque", "tracking"):
        _put(getattr(t, name), getattr(limits, name))
    _put(t.gains, [a * period * period for a in limits.acceleration])
    _put(t.fastest, [v * (1.0 + TOLERANCE / 2.0) * period for v in limits.velocity])
    _put(t.lows, [low - POSITION_TOLERANCE + ROUNDING for low in limits.position_min])
    _put(t.highs, [high + POSITION_TOLERANCE - ROUNDING for high in limits.position_max])
    _put(t.theta0, [row[0] for row in limits.dh])
    _put(t.link_a, [row[1] for row in limits.dh])
    _put(t.link_d, [row[2] for row in limits.dh])
    _put(t.cos_alpha, [math.cos(row[3]) for row in limits.dh])
    _put(t.sin_alpha, [math.sin(row[3]) for row in limits.dh])
    _put(t.tool, limits.tool_offset)
    _put(t.reach, reaches(limits))
    for name in (
        "tool_speed", "tool_speed_reduced", "tool_force", "body_clearance", "command_age_max", "sequence_gap_max",
        "chunk_age_max", "sight_age_max", "grip_width_min", "grip_width_max", "grip_force_max",
    ):  # fmt: skip
        setattr(t, name, getattr(limits, name))
    t.box_clearance, t.payload = limits.cell_clearance, limits.payload * GRAVITY
    t.novelty = 0 if limits.novelty_max is None else 1
    t.novelty_max = 1.0 if limits.novelty_max is None else limits.novelty_max
    _places(t, limits)
    _people(t, limits)
    return t


def reaches(limits: LimitTable) -> list[float]:
    """For each part and joint (BODIES * JOINTS,) [m]: no point of the part's core is ever farther from the joint's axis.

    Exact for the part's own joint, whose axis it keeps its distance from; for those before it the links between, stretched out.
    """
    found = [0.0] * (BODIES * JOINTS)
    for b, body in enumerate(limits.bodies):
        for j in range(body.frame):
            found[JOINTS * b + j] = max(_distance_from_axis(limits, j, body.frame, end) for end in (body.a, body.b))
    return found


def _distance_from_axis(limits: LimitTable, joint: int, frame: int, point: Sequence[float]) -> float:
    _, a, d, alpha = limits.dh[frame - 1]
    x, y, z = point
    # The point as the last joint before it sees it: Tx(a) Tz(d) Rx(alpha) p.
    x, y, z = a + x, math.cos(alpha) * y - math.sin(alpha) * z, d + math.sin(alpha) * y + math.cos(alpha) * z
    if joint == frame - 1:
        return math.hypot(x, y)
    between = sum(math.hypot(link[1], link[2]) for link in limits.dh[joint + 1 : frame - 1])
    return abs(limits.dh[joint][1]) + between + math.dist((x, y, z), (0.0, 0.0, 0.0))


def _put(into: Vec, values: Sequence[float]) -> None:
    into[: len(values)] = [float(value) for value in values]


def _boxes(low: Vec, high: Vec, boxes: Sequence[Box]) -> int:
    for i, box in enumerate(boxes):
        low[3 * i : 3 * i + 3] = [float(x) for x in box.low]
        high[3 * i : 3 * i + 3] = [float(x) for x in box.high]
    return len(boxes)


def _places(t: Table, limits: LimitTable) -> None:
    t.allowed = _boxes(t.allowed_low, t.allowed_high, limits.allowed)
    t.forbidden = _boxes(t.forbidden_low, t.forbidden_high, limits.forbidden)
    t.boxes = _boxes(t.box_low, t.box_high, [obstacle.box for obstacle in limits.obstacles])
    t.bodies, t.pairs = len(limits.bodies), len(limits.apart)
    for i, body in enumerate(limits.bodies):
        t.body_frame[i], t.body_radius[i] = body.frame, float(body.radius)
        t.body_a[3 * i : 3 * i + 3] = [float(x) for x in body.a]
        t.body_b[3 * i : 3 * i + 3] = [float(x) for x in body.b]
    names = [body.name for body in limits.bodies]
    for i, (one, other) in enumerate(limits.apart):
        t.pair_a[i], t.pair_b[i] = names.index(one), names.index(other)
    t.zones = _boxes(t.zone_low, t.zone_high, [zone.box for zone in limits.zones])
    for i, zone in enumerate(limits.zones):
        t.zone_kind[i], t.zone_spans[i] = ZONE_KINDS[zone.kind], len(zone.active)
        t.zone_speed[i] = 0.0 if zone.speed is None else float(zone.speed)
        for k, (start, end) in enumerate(zone.active):
            t.span_start[SPANS * i + k], t.span_end[SPANS * i + k] = float(start), float(end)
    slowest = max(v / a for v, a in zip(limits.velocity, limits.acceleration, strict=True))
    t.ahead = slowest * (1.0 + TOLERANCE) + 2.0 * limits.control_period


def _people(t: Table, limits: LimitTable) -> None:
    terms = limits.separation
    if terms is None:
        return
    t.separation = 1
    for name in ("human_speed", "reaction_time", "braking", "intrusion", "human_uncertainty", "robot_uncertainty"):
        setattr(t, name, float(getattr(terms, name)))
    t.people_age_max = float(terms.reading_age_max)
    t.contact_speed = 0.0 if limits.touch is None else limits.touch.speed


def as_record(form: object) -> np.ndarray[tuple[int], np.dtype[np.void]]:
    """A record (1,) with the numbers of `form`, for the compiled kernel."""
    made = np.zeros(1, dtype_of(type(form)))
    for item in fields(form):  # type: ignore[arg-type]
        made[item.name] = getattr(form, item.name)
    return made
