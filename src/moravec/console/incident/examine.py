"""From the records around a stop to the facts that people ask for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from moravec.console.incident.cut import Cause, Cut
from moravec.console.incident.track import Track, listed, track_of
from moravec.console.incident.words import path_of, sentence, unit_of, watched
from moravec.core.frames import Matrix
from moravec.guard.kernel.decide import REST_SPEED
from moravec.guard.limits import LimitTable
from moravec.guard.reading import command_fits
from moravec.guard.stop import StopState

STILL_TICKS = 10  # in which no joint may move for the body to be at rest
AT_REST = (StopState.HOLD.value, StopState.OFF.value)


@dataclass(frozen=True, slots=True)
class Halt:
    """A way to rest: from the set-point before the first stop's verdict, or the posture measured at it.

    `time` [s] counts from that verdict; `tool` is the length of the tool point's path [m], `joints` (n,) of each joint's [rad].
    """

    time: float
    tool: float
    joints: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Pulled:
    """Verdicts "limit" in a row by one check: from when to when [s] before the stop, how many, and the last of them."""

    start: float
    end: float
    count: int
    worst: Cause


@dataclass(frozen=True, slots=True, eq=False)
class Incident:
    """One stop with everything around it. Times in seconds from its first verdict, but for `clock`, the guard's clock."""

    cut: Cut
    track: Track
    clock: float | None
    halt: Halt | None  # of the set-points; None where they did not come to rest on this tape
    measured: Halt | None  # of the body
    pulled: tuple[Pulled, ...]
    command_age: float | None
    chunk_age: float | None
    sight_age: float | None
    asked_speed: Matrix | None  # (n,) [rad/s] from the last set-point to the one asked for; None where nothing fit was asked

    @property
    def cause(self) -> Cause:
        """The deciding one."""
        return self.cut.causes[0]

    @property
    def limits(self) -> LimitTable:
        """The table that held."""
        return self.cause.rules.limits

    @property
    def category(self) -> int:
        """The gravest stop it became."""
        return min(cause.verdict.category for cause in self.cut.causes)

    @property
    def before(self) -> int:
        """The row of the last set-point before the stop; that of the stop where there is none."""
        return max(self.cut.begin - 1, 0)

    @property
    def deciding_part(self) -> int:
        """The index of the part that `protective` is about, -1 for none."""
        verdict = self.cause.verdict
        return verdict.joint if verdict.check == "separation" else int(self.track.part[self.before])

    @property
    def protective(self) -> tuple[float, float] | None:
        """Distance of the nearest person and protective distance [m] as they were decided on: of the verdict where that is
        about them, else of the last set-point before it. None where nobody was near or nobody is watched for."""
        verdict = self.cause.verdict
        if verdict.check == "separation":
            return verdict.value, verdict.limit
        apart, needed = self.track.apart[self.before], self.track.needed[self.before]
        return (float(apart), float(needed)) if math.isfinite(needed) else None


def examine(cut: Cut) -> Incident:
    """The facts about `cut`."""
    track, begin = track_of(cut.rows, cut.begin), cut.begin
    tick = cut.first.tick
    n = cut.first.rules.limits.joints
    fits = command_fits(tick.asked, n)
    rest = next((i for i in range(begin, len(track.t)) if track.state[i] in AT_REST), None)
    still = None if rest is None else _still(track.measured_dq, rest)
    before = max(begin - 1, 0)
    asked = None
    if fits and begin > 0:
        asked = (tick.asked.q - track.q[before]) / cut.first.rules.limits.control_period

    def age(then: float) -> float | None:
        old = tick.now - then if fits and isinstance(tick.now, float) else math.nan
        return old if math.isfinite(old) else None

    return Incident(
        cut, track,
        clock=tick.now if isinstance(tick.now, float) and math.isfinite(tick.now) else None,
        halt=None if rest is None else _halt(track, track.q, track.tool, before, rest),
        measured=None if still is None else _halt(track, track.measured_q, track.measured_tool, begin, still),
        pulled=_pulled(cut),
        command_age=age(tick.asked.t) if fits else None,
        chunk_age=age(tick.asked.made) if fits else None,
        sight_age=age(tick.asked.seen) if fits else None,
        asked_speed=asked,
    )  # fmt: skip


def _halt(track: Track, q: Matrix, tool: Matrix, first: int, last: int) -> Halt:
    way = np.nansum(np.linalg.norm(np.diff(tool[first : last + 1], axis=0), axis=1))
    joints = np.nansum(np.abs(np.diff(q[first : last + 1], axis=0)), axis=0)
    return Halt(float(track.t[last]), float(way), tuple(joints.tolist()))


def _still(dq: Matrix, first: int) -> int | None:
    """The first row from `first` on at which the body stands still, and goes on doing so."""
    resting = np.all(np.abs(dq[first:]) <= REST_SPEED, axis=1)
    run = 0
    for i, rests in enumerate(resting):
        run = run + 1 if rests else 0
        if run == STILL_TICKS:
            return first + i + 1 - STILL_TICKS
    return None


def _pulled(cut: Cut) -> tuple[Pulled, ...]:
    """The set-points that were pulled back before the stop."""
    found: list[Pulled] = []
    for row in cut.rows[: cut.begin]:
        verdict = row.tick.approved.verdict
        if verdict.decision != "limit":
            continue
        t, cause = row.t - cut.start, Cause(row.t, verdict, row.rules)
        last = found[-1] if found else None
        near = last is not None and t - last.end < 10.5 * row.rules.limits.control_period
        if last is not None and near and last.worst.verdict.check == verdict.check:
            worst = cause if verdict.margin < last.worst.verdict.margin else last.worst
            found[-1] = Pulled(last.start, t, last.count + 1, worst)
        else:
            found.append(Pulled(t, t, 1, cause))
    return tuple(found)


