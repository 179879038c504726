"""What a pilot is asked to do: a sentence, a point to look at, and what it may and may not want there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, final

import numpy as np

from moravec.core.workplace import Place
from moravec.skills.bringing import OVER_RIM, TIP_CLEARANCE, TOUCH_FORCE, release_opening
from moravec.skills.context import Held
from moravec.skills.learned.waypoints import Pose
from moravec.skills.learned.wording import asked, asked_down, held_out, held_out_down
from moravec.skills.moves import CONTACT_FORCE
from moravec.skills.spots import EDGE, Spot
from moravec.skills.taking import Scene
from moravec.skills.walls import has_room, kept_from_walls

Point = tuple[float, float, float]

CLOSING = 0.008  # [m] a waypoint that wants the fingers nearer than this means: close; nothing that thin is picked
LARGEST_REACH = 0.12  # [m] of a waypoint from what is looked at, level
LOWEST = 0.004  # [m] above the floor, of a hand that picks
ROUNDING = 1e-6  # [m]
HIGHER = 0.06  # [m] above where a pilot takes over, it may lead the hand
LEAST_TIP_CLEARANCE = TIP_CLEARANCE - 0.002  # [m] between the finger tips and a plate; rounding takes a little
TIPS_OVER_RIM = 0.012  # [m] that fingers in a bin stay above its rim, at least
CLEAR = 0.012  # [m] between the rim and what is carried over it
EDGE_SLACK = 0.015  # [m] nearer to the walls than a program, a pilot may let go


@dataclass(frozen=True, slots=True)
class Manner:
    """How an errand is run, and how it fails. `codes`: where the pilot's way is of no use, where it comes to no end, where
    something is in the way."""

    source: str
    codes: tuple[str, str, str]
    force: float  # [N] felt under way that ends a motion
    slow: float  # share of the speed limits
    carries: bool  # the fingers stay as they are until the end


class Errand(Protocol):
    """One thing that a pilot is to lead the hand to."""

    @property
    def sentence(self) -> str:
        """What the pilot is told."""
        ...

    @property
    def held_out(self) -> tuple[str, ...]:
        """What it might be told and was never told in training."""
        ...

    @property
    def place(self) -> Place:
        """Where."""
        ...

    @property
    def anchor(self) -> Point:
        """What is looked at [m], in the world; the hand's place is told from it."""
        ...

    @property
    def ground(self) -> float:
        """The height [m] that the hand's is told from."""
        ...

    @property
    def high(self) -> float:
        """The hand's height [m] where the pilot takes over: clear of everything."""
        ...

    @property
    def manner(self) -> Manner:
        """How it is run."""
        ...

    def ends(self, goal: Pose) -> bool:
        """Whether a waypoint means that the hand is there, and the fingers are to close or to open."""
        ...

    def nearest(self, goal: Pose) -> Pose:
        """The nearest to `goal` that is high enough and far enough from walls."""
        ...

    def objection(self, goal: Pose) -> str:
        """Why a pilot may not send the hand there; "" where it may."""
        ...


PICKS = Manner("pick", ("no_grasp", "missed", "missed"), CONTACT_FORCE, 0.5, False)
PUTS = Manner("place", ("unreachable", "unreachable", "contact"), TOUCH_FORCE, 0.3, True)


