"""The orders of one run: what was heard, what waits, and what ends everything."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import final

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


@final
@dataclass(slots=True)
class Orders:
    """The state of listening, of one run. `over`: why everything ends here, in words; "" as long as it goes on."""

    ear: Ear = field(default_factory=Deaf)
    waiting: list[Order] = field(default_factory=list)
    last: list[Order] = field(default_factory=list)  # that ended everything
    count: int = 0
    over: str = ""
