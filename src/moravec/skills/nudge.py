"""Freeing what no finger can get beside: press on its top with closed fingers and drag it away from the wall."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np

from moravec.core.frames import Matrix
from moravec.core.workplace import Place
from moravec.perception.detection import Detection
from moravec.skills.context import SkillContext
from moravec.skills.contract import Note, Request
from moravec.skills.moves import above, go, grip, line_to

PRESS = 9.0  # [N] felt when the fingers rest on the thing
JAMMED = 60.0  # [N] beyond the press: the thing is stuck, and dragging on would only push harder
PRESS_DEEPER = 0.0006  # [m] below first touch: the servo's stiffness makes it a firm press
DRAG = 0.055  # [m]
ROLL = 0.009  # [m] for what rolls: its middle moves half as far as its top, so the fingers would soon run ahead of it
ROLLS = 6  # and therefore it is walked away in small steps
MARGIN = 0.012  # [m] above the seen top, where the slow search for the first touch begins
TOUCH_SPEED = 0.08  # share of full speed: a stiff arm that meets a thing faster than this hits it hard
LIFT_OFF = 0.006  # [m] between two steps
ROUND = ("can", "bottle", "ball")
HOVER = 0.05  # [m] above the rim
SEARCH_BELOW = 0.030  # [m] how far below the seen top the touch is looked for


def inward(place: Place, x: float, y: float) -> Matrix:
    """Unit vector (2,) from (x, y) [m] away from the nearest wall; from two walls where it lies in a corner."""
    offset = (np.array([x, y]) - place.centre) / (np.array(place.size) / 2)
    pull = np.where(np.abs(offset) > 0.45, -np.sign(offset) * np.abs(offset) ** 3, 0.0)
    if not pull.any():
        pull = -offset + np.array([1e-6, 0.0])
    return np.asarray(pull / np.linalg.norm(pull))


def _steps(target: Detection) -> list[tuple[float, float]]:
    """Where along the way each drag starts, and how long it is [m]."""
    if target.category not in ROUND:
        return [(0.0, DRAG)]
    return [(step * ROLL / 2, ROLL) for step in range(ROLLS)]


def nudge(context: SkillContext, place: Place, target: Detection) -> Generator[Request, Any, bool]:
    """Drags `target` towards the middle. False where the fingers touched nothing."""
    x, y, _ = target.position
    top = target.position[2] + target.extent[2] / 2
    direction = inward(place, x, y)
    yaw = float(np.arctan2(direction[1], direction[0])) + np.pi / 2  # the broad side of the fingers leads
    yield Note("nudge", {"from": [x, y], "direction": direction.tolist(), "place": place.name})
    yield from grip(0.0, 20.0)
    hover = max(place.rim, top) + HOVER
    yield from go(context, above(context, np.array([x, y, hover]), yaw), "nudge")
    lowest = max(place.floor + 0.006, top - SEARCH_BELOW)
    touched, height = False, top
    for at, drag in _steps(target):
        start = np.array([x, y]) + at * direction
        yield from line_to(context, np.array([*start, height + (LIFT_OFF if touched else MARGIN)]), "nudge", 0.5)
        down = yield from line_to(context, np.array([*start, lowest]), "nudge", TOUCH_SPEED, PRESS)
        if down.end != "contact":
            break
        touched = True
        height = float(context.arm.tool_pose(context.posture())[2, 3])
        pressed = np.array([*(start + drag * direction), height - PRESS_DEEPER])
        yield from line_to(context, pressed, "nudge", 0.3, JAMMED)
        yield from line_to(context, np.array([*(start + drag * direction), height + LIFT_OFF]), "nudge", 0.5)
    position = context.arm.tool_pose(context.posture())[:3, 3].copy()
    position[2] = hover
    yield from line_to(context, position, "nudge", 0.6)
    return touched
