"""What a skill may use: the drawing of the workplace, its own arm, its eyes, and what the mind believes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from moravec.core.frames import Matrix
from moravec.core.observation import CameraFrame, RobotState
from moravec.core.workplace import Place, Workplace
from moravec.perception.detection import Detection
from moravec.skills.arm import Arm
from moravec.skills.grasp import Grasp
from moravec.skills.trajectory import MotionLimits


class LidSeen(Protocol):
    """A parcel's lid: where its handle is (3,) [m], and how its long side lies [rad]."""

    @property
    def handle(self) -> tuple[float, float, float]: ...
    @property
    def yaw(self) -> float: ...


class Eyes(Protocol):
    """What the skills ask of perception."""

    def items(self, frame: CameraFrame, place: Place) -> list[Detection]: ...
    def labels(self, frames: Sequence[CameraFrame]) -> Mapping[str, str]: ...
    def labels_from_above(self, frame: CameraFrame) -> Mapping[str, str]: ...
    def lid(self, frame: CameraFrame, place: Place) -> LidSeen | None: ...
    def strays(self, frame: CameraFrame) -> list[tuple[float, float]]: ...


REACH_SLACK = 0.008  # [m] how far a held thing may stick out beyond what was seen of it


@dataclass(frozen=True, slots=True)
class Held:
    """What the hand holds: how far its underside is below the tool point, and its half extents along and across the fingers."""

    below: float  # [m]
    half: tuple[float, float, float]  # along the closing direction, across it, height [m]
    width: float  # opening of the fingers on it [m]
    seen: str = ""  # what it was seen as, its colour and its kind


@dataclass(slots=True)
class Handwork:
    """The skills' short memory: what is in the hand, and how it could not be taken. Has a life, so it is not frozen."""

    held: Held | None = None
    tried: dict[str, list[Grasp]] = field(default_factory=dict)  # item -> grasps that failed
    together: bool = False  # the last lift brought up more than one thing
    beside: tuple[Detection, ...] = ()  # what the last inspection saw beside the inspected thing
    labels: Mapping[str, str] = field(default_factory=dict)  # of bins, as the last look at the shelf read them


@dataclass(frozen=True, slots=True)
class SkillContext:
    """Given to every skill; the same for all skills of a job."""

    workplace: Workplace
    arm: Arm
    eyes: Eyes
    now: Callable[[], float]  # the robot's clock [s]
    state: Callable[[], RobotState]
    posture: Callable[[], Matrix]  # the set-point approved last (n,) [rad]: where a motion starts
    whereabouts: Callable[[str], Detection | None]  # what the mind believes of an item
    limits: MotionLimits = field(default_factory=MotionLimits)
    hand: Handwork = field(default_factory=Handwork)

    def view(self, name: str) -> Matrix:
        """A camera post: lens x, y, z [m] and yaw [rad], shape (4,)."""
        return np.array(dict(self.workplace.views)[name])
