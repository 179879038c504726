"""What a pilot sees, is told and answers: the same for a model, for the teacher it learns from, and for a test's nonsense."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from moravec.core.observation import CameraFrame
from moravec.models.contract import CameraSpec, Channel, Policy, PolicyChunk, PolicyInput, PolicySpec
from moravec.robots.ur5e.limits import GRIP_WIDTH
from moravec.skills.learned.crop import CAMERA, PIXELS
from moravec.skills.learned.errand import Errand
from moravec.skills.learned.waypoints import LARGEST_MOVE, LARGEST_TURN, Pose

CHUNK = 10  # waypoints of one answer
RATE = 2.0  # [Hz] nominal: waypoints are places, not times; a round of looking and moving takes about half a second

STATE = (
    Channel("x", "m", "tool, from the anchor"), Channel("y", "m", "tool, from the anchor"),
    Channel("height", "m", "above the errand's ground"), Channel("opening", "m"),
)  # fmt: skip
ACTION = (
    Channel("dx", "m", "tool", -LARGEST_MOVE, LARGEST_MOVE), Channel("dy", "m", "tool", -LARGEST_MOVE, LARGEST_MOVE),
    Channel("dz", "m", "tool", -LARGEST_MOVE, LARGEST_MOVE), Channel("dyaw", "rad", "tool", -LARGEST_TURN, LARGEST_TURN),
    Channel("opening", "m", "", *GRIP_WIDTH),
)  # fmt: skip
SPEC = PolicySpec(STATE, (CameraSpec(CAMERA, PIXELS, PIXELS),), ACTION, RATE, CHUNK)


@dataclass(frozen=True, slots=True)
class Moment:
    """One look under way. A policy is shown `seen` alone; the rest is for a teacher and for the record."""

    seen: PolicyInput
    frame: CameraFrame
    hand: Pose  # where the hand is
    errand: Errand


class Pilot(Protocol):
    """Says where the hand goes next. Waypoints are relative to the hand's pose at the chunk's start, in the tool's own frame."""

    def aim(self, errand: Errand) -> bool:
        """A new errand. False where the pilot knows of no way."""
        ...

    def act(self, moment: Moment) -> PolicyChunk:
        """The rest of the way, as SPEC says. Raises MoravecError where it cannot say."""
        ...


class Modelled:
    """A policy as a pilot."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    def aim(self, errand: Errand) -> bool:
        """It finds out on the way."""
        self._policy.reset(0)
        return True

    def act(self, moment: Moment) -> PolicyChunk:
        """See `Policy.act`."""
        return self._policy.act(moment.seen)
