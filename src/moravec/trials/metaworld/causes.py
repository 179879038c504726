"""Why an attempt failed, by rules over what the simulator recorded; every rule says what it looked at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from moravec.models.card import STRAYED
from moravec.trials.executors.contract import LOST

NEAR = 0.06  # [m] of the hand to the object: it was reached
MOVED = 0.03  # [m] of the object from where it was: it was moved
CLOSE = 0.10  # [m] of the object to its goal: nearly there
LIFTED = 0.04  # [m] above where it began

BROKEN = "broken"

CAUSES = {
    STRAYED: "it did what the scene is usually for",
    "trouble": "the policy gave no action",
    BROKEN: "the policy's answer was none: of another shape, out of its bounds, or not a number",
    **LOST,
    "not reached": "the hand never came near the object",
    "not moved": "the hand was at the object, which stayed where it was",
    "dropped": "the object was lifted and fell before it was at its goal",
    "nearly": "the object came near its goal and was not brought home",
    "elsewhere": "the object was moved, and not to its goal",
    "goal not reached": "nothing is to be moved, and the hand did not get to the goal",
}


@dataclass(frozen=True, slots=True)
class Track:
    """Where things were at every step: `hand`, `thing` and `goal`, (T, 3) each [m]."""

    hand: NDArray[np.float64]
    thing: NDArray[np.float64]
    goal: NDArray[np.float64]


def cause_of(task: str, track: Track) -> tuple[str, int]:
    """The name of a cause, and the step that decided it."""
    if task.startswith("reach"):
        return "goal not reached", _nearest(track.hand, track.goal)
    reach = np.linalg.norm(track.hand - track.thing, axis=1)
    moved = np.linalg.norm(track.thing - track.thing[0], axis=1)
    left = np.linalg.norm(track.thing - track.goal, axis=1)
    if not reach.min() <= NEAR and not moved.max() > MOVED:
        return "not reached", int(reach.argmin())
    if not moved.max() > MOVED:
        return "not moved", int(reach.argmin())
    lift = track.thing[:, 2] - track.thing[0, 2]
    top = int(lift.argmax())
    if lift[top] > LIFTED and lift[-1] < lift[top] - LIFTED:
        return "dropped", top
    if left.min() <= CLOSE:
        return "nearly", int(left.argmin())
    return "elsewhere", int(moved.argmax())


def _nearest(one: NDArray[np.float64], other: NDArray[np.float64]) -> int:
    return int(np.linalg.norm(one - other, axis=1).argmin())
