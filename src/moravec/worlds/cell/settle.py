"""Fills the parcel: things are dropped in one after the other and come to rest against each other, then the lid goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import mujoco
import numpy as np

from moravec.core.errors import WorldError
from moravec.worlds.cell import layout
from moravec.worlds.cell.items import ItemSpec

_TRIES = 60
_TOUCH_TRIES = 30  # of them, in which a thing that was to touch another must
_PACKINGS = 12
_REST_STEPS = 220  # per drop
_CALM_STEPS = 400  # at the end
_LID_STEPS = 250
_LID_BESIDE = (0.0, 0.001, -0.001, 0.002, -0.002)  # [m]
_LID_SLACK = 0.005  # [m] how far the lid may come to rest from where it belongs
_HEADROOM = 0.004  # [m] between the highest thing and the lid
_LID_ASIDE = (-0.40, -0.16, 0.012)  # [m] while the parcel is filled
_DEEPEST = 0.0012  # [m] a thing that reaches deeper into another, or into a wall, is stuck in it
_FAR = 0.05  # [m] farther apart than this, distances are not measured
_NEXT_TO = 0.5  # share of things that are dropped against another one
_OVERLAP = (-0.002, 0.012)  # [m] how far such a thing is aimed over its neighbour, so that it touches or leans


def random_quaternion(item: ItemSpec, rng: np.random.Generator) -> np.ndarray:
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


def body_box(model: mujoco.MjModel, data: mujoco.MjData, body: int) -> tuple[np.ndarray, np.ndarray]:
    """World axis-aligned bounds (3,), (3,) [m] of a body's solid geoms."""
    low, high = np.full(3, np.inf), np.full(3, -np.inf)
    for geom in _solid(model, body):
        R = data.geom_xmat[geom].reshape(3, 3)
        centre = data.geom_xpos[geom] + R @ model.geom_aabb[geom, :3]
        half = np.abs(R) @ model.geom_aabb[geom, 3:]
        low, high = np.minimum(low, centre - half), np.maximum(high, centre + half)
    return low, high


def _anywhere(shift: tuple[float, float, float], rng: np.random.Generator) -> np.ndarray:
    """A point (2,) [m] inside the parcel's walls."""
    reach = np.array(layout.PARCEL_INNER) / 2 - 0.045
    x, y = rng.uniform(-reach, reach)
    c, s = np.cos(shift[2]), np.sin(shift[2])
    return np.array(layout.PARCEL_CENTRE) + shift[:2] + np.array([c * x - s * y, s * x + c * y])


