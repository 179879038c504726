"""The ticks around a stop as columns over time, at control rate: what was approved, what was measured, and the limits of both."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from moravec.console.geometry import Room, braking_times, part_speeds, people_rows, placed, room_of, rows_of
from moravec.console.incident.cut import Row, Rules
from moravec.core.frames import Matrix
from moravec.core.observation import RobotState
from moravec.guard.reading import command_fits, state_fits

DECISIONS = ("pass", "limit", "stop")
DIGITS = 6  # significant, of what is given as JSON


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """Columns over m ticks, n joints, p parts and k people. NaN where something is not known or does not apply.

    t              (m,) [s] from the first stop's verdict
    decision, category, state   (m,) of the verdicts; indices into DECISIONS, categories with -1 for none, guard's state codes
    q, dq          (m, n) approved set-points [rad] and the speed of their steps [rad/s]
    asked_q        (m, n) set-points asked for [rad]
    measured_q, measured_dq, tau   (m, n) [rad], [rad/s], [N m]
    velocity, torque   (m, n) their limits
    tool           (m, 3) tool point at the set-points [m]; tool_speed (m,) [m/s] and its limit
    measured_tool  (m, 3) tool point at the measured joints [m]
    force, grip    (m,) force on the tool and of one finger [N], and their limits
    people         (m, k, 2) where people stand [m]
    nearest        (m,) horizontal distance of the nearest person to any part [m]
    apart, needed  (m,) distance [m] to the part whose speed leaves least room, and S_p [m] for it; part (m,) its index, -1 none
    parts          (m, p, 2, 3) both ends of the parts' capsules at the set-points [m]
    """

    t: Matrix
    decision: NDArray[np.int64]
    category: NDArray[np.int64]
    state: NDArray[np.int64]
    q: Matrix
    dq: Matrix
    asked_q: Matrix
    measured_q: Matrix
    measured_dq: Matrix
    tau: Matrix
    velocity: Matrix
    torque: Matrix
    tool: Matrix
    tool_speed: Matrix
    tool_speed_limit: Matrix
    measured_tool: Matrix
    force: Matrix
    force_limit: Matrix
    grip: Matrix
    grip_limit: Matrix
    people: Matrix
    nearest: Matrix
    apart: Matrix
    needed: Matrix
    part: NDArray[np.int64]
    parts: Matrix

    def share(self, what: str) -> Matrix:
        """(m,) of "approved" or "measured" joint speed, or "torque": the largest |value| / limit over the joints."""
        values, limits = {
            "approved": (self.dq, self.velocity),
            "measured": (self.measured_dq, self.velocity),
            "torque": (self.tau, self.torque),
        }[what]
        share: Matrix = np.max(np.abs(values) / limits, axis=1)
        return share

    def to_json(self) -> dict[str, Any]:
        """Every column as a list, with null for NaN; without the parts' places, which follow from `q`."""
        return {name: listed(values) for name, values in asdict(self).items() if name != "parts"}


def listed(values: NDArray[Any]) -> list[Any]:
    """Nested lists with few digits; null for what is not finite."""
    if values.dtype.kind == "i":
        whole: list[Any] = values.tolist()
        return whole
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.where(np.isfinite(values) & (values != 0.0), np.floor(np.log10(np.abs(values))), 0.0)
    scale = 10.0 ** (DIGITS - 1 - size)
    short = (np.round(values * scale) / scale).astype(object)
    short[~np.isfinite(values)] = None
    found: list[Any] = short.tolist()
    return found


def track_of(rows: Sequence[Row], begin: int) -> Track:
    """The columns of `rows`; `begin` is the row of the first stop, whose rules give the parts and the terms for people."""
    rules = rows[begin].rules
    limits, n = rules.limits, rules.limits.joints
    ticks = [row.tick for row in rows]
    approved = rows_of([tick.approved.command.q for tick in ticks], n)
    asked = [tick.asked if command_fits(tick.asked, n) else None for tick in ticks]
    states = [tick.state if state_fits(tick.state, n) else None for tick in ticks]

    def measured(read: Callable[[RobotState], Matrix], width: int) -> Matrix:
        return rows_of([None if s is None else read(s) for s in states], width)

    steps = np.diff(approved, axis=0, prepend=approved[:1])
    steps[[i for i, row in enumerate(rows) if row.anew]] = 0.0
    tool, parts = placed(approved, limits)
    measured_q = measured(lambda s: s.q, n)
    way = np.linalg.norm(np.diff(tool, axis=0, prepend=tool[:1]), axis=1) * np.any(steps != 0.0, axis=1)
    people = people_rows([None if s is None else s.people for s in states])
    room = _room(rows, parts, steps, people)
    return Track(
        t=np.array([row.t - rows[begin].t for row in rows]),
        decision=np.array([DECISIONS.index(tick.approved.verdict.decision) for tick in ticks]),
        category=np.array([tick.approved.verdict.category for tick in ticks]),
        state=np.array([row.state.value for row in rows]),
        q=approved, dq=steps / limits.control_period,
        asked_q=rows_of([None if a is None else a.q for a in asked], n),
        measured_q=measured_q, measured_dq=measured(lambda s: s.dq, n), tau=measured(lambda s: s.tau, n),
        velocity=_ruled(rows, lambda r: r.limits.velocity), torque=_ruled(rows, lambda r: r.limits.torque),
        tool=tool, tool_speed=way / limits.control_period, tool_speed_limit=_ruled(rows, _tool_speed),
        measured_tool=placed(measured_q, limits)[0],
        force=np.linalg.norm(measured(lambda s: s.wrench, 6)[:, :3], axis=1),
        force_limit=_ruled(rows, lambda r: r.limits.tool_force),
        grip=np.array([math.nan if s is None else s.grip_force for s in states]),
        grip_limit=_ruled(rows, lambda r: r.limits.grip_force_max),
        people=people, nearest=room.nearest, apart=room.apart, needed=room.needed, part=room.part, parts=parts,
    )  # fmt: skip


def _tool_speed(rules: Rules) -> float:
    limits = rules.limits
    return min(limits.tool_speed, limits.tool_speed_reduced) if rules.mode == "reduced" else limits.tool_speed


def _ruled(rows: Sequence[Row], value: Callable[[Rules], Any]) -> Matrix:
    """One value of the rules for each row; the rules seldom change."""
    groups = [(value(rules), len(list(group))) for rules, group in groupby(row.rules for row in rows)]
    return np.concatenate([np.repeat(np.asarray(v, dtype=np.float64)[None], count, axis=0) for v, count in groups])


def _room(rows: Sequence[Row], parts: Matrix, steps: Matrix, people: Matrix) -> Room:
    """The room that people leave; whoever stands still needs none beyond that at rest."""
    limits = next(row.rules.limits for row in rows)
    speeds = part_speeds(np.concatenate([parts[:1], parts[:-1]]), parts, steps, limits) * np.any(steps != 0.0, axis=1)[:, None]
    states = [row.tick.state for row in rows]
    ages = np.array([_age(row.tick.now, getattr(s, "people_t", None)) for row, s in zip(rows, states, strict=True)])
    return room_of(people, parts, speeds, braking_times(steps, limits), ages, limits)


def _age(now: object, then: object) -> float:
    if isinstance(now, float) and isinstance(then, float) and math.isfinite(now - then):
        return max(now - then, 0.0)
    return math.nan
