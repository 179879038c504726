"""What every pick is made of, whoever finds the way down: look, take hold, lift, make sure, put back."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias, TypeVar

import numpy as np

from moravec.core.observation import CameraFrame
from moravec.core.workplace import Place
from moravec.perception.detection import Detection
from moravec.perception.height_map import HeightMap, height_map
from moravec.skills.alone import BACK_ABOVE, came_alone, lay_back, make_sure_of_one
from moravec.skills.choice import crowd, ranked
from moravec.skills.context import REACH_SLACK, Held, SkillContext
from moravec.skills.contract import Compute, Pause, Request
from moravec.skills.grasp import DEPTH, Grasp, plan_grasps
from moravec.skills.moves import (
    BUMP,
    GRIP_FORCE,
    Failed,
    fail,
    grip,
    line_to,
    look_at,
    look_from,
    post_over,
    retreat,
    surroundings,
    tool_point,
)
from moravec.skills.nudge import nudge
from moravec.skills.symbols import Value
from moravec.skills.walls import has_room

Steps: TypeAlias = Generator[Request, Any, dict[str, Any]]
T = TypeVar("T")

APPROACH = 0.07  # [m] the straight way down starts this far above the grasp,
OVER = 0.02  # [m] and this far above the rim and the tallest thing: a finger reaches out to the side
LIFT_HEIGHT = 0.22  # [m] the tool is lifted to with the item, clear of whatever stands on the table
LIFT_SPEED, LIFT_PUSH = 0.6, 0.3  # shares of the limits: what is lifted with a jerk slips
EMPTY_WIDTH = 0.004  # [m] fingers closer than this hold nothing
SLIP_SHARE = 0.4  # fingers that close to less than this share of the width have lost it; a little means it turned
SHORT = 0.015  # [m] above the grasp, where a touch ends the way down: beyond that something else was touched
MATCH_RADIUS = 0.06  # [m] between where an item was and where it is found again
NUDGES = 4
NUDGES_IN_VAIN, MOVED = 2, 0.004  # so often a thing may stay where it is; [m] less is what a second look sees otherwise
SETTLE = 0.4  # [s] until a nudged thing lies still
WALL_SLACK = 0.006  # [m] how far a wall may stand outside its place in the drawing
FARTHEST = 0.16  # [m] no item reaches farther from the hand
SURELY_ONE = 3  # lifts, each with another grasp
ROOM_BESIDE = (0.005, 0.0025)  # [m] between fingers and flanks on the way down, the first that lets a grasp be found
CANDIDATES = 24
SHALLOW = (0.024, 0.014)  # [m] of the tips below the top, instead of DEPTH
ABOVE_TARGET = 0.02  # [m] a grasp on something this much higher than the wanted thing is on a wall, or on a neighbour
SEARCH_RADIUS = 0.05  # [m] of grasps around an item


@dataclass(frozen=True, slots=True)
class Scene:
    """What one look before a pick showed: the `target`, the `others` in `place`, and the grasps `tried` in vain."""

    frame: CameraFrame
    place: Place
    target: Detection
    others: Sequence[Detection]
    tried: list[Grasp]
    together: bool = False  # the last lift there brought up more than one thing

    @property
    def tallest(self) -> float:
        """Nothing in the place stands higher [m]."""
        return max(d.position[2] + d.extent[2] / 2 for d in (self.target, *self.others))


Find: TypeAlias = Callable[[Scene], Sequence[T]]
Take: TypeAlias = Callable[[SkillContext, Scene, Sequence[T]], Generator[Request, Any, tuple[Held, Grasp]]]


def pick(
    context: SkillContext, args: Mapping[str, Value], find: Find[T], take: Take[T], last: Find[T] = lambda scene: ()
) -> Steps:
    """The steps of a pick: `find` gives ways to take hold, the likeliest first, none where nothing can be reached; `last` where
    dragging it away did not help either; `take` tries them until one holds. `data`: "detections" of the place as seen before,
    "frames", the "width" held [m], the "target", and of what was taken from a parcel whether it came "alone".

    Looks first: the item may have moved when its neighbour was taken. Raises Failed.
    """
    item = str(args["item"])
    believed = context.whereabouts(item)
    if believed is None:
        fail("not_seen", f"nobody knows where {item} is")
    place = context.workplace.place(believed.place)
    if place.kind == "table":
        place = surroundings(place, believed.position[:2])
    wanted, in_vain = believed, 0
    for nudges in range(NUDGES + 1):
        frame, detections = yield from see(context, place)
        data: dict[str, Any] = {"detections": detections, "frames": [frame]}
        found_again = match(wanted, detections)
        if found_again is None:
            raise Failed("not_seen", f"{item} is not where it was seen last", data)
        target = found_again
        others = [d for d in detections if d is not target]
        tried = context.hand.tried.setdefault(item, [])
        scene = Scene(frame, place, target, others, tried, context.hand.together)
        found = yield Compute(partial(find, scene), "grasps")
        in_vain += nudges > 0 and _apart(target, wanted) < MOVED
        if found or nudges == NUDGES or in_vain == NUDGES_IN_VAIN or place.rim <= place.floor:
            break
        yield from nudge(context, place, target)
        yield Pause(SETTLE)
        wanted = target
    if not found:
        found = yield Compute(partial(last, scene), "last grasps")
    if not found:
        raise Failed("no_grasp", f"no free grasp on {item}", data)
    held, grasp = yield from take(context, scene, found)
    if place.kind == "station":
        tried.append(grasp)
        others = others or list(context.hand.beside)  # two that overlap are told apart in one look and not in the next
        # What comes up alone again and again, and all of one colour, is one thing that was seen as two.
        if not others or len(tried) < SURELY_ONE or any(other.colour != target.colour for other in others):
            yield from make_sure_of_one(context, place, held, others, data)
    elif place.kind == "parcel":
        data["alone"] = yield from came_alone(context, place, held, target, frame)
    tried.clear()
    context.hand.together = False
    context.hand.held, context.hand.beside = replace(held, seen=f"{target.colour} {target.category}"), ()
    return {**data, "width": held.width, "target": target}


def see(context: SkillContext, place: Place) -> Generator[Request, Any, tuple[CameraFrame, list[Detection]]]:
    """A picture of `place` from its post, or from straight above where it has none, and what lies there."""
    if place.kind in ("table", "bin"):
        pictures = yield from look_at(context, post_over(place.centre, place), place.name, "pick")
    else:
        pictures = yield from look_from(context, place.kind, "pick")
    frame = pictures["wrist"]
    detections = yield Compute(lambda: context.eyes.items(frame, place), "items")
    return frame, detections


def _apart(one: Detection, other: Detection) -> float:
    """How far [m] the middles of two things are apart, seen from above."""
    return float(np.hypot(one.position[0] - other.position[0], one.position[1] - other.position[1]))


def match(believed: Detection, detections: list[Detection]) -> Detection | None:
    """What is now where the item was; the colour decides between near ones."""
    def cost(d: Detection) -> float:
        return _apart(d, believed) + 0.05 * (d.colour != believed.colour)

    near = [d for d in detections if cost(d) < MATCH_RADIUS + 0.05]
    return min(near, key=cost, default=None)


def sound_grasps(scene: Scene) -> list[tuple[float, Grasp]]:
    """Grasps on the target with their marks, the likeliest first; beyond the place's own walls everything counts as blocked, and
    so is a hand that would come too near them.

    Where no fingers fit with room to spare, they are let down with less; and less deep where deep ones would take hold of more
    than one thing, as of one that lies on another, or where the palm would come too near a wall.
    """
    heights = heights_of(scene)
    for depths in ((DEPTH,), (DEPTH, *SHALLOW)):
        for beside in ROOM_BESIDE:
            marked = marked_grasps(scene, heights, beside, depths)
            if not marked:
                continue
            if len(depths) == 1 and (scene.together or crowd(marked[0][1], scene.others) > 0.0):
                break  # a shallower one may be better
            return marked
    return []


def marked_grasps(
    scene: Scene, heights: HeightMap, beside: float, depths: Sequence[float], lean: float = 0.0
) -> list[tuple[float, Grasp]]:
    """Grasps on the target at any of `depths` [m] for which a hand that leans by `lean` [rad] has room, with their marks.

    The best is the first.
    """
    place, target = scene.place, scene.target
    radius = min(SEARCH_RADIUS, 0.012 + 0.5 * target.extent[0])
    highest = target.position[2] + target.extent[2] / 2 + ABOVE_TARGET
    found: list[Grasp] = []
    room = partial(has_room, place, lean=lean)
    for depth in depths:
        found += plan_grasps(heights, place.floor, target.position[:2], radius, CANDIDATES, beside, depth, room)
    return ranked([g for g in found if g.top < highest], scene.others, scene.tried, scene.together)


def heights_of(scene: Scene) -> HeightMap:
    """What is looked at for grasps: the walls may stand a little outside of the place."""
    place = scene.place
    return height_map(scene.frame, place.centre, (place.size[0] + 2 * WALL_SLACK, place.size[1] + 2 * WALL_SLACK))


def start_height(scene: Scene, z: float) -> float:
    """From where [m] the hand goes straight down to a grasp at height `z` [m]."""
    return max(z + APPROACH, scene.place.rim + OVER, scene.tallest + OVER)


def touched_early(context: SkillContext, z: float, start_z: float) -> Generator[Request, Any, None]:
    """After a touch on the way down to `z` [m]: fails as missed, back at `start_z` [m], where something higher than the grasp was
    touched."""
    reached = tool_height(context)
    if reached > z + SHORT:
        yield from retreat(context, start_z)
        fail("missed", f"touched something {reached - z:.3f} m above the grasp")


def close_and_lift(context: SkillContext, scene: Scene, grasp: Grasp, start_z: float) -> Generator[Request, Any, Held]:
    """With the fingers around the target: close, check, up, check. Fails as missed or slipped, the hand open and above."""
    x, y, _ = grasp.position
    reached = tool_height(context)
    closed = yield from grip(0.0, GRIP_FORCE)
    if closed.width < EMPTY_WIDTH:
        yield from grip(grasp.opening, GRIP_FORCE)
        yield from retreat(context, start_z)
        fail("missed", "the fingers closed on nothing")
    clear = scene.place.rim + max(0.0, reached - scene.place.floor) + OVER  # of the place's walls, with what hangs from the hand
    high = np.array([*tool_point(context)[:2], max(LIFT_HEIGHT, start_z, clear)])
    lifted = yield from line_to(context, high, "pick", LIFT_SPEED, BUMP, push=LIFT_PUSH)
    if lifted.end == "contact":
        yield from grip(grasp.opening, GRIP_FORCE)
        yield from retreat(context, start_z)
        fail("slipped", f"what was held does not come free: {lifted.reason}")
    state = yield Pause(0.05)
    if state.grip_width < max(EMPTY_WIDTH, SLIP_SHARE * closed.width):
        yield from lay_back(context, np.array([x, y, reached + BACK_ABOVE]), grasp.opening)
        fail("slipped", f"the fingers closed from {closed.width:.3f} to {state.grip_width:.3f} m while lifting")
    below = max(0.004, reached - scene.place.floor)
    return Held(below, (*held_reach(scene.target, grasp, closed.width), below / 2 + 0.01), state.grip_width)


def tool_height(context: SkillContext) -> float:
    """Of the tool point [m]."""
    return float(tool_point(context)[2])


def held_reach(target: Detection, grasp: Grasp, width: float) -> tuple[float, float]:
    """How far what is held reaches from the tool point, along the closing direction and across it [m]."""
    long, short = target.extent[0] / 2, target.extent[1] / 2
    dx, dy = target.position[0] - grasp.position[0], target.position[1] - grasp.position[1]
    turn = target.yaw - grasp.yaw
    c, s = np.cos(grasp.yaw), np.sin(grasp.yaw)
    along = abs(c * dx + s * dy) + abs(np.cos(turn)) * long + abs(np.sin(turn)) * short
    across = abs(c * dy - s * dx) + abs(np.sin(turn)) * long + abs(np.cos(turn)) * short
    along = max(along, width / 2)
    return min(float(along) + REACH_SLACK, FARTHEST), min(float(across) + REACH_SLACK, FARTHEST)
