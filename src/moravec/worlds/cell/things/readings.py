"""What a compiled model shows of its things: how they rub, whether their shape is a usual one, whether they are patterned."""

from __future__ import annotations

from collections import Counter

import mujoco
import numpy as np

from moravec.worlds.cell.items import COLOURS, ItemSpec
from moravec.worlds.cell.things.painter import FRICTION
from moravec.worlds.cell.things.patterns import PAPER

_T = mujoco.mjtGeom
# The solid parts of the usual shapes.
USUAL: dict[str, Counter[int]] = {
    "box": Counter({int(_T.mjGEOM_BOX): 1}), "can": Counter({int(_T.mjGEOM_CYLINDER): 1}),
    "bottle": Counter({int(_T.mjGEOM_CYLINDER): 2}), "ball": Counter({int(_T.mjGEOM_SPHERE): 1}),
    "tool": Counter({int(_T.mjGEOM_BOX): 2}), "part": Counter({int(_T.mjGEOM_MESH): 1}),
}  # fmt: skip


def rubs(model: mujoco.MjModel, name: str) -> float:
    """Sliding friction of a thing, times what things usually have."""
    return float(np.mean([model.geom_friction[g, 0] for g in _geoms(model, name) if model.geom_contype[g]]) / FRICTION[0])


def is_unseen(model: mujoco.MjModel, item: ItemSpec) -> bool:
    """Whether it is put together otherwise than things of its category are."""
    solid = Counter(int(model.geom_type[g]) for g in _geoms(model, item.name) if model.geom_contype[g])
    return solid != USUAL[item.category]


def is_patterned(model: mujoco.MjModel, item: ItemSpec) -> bool:
    """Whether paper or another of the colours is painted on it."""
    foreign = [PAPER[:3], *(rgb for name, rgb in COLOURS.items() if name != item.colour)]
    painted = [model.geom_rgba[g, :3] for g in _geoms(model, item.name) if not model.geom_contype[g]]
    return any(np.allclose(rgb, other, atol=1e-6) for rgb in painted for other in foreign)


def _geoms(model: mujoco.MjModel, name: str) -> range:
    body = model.body(name)
    return range(int(body.geomadr[0]), int(body.geomadr[0]) + int(body.geomnum[0]))
