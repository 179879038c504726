"""A workplace without physics, installed like a plug-in: the arm is where it was told to be, pictures are grey."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from moravec.core.frames import frozen
from moravec.core.observation import CameraFrame, RobotState
from moravec.core.verdict import Approved
from moravec.core.workplace import Workplace
from moravec.robots.protocol import RobotSpec
from moravec.robots.ur5e.kinematics import JOINTS
from moravec.robots.ur5e.limits import CONTROL_PERIOD, ur5e_limits
from moravec.worlds.cell.layout import HOME_Q, workplace
from moravec.worlds.registry import Thing, WorldOptions

AWAY = (0.9, 0.3, -0.2, 0.2, 0.3, 0.8)  # [rad] from home, so that going home takes a second or so


def open_world(options: WorldOptions) -> ToyWorld:
    """The toy, whatever is asked for."""
    return ToyWorld(options)


class ToyWorld:
    """Two items that nobody can move."""

    def __init__(self, options: WorldOptions) -> None:
        self.robot = ToyRobot()
        self.workplace: Workplace = workplace()
        self.renderer = "grey"
        self.seed = options.seed

    def things(self) -> Mapping[str, Thing]:
        """One item where it belongs and one that is not."""
        return {
            "thing_0": Thing("can", "red", False, None, 1e-4, "B", "B"),
            "thing_1": Thing("box", "blue", True, "MV-007", 2e-4, "parcel", "reject"),
        }

    def extremes(self) -> Mapping[str, Any]:
        """No limit was broken."""
        return {"violations": {}}

    def portrait(self) -> NDArray[np.uint8]:
        """A gradient, so that a picture cannot be mistaken for an empty one."""
        row = np.linspace(40, 220, 96).astype(np.uint8)
        return np.repeat(np.tile(row, (72, 1))[..., None], 3, axis=2)

    def close(self) -> None:
        """Nothing to free."""


class ToyRobot:
    """A body without weight."""

    def __init__(self) -> None:
        self.spec = RobotSpec("toy", JOINTS, ("overhead", "wrist"), ur5e_limits(), CONTROL_PERIOD)
        self._q, self._dq = frozen(np.array(HOME_Q) + np.array(AWAY)), frozen(np.zeros(6))
        self._width, self._ticks = 0.05, 0
        self._rng_seed = 0

    def now(self) -> float:
        return self._ticks * CONTROL_PERIOD

    def read(self) -> RobotState:
        zero = frozen(np.zeros(6))
        return RobotState(self._ticks, self.now(), self._q, self._dq, zero, self._width, 0.0, zero, False)

    def apply(self, approved: Approved) -> None:
        self._q, self._dq = frozen(approved.command.q), frozen(approved.command.dq)
        self._width = approved.command.grip_width

    def advance(self) -> None:
        self._ticks += 1

    def expose(self, camera: str) -> Callable[[], CameraFrame]:
        t, seq = self.now(), self._ticks
        rgb = np.full((48, 64, 3), 128, dtype=np.uint8)
        depth = np.full((48, 64), 0.8, dtype=np.float32)
        return lambda: CameraFrame(camera, seq, t, rgb, depth, np.diag([60.0, 60.0, 1.0]), np.eye(4))
