"""Carrying out a pilot's waypoints: one smooth motion from rest to rest for each stretch without a sharp bend."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from moravec.core.command import ActionChunk, Provenance
from moravec.core.frames import wrap_angle
from moravec.skills.context import SkillContext
from moravec.skills.contract import Follow, Followed, Request
from moravec.skills.learned.round import Round
from moravec.skills.learned.waypoints import Pose, pose_of, stretches
from moravec.skills.moves import fail
from moravec.skills.trajectory import path_motion

FINE = 0.02  # [m] between the poses that the joints' path is made of
CLEAR = 0.001  # [m] kept from the drawing, and no more: fingers that pick go down beside walls
PATIENCE = 2.0  # times as long as planned, and
LEAST_LIFE = 2.0  # [s] more, a chunk is good for: then what it rests on is too old
LONGEST_LIFE = 10.0  # [s] of anything that a pilot says; a program's motions may live longer


def follow_way(context: SkillContext, seen: Round, goals: Sequence[Pose]) -> Generator[Request, Any, Followed]:
    """Through `goals`, ended early by a touch or by the guard. Fails as unreachable where the arm cannot."""
    hand, manner = seen.moment.hand, seen.moment.errand.manner
    followed = Followed("done", context.state())
    for part in stretches(hand, goals):
        chunk = _motion(context, part, manner.slow)
        life = min(PATIENCE * chunk.duration + LEAST_LIFE + (context.now() - seen.made), LONGEST_LIFE)
        made = Provenance(seen.made, seen.made + life, seen.moment.frame.t, seen.novelty)
        followed = yield Follow(replace(chunk, provenance=made), manner.force)
        if followed.end != "done":
            break
    return followed


def _motion(context: SkillContext, part: Sequence[Pose], slow: float) -> ActionChunk:
    start = context.posture()
    hand = pose_of(context.arm.tool_pose(start), 0.0)
    hand = replace(hand, yaw=part[0].yaw + wrap_angle(hand.yaw - part[0].yaw))
    poses = [pose for a, b in zip((hand, *part[:-1]), part, strict=True) for pose in _between(a, b)]
    path = context.arm.through(start, [pose.matrix for pose in poses])
    if path is None:
        fail("unreachable", f"the arm cannot follow the pilot to {np.round(part[-1].position, 3).tolist()} m")
    context.arm.fingers(context.state().grip_width)
    if not context.arm.is_free(path, CLEAR):
        fail("unreachable", f"the way that the pilot wants to {np.round(part[-1].position, 3).tolist()} m leads into the drawing")
    places = np.array([hand.place, *(pose.place for pose in poses)])
    return path_motion(path, places, context.limits.scaled(slow), "pilot")


def _between(start: Pose, goal: Pose) -> list[Pose]:
    """Poses from `start`, left out, to `goal`, at most FINE apart."""
    count = max(2, int(np.ceil(float(np.linalg.norm(goal.place - start.place)) / FINE)))
    out = []
    for s in np.arange(1, count + 1) / count:
        x, y, z = (float(v) for v in (1 - s) * np.array(start.position) + s * np.array(goal.position))
        out.append(Pose((x, y, z), float((1 - s) * start.yaw + s * goal.yaw), goal.opening))
    return out
