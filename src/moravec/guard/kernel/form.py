"""What the decision reads, remembers and answers, as four records of numbers.

Each class is one layout in two forms: an object whose vectors are lists (the specification runs on it, quickly enough), and,
by `dtype_of`, a NumPy record with the same names (machine code runs on it, and processes share it). Vectors have fixed
capacities, so that one compilation serves every robot; `n`, `bodies` and so on say how much of them counts.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TypeAlias

import numpy as np

Vec: TypeAlias = list[float]  # in the compiled form an array of float64
Ints: TypeAlias = list[int]  # in the compiled form an array of int64

JOINTS = 16
BODIES = 16  # capsules on the robot
PAIRS = 64  # of capsules that must not touch
BOXES = 24  # fixed bodies of the cell
REGIONS = 8  # boxes the tool may be in, and boxes it may not
ZONES = 8
SPANS = 4  # times at which one zone is active
PEOPLE = 8


def _vec(length: int) -> Vec:
    made: Vec = field(default_factory=lambda: [0.0] * length, metadata={"length": length})
    return made


def _ints(length: int) -> Ints:
    made: Ints = field(default_factory=lambda: [0] * length, metadata={"length": length})
    return made


@dataclass(slots=True)
class Table:
    """A limit table counted in control ticks. SI units and radians; *gain* and *step* as in `braking`.

    Points and boxes lie in frame 0 of the kinematics, three numbers each; capsule ends in the frame of their link.
    """

    n: int = 0  # joints
    period: float = 0.0
    position_min: Vec = _vec(JOINTS)
    position_max: Vec = _vec(JOINTS)
    velocity: Vec = _vec(JOINTS)
    acceleration: Vec = _vec(JOINTS)
    jerk: Vec = _vec(JOINTS)
    torque: Vec = _vec(JOINTS)
    tracking: Vec = _vec(JOINTS)
    gains: Vec = _vec(JOINTS)
    fastest: Vec = _vec(JOINTS)  # step at the speed limit and half its tolerance
    lows: Vec = _vec(JOINTS)  # position limits with their tolerance, but for rounding
    highs: Vec = _vec(JOINTS)
    reach: Vec = _vec(BODIES * JOINTS)  # how far from this joint's axis the core of this part can be, in any posture
    theta0: Vec = _vec(JOINTS)
    link_a: Vec = _vec(JOINTS)
    link_d: Vec = _vec(JOINTS)
    cos_alpha: Vec = _vec(JOINTS)
    sin_alpha: Vec = _vec(JOINTS)
    tool: Vec = _vec(3)  # in the flange's frame
    tool_speed: float = 0.0
    tool_speed_reduced: float = 0.0
    tool_force: float = 0.0
    payload: float = 0.0  # [N], the weight declared
    allowed: int = 0
    allowed_low: Vec = _vec(3 * REGIONS)
    allowed_high: Vec = _vec(3 * REGIONS)
    forbidden: int = 0
    forbidden_low: Vec = _vec(3 * REGIONS)
    forbidden_high: Vec = _vec(3 * REGIONS)
    bodies: int = 0
    body_frame: Ints = _ints(BODIES)
    body_a: Vec = _vec(3 * BODIES)
    body_b: Vec = _vec(3 * BODIES)
    body_radius: Vec = _vec(BODIES)
    pairs: int = 0
    pair_a: Ints = _ints(PAIRS)
    pair_b: Ints = _ints(PAIRS)
    boxes: int = 0
    box_low: Vec = _vec(3 * BOXES)
    box_high: Vec = _vec(3 * BOXES)
    body_clearance: float = 0.0
    box_clearance: float = 0.0
    zones: int = 0
    zone_kind: Ints = _ints(ZONES)
    zone_low: Vec = _vec(3 * ZONES)
    zone_high: Vec = _vec(3 * ZONES)
    zone_speed: Vec = _vec(ZONES)
    zone_spans: Ints = _ints(ZONES)  # 0: always active
    span_start: Vec = _vec(ZONES * SPANS)
    span_end: Vec = _vec(ZONES * SPANS)
    ahead: float = 0.0  # [s] before its beginning a zone counts: no stop takes longer
    separation: int = 0  # 1: people are watched for, and the terms below hold
    human_speed: float = 0.0
    reaction_time: float = 0.0
    braking: float = 0.0
    intrusion: float = 0.0
    human_uncertainty: float = 0.0
    robot_uncertainty: float = 0.0
    people_age_max: float = 0.0
    contact_speed: float = 0.0  # 0: contact is not foreseen
    command_age_max: float = 0.0
    sequence_gap_max: int = 0
    chunk_age_max: float = 0.0
    sight_age_max: float = 0.0
    novelty: int = 0  # 1: the policy's score is judged
    novelty_max: float = 0.0
    grip_width_min: float = 0.0
    grip_width_max: float = 0.0
    grip_force_max: float = 0.0


@dataclass(slots=True)
class Memory:
    """What the guard keeps from tick to tick."""

    state: int = 0
    begun: int = 0  # 1: `now` holds the time of the last tick
    now: float = 0.0
    due: float = 0.0  # the earliest time of the next tick
    pressed_at: float = -1e300  # when the emergency stop was last seen pressed
    numbered: int = 0  # 1: `seq` holds the last command's number
    seq: int = 0
    pulled: float = 0.0  # how many set-points were pulled back of late
    q: Vec = _vec(JOINTS)  # the approved set-point,
    steps: Vec = _vec(JOINTS)  # the steps it was reached with,
    bends: Vec = _vec(JOINTS)  # and how these differ from the steps before
    tool: Vec = _vec(3)
    depth: float = 0.0  # of the tool in its workspace, negative outside
    clearance: float = 1e9  # of the nearest parts beyond what they must keep, negative inside
    points: Vec = _vec(6 * BODIES)  # both ends of every capsule
    grip_width: float = 0.0
    grip_force: float = 0.0
    window_t: float = 0.0
    window_q: Vec = _vec(JOINTS)  # the set-point at the beginning of the running window
    straight: int = 1  # whether the way to rest that was judged is straight
    push: float = 0.0  # [N], filtered force on the tool
    load: float = 0.0  # [N], filtered downward force on the tool
    blind: float = 0.0  # [s], how long no measured state could be read
    cause: int = 0  # why it brakes: the finding, number by number
    cause_joint: int = 0
    cause_value: float = 0.0
    cause_limit: float = 0.0
    cause_margin: float = 0.0


@dataclass(slots=True)
class Asked:
    """One tick's input: the command, the measured state, and who is near, as numbers."""

    now: float = 0.0
    mode: int = 0
    command_fits: int = 0  # 1: fields of the contract's types and shapes
    seq: int = 0
    t: float = 0.0
    q: Vec = _vec(JOINTS)
    dq: Vec = _vec(JOINTS)
    grip_width: float = 0.0
    grip_force: float = 0.0
    made: float = 0.0  # when the chunk was made that the command is from
    expires: float = 0.0  # when that chunk ends
    seen: float = 0.0  # when the newest observation was taken that it rests on
    novelty: float = 0.0  # the policy's own score of how strange this is to it
    state_fits: int = 0
    state_t: float = 0.0
    measured_q: Vec = _vec(JOINTS)
    measured_dq: Vec = _vec(JOINTS)
    measured_tau: Vec = _vec(JOINTS)
    wrench: Vec = _vec(6)
    measured_grip: Vec = _vec(2)
    estop: int = 0
    people_t: float = 0.0
    people: int = 0
    person: Vec = _vec(2 * PEOPLE)  # (x, y) each, frame 0


