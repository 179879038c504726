"""What the cell stands on."""

from __future__ import annotations

from dataclasses import dataclass

from moravec.worlds.cell.conditions.measure import check


@dataclass(frozen=True, slots=True)
class Floor:
    """Nothing yet."""

    def __post_init__(self) -> None:
        check(self, "floor")
