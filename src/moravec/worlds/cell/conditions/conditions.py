"""All conditions of a cell together, and how they are written: "light.level=0.4", a family, a name and a number."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

from moravec.core.errors import BadInput
from moravec.worlds.cell.conditions.camera import Cameras
from moravec.worlds.cell.conditions.floor import Floor
from moravec.worlds.cell.conditions.light import Light
from moravec.worlds.cell.conditions.measure import Measure, as_drawn, measures
from moravec.worlds.cell.conditions.objects import Objects
from moravec.worlds.cell.conditions.people import People
from moravec.worlds.cell.conditions.robot import Body

FAMILIES: dict[str, type] = {
    "light": Light, "camera": Cameras, "objects": Objects, "robot": Body, "floor": Floor, "people": People,
}  # fmt: skip


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
        said: dict[str, dict[str, float]] = {family: {} for family in FAMILIES}
        for text in texts:
            name, sign, number = text.partition("=")
            if not sign or name not in ALL:
                raise BadInput("a condition, FAMILY.NAME=NUMBER", name, ALL)
            family, of = name.split(".")
            if of in said[family]:
                raise BadInput("conditions", f"{name} twice", "each at most once")
            try:
                said[family][of] = float(number)
            except ValueError as error:
                raise BadInput(f"the condition {name}", number, f"a number [{ALL[name].unit}]") from error
        return Conditions(**{family: FAMILIES[family](**values) for family, values in said.items()})

    def told(self) -> dict[str, float]:
        """What differs from the drawing, by name."""
        parts: dict[str, Any] = {f.name: getattr(self, f.name) for f in fields(self)}
        usual = {family: FAMILIES[family]() for family in FAMILIES}
        pairs = ((family, of) for name in ALL for family, of in [name.split(".")])
        return {
            f"{family}.{of}": getattr(parts[family], of)
            for family, of in pairs
            if getattr(parts[family], of) != getattr(usual[family], of)
        }


ALL: dict[str, Measure] = {f"{family}.{name}": of for family, kind in FAMILIES.items() for name, of in measures(kind).items()}
DRAWN: dict[str, float] = {f"{family}.{name}": now for family, kind in FAMILIES.items() for name, now in as_drawn(kind).items()}
