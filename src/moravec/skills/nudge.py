"""Freeing what no finger can get beside: press on its top with closed fingers and drag it away from the wall."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np

from moravec.core.frames import Matrix
from moravec.core.workplace import Place
from moravec.perception.detection import Detection
from moravec.skills.context import SkillContext
from moravec.skills.contract import Note, Pause, Request
from moravec.skills.moves import BUMP, above, back_off, go, grip, line_to, tool_point
from moravec.skills.walls import kept_from_walls

TOUCH = 6.0  # [N] felt when the fingers rest on the thing
PRESS = (20.0, 45.0)  # [N] wanted while dragging: with less they slide over it, more only jams it
TRIM = 4e-4  # [m] the fingers are moved by at a time to come to that press, about 5 N with this arm
TRIMS = 8
JAMMED = 40.0  # [N] beyond the press: it tips or jams, and to drag on would only press the arm out of place
DRAG = 0.015  # [m] of one drag; then the press is trimmed again
DRAGS = 5
ROLL = 0.009  # [m] for what rolls: its middle moves half as far as its top, so the fingers would soon run ahead of it
ROLLS = 6  # and therefore it is walked away in small steps
FROM_EDGE = 0.016  # [m] of a thing's edge, where it is pressed
FLOOR_FRICTION = 1.0  # between a thing and what it stands on, rather too high
STEADY = 0.8  # share of the tipping moment that is allowed
STANDING = 1.2  # a can or bottle that is this much taller than wide stands, and does not roll
FROM_WALL = 0.016  # [m] kept between the closed fingers' middle and a wall
MARGIN = 0.012  # [m] above the seen top, where the slow search for the first touch begins
TOUCH_SPEED = 0.02  # [m/s]: a stiff arm that meets a thing faster than this hits it hard
DRAG_SPEED, DRAG_PUSH = 0.08, 0.1  # [m/s]; share of the limits: a jerk is felt as a touch
LIFT_OFF = 0.006  # [m] between two steps
ROUND = ("can", "bottle", "ball")
HOVER = 0.05  # [m] above the rim
AT_WALL = 0.45  # of the way from the middle to a wall: beyond it a thing is dragged away from that wall
SEARCH_BELOW = 0.030  # [m] how far below the seen top the touch is looked for


def inward(place: Place, x: float, y: float) -> Matrix:
    """Unit vector (2,) from (x, y) [m] away from the nearest wall; from two walls where it lies in a corner."""
    offset = _offset(place, x, y)
    pull = np.where(np.abs(offset) > AT_WALL, -np.sign(offset) * np.abs(offset) ** 3, 0.0)
    if not pull.any():
        pull = -offset + np.array([1e-6, 0.0])
    return np.asarray(pull / np.linalg.norm(pull))


def _offset(place: Place, x: float, y: float) -> Matrix:
    """Of (x, y) [m] from the middle of `place`, in halves of its size (2,)."""
    return (np.array([x, y]) - place.centre) / (np.array(place.size) / 2)


def _half(target: Detection, direction: Matrix) -> float:
    """How far `target` reaches from its middle along `direction` (2,) [m]."""
    along = float(np.cos(target.yaw) * direction[0] + np.sin(target.yaw) * direction[1])
    return float(abs(along) * target.extent[0] / 2 + np.sqrt(max(0.0, 1.0 - along**2)) * target.extent[1] / 2)


def _far_side(target: Detection, direction: Matrix) -> Matrix:
    """Where (2,) [m] to press: towards the wall. Pressed in its middle a thing that is dragged by its top tips over."""
    return np.array(target.position[:2]) - max(0.0, _half(target, direction) - FROM_EDGE) * direction


def _inside(place: Place, point: Matrix, z: float) -> Matrix:
    """The nearest to `point` (2,) [m] that the hand can reach down at to `z` [m] between the walls of `place`."""
    reach = np.array(place.size) / 2 - max(FROM_WALL, kept_from_walls(z, place.rim))
    return np.asarray(place.centre + np.clip(point - place.centre, -reach, reach))


def _untipped(place: Place, target: Detection, direction: Matrix, first: Matrix) -> Matrix:
    """`direction`, turned along the wall as far as it takes for a tall thing to slide instead of tipping over.

    Dragged by its top at height h, a thing tips about its leading edge once mu (press + weight) h exceeds press times the way
    from that edge to where it is pressed; only the part of the drag across the edge counts.
    """
    height = target.extent[2]
    half = float(np.dot(np.array(target.position[:2]) - first, direction)) + _half(target, direction)
    straight = min(1.0, STEADY * half / max(FLOOR_FRICTION * height, 1e-6))
    side = np.array([-direction[1], direction[0]])
    if np.dot(np.array(place.centre) - np.array(target.position[:2]), side) < 0.0:
        side = -side
    turned = straight * direction + np.sqrt(1.0 - straight**2) * side
    into = _offset(place, *target.position[:2])
    turned = np.where((np.abs(into) > AT_WALL) & (turned * into > 0.0), 0.0, turned)  # in a corner, not into the other wall
    return np.asarray(turned / np.linalg.norm(turned)) if turned.any() else direction


def nudge(context: SkillContext, place: Place, target: Detection) -> Generator[Request, Any, bool]:
    """Drags `target` towards the middle. False where the fingers touched nothing."""
    x, y, _ = target.position
    top = target.position[2] + target.extent[2] / 2
    direction = inward(place, x, y)
    yaw = float(np.arctan2(direction[1], direction[0])) + np.pi / 2  # the broad side of the fingers leads
    rolls = target.category in ROUND and target.extent[2] < STANDING * target.extent[0]
    lowest = max(place.floor + 0.006, top - SEARCH_BELOW)
    first = _inside(place, np.array([x, y]) if rolls else _far_side(target, direction), lowest)
    if not rolls:
        direction = _untipped(place, target, direction, first)
    yield Note("nudge", {"from": [x, y], "direction": direction.tolist(), "place": place.name})
    yield from grip(0.0, 20.0)
    hover = max(place.rim, top) + HOVER
    yield from go(context, above(context, np.array([*first, hover]), yaw), "nudge")
    touched, height = False, top
    for at in (step * ROLL / 2 for step in range(ROLLS if rolls else 1)):
        start = first + at * direction
        over = np.array([*start, height + (LIFT_OFF if touched else MARGIN)])
        if (yield from line_to(context, over, "nudge", 0.5, BUMP)).end == "contact":  # something stands higher than was seen
            yield from _rise(context, tool_point(context)[2] + MARGIN)
        empty = yield Pause(0.02)
        down = yield from line_to(context, np.array([*start, lowest]), "nudge", 0.6, TOUCH, TOUCH_SPEED, DRAG_PUSH)
        if down.end != "contact":
            break
        touched = True
        weight = float(empty.wrench[2])
        for _ in range(1 if rolls else DRAGS):
            if not rolls and not (yield from _trim(context, weight)):  # what rolls needs next to no press
                break
            begun, here = context.posture(), tool_point(context)
            height = float(here[2])
            ahead = here + [*((ROLL if rolls else DRAG) * direction), 0.0]
            if (yield from line_to(context, ahead, "nudge", 0.6, JAMMED, DRAG_SPEED, DRAG_PUSH)).end == "contact":
                yield from back_off(context, begun, "nudge")
                break
        yield from _rise(context, height + LIFT_OFF)
    yield from _rise(context, hover)
    return touched


def _trim(context: SkillContext, weight: float) -> Generator[Request, Any, bool]:
    """Moves the fingers up or down by hairs until they press with PRESS; `weight` [N] is what the wrist feels without it. False
    where they press on nothing any more."""
    press = 0.0
    for _ in range(TRIMS):
        state = yield Pause(0.03)
        press = abs(float(state.wrench[2]) - weight)
        if PRESS[0] <= press <= PRESS[1]:
            return True
        position = tool_point(context)
        position[2] += TRIM if press > PRESS[1] else -TRIM
        yield from line_to(context, position, "nudge", 0.6, 2.0 * JAMMED, TOUCH_SPEED, DRAG_PUSH)
    return press > TOUCH


def _rise(context: SkillContext, height: float) -> Generator[Request, Any, None]:
    position = tool_point(context)
    position[2] = max(position[2], height)
    yield from line_to(context, position, "nudge", 0.5)