# ── as data ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def to_json(incident: Incident, curves: bool) -> dict[str, Any]:
    """Everything about it; `curves`: with its columns at control rate."""
    cut, track = incident.cut, incident.track
    doing = cut.doing
    return {
        "number": cut.number,
        "clock": incident.clock,
        "category": incident.category,
        "causes": [_cause_json(cause, cut.start) for cause in cut.causes],
        "states": [{"t": t - cut.start, "state": state.name} for t, state in cut.states],
        "path": path_of(cut.states, cut.start),
        "ended": None if cut.end is None else cut.end - cut.start,
        "doing": None if doing is None else {
            "skill": doing.skill, "args": dict(doing.args), "number": cut.step_number, "since": doing.start - cut.start,
        },
        "chunk": None if cut.chunk is None else {
            "t": cut.chunk.t - cut.start, "source": cut.chunk.source, "duration": cut.chunk.duration,
        },
        "ages": {"command": incident.command_age, "chunk": incident.chunk_age, "observation": incident.sight_age},
        "set_points": _halt_json(incident.halt),
        "measured": _halt_json(incident.measured),
        "asked": _asked_json(incident),
        "people": _people_json(incident),
        "loads": loads(incident),
        "limited": [
            {"start": p.start, "end": p.end, "count": p.count, **_cause_json(p.worst, cut.start)} for p in incident.pulled
        ],
        "happenings": [{"t": h.t - cut.start, "kind": h.kind, "text": h.text} for h in cut.happenings],
        "pictures": [{"camera": name, "t": t - cut.start} for name, (t, _) in sorted(cut.pictures.items())],
        "window": [float(track.t[0]), float(track.t[-1])],
        "curves": track.to_json() if curves else None,
    }  # fmt: skip


def _cause_json(cause: Cause, start: float) -> dict[str, Any]:
    verdict = cause.verdict
    return {
        "t": cause.t - start,
        "check": verdict.check,
        "joint": verdict.joint,
        "value": _plain(verdict.value),
        "limit": _plain(verdict.limit),
        "margin": _plain(verdict.margin),
        "unit": unit_of(verdict.check),
        "category": verdict.category,
        "what": watched(verdict, cause.rules.limits),
        "words": sentence(verdict, cause.rules.limits),
        "mode": cause.rules.mode,
    }


def _halt_json(halt: Halt | None) -> dict[str, Any] | None:
    return None if halt is None else {"time": halt.time, "tool": halt.tool, "joints": list(halt.joints)}


def _asked_json(incident: Incident) -> dict[str, Any]:
    """What the runtime asked for in the deciding tick, and what was approved instead."""
    tick, track, at = incident.cut.first.tick, incident.track, incident.cut.begin
    fits = command_fits(tick.asked, incident.limits.joints)
    return {
        "source": tick.asked.source if fits else None,
        "asked_q": _numbers(track.asked_q[at]),
        "asked_dq": _numbers(tick.asked.dq) if fits else None,
        "asked_speed": None if incident.asked_speed is None else _numbers(incident.asked_speed),
        "approved_q": _numbers(track.q[at]),
        "approved_speed": _numbers(track.dq[at]),
        "measured_q": _numbers(track.measured_q[at]),
        "power": tick.approved.power,
    }


def _people_json(incident: Incident) -> dict[str, Any] | None:
    track = incident.track
    if not np.isfinite(track.nearest).any():
        return None
    after = track.nearest[incident.cut.begin :]
    least = int(np.nanargmin(after)) + incident.cut.begin if np.isfinite(after).any() else None
    found = incident.protective
    return {
        "at": listed(track.people[incident.cut.begin]),
        "nearest": _plain(float(track.nearest[incident.cut.begin])),
        "separation": None if found is None else found[0],
        "protective": None if found is None else found[1],
        "least": None if least is None else {"t": float(track.t[least]), "distance": float(track.nearest[least])},
    }


def loads(incident: Incident) -> dict[str, dict[str, float | None]]:
    """Tool speed, joint speeds, torques and forces: `at` the last tick before the stop took hold, the `peak` from a second
    before it until rest, and the `limit`; joint speeds and torques as shares of theirs."""
    track, begin = incident.track, incident.cut.begin
    stretch = (track.t >= -1.0) & (track.t <= (incident.halt.time if incident.halt else 1.0))
    out: dict[str, dict[str, float | None]] = {}
    for name, values, limits, at in (
        ("tool_speed", track.tool_speed, track.tool_speed_limit, incident.before),
        ("joint_speed", track.share("approved"), np.ones(len(track.t)), incident.before),
        ("measured_joint_speed", track.share("measured"), np.ones(len(track.t)), begin),
        ("torque", track.share("torque"), np.ones(len(track.t)), begin),
        ("tool_force", track.force, track.force_limit, begin),
        ("grip_force", track.grip, track.grip_limit, begin),
    ):
        known = values[stretch][np.isfinite(values[stretch])]
        peak = float(known.max()) if known.size else None
        out[name] = {"at": _plain(float(values[at])), "peak": peak, "limit": float(limits[at])}
    return out


def _plain(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _numbers(values: NDArray[np.float64]) -> list[float | None]:
    return [_plain(x) for x in values.tolist()]