def _beside(
    low: np.ndarray, high: np.ndarray, other_low: np.ndarray, other_high: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """The move (2,) [m] that brings the box `low`..`high` against one side of the other box, a little over it."""
    axis, sign = int(rng.integers(2)), float(rng.choice((-1.0, 1.0)))
    half, other_half = (high - low)[:2] / 2, (other_high - other_low)[:2] / 2
    goal = (other_low + other_high)[:2] / 2
    goal[axis] += sign * (half[axis] + other_half[axis] - rng.uniform(*_OVERLAP))
    goal[1 - axis] += rng.uniform(-0.6, 0.6) * other_half[1 - axis]
    return np.asarray(goal - (low + high)[:2] / 2)


def fill_parcel(
    model: mujoco.MjModel,
    data: mujoco.MjData,
    items: tuple[ItemSpec, ...],
    shift: tuple[float, float, float],
    rng: np.random.Generator,
) -> None:
    """Drops every item into the open parcel and lays the lid on. Raises WorldError when they will not fit under it."""
    with open_parcel(model, data) as lid_home:
        empty = np.concatenate([data.qpos, data.qvel])
        for _ in range(_PACKINGS):
            data.qpos[:], data.qvel[:] = empty[: model.nq], empty[model.nq :]
            closes = [index == 1 or (index > 1 and rng.random() < _NEXT_TO) for index in range(len(items))]
            if not all(_drop(model, data, items[: i + 1], shift, rng, close) for i, close in enumerate(closes)):
                continue
            for _ in range(_CALM_STEPS):
                mujoco.mj_step(model, data)
            if close_lid(model, data, lid_home) and fits(model, data, items, shift):
                return
        raise WorldError(f"{len(items)} items found no room in the parcel in {_PACKINGS} packings")


@contextmanager
def open_parcel(model: mujoco.MjModel, data: mujoco.MjData) -> Iterator[np.ndarray]:
    """While it is filled: the lid lies aside, and nothing sleeps. Gives where the lid belongs (7,) [m], quaternion."""
    model.opt.enableflags &= ~int(mujoco.mjtEnableBit.mjENBL_SLEEP)  # what is moved by hand must not be asleep
    lid = int(model.joint("lid").qposadr[0])
    lid_home = data.qpos[lid : lid + 7].copy()
    data.qpos[lid : lid + 3] = _LID_ASIDE
    yield lid_home
    data.qvel[:] = 0.0
    model.opt.enableflags |= int(mujoco.mjtEnableBit.mjENBL_SLEEP)  # things at rest cost nothing
    mujoco.mj_forward(model, data)


def close_lid(model: mujoco.MjModel, data: mujoco.MjData, lid_home: np.ndarray) -> bool:
    """Lays the lid on; False where it does not come to rest on the walls.

    Box on box at nearly no angle, MuJoCo now and then finds a contact that throws the lid off: then it is laid on a
    little beside.
    """
    lid, dof = int(model.joint("lid").qposadr[0]), int(model.joint("lid").dofadr[0])
    saved = np.concatenate([data.qpos, data.qvel])
    for beside in _LID_BESIDE:
        data.qpos[:], data.qvel[:] = saved[: model.nq], saved[model.nq :]
        data.qpos[lid : lid + 7] = lid_home
        data.qpos[lid] += beside
        data.qvel[dof : dof + 6] = 0.0
        for _ in range(_LID_STEPS):
            mujoco.mj_step(model, data)
        if np.all(np.abs(data.qpos[lid : lid + 3] - lid_home[:3]) < _LID_SLACK):
            return True
    return False


def _drop(
    model: mujoco.MjModel,
    data: mujoco.MjData,
    items: tuple[ItemSpec, ...],
    shift: tuple[float, float, float],
    rng: np.random.Generator,
    close: bool,
) -> bool:
    """Drops the last of `items` until it lies well; a `close` one until it also touches another, for half of the tries.

    False where it found no room.
    """
    *before, item = items
    body, start = model.body(item.name).id, int(model.joint(item.name).qposadr[0])
    saved = np.concatenate([data.qpos, data.qvel])
    for attempt in range(_TRIES):
        data.qpos[:], data.qvel[:] = saved[: model.nq], saved[model.nq :]
        data.qpos[start : start + 7] = (*_anywhere(shift, rng), 0.4, *random_quaternion(item, rng))
        mujoco.mj_kinematics(model, data)
        low, high = body_box(model, data, body)
        if close:
            neighbour = model.body(before[int(rng.integers(len(before)))].name).id
            move = _beside(low, high, *body_box(model, data, neighbour), rng)
            data.qpos[start : start + 2] += move
            low[:2], high[:2] = low[:2] + move, high[:2] + move
        data.qpos[start + 2] += _stack_height(model, data, items, item, low, high) + 0.004 - low[2]
        mujoco.mj_kinematics(model, data)
        if is_stuck(model, data, body, set()):
            continue
        for _ in range(_REST_STEPS):
            mujoco.mj_step(model, data)
        needs_touch = close and attempt < _TOUCH_TRIES
        if fits(model, data, items, shift) and (not needs_touch or _touches(model, data, body, before)):
            return True
    return False


def _touches(model: mujoco.MjModel, data: mujoco.MjData, body: int, others: list[ItemSpec]) -> bool:
    """Whether `body` touches one of `others`."""
    ids = {model.body(other.name).id for other in others}
    pairs = model.geom_bodyid[data.contact.geom[: data.ncon]]
    return any((a == body and b in ids) or (b == body and a in ids) for a, b in pairs)


def _stack_height(
    model: mujoco.MjModel, data: mujoco.MjData, items: tuple[ItemSpec, ...], item: ItemSpec, low: np.ndarray, high: np.ndarray
) -> float:
    """The highest thing [m] under the box `low`..`high` of the item about to be dropped."""
    top = layout.PARCEL_FLOOR
    for other in items[: items.index(item)]:
        lo, hi = body_box(model, data, model.body(other.name).id)
        if np.all(lo[:2] < high[:2]) and np.all(hi[:2] > low[:2]):
            top = max(top, float(hi[2]))
    return top


def fits(
    model: mujoco.MjModel, data: mujoco.MjData, dropped: tuple[ItemSpec, ...], shift: tuple[float, float, float]
) -> bool:
    """Whether everything dropped so far lies inside the walls and under the lid, and nothing is stuck in a wall."""
    bodies = {model.body(item.name).id for item in dropped}
    if any(is_stuck(model, data, body, bodies) for body in bodies):
        return False
    c, s = np.cos(shift[2]), np.sin(shift[2])
    for item in dropped:
        _, high = body_box(model, data, model.body(item.name).id)
        position = data.body(item.name).xpos
        dx, dy = position[:2] - np.array(layout.PARCEL_CENTRE) - shift[:2]
        x, y = c * dx + s * dy, -s * dx + c * dy
        inside = abs(x) < layout.PARCEL_INNER[0] / 2 and abs(y) < layout.PARCEL_INNER[1] / 2
        if not inside or high[2] > layout.PARCEL_HEIGHT - _HEADROOM or position[2] < 0.0:
            return False
    return True


def _solid(model: mujoco.MjModel, body: int) -> list[int]:
    """The geoms of `body` that others can touch."""
    geoms = range(model.body_geomadr[body], model.body_geomadr[body] + model.body_geomnum[body])
    return [geom for geom in geoms if model.geom_contype[geom]]


def is_stuck(model: mujoco.MjModel, data: mujoco.MjData, body: int, others: set[int]) -> bool:
    """Whether `body` reaches into the parcel's walls or into one of `others`.

    Measured, and not asked of the contacts: MuJoCo's box against box finds none once one is deep in the other
    (google-deepmind/mujoco issue 1800), and a thin wall then holds for good what it cuts.
    """
    near = [geom for other in {model.body("parcel").id, *others} - {body} for geom in _solid(model, other)]
    return any(
        mujoco.mj_geomDistance(model, data, mine, other, _FAR, None) < -_DEEPEST for mine in _solid(model, body) for other in near
    )
