"""What can differ on the table, with units. The first six families are axes of LIBERO-Plus (arXiv 2510.13626) as far as they
carry over; its seventh, language, is a matter of the words that are said. `control` is our own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from moravec.worlds.measure import Measure, all_as_drawn, all_measures, check, check_whole, measure, parsed, told


@dataclass(frozen=True, slots=True)
class Camera:
    """Where the camera stands, about the middle of the table. To which side, by the seed."""

    orbit: float = measure(0.0, "rad", 0.0, 1.31, "the camera stands round the table, about the vertical")
    lift: float = measure(0.0, "rad", 0.0, 0.26, "the camera looks from higher or lower")
    distance: float = measure(1.0, "of the usual", 0.7, 2.0, "how far it stands from the table's middle")
    roll: float = measure(0.0, "rad", 0.0, 0.35, "turned about its own axis")

    def __post_init__(self) -> None:
        check(self, "camera")


@dataclass(frozen=True, slots=True)
class Body:
    """Of the robot. The direction by the seed, never down."""

    start: float = measure(0.0, "m", 0.0, 0.12, "how far from its usual place the hand begins")

    def __post_init__(self) -> None:
        check(self, "robot")


@dataclass(frozen=True, slots=True)
class Light:
    """Of all lamps and the light that comes with the camera."""

    level: float = measure(1.0, "of the usual", 0.05, 3.0, "brightness of all light")
    tint: float = measure(0.0, "share", 0.0, 1.0, "how far all light goes towards a colour, by the seed")
    turn: float = measure(0.0, "rad", 0.0, 3.14, "the lamps' directions, turned about the vertical")

    def __post_init__(self) -> None:
        check(self, "light")


@dataclass(frozen=True, slots=True)
class Background:
    """Of table, floor and walls."""

    tint: float = measure(0.0, "share", 0.0, 1.0, "how far each goes towards a colour of its own, by the seed")
    plain: float = measure(0.0, "0 or 1", 0.0, 1.0, "1: without its texture")

    def __post_init__(self) -> None:
        check(self, "background")
        check_whole(self, "background", ("plain",))


@dataclass(frozen=True, slots=True)
class Sensor:
    """Of the camera's pictures; lengths in pixels of a picture of 256."""

    noise: float = measure(0.0, "counts", 0.0, 80.0, "one sigma of every pixel's noise, of 255")
    blur: float = measure(0.0, "px", 0.0, 8.0, "defocus: one sigma of every point's spot")
    smear: float = measure(0.0, "px", 0.0, 40.0, "motion: how far every point is drawn out, in a direction by the seed")
    fog: float = measure(0.0, "share", 0.0, 0.9, "how much of all light comes from grey fog before the camera")

    def __post_init__(self) -> None:
        check(self, "sensor")


@dataclass(frozen=True, slots=True)
class Layout:
    """What else lies there. It is seen, and nothing is touched by it."""

    distractors: float = measure(0.0, "things", 0.0, 12.0, "whole number of blocks and balls that nobody asked about")

    def __post_init__(self) -> None:
        check(self, "layout")
        check_whole(self, "layout", ("distractors",))


@dataclass(frozen=True, slots=True)
class Control:
    """How what a policy sees and says reaches it and the robot."""

    delay: float = measure(0.0, "steps", 0.0, 8.0, "whole number of steps of 12.5 ms by which actions come later")
    gain: float = measure(1.0, "of the usual", 0.3, 1.0, "how far an action moves the hand")
    dropped: float = measure(0.0, "share", 0.0, 0.9, "pictures that are lost: the one before comes again")

    def __post_init__(self) -> None:
        check(self, "control")
        check_whole(self, "control", ("delay",))


FAMILIES: dict[str, type] = {
    "camera": Camera, "robot": Body, "light": Light, "background": Background, "sensor": Sensor, "layout": Layout,
    "control": Control,
}  # fmt: skip
ALL: dict[str, Measure] = all_measures(FAMILIES)
DRAWN: dict[str, float] = all_as_drawn(FAMILIES)


@dataclass(frozen=True, slots=True)
class Conditions:
    """As drawn, where nothing is said."""

    camera: Camera = field(default_factory=Camera)
    robot: Body = field(default_factory=Body)
    light: Light = field(default_factory=Light)
    background: Background = field(default_factory=Background)
    sensor: Sensor = field(default_factory=Sensor)
    layout: Layout = field(default_factory=Layout)
    control: Control = field(default_factory=Control)

    @staticmethod
    def parse(texts: Iterable[str]) -> Conditions:
        """The conditions written as FAMILY.NAME=NUMBER, each at most once. Raises BadInput."""
        return Conditions(**parsed(texts, FAMILIES))

    def told(self) -> dict[str, float]:
        """What differs from the drawing, by name."""
        return told(self, FAMILIES)
