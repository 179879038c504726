"""Joints that age and use have changed: play, friction, a worn gear, hot motors, encoders that are off, a slack belt.

From a joint's motor to its link, as modelled here:

    motor -> belt (a first-order lag) -> encoder (offset, drift) -> gear (play, ripple) -> link (friction)

The servo closes its loop at the encoder. So an encoder's error moves the link and not the reading; play and ripple, which lie
behind it, move the link unseen; and a slack belt, which lies before it, shows. The models, and where they come from:

- play: the link stays until the other side has crossed the play (the backlash operator without load: gravity does not pull
  the link to one flank);
- ripple: sinusoidal, twice a turn of the gear's input, as strain wave gears make it (F. H. Ghorbel, P. S. Gandhi, F. Alpeter,
  "On the kinematic error in harmonic drive gears", J. Mech. Des. 123(1), 2001); the phase is drawn for each joint;
- friction: Coulomb; what wear adds is stiction that falls with speed, exp(-(dq / v_s)^2) (Stribeck's curve in the form of
  B. Armstrong-Helouvry, P. Dupont, C. Canudas de Wit, "A survey of models, analysis tools and compensation methods for the
  control of machines with friction", Automatica 30(7), 1994), and grows evenly with the cycles;
- heat: the motors warm up as a first-order lag; what torque is left is what would heat them no further than `HOTTEST`, since
  their loss goes with its square.

All constants below are the project's choices: no maker publishes them for this arm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import mujoco
import numpy as np

from moravec.core.frames import Matrix
from moravec.robots.ur5e.kinematics import JOINTS
from moravec.robots.ur5e.limits import TORQUE
from moravec.robots.ur5e.model import JOINT_FRICTION

GEAR_RATIO = 100  # input turns for one of the link
RIPPLES = 2 * GEAR_RATIO  # for one turn of the link
STICTION = 3.0  # what 100,000 cycles add to the breakaway torque, times the joint's Coulomb friction as built
LIFE = 1e5  # [cycles]
STRIBECK = 0.02  # [rad/s] v_s
HOTTEST = 105.0  # [K] above the room, at which no torque is left
WARM_UP = 120.0  # [s] time constant
SHARE = np.array(JOINT_FRICTION) / JOINT_FRICTION[0]  # of the shoulder's friction, (6,)
_INVERSIONS = 8  # steps of the fixed point; each is nearer by RIPPLES times the ripple, 0.4 at the most


@dataclass(frozen=True, slots=True)
class Wear:
    """How far the joints are from as built; all zero is as built."""

    backlash: float = 0.0  # [rad] play of every joint
    friction: float = 0.0  # [N m] Coulomb friction besides, of the shoulder; the others' in proportion to what they have
    cycles: float = 0.0  # of work behind it
    ripple: float = 0.0  # [rad] amplitude, below 1 / RIPPLES
    heat: float = 0.0  # [K] above the room, to which the motors warm up
    offset: float = 0.0  # [rad] by which every encoder is off, in a direction drawn for each
    drift: float = 0.0  # [rad/h] besides
    lag: float = 0.0  # [s] of the link behind its set-point


@final
class WornJoints:
    """The drives of the arm in `model`, worn as `wear` says. Changes the model's friction and torque limits."""

    def __init__(self, model: mujoco.MjModel, data: mujoco.MjData, wear: Wear, rng: np.random.Generator) -> None:
        self._model, self._data, self._wear = model, data, wear
        ids = np.array([model.joint(name).id for name in JOINTS])
        self._joint, self._qpos, self._dof = ids, model.jnt_qposadr[ids], model.jnt_dofadr[ids]
        self._servo = np.array([model.actuator(name).id for name in JOINTS])
        self._sign = rng.choice((-1.0, 1.0), len(JOINTS))
        self._phase = rng.uniform(0.0, 2.0 * np.pi, len(JOINTS))
        period = float(model.opt.timestep)
        self._follows = 1.0 - np.exp(-period / wear.lag) if wear.lag > 0.0 else 1.0
        self._coulomb = model.dof_frictionloss[self._dof] + wear.friction * SHARE
        self._stiction = STICTION * np.array(JOINT_FRICTION) * wear.cycles / LIFE
        model.dof_frictionloss[self._dof] = self._coulomb + self._stiction
        self._behind_belt: tuple[Matrix, Matrix] | None = None  # angle and speed of the belt's far side; None without power
        self._behind_play: Matrix | None = None  # angle of the gear's far side, without its ripple
        self._gap = np.zeros(len(JOINTS))  # [rad] between the encoder's side of the play and the link's
        self._asked: Matrix | None = None
        self._first_off: Matrix | None = None  # see `_off`, at the first step
        self.seen = Seen(float(model.dof_frictionloss[self._dof[0]]))

    def drive(self, q: Matrix, dq: Matrix) -> tuple[Matrix, Matrix]:
        """Through belt, encoder and gear."""
        at, speed = self._behind_belt or (q, dq)
        at, speed = at + self._follows * (q - at), speed + self._follows * (dq - speed)
        self._behind_belt, self._asked = (at, speed), q
        motor, half = at - self.error(), self._wear.backlash / 2.0
        if self._behind_play is None:
            self._behind_play = motor
        self._behind_play = np.clip(self._behind_play, motor - half, motor + half)
        self._gap = motor - self._behind_play
        link = self._behind_play
        for _ in range(_INVERSIONS if self._wear.ripple else 0):
            link = self._behind_play + self._ripple(link)
        return link, speed

    def brake(self) -> None:
        """The links stand; when power comes back, it begins from where they stand, and the play is as it was."""
        q = self._data.qpos[self._qpos]
        self._behind_belt, self._asked, self._behind_play = None, None, q - self._ripple(q)

    def encoders(self, q: Matrix) -> Matrix:
        """On the motor's side of the gear, and off by their error."""
        return np.asarray(q - self._ripple(q) + self._gap + self.error())

    def error(self) -> Matrix:
        """Of the encoders, now (6,) [rad]."""
        return np.asarray(self._sign * (self._wear.offset + self._wear.drift * float(self._data.time) / 3600.0))

    def step(self) -> None:
        """Stiction goes with speed, torque with heat. Without power the brakes hold, whatever the motors can."""
        self._first_off = self._off() if self._first_off is None else self._first_off
        dq = self._data.qvel[self._dof]
        if self._wear.cycles:
            self._model.dof_frictionloss[self._dof] = self._coulomb + self._stiction * np.exp(-((dq / STRIBECK) ** 2))
        if self._wear.heat:
            warm = self._wear.heat * (1.0 - np.exp(-float(self._data.time) / WARM_UP))
            share = np.sqrt(1.0 - warm / HOTTEST) if self._asked is not None else 1.0
            torque = share * np.column_stack([np.negative(TORQUE), TORQUE])
            self._model.actuator_forcerange[self._servo] = torque
            self._model.jnt_actfrcrange[self._joint] = torque
        self.seen.watch(self._model.dof_frictionloss[self._dof], self._gap, self._asked, self._data.qpos[self._qpos], dq)

    def found(self) -> dict[str, float]:
        """What is in force so far, by the names of the cell's conditions; see `Seen`."""
        off, hours = self._off(), float(self._data.time) / 3600.0
        first = off if self._first_off is None else self._first_off
        drifted = float(np.abs(off.mean(axis=0) - first.mean(axis=0)).max())
        return {
            "robot.backlash": self.seen.backlash(), "robot.friction": self.seen.friction(), "robot.wear": self.seen.cycles(),
            "robot.gear": float(np.ptp(off, axis=0).max()) / 2.0, "robot.heat": self.warmth(),
            "robot.offset": float(np.abs(first.mean(axis=0)).max()), "robot.drift": drifted / hours if hours else 0.0,
            "robot.belt": self.seen.lag(),
        }  # fmt: skip

    def _off(self) -> Matrix:
        """How far the encoders are off the links over one ripple, but for the play, (m, 6) [rad]."""
        turns = np.linspace(0.0, 2.0 * np.pi / RIPPLES, 32, endpoint=False)[:, None]
        return np.array([self.encoders(turn * np.ones(len(JOINTS))) - turn - self._gap for turn in turns])

    def warmth(self) -> float:
        """How warm [K] the motors are above the room, by the torque that is left of what they had."""
        left = float(self._model.actuator_forcerange[self._servo[0], 1]) / TORQUE[0]
        return HOTTEST * (1.0 - left * left)

    def _ripple(self, q: Matrix) -> Matrix:
        return np.asarray(self._wear.ripple * np.sin(RIPPLES * q + self._phase))


