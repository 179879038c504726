"""A belt past the arm: things are laid on it at one end, ride by, and leave the cell at the other.

The band is a body on a slide that is put back after every step and keeps its speed: a contact feels the relative speed of two
bodies, so friction carries things along, while the band itself stays where it is. `moravec run --conveyor SPEED[@SECONDS]`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import mujoco
import numpy as np

from moravec.core.errors import BadInput
from moravec.worlds.cell import layout
from moravec.worlds.cell.items import ItemSpec
from moravec.worlds.cell.settle import body_box, random_quaternion

SPEED = (0.01, 0.20)  # [m/s]
EVERY = 30.0  # [s] from one thing to the next, where nobody says: a little longer than the arm needs for one
EVERY_RANGE = (2.0, 600.0)  # [s]
FIRST = 10.0  # [s] from the start: the arm looks around first
JITTER = 0.25  # share of the time between two things by which it varies
ACROSS = 0.035  # [m] to either side of the belt's middle, where things are laid
ROOM = 0.17  # [m] to the thing before; nearer, the next one waits
DROP = 0.002  # [m]
BAND_MASS = 1000.0  # [kg] reflected by its drive: what lies on it does not slow it down
FRICTION = (0.9, 0.01, 0.0015)  # sliding, torsional [m], rolling [m]: a rubber band; project's choice
RUBBER = (0.20, 0.22, 0.24, 1.0)
STEEL = (0.60, 0.62, 0.64, 1.0)
PAST = (-2.0, 1.2)  # x, y [m] where what has gone past lies, out of the cell


@dataclass(frozen=True, slots=True)
class Conveyor:
    """How fast the belt runs [m/s], and how often something is laid on it [s]."""

    speed: float
    every: float = EVERY

    def __post_init__(self) -> None:
        if not SPEED[0] <= self.speed <= SPEED[1]:
            raise BadInput("the conveyor's speed", self.speed, f"{SPEED[0]:g} to {SPEED[1]:g} m/s")
        if not EVERY_RANGE[0] <= self.every <= EVERY_RANGE[1]:
            raise BadInput("the time between two things", self.every, f"{EVERY_RANGE[0]:g} to {EVERY_RANGE[1]:g} s")

    @staticmethod
    def parse(text: str) -> Conveyor:
        """The conveyor written as SPEED or SPEED@SECONDS. Raises BadInput."""
        speed, sign, every = text.partition("@")
        try:
            return Conveyor(float(speed), float(every) if sign else EVERY)
        except ValueError as error:
            raise BadInput("a conveyor", text, "SPEED[@SECONDS] in m/s and s, as 0.06 or 0.06@20") from error


def add_conveyor(spec: mujoco.MjSpec) -> None:
    """Frame, rails and band, along y; the band's slide is called "belt"."""
    (x, y), (wide, long) = layout.BELT_CENTRE, layout.BELT_SIZE
    box, frame = mujoco.mjtGeom.mjGEOM_BOX, spec.worldbody.add_body(name="conveyor", pos=[x, y, 0.0])
    under = layout.BELT_FLOOR - layout.BAND
    half = [wide / 2, long / 2, under / 2]
    frame.add_geom(type=box, size=half, pos=[0, 0, under / 2], rgba=STEEL, contype=0, conaffinity=0)
    for side in (-1, 1):
        at = side * (wide + layout.RAIL) / 2
        half = [layout.RAIL / 2, long / 2, layout.BELT_RIM / 2]
        frame.add_geom(type=box, size=half, pos=[at, 0, layout.BELT_RIM / 2], rgba=STEEL)
    band = spec.worldbody.add_body(name="belt", pos=[x, y, layout.BELT_FLOOR - layout.BAND / 2])
    slide = band.add_joint(name="belt", type=mujoco.mjtJoint.mjJNT_SLIDE, axis=[0, 1, 0])
    slide.armature = BAND_MASS
    half = [wide / 2, long / 2, layout.BAND / 2]
    band.add_geom(type=box, size=half, rgba=RUBBER, friction=FRICTION, condim=6, mass=1.0, name="band")
    spec.add_exclude(bodyname1="conveyor", bodyname2="belt")  # its rails would brake it


@final
class Belt:
    """Runs the band and feeds it. `laid` and `past`: when each thing was laid on it, and when it left the cell [s]."""

    def __init__(
        self, model: mujoco.MjModel, data: mujoco.MjData, items: tuple[ItemSpec, ...], conveyor: Conveyor,
        rng: np.random.Generator,
    ) -> None:  # fmt: skip
        self._model, self._data, self._conveyor, self._rng = model, data, conveyor, rng
        joint = model.joint("belt")
        self._at, self._dof = int(joint.qposadr[0]), int(joint.dofadr[0])
        gaps = conveyor.every * rng.uniform(1.0 - JITTER, 1.0 + JITTER, len(items))
        due = FIRST + np.concatenate([[0.0], np.cumsum(gaps[1:])])
        self._waiting = list(zip(due.tolist(), items, strict=True))
        self._riding: list[str] = []
        self.laid: dict[str, float] = {}
        self.past: dict[str, float] = {}

    def step(self) -> None:
        """Called before every physics step."""
        now = float(self._data.time)
        self._data.qpos[self._at], self._data.qvel[self._dof] = 0.0, self._conveyor.speed
        if self._waiting and now >= self._waiting[0][0] and self._is_free():
            _, item = self._waiting.pop(0)
            self._lay(item)
            self._riding.append(item.name)
            self.laid[item.name] = round(now, 6)
        for name in [n for n in self._riding if self._is_at_the_end(n)]:
            self._riding.remove(name)
            self.past[name] = round(now, 6)
            self._put(name, np.array([*PAST, -0.6]) + [0.0, 0.3 * len(self.past), 0.0], 0.0)

    def _is_at_the_end(self, name: str) -> bool:
        x, y, z = self._data.body(name).xpos
        over = abs(x - layout.BELT_CENTRE[0]) < layout.BELT_SIZE[0] / 2
        return bool(over and y > layout.BELT_OUT and z < layout.BELT_RIM + layout.ABOVE_BELT)

    def _is_free(self) -> bool:
        """Whether there is room at the beginning of the belt."""
        spot = np.array([layout.BELT_CENTRE[0], layout.BELT_IN])
        return all(np.linalg.norm(self._data.body(name).xpos[:2] - spot) > ROOM for name in self._riding)

    def _lay(self, item: ItemSpec) -> None:
        """At the beginning of the belt, as fast as the belt."""
        start = int(self._model.joint(item.name).qposadr[0])
        x = layout.BELT_CENTRE[0] + self._rng.uniform(-ACROSS, ACROSS)
        self._data.qpos[start : start + 7] = (x, layout.BELT_IN, 0.5, *random_quaternion(item, self._rng))
        mujoco.mj_kinematics(self._model, self._data)
        low, _ = body_box(self._model, self._data, self._model.body(item.name).id)
        self._put(item.name, np.array([x, layout.BELT_IN, 0.5 + layout.BELT_FLOOR + DROP - low[2]]), self._conveyor.speed)

    def _put(self, name: str, position: np.ndarray, speed: float) -> None:
        """A free body to `position` (3,) [m], turned as it is, moving along the belt at `speed` [m/s]."""
        joint = self._model.joint(name)
        at, dof = int(joint.qposadr[0]), int(joint.dofadr[0])
        self._data.qpos[at : at + 3] = position
        self._data.qvel[dof : dof + 6] = (0.0, speed, 0.0, 0.0, 0.0, 0.0)
