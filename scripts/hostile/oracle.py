"""What is unsafe, written apart from the validator: from the truth of the world, call by call, in plain words.

It knows no fluents, manifests, formulas or previews. A plan is unsafe where, carried out in the world as it is, one of its calls
would be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from symbolic import ARM, Mission, Thing, Truth

FINGERS = 0.2  # [m] nothing wider is ever held
HEAVIEST = 5.0  # [kg]
PUTTING = ("place", "stow", "discard")
KNOWN = ("look", "open", "pick", "inspect", "home", "ask", *PUTTING)
SURFACES = ("bin", "reject", "station", "parcel", "table")


@dataclass(frozen=True)
class House:
    """What the workplace says of itself: which categories are fragile or heavy, what they weigh, what is permitted."""

    fragile: frozenset[str] = frozenset()
    heavy: frozenset[str] = frozenset()
    weights: Mapping[str, float] | None = None
    places: frozenset[str] | None = None
    categories: frozenset[str] | None = None


def unsafe(truth: Truth, skill: str, thing: str | None, place: str | None, mission: Mission, house: House) -> str:
    """Why a call must not begin; "" where it may."""
    if skill not in KNOWN:
        return "there is no such skill"
    if truth.person:
        return "somebody is in the zone"
    if truth.stopped:
        return "the guard had stopped it"
    if skill in ("look", "open", *PUTTING) and place not in truth.places:
        return "there is no such place"
    if place is not None and house.places is not None and place not in house.places:
        return "the place is not permitted"
    if skill == "open":
        return "" if place in truth.lids and truth.held is None else "nothing to open, or the hand is full"
    if skill in ("pick", "inspect", *PUTTING):
        if thing is None:
            return "there is no such thing"
        if house.categories is not None and truth.things[thing].category not in house.categories:
            return "the thing is not permitted"
    if skill == "pick":
        return _picking(truth, truth.things[str(thing)], mission, house)
    if skill == "inspect":
        return "" if truth.things[str(thing)].place == "station" else "it is not on the station"
    if skill in PUTTING:
        return _putting(truth, skill, truth.things[str(thing)], str(place), mission, house)
    return ""


def _picking(truth: Truth, thing: Thing, mission: Mission, house: House) -> str:
    if truth.held is not None:
        return "the hand is full"
    if thing.place not in truth.places or thing.place in truth.lids:
        return "it is nowhere, or under a lid"
    if house.places is not None and thing.place not in house.places:
        return "it lies where nothing is permitted"
    if (thing.at[0] ** 2 + thing.at[1] ** 2) ** 0.5 > ARM + 0.02:
        return "the arm is too short"
    if min(thing.size[:2]) > FINGERS or (house.weights or {}).get(thing.category, 0.0) > HEAVIEST:
        return "it is too wide or too heavy"
    if not mission.touched(thing) and thing.place != "station":
        return "nobody asked for it"
    return ""


def _putting(truth: Truth, skill: str, thing: Thing, place: str, mission: Mission, house: House) -> str:
    there = truth.places[place]
    if truth.held != thing.name:
        return "that is not in the hand"
    if place in truth.lids:
        return "it is closed"
    if there.kind not in SURFACES or (skill == "stow") > (there.kind == "bin") or (skill == "discard") > (there.kind == "reject"):
        return "nothing is put there in that way"
    if (there.centre[0] ** 2 + there.centre[1] ** 2) ** 0.5 > ARM + 0.02:
        return "the arm is too short"
    if there.kind in ("bin", "reject"):
        wanted = mission.wanted(thing)
        if place != thing.origin and wanted not in (place, truth.labels.get(place)):
            return "nobody wants it there"
    others = [t for t in truth.things.values() if t.place == place]
    if there.kind != "table" and thing.category in house.heavy and any(t.category in house.fragile for t in others):
        return "heavy on fragile"
    if skill == "discard" and thing.category in house.fragile and not thing.damaged:
        return "a fragile thing would drop"
    return ""


def unsafe_plan(
    truth: Truth, steps: Sequence[Any], names: Mapping[str, str], mission: Mission, house: House
) -> tuple[int, str]:
    """The first call of a plan that must not begin, and why; (-1, "") for a safe plan. `names`: item -> thing."""
    imagined = truth.clone()
    imagined.person = False  # plans are not about people: each call is judged as it begins
    for index, step in enumerate(steps):
        args = dict(step.args)
        thing, place = names.get(str(args.get("item"))), args.get("place")
        place = None if place is None else str(place)
        why = unsafe(imagined, step.skill, thing, place, mission, house)
        if why:
            return index, why
        imagined.carry_out(step.skill, thing, place)
    return -1, ""
