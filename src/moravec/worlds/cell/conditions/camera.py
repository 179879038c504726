"""The cameras: where they really are, and what is wrong with what they show."""

from __future__ import annotations

from dataclasses import dataclass

from moravec.worlds.cell.conditions.measure import check


@dataclass(frozen=True, slots=True)
class Cameras:
    """Nothing yet."""

    def __post_init__(self) -> None:
        check(self, "camera")
