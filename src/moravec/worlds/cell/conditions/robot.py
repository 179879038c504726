"""The arm itself: play, friction, wear, heat, encoders that are off, a slack belt. What each does: `robots/ur5e/worn.py`."""

from __future__ import annotations

from dataclasses import dataclass

from moravec.robots.ur5e.worn import Wear
from moravec.worlds.measure import check, measure


@dataclass(frozen=True, slots=True)
class Body:
    """All but `start` make a `Wear`."""

    start: float = measure(0.0, "rad", 0.0, 0.3, "the farthest joint from the resting posture when the job begins")
    backlash: float = measure(0.0, "rad", 0.0, 0.02, "play of every joint, behind its encoder")
    friction: float = measure(0.0, "N m", 0.0, 40.0, "Coulomb friction besides, of the shoulder; of the others in proportion")
    wear: float = measure(0.0, "cycles", 0.0, 100000.0, "cycles of work behind it: stiction grows")
    gear: float = measure(0.0, "rad", 0.0, 0.002, "ripple of every gear, twice a turn of its input")
    heat: float = measure(0.0, "K", 0.0, 100.0, "how far the motors warm up above the room: torque falls")
    offset: float = measure(0.0, "rad", 0.0, 0.05, "error of every encoder, to either side")
    drift: float = measure(0.0, "rad/h", 0.0, 1.0, "growth of every encoder's error, to the same side")
    belt: float = measure(0.0, "s", 0.0, 0.1, "lag of every joint behind its set-point: a slack belt")

    def __post_init__(self) -> None:
        check(self, "robot")

    def as_wear(self) -> Wear:
        """For the arm's joints."""
        return Wear(self.backlash, self.friction, self.wear, self.gear, self.heat, self.offset, self.drift, self.belt)
