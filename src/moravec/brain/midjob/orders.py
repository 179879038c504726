"""The orders of one run: what was heard, what waits, and what ends everything."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import final

from moravec.brain.goal import Goal
from moravec.brain.midjob.bearing import Bearing
from moravec.brain.midjob.ear import Deaf, Ear
from moravec.brain.reading import Reading


@dataclass(frozen=True, slots=True)
class Order:
    """What was said while a job ran: when it was heard [s, the robot's time], and how it was read."""

    text: str
    heard: float
    reading: Reading
    bearing: Bearing


@dataclass(frozen=True, slots=True)
class Owed:
    """An order that was done: what its words want of items that turn up later, beside those `known` by then."""

    order: Order
    goal: Goal
    known: frozenset[str]


@final
@dataclass(slots=True)
class Orders:
    """The state of listening, of one run. `over`: why everything ends here, in words; "" as long as it goes on."""

    ear: Ear = field(default_factory=Deaf)
    waiting: list[Order] = field(default_factory=list)
    last: list[Order] = field(default_factory=list)  # that ended everything
    owed: list[Owed] = field(default_factory=list)
    count: int = 0
    over: str = ""
