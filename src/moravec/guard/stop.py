"""The stop state machine, all of it, as one table.

Stop categories after IEC 60204-1: 0 removes power, 1 stops under control and then removes power, 2 stops under control and
keeps power. The guard never removes power: that belongs to the robot's certified safety functions. A fault of a command or
of a measurement is answered with category 2; the emergency stop is answered with the same braking and then stays latched, so
that the robot's own category 0 or 1 stop finds it at rest.

Resume and restart:
- after a fault (BRAKING, then HOLD) a fresh and valid command that starts from the held set-point runs again;
- after an emergency stop nothing runs until `reset`, which moves nothing: it leads to HOLD, and only a later fresh command
  starts motion again.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType


class StopState(Enum):
    """Where the guard stands."""

    INIT = "init"  # nothing measured yet: nothing may be approved
    RUN = "run"  # commands are let through
    BRAKING = "braking"  # decelerating to rest on the guard's own set-points; commands are not heard
    HOLD = "hold"  # at rest, power kept; a fresh valid command runs again
    ESTOP = "estop"  # latched: brakes, then holds, until reset


class Event(Enum):
    """What may happen in one tick."""

    BEGIN_STILL = "begin_still"  # the first measured state, at rest
    BEGIN_MOVING = "begin_moving"  # the first measured state, in motion
    ACCEPT = "accept"  # a command passed, or was pulled back by little
    FAULT = "fault"  # a command or a measurement was refused
    REST = "rest"  # the guard's own braking has come to rest
    ESTOP = "estop"  # the emergency stop's input is pressed
    RESET = "reset"  # an operator's reset was granted


_S, _E = StopState, Event
TRANSITIONS: Mapping[tuple[StopState, Event], StopState] = MappingProxyType(
    {
        (_S.INIT, _E.BEGIN_STILL): _S.HOLD,
        (_S.INIT, _E.BEGIN_MOVING): _S.BRAKING,
        (_S.INIT, _E.ACCEPT): _S.INIT,
        (_S.INIT, _E.FAULT): _S.INIT,
        (_S.INIT, _E.REST): _S.INIT,
        (_S.INIT, _E.ESTOP): _S.ESTOP,
        (_S.INIT, _E.RESET): _S.INIT,
        (_S.RUN, _E.BEGIN_STILL): _S.RUN,
        (_S.RUN, _E.BEGIN_MOVING): _S.RUN,
        (_S.RUN, _E.ACCEPT): _S.RUN,
        (_S.RUN, _E.FAULT): _S.BRAKING,
        (_S.RUN, _E.REST): _S.RUN,
        (_S.RUN, _E.ESTOP): _S.ESTOP,
        (_S.RUN, _E.RESET): _S.RUN,
        (_S.BRAKING, _E.BEGIN_STILL): _S.BRAKING,
        (_S.BRAKING, _E.BEGIN_MOVING): _S.BRAKING,
        (_S.BRAKING, _E.ACCEPT): _S.BRAKING,
        (_S.BRAKING, _E.FAULT): _S.BRAKING,
        (_S.BRAKING, _E.REST): _S.HOLD,
        (_S.BRAKING, _E.ESTOP): _S.ESTOP,
        (_S.BRAKING, _E.RESET): _S.BRAKING,
        (_S.HOLD, _E.BEGIN_STILL): _S.HOLD,
        (_S.HOLD, _E.BEGIN_MOVING): _S.HOLD,
        (_S.HOLD, _E.ACCEPT): _S.RUN,
        (_S.HOLD, _E.FAULT): _S.HOLD,
        (_S.HOLD, _E.REST): _S.HOLD,
        (_S.HOLD, _E.ESTOP): _S.ESTOP,
        (_S.HOLD, _E.RESET): _S.HOLD,
        (_S.ESTOP, _E.BEGIN_STILL): _S.ESTOP,
        (_S.ESTOP, _E.BEGIN_MOVING): _S.ESTOP,
        (_S.ESTOP, _E.ACCEPT): _S.ESTOP,
        (_S.ESTOP, _E.FAULT): _S.ESTOP,
        (_S.ESTOP, _E.REST): _S.ESTOP,
        (_S.ESTOP, _E.ESTOP): _S.ESTOP,
        (_S.ESTOP, _E.RESET): _S.HOLD,
    }
)


def advance(state: StopState, event: Event) -> StopState:
    """The state after `event`. The table is total, so this never fails."""
    return TRANSITIONS[(state, event)]
