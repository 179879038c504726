"""The cell as the registry of worlds opens it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

import mujoco
import numpy as np
from numpy.typing import NDArray

from moravec.core.workplace import Workplace
from moravec.robots.protocol import Robot
from moravec.worlds.cell import layout
from moravec.worlds.cell.conditions.conditions import DRAWN, Conditions
from moravec.worlds.cell.config import CellConfig
from moravec.worlds.cell.conveyor import Conveyor
from moravec.worlds.cell.items import ItemSpec
from moravec.worlds.cell.mishaps import Mishap
from moravec.worlds.cell.world import Cell
from moravec.worlds.registry import Thing, WorldOptions

BELT = "belt"  # where things are that come on it, before they come as well


class OpenCell:
    """What the registry loads: a delivery drawn by its options, or the cell's drawing alone."""

    def __call__(self, options: WorldOptions) -> CellWorld:
        """The whole world. Raises BadInput, WorldError."""
        return CellWorld(_config(options))

    def workplace_for(self, options: WorldOptions) -> Workplace:
        """What its integrator knows of it; nothing is built. Raises BadInput."""
        return layout.workplace(_config(options).conveyor is not None)

    def as_drawn(self) -> Mapping[str, float]:
        """See `registry.Bends`."""
        return DRAWN


open_world = OpenCell()


def _config(options: WorldOptions) -> CellConfig:
    return CellConfig(
        seed=options.seed, items=options.items, renderer=options.renderer, person=options.person,
        mishaps=tuple(Mishap.parse(text) for text in options.mishaps),
        conveyor=Conveyor.parse(options.conveyor) if options.conveyor else None,
        conditions=Conditions.parse(options.conditions), fixture=options.fixture,
    )  # fmt: skip


@final
class CellWorld:
    """The cell behind the face that all worlds share."""

    def __init__(self, config: CellConfig) -> None:
        self._warnings: list[str] = []
        # MuJoCo would write its warnings to a file in the current folder.
        mujoco.set_mju_user_warning(self._warnings.append)
        self.cell = Cell(config)
        self.renderer: str = self.cell.pictures.renderer_name

    @property
    def robot(self) -> Robot:
        """The simulated UR5e."""
        return self.cell.robot

    @property
    def workplace(self) -> Workplace:
        """The cell's drawing."""
        return self.cell.workplace

    def things(self) -> Mapping[str, Thing]:
        """The truth about every item, now."""
        return {
            item.name: Thing(
                **self._final(item),
                code=None if item.code is None else f"MV-{item.code:03d}",
                size=self._volume(item.name),
                place=BELT if self._waits(item) else self.cell.truth.place(item),
                position=self.cell.truth.position(item),
                length=self._length(item.name),
            )
            for item in self.cell.items
        }

    def _final(self, item: ItemSpec) -> dict[str, Any]:
        final = self.cell.truth.final()[item.name]
        return final | {"location": BELT} if self._waits(item) else final

    def _waits(self, item: ItemSpec) -> bool:
        """Whether it is still to come on the belt."""
        return self.cell.belt is not None and item.name not in self.cell.belt.laid

    def extremes(self) -> Mapping[str, Any]:
        """The worst of the run so far."""
        told = {kind: {"t": t, "what": what} for kind, (t, what) in self.cell.mishaps.happened.items()}
        more: dict[str, Any] = {"mishaps": told} if self.cell.config.mishaps else {}
        belt = self.cell.belt
        if belt is not None:
            more["conveyor"] = {"laid": dict(belt.laid), "past": dict(belt.past)}
        if (scatter := self.cell.config.fixture) is not None:
            more["fixture"] = {"scatter": scatter, "farthest": round(self.cell.farthest, 6)}
        if asked := self.cell.config.conditions.told():
            found = self.cell.found()
            more["conditions"] = {
                name: {"asked": value, "found": round(found[name], 6) if name in found else None} for name, value in asked.items()
            }
        if (strays := self.cell.bodies.strays) is not None:
            more["distractors_moved"] = strays.moved()
        return {**self.cell.truth.report(), "warnings": sorted(set(self._warnings)), **more}

    def portrait(self) -> NDArray[np.uint8]:
        """The whole cell, for people."""
        return self.cell.portrait()

    def close(self) -> None:
        """Frees the renderers."""
        mujoco.set_mju_user_warning(None)
        self.cell.close()

    def _solid(self, name: str) -> list[int]:
        """The item's geoms that something can touch."""
        model = self.cell.model
        body = model.body(name)
        geoms = range(int(body.geomadr[0]), int(body.geomadr[0]) + int(body.geomnum[0]))
        return [g for g in geoms if model.body_mass[body.id] and model.geom_contype[g]]

    def _volume(self, name: str) -> float:
        """Of the bounding boxes of the item's solid geoms together [m^3]."""
        return float(sum(8 * np.prod(self.cell.model.geom_aabb[g][3:]) for g in self._solid(name)))

    def _length(self, name: str) -> float:
        """The longest side of the box around the item's solid geoms [m], as if none were turned in the item."""
        model = self.cell.model
        middle = [model.geom_pos[g] + model.geom_aabb[g][:3] for g in self._solid(name)]
        half = [model.geom_aabb[g][3:] for g in self._solid(name)]
        low = np.min([m - h for m, h in zip(middle, half, strict=True)], axis=0)
        high = np.max([m + h for m, h in zip(middle, half, strict=True)], axis=0)
        return float(np.max(high - low))
