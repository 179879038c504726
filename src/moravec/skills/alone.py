"""Whether one thing came up, and only one: what is left where it lay says so. What is not alone is put down again."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from functools import partial
from typing import Any

import numpy as np

from moravec.core.frames import Matrix
from moravec.core.observation import CameraFrame
from moravec.core.workplace import Place
from moravec.perception.detection import Detection
from moravec.perception.height_map import height_map
from moravec.perception.outlines import apart, inside_of
from moravec.robots.ur5e.limits import GRIP_WIDTH
from moravec.skills.context import Held, SkillContext
from moravec.skills.contract import Capture, Compute, Note, Request
from moravec.skills.moves import CONTACT_FORCE, GRIP_FORCE, Failed, grip, line_to, retreat, tool_point

LEFT_AREA = 4e-4  # [m2] of something left behind; the smallest item shows more than twice that
LEFT_CELL = 0.004  # [m]
LEFT_HEIGHT = 0.012  # [m] above the floor
TALLEST_LEFT = 0.10  # [m]
BELOW_HELD = 0.015  # [m] kept between what is held and what counts as left behind
KERB = 0.012  # [m] of the place's edge are not looked at
BACK_ABOVE = 0.003  # [m] between what is put back and what it lay on
BACK_SPEED = 0.2  # [m/s]
BACK_OPENING = 0.02  # [m]
ASIDE = (0.06, 0.075, 0.09, 0.105)  # [m] how far from where it lay a thing is put, away from what is left there
ASIDE_WAYS = 16
NEXT_TO = 0.02  # [m] between outlines: fingers that open beside a thing may take hold of what is no farther away
STANDS = 0.5  # share of a thing's outline that is still that share as high: it was not taken along, and hardly moved
INSIDE = 0.02  # [m] of a place's edge, that a thing's middle keeps: it may stick out a little, but not fall off


def make_sure_of_one(
    context: SkillContext, place: Place, held: Held, others: Sequence[Detection], data: dict[str, Any]
) -> Generator[Request, Any, None]:
    """Fails, with nothing held, where something is left in `place` though one thing was seen, or nothing though `others` were.

    What came up together is put back. What left another behind that nobody saw is put beside it, so that the next look shows
    both: put back on it, the two would be seen as one again and again.
    """
    tool = tool_point(context)
    ceiling = min(place.floor + TALLEST_LEFT, float(tool[2]) - held.below - BELOW_HELD)
    frame = yield from _look_where_it_lay(context)
    left: Matrix = yield Compute(partial(_left_over, frame, place, ceiling), "left over")
    area = len(left) * LEFT_CELL**2
    if (area > LEFT_AREA) == bool(others):
        return
    yield Note("left over", {"place": place.name, "area": area, "others": len(others)}, frame)
    yield from line_to(context, tool, "pick", 0.5)
    context.hand.together = bool(others)
    spot = tool[:2]
    if not others:
        closing = np.asarray(context.arm.tool_pose(context.posture())[:2, 0])
        spot = beside(place, held, tool[:2], closing, left)
        yield from line_to(context, np.array([*spot, tool[2]]), "pick", 0.5)
    down = np.array([*spot, place.floor + held.below + BACK_ABOVE])
    yield from lay_back(context, down, min(held.width + BACK_OPENING, GRIP_WIDTH[1]))
    raise Failed("not_alone", f"{area * 1e4:.1f} cm2 were left on {place.name}, where {len(others)} more were seen", data)


def came_alone(
    context: SkillContext, place: Place, held: Held, target: Detection, others: Sequence[Detection]
) -> Generator[Request, Any, bool]:
    """Whether what lay next to `target` in `place` still stands there. Where nothing did, no look is needed."""
    near = [other for other in others if apart(target, other) < NEXT_TO]
    if not near:
        return True
    ceiling = float(tool_point(context)[2]) - held.below - BELOW_HELD
    frame = yield from _look_where_it_lay(context)
    stands: bool = yield Compute(partial(_all_stand, frame, place, near, ceiling), "left over")
    return stands


def _look_where_it_lay(context: SkillContext) -> Generator[Request, Any, CameraFrame]:
    """The hand and what it holds hide what lies under them: the picture is taken with the camera where the hand was."""
    tool, lens = tool_point(context), np.asarray(context.arm.lens(context.posture()))
    yield from line_to(context, tool + [*(tool[:2] - lens[:2]), 0.0], "pick", 0.7)
    frame: CameraFrame = (yield Capture(("wrist",)))["wrist"]
    return frame


def _all_stand(frame: CameraFrame, place: Place, things: Sequence[Detection], ceiling: float) -> bool:
    """Whether each of `things` is still as high as it was, where it was, in most of its outline."""
    heights = height_map(frame, place.centre, place.size, LEFT_CELL)
    rows, columns = np.nonzero(heights.heights < ceiling)
    seen, points = heights.heights[rows, columns], np.stack(heights.world(rows, columns), axis=-1).reshape(-1, 2)
    for thing in things:
        inside = inside_of(thing, points)
        top = thing.position[2] + thing.extent[2] / 2
        low = place.floor + STANDS * (top - place.floor)
        if not inside.any() or np.count_nonzero(seen[inside] > low) < STANDS * np.count_nonzero(inside):
            return False
    return True


def lay_back(context: SkillContext, position: Matrix, opening: float) -> Generator[Request, Any, None]:
    """Down to `position` (3,) [m], fingers open to `opening` [m], and up again: whatever still hung there is let go."""
    lifted = float(tool_point(context)[2])
    yield from line_to(context, position, "pick", 0.5, CONTACT_FORCE, BACK_SPEED)
    yield from grip(opening, GRIP_FORCE)
    yield from retreat(context, lifted)


def beside(place: Place, held: Held, at: Matrix, closing: Matrix, left: Matrix) -> Matrix:
    """Where (2,) [m] to put what is held over `at` (2,) [m], its fingers closing along the unit vector `closing` (2,), so that it
    does not lie on what is `left` (k, 2) [m]: the nearest such spot in `place`, or the one with the least under it."""
    across = np.array([-closing[1], closing[0]])
    turns = np.arange(ASIDE_WAYS) * 2 * np.pi / ASIDE_WAYS
    ways = [at + far * np.array([np.cos(turn), np.sin(turn)]) for far in ASIDE for turn in turns]
    spots = [spot for spot in (at, *ways) if place.contains(float(spot[0]), float(spot[1]), INSIDE)] or [at]

    def under(spot: Matrix) -> int:
        away = left - spot
        inside = (np.abs(away @ closing) < held.half[0]) & (np.abs(away @ across) < held.half[1])
        return int(np.count_nonzero(inside))

    return np.asarray(min(spots, key=under))  # the nearest of equals: they are in that order


def _left_over(frame: CameraFrame, place: Place, ceiling: float) -> Matrix:
    """Cells (k, 2) [m] of `place` on which something stands up to `ceiling` [m]; what is higher hangs from the hand."""
    heights = height_map(frame, place.centre, (place.size[0] - 2 * KERB, place.size[1] - 2 * KERB), LEFT_CELL)
    rows, columns = np.nonzero((heights.heights > place.floor + LEFT_HEIGHT) & (heights.heights < ceiling))
    return np.stack(heights.world(rows, columns), axis=-1).reshape(-1, 2)
