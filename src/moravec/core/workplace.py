"""What an integrator tells the robot about its workplace: places, sizes, camera posts. Not what is in them."""

from __future__ import annotations

from dataclasses import dataclass

from moravec.core.errors import BadInput


@dataclass(frozen=True, slots=True)
class Place:
    """An upright box in the world where things can be: a bin, a plate, a parcel's zone.

    `floor` is the height [m] things rest on, `rim` the height [m] of its walls' upper edge (equal to `floor`
    for a plate). `centre` is (x, y) [m] and `size` the inner (x, y) extent [m], both in the world frame.
    """

    name: str
    kind: str  # "bin", "reject", "station", "parcel", "belt", "lid_rest", "shelf", "table", "obstacle"
    centre: tuple[float, float]
    size: tuple[float, float]
    floor: float
    rim: float

    def contains(self, x: float, y: float, margin: float = 0.0) -> bool:
        """Whether (x, y) [m] lies inside, at least `margin` [m] from the edge."""
        return (
            abs(x - self.centre[0]) <= self.size[0] / 2 - margin and abs(y - self.centre[1]) <= self.size[1] / 2 - margin
        )


@dataclass(frozen=True, slots=True)
class Workplace:
    """The cell as its drawing shows it."""

    name: str
    places: tuple[Place, ...]
    colours: tuple[str, ...]
    categories: tuple[str, ...]
    labels: tuple[str, ...]  # the bin labels that exist, as "A"
    storing_rule: tuple[tuple[str, str], ...]  # category -> bin label; "damaged" -> "reject"
    home_q: tuple[float, ...]  # [rad]
    views: tuple[tuple[str, tuple[float, ...]], ...]  # named wrist-camera posts: name -> (x, y, z, yaw) of the tool

    def place(self, name: str) -> Place:
        """The place called `name`. Raises BadInput."""
        for place in self.places:
            if place.name == name:
                return place
        raise BadInput("a place in the workplace", name, [p.name for p in self.places])

    def of_kind(self, kind: str) -> tuple[Place, ...]:
        """All places of `kind`."""
        return tuple(place for place in self.places if place.kind == kind)

    def label_for(self, category: str, damaged: bool) -> str:
        """Where the storing rule wants such an item: a bin label, or "reject"."""
        rule = dict(self.storing_rule)
        key = "damaged" if damaged else category
        if key not in rule:
            raise BadInput("the storing rule for", key, rule)
        return rule[key]
