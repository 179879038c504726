"""Where the arm stands when a job begins, if not in its resting posture."""

from __future__ import annotations

import mujoco
import numpy as np

from moravec.core.errors import WorldError
from moravec.core.frames import Matrix
from moravec.robots.ur5e.kinematics import JOINTS
from moravec.robots.ur5e.limits import WORKSPACE
from moravec.worlds.cell import layout

CLEAR = 0.03  # [m] between the arm and everything that stands or lies in the cell
INSIDE = 0.05  # [m] of the tool in its workspace
TRIES = 200
_FAR = 0.2  # [m] farther apart than this, distances are not measured
_INNER = ("arm_base", "link_1", "link_2")  # from the resting posture they come near nothing
_OUTER = ("link_3", "link_4", "link_5", "link_6", "flange", "finger_left", "finger_right")


def stand_away(model: mujoco.MjModel, data: mujoco.MjData, away: float, rng: np.random.Generator) -> None:
    """Puts the arm into a posture whose farthest joint is `away` [rad] from the resting one, free of everything. Raises
    WorldError where there is none."""
    qpos = model.jnt_qposadr[[model.joint(name).id for name in JOINTS]]
    servos = [model.actuator(name).id for name in JOINTS]
    arm, others = _geoms(model)
    for _ in range(TRIES):
        way = rng.uniform(-1.0, 1.0, len(JOINTS))
        data.qpos[qpos] = np.array(layout.HOME_Q) + away * way / np.abs(way).max()
        mujoco.mj_forward(model, data)
        if _is_inside(data.site("tool").xpos) and _is_clear(model, data, arm, others):
            data.ctrl[servos] = data.qpos[qpos]
            return
    raise WorldError(f"found no free posture {away:g} rad from the resting one in {TRIES} tries")


def _is_inside(tool: Matrix) -> bool:
    return bool(np.all(tool > np.add(WORKSPACE.low, INSIDE)) and np.all(tool < np.subtract(WORKSPACE.high, INSIDE)))


def _is_clear(model: mujoco.MjModel, data: mujoco.MjData, arm: list[int], others: list[int]) -> bool:
    return all(mujoco.mj_geomDistance(model, data, mine, other, _FAR, None) > CLEAR for mine in arm for other in others)


def _geoms(model: mujoco.MjModel) -> tuple[list[int], list[int]]:
    """Of the outer arm, and those of the cell that can be touched."""
    outer = {model.body(name).id for name in _OUTER}
    own = outer | {model.body(name).id for name in (*_INNER, "person")}
    arm = [g for g in range(model.ngeom) if model.geom_bodyid[g] in outer and model.geom_conaffinity[g]]
    others = [g for g in range(model.ngeom) if model.geom_bodyid[g] not in own and model.geom_contype[g]]
    return arm, others
