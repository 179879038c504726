"""Judges what an edge process approved around one kill, from its ring, by the limit table and by nothing of the guard's.

From a moving robot to rest: every set-point inside every limit, braking that never speeds up, and rest within its budget.
A host that stalls makes ticks late: that is noted, and is no fault. A limit that is broken is one, and so is a robot that does
not come to rest. Power that is taken from a moving robot is one too, but where the host, and not the kill, left the guard blind.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from moravec.guard.limits import LimitTable

Rows = NDArray[Any]  # (m,) records of `moravec.edge.form.tick_dtype`
Floats = NDArray[np.float64]

# The guard's documented tolerances, written down a second time: relative, on positions [rad]; rounding.
SLACK, POSITION_SLACK, EPS = 1e-3, 1e-6, 1e-9
# From the last record that was taken to the first tick that brakes [s], where no tick came late: the table.
SILENT_MOST = 0.02
# From a stop in which the body is not measured for so long [s] the guard takes the power away: its figure, a second time.
BLIND = 0.1
# Braking may take so many ticks more than the fastest joint needs: the one that it is noticed in, and rounding.
SPARE_TICKS = 2
RUN, BRAKING, HOLD, ENDING, OFF = 1, 2, 3, 4, 5  # of the stop machine
TAKEN = 0  # the code of a record that was used


@dataclass(frozen=True, slots=True)
class Ending:
    """How one kill ended.

    broken   what was broken, in words; empty where all is well
    silent   from the last record that was taken to the first tick that brakes [s]
    braking  from there to rest [s] of the robot's time
    late     whether a tick came late in between: then `silent` says nothing about the process
    starved  whether the host left the guard blind, which took the power away as it must: judged up to there, and no stop to count
    """

    broken: tuple[str, ...]
    silent: float
    braking: float
    late: bool
    starved: bool = False


def moving(row: Any) -> bool:
    """Whether the tick's approved set-point moves."""
    return int(row["state"]) == RUN and bool(np.abs(row["answer"]["dq"]).max() > 0.0)


def judge(rows: Rows, killed: int, limits: LimitTable, source: str) -> Ending:
    """`rows` from a moving robot to its first rest after tick number `killed`. What fell silent is the `source`: "client",
    "driver", or "edge", which cannot notice while it stands still itself."""
    q = rows["answer"]["q"][:, : limits.joints]
    if not np.isfinite(q).all() or not (np.diff(rows["tick"]) == 1).all():
        return Ending(("a set-point that is no number, or a tick that is missing",), math.nan, math.nan, False)
    blinded = _blinded(rows, killed, limits.control_period, source)
    if blinded is not None:
        q = q[:blinded]
        return Ending((*_joints(q, limits), *_tool(q, limits)), math.nan, math.nan, True, starved=True)
    steps = np.diff(q, axis=0)  # steps[i] leads to row i + 1
    broken = [*_joints(q, limits), *_tool(q, limits)]
    (brakes,) = np.nonzero((rows["tick"] > killed) & (rows["state"] >= BRAKING))
    if not len(brakes):
        return Ending((*broken, "no stop began"), math.nan, math.nan, False)
    first = int(brakes[0])
    if steps[-1].any() or int(rows["state"][-1]) not in (HOLD, OFF):
        broken.append("not at rest")
    if (rows["answer"]["category"][first:] == 0).any():
        broken.append("power removed from a moving robot, where braking was possible")
    slowing = np.abs(steps[first - 1 :])
    if first >= 1 and not (np.diff(slowing, axis=0) <= EPS * limits.control_period).all():
        broken.append("a joint that speeds up while it brakes")
    most = float((np.abs(steps[max(first - 2, 0)]) / np.array(limits.acceleration)).max()) / limits.control_period**2
    if len(rows) - 1 - first > math.ceil(most) + SPARE_TICKS:
        broken.append(f"rest after {len(rows) - 1 - first} ticks of braking; allowed: {math.ceil(most) + SPARE_TICKS}")
    silent, late = _silence(rows, first, limits.control_period, source)
    if not late and not silent <= SILENT_MOST:
        broken.append(f"{1e3 * silent:.2f} ms of silence before it braked; allowed: {1e3 * SILENT_MOST:g} ms")
    return Ending(tuple(broken), silent, (len(rows) - 1 - first) * limits.control_period, late)


