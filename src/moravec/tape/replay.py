"""Plays a tape back and makes every decision again.

The guard and the plan validator are injected: this room knows what was recorded, not how it is decided.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Protocol, TypeAlias, final

import numpy as np

from moravec.core.command import Command
from moravec.core.errors import MoravecError, TapeError, TapeTampered
from moravec.core.observation import RobotState
from moravec.core.verdict import Approved, Verdict
from moravec.tape.cdr import pack_command, pack_verdict
from moravec.tape.plain import encode
from moravec.tape.reader import mode_of, read, reset_of, state_of, tightening_of
from moravec.tape.records import Entry, Tick
from moravec.tape.schemas import CONTROL, GUARD, META, VALIDATION
from moravec.tape.verify import VerifyReport, verify


class Checker(Protocol):
    """The guard, as replay needs it: it may remember what it saw before."""

    def check(self, command: Command, state: RobotState, now: float) -> Approved:
        """The verdict on `command` at `now` [s]."""
        ...

    def reset(self, state: RobotState, now: float) -> Verdict:
        """The answer to an operator's reset at `now` [s]."""
        ...

    def tighten(self, limits: Mapping[str, Any] | None) -> None:
        """From now on the recorded table `limits` holds; None: the one it was made with. A MoravecError refuses it."""
        ...

    def degrade(self, mode: str) -> None:
        """From now on what the recorded `mode` names is allowed. A MoravecError refuses it."""
        ...


MakeChecker: TypeAlias = Callable[[Mapping[str, Any]], Checker]  # from the recorded limit table
ValidatePlan: TypeAlias = Callable[[Any, Mapping[tuple[str, ...], Any]], Any]  # recorded plan and state -> JSON data


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """How many decisions were made again, how many came out otherwise, and whether the tape itself is intact.

    A tightening and a change of mode are applied in their place and count only where the guard refuses them now.
    """

    decisions: int
    diverged: int
    first: str | None  # the first divergence, in words
    tampered: tuple[str, ...]
    truncated_at: int | None  # offset up to which a tape that was cut off is sealed

    @property
    def same(self) -> bool:
        """Whether every decision came out bit for bit, from an intact tape."""
        return self.diverged == 0 and not self.tampered


def replay(
    path: str | os.PathLike[str],
    make_guard: MakeChecker,
    validate_plan: ValidatePlan,
) -> ReplayReport:
    """Recompute every verdict and every plan validation of the tape at `path`, and compare bit for bit.

    `make_guard` builds a fresh guard from the "guard_limits" of the tape's /meta. Numbers are equal when their bits
    are, so NaN equals the same NaN and 0.0 differs from -0.0. Raises TapeError for a file that is no tape, or one that
    lacks what replay needs; a changed tape is reported.
    """
    report = verify(path)
    player = _Player(make_guard, validate_plan)
    tampered = report.faults
    try:
        for record in read(path):
            player.play(record.topic, record.value, record.sequence)
    except TapeTampered as fault:
        tampered = tampered or (str(fault),)
    return player.report(report, tampered)


@final
class _Player:
    def __init__(self, make_guard: MakeChecker, validate_plan: ValidatePlan) -> None:
        self._make_guard = make_guard
        self._validate_plan = validate_plan
        self._guard: Checker | None = None
        self._decisions = 0
        self._diverged = 0
        self._first: str | None = None

    def play(self, topic: str, value: object, sequence: int) -> None:
        """Make the decision of one record again, where it holds one. Raises TapeError."""
        if topic == CONTROL and isinstance(value, Tick):
            self._count(self._tick(value), f"tick at {value.now!r} s (record {sequence})")
        elif isinstance(value, Entry):
            if topic == META:
                self._guard = self._built(value.payload)
            elif topic == GUARD:
                self._event(value, f"at {value.t!r} s (record {sequence})")
            elif topic == VALIDATION:
                self._count(self._validation(value), f"validation at {value.t!r} s (record {sequence})")

    def report(self, verified: VerifyReport, tampered: tuple[str, ...]) -> ReplayReport:
        """What came out."""
        return ReplayReport(self._decisions, self._diverged, self._first, tampered, verified.truncated_at)

    def _count(self, difference: str | None, where: str) -> None:
        self._decisions += 1
        if difference is not None:
            self._diverged += 1
            self._first = self._first or f"{where}: {difference}"

    def _built(self, meta: Mapping[str, Any]) -> Checker:
        limits = meta.get("guard_limits")
        if not isinstance(limits, dict):
            raise TapeError("the tape's /meta has no 'guard_limits'; without them no verdict can be recomputed")
        return self._make_guard(limits)

    def _event(self, entry: Entry, where: str) -> None:
        event, guard = entry.payload.get("event"), self._checker()
        if event == "reset":
            self._count(self._reset(entry), f"reset {where}")
        elif event == "tighten":
            who, limits = tightening_of(entry)
            self._change(lambda: guard.tighten(limits), f"tightening by {who!r} {where}")
        elif event == "mode":
            mode, _ = mode_of(entry)
            self._change(lambda: guard.degrade(mode), f"mode {mode!r} {where}")
        else:
            raise TapeError(f"the tape holds {event!r} as an event of the guard; allowed: one of reset, tighten, mode")

    def _change(self, change: Callable[[], None], where: str) -> None:
        try:
            change()
        except MoravecError as error:
            self._count(f"recorded as taken, recomputed {type(error).__name__}: {error}", where)

    def _reset(self, entry: Entry) -> str | None:
        now, state, recorded = reset_of(entry)
        again = encode(self._checker().reset(state, now)).decode()
        was = encode(recorded).decode()
        return None if again == was else f"recorded {was}, recomputed {again}"

    def _checker(self) -> Checker:
        if self._guard is None:
            raise TapeError("the tape does not begin with /meta; without it no verdict can be recomputed")
        return self._guard

    def _tick(self, tick: Tick) -> str | None:
        guard = self._checker()
        try:
            again = guard.check(tick.asked, tick.state, tick.now)
        except MoravecError as error:
            return f"recorded {tick.approved.verdict.decision}, recomputed {type(error).__name__}: {error}"
        return difference(tick.approved, again)

    def _validation(self, entry: Entry) -> str | None:
        recorded = encode(entry.payload.get("result"))
        try:
            again = encode(self._validate_plan(entry.payload.get("plan"), state_of(entry)))
        except MoravecError as error:
            return f"recorded {recorded.decode()}, recomputed {type(error).__name__}: {error}"
        return None if again == recorded else f"recorded {recorded.decode()}, recomputed {again.decode()}"


def difference(recorded: Approved, again: Approved) -> str | None:
    """The first field in which the two differ by a bit, in words; None where they do not."""
    if (
        recorded.power is again.power
        and pack_verdict(recorded.verdict) == pack_verdict(again.verdict)
        and pack_command(recorded.command) == pack_command(again.command)
    ):
        return None
    for part in ("verdict", "command"):
        one, other = getattr(recorded, part), getattr(again, part)
        for field in fields(one):
            a, b = getattr(one, field.name), getattr(other, field.name)
            if not _same(a, b):
                return f"{part}.{field.name}: recorded {_shown(a)}, recomputed {_shown(b)}"
    if recorded.power is not again.power:
        return f"power: recorded {recorded.power!r}, recomputed {again.power!r}"
    return "the two differ in a way no field shows"


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, str | int) and isinstance(b, str | int):
        return a == b
    one, other = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    return one.tobytes() == other.tobytes()


def _shown(value: Any) -> str:
    return repr(value.tolist() if isinstance(value, np.ndarray) else value)
