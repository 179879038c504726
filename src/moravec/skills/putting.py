"""place, stow, discard: bringing the held item somewhere and letting go."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, final

import numpy as np

from moravec.core.frames import Matrix
from moravec.core.workplace import Place
from moravec.robots.ur5e.limits import GRIP_WIDTH
from moravec.skills.context import Held, SkillContext
from moravec.skills.contract import Pause, Request
from moravec.skills.guarded import HardCoded
from moravec.skills.manifests import DISCARD, PLACE, STOW
from moravec.skills.moves import above, fail, go, grip, line_to
from moravec.skills.symbols import Value

Steps = Generator[Request, Any, dict[str, Any]]

CARRY_SPEED = 0.8
LOST_SHARE = 0.4  # fingers that closed to less than this share of the width have lost the item on the way
TOUCH_FORCE = 14.0  # [N] felt when the item touches down
HOVER = 0.05  # [m] above the spot before the slow way down
OVER_RIM = 0.025  # [m] between the finger tips and a bin's rim when letting go
RELEASE = 0.022  # [m] the fingers open by this much to let go; less disturbs neighbours less
SPOT_STEP = 0.048  # [m] between the spots in a bin


@final
class PutDown(HardCoded):
    """Puts the held item down gently on a plate or a table."""

    manifest = PLACE

    def steps(self, context: SkillContext, args: Mapping[str, Value]) -> Steps:
        """`data` is the "spot" (x, y) [m]."""
        place = context.workplace.place(str(args["place"]))
        held = _held(context)
        spot = np.array(place.centre)
        z = place.floor + held.below
        yield from _carry(context, held, spot, z + HOVER)
        yield from line_to(context, np.array([*spot, z - 0.008]), "place", 0.25, TOUCH_FORCE)
        yield from _let_go(context, held, z + 0.10)
        return {"spot": [float(spot[0]), float(spot[1])]}


class _IntoBin(HardCoded):
    """Over a bin's rim, and let go."""

    def steps(self, context: SkillContext, args: Mapping[str, Value]) -> Steps:
        """`data` is the "spot" (x, y) [m]."""
        place = context.workplace.place(str(args["place"]))
        held = _held(context)
        spot = _free_spot(context, place)
        z = place.rim + OVER_RIM
        yield from _carry(context, held, spot, place.rim + held.below + OVER_RIM)
        yield from line_to(context, np.array([*spot, z]), "stow", 0.5, TOUCH_FORCE)
        context.hand.spots.setdefault(place.name, []).append((float(spot[0]), float(spot[1])))
        yield from _let_go(context, held, z + 0.06)
        return {"spot": [float(spot[0]), float(spot[1])]}


@final
class Stow(_IntoBin):
    """Puts the held item away in a bin of the shelf."""

    manifest = STOW


@final
class Discard(_IntoBin):
    """Drops the held item in the reject bin."""

    manifest = DISCARD


def _held(context: SkillContext) -> Held:
    held = context.hand.held
    if held is None:
        fail("lost", "the hand is empty")
    return held


def _free_spot(context: SkillContext, place: Place) -> Matrix:
    """The spot of the bin's pattern that was used least."""
    x, y = place.centre
    dx = min(SPOT_STEP, place.size[0] / 2 - 0.06)
    dy = min(SPOT_STEP, place.size[1] / 2 - 0.06)
    pattern = [(x - dx, y - dy), (x + dx, y + dy), (x - dx, y + dy), (x + dx, y - dy)]
    used = context.hand.spots.get(place.name, [])
    counts = [sum(np.hypot(u[0] - p[0], u[1] - p[1]) < 0.01 for u in used) for p in pattern]
    return np.array(pattern[int(np.argmin(counts))])


def _carry(context: SkillContext, held: Held, spot: Matrix, height: float) -> Generator[Request, Any, None]:
    """Brings the tool over `spot` (2,) at `height` [m], and makes sure the item came along."""
    context.arm.hold(held.half, held.below / 2)
    try:
        yaw = _easiest_yaw(context, spot, height)
        yield from go(context, above(context, np.array([*spot, height]), yaw), "carry", CARRY_SPEED)
    finally:
        context.arm.hold(None)
    state = context.state()
    if state.grip_width < max(0.004, LOST_SHARE * held.width):
        context.hand.held = None
        fail("lost", f"the fingers closed from {held.width:.3f} to {state.grip_width:.3f} m on the way")


def _easiest_yaw(context: SkillContext, spot: Matrix, height: float) -> float:
    """Of eight directions the one that turns the wrist least [rad]."""
    near = context.posture()
    best, best_turn = 0.0, np.inf
    for yaw in np.arange(8) * np.pi / 8:
        q = context.arm.reach_down(np.array([*spot, height]), float(yaw), near)
        if q is not None:
            turn = float(np.abs(q - near)[1:].max())
            if turn < best_turn:
                best, best_turn = float(yaw), turn
    return best


def _let_go(context: SkillContext, held: Held, height: float) -> Generator[Request, Any, None]:
    """Opens, waits for the item to come to rest, rises to `height` [m]."""
    yield from grip(min(held.width + RELEASE, GRIP_WIDTH[1]), 20.0)  # wider than the hand is a command the guard stops
    context.hand.held = None
    yield Pause(0.1)
    position = context.arm.tool_pose(context.posture())[:3, 3].copy()
    position[2] = max(position[2], height)
    yield from line_to(context, position, "release", 0.5)
