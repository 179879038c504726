"""Who comes to the table, and how often."""

from __future__ import annotations

from dataclasses import dataclass

from moravec.worlds.measure import check, measure


@dataclass(frozen=True, slots=True)
class People:
    """Beside whoever comes now and then where `person` is asked for."""

    visits: float = measure(0.0, "1/min", 0.0, 3.0, "how often somebody walks up to the table")

    def __post_init__(self) -> None:
        check(self, "people")
