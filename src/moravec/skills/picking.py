"""pick: look, find a free grasp, take hold, and make sure of it."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from functools import partial
from typing import Any, final

import numpy as np

from moravec.core.frames import Matrix
from moravec.core.observation import CameraFrame
from moravec.core.workplace import Place
from moravec.perception.detection import Detection
from moravec.perception.height_map import height_map
from moravec.skills.context import Held, SkillContext
from moravec.skills.contract import Compute, Note, Pause, Request
from moravec.skills.grasp import Grasp, plan_grasps
from moravec.skills.guarded import HardCoded
from moravec.skills.manifests import PICK
from moravec.skills.moves import Failed, above, fail, go, grip, line_to, look_from
from moravec.skills.nudge import nudge
from moravec.skills.symbols import Value

Steps = Generator[Request, Any, dict[str, Any]]

GRIP_FORCE = 40.0  # [N]
CONTACT_FORCE = 18.0  # [N] felt on the way down: something is in the way
APPROACH = 0.07  # [m] the straight way down starts this far above the grasp, or above the rim
LIFT_HEIGHT = 0.22  # [m] the tool is lifted to with the item, clear of whatever stands on the table
EMPTY_WIDTH = 0.004  # [m] fingers closer than this hold nothing
SLIP_SHARE = 0.4  # fingers that close to less than this share of the width have lost it; a little means it turned
MATCH_RADIUS = 0.06  # [m] between where an item was and where it is found again
NUDGES = 3
SETTLE = 0.4  # [s] until a nudged thing lies still
GRASP_TRIES = 2
WALL_SLACK = 0.006  # [m] how far a wall may stand outside its place in the drawing
SEARCH_RADIUS = 0.05  # [m] of grasps around an item


@final
class Pick(HardCoded):
    """Grasps one item where it lies. Looks first: the item may have moved when its neighbour was taken."""

    manifest = PICK

    def steps(self, context: SkillContext, args: Mapping[str, Value]) -> Steps:
        """`data`: "detections" of the place as seen before the grasp, the "grasp", the "width" held [m]."""
        item = str(args["item"])
        believed = context.whereabouts(item)
        if believed is None:
            fail("not_seen", f"nobody knows where {item} is")
        place = context.workplace.place(believed.place)
        wanted = believed
        for nudges in range(NUDGES + 1):
            frame, detections = yield from _see(context, place)
            data: dict[str, Any] = {"detections": detections, "frames": [frame]}
            target = _match(wanted, detections)
            if target is None:
                raise Failed("not_seen", f"{item} is not where it was seen last", data)
            grasps = yield Compute(partial(_plan, frame, place, target), "grasps")
            if grasps or nudges == NUDGES or place.rim <= place.floor:
                break
            yield from nudge(context, place, target)
            yield Pause(SETTLE)
            wanted = target
        if not grasps:
            raise Failed("no_grasp", f"no free grasp on {item}", data)
        held = yield from _try_each(context, place, grasps)
        context.hand.held = held
        return {**data, "width": held.width, "target": target}


def _see(
    context: SkillContext, place: Place
) -> Generator[Request, Any, tuple[CameraFrame, list[Detection]]]:
    pictures = yield from look_from(context, place.kind, "pick")
    frame = pictures["wrist"]
    detections = yield Compute(lambda: context.eyes.items(frame, place), "items")
    return frame, detections


def _match(believed: Detection, detections: list[Detection]) -> Detection | None:
    """What is now where the item was; the colour decides between near ones."""
    def cost(d: Detection) -> float:
        apart = float(np.hypot(d.position[0] - believed.position[0], d.position[1] - believed.position[1]))
        return apart + 0.05 * (d.colour != believed.colour)

    near = [d for d in detections if cost(d) < MATCH_RADIUS + 0.05]
    return min(near, key=cost, default=None)


def _plan(frame: CameraFrame, place: Place, target: Detection) -> list[Grasp]:
    """Grasps on `target`; beyond the place's own walls everything counts as blocked."""
    size = (place.size[0] + 2 * WALL_SLACK, place.size[1] + 2 * WALL_SLACK)
    heights = height_map(frame, place.centre, size)
    return plan_grasps(heights, place.floor, target.position[:2], min(SEARCH_RADIUS, 0.012 + 0.5 * target.extent[0]))


def _try_each(context: SkillContext, place: Place, grasps: list[Grasp]) -> Generator[Request, Any, Held]:
    """Tries grasps until one holds. Fails with the last one's reason."""
    last = Failed("no_grasp", "no grasp could be reached")
    for number, grasp in enumerate(grasps[:GRASP_TRIES]):
        try:
            return (yield from _grasp(context, place, grasp))
        except Failed as failure:
            last = failure
            if failure.code == "stopped":
                raise
            note = {"try": number + 1, "code": failure.code, "message": str(failure), "grasp": list(grasp.position)}
            yield Note("grasp", note)
            if failure.code == "slipped":
                raise  # what slipped lies elsewhere now: look again first
    raise last


def _grasp(context: SkillContext, place: Place, grasp: Grasp) -> Generator[Request, Any, Held]:
    """One grasp: over it, down, close, check, up, check."""
    x, y, z = grasp.position
    start_z = max(z + APPROACH, place.rim + 0.02)
    q = above(context, np.array([x, y, start_z]), grasp.yaw)
    yield from grip(grasp.opening, GRIP_FORCE)
    yield from go(context, q, "pick")
    down = yield from line_to(context, np.array([x, y, z]), "pick", 0.5, CONTACT_FORCE)
    reached = float(context.arm.tool_pose(context.posture())[2, 3])
    if down.end == "contact" and reached > z + 0.015:
        yield from _retreat(context, start_z)
        fail("missed", f"touched something {reached - z:.3f} m above the grasp")
    closed = yield from grip(0.0, GRIP_FORCE)
    if closed.width < EMPTY_WIDTH:
        yield from grip(grasp.opening, GRIP_FORCE)
        yield from _retreat(context, start_z)
        fail("missed", "the fingers closed on nothing")
    yield from line_to(context, _over(context, max(LIFT_HEIGHT, start_z)), "pick", 0.45)
    state = yield Pause(0.05)
    if state.grip_width < max(EMPTY_WIDTH, SLIP_SHARE * closed.width):
        context.hand.held = None
        fail("slipped", f"the fingers closed from {closed.width:.3f} to {state.grip_width:.3f} m while lifting")
    below = max(0.004, reached - place.floor)
    half = (closed.width / 2 + 0.01, 0.07, below / 2 + 0.01)
    return Held(below, half, state.grip_width)


def _over(context: SkillContext, height: float) -> Matrix:
    """The point [m] above the tool at `height`."""
    position = context.arm.tool_pose(context.posture())[:3, 3].copy()
    position[2] = height
    return np.asarray(position)


def _retreat(context: SkillContext, height: float) -> Generator[Request, Any, None]:
    yield from line_to(context, _over(context, height), "pick", 0.6)
