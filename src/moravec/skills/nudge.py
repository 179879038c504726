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
PRESS_DEEPER = 0.0012  # [m] below first touch: the servo's stiffness makes it a firm press
DRAG = 0.055  # [m]
HOVER = 0.05  # [m] above the rim
SEARCH_BELOW = 0.030  # [m] how far below the seen top the touch is looked for


def inward(place: Place, x: float, y: float) -> Matrix:
    """Unit vector (2,) from (x, y) [m] away from the nearest wall; from two walls where it lies in a corner."""
    offset = (np.array([x, y]) - place.centre) / (np.array(place.size) / 2)
    pull = np.where(np.abs(offset) > 0.45, -np.sign(offset) * np.abs(offset) ** 3, 0.0)
    if not pull.any():
        pull = -offset + np.array([1e-6, 0.0])
    return np.asarray(pull / np.linalg.norm(pull))


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
    down = yield from line_to(context, np.array([x, y, max(place.floor + 0.006, top - SEARCH_BELOW)]), "nudge", 0.25, PRESS)
    touched = down.end == "contact"
    if touched:
        reached = context.arm.tool_pose(context.posture())[:3, 3]
        end = np.array([x + DRAG * direction[0], y + DRAG * direction[1], reached[2] - PRESS_DEEPER])
        yield from line_to(context, end, "nudge", 0.3)
    position = context.arm.tool_pose(context.posture())[:3, 3].copy()
    position[2] = hover
    yield from line_to(context, position, "nudge", 0.6)
    return touched
