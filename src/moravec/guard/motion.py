"""Judging one set-point against the last approved one: pass it, pull it back, or refuse it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from moravec.core.verdict import Decision
from moravec.guard import checks
from moravec.guard.braking import ROUNDING, allowed_steps, pulled_back, rest_posture
from moravec.guard.checks import POSITION_TOLERANCE, TOLERANCE, Finding
from moravec.guard.kinematics import Chain, Point, chain_of, tool_point
from moravec.guard.limits import Box, LimitTable

# A set-point is pulled back by at most this much [rad], 8.5 mm at the end of a 0.85 m arm; beyond, the motion is another one
# than was asked for, and that is a stop.
PULL_BACK_MAX = 0.01
# A speed is pulled back up to this multiple of its limit; beyond, the sender is broken and that is a stop.
BAND = 1.5
# The tool's way is not quite linear in the joints' steps: so many corrections bring it below its limit.
SLOWINGS = 3


@dataclass(frozen=True, slots=True)
class SetPoint:
    """An approved set-point: `q` (n,) [rad], reached with `steps` (n,) [rad]; its `tool` point (3,) [m].

    `depth` [m] is how deep the tool lies in the workspace, negative outside.
    """

    q: list[float]
    steps: list[float]
    tool: Point
    depth: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """What became of an asked set-point. For "stop" `target` is the old one and means nothing."""

    decision: Decision
    finding: Finding
    target: SetPoint
    dq: list[float]


@dataclass(frozen=True, slots=True)
class Scale:
    """A limit table counted in control ticks: what `judge` needs, taken once."""

    table: LimitTable
    chain: Chain
    gains: tuple[float, ...]  # (n,) change of step in one tick at the acceleration limit [rad]
    fastest: tuple[float, ...]  # (n,) step at the speed limit and half its tolerance [rad]
    lows: tuple[float, ...]  # (n,) position limits and their tolerance, but for rounding [rad]
    highs: tuple[float, ...]

    @staticmethod
    def of(table: LimitTable) -> Scale:
        """The table in ticks of its control period."""
        period = table.control_period
        return Scale(
            table,
            chain_of(table.dh),
            tuple(a * period * period for a in table.acceleration),
            tuple(v * (1.0 + TOLERANCE / 2.0) * period for v in table.velocity),
            tuple(low - POSITION_TOLERANCE + ROUNDING for low in table.position_min),
            tuple(high + POSITION_TOLERANCE - ROUNDING for high in table.position_max),
        )

    def at(self, q: list[float], steps: list[float]) -> SetPoint:
        """The set-point `q` (n,) [rad], reached with `steps` (n,) [rad]."""
        tool = tool_point(q, self.chain, self.table.tool_offset)
        return SetPoint(q, steps, tool, self._space(tool).margin)

    def clamped(self, speeds: Sequence[float]) -> list[float]:
        """Steps (n,) [rad] of `speeds` (n,) [rad/s], cut off at the speed limit."""
        period = self.table.control_period
        return [max(-most, min(most, speed * period)) for speed, most in zip(speeds, self.fastest, strict=True)]

    def _space(self, tool: Point) -> Finding:
        allowed: tuple[Box, ...] = self.table.allowed
        return checks.check_workspace(tool, allowed, self.table.forbidden)

    def space(self, target: SetPoint, before: SetPoint) -> Finding:
        """The tool point and its place after braking; a tool that began outside may only come back (margin is the gain)."""
        found = self._space(target.tool)
        if any(target.steps):
            ends, _ = rest_posture(target.q, target.steps, self.gains, self.lows, self.highs)
            at_rest = self._space(tool_point(ends, self.chain, self.table.tool_offset))
            if at_rest.margin < found.margin:
                found = at_rest
        if before.depth < 0.0:
            found = found._replace(margin=found.margin - before.depth, relative=found.margin - before.depth)
        return found


def judge(q: Sequence[float], dq: Sequence[float], before: SetPoint, scale: Scale) -> Judgement:
    """The asked set-point `q` (n,) [rad] with `dq` (n,) [rad/s], after the approved set-point `before`. All finite."""
    table, period = scale.table, scale.table.control_period
    wanted = [a - b for a, b in zip(q, before.q, strict=True)]
    speeds = [step / period for step in wanted]
    found = (
        checks.check_velocity("velocity", speeds, table.velocity),
        checks.check_velocity("velocity_wanted", dq, table.velocity),
        checks.check_acceleration(wanted, before.steps, table.acceleration, period),
        checks.check_position(q, wanted, scale.gains, table.position_min, table.position_max),
    )
    least = found[0]
    for finding in found:
        if finding.margin < 0.0:
            return _pull(wanted, dq, before, scale, found, finding)
        if finding.relative < least.relative:
            least = finding
    target = scale.at(list(q), wanted)
    speed = checks.check_tool_speed(before.tool, target.tool, period, table.tool_speed)
    if speed.margin < 0.0:
        return _finish(wanted, wanted, before, scale, speed)
    space = scale.space(target, before)
    if space.margin < 0.0:
        return Judgement("stop", space, before, [])
    for finding in (speed, space):
        if finding.relative < least.relative:
            least = finding
    return Judgement("pass", least, target, list(dq))


def _pull(
    wanted: list[float], dq: Sequence[float], before: SetPoint, scale: Scale, found: tuple[Finding, ...], cause: Finding
) -> Judgement:
    """Pulls the joints' steps back inside speed, acceleration and position limits."""
    for finding in found[:2]:
        if finding.value > BAND * finding.limit:
            return Judgement("stop", finding, before, [])
    down, up = allowed_steps(before.q, before.steps, scale.gains, scale.fastest, scale.lows, scale.highs)
    steps, possible = pulled_back(wanted, scale.clamped(dq), scale.gains, down, up)
    if not possible:
        return Judgement("stop", cause, before, [])
    return _finish(wanted, steps, before, scale, cause)


def _finish(wanted: list[float], steps: list[float], before: SetPoint, scale: Scale, cause: Finding) -> Judgement:
    """Slows `steps` down to the tool's speed limit, and approves them if they are close to what was `wanted` and in space."""
    table, period = scale.table, scale.table.control_period
    target = scale.at([q + step for q, step in zip(before.q, steps, strict=True)], steps)
    for _ in range(SLOWINGS):
        speed = checks.check_tool_speed(before.tool, target.tool, period, table.tool_speed)
        if speed.margin >= 0.0:
            break
        if speed.value > BAND * speed.limit:
            return Judgement("stop", speed, before, [])
        factor = speed.limit / speed.value * (1.0 - TOLERANCE)
        steps = [factor * step for step in steps]
        target = scale.at([q + step for q, step in zip(before.q, steps, strict=True)], steps)
    else:
        return Judgement("stop", cause, before, [])
    if any(abs(want - step) > PULL_BACK_MAX for want, step in zip(wanted, steps, strict=True)):
        return Judgement("stop", cause, before, [])
    # What is approved holds the same limits as what passes: checked again, not taken on trust.
    speeds = [step / period for step in steps]
    if not (
        checks.check_velocity("velocity", speeds, table.velocity).margin >= 0.0
        and checks.check_acceleration(steps, before.steps, table.acceleration, period).margin >= 0.0
        and checks.check_position(target.q, steps, scale.gains, table.position_min, table.position_max).margin >= 0.0
    ):
        return Judgement("stop", cause, before, [])
    space = scale.space(target, before)
    if space.margin < 0.0:
        return Judgement("stop", space, before, [])
    return Judgement("limit", cause, target, speeds)
