"""The simulator's truth. It scores a run and is written into `result.json`; nothing that decides may import it."""

from __future__ import annotations

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
        self._last_tool: np.ndarray | None = None
        self._fingers = fingers_of(model)
        self._nearness = Nearness(model, data, self._dof, limits)
        self._middle = (np.array(limits.position_max) + limits.position_min) / 2.0
        self._range = (np.array(limits.position_max) - limits.position_min) / 2.0
        self.extremes = Extremes()
        self._margin = np.inf  # [m] beyond what the law of separation asks, at the last step
        self.share = 0.0  # how near the last step came to a limit of motion, space or separation; beyond 1 it is broken

    def watch(self) -> None:
        """Called before every physics step: counts what was outside the limits."""
        data, limits, worst = self._data, self._limits, self.extremes
        q, dq, tau = data.qpos[self._qpos], np.abs(data.qvel[self._dof]), np.abs(data.qfrc_actuator[self._dof])
        tool = data.site_xpos[self._tool].copy()
        speed = 0.0
        if self._last_tool is not None:
            speed = float(np.linalg.norm(tool - self._last_tool)) / self._model.opt.timestep
        self._last_tool = tool
        worst.steps += 1
        worst.joint_speed = np.maximum(worst.joint_speed, dq).tolist()
        worst.joint_torque = np.maximum(worst.joint_torque, tau).tolist()
        worst.tool_speed = max(worst.tool_speed, speed)
        outside = min(float(np.max(np.maximum(b.low - tool, tool - b.high))) for b in limits.allowed)
        worst.outside = max(worst.outside, outside)
        broken = {
            "joint_position": bool(np.any(q < limits.position_min) or np.any(q > limits.position_max)),
            "joint_velocity": bool(np.any(dq > np.array(limits.velocity) + NUMERIC_SLACK)),
            "joint_torque": bool(np.any(tau > np.array(limits.torque) + TORQUE_SLACK)),
            "tool_speed": speed > limits.tool_speed + NUMERIC_SLACK,
            "workspace": outside > 0.0,
            "separation": self._too_near(),
        }
        near = max(float(np.max(np.abs(q - self._middle) / self._range)), float(np.max(dq / limits.velocity)))
        self.share = max(near, speed / limits.tool_speed, 1.0 + outside, 1.0 - self._margin)
        for name, is_broken in broken.items():
            if is_broken:
                worst.violations[name] = worst.violations.get(name, 0) + 1

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
        return asdict(self.extremes)

    def _is_in(self, place: Place, x: float, y: float, z: float) -> bool:
        top = place.rim + ABOVE_RIM if place.kind != "station" else place.floor + 0.12
        return place.contains(x, y, -BIN_SLACK) and place.floor - BIN_SLACK <= z <= top

    def _is_held(self, item: ItemSpec) -> bool:
        """Touched by both fingers."""
        return touching(self._model, self._data, self._fingers, self._model.body(item.name).id) == self._fingers


def _least(value: float, before: float | None) -> float:
    return value if before is None else min(value, before)
