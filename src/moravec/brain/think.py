"""How the agent asks a mind: at once, or, where it takes its time, beside the control loop, which never waits for it."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, TypeVar

from moravec.brain.mind import Deliberate, Mind
from moravec.guard.degraded import BUDGETS, RECOVERY
from moravec.skills.contract import Compute, Note, Pause, Request

T = TypeVar("T")
MARGIN = 0.5  # [s] beyond the guard's own recovery


def think(mind: Mind, work: Callable[[], T], label: str, now: Callable[[], float]) -> Generator[Request, Any, T]:
    """What `work`, a call of `mind`, gives; raises what it raises. What the mind has to tell of it is told.

    While a mind is silent for long the guard allows no motion, and it allows it again only after a while: that is waited for,
    so that the next step is not stopped as it begins. `now` is the robot's time [s].
    """
    if not isinstance(mind, Deliberate):
        return work()
    begun = now()
    answer: T = yield Compute(work, label)
    silent = now() - begun
    for topic, payload in mind.told():
        yield Note(topic, payload)
    if silent > BUDGETS["brain_silent"].still:
        yield Pause(RECOVERY + MARGIN)
    return answer
