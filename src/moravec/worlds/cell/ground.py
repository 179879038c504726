"""Gravity as the table feels it, where the floor slopes or shakes, and the arm that knows nothing of it."""

from __future__ import annotations

from typing import final

import mujoco
import numpy as np

from moravec.core.frames import Matrix
from moravec.worlds.cell.conditions.floor import Floor

G = 9.81  # [m/s2] MuJoCo's own


def gravity(slope_x: float, slope_y: float) -> Matrix:
    """Of a table turned by Ry(slope_y) Rx(slope_x), in the table's frame (3,) [m/s2]."""
    cx, sx, cy, sy = np.cos(slope_x), np.sin(slope_x), np.cos(slope_y), np.sin(slope_y)
    # (Ry Rx)^T (0, 0, -g): the third row of Ry Rx, times -g.
    return -G * np.array([-sy, cy * sx, cy * cx])


def slopes(felt: Matrix) -> tuple[float, float]:
    """The turns [rad] about x and y that a table has where this gravity (3,) is felt; the inverse of `gravity`."""
    x, y, z = felt / -np.linalg.norm(felt) + 0.0  # no zero with a sign
    return float(np.arctan2(y, z)), float(np.arcsin(np.clip(-x + 0.0, -1.0, 1.0)))


@final
class Ground:
    """Sets gravity before every step, and gives the arm's bodies the part of their weight that nobody balances.

    MuJoCo balances what gravity really is (`gravcomp`). The controller of an arm balances what it believes, straight down:
    what is between the two acts on the joints, sum over the bodies of J^T m (g - g_level).
    """

    def __init__(self, model: mujoco.MjModel, data: mujoco.MjData, floor: Floor, rng: np.random.Generator) -> None:
        self._model, self._data, self._floor = model, data, floor
        direction = rng.normal(size=3)
        self._shake = floor.vibration * direction / np.linalg.norm(direction)  # [m/s2]
        self._at_rest = model.opt.gravity.copy()
        self._level = np.array([0.0, 0.0, -G])
        self._balanced = np.flatnonzero(model.body_gravcomp)
        self._jacobian = np.zeros((3, model.nv))
        self._felt = np.zeros((2, 3))  # least and most of what was added to gravity [m/s2]
        self._turns, self._last = 0, 0.0  # how often what was added changed its side, and what it was last, along the shake

    @property
    def is_shaken(self) -> bool:
        """Whether gravity changes with time."""
        return self._floor.vibration > 0.0

    def step(self) -> None:
        """Called before every physics step."""
        if self.is_shaken:
            phase = 2.0 * np.pi * self._floor.frequency * float(self._data.time)
            self._model.opt.gravity[:] = self._at_rest + self._shake * np.sin(phase)
            added = self._model.opt.gravity - self._at_rest
            np.minimum(self._felt[0], added, out=self._felt[0])
            np.maximum(self._felt[1], added, out=self._felt[1])
            now = float(added @ self._shake)
            self._turns, self._last = self._turns + (now * self._last < 0.0), now or self._last
        elif not self._floor.slope_x and not self._floor.slope_y:
            return
        self._data.qfrc_applied[:] = self._unbalanced()

    def found(self) -> dict[str, float]:
        """The slopes [rad], the amplitude [m/s2] and the frequency [Hz] by the gravity that was really there so far."""
        slope_x, slope_y = slopes(self._at_rest)
        amplitude = float(np.linalg.norm(self._felt[1] - self._felt[0])) / 2.0
        found = {"floor.slope_x": slope_x, "floor.slope_y": slope_y, "floor.vibration": amplitude}
        seconds = float(self._data.time)
        return found | ({"floor.frequency": self._turns / 2.0 / seconds} if self._turns else {})

    def _unbalanced(self) -> Matrix:
        """(nv,) [N m], [N]."""
        beyond, torque = self._model.opt.gravity - self._level, np.zeros(self._model.nv)
        for body in self._balanced:
            mujoco.mj_jacBodyCom(self._model, self._data, self._jacobian, None, body)
            torque += self._jacobian.T @ (self._model.body_mass[body] * beyond)
        return torque
