"""What one robot may do in one workplace: a frozen table. A table that contradicts itself is refused, never repaired."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TypeAlias

from moravec.guard.kernel.checks import HUGE
from moravec.guard.kernel.form import BODIES, BOXES, JOINTS, PAIRS, REGIONS, ZONES
from moravec.guard.parts import (
    Box,
    Capsule,
    Obstacle,
    Point,
    Touch,
    Vector,
    Zone,
    not_negative,
    number,
    ordered,
    positive,
    refused,
    text,
    vector,
)
from moravec.guard.separation import Separation

DhRow: TypeAlias = tuple[float, float, float, float]

JOINT_VECTORS = ("position_min", "position_max", "velocity", "acceleration", "jerk", "torque", "tracking")


# A command age above this is no watchdog any more [s]: the slowest watchdogs in the field wait 0.5 s. Project's choice.
LONGEST_AGE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitTable:
    """The limits of one robot with n joints. Immutable; equal tables have equal `sha256()`.

    robot             name of the embodiment
    position_min, position_max   (n,) joint position range [rad]
    velocity          (n,) joint speed [rad/s]
    acceleration      (n,) joint acceleration, and the deceleration of the guard's own braking [rad/s^2]
    jerk              (n,) of what is asked for [rad/s^3]; the guard's own braking is not bound by it
    torque            (n,) measured joint torque [N m]
    tracking          (n,) |measured position - approved set-point| [rad]
    tool_speed        speed of the tool point [m/s], and in the reduced mode
    tool_force        measured force on the tool [N]
    payload           what is declared to hang from the tool at most [kg]
    allowed           the tool point must lie in the union of these boxes, frame 0 of `dh` [m]
    forbidden         the tool point must lie outside each of these boxes, frame 0 of `dh` [m]
    bodies            the robot's parts; `apart` names pairs of them that keep `body_clearance` [m] from each other
    obstacles         the cell's fixed bodies, from which moving parts keep `cell_clearance` [m]
    zones             spaces with a rule
    separation        terms of speed and separation monitoring; None where no sensor watches for people
    touch             contact with people that is foreseen; None where it is not
    command_age_max   oldest command that may move the robot, and longest silence between ticks while it moves [s]
    sequence_gap_max  largest step of the command's sequence number (1: none may be lost)
    chunk_age_max     a chunk of motion made longer ago than this moves nothing [s]
    sight_age_max     a motion that rests on an older observation is refused [s]
    novelty_max       largest score of strangeness at which a policy is obeyed; None where no policy reports one
    grip_width_min, grip_width_max   opening of the gripper [m]
    grip_force_max    force of one finger [N]
    dh                (n, 4) standard Denavit-Hartenberg rows: theta0 [rad], a [m], d [m], alpha [rad]; theta0 of the first
                      row turns the base about z, so that frame 0 can be the world's
    tool_offset       the tool point in the flange's frame, (x, y, z) [m]
    control_period    time between two control ticks [s]

    Raises GuardConfigError for the first value that is missing, of the wrong shape, not finite, or inverted.
    """

    robot: str
    position_min: Vector
    position_max: Vector
    velocity: Vector
    acceleration: Vector
    jerk: Vector
    torque: Vector
    tracking: Vector
    tool_speed: float
    tool_speed_reduced: float
    tool_force: float
    payload: float
    allowed: tuple[Box, ...]
    forbidden: tuple[Box, ...]
    bodies: tuple[Capsule, ...]
    apart: tuple[tuple[str, str], ...]
    body_clearance: float
    obstacles: tuple[Obstacle, ...]
    cell_clearance: float
    zones: tuple[Zone, ...]
    separation: Separation | None
    touch: Touch | None
    command_age_max: float
    sequence_gap_max: int
    chunk_age_max: float
    sight_age_max: float
    novelty_max: float | None
    grip_width_min: float
    grip_width_max: float
    grip_force_max: float
    dh: tuple[DhRow, ...]
    tool_offset: Point
    control_period: float

    def __post_init__(self) -> None:
        text("robot", self.robot)
        n = _joints(self.dh)
        for name in JOINT_VECTORS:
            vector(name, getattr(self, name), n)
        for name in JOINT_VECTORS[2:]:
            for j, value in enumerate(getattr(self, name)):
                positive(f"{name}[{j}]", value)
        for j in range(n):
            ordered(f"position_min[{j}], position_max[{j}]", self.position_min[j], self.position_max[j])
        for name in ("tool_speed", "tool_speed_reduced", "tool_force", "payload", "grip_force_max", "control_period"):
            positive(name, getattr(self, name))
        vector("tool_offset", self.tool_offset, 3)
        not_negative("grip_width_min", self.grip_width_min)
        number("grip_width_max", self.grip_width_max)
        ordered("grip_width_min, grip_width_max", self.grip_width_min, self.grip_width_max)
        self._check_ages()
        self._check_places(n)
        if self.novelty_max is not None:
            positive("novelty_max", self.novelty_max)
        if self.touch is not None:
            _typed("touch", self.touch, Touch)
            self.touch.check("touch")
        if self.separation is not None:
            _typed("separation", self.separation, Separation)
        elif self.touch is not None or any(zone.kind in ("slow", "stop") for zone in self.zones):
            raise refused("separation", None, "its terms: zones and contact rules for people need a sensor that sees them")
        if self.touch is not None and self.tool_force > self.touch.force:
            raise refused("tool_force", self.tool_force, f"at most {self.touch.force:g} N, what all regions in touch bear")
        watched = self.separation is not None or self.zones or self.obstacles
        if watched and not any(body.frame > 0 for body in self.bodies):
            raise refused("bodies", self.bodies, "the robot's parts: without them people, zones and obstacles mean nothing")

    def _check_ages(self) -> None:
        for name in ("command_age_max", "chunk_age_max", "sight_age_max"):
            positive(name, getattr(self, name))
            if getattr(self, name) < self.control_period:
                raise refused(name, getattr(self, name), f"control_period ({self.control_period}) or more")
        if self.command_age_max > LONGEST_AGE:
            raise refused("command_age_max", self.command_age_max, f"at most {LONGEST_AGE} s: longer is no watchdog")
        if type(self.sequence_gap_max) is not int or not 1 <= self.sequence_gap_max <= HUGE:
            raise refused("sequence_gap_max", self.sequence_gap_max, "a whole number of 1 or more")

    def _check_places(self, joints: int) -> None:
        for name, kind, most in (
            ("allowed", Box, REGIONS),
            ("forbidden", Box, REGIONS),
            ("bodies", Capsule, BODIES),
            ("apart", tuple, PAIRS),
            ("obstacles", Obstacle, BOXES),
            ("zones", Zone, ZONES),
        ):
            values = getattr(self, name)
            if not isinstance(values, tuple) or len(values) > most or not all(isinstance(v, kind) for v in values):
                raise refused(name, values, f"a tuple of up to {most} of {kind.__name__}")
        if not self.allowed:
            raise refused("allowed", self.allowed, "at least one box")
        for name in ("allowed", "forbidden", "obstacles", "zones"):
            for i, part in enumerate(getattr(self, name)):
                part.check(f"{name}[{i}]")
        step = self.tool_speed * self.control_period
        for i, box in enumerate(self.forbidden):
            if min(high - low for low, high in zip(box.low, box.high, strict=True)) < step:
                raise refused(f"forbidden[{i}]", box, f"no side shorter than {step:g} m, the tool's way in one tick")
        for i, body in enumerate(self.bodies):
            body.check(f"bodies[{i}]", joints)
        names = [body.name for body in self.bodies]
        if len(set(names)) != len(names):
            raise refused("bodies", names, "names that differ")
        for i, pair in enumerate(self.apart):
            if len(pair) != 2 or pair[0] == pair[1] or not all(name in names for name in pair):
                raise refused(f"apart[{i}]", pair, f"two of the bodies {names}")
        not_negative("body_clearance", self.body_clearance)
        not_negative("cell_clearance", self.cell_clearance)

    @property
    def joints(self) -> int:
        """How many joints the robot has."""
        return len(self.dh)

    def to_json(self) -> str:
        """Canonical JSON: sorted keys, shortest exact floats. `moravec.guard.reload` gives back an equal table."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), allow_nan=False)

    def sha256(self) -> str:
        """Hexadecimal SHA-256 of `to_json()`; the tape keeps it."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()


def _typed(what: str, value: object, kind: type) -> None:
    if not isinstance(value, kind):
        raise refused(what, value, f"a {kind.__name__} or None")


def _joints(dh: object) -> int:
    if not isinstance(dh, tuple) or not 1 <= len(dh) <= JOINTS:
        raise refused("dh", dh, f"a tuple of 1 to {JOINTS} rows (theta0, a, d, alpha), one for each joint")
    for i, row in enumerate(dh):
        vector(f"dh[{i}]", row, 4)
    return len(dh)
