"""Where a dataset comes from, as those say who made it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from moravec.core.errors import BadInput


@dataclass(frozen=True, slots=True)
class Provenance:
    """What is in a dataset, how and by which command it was made, and what it is not good for.

    `versions` are the programs that shaped the data, by name; `licence` is an SPDX name; `limits` are known limits, a
    sentence each.
    """

    what: str
    how: str = ""
    command: str = ""
    seed: int | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    licence: str = ""
    limits: tuple[str, ...] = ()

    def to_plain(self) -> dict[str, Any]:
        """As JSON data."""
        return {**asdict(self), "versions": dict(self.versions), "limits": list(self.limits)}

    @classmethod
    def from_plain(cls, plain: Any) -> Provenance:
        """From JSON data. Raises BadInput where a field is missing or of another type."""
        try:
            seed = plain["seed"]
            return cls(
                str(plain["what"]), str(plain["how"]), str(plain["command"]), None if seed is None else int(seed),
                {str(k): str(v) for k, v in plain["versions"].items()}, str(plain["licence"]),
                tuple(str(limit) for limit in plain["limits"]),
            )  # fmt: skip
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise BadInput("a dataset's provenance", plain, "what, how, command, seed, versions, licence, limits") from error
