"""The cameras: where they really are, and what is wrong with what they show.

Both sensor cameras are meant where no name says which.
"""

from __future__ import annotations

from dataclasses import dataclass

from moravec.core.errors import BadInput
from moravec.worlds.measure import check, measure

EITHER = ("restamped", "swapped")  # it is so or it is not: nothing lies between


@dataclass(frozen=True, slots=True)
class Cameras:
    """A `frozen` of no length is never: when it would begin says nothing then."""

    overhead_shift: float = measure(0.0, "m", 0.0, 0.1, "how far the overhead camera stands from its calibration")
    overhead_tilt: float = measure(0.0, "rad", 0.0, 0.2, "how far the overhead camera is turned from its calibration")
    wrist_shift: float = measure(0.0, "m", 0.0, 0.05, "how far the wrist camera stands from its calibration")
    wrist_tilt: float = measure(0.0, "rad", 0.0, 0.2, "how far the wrist camera is turned from its calibration")
    blur: float = measure(0.0, "px", 0.0, 6.0, "defocus: one sigma of every point's spot")
    dust: float = measure(0.0, "share", 0.0, 0.5, "how much of the picture lies under soft dark specks")
    exposure: float = measure(1.0, "of the usual", 0.05, 10.0, "counts for the same light, clipped at 0 and 255")
    colour_noise: float = measure(1.0, "of the usual", 0.0, 20.0, "the colour sensor's grain")
    depth_noise: float = measure(1.0, "of the usual", 0.0, 20.0, "the disparity's noise")
    frozen: float = measure(0.0, "s", 0.0, 3600.0, "how long the same picture comes again and again")
    frozen_from: float = measure(0.0, "s", 0.0, 3600.0, "when that begins, by the robot's clock")
    dropped: float = measure(0.0, "share", 0.0, 0.95, "pictures that are lost: the one before comes again")
    restamped: float = measure(0.0, "0 or 1", 0.0, 1.0, "1: what comes again is stamped as new")
    swapped: float = measure(0.0, "0 or 1", 0.0, 1.0, "1: each of the two shows what the other sees")

    def __post_init__(self) -> None:
        check(self, "camera")
        for name in EITHER:
            if getattr(self, name) not in (0.0, 1.0):
                raise BadInput(f"the condition camera.{name}", getattr(self, name), "0 or 1")

    def shift(self, camera: str) -> float:
        """How far "overhead" or "wrist" stands from its calibration [m]."""
        return {"overhead": self.overhead_shift, "wrist": self.wrist_shift}[camera]

    def tilt(self, camera: str) -> float:
        """How far "overhead" or "wrist" is turned from its calibration [rad]."""
        return {"overhead": self.overhead_tilt, "wrist": self.wrist_tilt}[camera]
