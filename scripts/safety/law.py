"""A limit table as the judge of the random motions reads it: from the table's own fields, with none of the guard's counting."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from records import Floats, Whole, fill, record_of

from moravec.guard.kernel.form import BODIES, BOXES, JOINTS, PAIRS, REGIONS, SPANS, ZONES
from moravec.guard.limits import LimitTable
from moravec.guard.parts import Box

# Kinds of zones.
NOBODY_ENTERS, SLOW, STOP = 0, 1, 2
BEND_SPEED = 0.02  # share by which the tool of a robot may be faster in a stop
KINDS = {"keep_out": NOBODY_ENTERS, "person_only": NOBODY_ENTERS, "slow": SLOW, "stop": STOP}


class Law(Protocol):
    """What holds, for n joints and so on; SI units and radians, boxes as (low, high) corners. Arrays have room for the most that
    a table may hold; the counts say how much of them does."""

    n: int
    parts: int
    pair_count: int
    box_count: int
    allowed_count: int
    forbidden_count: int
    zone_count: int
    crowd: int  # people around
    bend: float  # share by which the tool may be faster in a stop
    period: float
    low: Floats
    high: Floats
    speed: Floats
    acceleration: Floats
    jerk: Floats
    tracking: Floats
    links: Floats  # (n, 5): theta0, a, d, cos alpha, sin alpha
    tool: Floats
    tool_speed: float
    tool_reduced: float
    allowed: Floats  # (k, 2, 3)
    forbidden: Floats
    boxes: Floats
    frame: Whole  # (parts,)
    ends: Floats  # (parts, 2, 3), in the part's link frame
    radius: Floats
    pairs: Whole  # (k, 2)
    apart: float  # parts from each other
    clear: float  # parts from boxes
    zone_kind: Whole
    zone_box: Floats
    zone_speed: Floats
    spans: Floats  # (k, 4, 2); a zone without spans has one from -inf to inf
    watched: int  # 1: people are watched for
    human_speed: float
    reaction: float
    reading_age: float
    braking: float
    intrusion: float
    human_error: float
    robot_error: float
    contact: float
    command_age: float
    chunk_age: float
    sight_age: float
    novelty: float
    grip: Floats  # (3,): least and largest opening, largest force


_SHAPES = {
    **dict.fromkeys(("low", "high", "speed", "acceleration", "jerk", "tracking"), (JOINTS,)), "links": (JOINTS, 5), "tool": (3,),
    "allowed": (REGIONS, 2, 3), "forbidden": (REGIONS, 2, 3), "boxes": (BOXES, 2, 3), "frame": (BODIES,),
    "ends": (BODIES, 2, 3), "radius": (BODIES,), "pairs": (PAIRS, 2), "zone_kind": (ZONES,), "zone_box": (ZONES, 2, 3),
    "zone_speed": (ZONES,), "spans": (ZONES, SPANS, 2), "grip": (3,),
}  # fmt: skip


def law_of(limits: LimitTable, crowd: int = 0) -> Any:
    """The table `limits` as a record of `Law`, where `crowd` people walk around."""
    # Joints only slow down in a stop, but the tool's lever may grow on the way: robots are held to a narrow share, arms that were
    # made up at random, whose speed limit has nothing to do with their size, are only measured.
    bend = math.inf if limits.robot == "random" else BEND_SPEED
    law, names = record_of(Law, _SHAPES), [body.name for body in limits.bodies]
    fill(
        law, n=limits.joints, parts=len(limits.bodies), pair_count=len(limits.apart), box_count=len(limits.obstacles),
        allowed_count=len(limits.allowed), forbidden_count=len(limits.forbidden), zone_count=len(limits.zones), crowd=crowd,
        bend=bend,
        period=limits.control_period, low=limits.position_min, high=limits.position_max, speed=limits.velocity,
        acceleration=limits.acceleration, jerk=limits.jerk, tracking=limits.tracking, tool=limits.tool_offset,
        links=[(theta, a, d, math.cos(alpha), math.sin(alpha)) for theta, a, d, alpha in limits.dh],
        tool_speed=limits.tool_speed, tool_reduced=limits.tool_speed_reduced, allowed=_boxes(limits.allowed),
        forbidden=_boxes(limits.forbidden), boxes=_boxes([obstacle.box for obstacle in limits.obstacles]),
        frame=[body.frame for body in limits.bodies], radius=[body.radius for body in limits.bodies],
        ends=np.array([(body.a, body.b) for body in limits.bodies], float).reshape(-1, 2, 3),
        pairs=np.array([[names.index(name) for name in pair] for pair in limits.apart], np.int64).reshape(-1, 2),
        apart=limits.body_clearance, clear=limits.cell_clearance, zone_kind=[KINDS[zone.kind] for zone in limits.zones],
        zone_box=_boxes([zone.box for zone in limits.zones]), zone_speed=[zone.speed or 0.0 for zone in limits.zones],
        spans=_spans(limits), contact=0.0 if limits.touch is None else limits.touch.speed,
        command_age=limits.command_age_max, chunk_age=limits.chunk_age_max, sight_age=limits.sight_age_max,
        novelty=math.inf if limits.novelty_max is None else limits.novelty_max,
        grip=(limits.grip_width_min, limits.grip_width_max, limits.grip_force_max),
    )  # fmt: skip
    terms = limits.separation
    if terms is not None:
        fill(
            law, watched=1, human_speed=terms.human_speed, reaction=terms.reaction_time, reading_age=terms.reading_age_max,
            braking=terms.braking, intrusion=terms.intrusion, human_error=terms.human_uncertainty,
            robot_error=terms.robot_uncertainty,
        )  # fmt: skip
    return law


def _boxes(boxes: Sequence[Box]) -> Floats:
    return np.array([(box.low, box.high) for box in boxes], dtype=np.float64).reshape(-1, 2, 3)


def _spans(limits: LimitTable) -> Floats:
    made = np.full((len(limits.zones), SPANS, 2), math.inf)
    for k, zone in enumerate(limits.zones):
        made[k, 0] = (-math.inf, math.inf)
        for i, span in enumerate(zone.active):
            made[k, i] = span
    return made
