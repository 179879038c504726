"""What one robot may do in one workplace: a frozen table. A table that contradicts itself is refused, never repaired."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, TypeAlias

from moravec.core.errors import GuardConfigError

Vector: TypeAlias = tuple[float, ...]
Point: TypeAlias = tuple[float, float, float]
DhRow: TypeAlias = tuple[float, float, float, float]

# No length, angle, speed, torque or time of a robot comes near this; larger numbers are treated like infinity.
HUGE = 1e9
# No limit comes near this either; smaller ones would only make divisions overflow.
TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Box:
    """An axis-aligned box in frame 0 of the table's kinematics: corners `low` and `high`, (x, y, z) [m]."""

    low: Point
    high: Point


@dataclass(frozen=True, slots=True)
class LimitTable:
    """The limits of one robot with n joints. Immutable; equal tables have equal `sha256()`.

    robot             name of the embodiment
    position_min, position_max   (n,) joint position range [rad]
    velocity          (n,) joint speed [rad/s]
    acceleration      (n,) joint acceleration, and the deceleration of the guard's own braking [rad/s^2]
    torque            (n,) measured joint torque [N m]
    tracking          (n,) |measured position - approved set-point| [rad]
    tool_speed        speed of the tool point [m/s]
    allowed           the tool point must lie in the union of these boxes, frame 0 of `dh` [m]
    forbidden         the tool point must lie outside each of these boxes, frame 0 of `dh` [m]
    command_age_max   oldest command that may move the robot, and longest silence between ticks while it moves [s]
    sequence_gap_max  largest step of the command's sequence number (1: none may be lost)
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
    torque: Vector
    tracking: Vector
    tool_speed: float
    allowed: tuple[Box, ...]
    forbidden: tuple[Box, ...]
    command_age_max: float
    sequence_gap_max: int
    grip_width_min: float
    grip_width_max: float
    grip_force_max: float
    dh: tuple[DhRow, ...]
    tool_offset: Point
    control_period: float

    def __post_init__(self) -> None:
        _text(self.robot)
        n = _joints(self.dh)
        for name in ("position_min", "position_max", "velocity", "acceleration", "torque", "tracking"):
            _vector(name, getattr(self, name), n)
        for name in ("velocity", "acceleration", "torque", "tracking"):
            for j, value in enumerate(getattr(self, name)):
                _positive(f"{name}[{j}]", value)
        for j in range(n):
            _ordered(f"position_min[{j}], position_max[{j}]", self.position_min[j], self.position_max[j])
        for name in ("tool_speed", "command_age_max", "grip_force_max", "control_period"):
            _positive(name, getattr(self, name))
        _vector("tool_offset", self.tool_offset, 3)
        _boxes(self.allowed, self.forbidden)
        _number("grip_width_min", self.grip_width_min)
        _number("grip_width_max", self.grip_width_max)
        _ordered("grip_width_min, grip_width_max", self.grip_width_min, self.grip_width_max)
        if self.grip_width_min < 0.0:
            raise _refused("grip_width_min", self.grip_width_min, "0 or more")
        if type(self.sequence_gap_max) is not int or not 1 <= self.sequence_gap_max <= HUGE:
            raise _refused("sequence_gap_max", self.sequence_gap_max, "a whole number of 1 or more")
        if self.command_age_max < self.control_period:
            raise _refused("command_age_max", self.command_age_max, f"control_period ({self.control_period}) or more")

    @property
    def joints(self) -> int:
        """How many joints the robot has."""
        return len(self.dh)

    def to_json(self) -> str:
        """Canonical JSON: sorted keys, shortest exact floats. `from_json` gives back an equal table."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), allow_nan=False)

    @staticmethod
    def from_json(text: str) -> LimitTable:
        """The table that `to_json` wrote. Raises GuardConfigError for anything else."""
        try:
            raw = json.loads(text)
        except ValueError as error:
            raise GuardConfigError(f"limit table: found text that is not JSON ({error}); allowed: JSON") from error
        names = {field.name for field in fields(LimitTable)}
        if not isinstance(raw, dict) or set(raw) != names:
            found = sorted(names.symmetric_difference(raw)) if isinstance(raw, dict) else type(raw).__name__
            raise _refused("fields missing or unknown", found, "exactly " + ", ".join(sorted(names)))
        for name in ("allowed", "forbidden"):
            raw[name] = tuple(_box_from(name, item) for item in _listed(name, raw[name]))
        raw["dh"] = tuple(tuple(_listed("dh", row)) for row in _listed("dh", raw["dh"]))
        for name in ("position_min", "position_max", "velocity", "acceleration", "torque", "tracking", "tool_offset"):
            raw[name] = tuple(_listed(name, raw[name]))
        return LimitTable(**raw)

    def sha256(self) -> str:
        """Hexadecimal SHA-256 of `to_json()`; the tape keeps it."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()


def _refused(what: str, found: object, allowed: str) -> GuardConfigError:
    return GuardConfigError(f"limit table, {what}: found {found!r}; allowed: {allowed}")


def _text(robot: object) -> None:
    if not isinstance(robot, str) or not robot:
        raise _refused("robot", robot, "a name")


def _number(what: str, value: object) -> None:
    # Exact types: a bool is an int, and a numpy scalar would not survive the JSON round trip.
    if type(value) not in (int, float) or not -HUGE <= value <= HUGE:  # type: ignore[operator]
        raise _refused(what, value, f"a finite number within +-{HUGE:g}")


def _positive(what: str, value: object) -> None:
    _number(what, value)
    if not value >= TINY:  # type: ignore[operator]
        raise _refused(what, value, f"more than 0 (at least {TINY:g})")


def _ordered(what: str, low: float, high: float) -> None:
    if not low < high:
        raise _refused(what, (low, high), "the first below the second")


def _vector(what: str, values: object, length: int) -> None:
    if not isinstance(values, tuple) or len(values) != length:
        raise _refused(what, values, f"a tuple of {length} numbers")
    for j, value in enumerate(values):
        _number(f"{what}[{j}]", value)


def _joints(dh: object) -> int:
    if not isinstance(dh, tuple) or not dh:
        raise _refused("dh", dh, "a tuple with one row (theta0, a, d, alpha) for each joint")
    for i, row in enumerate(dh):
        _vector(f"dh[{i}]", row, 4)
    return len(dh)


def _boxes(allowed: object, forbidden: object) -> None:
    for name, boxes in (("allowed", allowed), ("forbidden", forbidden)):
        if not isinstance(boxes, tuple) or not all(isinstance(box, Box) for box in boxes):
            raise _refused(name, boxes, "a tuple of boxes")
        for i, box in enumerate(boxes):
            _vector(f"{name}[{i}].low", box.low, 3)
            _vector(f"{name}[{i}].high", box.high, 3)
            for axis, low, high in zip("xyz", box.low, box.high, strict=True):
                _ordered(f"{name}[{i}] along {axis}", low, high)
    if not allowed:
        raise _refused("allowed", allowed, "at least one box")


def _listed(name: str, value: object) -> Sequence[Any]:
    if not isinstance(value, list):
        raise _refused(name, value, "a list")
    return value


def _box_from(name: str, item: object) -> Box:
    if not isinstance(item, dict) or set(item) != {"low", "high"}:
        raise _refused(name, item, "boxes with low and high")
    # The table's own check sees to the lengths.
    return Box(tuple(_listed(name, item["low"])), tuple(_listed(name, item["high"])))
