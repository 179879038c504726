"""What a mind makes of an instruction."""

from __future__ import annotations

from dataclasses import dataclass

from moravec.brain.rules import Refusal
from moravec.brain.wishes.wish import Meant


@dataclass(frozen=True, slots=True)
class Reading:
    """Exactly one of both is set. `meant`: what it may mean word for word, the likeliest first."""

    refusal: Refusal | None = None
    meant: tuple[Meant, ...] = ()
