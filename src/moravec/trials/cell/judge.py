"""What the simulator's truth says of an attempt, by rules over where things were before and are after it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from moravec.perception.detection import Detection
from moravec.skills.contract import SkillResult
from moravec.trials.executors.contract import LOST
from moravec.worlds.registry import Thing

HAND = "hand"
FAR = 0.05  # [m] between where a thing was seen and where it is: then something else was seen
FALL = 0.03  # [m] a thing that is put on a plate may fall
NOT_TRIED, BROKEN = "not tried", "broken"

CAUSES = {
    NOT_TRIED: "the program did not get as far as the attempt, or there was no such delivery; it counts for nobody",
    BROKEN: "an error ended the attempt: the skill broke its contract, or what carries it out failed",
    **LOST,
    "not_seen": "the thing was not found again",
    "no_grasp": "no way to take hold was found, or what the pilot wanted was refused",
    "missed": "the fingers closed on nothing, touched something else, or never closed",
    "slipped": "it slipped out while it was lifted",
    "not_alone": "more than one thing came up, and it was put back",
    "unreachable": "no free way was found, or what the pilot wanted was refused",
    "contact": "something was touched where nothing was expected",
    "stopped": "the guard stopped the motion",
    "lost": "it left the hand on the way",
    "no_space": "the place was full",
    "shelf_changed": "a bin carried another label than before",
    "passed": "it rode out of reach",
    "let go": "the skill was content, and the hand empty",
    "wrong thing": "something else hung from the hand",
    "several": "something else hung from the hand as well",
    "elsewhere": "the skill was content, and the thing lay in another place",
    "dropped": "it lay where it was to go, and had fallen there",
}


def meant(seen: Detection, things: Mapping[str, Thing]) -> str:
    """The thing that a detection is of; "" where none is near."""
    def far(name: str) -> float:
        return float(np.hypot(things[name].position[0] - seen.position[0], things[name].position[1] - seen.position[1]))

    there = [name for name, thing in things.items() if thing.place == seen.place]
    nearest = min(there, key=far, default="")
    return nearest if nearest and far(nearest) <= FAR else ""


def in_hand(things: Mapping[str, Thing]) -> list[str]:
    """What hangs from the hand."""
    return [name for name, thing in things.items() if thing.place == HAND]


def pick_cause(result: SkillResult, wanted: str, things: Mapping[str, Thing]) -> str:
    """Why a pick of `wanted` failed: "" where it, and nothing else, hangs from the hand."""
    if result.status != "succeeded":
        return result.code
    held = in_hand(things)
    if not held:
        return "let go"
    if wanted not in held:
        return "wrong thing"
    return "several" if len(held) > 1 else ""


def place_cause(result: SkillResult, place: str, thing: Thing, released: float | None, onto_plate: bool) -> str:
    """Why putting `thing` in `place` failed: "" where it lies there. `released` is its height [m] when it last was held."""
    if result.status != "succeeded":
        return result.code
    if thing.place != place:
        return "elsewhere"
    fell = 0.0 if released is None else released - thing.position[2]
    return "dropped" if onto_plate and fell > FALL else ""
