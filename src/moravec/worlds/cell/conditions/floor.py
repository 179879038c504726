"""What the cell stands on: a floor that slopes, and one that shakes.

The world's frame is the table's. A table that stands on a slope is one under gravity that is tilted the other way, and a table
that is shaken is one whose gravity changes: both are the same thing, seen from the table.
"""

from __future__ import annotations

from dataclasses import dataclass

from moravec.worlds.measure import check, measure


@dataclass(frozen=True, slots=True)
class Floor:
    """The arm's controller is not told: it goes on balancing its own weight as if the table stood level and still."""

    slope_x: float = measure(0.0, "rad", -0.15, 0.15, "turn of the table about its x axis: +y goes up")
    slope_y: float = measure(0.0, "rad", -0.15, 0.15, "turn of the table about its y axis: +x goes down")
    vibration: float = measure(0.0, "m/s2", 0.0, 3.0, "amplitude of the table's acceleration, in a direction by the seed")
    frequency: float = measure(12.0, "Hz", 1.0, 50.0, "how fast the table shakes, where it does")

    def __post_init__(self) -> None:
        check(self, "floor")
