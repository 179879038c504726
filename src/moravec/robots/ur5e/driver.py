"""The simulated UR5e: servo set-points in, sensor readings out, nothing else. A real driver keeps the same protocol."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import mujoco
import numpy as np
from numpy.typing import NDArray

from moravec.core.errors import BadInput
from moravec.core.frames import Matrix, sealed
from moravec.core.observation import NOBODY, CameraFrame, RobotState
from moravec.core.verdict import Approved
from moravec.guard.limits import LimitTable
from moravec.robots.protocol import RobotSpec
from moravec.robots.ur5e.joints import AsBuilt, Joints
from moravec.robots.ur5e.kinematics import JOINTS
from moravec.robots.ur5e.limits import ur5e_limits
from moravec.robots.ur5e.model import FINGER_MASS, PALM_MASS, SERVO_DAMPING, SERVO_STIFFNESS

FINGER_STIFFNESS = 4000.0  # [N/m] of the hand's own position loop
FINGER_DAMPING = 60.0  # [N s/m]
FINGER_SPEED = 0.15  # [m/s] of the opening
FINGER_LEAD = 0.02  # [m] how far the set-point may run ahead of the fingers
ENCODER_NOISE = 2e-5  # [rad]
FORCE_NOISE = 0.8  # [N] of the wrist's sensor, per axis
WRENCH_NOISE = FORCE_NOISE * np.array([1.0, 1.0, 1.0, 0.05, 0.05, 0.05])  # [N], [N m]
HAND_WEIGHT = (PALM_MASS + 2 * FINGER_MASS + 0.05) * 9.81  # [N] taken out of the wrench
CONTROL_PERIOD = 0.002  # [s]
BRAKED = 0.01  # [rad/s] below this a brake has caught its joint


@dataclass(slots=True)
class _Hand:
    """The fingers' set-point, which runs towards the wanted width at the hand's own speed."""

    wanted: float
    force: float
    reference: float

    def motor_force(self, width: float, speed: float, dt: float) -> float:
        """Force [N] on the opening, negative to close."""
        step = FINGER_SPEED * dt
        self.reference += min(max(self.wanted - self.reference, -step), step)
        self.reference = min(max(self.reference, width - FINGER_LEAD), width + FINGER_LEAD)
        force = FINGER_STIFFNESS * (self.reference - width) - FINGER_DAMPING * speed
        return min(max(force, -self.force), self.force)


@dataclass(slots=True)
class _Brakes:
    """Mechanical brakes, simply: they only take speed from a joint that still moves, and hold it once it has come to rest."""

    held: Matrix
    rests: NDArray[np.bool_]

    def hold(self, q: Matrix, dq: Matrix) -> Matrix:
        """The posture (n,) [rad] that the servos are to hold now."""
        self.held = np.where(self.rests, self.held, q)
        self.rests = self.rests | (np.abs(dq) < BRAKED)
        return self.held


@final
class SimulatedUr5e:
    """Drives the arm inside a MuJoCo world that somebody else owns.

    `pictures(camera)` exposes a picture; `before_step` lets the world move on (a passer-by, say); `people()` is the newest
    reading of a safety scanner: when it was taken [s], and where people stand (k, 2) [m]. `limits` are the arm's own in this
    workplace, `joints` what its drives are like. The robot's clock is the simulation's.
    """

    def __init__(
        self,
        model: mujoco.MjModel,
        data: mujoco.MjData,
        pictures: Callable[[str], Callable[[], CameraFrame]],
        rng: np.random.Generator,
        cameras: tuple[str, ...] = ("overhead", "wrist"),
        before_step: Callable[[], None] = lambda: None,
        people: Callable[[], tuple[float, Matrix]] = lambda: (math.nan, NOBODY),
        limits: LimitTable | None = None,
        joints: Joints | None = None,
    ) -> None:
        self._people, self._joints = people, joints or AsBuilt()
        self._model, self._data, self._pictures, self._rng, self._before_step = model, data, pictures, rng, before_step
        self._spec = RobotSpec("ur5e", JOINTS, cameras, limits or ur5e_limits(), CONTROL_PERIOD)
        ids = [model.joint(name).id for name in JOINTS]
        self._qpos, self._dof = model.jnt_qposadr[ids], model.jnt_dofadr[ids]
        self._servo = np.array([model.actuator(name).id for name in JOINTS])
        fingers = [model.joint(name).id for name in ("finger_left", "finger_right")]
        self._finger_qpos, self._finger_dof = model.jnt_qposadr[fingers], model.jnt_dofadr[fingers]
        self._finger_motor = model.actuator("fingers").id
        self._flange = model.body("flange").id
        force = model.sensor("wrist_force")
        self._force_adr = int(force.adr[0])
        width = float(data.qpos[self._finger_qpos].sum())
        self._hand = _Hand(width, 20.0, width)
        self._lead = np.array(SERVO_DAMPING) / np.array(SERVO_STIFFNESS)
        self._seq = 0
        self._estop = False
        self._brakes: _Brakes | None = None  # while there is no power

    @property
    def spec(self) -> RobotSpec:
        """Names, limits and rate."""
        return self._spec

    def now(self) -> float:
        """Simulated time [s]."""
        return float(self._data.time)

    def press_estop(self, pressed: bool = True) -> None:
        """The emergency stop's button."""
        self._estop = pressed

    def read(self) -> RobotState:
        """Encoders, motor torques, hand and wrist sensor, with their noise, and what the safety scanner last said."""
        self._seq += 1
        people_t, people = self._people()
        data, noise = self._data, self._rng.standard_normal(12)
        return RobotState(
            seq=self._seq,
            t=float(data.time),
            q=sealed(self._joints.encoders(data.qpos[self._qpos]) + ENCODER_NOISE * noise[:6]),
            dq=sealed(data.qvel[self._dof]),
            tau=sealed(data.qfrc_actuator[self._dof]),
            grip_width=float(data.qpos[self._finger_qpos].sum()),
            grip_force=abs(float(data.actuator_force[self._finger_motor])),
            wrench=self._wrench(noise[6:]),
            estop=self._estop,
            people_t=people_t,
            people=people,
        )

    def apply(self, approved: Approved) -> None:
        """Sets the joint servos and the hand.

        Without power the brakes stop each joint where it is and hold it there, with up to the servo's full torque, and the
        hand keeps its last force; commands do nothing until power is back.
        """
        if not approved.power:
            q, dq = self._data.qpos[self._qpos], self._data.qvel[self._dof]
            self._brakes = self._brakes or _Brakes(q.copy(), np.zeros(len(q), bool))
            self._data.ctrl[self._servo] = self._brakes.hold(q, dq)
            self._joints.brake()
            return
        self._brakes = None
        command = approved.command
        q, dq = self._joints.drive(command.q, command.dq)
        self._data.ctrl[self._servo] = q + self._lead * dq
        self._hand.wanted, self._hand.force = command.grip_width, command.grip_force

    def advance(self) -> None:
        """One control period of physics."""
        data = self._data
        self._before_step()
        self._joints.step()
        width = float(data.qpos[self._finger_qpos].sum())
        speed = float(data.qvel[self._finger_dof].sum())
        data.ctrl[self._finger_motor] = self._hand.motor_force(width, speed, CONTROL_PERIOD)
        mujoco.mj_step(self._model, data)

    def expose(self, camera: str) -> Callable[[], CameraFrame]:
        """Takes a picture now; the returned call develops it. Raises BadInput for an unknown camera."""
        if camera not in self._spec.cameras:
            raise BadInput("a camera of ur5e", camera, self._spec.cameras)
        return self._pictures(camera)

    def _wrench(self, noise: Matrix) -> Matrix:
        """Force [N] and torque [N m] at the wrist without the hand's own weight, in the flange frame."""
        wrench: Matrix = -self._data.sensordata[self._force_adr : self._force_adr + 6]
        wrench[:3] += self._data.xmat[self._flange, 6:] * HAND_WEIGHT  # straight up, as the flange sees it
        wrench += WRENCH_NOISE * noise
        return sealed(wrench)
