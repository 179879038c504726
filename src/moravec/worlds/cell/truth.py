"""The simulator's truth. It scores a run and is written into `result.json`; nothing that decides may import it."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any, final

import mujoco
import numpy as np

from moravec.core.workplace import Place, Workplace
from moravec.guard.limits import LimitTable
from moravec.robots.ur5e.kinematics import JOINTS
from moravec.worlds.cell.items import ItemSpec
from moravec.worlds.cell.nearness import Nearness
from moravec.worlds.cell.touch import fingers_of, touching

BIN_SLACK = 0.01  # [m] an item counts as in a place when its centre is this far inside or outside the edge
ABOVE_RIM = 0.04  # [m] a heaped bin still holds what stands out this much
NUMERIC_SLACK = 1e-6
TORQUE_SLACK = 1e-3  # [N m]
OF_JOINTS = ("joint_position", "joint_velocity", "joint_torque")


@dataclass(slots=True)
class Extremes:
    """The worst of a run, measured in the simulator itself at every step.

    Of people, what `nearness.py` measures: the violation is called "separation"; None where nobody came near.
    """

    steps: int = 0
    violations: dict[str, int] = field(default_factory=dict)
    joint_speed: list[float] = field(default_factory=lambda: [0.0] * 6)  # [rad/s]
    joint_torque: list[float] = field(default_factory=lambda: [0.0] * 6)  # [N m]
    tool_speed: float = 0.0  # [m/s]
    outside: float = 0.0  # [m] the tool was out of its workspace
    person_distance: float | None = None  # [m] of the body to the nearest part of the arm, the least
    separation_margin: float | None = None  # [m] beyond what the law asks of the parts that moved, the least


@final
class Truth:
    """Where things really are, and whether a limit was really broken."""

    def __init__(
        self,
        model: mujoco.MjModel,
        data: mujoco.MjData,
        items: tuple[ItemSpec, ...],
        labels: tuple[str, ...],
        workplace: Workplace,
        limits: LimitTable,
    ) -> None:
        self._model, self._data, self._items, self._workplace, self._limits = model, data, items, workplace, limits
        self._labels = dict(zip((p.name for p in workplace.of_kind("bin")), labels, strict=True))
        self._stood = {name: model.body(name).pos.copy() for name in self._labels}
        ids = [model.joint(name).id for name in JOINTS]
        self._qpos, self._dof = model.jnt_qposadr[ids], model.jnt_dofadr[ids]
        self._tool = model.site("tool").id
        self._period = float(model.opt.timestep)  # [s]
        self._last_tool: list[float] | None = None
        self._fingers = fingers_of(model)
        self._nearness = Nearness(model, data, self._dof, limits)
        self._high = np.array([limits.position_max, np.add(limits.velocity, NUMERIC_SLACK), np.add(limits.torque, TORQUE_SLACK)])
        self._lowest = np.array(limits.position_min)
        self._allowed = [(*map(float, box.low), *map(float, box.high)) for box in limits.allowed]
        self._now = np.zeros((3, len(JOINTS)))  # positions [rad], speeds [rad/s] and torques [N m] of the last step
        self._most = np.zeros((2, len(JOINTS)))  # of the speeds and torques, over the run
        self._speed, self._outside = 0.0, 0.0  # [m/s], [m] of the tool at the last step
        self.extremes = Extremes()
        self._margin = np.inf  # [m] beyond what the law of separation asks, at the last step

    def watch(self) -> None:
        """Called before every physics step: counts what was outside the limits. Few calls of numpy: there are 500 steps in a
        second, and with it spelt out joint by joint and limit by limit a tenth of a run's time was spent here."""
        data, limits, worst, now = self._data, self._limits, self.extremes, self._now
        now[0], now[1], now[2] = data.qpos[self._qpos], data.qvel[self._dof], data.qfrc_actuator[self._dof]
        np.abs(now[1:], out=now[1:])
        np.maximum(self._most, now[1:], out=self._most)
        x, y, z = tool = data.site_xpos[self._tool].tolist()
        self._speed = 0.0 if self._last_tool is None else math.dist(tool, self._last_tool) / self._period
        self._last_tool = tool
        self._outside = min(max(x0 - x, x - x1, y0 - y, y - y1, z0 - z, z - z1) for x0, y0, z0, x1, y1, z1 in self._allowed)
        worst.steps += 1
        worst.tool_speed = max(worst.tool_speed, self._speed)
        worst.outside = max(worst.outside, self._outside)
        beyond = now > self._high
        broken = []
        if beyond.any() or (now[0] < self._lowest).any():
            position, velocity, torque = beyond.any(axis=1)
            position |= (now[0] < self._lowest).any()
            broken += [name for name, found in zip(OF_JOINTS, (position, velocity, torque), strict=True) if found]
        if self._speed > limits.tool_speed + NUMERIC_SLACK:
            broken.append("tool_speed")
        if self._outside > 0.0:
            broken.append("workspace")
        if self._too_near():
            broken.append("separation")
        for name in broken:
            worst.violations[name] = worst.violations.get(name, 0) + 1

    @property
    def share(self) -> float:
        """How near the last step came to a limit of motion, space or separation; beyond 1 it is broken."""
        (q, dq, _), limits = self._now, self._limits
        middle, half = (self._high[0] + self._lowest) / 2.0, (self._high[0] - self._lowest) / 2.0
        near = max(float(np.max(np.abs(q - middle) / half)), float(np.max(dq / limits.velocity)))
        return max(near, self._speed / limits.tool_speed, 1.0 + self._outside, 1.0 - self._margin)

    def _too_near(self) -> bool:
        """Whether the arm moved too fast for how near somebody was; notes the least distance and margin."""
        near, worst = self._nearness.watch(), self.extremes
        self._margin = np.inf if near is None else near.margin
        if near is None:
            return False
        worst.person_distance = _least(near.distance, worst.person_distance)
        if np.isfinite(near.margin):
            worst.separation_margin = _least(near.margin, worst.separation_margin)
        return near.margin < -NUMERIC_SLACK

    def location(self, item: ItemSpec) -> str:
        """A bin's label, or "reject", "parcel", "belt", "station", "hand", "table", "floor"."""
        place = self.place(item)
        return self.labels().get(place, place)

    def labels(self) -> dict[str, str]:
        """The label that is read at each bin's place now: bins may have changed places."""
        stands = {name: self._model.body(name).pos for name in self._labels}
        nearest = {
            place: min(stands, key=lambda name: float(np.linalg.norm(stands[name] - stood)))
            for place, stood in self._stood.items()
        }
        return {place: self._labels[name] for place, name in nearest.items()}

    def position(self, item: ItemSpec) -> tuple[float, float, float]:
        """Of its middle [m], in the world."""
        x, y, z = (float(v) for v in self._data.body(item.name).xpos)
        return x, y, z

    def place(self, item: ItemSpec) -> str:
        """The workplace's name of where it lies, or "hand", "table", "floor"."""
        x, y, z = self.position(item)
        if self._is_held(item):
            return "hand"
        for place in self._workplace.places:
            if place.kind in ("bin", "reject", "parcel", "belt", "station") and self._is_in(place, x, y, z):
                return place.name
        return "table" if z > -0.02 else "floor"

    def final(self) -> dict[str, dict[str, Any]]:
        """The `final` of `result.json`: what every item is, where it is, and where the storing rule wants it."""
        return {
            item.name: {
                "category": item.category,
                "colour": item.colour,
                "damaged": item.damaged,
                "location": self.location(item),
                "belongs": self._workplace.label_for(item.category, item.damaged),
            }
            for item in self._items
        }

    def report(self) -> dict[str, Any]:
        """`extremes` as plain data."""
        worst = self.extremes
        worst.joint_speed, worst.joint_torque = self._most.tolist()
        return asdict(worst)

    def _is_in(self, place: Place, x: float, y: float, z: float) -> bool:
        top = place.rim + ABOVE_RIM if place.kind != "station" else place.floor + 0.12
        return place.contains(x, y, -BIN_SLACK) and place.floor - BIN_SLACK <= z <= top

    def _is_held(self, item: ItemSpec) -> bool:
        """Touched by both fingers."""
        return touching(self._model, self._data, self._fingers, self._model.body(item.name).id) == self._fingers


def _least(value: float, before: float | None) -> float:
    return value if before is None else min(value, before)
