"""The one error tree.

MoravecError                 anything this project raises on purpose; exit status 1
├── BadInput                 what was asked cannot be understood or used; exit status 2
├── ContractError            two parts were joined that do not fit (shapes, units, rates)
├── GuardConfigError         a limit table that contradicts itself
├── TapeError                a tape that cannot be written or read
│   └── TapeTampered         a tape whose bytes are not those that were written
├── WorldError               a simulated workplace that cannot be built or drawn
└── SkillError               a skill that broke its own contract (not: a skill that failed)
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class MoravecError(Exception):
    """Base of every error raised on purpose."""

    exit_status = 1


class BadInput(MoravecError):
    """One clear line: what was asked, what was found, what is allowed."""

    exit_status = 2

    def __init__(self, asked: str, found: object, allowed: str | Iterable[str]) -> None:
        self.asked = asked
        self.found = found
        if isinstance(allowed, str):
            self.allowed, hint = allowed, ""
        else:
            names = sorted(str(name) for name in allowed)
            self.allowed = "one of " + ", ".join(names)
            near = difflib.get_close_matches(str(found), names, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
        super().__init__(f"{asked}: found {found!r}; allowed: {self.allowed}{hint}")

    def __reduce__(self) -> tuple[type[BadInput], tuple[str, str, str]]:
        """For its way to another process: of its one line alone it could not be made again."""
        return BadInput, (self.asked, str(self.found), self.allowed)


class ContractError(MoravecError):
    """Two parts were joined that do not fit."""


class GuardConfigError(MoravecError):
    """A limit table that contradicts itself; it is refused, never repaired."""


class TapeError(MoravecError):
    """A tape that cannot be written or read."""


class TapeTampered(TapeError):
    """A tape whose bytes are not those that were written."""


class WorldError(MoravecError):
    """A simulated workplace that cannot be built or drawn."""


class SkillError(MoravecError):
    """A skill that broke its own contract."""