def _silence(rows: Rows, first: int, period: float, source: str) -> tuple[float, bool]:
    """How old [s] the last record taken was when it braked, and whether a tick came late since."""
    code, stamp = ("state_code", "state_t") if source == "driver" else ("code", "t")
    (taken,) = np.nonzero(rows[code][:first] == TAKEN)
    if source == "edge" or not len(taken):
        return math.nan, True
    silent = float(rows["at"][first]) * 1e-9 - float(rows["asked"][stamp][int(taken[-1])])
    return silent, _late(rows[int(taken[-1]) : first + 1], period)


def _late(rows: Rows, period: float) -> bool:
    """Whether one of these ticks came late."""
    return bool((np.diff(rows["at"]) > 2e9 * period).any() or (rows["lateness"] >= 1e9 * period).any())


def _blinded(rows: Rows, killed: int, period: float, source: str) -> int | None:
    """The row that took the power away because the host kept the body's measurements from the guard: ticks came late, or the
    body fell silent that nobody had killed. None where there is none."""
    (removed,) = np.nonzero((rows["tick"] > killed) & (rows["state"] >= BRAKING) & (rows["answer"]["category"] == 0))
    if not len(removed):
        return None
    at = int(removed[0])
    (measured,) = np.nonzero(rows["state_code"][:at] == TAKEN)
    last = int(measured[-1]) if len(measured) else 0
    blind = float(rows["at"][at]) * 1e-9 - float(rows["asked"]["state_t"][at]) > BLIND
    return at if blind and (source != "driver" or _late(rows[last : at + 1], period)) else None


def _joints(q: Floats, limits: LimitTable) -> list[str]:
    """What joint range, speed and acceleration say."""
    broken, t = [], limits.control_period
    steps = np.diff(q, axis=0)
    if (q < np.array(limits.position_min) - POSITION_SLACK).any() or (q > np.array(limits.position_max) + POSITION_SLACK).any():
        broken.append("a joint out of its range")
    speed, hard = np.abs(steps) / t, np.abs(np.diff(steps, axis=0)) / t**2
    for what, values, most in (("speed", speed, limits.velocity), ("acceleration", hard, limits.acceleration)):
        over = values / np.array(most) if len(values) else np.zeros((1, 1))
        if not (over <= 1.0 + SLACK + EPS / t).all():
            broken.append(f"joint {what} {over.max():.4f} times its limit")
    return broken


def _tool(q: Floats, limits: LimitTable) -> list[str]:
    """What the tool's speed and its workspace say."""
    broken, tool = [], tool_places(q, limits)
    fastest = float((np.linalg.norm(np.diff(tool, axis=0), axis=1) / limits.control_period).max(initial=0.0))
    if not fastest <= limits.tool_speed * (1.0 + SLACK):
        broken.append(f"tool at {fastest:.4f} m/s; allowed: {limits.tool_speed:g}")
    allowed = np.zeros(len(tool), dtype=bool)
    for box in limits.allowed:
        allowed |= ((tool >= np.array(box.low) - EPS) & (tool <= np.array(box.high) + EPS)).all(axis=1)
    for box in limits.forbidden:
        allowed &= ~((tool > np.array(box.low) + EPS) & (tool < np.array(box.high) - EPS)).all(axis=1)
    if not allowed.all():
        broken.append("the tool outside its workspace")
    return broken


def tool_places(q: Floats, limits: LimitTable) -> Floats:
    """Where the tool is (m, 3) [m] at postures `q` (m, n): the Denavit-Hartenberg rows as 4 x 4 matrices, multiplied."""
    made = np.broadcast_to(np.eye(4), (len(q), 4, 4))
    for j, (theta, a, d, alpha) in enumerate(limits.dh):
        c, s, ca, sa = np.cos(theta + q[:, j]), np.sin(theta + q[:, j]), math.cos(alpha), math.sin(alpha)
        link = np.zeros((len(q), 4, 4))
        link[:, 0] = np.stack([c, -s * ca, s * sa, a * c], axis=1)
        link[:, 1] = np.stack([s, c * ca, -c * sa, a * s], axis=1)
        link[:, 2] = (0.0, sa, ca, d)
        link[:, 3, 3] = 1.0
        made = made @ link
    return np.asarray((made @ np.array([*limits.tool_offset, 1.0]))[:, :3])
