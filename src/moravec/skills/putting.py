"""place, stow, discard: bringing the held item somewhere and letting go."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from functools import partial
from typing import Any, final

import numpy as np

from moravec.core.observation import CameraFrame
from moravec.core.workplace import Place
from moravec.perception.cloud import cloud
from moravec.perception.height_map import height_map
from moravec.robots.ur5e.limits import GRIP_WIDTH
from moravec.skills.context import Held, SkillContext
from moravec.skills.contract import Capture, Compute, Pause, Request
from moravec.skills.guarded import HardCoded
from moravec.skills.manifests import DISCARD, PLACE, STOW
from moravec.skills.moves import Failed, above, fail, go, grip, line_to
from moravec.skills.spots import Spot, heap_height, lowest_spots
from moravec.skills.symbols import Value

Steps = Generator[Request, Any, dict[str, Any]]

CARRY_SPEED = 0.8
EMPTY_WIDTH = 0.004  # [m] fingers closer than this have lost the item on the way; a little less than before: it turned
TOUCH_FORCE = 14.0  # [N] felt when the item touches down
HOVER = 0.05  # [m] above the spot before the slow way down
BELOW = 0.008  # [m] below where the item should touch down, the way down ends
TIP_CLEARANCE = 0.006  # [m] kept between the finger tips and what the item is put on
MAP_RESOLUTION = 0.005  # [m] of the overhead camera's height map
OVER_RIM = 0.025  # [m] between the finger tips and a bin's rim when letting go
RELEASE = 0.022  # [m] the fingers open by this much to let go; less disturbs neighbours less


@final
class PutDown(HardCoded):
    """Puts the held item down gently: in the middle of a plate, or on a free spot elsewhere."""

    manifest = PLACE

    def steps(self, context: SkillContext, args: Mapping[str, Value]) -> Steps:
        """`data` is the "spot" (x, y) [m]."""
        place = context.workplace.place(str(args["place"]))
        held = _held(context)
        spots = [Spot(*place.centre, place.floor)]
        if place.kind != "station":
            spots = yield from _look_for_spots(context, place)
        above_rim = place.rim + held.below + HOVER
        spot = yield from _carry(context, held, spots, max(spots[0].height + held.below + HOVER, above_rim))
        z = spot.height + held.below
        lowest = max(z - BELOW, place.floor + TIP_CLEARANCE)
        yield from line_to(context, np.array([spot.x, spot.y, lowest]), "place", 0.25, TOUCH_FORCE)
        yield from _let_go(context, held, max(z + 0.10, place.rim + 0.08))
        return {"spot": [spot.x, spot.y]}


class _IntoBin(HardCoded):
    """Over a bin's rim, down into it, and let go."""

    def steps(self, context: SkillContext, args: Mapping[str, Value]) -> Steps:
        """`data` is the "spot" (x, y) [m]."""
        place = context.workplace.place(str(args["place"]))
        held = _held(context)
        spots = yield from _look_for_spots(context, place)
        if spots[0].height > place.rim:
            fail("no_space", f"{place.name} is heaped to {spots[0].height - place.rim:.3f} m above its rim")
        z = place.rim + OVER_RIM
        spot = yield from _carry(context, held, spots, place.rim + held.below + OVER_RIM)
        yield from line_to(context, np.array([spot.x, spot.y, z]), "stow", 0.5, TOUCH_FORCE)
        yield from _let_go(context, held, z + 0.06)
        return {"spot": [spot.x, spot.y]}


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


def _look_for_spots(context: SkillContext, place: Place) -> Generator[Request, Any, list[Spot]]:
    """The lowest spots of `place`, as the overhead camera sees them."""
    frames: dict[str, CameraFrame] = yield Capture(("overhead",))
    frame = frames["overhead"]
    spots: list[Spot] = yield Compute(partial(_survey, context, frame, place), "spots")
    return spots


def _survey(context: SkillContext, frame: CameraFrame, place: Place) -> list[Spot]:
    """The lowest spots of `place`; what is heaped in the other bins becomes part of what the arm keeps clear of."""
    view = cloud(frame)
    bins = [p for kind in ("bin", "reject") for p in context.workplace.of_kind(kind) if p.name != place.name]
    context.arm.heaped({p.name: heap_height(height_map(view, p.centre, p.size, MAP_RESOLUTION), p) for p in bins})
    return lowest_spots(height_map(view, place.centre, place.size, MAP_RESOLUTION), place)


def _carry(context: SkillContext, held: Held, spots: list[Spot], height: float) -> Generator[Request, Any, Spot]:
    """Brings the tool over the first of `spots` that can be reached at `height` [m], and makes sure the item came along."""
    for number, spot in enumerate(spots):
        context.arm.hold(held.half, held.below / 2)
        try:
            yaw = _easiest_yaw(context, spot, height)
            yield from go(context, above(context, np.array([spot.x, spot.y, height]), yaw), "carry", CARRY_SPEED)
            break
        except Failed as failure:
            if failure.code != "unreachable" or number + 1 == len(spots):
                raise
        finally:
            context.arm.hold(None)
    context.arm.heaped({})  # as seen from afar they are bulky: the empty hand would find no way out between them
    state = context.state()
    if state.grip_width < EMPTY_WIDTH:
        context.hand.held = None
        fail("lost", f"the fingers closed from {held.width:.3f} to {state.grip_width:.3f} m on the way")
    return spot


def _easiest_yaw(context: SkillContext, spot: Spot, height: float) -> float:
    """Of eight directions the one that turns the wrist least [rad]."""
    near = context.posture()
    best, best_turn = 0.0, np.inf
    for yaw in np.arange(8) * np.pi / 8:
        q = context.arm.reach_down(np.array([spot.x, spot.y, height]), float(yaw), near)
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
