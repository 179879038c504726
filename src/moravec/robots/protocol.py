"""The one robot protocol: simulated, replayed and real robots are the same to everything above them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from moravec.core.observation import CameraFrame, RobotState
from moravec.core.verdict import Approved
from moravec.guard.limits import LimitTable


@dataclass(frozen=True, slots=True)
class RobotSpec:
    """What a robot says of itself when it is joined to a runtime."""

    name: str
    joint_names: tuple[str, ...]
    cameras: tuple[str, ...]
    limits: LimitTable
    control_period: float  # [s]


class Robot(Protocol):
    """A body with a clock. One control tick is `read`, then `apply` once, then `advance`."""

    @property
    def spec(self) -> RobotSpec:
        """Names, limits and rate; never changes."""
        ...

    def now(self) -> float:
        """The robot's own monotonic clock [s]."""
        ...

    def read(self) -> RobotState:
        """The body's state now."""
        ...

    def apply(self, approved: Approved) -> None:
        """Takes an approved command; it holds until the next. There is no other way to move."""
        ...

    def advance(self) -> None:
        """Lets one control period pass."""
        ...

    def expose(self, camera: str) -> Callable[[], CameraFrame]:
        """Takes a picture now; the returned call develops it, off the control loop. Raises BadInput for an unknown camera."""
        ...
