"""Whether one thing came up, and only one: what is left where it lay says so. What is not alone is put down again."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from functools import partial
from typing import Any

import cv2
import numpy as np

from moravec.core.frames import Matrix
from moravec.core.observation import CameraFrame
from moravec.core.workplace import Place
from moravec.perception.detection import Detection
from moravec.perception.height_map import HeightMap, height_map
from moravec.perception.outlines import beyond
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
NEXT_TO = 0.025  # [m] from a thing's outline: fingers that open beside it may take hold of what is no farther away
OUTLINE_ERROR = 0.006  # [m] by which a thing may stand out of its outline
AROUND_AREA = 8e-5  # [m2] beside an outline; less is what edges look like
STANDS = 0.5  # share of what stood there that is still that share as high: it was not taken along, and hardly moved
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
    context: SkillContext, place: Place, held: Held, target: Detection, before: CameraFrame
) -> Generator[Request, Any, bool]:
    """Whether what stood around `target` in `place`, seen or not seen as things, still stands as it did `before`. Where nothing
    did, no look is needed; where none can be taken, it may not have come alone."""
    was = height_map(before, place.centre, (place.size[0] - 2 * KERB, place.size[1] - 2 * KERB), LEFT_CELL)
    around = _around(was, place, target)
    if np.count_nonzero(around) * LEFT_CELL**2 < AROUND_AREA:
        return True
    ceiling = float(tool_point(context)[2]) - held.below - BELOW_HELD
    try:
        frame = yield from _look_where_it_lay(context)
    except Failed as failure:
        if failure.code == "stopped":
            raise
        return False
    stands: bool = yield Compute(partial(_still_stands, frame, was, around, place, ceiling), "left over")
    return stands


def _look_where_it_lay(context: SkillContext) -> Generator[Request, Any, CameraFrame]:
    """The hand and what it holds hide what lies under them: the picture is taken with the camera where the hand was."""
    tool, lens = tool_point(context), np.asarray(context.arm.lens(context.posture()))
    yield from line_to(context, tool + [*(tool[:2] - lens[:2]), 0.0], "pick", 0.7)
    frame: CameraFrame = (yield Capture(("wrist",)))["wrist"]
    return frame


def _around(heights: HeightMap, place: Place, target: Detection) -> np.ndarray:
    """Which cells of the map stand out of the floor beside the target's outline, up to NEXT_TO from it."""
    rows, columns = np.indices(heights.heights.shape)
    points = np.stack(heights.world(rows.ravel(), columns.ravel()), axis=-1)
    away = beyond(target, points).reshape(heights.heights.shape)
    return np.asarray((away > OUTLINE_ERROR) & (away < NEXT_TO) & (heights.heights > place.floor + LEFT_HEIGHT))


def _still_stands(frame: CameraFrame, was: HeightMap, around: np.ndarray, place: Place, ceiling: float) -> bool:
    """Whether what stood in the cells `around` is still as high: each connected piece of it, in most of what is seen of it."""
    now = height_map(frame, was.centre, was.size, was.resolution).heights
    seen = np.isfinite(now) & (now < ceiling)
    stands = seen & (now > place.floor + STANDS * (was.heights - place.floor))
    count, piece = cv2.connectedComponents(around.astype(np.uint8))
    for k in range(1, count):
        mine = piece == k
        if mine.sum() * LEFT_CELL**2 < AROUND_AREA:
            continue
        visible = np.count_nonzero(mine & seen)
        if visible < mine.sum() / 2 or np.count_nonzero(mine & stands) < STANDS * visible:
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
