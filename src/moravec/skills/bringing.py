"""What every putting down is made of, whoever finds the way down: what is held, where there is room, the carrying, letting go."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from moravec.core.observation import CameraFrame
from moravec.core.workplace import Place
from moravec.perception.cloud import cloud
from moravec.perception.height_map import height_map
from moravec.robots.ur5e.limits import GRIP_WIDTH
from moravec.skills.context import REACH_SLACK, Held, SkillContext
from moravec.skills.contract import Capture, Compute, Pause, Request
from moravec.skills.moves import Failed, above, fail, go, grip, line_to, tool_point
from moravec.skills.spots import Spot, heap_height, lowest_spots

Steps: TypeAlias = Generator[Request, Any, dict[str, Any]]

CARRY_SPEED, CARRY_PUSH = 0.9, 0.2  # shares of the limits: what is swung may turn in the fingers
EMPTY_WIDTH = 0.004  # [m] fingers closer than this have lost the item on the way; a little less than before: it turned
TOUCH_FORCE = 14.0  # [N] felt when the item touches down
HOVER = 0.05  # [m] above the spot before the slow way down
BELOW = 0.008  # [m] below where the item should touch down, the way down ends
TIP_CLEARANCE = 0.006  # [m] kept between the finger tips and what the item is put on
MAP_RESOLUTION = 0.005  # [m] of the overhead camera's height map
OVER_RIM = 0.025  # [m] between the finger tips and a bin's rim when letting go
ALIKE = 0.008  # [m] over a wall that makes no difference
RELEASE = 0.022  # [m] the fingers open by this much to let go; less disturbs neighbours less


def held_in(context: SkillContext) -> Held:
    """What is in the hand. Fails as lost where nothing is."""
    held = context.hand.held
    if held is None:
        fail("lost", "the hand is empty")
    return held


def look_for_spots(context: SkillContext, place: Place) -> Generator[Request, Any, list[Spot]]:
    """The lowest spots of `place`, as the overhead camera sees them, at least one. Fails as no_space."""
    frames: dict[str, CameraFrame] = yield Capture(("overhead",))
    frame = frames["overhead"]
    spots: list[Spot] = yield Compute(partial(_survey, context, frame, place), "spots")
    if not spots:
        fail("no_space", f"{place.name} has no free spot within reach")
    return spots


def check_shelf(context: SkillContext) -> Steps:
    """A glance from above: fails as shelf_changed where a bin carries another label than the last look at the shelf read."""
    known = context.hand.labels
    if known:
        frames: dict[str, CameraFrame] = yield Capture(("overhead",))
        seen: Mapping[str, str] = yield Compute(partial(context.eyes.labels_from_above, frames["overhead"]), "labels from above")
        other = [place for place, label in seen.items() if known.get(place, label) != label]
        if other:
            context.hand.labels = {}
            fail("shelf_changed", "; ".join(f"{place} carries {seen[place]}, not {known[place]}" for place in other))
    return {}


def check_not_full(place: Place, spots: list[Spot]) -> None:
    """Fails as no_space where a bin is heaped above its rim."""
    if spots[0].height > place.rim:
        fail("no_space", f"{place.name} is heaped to {spots[0].height - place.rim:.3f} m above its rim")


def _survey(context: SkillContext, frame: CameraFrame, place: Place) -> list[Spot]:
    """The lowest spots of `place`; what is heaped in the other bins becomes part of what the arm keeps clear of."""
    view = cloud(frame)
    bins = [p for kind in ("bin", "reject") for p in context.workplace.of_kind(kind) if p.name != place.name]
    context.arm.heaped({p.name: heap_height(height_map(view, p.centre, p.size, MAP_RESOLUTION), p) for p in bins})
    others = [p for p in context.workplace.places if p.name != place.name and p.kind != "obstacle"]
    return lowest_spots(height_map(view, place.centre, place.size, MAP_RESOLUTION), place, taken=others)


def carry(
    context: SkillContext, held: Held, place: Place, spots: list[Spot], height: float
) -> Generator[Request, Any, Spot]:
    """Brings the tool over the first of `spots` in `place` that can be reached at `height` [m], what is held turned so that it
    fits between the walls, and makes sure the item came along."""
    for number, spot in enumerate(spots):
        context.arm.hold(held.half, held.below / 2)
        try:
            yaw = _best_yaw(context, held, place, spot, height)
            yield from go(context, above(context, np.array([spot.x, spot.y, height]), yaw), "carry", CARRY_SPEED, CARRY_PUSH)
            break
        except Failed as failure:
            if failure.code != "unreachable" or number + 1 == len(spots):
                raise
        finally:
            context.arm.hold(None)
    context.arm.heaped({})  # as seen from afar they are bulky: the empty hand would find no way out between them
    check_held(context, held)
    return spot


def check_held(context: SkillContext, held: Held) -> None:
    """Fails as lost where the item did not come along."""
    state = context.state()
    if state.grip_width < EMPTY_WIDTH:
        context.hand.held = None
        fail("lost", f"the fingers closed from {held.width:.3f} to {state.grip_width:.3f} m on the way")


def _best_yaw(context: SkillContext, held: Held, place: Place, spot: Spot, height: float) -> float:
    """Of eight directions the one [rad] with which what is held reaches least over the walls of `place`; of such that are alike
    the one that turns the wrist least."""
    near = context.posture()
    best, best_cost = 0.0, (np.inf, np.inf)
    for yaw in np.arange(8) * np.pi / 8:
        q = context.arm.reach_down(np.array([spot.x, spot.y, height]), float(yaw), near)
        if q is not None:
            cost = (round(over_walls(held, place, spot, float(yaw)) / ALIKE), float(np.abs(q - near)[1:].max()))
            if cost < best_cost:
                best, best_cost = float(yaw), cost
    return best


def over_walls(held: Held, place: Place, spot: Spot, yaw: float) -> float:
    """How far [m] what is held reaches over the walls of `place`, its fingers closing along `yaw` [rad] over `spot`; 0 where
    there are none. What lies across a wall falls out when the next thing comes."""
    if place.rim <= place.floor:
        return 0.0
    along, across = held.half[0] - REACH_SLACK, held.half[1] - REACH_SLACK
    c, s = abs(np.cos(yaw)), abs(np.sin(yaw))
    reach = (c * along + s * across, s * along + c * across)
    sides = zip((spot.x, spot.y), place.centre, reach, place.size, strict=True)
    return max(0.0, *(float(abs(at - middle) + far - size / 2) for at, middle, far, size in sides))


def release_opening(held: Held) -> float:
    """Of the fingers [m], to let go; wider than the hand is a command the guard stops."""
    return min(held.width + RELEASE, GRIP_WIDTH[1])


def let_go(context: SkillContext, held: Held, height: float, back: float | None = None) -> Generator[Request, Any, None]:
    """Opens, waits for the item to come to rest, rises to `height` [m]; where the arm does not get so high there, to `back` [m],
    from where it came down."""
    yield from grip(release_opening(held), 20.0)
    context.hand.held = None
    yield Pause(0.1)
    position = tool_point(context)
    position[2] = max(position[2], height)
    if back is not None and context.arm.line(context.posture(), position) is None:
        position[2] = back
    yield from line_to(context, position, "release", 0.5)
