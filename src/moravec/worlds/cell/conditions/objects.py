"""The things: shapes nobody has seen, what weighs or slides otherwise, what else lies about."""

from __future__ import annotations

from dataclasses import dataclass

from moravec.worlds.cell.conditions.measure import check


@dataclass(frozen=True, slots=True)
class Objects:
    """Nothing yet."""

    def __post_init__(self) -> None:
        check(self, "objects")
