"""Findings in words: the verdict with its reason, for the tape and for people."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from moravec.core.verdict import Decision, Verdict
from moravec.guard.kernel.codes import BRAKING, CHECK_NAMES, ENDING, OFF
from moravec.guard.kernel.form import BOXES, ZONES
from moravec.guard.limits import LimitTable
from moravec.guard.records import Lists, Words
from moravec.guard.stop import StopState

# Every check there is: its unit, and what it watches.
CHECKS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "estop": ("", "emergency stop pressed or latched"),
        "clock": ("s", "clock that is not a finite number or runs backwards"),
        "flood": ("s", "ticks closer together than the control period"),
        "silence": ("s", "time since the last tick, in motion"),
        "beginning": ("rad/s", "robot moving when the guard began"),
        "blind": ("", "braking that does not work or cannot be measured"),
        "mode": ("", "motion while the system is fit for none"),
        "state_shape": ("", "measured fields of the wrong shape or type"),
        "state_finite": ("", "measured values that are not finite, or farther off than can be"),
        "state_age": ("s", "age of the measured state"),
        "tracking": ("rad", "distance of the joint from its set-point"),
        "overspeed": ("rad/s", "measured joint speed, over what servos may overshoot,"),
        "torque": ("N m", "measured joint torque"),
        "tool_force": ("N", "measured force on the tool"),
        "payload": ("N", "weight on the tool"),
        "command_shape": ("", "command fields of the wrong shape or type"),
        "command_finite": ("", "command values that are not finite"),
        "command_age": ("s", "age of the command"),
        "command_from_future": ("s", "time by which the command is ahead of now"),
        "sequence_repeat": ("", "step of the sequence number"),
        "sequence_gap": ("", "step of the sequence number"),
        "chunk_age": ("s", "time since the chunk of motion was made"),
        "chunk_expired": ("s", "time since the chunk of motion ended"),
        "chunk_from_future": ("s", "time by which the chunk of motion is ahead of now"),
        "sight_age": ("s", "age of the observation the motion rests on"),
        "sight_from_future": ("s", "time by which that observation is ahead of now"),
        "novelty": ("", "the policy's own score of how strange this is to it"),
        "grip_width": ("m", "gripper opening"),
        "grip_force": ("N", "gripper force"),
        "velocity": ("rad/s", "joint speed between set-points"),
        "velocity_wanted": ("rad/s", "joint speed in the command"),
        "velocity_mismatch": ("rad/s2", "joint speed in the command, off that between set-points,"),
        "acceleration": ("rad/s2", "joint acceleration between set-points"),
        "jerk": ("rad/s3", "joint jerk between set-points"),
        "position": ("rad", "joint position after braking to rest"),
        "window": ("rad/s", "joint speed over a quarter of a second"),
        "limit_budget": ("", "set-points pulled back of late"),
        "tool_speed": ("m/s", "tool speed"),
        "workspace": ("m", "tool point, or its place after braking, in the allowed space"),
        "forbidden_zone": ("m", "tool point, or its place after braking, off the forbidden space"),
        "self_collision": ("m", "distance, on the way to rest,"),
        "cell_collision": ("m", "distance, on the way to rest,"),
        "zone": ("m", "distance, on the way to rest,"),
        "people_age": ("s", "age of the reading of where people are"),
        "people_from_future": ("s", "time by which that reading is ahead of now"),
        "separation": ("m", "distance of the nearest person"),
        "zone_slow": ("m/s", "speed of a part"),
        "zone_stop": ("", "a person"),
        "reset": ("", "reset by an operator"),
    }
)

_NUMBERED = frozenset(
    {"tracking", "torque", "velocity", "velocity_wanted", "velocity_mismatch", "overspeed", "acceleration", "jerk",
     "position", "window", "beginning"}
)
_DECISIONS: tuple[Decision, ...] = ("pass", "limit", "stop")
_PREFIXES = {BRAKING: "braking to rest after: ", ENDING: "braking to rest after: ", OFF: "power off after: "}

# What becomes of a reset, by the kernel's code.
RESETS = (
    "reset granted: holding; a fresh command starts motion",
    "reset refused: the guard is not at rest (state {state})",
    "reset refused: the measured state is not usable",
    "reset refused: the emergency stop is still pressed",
    "reset refused: the robot moves; allowed: each joint below 0.02 rad/s",
    "reset refused: the emergency stop was pressed less than 0.5 s ago",
)


def place_of(check: str, index: int, limits: LimitTable) -> str:
    """Which joint, part, pair, obstacle or zone `index` means."""
    if index < 0:
        return ""
    if check in _NUMBERED:
        return f" of joint {index}"
    if check == "self_collision":
        return " of {} from {}".format(*limits.apart[index])
    if check == "cell_collision":
        return f" of {limits.bodies[index // BOXES].name} from {limits.obstacles[index % BOXES].name}"
    if check == "zone":
        return f" of {limits.bodies[index // ZONES].name} from zone {limits.zones[index % ZONES].name}"
    if check == "separation":
        return f" from the {limits.bodies[index].name}"
    if check in ("zone_slow", "zone_stop"):
        return f" in zone {limits.zones[index].name}"
    return ""


def verdict_of(answer: Lists | Words, limits: LimitTable, state: StopState) -> Verdict:
    """The verdict that rests on the finding in `answer`."""
    decision = _DECISIONS[answer.number("decision")]
    check, joint = CHECK_NAMES[answer.number("check")], answer.number("joint")
    value, limit, margin = answer.number("value"), answer.number("limit"), answer.number("margin")
    if decision == "pass":
        return Verdict(decision, check, joint, value, limit, margin, "inside every limit")
    unit, what = CHECKS[check]
    prefix = ""
    if answer.number("braking"):
        prefix = _PREFIXES.get(state.value, "braked and held after: ")
    u = unit and " " + unit
    reason = f"{prefix}{what}{place_of(check, joint, limits)}: found {value:.6g}{u}, allowed {limit:.6g}{u}"
    return Verdict(decision, check, joint, value, limit, margin, reason, answer.number("category"))
