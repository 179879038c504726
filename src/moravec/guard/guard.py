"""The one object in the path to the actuators.

`Guard.check` answers every command with an `Approved`: the command itself, the nearest one inside the limits, or the next
point of the guard's own braking. It has no clock and does no I/O: the same calls give the same answers, bit for bit. The
decision is the kernel's; here objects become numbers, and numbers words.
"""

from __future__ import annotations

from typing import final

from moravec.core.command import Command
from moravec.core.errors import ContractError
from moravec.core.frames import frozen
from moravec.core.observation import RobotState
from moravec.core.verdict import Approved, Verdict
from moravec.guard.compiled import INTERPRETED, Kernel
from moravec.guard.counted import counted
from moravec.guard.kernel import codes
from moravec.guard.kernel.form import Answer, Asked, Memory
from moravec.guard.limits import LimitTable
from moravec.guard.reading import (
    as_float,
    command_fits,
    estop_pressed,
    is_number,
    state_fits,
    write_command,
    write_state,
)
from moravec.guard.reasons import RESETS, verdict_of
from moravec.guard.records import Lists, Words
from moravec.guard.stop import Mode, StopState
from moravec.guard.tighten import tightened


@final
class Guard:
    """Checks every command against one limit table. One guard for one robot; calls come one after the other.

    The first call takes the measured posture as its own first set-point: a robot that moves then is braked first.
    `kernel` is the decision, interpreted or compiled; both answer the same, bit for bit.
    """

    def __init__(self, limits: LimitTable, kernel: Kernel = INTERPRETED) -> None:
        self._outer = self._limits = limits
        self._kernel = kernel
        self._form: type[Lists] | type[Words] = Lists if kernel is INTERPRETED else Words
        self._table = self._form(counted(limits))
        self._memory, self._asked, self._answer = self._form(Memory()), self._form(Asked()), self._form(Answer())
        self._mode = Mode.FULL

    @property
    def limits(self) -> LimitTable:
        """The table that holds now."""
        return self._limits

    @property
    def state(self) -> StopState:
        """Where it stands in the stop state machine."""
        return StopState(self._memory.number("state"))

    @property
    def mode(self) -> Mode:
        """What the rest of the system is fit for, as last told."""
        return self._mode

    @property
    def setpoint(self) -> tuple[float, ...]:
        """The last approved joint positions (n,) [rad]: where the next motion has to start. Zeros before the first call."""
        return tuple(self._memory.numbers("q", self._limits.joints).tolist())

    @property
    def nearest(self) -> float:
        """How far the nearest person was from the robot at the last call, horizontally [m]; 1e9 where none was seen."""
        return float(self._answer.number("nearest"))

    @property
    def fastest(self) -> float:
        """How fast the fastest part was in the last approved step [m/s]; 0 where nobody is watched for."""
        return float(self._answer.number("fastest"))

    def tighten(self, limits: LimitTable | None) -> None:
        """From now on `limits` hold, or again, for None, those the guard was built with.

        Raises GuardConfigError where `limits` would allow anything that the guard's own do not.
        """
        self._limits = self._outer if limits is None else tightened(self._outer, limits)
        self._table = self._form(counted(self._limits))
        # What was lawful before is not held against the new limits: the window begins anew.
        self._memory.fill("window_q", self._memory.numbers("q", self._limits.joints))
        self._memory.put("window_t", self._memory.number("now"))

    def degrade(self, mode: Mode) -> None:
        """From now on only what `mode` allows."""
        self._mode = mode

    def check(self, command: Command, state: RobotState, now: float) -> Approved:
        """The verdict on `command`, given the measured `state`, at time `now` [s] of the command's clock.

        Call it once in each control period, also when nothing is to move: a tick without a command is a fault.
        Raises ContractError only if the very first measured state is unusable: there is no posture to hold then.
        """
        fits = self._read(command, state, now)
        self._kernel.decide(self._table.record, self._memory.record, self._asked.record, self._answer.record)
        if self.state is StopState.INIT:
            raise ContractError(
                "guard: the first measured state has a wrong shape or values that are not finite; "
                f"allowed: finite arrays for {self._limits.joints} joints. There is no posture to hold, so nothing is approved"
            )
        return self._approved(command if fits else None)

    def reset(self, state: RobotState, now: float) -> Verdict:
        """An operator's reset, apart from restart: it moves nothing and leads to HOLD.

        Granted ("pass") only at rest, in HOLD or OFF, with the input released for LATCH_TIME and a usable measured state of
        a robot that stands still. The measured posture becomes the set-point: what pushed the arm away is not pushed back.
        """
        self._read(None, state, now)
        code = self._kernel.reset(self._table.record, self._memory.record, self._asked.record, self._answer.record)
        granted = code == 0
        value, margin = (0.0, 0.0) if granted else (1.0, -1.0)
        reason = RESETS[code].format(state=self.state.name.lower())
        return Verdict("pass" if granted else "stop", "reset", -1, value, 0.0, margin, reason)

    def _read(self, command: object, state: object, now: object) -> bool:
        n, asked = self._limits.joints, self._asked
        asked.put("now", as_float(now) if is_number(now) else float("nan"))
        asked.put("mode", self._mode.value)
        asked.put("estop", int(estop_pressed(state)))
        fits = command_fits(command, n)
        asked.put("command_fits", int(fits))
        if fits:
            assert isinstance(command, Command)
            write_command(command, asked)
        measured = state_fits(state, n)
        asked.put("state_fits", int(measured))
        if measured:
            assert isinstance(state, RobotState)
            write_state(state, asked)
        return fits

    def _approved(self, command: Command | None) -> Approved:
        answer, memory, n = self._answer, self._memory, self._limits.joints
        q, dq = frozen(answer.numbers("q", n)), frozen(answer.numbers("dq", n))
        grip = (answer.number("grip_width"), answer.number("grip_force"))
        verdict = verdict_of(answer, self._limits, self.state)
        if command is not None and not answer.number("own"):
            if answer.number("decision") == codes.PASS:
                q, dq = frozen(command.q), frozen(command.dq)
            approved = Command(
                int(command.seq), command.t, q, dq, *grip, command.source,
                command.made, command.expires, command.seen, command.novelty,
            )  # fmt: skip
            return Approved(approved, verdict)
        seq = memory.number("seq") if memory.number("numbered") else -1
        now = memory.number("now") if memory.number("begun") else 0.0
        own = Command(seq, now, q, dq, *grip, "guard", now, now, now, 0.0)
        return Approved(own, verdict, power=self.state is not StopState.OFF)
