"""The cell, alive: builds the model, lets the delivery settle, moves the passer-by, takes the pictures."""

from __future__ import annotations

from dataclasses import replace
from typing import final

import mujoco
import numpy as np

from moravec.core.errors import BadInput
from moravec.core.observation import CameraFrame
from moravec.core.workplace import Workplace
from moravec.robots.ur5e.driver import CONTROL_PERIOD, SimulatedUr5e
from moravec.robots.ur5e.kinematics import JOINTS
from moravec.worlds.cell import layout
from moravec.worlds.cell.bodies import Bodies, deliver, lying_about
from moravec.worlds.cell.conditions.conditions import Conditions
from moravec.worlds.cell.config import CellConfig, Drawn, draw
from moravec.worlds.cell.conveyor import Belt
from moravec.worlds.cell.fixture import fill_pockets
from moravec.worlds.cell.imaging.readings import lamps, lamps_against
from moravec.worlds.cell.items import ItemSpec, draw_items
from moravec.worlds.cell.limits import cell_limits, true_limits
from moravec.worlds.cell.mishaps import Mishaps, full_bin, wrong_codes
from moravec.worlds.cell.passerby import Passerby
from moravec.worlds.cell.pictures import Pictures
from moravec.worlds.cell.scanner import SafetyScanner
from moravec.worlds.cell.scene import PARKED, build, lamps_alone
from moravec.worlds.cell.settle import fill_parcel
from moravec.worlds.cell.truth import Truth


@final
class Cell:
    """One delivery to unpack. `robot` and `workplace` are what a runtime gets; `truth` only scores; `scanner` can be broken.

    Raises WorldError where no renderer works and BadInput for a configuration that cannot be.
    """

    def __init__(self, config: CellConfig) -> None:
        self.config = config
        drawn = draw(config, layout.LABELS)
        if sorted(drawn.labels) != sorted(layout.LABELS):
            raise BadInput("the bin labels", drawn.labels, f"an order of {', '.join(layout.LABELS)}")
        delivered, strays = deliver(drawn, config), lying_about(drawn, config.conditions)
        kinds = [mishap.kind for mishap in config.mishaps]
        delivered = wrong_codes(delivered) if "wrong-code" in kinds else delivered
        self.items: tuple[ItemSpec, ...] = (*delivered, *self._spare(drawn, "added" in kinds))
        belted = config.conveyor is not None
        full = full_bin(delivered, drawn.labels, layout.STORING_RULE) if "full-bin" in kinds else None
        self.model = build((*self.items, *strays), drawn, CONTROL_PERIOD, full, "stuck-lid" in kinds, belted).compile()
        self.data = mujoco.MjData(self.model)
        self._stand()
        self.workplace: Workplace = layout.workplace(belted)
        self.bodies = Bodies(self.model, self.data, self.items, delivered, drawn, config.conditions)
        self.bodies.stand(strays, self.workplace)
        self.belt: Belt | None = None
        self.farthest = 0.0  # [m] of a thing from its pocket, where there are any
        if config.conveyor is not None:
            self.belt = Belt(self.model, self.data, delivered, config.conveyor, drawn.streams["belt"])
        elif config.fixture is not None:
            settle = drawn.streams["settle"]
            self.farthest = fill_pockets(self.model, self.data, delivered, config.fixture, drawn.parcel_shift, settle)
        else:
            fill_parcel(self.model, self.data, delivered, drawn.parcel_shift, drawn.streams["settle"])
        self.data.time = 0.0
        if config.mishaps or belted:  # what people or the belt move must not be asleep
            self.model.opt.enableflags &= ~int(mujoco.mjtEnableBit.mjENBL_SLEEP)
        self.bodies.begin()
        self.mishaps = Mishaps(self.model, self.data, self.items, config.mishaps, drawn.streams["mishaps"])
        self.scanner = SafetyScanner(self.model, self.data, drawn.streams["scanner"])
        visits = config.conditions.people.visits
        self._passerby = Passerby(self.model, self.data, config.person, config.walk, drawn.streams["person"], visits)
        self.pictures = Pictures(self.model, self.data, config, drawn.streams, self._light)
        self.robot = SimulatedUr5e(
            self.model, self.data, self.bodies.told_by(self.pictures), drawn.streams["body"], before_step=self._before_step,
            people=self.scanner.reading, limits=cell_limits(belted), joints=self.bodies.joints,
        )  # fmt: skip
        self.truth = Truth(self.model, self.data, self.items, drawn.labels, self.workplace, true_limits(belted))

    def _spare(self, drawn: Drawn, wanted: bool) -> tuple[ItemSpec, ...]:
        """The thing that somebody adds later, if so."""
        if not wanted:
            return ()
        (spare,) = draw_items(1, drawn.streams["mishaps"], self.config.damaged_share, self.config.tagged_share)
        return (replace(spare, name=f"thing_{drawn.items + int(self.config.conditions.objects.clutter)}"),)

    def _before_step(self) -> None:
        if self.config.mishaps:
            self.mishaps.step()
        if self.belt is not None:
            self.belt.step()
        self.bodies.step()
        self._passerby.step()
        self.scanner.step()
        self.truth.watch()

    def _stand(self) -> None:
        """The arm at home, the passer-by out of sight."""
        for name, q in zip(JOINTS, layout.HOME_Q, strict=True):
            self.data.joint(name).qpos = q
            self.data.actuator(name).ctrl = q
        for name, x in zip(("person_x", "person_y"), PARKED, strict=True):
            self.data.joint(name).qpos = x
            self.data.actuator(name).ctrl = x
        for name in ("finger_left", "finger_right"):
            self.data.joint(name).qpos = 0.04
        self.data.actuator("fingers").ctrl = 0.0
        mujoco.mj_forward(self.model, self.data)

    def _light(self) -> float:
        """The share of the lamps' light that there is now."""
        return self.mishaps.light * self.config.conditions.light.share(float(self.data.time))

    def found(self) -> dict[str, float]:
        """What of the conditions is in force, by name, as far as it is read from the world at no cost."""
        as_drawn = draw(replace(self.config, conditions=Conditions()), layout.LABELS).lighting
        return lamps_against(lamps(lamps_alone(as_drawn)), lamps(self.model)) | self.pictures.found() | self.bodies.found()

    def portrait(self) -> np.ndarray:
        """A pleasing picture (h, w, 3) of the whole cell, for people; no robot is given it."""
        return self.pictures.portrait()

    def frame(self, camera: str) -> CameraFrame:
        """What `camera` sees now, with the sensor's noise."""
        return self.pictures.take(camera)

    def close(self) -> None:
        """Frees the renderers."""
        self.pictures.close()
