"""One moment of a trace: what begins or has ended, and what is believed then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from moravec.brain.temporal.formula import Kind, Phase
from moravec.skills.symbols import Value


@dataclass(frozen=True, slots=True)
class Event:
    """A call of a skill begins, is done or failed. `args` stand in the order of the skill's parameters."""

    phase: Phase
    skill: str
    args: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Moment:
    """`value` gives a reading by its name and arguments, None for what is unknown; `items` and `places` are those known."""

    event: Event | None
    value: Callable[[str, tuple[str, ...]], Value]
    items: Sequence[str] = ()
    places: Sequence[str] = ()

    def known(self, kind: Kind) -> Sequence[str]:
        """What a quantifier of `kind` ranges over."""
        return self.items if kind == "item" else self.places
