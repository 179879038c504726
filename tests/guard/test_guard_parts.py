"""The guard and where its parts are: from each other, from the cell, and from a beginning that is too close."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from helpers_guard import APART, BODIES, HOME, PERIOD, Rig, drive, gap, placed, table, told, tool_at
from helpers_guard import with_parts as parts

from moravec.guard.limits import LimitTable
from moravec.guard.parts import Box, Obstacle
from moravec.guard.stop import StopState

STEP = np.array([2e-5, 0, 0, 0, 0, 0])  # [rad], a lawful motion


# ── parts and the cell ───────────────────────────────────────────────────────────────────────────────────────────────
def _keeps(limits: LimitTable, joint: int, speed: float, check: str, one: str, other: Any, least: float) -> Rig:
    """Driven at something the guard stops in time, not much too early, and says what it was."""
    rig = Rig(limits)
    answers = drive(rig, joint, speed, 3000)
    assert told(answers[-1]) == ("stop", check), told(answers[-1])
    named = other if isinstance(other, str) else "wall"
    assert f" of {one} from " in answers[-1].verdict.reason and f"{named}: found" in answers[-1].verdict.reason
    nearest = gap(limits, rig.q, one, other)
    while rig.guard.state is StopState.BRAKING:
        rig.give(None)
        nearest = min(nearest, gap(limits, rig.q, one, other))
    assert least - 1e-9 <= nearest < least + 0.03, nearest
    return rig


@pytest.mark.parametrize("speed", [0.4, 1.0])
def test_parts_that_must_not_touch_do_not(speed: float) -> None:
    _keeps(parts(body_clearance=0.15), 3, speed, "self_collision", "upper", "hand", 0.15)
    _keeps(parts(body_clearance=0.1), 2, speed, "self_collision", "column", "hand", 0.1)
    free = parts(apart=APART[:1], body_clearance=0.15)
    assert told(drive(Rig(free), 3, speed, int(2.0 / speed / PERIOD))[-1])[0] == "pass"


@pytest.mark.parametrize("speed", [0.1, 0.6])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_parts_do_not_touch_the_cell(speed: float, sign: float) -> None:
    ahead = tool_at(HOME + sign * np.array([0.5, 0, 0, 0, 0, 0]), table())
    low, high = (ahead - 0.06).tolist(), (ahead + 0.06).tolist()
    wall = Box((low[0], low[1], low[2]), (high[0], high[1], high[2]))
    for clearance in (0.0, 0.02):
        limits = parts(obstacles=(Obstacle("far", Box((5.0, 5.0, 5.0), (6.0, 6.0, 6.0))), Obstacle("wall", wall)))
        limits = parts(obstacles=limits.obstacles, cell_clearance=clearance)
        _keeps(limits, 0, sign * speed, "cell_collision", "hand", wall, clearance)
    foot = Obstacle("floor", Box((-0.1, -0.1, -1.0), (0.1, 0.1, 0.01)))
    assert told(drive(Rig(parts(obstacles=(foot,))), 0, speed, 50)[-1])[0] == "pass", "the base stands where it stands"


def _beginning(limits: LimitTable, check: str, step: np.ndarray) -> None:
    """From a beginning that is too close, one way passes and the other does not; standing still passes."""
    rig = Rig(limits)
    assert told(rig.hold())[0] == "pass"
    assert rig.guard._memory.number("clearance") < 0.0
    decisions = {sign: told(Rig(limits).send(HOME + sign * step, sign * step / PERIOD)) for sign in (1.0, -1.0)}
    assert sorted(decision for decision, _ in decisions.values()) == ["pass", "stop"]
    assert ("stop", check) in decisions.values()


def test_parts_that_begin_too_close_may_only_part() -> None:
    hand = np.array(placed(HOME, parts()).points[18:24]).reshape(2, 3)
    middle = hand.mean(axis=0) + np.array([-0.068, 0.0, 0.0])
    low, high = (middle - 0.05).tolist(), (middle + 0.05).tolist()
    wall = Obstacle("wall", Box((low[0], low[1], low[2]), (high[0], high[1], high[2])))
    _beginning(parts(obstacles=(wall,)), "cell_collision", STEP)
    _beginning(table(bodies=BODIES, apart=APART[2:], body_clearance=0.46), "self_collision", np.roll(STEP, 3))