@final
@dataclass(frozen=True, slots=True)
class PickErrand:
    """To take hold of a scene's target."""

    scene: Scene
    high: float

    @property
    def sentence(self) -> str:
        """By its colour and its kind."""
        return asked(self.scene.target.colour, self.scene.target.category)

    @property
    def held_out(self) -> tuple[str, ...]:
        """By its colour and its kind too."""
        return held_out(self.scene.target.colour, self.scene.target.category)

    @property
    def place(self) -> Place:
        """Where it lies."""
        return self.scene.place

    @property
    def anchor(self) -> Point:
        """Its middle."""
        return self.scene.target.position

    @property
    def ground(self) -> float:
        """What it lies on."""
        return self.scene.place.floor

    @property
    def manner(self) -> Manner:
        """That of picks."""
        return PICKS

    def ends(self, goal: Pose) -> bool:
        """Where the fingers close."""
        return goal.opening < CLOSING

    def nearest(self, goal: Pose) -> Pose:
        """Just above the floor, and where palm and fingers pass the walls."""
        raised = _raised(goal, self.ground + LOWEST)
        x, y, z = raised.position
        place = self.place
        if place.rim <= place.floor or has_room(place, raised.position):
            return raised
        kept = kept_from_walls(z, place.rim) + ROUNDING
        middle, room = np.array(place.centre), np.array(place.size) / 2 - kept
        x, y = (float(v) for v in np.clip((x, y), middle - room, middle + room))
        return replace(raised, position=(x, y, z))

    def objection(self, goal: Pose) -> str:
        """Near the target, above the floor, clear of the walls."""
        lowest, highest, far = self.ground + LOWEST, self.high + HIGHER, _aside(goal, self.anchor)
        if far <= LARGEST_REACH and lowest <= goal.position[2] <= highest and has_room(self.place, goal.position):
            return ""
        return f"{far:.3f} m from the target, too near a wall, or not at {lowest:.3f} to {highest:.3f} m height"


@final
@dataclass(frozen=True, slots=True)
class PlaceErrand:
    """To let go of what is `held`: down on a plate, or in a bin. `spots` are where a program would, the best first."""

    place: Place
    held: Held
    spots: Sequence[Spot]
    high: float

    @property
    def into_bin(self) -> bool:
        """Or onto a plate."""
        return self.place.rim > self.place.floor

    @property
    def sentence(self) -> str:
        """What, and where to."""
        return asked_down(self.held.seen, self.place.kind)

    @property
    def held_out(self) -> tuple[str, ...]:
        """What, and where to, too."""
        return held_out_down(self.held.seen, self.place.kind)

    @property
    def anchor(self) -> Point:
        """The place's middle."""
        return (*self.place.centre, self.place.floor)

    @property
    def ground(self) -> float:
        """A bin's rim; above a plate, where the hand is when what it holds stands on it."""
        return self.place.rim if self.into_bin else self.place.floor + self.held.below

    @property
    def manner(self) -> Manner:
        """That of puttings down."""
        return PUTS

    @property
    def over(self) -> float:
        """The height [m] of a hand that carries what it holds clear of the rim."""
        return self.place.rim + self.held.below + OVER_RIM

    def ends(self, goal: Pose) -> bool:
        """Where the fingers open."""
        return goal.opening > (self.held.width + release_opening(self.held)) / 2

    def nearest(self, goal: Pose) -> Pose:
        """High enough."""
        return _raised(goal, self._lowest(goal))

    def _lowest(self, goal: Pose) -> float:
        """Finger tips just above what is put on, or above a bin's rim; beside the place, all that is held above the rim [m]."""
        least = self.place.rim + TIPS_OVER_RIM if self.into_bin else self.place.floor + LEAST_TIP_CLEARANCE
        return least if self._inside(goal) else max(least, self.place.rim + self.held.below + CLEAR)

    def objection(self, goal: Pose) -> str:
        """Near the place's middle, let go of inside."""
        far, lowest, highest = _aside(goal, self.anchor), self._lowest(goal), self.high + HIGHER
        if self.ends(goal) and not self._inside(goal):
            return f"and to let go there, beside {self.place.name} or too near its edge"
        if far <= LARGEST_REACH and lowest <= goal.position[2] <= highest:
            return ""
        return f"{far:.3f} m from the middle of {self.place.name}, or not at {lowest:.3f} to {highest:.3f} m height"

    def _inside(self, goal: Pose) -> bool:
        return self.place.contains(*goal.position[:2], EDGE - EDGE_SLACK)


def _raised(goal: Pose, lowest: float) -> Pose:
    x, y, z = goal.position
    return goal if z >= lowest else replace(goal, position=(x, y, lowest))


def _aside(goal: Pose, anchor: Point) -> float:
    return float(np.hypot(goal.position[0] - anchor[0], goal.position[1] - anchor[1]))
