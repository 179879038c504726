"""The stop state machine in names. The table itself stands in `moravec.guard.kernel.stops`."""

from __future__ import annotations

from enum import Enum

from moravec.guard.kernel import codes, stops


class StopState(Enum):
    """Where the guard stands; what each means stands with the table."""

    INIT = codes.INIT
    RUN = codes.RUN
    BRAKING = codes.BRAKING
    HOLD = codes.HOLD
    ENDING = codes.ENDING
    OFF = codes.OFF


class Event(Enum):
    """What may happen in one tick."""

    BEGIN_STILL = codes.BEGIN_STILL
    BEGIN_MOVING = codes.BEGIN_MOVING
    ACCEPT = codes.ACCEPT
    FAULT_2 = codes.FAULT_2
    FAULT_1 = codes.FAULT_1
    FAULT_0 = codes.FAULT_0
    REST = codes.REST
    RESET = codes.RESET


class Mode(Enum):
    """What the rest of the system is fit for: everything, reduced speed, standing still."""

    FULL = codes.FULL
    REDUCED = codes.REDUCED
    STILL = codes.STILL


def advance(state: StopState, event: Event, mode: Mode = Mode.FULL) -> StopState:
    """The state after `event` in `mode`. The table is total, so this never fails."""
    return StopState(stops.advance(state.value, event.value, mode.value))
