"""The one object in the path to the actuators.

`Guard.check` answers every command with an `Approved`: the command itself, the nearest one inside the limits, or the next
point of the guard's own braking. It has no clock and does no I/O: the same calls give the same answers, bit for bit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from moravec.core.command import Command
from moravec.core.errors import ContractError
from moravec.core.frames import frozen
from moravec.core.observation import RobotState
from moravec.core.verdict import Approved, Verdict
from moravec.guard import checks, motion
from moravec.guard.braking import brake
from moravec.guard.checks import Finding
from moravec.guard.limits import HUGE, LimitTable
from moravec.guard.reading import (
    Asked,
    Measured,
    estop_pressed,
    is_number,
    is_whole,
    read_command,
    read_state,
)
from moravec.guard.reasons import verdict_of
from moravec.guard.stop import Event, StopState, advance

# A joint slower than this stands still [rad/s], about 1 deg/s; sensor noise must not count as motion.
REST_SPEED = 0.02
# An emergency stop stays latched at least this long after its input was last seen pressed [s].
LATCH_TIME = 0.5
# So many set-points may be pulled back in a row [ticks]; each one that passes earns LIMIT_LEAK back.
LIMIT_BUDGET = 50.0
LIMIT_LEAK = 0.1

_FINE = Finding("clock", -1, 0.0, 0.0, 0.0, 1.0)
_PRESSED = Finding("estop", -1, 1.0, 0.0, -1.0, -1.0)


class Guard:
    """Checks every command against one limit table. One guard for one robot; calls come one after the other.

    The first call takes the measured posture as its own first set-point: a robot that moves then is braked first.
    """

    def __init__(self, limits: LimitTable) -> None:
        self._limits = limits
        self._scale = motion.Scale.of(limits)
        self._stop = StopState.INIT
        self._at = motion.SetPoint([0.0] * limits.joints, [0.0] * limits.joints, (0.0, 0.0, 0.0), 0.0)
        self._grip = (limits.grip_width_max, 0.0)
        self._cause = _FINE
        self._seq: int | None = None
        self._now: float | None = None
        self._due = 0.0
        self._pressed_at = -math.inf
        self._pulled = 0.0

    @property
    def limits(self) -> LimitTable:
        """The table it was built with."""
        return self._limits

    @property
    def state(self) -> StopState:
        """Where it stands in the stop state machine."""
        return self._stop

    @property
    def setpoint(self) -> tuple[float, ...]:
        """The last approved joint positions (n,) [rad]: where the next motion has to start. Zeros before the first call."""
        return tuple(self._at.q)

    def check(self, command: Command, state: RobotState, now: float) -> Approved:
        """The verdict on `command`, given the measured `state`, at time `now` [s] of the command's clock.

        Call it once in each control period, also when nothing is to move: a tick without a command is a fault.
        Raises ContractError only if the very first measured state is unusable: there is no posture to hold then.
        """
        measured = read_state(state, self._limits.joints)
        if self._stop is StopState.INIT:
            self._begin(measured)
        tick = self._tick(now)
        if estop_pressed(state):
            self._stop = advance(self._stop, Event.ESTOP)
            self._pressed_at = self._now if self._now is not None else math.inf
        if self._stop is StopState.ESTOP:
            return self._stopped(command, _PRESSED, tick, "braked and held: ")
        if self._stop is StopState.BRAKING:
            return self._stopped(command, self._cause, tick, "braking to rest after: ")
        asked = read_command(command, self._limits.joints)
        least = _FINE
        for finding in self._screen(asked, measured, now, tick):
            if not finding.margin >= 0.0:
                return self._stopped(command, finding, tick)
            if finding.relative < least.relative:
                least = finding
        assert asked is not None  # the screen has refused a command without shape
        return self._moved(command, asked, least, tick)

    def reset(self, state: RobotState, now: float) -> Verdict:
        """An operator's reset, apart from restart: it moves nothing and leads to HOLD.

        Granted ("pass") only at rest, in HOLD or ESTOP, with the input released for LATCH_TIME and a usable measured state of
        a robot that stands still. The measured posture becomes the set-point: what pushed the arm away is not pushed back.
        """
        measured = read_state(state, self._limits.joints)
        problem = self._why_no_reset(measured, state, now)
        if problem or measured is None:
            return Verdict("stop", "reset", -1, 1.0, 0.0, -1.0, f"reset refused: {problem}")
        self._at = self._scale.at(measured.q, [0.0] * self._limits.joints)
        self._seq = None
        self._pulled = 0.0
        self._stop = advance(self._stop, Event.RESET)
        return Verdict("pass", "reset", -1, 0.0, 0.0, 0.0, "reset granted: holding; a fresh command starts motion")

    def _why_no_reset(self, measured: Measured | None, state: RobotState, now: float) -> str:
        if self._stop not in (StopState.HOLD, StopState.ESTOP) or any(self._at.steps):
            return f"the guard is not at rest (state {self._stop.value})"
        if measured is None or not checks.check_finite("state_finite", _numbers(measured)).margin >= 0.0:
            return "the measured state is not usable"
        if estop_pressed(state):
            return "the emergency stop is still pressed"
        if any(abs(speed) > REST_SPEED for speed in measured.dq):
            return f"the robot moves; allowed: each joint below {REST_SPEED} rad/s"
        if not is_number(now) or not now - self._pressed_at >= LATCH_TIME:
            return f"the emergency stop was pressed less than {LATCH_TIME} s ago"
        return ""

    def _begin(self, measured: Measured | None) -> None:
        if measured is None or not checks.check_finite("state_finite", _numbers(measured)).margin >= 0.0:
            raise ContractError(
                "guard: the first measured state has a wrong shape or values that are not finite; "
                f"allowed: finite arrays for {self._limits.joints} joints. There is no posture to hold, so nothing is approved"
            )
        fastest = max(range(self._limits.joints), key=lambda j: abs(measured.dq[j]))
        moving = abs(measured.dq[fastest]) > REST_SPEED
        steps = self._scale.clamped(measured.dq) if moving else [0.0] * self._limits.joints
        self._at = self._scale.at(measured.q, steps)
        table = self._limits
        self._grip = (
            min(max(measured.grip_width, table.grip_width_min), table.grip_width_max),
            min(max(measured.grip_force, 0.0), table.grip_force_max),
        )
        if moving:
            speed = abs(measured.dq[fastest])
            self._cause = Finding("beginning", fastest, speed, REST_SPEED, REST_SPEED - speed, -1.0)
        self._stop = advance(self._stop, Event.BEGIN_MOVING if moving else Event.BEGIN_STILL)

    def _tick(self, now: float) -> Finding:
        """Judges the rhythm of the calls: a leaky bucket that lets one late tick be caught up, and no more."""
        if not is_number(now) or not -HUGE <= now <= HUGE:
            return Finding("clock", -1, 0.0, 0.0, -1.0, -1.0)
        period, last = self._limits.control_period, self._now
        found = _FINE
        if last is not None:
            gap = now - last
            if gap < 0.0:
                found = Finding("clock", -1, gap, 0.0, gap, -1.0)
                self._due = now
                self._pressed_at = min(self._pressed_at, now)
            elif now < self._due - period:
                return Finding("flood", -1, gap, period, now - self._due, -1.0)
            elif gap > self._limits.command_age_max and any(self._at.steps):
                limit = self._limits.command_age_max
                found = Finding("silence", -1, gap, limit, limit - gap, -1.0)
        self._now = now
        self._due = max(self._due, now) + period
        return found

    def _screen(self, asked: Asked | None, measured: Measured | None, now: float, tick: Finding) -> Iterator[Finding]:
        """All checks that need no motion, in the order in which later ones rely on earlier ones."""
        table = self._limits
        yield tick
        yield checks.check_shape("state_shape", measured is not None)
        assert measured is not None
        yield checks.check_finite("state_finite", _numbers(measured))
        yield checks.check_tracking(measured.q, self._at.q, table.tracking)
        yield checks.check_torque(measured.tau, table.torque)
        yield checks.check_shape("command_shape", asked is not None)
        assert asked is not None
        yield checks.check_finite(
            "command_finite", [*asked.q, *asked.dq, asked.t, asked.grip_width, asked.grip_force, asked.seq]
        )
        last, self._seq = self._seq, asked.seq
        yield checks.check_age(asked.t, now, table.command_age_max)
        if last is not None:
            yield checks.check_sequence(asked.seq, last, table.sequence_gap_max)
        yield checks.check_grip(
            asked.grip_width, asked.grip_force, table.grip_width_min, table.grip_width_max, table.grip_force_max
        )

    def _moved(self, command: Command, asked: Asked, least: Finding, tick: Finding) -> Approved:
        """Judges the motion, and approves it whole, pulled back, or not at all."""
        judged = motion.judge(asked.q, asked.dq, self._at, self._scale)
        if judged.decision == "stop":
            return self._stopped(command, judged.finding, tick)
        if judged.decision == "limit":
            self._pulled += 1.0
            if self._pulled > LIMIT_BUDGET:
                margin = LIMIT_BUDGET - self._pulled
                spent = Finding("limit_budget", judged.finding.joint, self._pulled, LIMIT_BUDGET, margin, -1.0)
                return self._stopped(command, spent, tick)
        else:
            self._pulled = max(self._pulled - LIMIT_LEAK, 0.0)
        finding = judged.finding if judged.decision == "limit" or judged.finding.relative < least.relative else least
        self._at = judged.target
        self._grip = (asked.grip_width, asked.grip_force)
        self._stop = advance(self._stop, Event.ACCEPT)
        approved = Command(
            asked.seq,
            asked.t,
            frozen(judged.target.q),
            frozen(judged.dq),
            asked.grip_width,
            asked.grip_force,
            asked.source,
        )
        return Approved(approved, verdict_of(judged.decision, finding))

    def _stopped(self, command: Command, cause: Finding, tick: Finding, prefix: str = "") -> Approved:
        """The next point of the guard's own braking, and of holding after it."""
        self._cause = cause
        self._stop = advance(self._stop, Event.FAULT)
        self._pulled = max(self._pulled - LIMIT_LEAK, 0.0)
        if isinstance(command, Command) and is_whole(command.seq) and -HUGE <= command.seq <= HUGE:
            self._seq = int(command.seq)
        # Between two proper ticks no time has passed for the robot, so its set-point stays.
        if tick.check != "flood":
            at, scale = self._at, self._scale
            steps = brake(at.q, at.steps, scale.gains, scale.lows, scale.highs)
            self._at = scale.at([q + step for q, step in zip(at.q, steps, strict=True)], steps)
        verdict = verdict_of("stop", cause, prefix)
        if not any(self._at.steps):
            self._stop = advance(self._stop, Event.REST)
        return Approved(self._own_command(command), verdict)

    def _own_command(self, command: Command) -> Command:
        seq = self._seq if self._seq is not None else -1
        t = self._now if self._now is not None else 0.0
        dq = [step / self._limits.control_period for step in self._at.steps]
        return Command(seq, t, frozen(self._at.q), frozen(dq), self._grip[0], self._grip[1], "guard")


def _numbers(measured: Measured) -> list[float]:
    others = [measured.grip_width, measured.grip_force, *measured.others]
    return [*measured.q, *measured.dq, *measured.tau, *others]
