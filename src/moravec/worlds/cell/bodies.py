"""Puts conditions of things, robot, floor and people into force, and reads from the world what is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import final

import mujoco
import numpy as np

from moravec.core.observation import CameraFrame
from moravec.core.workplace import Workplace
from moravec.robots.ur5e.joints import AsBuilt
from moravec.robots.ur5e.kinematics import JOINTS
from moravec.robots.ur5e.worn import Wear, WornJoints
from moravec.worlds.cell import layout
from moravec.worlds.cell.conditions.conditions import Conditions
from moravec.worlds.cell.config import CellConfig, Drawn
from moravec.worlds.cell.ground import Ground, gravity
from moravec.worlds.cell.items import ItemSpec, draw_items
from moravec.worlds.cell.pictures import Pictures
from moravec.worlds.cell.pockets import KINDS
from moravec.worlds.cell.scene import TABLE_CENTRE
from moravec.worlds.cell.start import stand_away
from moravec.worlds.cell.things.readings import is_patterned, is_unseen, rubs
from moravec.worlds.cell.things.strays import Strays, draw_strays
from moravec.worlds.cell.wrist import WristPose

NEAR = 1.9  # [m] from the table's middle: whoever is nearer is on a visit


def deliver(drawn: Drawn, config: CellConfig) -> tuple[ItemSpec, ...]:
    """The things of a delivery: those that are drawn, and the clutter, as the conditions change them."""
    objects, rng = config.conditions.objects, drawn.streams["objects"]
    fixed = () if config.fixture is None else KINDS
    items = draw_items(drawn.items, drawn.streams["items"], config.damaged_share, config.tagged_share, fixed)
    more = draw_items(int(objects.clutter), rng.spawn(1)[0], config.damaged_share, config.tagged_share)
    clutter = tuple(replace(item, name=f"thing_{drawn.items + i}") for i, item in enumerate(more))
    return objects.changed((*items, *clutter), rng)


def lying_about(drawn: Drawn, conditions: Conditions) -> tuple[ItemSpec, ...]:
    """What nobody asked about, to be built in with the things."""
    return draw_strays(int(conditions.objects.distractors), drawn.streams["strays"])


@final
class Bodies:
    """Whatever has weight, from when the model is compiled until the run is over. Where all is as drawn it changes nothing."""

    def __init__(
        self, model: mujoco.MjModel, data: mujoco.MjData, items: tuple[ItemSpec, ...], delivered: tuple[ItemSpec, ...],
        drawn: Drawn, conditions: Conditions,
    ) -> None:  # fmt: skip
        """`items` are those that are `delivered`, and the spare one."""
        self._model, self._data, self._drawn, self._conditions = model, data, drawn, conditions
        self._delivered = {item.name: item for item in delivered}
        _alter(model, items, conditions)
        self._ground = Ground(model, data, conditions.floor, drawn.streams["ground"])
        self._wear = conditions.robot.as_wear()
        worn = WornJoints(model, data, self._wear, drawn.streams["joints"]) if self._wear != Wear() else None
        self._worn, self.joints = worn, worn or AsBuilt()
        self.strays: Strays | None = None
        self._person = model.body("person").id
        self._visits, self._is_near = 0, False
        self._qpos = model.jnt_qposadr[[model.joint(name).id for name in JOINTS]]
        self._began = np.array(layout.HOME_Q)

    def stand(self, strays: tuple[ItemSpec, ...], workplace: Workplace) -> None:
        """The arm and what lies about, before anything else moves. Raises WorldError where there is no room for either."""
        if strays:
            self.strays = Strays(self._model, self._data, strays, workplace, self._drawn.streams["strays"].spawn(1)[0])
        if away := self._conditions.robot.start:
            stand_away(self._model, self._data, away, self._drawn.streams["start"])
        self._began = self._data.qpos[self._qpos].copy()

    def begin(self) -> None:
        """When the delivery stands and the robot's clock begins."""
        if self.strays is not None:
            self.strays.settled()
        if self._ground.is_shaken:  # what is shaken must not be asleep
            self._model.opt.enableflags &= ~int(mujoco.mjtEnableBit.mjENBL_SLEEP)

    def told_by(self, pictures: Pictures) -> Callable[[str], Callable[[], CameraFrame]]:
        """How the cameras expose: with encoders that are off, the wrist's is not where it is said to be."""
        if self._worn is None:
            return pictures.expose
        return WristPose(self._model, self._data, self._worn, pictures.expose).expose

    def step(self) -> None:
        """Called before every physics step."""
        self._ground.step()
        if self._conditions.people.visits:
            near = float(np.hypot(*(self._data.xpos[self._person, :2] - TABLE_CENTRE))) < NEAR
            self._visits += near and not self._is_near
            self._is_near = near

    def found(self) -> dict[str, float]:
        """What of the conditions is in force, by name, read from the model, from where things are and from what was seen of the
        joints."""
        return {**self._found_of_things(), **self._found_of_arm(), **self._ground.found(), "people.visits": self._rate()}

    def _rate(self) -> float:
        """Visits [1/min] so far."""
        return 60.0 * self._visits / max(float(self._data.time), 1e-9)

    def _found_of_things(self) -> dict[str, float]:
        model, names = self._model, self._delivered
        there = [model.body(i).name for i in range(model.nbody) if model.body(i).name in names]
        weights = [float(model.body(name).mass[0]) / names[name].mass for name in there]
        return {
            "objects.mass": float(np.mean(weights)),
            "objects.friction": float(np.mean([rubs(model, name) for name in there])),
            "objects.unseen": float(np.mean([is_unseen(model, names[name]) for name in there])),
            "objects.texture": float(np.mean([is_patterned(model, names[name]) for name in there])),
            "objects.distractors": float(self.strays.on_table() if self.strays is not None else 0),
            "objects.clutter": float(len(there) - self._drawn.items),
        }

    def _found_of_arm(self) -> dict[str, float]:
        away = float(np.abs(self._began - layout.HOME_Q).max())
        return {"robot.start": away} | ({} if self._worn is None else self._worn.found())


def _alter(model: mujoco.MjModel, items: tuple[ItemSpec, ...], conditions: Conditions) -> None:
    """Weights, friction and gravity of a compiled model."""
    objects, floor = conditions.objects, conditions.floor
    if objects.friction != 1.0:
        # Of two geoms that touch, the larger friction counts: only if all have less, a thing has less on whatever it lies.
        model.geom_friction *= objects.friction
    if objects.mass != 1.0:
        bodies = [model.body(item.name).id for item in items]
        model.body_mass[bodies] *= objects.mass
        model.body_inertia[bodies] *= objects.mass
        mujoco.mj_setConst(model, mujoco.MjData(model))
    if floor.slope_x or floor.slope_y:
        model.opt.gravity[:] = gravity(floor.slope_x, floor.slope_y)
