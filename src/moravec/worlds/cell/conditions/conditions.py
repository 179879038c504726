"""All conditions of a cell together, and how they are written: "light.level=0.4", a family, a name and a number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from moravec.worlds.cell.conditions.camera import Cameras
from moravec.worlds.cell.conditions.floor import Floor
from moravec.worlds.cell.conditions.light import Light
from moravec.worlds.cell.conditions.objects import Objects
from moravec.worlds.cell.conditions.people import People
from moravec.worlds.cell.conditions.robot import Body
from moravec.worlds.measure import Measure, all_as_drawn, all_measures, parsed, told

FAMILIES: dict[str, type] = {
    "light": Light, "camera": Cameras, "objects": Objects, "robot": Body, "floor": Floor, "people": People,
}  # fmt: skip
ALL: dict[str, Measure] = all_measures(FAMILIES)
DRAWN: dict[str, float] = all_as_drawn(FAMILIES)


@dataclass(frozen=True, slots=True)
class Conditions:
    """As drawn, where nothing is said."""

    light: Light = field(default_factory=Light)
    camera: Cameras = field(default_factory=Cameras)
    objects: Objects = field(default_factory=Objects)
    robot: Body = field(default_factory=Body)
    floor: Floor = field(default_factory=Floor)
    people: People = field(default_factory=People)

    @staticmethod
    def parse(texts: Iterable[str]) -> Conditions:
        """The conditions written as FAMILY.NAME=NUMBER, each at most once. Raises BadInput."""
        return Conditions(**parsed(texts, FAMILIES))

    def told(self) -> dict[str, float]:
        """What differs from the drawing, by name."""
        return told(self, FAMILIES)
