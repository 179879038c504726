"""Findings in words: the verdict with its reason, for the tape and for people."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from moravec.core.verdict import Decision, Verdict
from moravec.guard.checks import Finding

# Every check there is: its unit, and what it watches.
CHECKS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "estop": ("", "emergency stop pressed or latched"),
        "clock": ("s", "clock that is not a finite number or runs backwards"),
        "flood": ("s", "ticks closer together than the control period"),
        "silence": ("s", "time since the last tick, in motion"),
        "beginning": ("rad/s", "robot moving when the guard began"),
        "state_shape": ("", "measured fields of the wrong shape or type"),
        "state_finite": ("", "measured values that are not finite"),
        "tracking": ("rad", "distance of the joint from its set-point"),
        "torque": ("N m", "measured joint torque"),
        "command_shape": ("", "command fields of the wrong shape or type"),
        "command_finite": ("", "command values that are not finite"),
        "command_age": ("s", "age of the command"),
        "command_from_future": ("s", "time by which the command is ahead of now"),
        "sequence_repeat": ("", "step of the sequence number"),
        "sequence_gap": ("", "step of the sequence number"),
        "grip_width": ("m", "gripper opening"),
        "grip_force": ("N", "gripper force"),
        "velocity": ("rad/s", "joint speed between set-points"),
        "velocity_wanted": ("rad/s", "joint speed in the command"),
        "acceleration": ("rad/s2", "joint acceleration between set-points"),
        "position": ("rad", "joint position after braking to rest"),
        "tool_speed": ("m/s", "tool speed"),
        "workspace": ("m", "tool point, or its place after braking, in the allowed space"),
        "forbidden_zone": ("m", "tool point, or its place after braking, off the forbidden space"),
        "limit_budget": ("", "set-points pulled back of late"),
        "reset": ("", "reset by an operator"),
    }
)


def verdict_of(decision: Decision, finding: Finding, prefix: str = "") -> Verdict:
    """The verdict that rests on `finding`."""
    check, joint, value, limit, margin, _ = finding
    if decision == "pass":
        return Verdict(decision, check, joint, value, limit, margin, "inside every limit")
    unit, what = CHECKS[check]
    place = f" of joint {joint}" if joint >= 0 else ""
    reason = f"{prefix}{what}{place}: found {value:.6g}{unit and ' ' + unit}, allowed {limit:.6g}{unit and ' ' + unit}"
    return Verdict(decision, check, joint, value, limit, margin, reason)
