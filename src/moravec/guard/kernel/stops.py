"""The stop state machine, all of it, as one table.

Stop categories after IEC 60204-1: 0 removes power at once, 1 stops under control and then removes power, 2 stops under
control and keeps power. Removing power belongs to the robot's certified safety functions; the guard asks its driver for it.

    INIT     nothing measured yet: nothing may be approved
    RUN      commands are let through
    BRAKING  decelerating to rest on the guard's own set-points, category 2; commands are not heard
    HOLD     at rest, power kept; a fresh valid command runs again
    ENDING   decelerating to rest, category 1; latched: nothing but rest leads out of it
    OFF      power removed; latched until an operator's reset, which moves nothing and leads to HOLD

So a reset is one thing and a restart another: only a fresh command, given after the reset, moves anything. The emergency
stop and whatever makes the body's own measurements doubtful are answered with category 1, braking that does not work with
category 0, and everything else with category 2.
"""

from __future__ import annotations

from moravec.guard.kernel.codes import (
    ACCEPT,
    BLIND,
    BRAKING,
    ENDING,
    ESTOP,
    FAULT_0,
    FAULT_1,
    FAULT_2,
    HOLD,
    INIT,
    OFF,
    OVERSPEED,
    RUN,
    STATE_AGE,
    STATE_FINITE,
    STATE_SHAPE,
    STILL,
    TORQUE,
    TRACKING,
)

#    BEGIN_STILL, BEGIN_MOVING, ACCEPT, FAULT_2, FAULT_1, FAULT_0, REST, RESET
TRANSITIONS = (
    (HOLD, BRAKING, INIT, INIT, INIT, INIT, INIT, INIT),  # INIT
    (RUN, RUN, RUN, BRAKING, ENDING, OFF, RUN, RUN),  # RUN
    (BRAKING, BRAKING, BRAKING, BRAKING, ENDING, OFF, HOLD, BRAKING),  # BRAKING
    (HOLD, HOLD, RUN, HOLD, ENDING, OFF, HOLD, HOLD),  # HOLD
    (ENDING, ENDING, ENDING, ENDING, ENDING, OFF, OFF, ENDING),  # ENDING
    (OFF, OFF, OFF, OFF, OFF, OFF, OFF, HOLD),  # OFF
)


def advance(state: int, event: int, mode: int) -> int:
    """The state after `event` in `mode`. Where the mode wants a standstill nothing is accepted. Total: never fails."""
    if event == ACCEPT and mode == STILL:
        event = FAULT_2
    return TRANSITIONS[state][event]


def category_of(check: int) -> int:
    """The category of the stop that answers a fault found by `check`."""
    if check == BLIND:
        return 0
    latched = check in (ESTOP, STATE_SHAPE, STATE_FINITE, STATE_AGE, TRACKING, OVERSPEED, TORQUE)
    return 1 if latched else 2


def fault_of(category: int) -> int:
    """The event that a fault answered with a stop of `category` is."""
    if category == 0:
        return FAULT_0
    return FAULT_1 if category == 1 else FAULT_2
