"""Things on the bare table that nobody asked about: of the same kinds as those that are delivered, and nobody's business.

They are no part of what a job is scored by; `moved` says which of them were touched.
"""

from __future__ import annotations

from dataclasses import replace
from typing import final

import mujoco
import numpy as np

from moravec.core.errors import WorldError
from moravec.core.workplace import Workplace
from moravec.worlds.cell.items import ItemSpec, draw_items
from moravec.worlds.cell.settle import body_box, random_quaternion

BESIDE = 0.10  # [m] from a stray's middle to every place that has a use, the parcel's slack and the lid's way included
BASE = 0.28  # [m] from the robot's base
APART = 0.17  # [m] from each other
INSIDE = 0.10  # [m] from the table's edge
DROP = 0.001  # [m]
TRIES = 2000
TOUCHED = 0.02  # [m] farther from where it came to rest, a stray was moved


def draw_strays(count: int, rng: np.random.Generator) -> tuple[ItemSpec, ...]:
    """What lies about; none is damaged, none has a code."""
    return tuple(replace(item, name=f"stray_{i}") for i, item in enumerate(draw_items(count, rng, 0.0, 0.0)))


@final
class Strays:
    """Where they lie, and whether somebody moved them."""

    def __init__(
        self, model: mujoco.MjModel, data: mujoco.MjData, items: tuple[ItemSpec, ...], workplace: Workplace,
        rng: np.random.Generator,
    ) -> None:  # fmt: skip
        """Lays them down. Raises WorldError where there is no room."""
        self._model, self._data, self.items = model, data, items
        spots: list[np.ndarray] = []
        for item in items:
            spots.append(_spot(workplace, spots, rng))
            self._lay(item, spots[-1], rng)
        mujoco.mj_forward(model, data)
        self.settled()

    def settled(self) -> None:
        """From now on they count as moved where they are not where they are now."""
        self._rest = {item.name: self._data.body(item.name).xpos.copy() for item in self.items}

    def moved(self) -> dict[str, float]:
        """How far [m] each that was touched lies from where it was."""
        ways = {name: float(np.linalg.norm(self._data.body(name).xpos - at)) for name, at in self._rest.items()}
        return {name: round(way, 6) for name, way in ways.items() if way > TOUCHED}

    def on_table(self) -> int:
        """How many lie on the table now."""
        return sum(0.0 < float(self._data.body(item.name).xpos[2]) < 0.12 for item in self.items)

    def _lay(self, item: ItemSpec, spot: np.ndarray, rng: np.random.Generator) -> None:
        start = int(self._model.joint(item.name).qposadr[0])
        self._data.qpos[start : start + 7] = (*spot, 0.5, *random_quaternion(item, rng))
        mujoco.mj_kinematics(self._model, self._data)
        low, _ = body_box(self._model, self._data, self._model.body(item.name).id)
        self._data.qpos[start + 2] += DROP - low[2]


def _spot(workplace: Workplace, taken: list[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """A free point (2,) [m] on the bare table."""
    (table,) = workplace.of_kind("table")
    reach = np.array(table.size) / 2 - INSIDE
    used = [place for place in workplace.places if place.kind != "table"]
    for _ in range(TRIES):
        spot = np.array(table.centre) + rng.uniform(-reach, reach)
        free = all(np.any(np.abs(spot - place.centre) > np.array(place.size) / 2 + BESIDE) for place in used)
        if free and np.hypot(*spot) > BASE and all(np.hypot(*(spot - other)) > APART for other in taken):
            return np.asarray(spot)
    raise WorldError(f"{len(taken) + 1} things found no room on the bare table")