class Seen:
    """What was seen of the joints, step by step: of the model and the links, not of the wear that was asked for."""

    def __init__(self, friction: float) -> None:
        self._friction = np.array([friction, friction])  # [N m] the least and the most of the shoulder
        self._gap = 0.0  # [rad] the widest
        self._late, self._fast = 0.0, 0.0  # sums of (asked - q) dq and of dq^2

    def watch(self, friction: Matrix, gap: Matrix, asked: Matrix | None, q: Matrix, dq: Matrix) -> None:
        """One step."""
        self._friction[:] = min(self._friction[0], friction[0]), max(self._friction[1], friction[0])
        self._gap = max(self._gap, float(np.abs(gap).max()))
        if asked is not None:
            self._late += float((asked - q) @ dq)
            self._fast += float(dq @ dq)

    def friction(self) -> float:
        """Coulomb friction of the shoulder beyond what it was built with [N m]: while it moved, where it did."""
        return float(self._friction[0]) - JOINT_FRICTION[0]

    def cycles(self) -> float:
        """Of wear, by how much more it takes to break the shoulder away than to move it on."""
        return float(self._friction[1] - self._friction[0]) / (STICTION * JOINT_FRICTION[0]) * LIFE

    def backlash(self) -> float:
        """[rad] the widest play that was crossed."""
        return 2.0 * self._gap

    def lag(self) -> float:
        """[s] of the links behind what was asked for: the least-squares slope of their distance over their speed."""
        return self._late / self._fast if self._fast > 0.0 else 0.0
