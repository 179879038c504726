"""Skills and applications may make limits tighter, never wider."""

from __future__ import annotations

from moravec.core.errors import GuardConfigError
from moravec.guard.limits import JOINT_VECTORS, LimitTable
from moravec.guard.parts import Box

# A smaller number is tighter in these, a larger one in the others.
_SMALLER = (
    "tool_speed", "tool_speed_reduced", "tool_force", "payload", "command_age_max", "sequence_gap_max", "chunk_age_max",
    "sight_age_max", "grip_width_max", "grip_force_max",
)  # fmt: skip
_LARGER = ("grip_width_min", "body_clearance", "cell_clearance")
# What describes the robot and not its limits, and what must not change with a task.
_SAME = ("robot", "dh", "tool_offset", "control_period", "acceleration", "bodies", "separation", "touch")


def tightened(outer: LimitTable, inner: LimitTable) -> LimitTable:
    """`inner`, where it allows nothing that `outer` does not. Raises GuardConfigError for the first field that would.

    Acceleration stays as it is, because it is also what braking is counted with.
    """
    for name in _SAME:
        if getattr(inner, name) != getattr(outer, name):
            raise _wider(name, getattr(inner, name), "exactly the same")
    for name in JOINT_VECTORS:
        for j in range(outer.joints):
            one, other = getattr(inner, name)[j], getattr(outer, name)[j]
            if (one < other) if name == "position_min" else (one > other):
                raise _wider(f"{name}[{j}]", one, f"{'at least' if name == 'position_min' else 'at most'} {other}")
    for name in _SMALLER:
        if getattr(inner, name) > getattr(outer, name):
            raise _wider(name, getattr(inner, name), f"at most {getattr(outer, name)}")
    for name in _LARGER:
        if getattr(inner, name) < getattr(outer, name):
            raise _wider(name, getattr(inner, name), f"at least {getattr(outer, name)}")
    if outer.novelty_max is not None and not (inner.novelty_max is not None and inner.novelty_max <= outer.novelty_max):
        raise _wider("novelty_max", inner.novelty_max, f"at most {outer.novelty_max}")
    for box in inner.allowed:
        if not any(_inside(box, around) for around in outer.allowed):
            raise _wider("allowed", box, "boxes that each lie within one of the outer table's")
    for name in ("forbidden", "apart", "obstacles", "zones"):
        missing = [part for part in getattr(outer, name) if part not in getattr(inner, name)]
        if missing:
            raise _wider(name, getattr(inner, name), f"all of the outer table's; missing: {missing[0]}")
    return inner


def _inside(box: Box, around: Box) -> bool:
    lows = all(x >= y for x, y in zip(box.low, around.low, strict=True))
    return lows and all(x <= y for x, y in zip(box.high, around.high, strict=True))


def _wider(what: str, found: object, allowed: str) -> GuardConfigError:
    return GuardConfigError(f"a tighter limit table, {what}: found {found!r}; allowed: {allowed}")
