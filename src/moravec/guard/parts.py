"""The parts of a limit table: boxes, capsules, zones, contact. Frozen; one that contradicts itself is refused."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from moravec.core.errors import GuardConfigError
from moravec.guard.contact import Contact, MovingMass, region, slowest_contact_speed
from moravec.guard.kernel.checks import HUGE
from moravec.guard.kernel.form import SPANS

Vector: TypeAlias = tuple[float, ...]
Point: TypeAlias = tuple[float, float, float]
ZoneKind: TypeAlias = Literal["keep_out", "person_only", "slow", "stop"]

# No limit comes near this; smaller ones would only make divisions overflow.
TINY = 1e-9


def refused(what: str, found: object, allowed: str) -> GuardConfigError:
    """One clear line; to be raised."""
    return GuardConfigError(f"limit table, {what}: found {found!r}; allowed: {allowed}")


def text(what: str, value: object) -> None:
    """Raises GuardConfigError unless `value` is a name."""
    if not isinstance(value, str) or not value:
        raise refused(what, value, "a name")


def number(what: str, value: object) -> None:
    """Raises GuardConfigError unless `value` is a finite Python number."""
    # Exact types: a bool is an int, and a numpy scalar would not survive the JSON round trip.
    if type(value) not in (int, float) or not -HUGE <= value <= HUGE:  # type: ignore[operator]
        raise refused(what, value, f"a finite number within +-{HUGE:g}")


def positive(what: str, value: object) -> None:
    """Raises GuardConfigError unless `value` is a finite number above 0."""
    number(what, value)
    if not value >= TINY:  # type: ignore[operator]
        raise refused(what, value, f"more than 0 (at least {TINY:g})")


def not_negative(what: str, value: object) -> None:
    """Raises GuardConfigError unless `value` is a finite number, 0 or above."""
    number(what, value)
    if not value >= 0.0:  # type: ignore[operator]
        raise refused(what, value, "0 or more")


def ordered(what: str, low: float, high: float) -> None:
    """Raises GuardConfigError unless `low` is below `high`."""
    if not low < high:
        raise refused(what, (low, high), "the first below the second")


def vector(what: str, values: object, length: int) -> None:
    """Raises GuardConfigError unless `values` is a tuple of `length` finite numbers."""
    if not isinstance(values, tuple) or len(values) != length:
        raise refused(what, values, f"a tuple of {length} numbers")
    for j, value in enumerate(values):
        number(f"{what}[{j}]", value)


@dataclass(frozen=True, slots=True)
class Box:
    """An axis-aligned box in frame 0 of the table's kinematics: corners `low` and `high`, (x, y, z) [m]."""

    low: Point
    high: Point

    def check(self, what: str) -> None:
        """Raises GuardConfigError for corners that are no numbers, or inverted."""
        vector(f"{what}.low", self.low, 3)
        vector(f"{what}.high", self.high, 3)
        for axis, low, high in zip("xyz", self.low, self.high, strict=True):
            ordered(f"{what} along {axis}", low, high)


def _check_box(what: str, box: object) -> None:
    if not isinstance(box, Box):
        raise refused(what, box, "a Box")
    box.check(what)


@dataclass(frozen=True, slots=True)
class Obstacle:
    """A fixed body of the cell that no part of the robot may touch."""

    name: str
    box: Box

    def check(self, what: str) -> None:
        """Raises GuardConfigError."""
        text(f"{what}.name", self.name)
        _check_box(f"{what} ({self.name})", self.box)


@dataclass(frozen=True, slots=True)
class Capsule:
    """A part of the robot: all points within `radius` [m] of the segment from `a` to `b`, (x, y, z) [m] in link frame `frame`
    (0 is the base and does not move, n the flange)."""

    name: str
    frame: int
    a: Point
    b: Point
    radius: float

    def check(self, what: str, joints: int) -> None:
        """Raises GuardConfigError."""
        text(f"{what}.name", self.name)
        if type(self.frame) is not int or not 0 <= self.frame <= joints:
            raise refused(f"{what} ({self.name}).frame", self.frame, f"a link from 0 to {joints}")
        vector(f"{what} ({self.name}).a", self.a, 3)
        vector(f"{what} ({self.name}).b", self.b, 3)
        positive(f"{what} ({self.name}).radius", self.radius)


@dataclass(frozen=True, slots=True)
class Zone:
    """A space with a rule, at all times or within `active` spans ((start, end), ...) [s] of the guard's clock.

    keep_out     no part of the robot may enter
    person_only  the same, and it is people who are meant to be there
    slow         while a person or a part of the robot is in it, no part is faster than `speed` [m/s]
    stop         while a person is in it, nothing moves
    """

    name: str
    kind: ZoneKind
    box: Box
    speed: float | None = None
    active: tuple[tuple[float, float], ...] = ()

    def check(self, what: str) -> None:
        """Raises GuardConfigError."""
        text(f"{what}.name", self.name)
        if self.kind not in get_args(ZoneKind):
            raise refused(f"{what} ({self.name}).kind", self.kind, " or ".join(get_args(ZoneKind)))
        _check_box(f"{what} ({self.name})", self.box)
        if self.kind == "slow":
            positive(f"{what} ({self.name}).speed", self.speed)
        elif self.speed is not None:
            raise refused(f"{what} ({self.name}).speed", self.speed, "None: only a slow zone has a speed")
        if not isinstance(self.active, tuple) or len(self.active) > SPANS:
            raise refused(f"{what} ({self.name}).active", self.active, f"a tuple of up to {SPANS} spans")
        for i, span in enumerate(self.active):
            vector(f"{what} ({self.name}).active[{i}]", span, 2)
            ordered(f"{what} ({self.name}).active[{i}]", span[0], span[1])


@dataclass(frozen=True, slots=True)
class Touch:
    """Contact that is foreseen: power and force limiting. A part that is no faster than `speed` needs no distance to people.

    regions  the parts of the body that can be touched in this workplace
    """

    regions: tuple[str, ...]
    moving: float
    payload: float
    area: float
    contact: Contact

    @property
    def speed(self) -> float:
        """The fastest [m/s] that all of `regions` bear."""
        robot = MovingMass(self.moving, self.payload, self.area)
        return slowest_contact_speed(tuple(region(name) for name in self.regions), robot, self.contact)

    @property
    def force(self) -> float:
        """The lasting force [N] that all of `regions` bear."""
        return min(region(name).force for name in self.regions)

    def check(self, what: str) -> None:
        """Raises GuardConfigError."""
        if self.contact not in get_args(Contact):
            raise refused(f"{what}.contact", self.contact, " or ".join(get_args(Contact)))
        if not isinstance(self.regions, tuple):
            raise refused(f"{what}.regions", self.regions, "a tuple of body regions")
        if not math.isfinite(self.speed) or not self.speed > 0.0:
            raise refused(f"{what}.regions", self.regions, "regions in which a contact is permitted at all")
