"""The arm and the hand themselves: play, friction, wear, encoders that drift."""

from __future__ import annotations

from dataclasses import dataclass

from moravec.worlds.cell.conditions.measure import check


@dataclass(frozen=True, slots=True)
class Body:
    """Nothing yet."""

    def __post_init__(self) -> None:
        check(self, "robot")
