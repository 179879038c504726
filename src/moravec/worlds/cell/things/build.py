"""One thing as a free body of a model."""

from __future__ import annotations

import mujoco
import numpy as np

from moravec.worlds.cell.items import ItemSpec
from moravec.worlds.cell.things.painter import Painter
from moravec.worlds.cell.things.patterns import paint_pattern
from moravec.worlds.cell.things.unseen import build_unseen
from moravec.worlds.cell.things.usual import BUILDERS


def add_item(spec: mujoco.MjSpec, item: ItemSpec, park: tuple[float, float, float]) -> None:
    """Adds `item` as a free body that waits at `park` [m]."""
    body = spec.worldbody.add_body(name=item.name, pos=park)
    body.add_freejoint(name=item.name)
    painter = Painter(spec, body, item)
    if item.form:
        build_unseen(painter)
    else:
        BUILDERS[item.category](painter, np.random.default_rng(item.shape_seed))
    paint_pattern(painter)
    painter.share_mass(item.mass)
