"""Goes through a tape, or a black box, once and cuts out what was recorded around each stop.

An incident begins with the first tick whose verdict is a stop, and ends when the guard, at rest again, lets a command through.
Of each the ticks from 30 s before its beginning to 10 s after it came to rest are kept, or to 10 s after a graver stop that it
turned into; of the rest of a long standstill only what changed.
"""

from __future__ import annotations

import json
import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, final

from moravec.console.collect import Collector, StepSeen
from moravec.console.incident.states import state_after
from moravec.console.incident.words import changed_limits, told
from moravec.core.command import Command
from moravec.core.errors import TapeError
from moravec.core.observation import RobotState
from moravec.core.verdict import Verdict
from moravec.guard.limits import LimitTable
from moravec.guard.reload import limits_from_json
from moravec.guard.stop import StopState
from moravec.skills.contract import Note
from moravec.tape.reader import mode_of, reset_of, tightening_of
from moravec.tape.records import Entry, Joints, Picture, Recorded, Tick
from moravec.tape.schemas import CHUNK, GUARD, LOG, META

BEFORE = 30.0  # [s] kept before a stop
AFTER = 10.0  # [s] kept after it
LONGEST = 120.0  # [s] kept of one incident after its beginning, whatever follows
ROUNDING = 1e-6  # [s] of times that are sums
MAX_GAP = 60.0  # [s] a clock that jumps by more, or backwards, is taken to have stood still
NO_META = "the tape does not begin with /meta; without it neither verdicts nor events of the guard can be told"
WARNING = 3  # level of the log from which a line is worth telling


@dataclass(frozen=True, slots=True)
class Rules:
    """What held in a tick: the limit table, and the mode by its name."""

    limits: LimitTable
    mode: str


class Decided(Protocol):
    """What was approved, for whoever tells of it: nothing that a robot would take."""

    @property
    def command(self) -> Command:
        """The set-point."""
        ...

    @property
    def verdict(self) -> Verdict:
        """And why."""
        ...

    @property
    def power(self) -> bool:
        """Whether the motors kept theirs."""
        ...


class Ticked(Protocol):
    """One control tick of a tape or of a black box; `state` and `asked` as they came, whatever they are."""

    @property
    def now(self) -> float:
        """The guard's clock [s]."""
        ...

    @property
    def state(self) -> RobotState:
        """Measured."""
        ...

    @property
    def asked(self) -> Command:
        """The command."""
        ...

    @property
    def approved(self) -> Decided:
        """The answer."""
        ...


@dataclass(frozen=True, slots=True)
class Row:
    """One tick. `t` [s] is the tape's running time, which no jump of the clock disturbs; `anew`: a reset moved the set-point."""

    t: float
    tick: Ticked
    rules: Rules
    anew: bool
    state: StopState  # after it


@dataclass(frozen=True, slots=True)
class Happening:
    """Something told between the ticks: "reset", "refused", "tighten", "mode", "skill", "log"."""

    t: float  # [s]
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Cause:
    """Why the guard stopped, or went on stopping: the verdict, and the rules it was made by."""

    t: float  # [s]
    verdict: Verdict
    rules: Rules


@dataclass(frozen=True, slots=True)
class Chunk:
    """The newest chunk of motion before a stop."""

    t: float  # [s]
    source: str
    duration: float | None  # [s]


@dataclass(slots=True)
class Cut:
    """One incident as it was recorded. Times in seconds of the tape's running time."""

    number: int  # from 1
    first: Row  # the tick of the first stop
    before: StopState
    doing: StepSeen | None
    step_number: int
    chunk: Chunk | None
    rows: tuple[Row, ...] = ()
    begin: int = 0  # the row of the first stop
    causes: list[Cause] = field(default_factory=list)
    states: list[tuple[float, StopState]] = field(default_factory=list)
    rest: float | None = None  # when the set-points first came to rest
    end: float | None = None  # when a command passed again
    mark: float = 0.0  # of the last thing after which AFTER is kept
    happenings: tuple[Happening, ...] = ()
    steps: tuple[StepSeen, ...] = ()
    pictures: dict[str, tuple[float, Picture]] = field(default_factory=dict)
    joint_names: tuple[str, ...] = ()
    bare: bool = False  # of a black box, which holds ticks only: no skills, no chunks, no pictures

    @property
    def start(self) -> float:
        """When it began [s]."""
        return self.first.t

    @property
    def last(self) -> float:
        """Up to when its ticks are kept [s]."""
        return min(self.mark + AFTER, self.start + LONGEST)