@dataclass(slots=True)
class Answer:
    """One tick's decision, the finding it rests on, and scratch space for the way there."""

    decision: int = 0
    category: int = 0  # of the stop: -1 for none
    check: int = 0
    joint: int = 0
    value: float = 0.0
    limit: float = 0.0
    margin: float = 0.0
    relative: float = 0.0
    braking: int = 0  # 1: this tick only went on with a stop that began before
    own: int = 0  # 1: the set-point is the guard's own
    q: Vec = _vec(JOINTS)
    dq: Vec = _vec(JOINTS)
    grip_width: float = 0.0
    grip_force: float = 0.0
    fastest: float = 0.0  # [m/s], of any part, in the approved step
    nearest: float = 0.0  # [m], horizontal distance of the nearest person to the robot; 1e9 where there is none
    zeros: Vec = _vec(JOINTS)  # never written
    wanted: Vec = _vec(JOINTS)  # from here on: scratch
    speeds: Vec = _vec(JOINTS)
    aheads: Vec = _vec(JOINTS)
    steps: Vec = _vec(JOINTS)
    down: Vec = _vec(JOINTS)
    up: Vec = _vec(JOINTS)
    way: Vec = _vec(JOINTS)
    posture: Vec = _vec(JOINTS)
    origin: Vec = _vec(3 * (JOINTS + 1))
    rotation: Vec = _vec(9 * (JOINTS + 1))
    tool: Vec = _vec(3)
    points: Vec = _vec(6 * BODIES)
    travel: Vec = _vec(BODIES)
    straight: int = 1  # whether the way to rest of the target is
    share: float = 0.0
    depth: float = 0.0  # of the target's tool and the clearance of its parts, as in `Memory`
    clearance: float = 0.0
    zone_on: Ints = _ints(ZONES)


_KINDS = {"int": "i8", "float": "f8", "Vec": "f8", "Ints": "i8"}
FORMS = (Table, Memory, Asked, Answer)


def dtype_of(form: type) -> np.dtype[np.void]:
    """The NumPy record with the names and shapes of `form`."""
    rows = []
    for item in fields(form):
        kind = _KINDS[str(item.type)]
        rows.append((item.name, kind, (item.metadata["length"],)) if item.metadata else (item.name, kind))
    return np.dtype(rows, align=True)
