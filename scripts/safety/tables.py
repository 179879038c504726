"""The limit tables that random motions run under: the real ones, an arm with parts and everything around it, and random ones."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from records import Floats

from moravec.core.errors import GuardConfigError
from moravec.guard.limits import LimitTable
from moravec.guard.parts import Box, Obstacle, Touch, Zone
from moravec.robots.ur5e.limits import ur5e_limits
from moravec.worlds.cell.layout import HOME_Q
from moravec.worlds.cell.limits import cell_limits

# What the guard's own tests make up is used here as well.
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "guard"))
from fuzz_kernel import random_table
from helpers_guard import HOME, TERMS, with_parts

# Ticks of braking from full speed; a table with more would take the time of a hundred others.
LONGEST = 300
KINDS = ("cell", "ur5e", "made up", "random")
WIDE = Box((-2.0, -2.0, -2.0), (2.0, 2.0, 2.0))
SHARES = (0.45, 0.1, 0.2, 0.25)


class Setting(NamedTuple):
    """A table, and a posture (n,) [rad] around which it makes sense to move."""

    kind: str
    limits: LimitTable
    home: Floats


def draw_setting(rng: np.random.Generator) -> Setting:
    """One of the kinds, by their shares."""
    kind = str(rng.choice(KINDS, p=SHARES))
    if kind == "cell":
        return Setting(kind, cell_limits(), np.array(HOME_Q, float))
    if kind == "ur5e":
        return Setting(kind, ur5e_limits(), np.array(HOME_Q, float))
    if kind == "made up":
        return Setting(kind, made_up(rng), np.array(HOME, float))
    limits = None
    while limits is None or ticks_of_braking(limits) > LONGEST:
        with contextlib.suppress(GuardConfigError):  # what contradicts itself is refused, and drawn again
            limits = random_table(rng)
    return Setting(kind, limits, np.zeros(limits.joints))


def ticks_of_braking(limits: LimitTable) -> float:
    """How many ticks the slowest joint brakes from full speed."""
    pairs = zip(limits.velocity, limits.acceleration, strict=True)
    return max(speed / (gain * limits.control_period) for speed, gain in pairs)


def made_up(rng: np.random.Generator) -> LimitTable:
    """The six-axis arm of the guard's tests, with its parts, and a random selection of all that may stand or walk around it."""
    watched = rng.random() < 0.7
    touch = Touch(("chest", "hand and finger"), 10.0, 1.0, 1.0, "transient") if watched and rng.random() < 0.4 else None
    kinds = ("keep_out", "person_only", "slow", "stop") if watched else ("keep_out", "person_only")
    return with_parts(
        separation=TERMS if watched else None,
        touch=touch,
        tool_force=100.0,  # less than anybody who may be touched bears
        jerk=(1e6 if rng.random() < 0.5 else 8e3,) * 6,
        tool_speed=float(rng.choice([0.3, 1.0, 3.0])),
        allowed=(WIDE,) if rng.random() < 0.5 else (_box(rng, 0.3, 0.3, 0.7), _box(rng, 0.3, 0.3, 0.7)),
        forbidden=tuple(_box(rng, 0.7, 0.05, 0.2) for _ in range(int(rng.integers(3)))),
        body_clearance=float(rng.choice([0.0, 0.005, 0.02])),
        cell_clearance=float(rng.choice([0.0, 0.01])),
        obstacles=tuple(Obstacle(f"box {i}", _box(rng, 0.8, 0.03, 0.2)) for i in range(int(rng.integers(4)))),
        zones=tuple(_zone(rng, i, kinds) for i in range(int(rng.choice([0, 0, 1, 2, 4])))),
        novelty_max=None if rng.random() < 0.7 else 0.5,
    )  # fmt: skip


def _box(rng: np.random.Generator, spread: float, small: float, large: float) -> Box:
    centre, half = rng.uniform(-spread, spread, 3), rng.uniform(small, large, 3)
    low, high = (centre - half).tolist(), (centre + half).tolist()
    return Box((low[0], low[1], low[2]), (high[0], high[1], high[2]))


def _zone(rng: np.random.Generator, index: int, kinds: tuple[str, ...]) -> Zone:
    kind = str(rng.choice(kinds))
    start = float(rng.uniform(0.0, 0.05))
    active = () if rng.random() < 0.5 else ((start, start + float(rng.uniform(0.01, 0.1))),)
    speed = float(rng.uniform(0.05, 0.5)) if kind == "slow" else None
    return Zone(f"zone {index}", kind, _box(rng, 0.9, 0.05, 0.3), speed, active)  # type: ignore[arg-type]
