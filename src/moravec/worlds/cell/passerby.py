"""Somebody who walks past the cell, stops to look, and goes on."""

from __future__ import annotations

from typing import final

import mujoco
import numpy as np

from moravec.worlds.cell.scene import PARKED

WALKING_SPEED = 1.2  # [m/s]


@final
class Passerby:
    """Follows a path of points at walking speed, with one stop; the path is drawn from `rng` when `present`."""

    def __init__(self, model: mujoco.MjModel, data: mujoco.MjData, present: bool, rng: np.random.Generator) -> None:
        self._data = data
        self._motors = [model.actuator(name).id for name in ("person_x", "person_y")]
        self._times, self._points = np.zeros(1), np.array([PARKED])
        if present:
            near = np.array([rng.uniform(1.25, 1.45), rng.uniform(-0.4, 0.4)])
            points = np.array([PARKED, (1.6, -2.6), near, near, (1.7, 2.6), (3.0, 3.0)])
            legs = np.linalg.norm(np.diff(points, axis=0), axis=1) / WALKING_SPEED
            legs[2] = rng.uniform(3.0, 8.0)  # [s] how long they stand and look
            self._times = np.concatenate([[0.0], np.cumsum(legs)]) + rng.uniform(5.0, 40.0)
            self._points = points

    def step(self) -> None:
        """Moves the figure's set-point to where it belongs now."""
        if len(self._times) > 1:
            t = float(self._data.time)
            for axis, motor in enumerate(self._motors):
                self._data.ctrl[motor] = np.interp(t, self._times, self._points[:, axis])