@final
class Cutter:
    """Takes a tape's records in their order, gives its incidents in theirs, and counts the verdicts on the way. `bare`: it gets
    the ticks of a black box instead, and what happened between them, one by one."""

    def __init__(self, bare: bool = False) -> None:
        self._bare = bare
        self.counts = {"pass": 0, "limit": 0, "stop": 0}
        self.nearest: Cause | None = None  # the passed verdict with the least margin for its limit
        self.t = 0.0
        self._share = math.inf
        self._last: float | None = None  # the clock at the last tick
        self._shift = 0.0  # clock minus running time
        self._outer: LimitTable | None = None
        self._rules: Rules | None = None
        self._state = StopState.INIT
        self._anew = False
        self._rows: deque[Row] = deque()
        self._open: list[Cut] = []
        self._found = 0
        self._seen = Collector()
        self._happenings: deque[Happening] = deque()
        self._pictures: dict[str, tuple[float, Picture]] = {}
        self._chunk: Chunk | None = None
        self._joint_names: tuple[str, ...] = ()

    def take(self, record: Recorded) -> Iterator[Cut]:
        """One record; the incidents that are complete with it. Raises TapeError, GuardConfigError."""
        value = record.value
        if isinstance(value, Tick):
            yield from self.tick(value, state_after(value.approved), value.approved.verdict.decision == "stop")
        elif isinstance(value, Entry):
            self._entry(record.topic, value)
        elif isinstance(value, Picture):
            self._picture(value)
        elif isinstance(value, Joints) and not self._joint_names:
            self._joint_names = value.names

    def finish(self) -> Iterator[Cut]:
        """The incidents that the end of the tape ends."""
        for cut in self._open:
            yield self._complete(cut)
        self._open = []

    # ── ticks ────────────────────────────────────────────────────────────────────────────────────────────────────────
    def tick(self, tick: Ticked, state: StopState, stops: bool) -> Iterator[Cut]:
        """One tick and the guard's state after it; `stops`: an incident begins with it, or becomes a graver one. The incidents
        that are complete with it. Raises TapeError."""
        if self._rules is None:
            raise TapeError(NO_META)
        self._advance(tick.now)
        row = Row(self.t, tick, self._rules, self._anew, state)
        self._anew = False
        verdict = tick.approved.verdict
        self.counts[verdict.decision] += 1
        self._rows.append(row)
        if verdict.decision != "stop":
            self._note_margin(verdict)
        running = self._open[-1] if self._open and self._open[-1].end is None else None
        if running is None and stops:
            running = self._begin(row)
        if running is not None:
            self._follow(running, row, stops)
        self._state = state
        yield from self._settle()

    def _advance(self, now: object) -> None:
        """The running time goes on by what the clock says, where that can be."""
        if not isinstance(now, float) or not math.isfinite(now):
            return
        if self._last is None:
            self._shift = 0.0
        elif not 0.0 <= now - self._last <= MAX_GAP:
            self._shift = now - self.t
        self._last, self.t = now, max(self.t, now - self._shift)

    def _begin(self, first: Row) -> Cut:
        self._found += 1
        cut = Cut(self._found, first, self._state, self._seen.current, len(self._seen.steps), self._chunk)
        cut.mark, cut.pictures, cut.bare = self.t, dict(self._pictures), self._bare
        cut.states = [(self.t, self._state)]
        self._open.append(cut)
        return cut

    def _follow(self, cut: Cut, row: Row, stops: bool) -> None:
        verdict, state = row.tick.approved.verdict, row.state
        if state is not cut.states[-1][1]:
            cut.states.append((row.t, state))
        if verdict.decision != "stop":
            cut.end = row.t
            return
        if cut.rest is None and state in (StopState.HOLD, StopState.OFF):
            cut.rest = cut.mark = row.t
        if cut.rest is not None and not stops:
            return
        last = cut.causes[-1].verdict if cut.causes else None
        if last is None or (last.check, last.category) != (verdict.check, verdict.category):
            if last is not None and verdict.category < last.category:
                cut.mark = row.t
            cut.causes.append(Cause(row.t, verdict, row.rules))

    def _note_margin(self, verdict: Verdict) -> None:
        assert self._rules is not None
        share = verdict.margin / verdict.limit if verdict.limit > 0.0 else math.inf
        if verdict.decision == "pass" and share < self._share:
            self._share, self.nearest = share, Cause(self.t, verdict, self._rules)

    def _settle(self) -> Iterator[Cut]:
        """Closes windows that are full, gives away what is complete, and forgets what nobody needs."""
        for cut in self._open:
            full = self.t > cut.last + ROUNDING and (cut.rest is not None or self.t > cut.start + LONGEST)
            if full and not cut.rows:
                self._freeze(cut)
        while self._open and self._open[0].rows and self._open[0].end is not None:
            yield self._complete(self._open.pop(0))
        horizon = min([self.t, *(cut.start for cut in self._open if not cut.rows)]) - BEFORE - ROUNDING
        while self._rows and self._rows[0].t < horizon:
            self._rows.popleft()
        horizon = min([self.t, *(cut.start for cut in self._open)]) - BEFORE - ROUNDING
        while self._happenings and self._happenings[0].t < horizon:
            self._happenings.popleft()

    def _freeze(self, cut: Cut) -> None:
        cut.rows = tuple(row for row in self._rows if cut.start - BEFORE - ROUNDING <= row.t <= cut.last + ROUNDING)
        cut.begin = next(i for i, row in enumerate(cut.rows) if row is cut.first)

    def _complete(self, cut: Cut) -> Cut:
        if not cut.rows:
            self._freeze(cut)
        until = max(cut.last, cut.end or self.t)
        cut.happenings = tuple(h for h in self._happenings if cut.start - BEFORE <= h.t <= until)
        cut.steps = tuple(
            replace(step, shot=None)
            for step in self._seen.steps
            if step.start <= cut.last and (step.end is None or step.end >= cut.start - BEFORE)
        )
        cut.joint_names = self._joint_names
        return cut

    # ── what changes between them ────────────────────────────────────────────────────────────────────────────────────
    def begin(self, limits: LimitTable, mode: str) -> None:
        """What holds at first."""
        self._outer, self._rules = limits, Rules(limits, mode)

    def reset(self, t: float, granted: bool, reason: str) -> None:
        """An operator's reset at the running time `t` [s]."""
        self.tell(t, "reset" if granted else "refused", reason)
        self._anew = self._anew or granted
        if granted and self._state is StopState.OFF:
            self._state = StopState.HOLD
            if self._open and self._open[-1].end is None:
                self._open[-1].states.append((t, StopState.HOLD))

    def mode(self, t: float, mode: str, why: str) -> None:
        """Another mode from the running time `t` [s] on. Raises TapeError before anything holds."""
        if self._rules is None:
            raise TapeError(NO_META)
        self.tell(t, "mode", f"{mode}: {why}")
        self._rules = Rules(self._rules.limits, mode)

    def tell(self, t: float, kind: str, text: str) -> None:
        """A happening at the running time `t` [s]."""
        self._happenings.append(Happening(t, kind, text))

    # ── what is told between them ────────────────────────────────────────────────────────────────────────────────────
    def when(self, t: float) -> float:
        """A record's time as running time; that of the last tick, where it is none."""
        when = t - self._shift
        return when if math.isfinite(when) and abs(when - self.t) <= MAX_GAP else self.t

    def _picture(self, picture: Picture) -> None:
        if picture.kind == "color":
            when = self.when(picture.t)
            self._pictures[picture.camera] = (when, picture)
            for cut in self._open:  # taken before the stop, developed after it
                if when <= cut.start:
                    cut.pictures[picture.camera] = (when, picture)

    def _entry(self, topic: str, entry: Entry) -> None:
        t, payload = self.when(entry.t), entry.payload
        if topic == META:
            self.begin(limits_from_json(json.dumps(payload.get("guard_limits"))), "full")
        elif topic == GUARD:
            self._guard_event(t, entry)
        elif topic == CHUNK:
            times = payload.get("times")
            ends = times[-1] if isinstance(times, list) and times and isinstance(times[-1], int | float) else None
            self._chunk = Chunk(t, str(payload.get("source", "")), ends)
        elif topic in ("/skill", "/plan"):
            self._seen.noted(t, Note(topic.lstrip("/"), payload))
            self._seen.events.clear()
            if topic == "/skill":
                self.tell(t, "skill", told(topic, payload))
        elif topic == LOG and (payload.get("name") == "waiting" or _level(payload) >= WARNING):
            self.tell(t, "log", told(topic, payload))

    def _guard_event(self, t: float, entry: Entry) -> None:
        event = entry.payload.get("event")
        if self._rules is None or self._outer is None:
            raise TapeError(NO_META)
        if event == "reset":
            verdict = reset_of(entry)[2]
            granted = isinstance(verdict, dict) and verdict.get("decision") == "pass"
            reason = str(verdict.get("reason", "")) if isinstance(verdict, dict) else ""
            self.reset(t, granted, reason)
        elif event == "tighten":
            who, raw = tightening_of(entry)
            table = self._outer if raw is None else limits_from_json(json.dumps(raw))
            self.tell(t, "tighten", f"{who}: {changed_limits(self._rules.limits, table)}")
            self._rules = Rules(table, self._rules.mode)
        elif event == "mode":
            self.mode(t, *mode_of(entry))


def _level(payload: dict[str, Any]) -> int:
    level = payload.get("level")
    return level if isinstance(level, int) else 0
