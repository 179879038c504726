"""Numbers for names. Compiled code has no strings; the names stand in `CHECK_NAMES` and in `moravec.guard.stop`."""

from __future__ import annotations

# Decisions.
PASS, LIMIT, STOP = 0, 1, 2

# States of the stop machine.
INIT, RUN, BRAKING, HOLD, ENDING, OFF = 0, 1, 2, 3, 4, 5

# Events: the first measured state still or moving; a command accepted; faults by the category of the stop that answers
# them; own braking come to rest; an operator's reset granted.
BEGIN_STILL, BEGIN_MOVING, ACCEPT, FAULT_2, FAULT_1, FAULT_0, REST, RESET = 0, 1, 2, 3, 4, 5, 6, 7

# Modes: everything allowed; at reduced speed; standing still.
FULL, REDUCED, STILL = 0, 1, 2

# Kinds of zones.
KEEP_OUT, PERSON_ONLY, SLOW, STOP_ZONE = 0, 1, 2, 3

CHECK_NAMES = (
    "estop", "clock", "flood", "silence", "beginning", "blind", "mode",
    "state_shape", "state_finite", "state_age", "tracking", "overspeed", "torque", "tool_force", "payload",
    "command_shape", "command_finite", "command_age", "command_from_future", "sequence_repeat", "sequence_gap",
    "chunk_age", "chunk_expired", "chunk_from_future", "sight_age", "sight_from_future", "novelty",
    "grip_width", "grip_force",
    "velocity", "velocity_wanted", "velocity_mismatch", "acceleration", "jerk", "position", "window", "limit_budget",
    "tool_speed", "workspace", "forbidden_zone", "self_collision", "cell_collision", "zone",
    "people_age", "people_from_future", "separation", "zone_slow", "zone_stop", "reset",
)  # fmt: skip

(
    ESTOP, CLOCK, FLOOD, SILENCE, BEGINNING, BLIND, MODE,
    STATE_SHAPE, STATE_FINITE, STATE_AGE, TRACKING, OVERSPEED, TORQUE, TOOL_FORCE, PAYLOAD,
    COMMAND_SHAPE, COMMAND_FINITE, COMMAND_AGE, COMMAND_FROM_FUTURE, SEQUENCE_REPEAT, SEQUENCE_GAP,
    CHUNK_AGE, CHUNK_EXPIRED, CHUNK_FROM_FUTURE, SIGHT_AGE, SIGHT_FROM_FUTURE, NOVELTY,
    GRIP_WIDTH, GRIP_FORCE,
    VELOCITY, VELOCITY_WANTED, VELOCITY_MISMATCH, ACCELERATION, JERK, POSITION, WINDOW, LIMIT_BUDGET,
    TOOL_SPEED, WORKSPACE, FORBIDDEN_ZONE, SELF_COLLISION, CELL_COLLISION, ZONE,
    PEOPLE_AGE, PEOPLE_FROM_FUTURE, SEPARATION, ZONE_SLOW, ZONE_STOP, RESET_CHECK,
) = range(len(CHECK_NAMES))  # fmt: skip
