"""Taking hold of what stands at a wall: the hand leans away from the wall, so that the palm stays clear of its rim."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from moravec.core.frames import Matrix, tool_down
from moravec.core.workplace import Place
from moravec.skills.context import SkillContext
from moravec.skills.grasp import DEPTH, Grasp
from moravec.skills.moves import fail
from moravec.skills.taking import ROOM_BESIDE, SHALLOW, Scene, heights_of, marked_grasps
from moravec.skills.walls import nearest_wall

LEAN = 0.55  # [rad]
ALONG = 0.35  # [rad] between the closing fingers and the wall, at most


def leaning_grasps(scene: Scene) -> list[Grasp]:
    """Sound grasps along the nearest wall for which a hand that leans has room, the likeliest first."""
    heights = heights_of(scene)
    for beside in ROOM_BESIDE:
        marked = marked_grasps(scene, heights, beside, (DEPTH, *SHALLOW), LEAN)
        top = scene.target.position[2] + scene.target.extent[2] / 2  # what stands higher at a wall may be its rim
        mine = [replace(grasp, lean=LEAN) for _, grasp in marked if _along_wall(scene.place, grasp) and grasp.top < top]
        if mine:
            return mine
    return []


def leaning_over(context: SkillContext, place: Place, grasp: Grasp, position: Matrix) -> Matrix:
    """Joint positions (6,) [rad] with the tool at `position` (3,) [m], closing as `grasp` does and leaning away from the nearest
    wall of `place`. Fails as unreachable."""
    near = context.posture()
    poses = [leaning_pose(place, grasp, position, turn) for turn in (0.0, np.pi)]
    found = [q for q in (context.arm.reach(pose, near) for pose in poses) if q is not None]
    if not found:
        fail("unreachable", f"the arm cannot lean over {np.round(position, 3).tolist()} m with yaw {grasp.yaw:.2f}")
    return min(found, key=lambda q: float(np.abs(q - near).max()))


def leaning_pose(place: Place, grasp: Grasp, position: Matrix, turn: float) -> Matrix:
    """T_world_tool (4, 4) of it, the hand turned about itself by `turn` [rad]: half a turn is the same grasp."""
    T = tool_down(position, grasp.yaw + turn)
    axis = nearest_wall(place, grasp.position)
    inward = np.zeros(3)
    inward[axis] = -np.sign(grasp.position[axis] - place.centre[axis])
    a = grasp.lean * float(np.sign(T[:3, 1] @ inward))  # about the tool's x axis: the palm goes where the tool's y axis points
    c, s = np.cos(a), np.sin(a)
    T[:3, :3] = T[:3, :3] @ np.array([[1.0, 0.0, 0.0], [0.0, c, -s], [0.0, s, c]])
    return T


def _along_wall(place: Place, grasp: Grasp) -> bool:
    axis = nearest_wall(place, grasp.position)
    across = abs(np.cos(grasp.yaw) if axis == 0 else np.sin(grasp.yaw))
    return bool(across < np.sin(ALONG))
