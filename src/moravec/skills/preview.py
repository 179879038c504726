"""Whether a call could be done at all, asked beforehand: pure, from what is believed, and nothing moves.

A preview objects only to what surely cannot be done; the skill itself finds the rest. What is not known is no objection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from moravec.skills.symbols import State, Value

PAYLOAD = 5.0  # [kg] of a UR5e, as its maker publishes it; the hand's own weight is not counted
WIDEST = 0.164  # [m]: two things side by side, each as wide as the hand opens at most, are no wider
FLATTEST = 0.006  # [m]: half of what fingers can take hold of
SOLID = 0.5  # a thing fills at least about this share of its bounding box: a ball 0.52, a can 0.79
STORES = ("bin", "reject", "station", "parcel", "table")  # kinds of place where something may be put


@dataclass(frozen=True, slots=True)
class Objection:
    """Why not: one of the skill's own codes of failure, or "too_heavy", and the reason in words."""

    code: str
    why: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is believed of things and places, by name, as plain values.

    Of a thing: "length", "width", "height" [m], "weight" [kg], "at" (where it lies now), "reach" (whether the arm gets there),
    and what rules ask for. Of a place: "kind", "x", "y" (inner size), "depth" (of its walls) [m], "reach", "label".
    """

    things: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    places: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)

    def number(self, thing: str, name: str) -> float | None:
        """A measure of a thing; None where it is not known."""
        value = self.things.get(thing, {}).get(name)
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


Preview: TypeAlias = Callable[[Mapping[str, Value], State, Surroundings], Objection | None]


def can_pick(args: Mapping[str, Value], state: State, around: Surroundings) -> Objection | None:
    """Reach, weight and size of what is to be picked up."""
    item = str(args["item"])
    place = str(state.get(("location", item)))
    here = around.things.get(item, {})
    facts = here if here.get("at") == place else around.places.get(place, {})  # it will have been put there by then
    if facts.get("reach") is False:
        return Objection("unreachable", f"{item} in {place} is out of the arm's reach")
    weight, width, height = (around.number(item, name) for name in ("weight", "width", "height"))
    if weight is not None and weight > PAYLOAD:
        return Objection("too_heavy", f"{item} weighs up to {weight:g} kg; the arm carries {PAYLOAD:g} kg")
    if width is not None and width > WIDEST:
        return Objection("no_grasp", f"{item} is {width:.3f} m wide; the hand takes no more than {WIDEST:g} m")
    if height is not None and height < FLATTEST:
        return Objection("no_grasp", f"{item} is {height:.3f} m high; fingers find no hold below {FLATTEST:g} m")
    return None


def can_put(args: Mapping[str, Value], state: State, around: Surroundings) -> Objection | None:
    """Reach of the place, and room in it."""
    item, place = str(args["item"]), str(args["place"])
    facts = around.places.get(place, {})
    if facts.get("kind") not in (None, *STORES):
        return Objection("no_space", f"nothing is put on {place}, which is of the kind {facts['kind']}")
    if facts.get("reach") is False:
        return Objection("unreachable", f"{place} is out of the arm's reach")
    inner = [facts.get(side) for side in ("x", "y", "depth")]
    size = [around.number(item, name) for name in ("length", "width", "height")]
    if not all(isinstance(side, float) for side in inner) or None in size:
        return None
    x, y, depth = (float(side) for side in inner)  # type: ignore[arg-type]
    length, width, _ = (float(side) for side in size)  # type: ignore[arg-type]
    if width > min(x, y) or length > (x * x + y * y) ** 0.5:
        return Objection("no_space", f"{item}, {length:.3f} by {width:.3f} m, does not go into {place}, {x:g} by {y:g} m")
    others = [f[1] for f, where in state.items() if f[0] == "location" and where == place and f[1] != item]
    needed, room = SOLID * sum(_measure(around, name, depth) for name in (item, *others)), x * y * (depth or 1.0)
    if needed > room:
        unit = "m3" if depth else "m2"
        return Objection("no_space", f"{place} has room for {room:.4f} {unit}; with {item} it would hold at least {needed:.4f}")
    return None


def can_open(args: Mapping[str, Value], state: State, around: Surroundings) -> Objection | None:
    """Reach of the parcel."""
    place = str(args["place"])
    if around.places.get(place, {}).get("reach") is False:
        return Objection("unreachable", f"{place} is out of the arm's reach")
    return None


def _measure(around: Surroundings, thing: str, depth: float) -> float:
    """The volume [m3] of a thing's bounding box, or on a place without walls the area [m2] it covers; 0 where it is not known."""
    sides = [around.number(thing, name) or 0.0 for name in ("length", "width", "height")]
    return sides[0] * sides[1] * (sides[2] if depth else 1.0)
