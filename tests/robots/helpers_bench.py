"""The arm alone on a bench, for tests of its driver."""

from __future__ import annotations

from collections.abc import Callable

import mujoco
import numpy as np
import pytest

from moravec.core.command import Command
from moravec.core.observation import CameraFrame
from moravec.core.verdict import Approved, Verdict
from moravec.robots.ur5e import model
from moravec.robots.ur5e.driver import CONTROL_PERIOD, SimulatedUr5e
from moravec.robots.ur5e.kinematics import JOINTS
from moravec.robots.ur5e.limits import ur5e_limits
from moravec.robots.ur5e.worn import Wear, WornJoints

HOME = np.array([0.0, -1.95, 2.05, -1.67, -1.5708, 0.0])
PASS = Verdict("pass", "test", -1, 0.0, 1.0, 1.0, "for the test")


class Bench:
    """The arm alone on a bench, driven without a guard: what the guard would approve is given here by hand."""

    def __init__(self, seed: int = 0, q: np.ndarray = HOME, wear: Wear | None = None) -> None:
        spec = mujoco.MjSpec()
        spec.compiler.degree = False
        spec.option.timestep = CONTROL_PERIOD
        spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
        model.add_arm(spec)
        model.add_servos(spec, ur5e_limits().torque)
        for name, kind in (("wrist_force", mujoco.mjtSensor.mjSENS_FORCE), ("wrist_torque", mujoco.mjtSensor.mjSENS_TORQUE)):
            spec.add_sensor(name=name, type=kind, objtype=mujoco.mjtObj.mjOBJ_SITE, objname="wrist_force")
        self.model = spec.compile()
        self.data = mujoco.MjData(self.model)
        for name, angle in zip(JOINTS, q, strict=True):
            self.data.joint(name).qpos = angle
            self.data.actuator(name).ctrl = angle
        mujoco.mj_forward(self.model, self.data)
        self.exposed: list[str] = []
        self.steps = 0

        def pictures(camera: str) -> Callable[[], CameraFrame]:
            self.exposed.append(camera)
            return lambda: pytest.fail("nobody develops here")

        def step() -> None:
            self.steps += 1

        self.joints = None if wear is None else WornJoints(self.model, self.data, wear, np.random.default_rng(seed + 1))
        self.robot = SimulatedUr5e(
            self.model, self.data, pictures, np.random.default_rng(seed), before_step=step, joints=self.joints
        )
        self.seq = 0

    def tick(self, q: np.ndarray, dq: np.ndarray | None = None, width: float = 0.0, force: float = 20.0) -> None:
        self.seq += 1
        now = self.robot.now()
        command = Command(self.seq, now, np.array(q), np.zeros(6) if dq is None else dq, width, force, "test")
        self.robot.apply(Approved(command, PASS))
        self.robot.advance()
