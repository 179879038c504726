"""What reads and plans. The agent knows only this interface; a vision-language model may stand behind it as well.

A mind proposes. Whatever it returns meets the same validator, and its answers are plain values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, final, runtime_checkable

from moravec.brain.goal import Goal
from moravec.brain.plan import make_plan
from moravec.brain.reading import Reading
from moravec.brain.remember import Inventory
from moravec.brain.steps import Plan
from moravec.brain.tasks import assign
from moravec.core.workplace import Workplace

Reads: TypeAlias = Callable[[str, Workplace], Reading]


@dataclass(frozen=True, slots=True)
class Situation:
    """What a mind plans from. The inventory is to be read only.

    `feedback` holds the validator's reasons against the plans proposed so far in this situation.
    """

    goal: Goal
    inventory: Inventory
    aside: frozenset[str] = frozenset()  # items given up
    overflow: Mapping[str, str] = field(default_factory=dict)  # full place -> what is used instead
    tries: Mapping[str, int] = field(default_factory=dict)  # item -> how often something failed with it
    feedback: tuple[str, ...] = ()


class Mind(Protocol):
    """Reads instructions and proposes plans."""

    def read(self, instruction: str, workplace: Workplace) -> Reading:
        """What the instruction means here."""
        ...

    def plan(self, situation: Situation) -> Plan:
        """Steps towards the goal."""
        ...


@runtime_checkable
class Deliberate(Mind, Protocol):
    """A mind that takes its time: it is asked beside the control loop, and tells afterwards how it came to its answer."""

    def told(self) -> tuple[tuple[str, Mapping[str, Any]], ...]:
        """What there is to tell since it was asked last: topic and plain JSON data of each note."""
        ...


def planned(situation: Situation) -> Plan:
    """The plan by rules and search, see `brain.plan.make_plan`."""
    s = situation
    assignment = assign(s.goal, s.inventory, s.aside, s.overflow)
    return make_plan(s.goal, s.inventory, s.aside, s.overflow, s.tries, assignment)


@final
class SymbolicMind:
    """The default: no network, the same answer every time. It reads as `reads` does, and plans by rules and search."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    def read(self, instruction: str, workplace: Workplace) -> Reading:
        """What the instruction means here."""
        return self._reads(instruction, workplace)

    def plan(self, situation: Situation) -> Plan:
        """See `planned`."""
        return planned(situation)
