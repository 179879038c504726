"""From an edge process's black box to its incidents: every tick of it becomes what a tape would hold of it.

A black box holds what was asked, measured, approved and decided in each tick, and what became of records and resets. It holds no
skills, chunks or pictures: of those nothing is told.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, final

from moravec.console.incident.cut import Cause, Cut, Cutter
from moravec.core.command import Command
from moravec.core.errors import TapeTampered
from moravec.core.observation import NOBODY, RobotState
from moravec.core.verdict import Verdict
from moravec.edge.blackbox import read_box
from moravec.edge.form import CODE_NAMES, NOTHING, OK, STOP_BEGAN
from moravec.guard.kernel.form import PEOPLE
from moravec.guard.limits import LimitTable
from moravec.guard.reasons import RESETS, verdict_of
from moravec.guard.records import Lists
from moravec.guard.reload import limits_from_json
from moravec.guard.stop import Mode, StopState

CLIENT = "the client"  # who asked: the box knows no more of them
WHO = {"code": "client", "order_code": "operator", "state_code": "driver"}
AGAIN = 1.0  # [s] the same trouble is told no more often
SECONDS = 1e-9  # of a nanosecond


@dataclass(frozen=True, slots=True)
class _Shown:
    """What was approved, read back: no `Approved`, which only the guard makes."""

    command: Command
    verdict: Verdict
    power: bool


@dataclass(frozen=True, slots=True)
class _Tick:
    """One tick, as the cutter takes it; `state` and `asked` are None where nothing fits."""

    now: float
    state: Any
    asked: Any
    approved: _Shown


@final
class BoxIncidents:
    """The incidents of the black box at `path`, one after the other; what it counts holds once that is over.

    Iterating raises TapeError for a box that cannot be read, TapeTampered for one that was changed or cut off, GuardConfigError
    where its limit table cannot.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._cutter = Cutter(bare=True)
        self._told: dict[tuple[str, int], float] = {}
        self._first: float | None = None
        self.last = ""  # the chain's last hash

    def __iter__(self) -> Iterator[Cut]:
        box = read_box(self._path)
        self.last = box.last
        limits = limits_from_json(json.dumps(box.header["limits"]))
        if limits.sha256() != box.header["limits_sha256"]:
            raise TapeTampered(f"black box {self._path}: found a limit table with another hash than its header says")
        before: Any = None
        for row in box.ticks:
            state, mode = self._states(row)
            if state is StopState.INIT:  # nothing was measured yet: there is no posture, and nothing is approved
                continue
            if before is None:
                self._cutter.begin(limits, mode)
                self._first = float(row["asked"]["now"])
            else:
                self._between(before, row, mode, 1.0 / box.header["rate"])
            yield from self._cutter.tick(self._tick(row, limits, state), state, int(row["began"]) == STOP_BEGAN)
            before = row
        yield from self._cutter.finish()

    @property
    def counts(self) -> dict[str, int]:
        """Verdicts by kind."""
        return self._cutter.counts

    @property
    def nearest(self) -> Cause | None:
        """The passed verdict with the least margin for its limit, of those whose limit is above zero."""
        return self._cutter.nearest

    @property
    def duration(self) -> float:
        """The time from its first tick to its last [s]."""
        return 0.0 if self._first is None else self._cutter.t - self._first

    def _states(self, row: Any) -> tuple[StopState, str]:
        """State and mode after one tick. Raises TapeTampered for numbers that stand for none."""
        try:
            return StopState(int(row["state"])), Mode(int(row["asked"]["mode"])).name.lower()
        except ValueError as error:
            raise TapeTampered(f"black box {self._path}: found tick {row['tick']} with {error}") from error

    def _between(self, before: Any, row: Any, mode: str, period: float) -> None:
        """What happened from one tick to the next."""
        t = self._cutter.when(float(row["asked"]["now"]))
        if int(row["resets"]) > int(before["resets"]):
            code = int(row["reset_code"])
            reason = RESETS[code] if 0 <= code < len(RESETS) else f"reset refused: {code}"
            self._cutter.reset(t, code == 0, reason.format(state=StopState(int(before["state"])).name.lower()))
        if row["asked"]["mode"] != before["asked"]["mode"]:
            self._cutter.mode(t, mode, "set by operator or client, or because the process was to end")
        for name, who in WHO.items():
            code = int(row[name])
            if code not in (OK, NOTHING) and 0 <= code < len(CODE_NAMES):
                self._trouble(t, (name, code), f"a record of the {who} was not used: {CODE_NAMES[code]}")
        late = int(row["lateness"]) * SECONDS
        if late >= period:
            self._trouble(t, ("lateness", 0), f"the loop was {1e3 * late:.1f} ms late")

    def _trouble(self, t: float, what: tuple[str, int], text: str) -> None:
        if t >= self._told.get(what, -math.inf) + AGAIN:
            self._told[what] = t
            self._cutter.tell(t, "log", text)

    def _tick(self, row: Any, limits: LimitTable, state: StopState) -> _Tick:
        """As a tape would hold it. Raises TapeTampered for a verdict that no guard gives."""
        answer, n = row["answer"], limits.joints
        fields = Lists(SimpleNamespace(**dict(zip(answer.dtype.names, answer.tolist(), strict=True))))
        try:
            verdict = verdict_of(fields, limits, state)
        except (IndexError, KeyError) as error:
            raise TapeTampered(f"black box {self._path}: found tick {row['tick']} with a verdict of no guard") from error
        now = float(row["asked"]["now"])
        source = "guard" if answer["own"] else CLIENT
        grip = (float(answer["grip_width"]), float(answer["grip_force"]))
        command = Command(int(row["asked"]["seq"]), now, answer["q"][:n], answer["dq"][:n], *grip, source)
        shown = _Shown(command, verdict, state is not StopState.OFF)
        return _Tick(now, _measured(row["asked"], n), _asked(row["asked"], n), shown)


def _asked(asked: Any, n: int) -> Any:
    """The command; None where nothing was asked that fits."""
    if int(asked["command_fits"]) != 1:
        return None
    t, width, force, made, expires, seen, novelty = (
        float(asked[name]) for name in ("t", "grip_width", "grip_force", "made", "expires", "seen", "novelty")
    )
    q, dq = asked["q"][:n], asked["dq"][:n]
    return Command(int(asked["seq"]), t, q, dq, width, force, CLIENT, made, expires, seen, novelty)


def _measured(asked: Any, n: int) -> Any:
    """The measured state; None where none fits."""
    if int(asked["state_fits"]) != 1:
        return None
    count, t = int(asked["people"]), float(asked["people_t"])
    people = asked["person"][: 2 * count].reshape(-1, 2) if 0 < count <= PEOPLE else NOBODY
    q, dq, tau = (asked[name][:n] for name in ("measured_q", "measured_dq", "measured_tau"))
    width, force = (float(x) for x in asked["measured_grip"])
    seen = t if count >= 0 else math.nan  # a list that could not be read is no reading
    return RobotState(0, float(asked["state_t"]), q, dq, tau, width, force, asked["wrench"], bool(asked["estop"]), seen, people)
