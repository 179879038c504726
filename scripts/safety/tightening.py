"""Ways to make a limit table tighter, for the metamorphic rules: each a table that allows nothing which the first did not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.random import Generator

from moravec.guard.limits import LimitTable
from moravec.guard.parts import Box, Obstacle, Zone

# A change, or None where it has no meaning for a table; `u` in (0, 1) says how much.
Change = Callable[[LimitTable, Generator, float], LimitTable | None]


def _scaled(name: str, least: float) -> Change:
    """A number or a vector multiplied by something between `least` and 1."""

    def change(limits: LimitTable, rng: Generator, u: float) -> LimitTable | None:
        value, share = getattr(limits, name), 1.0 - (1.0 - least) * u
        if isinstance(value, tuple):
            j = int(rng.integers(-1, len(value)))  # one of them, or all
            return _with(limits, name, tuple(x * share if j in (-1, i) else x for i, x in enumerate(value)))
        return None if value is None else _with(limits, name, value * share)

    return change


def _with(limits: LimitTable, name: str, value: Any) -> LimitTable:
    return replace(limits, **{name: value})


def _term(name: str, change: Callable[[float, float], float]) -> Change:
    """One term of the separation formula; `change(value, u)`."""

    def changed(limits: LimitTable, rng: Generator, u: float) -> LimitTable | None:
        terms = limits.separation
        if terms is None:
            return None
        return replace(limits, separation=replace(terms, **{name: change(getattr(terms, name), u)}))

    return changed


def _slower_joints(limits: LimitTable, rng: Generator, u: float) -> LimitTable | None:
    """Not where zones begin and end: who is slower rests sooner, and may stay longer in what will be one."""
    return None if any(zone.active for zone in limits.zones) else _scaled("velocity", 0.1)(limits, rng, u)


def _range(limits: LimitTable, rng: Generator, u: float) -> LimitTable:
    low, high = np.array(limits.position_min), np.array(limits.position_max)
    less = 0.4 * u * (high - low) * (rng.random(limits.joints) < 0.5)
    upper = bool(rng.random() < 0.5)
    return _with(limits, "position_max" if upper else "position_min", tuple((high - less if upper else low + less).tolist()))


def _smaller_space(limits: LimitTable, rng: Generator, u: float) -> LimitTable:
    return replace(limits, allowed=tuple(_resized(box, -0.3 * u) for box in limits.allowed))


def _larger_bans(limits: LimitTable, rng: Generator, u: float) -> LimitTable | None:
    if not limits.forbidden:
        return None
    return replace(limits, forbidden=tuple(_resized(box, 0.2 * u) for box in limits.forbidden))


def _resized(box: Box, by: float) -> Box:
    """`by` [m] larger on every side; smaller ones at most down to a fifth."""
    half = [(high - low) / 2.0 for low, high in zip(box.low, box.high, strict=True)]
    middle = [(high + low) / 2.0 for low, high in zip(box.low, box.high, strict=True)]
    wide = [max(h + by, 0.2 * h) for h in half]
    low, high = [m - w for m, w in zip(middle, wide, strict=True)], [m + w for m, w in zip(middle, wide, strict=True)]
    return Box((low[0], low[1], low[2]), (high[0], high[1], high[2]))


def _somewhere(rng: Generator, u: float) -> Box:
    middle = rng.uniform(-1.0, 1.0, 3)
    low, high = (middle - 0.05 - 0.3 * u).tolist(), (middle + 0.05 + 0.3 * u).tolist()
    return Box((low[0], low[1], low[2]), (high[0], high[1], high[2]))


def _one_more_ban(limits: LimitTable, rng: Generator, u: float) -> LimitTable:
    return replace(limits, forbidden=(*limits.forbidden, _somewhere(rng, u)))


def _one_more_obstacle(limits: LimitTable, rng: Generator, u: float) -> LimitTable:
    return replace(limits, obstacles=(*limits.obstacles, Obstacle("one more", _somewhere(rng, u))))


def _one_more_zone(kind: Any) -> Change:
    def change(limits: LimitTable, rng: Generator, u: float) -> LimitTable | None:
        if len(limits.zones) == 8 or (kind in ("slow", "stop") and limits.separation is None):
            return None
        zone = Zone("one more", kind, _somewhere(rng, u), float(rng.uniform(0.02, 1.0)) if kind == "slow" else None)
        return replace(limits, zones=(*limits.zones, zone))

    return change


def _slower_zones(limits: LimitTable, rng: Generator, u: float) -> LimitTable | None:
    if not any(zone.kind == "slow" for zone in limits.zones):
        return None
    zones = (replace(zone, speed=zone.speed * (1.0 - 0.9 * u)) if zone.speed else zone for zone in limits.zones)
    return replace(limits, zones=tuple(zones))


def _thicker(limits: LimitTable, rng: Generator, u: float) -> LimitTable | None:
    if not limits.bodies:
        return None
    return replace(limits, bodies=tuple(replace(body, radius=body.radius * (1.0 + u)) for body in limits.bodies))


def _farther(name: str) -> Change:
    return lambda limits, rng, u: _with(limits, name, getattr(limits, name) + 0.05 * u)


def _no_touch(limits: LimitTable, rng: Generator, u: float) -> LimitTable | None:
    return replace(limits, touch=None) if limits.touch is not None else None


def _fewer_lost(limits: LimitTable, rng: Generator, u: float) -> LimitTable | None:
    return replace(limits, sequence_gap_max=1) if limits.sequence_gap_max > 1 else None


CHANGES: Mapping[str, Change] = MappingProxyType(
    {
        "joint speed": _slower_joints, "joint acceleration": _scaled("acceleration", 0.3), "jerk": _scaled("jerk", 0.3),
        "joint range": _range, "torque": _scaled("torque", 0.1), "tracking": _scaled("tracking", 0.1),
        "tool speed": _scaled("tool_speed", 0.1), "reduced tool speed": _scaled("tool_speed_reduced", 0.1),
        "tool force": _scaled("tool_force", 0.05), "payload": _scaled("payload", 0.05), "workspace": _smaller_space,
        "larger forbidden boxes": _larger_bans, "one more forbidden box": _one_more_ban,
        "one more obstacle": _one_more_obstacle, "clearance of parts": _farther("body_clearance"),
        "clearance of the cell": _farther("cell_clearance"), "thicker parts": _thicker,
        "one more zone to keep out": _one_more_zone("keep_out"), "one more slow zone": _one_more_zone("slow"),
        "one more stop zone": _one_more_zone("stop"), "slower zones": _slower_zones, "no contact foreseen": _no_touch,
        "faster people": _term("human_speed", lambda value, u: value * (1.0 + u)),
        "longer reaction": _term("reaction_time", lambda value, u: value + 0.3 * u),
        "younger readings": _term("reading_age_max", lambda value, u: value * (1.0 - 0.9 * u)),
        "weaker braking": _term("braking", lambda value, u: value * (1.0 - 0.9 * u)),
        "deeper intrusion": _term("intrusion", lambda value, u: value + 0.5 * u),
        "less sure of people": _term("human_uncertainty", lambda value, u: value + 0.5 * u),
        "less sure of the robot": _term("robot_uncertainty", lambda value, u: value + 0.5 * u),
        "younger commands": _scaled("command_age_max", 0.6), "fewer lost commands": _fewer_lost,
        "younger chunks": _scaled("chunk_age_max", 0.1), "younger pictures": _scaled("sight_age_max", 0.1),
        "less strange": _scaled("novelty_max", 0.1), "gripper": _scaled("grip_width_max", 0.3),
        "grip force": _scaled("grip_force_max", 0.3),
    }
)  # fmt: skip
# A limit of how fast speeds may change also limits how fast they may fall: a tighter one may ask for more speed.
MAY_SPEED = ("joint acceleration", "jerk")
# For an arm on the way back from outside these change what counts as outside, or how far it comes: no rule then.
INSIDE_ONLY = ("joint acceleration", "clearance of parts", "clearance of the cell", "thicker parts")
