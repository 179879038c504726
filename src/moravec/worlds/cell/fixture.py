"""Fills the parcel's pockets: every thing in its own, lengthwise along y, or a given way off it; then the lid goes on.

The inlay itself is not built: nothing holds the things but the parcel's floor. Bottles lie, cans stand.
"""

from __future__ import annotations

import mujoco
import numpy as np

from moravec.core.errors import WorldError
from moravec.worlds.cell import layout
from moravec.worlds.cell.items import ItemSpec
from moravec.worlds.cell.pockets import POCKETS
from moravec.worlds.cell.settle import body_box, close_lid, fits, is_stuck, open_parcel

END = 0.06  # [m] from the middle of a long thing to its end: it is turned so far at most that its end moves by the scatter
_TRIES = 200  # per thing
_LAYINGS = 12
_REST_STEPS = 500
_CALM_STEPS = 200
_HELD_OVER = 0.0005  # [m] above the floor, when it is let go
_HALF = np.sqrt(0.5)
_ALONG_Y = np.array([_HALF, 0.0, 0.0, _HALF])  # turns a thing's x axis, lengthwise in all but bottles, to y
_LYING = np.array([_HALF, 0.0, _HALF, 0.0])  # turns a bottle's z axis to x


def fill_pockets(
    model: mujoco.MjModel,
    data: mujoco.MjData,
    items: tuple[ItemSpec, ...],
    scatter: float,
    shift: tuple[float, float, float],
    rng: np.random.Generator,
) -> float:
    """Lays the items, of the pockets' kinds, up to `scatter` [m] off their pockets in a parcel moved by `shift` [m], [m], [rad],
    and the lid on. How far the farthest lies from its pocket [m]. Raises WorldError where they will not fit that way."""
    with open_parcel(model, data) as lid_home:
        for item, (x, y) in zip(items, _middles(shift), strict=False):
            _stand(model, data, item, np.array([x, y]), shift[2])
        _let_rest(model, data, _REST_STEPS)
        rest = np.concatenate([data.qpos, data.qvel])
        for _ in range(_LAYINGS):
            data.qpos[:], data.qvel[:] = rest[: model.nq], rest[model.nq :]
            if not all(_lay(model, data, items[: i + 1], scatter, shift, rng) for i in range(len(items))):
                continue
            _let_rest(model, data, _CALM_STEPS)
            if fits(model, data, items, shift) and close_lid(model, data, lid_home):
                break
        else:
            raise WorldError(f"{len(items)} items found no room {scatter:g} m around their pockets in {_LAYINGS} layings")
    lie = np.array([data.body(item.name).xpos[:2] for item in items])
    return float(np.max(np.linalg.norm(lie - _middles(shift)[: len(items)], axis=1)))


def _middles(shift: tuple[float, float, float]) -> np.ndarray:
    """Of the pockets (12, 2) [m], world, in a parcel moved by `shift`."""
    c, s = np.cos(shift[2]), np.sin(shift[2])
    inside = np.array([(pocket.x, pocket.y) for pocket in POCKETS]) - layout.PARCEL_CENTRE
    return np.asarray(layout.PARCEL_CENTRE + np.array(shift[:2]) + inside @ np.array([[c, s], [-s, c]]))


def _stand(model: mujoco.MjModel, data: mujoco.MjData, item: ItemSpec, middle: np.ndarray, yaw: float) -> None:
    """Holds the item over `middle` (2,) [m], just above the floor, lengthwise along y turned by `yaw` [rad]."""
    start = int(model.joint(item.name).qposadr[0])
    upright = _ALONG_Y if item.category != "bottle" else _times(_ALONG_Y, _LYING)
    data.qpos[start : start + 7] = (*middle, 0.2, *_times(_about_z(yaw), upright))
    mujoco.mj_kinematics(model, data)
    low, _ = body_box(model, data, model.body(item.name).id)
    data.qpos[start + 2] += layout.PARCEL_FLOOR + _HELD_OVER - low[2]


def _lay(
    model: mujoco.MjModel,
    data: mujoco.MjData,
    items: tuple[ItemSpec, ...],
    scatter: float,
    shift: tuple[float, float, float],
    rng: np.random.Generator,
) -> bool:
    """Lays the last of `items`, which rests, around its pocket, clear of others and walls. False where there is no room."""
    *before, item = items
    body, start = model.body(item.name).id, int(model.joint(item.name).qposadr[0])
    middle, rest = _middles(shift)[len(before)], data.qpos[start : start + 7].copy()
    others = {model.body(other.name).id for other in before}
    for _ in range(_TRIES):
        way, heading, turn = scatter * np.sqrt(rng.random()), rng.uniform(0.0, 2 * np.pi), rng.uniform(-1.0, 1.0)
        off = way * np.array([np.cos(heading), np.sin(heading)])
        data.qpos[start : start + 7] = (*(middle + off), rest[2], *_times(_about_z(turn * scatter / END), rest[3:]))
        mujoco.mj_kinematics(model, data)
        if not is_stuck(model, data, body, others):
            return True
    return False


def _let_rest(model: mujoco.MjModel, data: mujoco.MjData, steps: int) -> None:
    for _ in range(steps):
        mujoco.mj_step(model, data)
    data.qvel[:] = 0.0


def _about_z(yaw: float) -> np.ndarray:
    return np.array([np.cos(yaw / 2), 0.0, 0.0, np.sin(yaw / 2)])


def _times(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """The quaternion (w, x, y, z) that turns by `second`, then by `first`."""
    out = np.zeros(4)
    mujoco.mju_mulQuat(out, first, second)
    return out
