"""Fills the parcel: things are dropped in one after the other and come to rest against each other, then the lid goes on."""

from __future__ import annotations

import mujoco
import numpy as np

from moravec.core.errors import WorldError
from moravec.worlds.cell import layout
from moravec.worlds.cell.items import ItemSpec

_TRIES = 40
_REST_STEPS = 220  # per drop
_CALM_STEPS = 400  # at the end
_HEADROOM = 0.004  # [m] between the highest thing and the lid
_LIES_DOWN = ("bottle", "tool")


def _random_quaternion(item: ItemSpec, rng: np.random.Generator) -> np.ndarray:
    """Any yaw; bottles lie, cans stand or lie, the rest may lean a little before it falls."""
    yaw = rng.uniform(0, 2 * np.pi)
    about_z = np.array([np.cos(yaw / 2), 0, 0, np.sin(yaw / 2)])
    tilt = 0.0
    if item.category == "bottle" or (item.category == "can" and rng.random() < 0.5):
        tilt = np.pi / 2
    elif item.category in ("box", "part"):
        tilt = rng.uniform(-0.35, 0.35)
    about_y = np.array([np.cos(tilt / 2), 0, np.sin(tilt / 2), 0])
    quat = np.zeros(4)
    mujoco.mju_mulQuat(quat, about_z, about_y)
    return quat


def _body_box(model: mujoco.MjModel, data: mujoco.MjData, body: int) -> tuple[np.ndarray, np.ndarray]:
    """World axis-aligned bounds (3,), (3,) [m] of a body's solid geoms."""
    low, high = np.full(3, np.inf), np.full(3, -np.inf)
    for geom in range(model.body_geomadr[body], model.body_geomadr[body] + model.body_geomnum[body]):
        if model.geom_contype[geom] == 0:
            continue
        R = data.geom_xmat[geom].reshape(3, 3)
        centre = data.geom_xpos[geom] + R @ model.geom_aabb[geom, :3]
        half = np.abs(R) @ model.geom_aabb[geom, 3:]
        low, high = np.minimum(low, centre - half), np.maximum(high, centre + half)
    return low, high


def fill_parcel(
    model: mujoco.MjModel,
    data: mujoco.MjData,
    items: tuple[ItemSpec, ...],
    shift: tuple[float, float, float],
    rng: np.random.Generator,
) -> None:
    """Drops every item into the open parcel. Raises WorldError when one will not fit under the lid."""
    model.opt.enableflags &= ~int(mujoco.mjtEnableBit.mjENBL_SLEEP)  # what is moved by hand must not be asleep
    lid = int(model.joint("lid").qposadr[0])
    lid_home = data.qpos[lid : lid + 7].copy()
    data.qpos[lid : lid + 3] = (-0.40, -0.16, 0.012)
    c, s = np.cos(shift[2]), np.sin(shift[2])
    for item in items:
        body, start = model.body(item.name).id, int(model.joint(item.name).qposadr[0])
        saved = np.concatenate([data.qpos, data.qvel])
        for _ in range(_TRIES):
            data.qpos[:], data.qvel[:] = saved[: model.nq], saved[model.nq :]
            reach = np.array(layout.PARCEL_INNER) / 2 - 0.045
            x, y = rng.uniform(-reach, reach)
            centre = np.array(layout.PARCEL_CENTRE) + shift[:2] + np.array([c * x - s * y, s * x + c * y])
            data.qpos[start : start + 7] = (*centre, 0.4, *_random_quaternion(item, rng))
            mujoco.mj_kinematics(model, data)
            low, high = _body_box(model, data, body)
            top = _stack_height(model, data, items, item, low, high)
            data.qpos[start + 2] += top + 0.004 - low[2]
            for _ in range(_REST_STEPS):
                mujoco.mj_step(model, data)
            if _fits(model, data, items[: items.index(item) + 1], shift):
                break
        else:
            raise WorldError(f"{item.name} ({item.category}) found no room in the parcel after {_TRIES} tries")
    for _ in range(_CALM_STEPS):
        mujoco.mj_step(model, data)
    data.qpos[lid : lid + 7] = lid_home
    dof = int(model.joint("lid").dofadr[0])
    data.qvel[dof : dof + 6] = 0.0


def _stack_height(
    model: mujoco.MjModel, data: mujoco.MjData, items: tuple[ItemSpec, ...], item: ItemSpec, low: np.ndarray, high: np.ndarray
) -> float:
    """The highest thing [m] under the box `low`..`high` of the item about to be dropped."""
    top = layout.PARCEL_FLOOR
    for other in items[: items.index(item)]:
        lo, hi = _body_box(model, data, model.body(other.name).id)
        if np.all(lo[:2] < high[:2]) and np.all(hi[:2] > low[:2]):
            top = max(top, float(hi[2]))
    return top


def _fits(
    model: mujoco.MjModel, data: mujoco.MjData, dropped: tuple[ItemSpec, ...], shift: tuple[float, float, float]
) -> bool:
    """Whether everything dropped so far lies inside the walls and under the lid."""
    c, s = np.cos(shift[2]), np.sin(shift[2])
    for item in dropped:
        _, high = _body_box(model, data, model.body(item.name).id)
        position = data.body(item.name).xpos
        dx, dy = position[:2] - np.array(layout.PARCEL_CENTRE) - shift[:2]
        x, y = c * dx + s * dy, -s * dx + c * dy
        inside = abs(x) < layout.PARCEL_INNER[0] / 2 and abs(y) < layout.PARCEL_INNER[1] / 2
        if not inside or high[2] > layout.PARCEL_HEIGHT - _HEADROOM or position[2] < 0.0:
            return False
    return True


def close_parcel(model: mujoco.MjModel, data: mujoco.MjData) -> None:
    """Lets the lid come to rest on the walls."""
    for _ in range(250):
        mujoco.mj_step(model, data)
    data.qvel[:] = 0.0
    model.opt.enableflags |= int(mujoco.mjtEnableBit.mjENBL_SLEEP)  # things at rest cost nothing
    mujoco.mj_forward(model, data)
