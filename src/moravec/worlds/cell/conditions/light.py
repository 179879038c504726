"""The lamps: how bright they are, from where they shine, and whether they flicker."""

from __future__ import annotations

from dataclasses import dataclass

from moravec.worlds.cell.conditions.measure import check, measure


@dataclass(frozen=True, slots=True)
class Light:
    """Beside what a delivery draws of its own, see `Lighting`."""

    level: float = measure(1.0, "of the usual", 0.02, 3.0, "brightness of all lamps")

    def __post_init__(self) -> None:
        check(self, "light")
