"""Looks on while a job runs and keeps what people will want to see of it afterwards.

What a mind tells through `Note`s is read here, leniently: a note with a field missing is shown with a gap, because a
report must never be what ends a run. The topics are those of the tape, with or without the leading slash:

goal, refused, answer, surprise, set_aside   as the brain's agent tells them
skill      {"skill", "args", "status": "started" | "succeeded" | "failed" | "cancelled", "code", "message"}
plan       {"steps": [{"skill", "args"}]}
seen       {"place", "detections": [fields of a Detection]}, with the picture
inventory  {"items": [{"id", "category", "colour", "location", "damaged"}]}
question   {"text", "options", "default", "answer"}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from moravec.console.crops import Crops
from moravec.console.geometry import people_rows
from moravec.core.frames import Matrix
from moravec.core.observation import CameraFrame, RobotState
from moravec.core.verdict import Verdict
from moravec.skills.contract import Note

SAMPLE_EVERY = 10  # ticks; 50 Hz of a 500 Hz loop
MAX_PICTURES = 160  # raw pictures kept, about 0.9 MB each
MAX_EVENTS = 400
QUIET_TIME = 0.5  # [s] an interventions of the guard this close to the last one belongs to it
NOTHING = RobotState(0, 0.0, np.zeros(1), np.zeros(1), np.zeros(1), 0.0, 0.0, np.zeros(6), False)  # before the first tick
SETTLED = ("succeeded", "failed", "cancelled")


@dataclass(frozen=True, slots=True)
class Mark:
    """One detection as drawn on a picture: a box (left, top, right, bottom) [px] and its words."""

    box: tuple[float, float, float, float]
    label: str
    damaged: bool


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture and what was seen on it."""

    t: float  # [s]
    camera: str
    rgb: NDArray[np.uint8]
    marks: tuple[Mark, ...] = ()


@dataclass(slots=True)
class StepSeen:
    """One call of a skill, from its beginning to its end [s]."""

    skill: str
    args: dict[str, str]
    start: float
    end: float | None = None
    status: str = "started"
    code: str = ""
    message: str = ""
    shot: Shot | None = None

    @property
    def words(self) -> str:
        """As "stow(thing 3, bin_2)"."""
        return f"{self.skill}({', '.join(self.args.values())})"


@dataclass(frozen=True, slots=True)
class Event:
    """Something out of the ordinary: "limit", "stop", "failed", "replan", "plan", "aside", "question",
    "fallback"."""

    t: float  # [s]
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Samples:
    """The body over time, at about 50 Hz. (m,) and (m, n) arrays in SI units."""

    t: Matrix
    q: Matrix
    dq: Matrix
    tau: Matrix
    push: Matrix  # (m,) length of the tool's force [N]
    grip_force: Matrix  # (m,) [N]
    people: Matrix  # (m, k, 2) where people were seen [m], rows of NaN where there were fewer
    people_t: Matrix  # (m,) when [s]


@final
@dataclass(slots=True)
class Collector:
    """A watcher of the runtime. Cheap inside the loop: it keeps references and computes nothing."""

    steps: list[StepSeen] = field(default_factory=list)
    planned: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    plans: int = 0
    events: list[Event] = field(default_factory=list)
    items: list[dict[str, Any]] = field(default_factory=list)
    questions: list[dict[str, Any]] = field(default_factory=list)
    answer: str = ""
    crops: Crops = field(default_factory=Crops)
    pictures: int = 0
    _surprise: str = ""
    _ticks: int = 0
    _rows: list[tuple[float, RobotState]] = field(default_factory=list)
    _last_shot: Shot | None = None
    _quiet_until: float = -1.0

    # ── what the runtime calls ───────────────────────────────────────────────────────────────────────────────────────
    def ticked(self, t: float, state: RobotState, verdict: Verdict) -> None:
        """After every tick."""
        if self._ticks % SAMPLE_EVERY == 0:
            self._rows.append((t, state))
        self._ticks += 1
        if verdict.decision != "pass":
            self._intervened(t, verdict)

    def framed(self, frame: CameraFrame) -> None:
        """After every picture."""
        self._shoot(Shot(frame.t, frame.camera, frame.rgb))

    def noted(self, t: float, note: Note) -> None:
        """After every note."""
        topic, payload = note.topic.lstrip("/"), note.payload
        if topic == "skill":
            self._skill(t, payload)
        elif topic == "seen":
            self._seen(t, payload, note.frame)
        elif topic == "plan":
            self._plan(t, payload)
        elif topic == "surprise":
            self._surprise = str(payload.get("what", ""))
        elif topic == "set_aside":
            self._event(t, "aside", f"{payload.get('item', '')} was set aside: {payload.get('why', '')}")
        elif topic == "fallback":
            self._event(t, "fallback", f"the symbolic mind took over ({payload.get('purpose', '')}): {payload.get('why', '')}")
        elif topic in ("answer", "refused"):
            self.answer = str(payload.get("text") or payload.get("why") or "")
        elif topic == "inventory":
            self.items = [dict(item) for item in _rows(payload.get("items"))]
        elif topic == "question":
            self.questions.append({**payload, "pictures": self.crops.of(_rows(payload.get("evidence")))})
            self._event(t, "question", f"{payload.get('text', '')} Answer: {payload.get('answer', 'none')}.")

    # ── what the report reads ────────────────────────────────────────────────────────────────────────────────────────
    def samples(self) -> Samples:
        """The body over time."""
        rows = self._rows or [(0.0, NOTHING)]
        states = [state for _, state in rows]
        return Samples(
            t=np.array([t for t, _ in rows]),
            q=np.array([s.q for s in states]),
            dq=np.array([s.dq for s in states]),
            tau=np.array([s.tau for s in states]),
            push=np.linalg.norm(np.array([s.wrench for s in states])[:, :3], axis=1),
            grip_force=np.array([s.grip_force for s in states]),
            people=people_rows([s.people for s in states]),
            people_t=np.array([s.people_t for s in states]),
        )

    @property
    def duration(self) -> float:
        """The robot's time [s] from the first sample to the last."""
        return float(self._rows[-1][0] - self._rows[0][0]) if self._rows else 0.0

    @property
    def current(self) -> StepSeen | None:
        """The step under way."""
        return self.steps[-1] if self.steps and self.steps[-1].end is None else None

    # ── reading notes ────────────────────────────────────────────────────────────────────────────────────────────────
    def _skill(self, t: float, payload: Mapping[str, Any]) -> None:
        status = str(payload.get("status", "started"))
        running = self.current
        if status not in SETTLED:
            begun = StepSeen(str(payload.get("skill", "?")), words_of(payload.get("args")), t)
            self.steps.append(begun)
            if self.planned and self.planned[0] == (begun.skill, begun.args):
                self.planned = self.planned[1:]
            self._last_shot = None
            return
        if running is None:
            running = StepSeen(str(payload.get("skill", "?")), words_of(payload.get("args")), t)
            self.steps.append(running)
        running.end, running.status = t, status
        running.code, running.message = str(payload.get("code", "")), str(payload.get("message", ""))
        if status == "failed":
            self._event(t, "failed", f"{running.words}: {running.message or running.code}")

    def _plan(self, t: float, payload: Mapping[str, Any]) -> None:
        self.plans += 1
        self.planned = [(str(s.get("skill", "?")), words_of(s.get("args"))) for s in _rows(payload.get("steps"))]
        if self.plans > 1:
            why = self._surprise or "more is known now"
            self._event(t, "replan" if self._surprise else "plan", f"{why}; {len(self.planned)} steps ahead")
        self._surprise = ""

    def _seen(self, t: float, payload: Mapping[str, Any], frame: CameraFrame | None) -> None:
        if frame is not None:
            self.crops.take(_rows(payload.get("detections")), frame)
        marks = tuple(mark for row in _rows(payload.get("detections")) if (mark := _mark(row)) is not None)
        if frame is not None:
            self._shoot(Shot(frame.t, frame.camera, frame.rgb, marks))
        elif self._last_shot is not None and payload.get("camera") in (None, self._last_shot.camera):
            self._shoot(Shot(self._last_shot.t, self._last_shot.camera, self._last_shot.rgb, marks))

    def _shoot(self, shot: Shot) -> None:
        """Keeps the most telling picture of a step: one with something marked on it, and the newest of those."""
        self._last_shot = shot
        running = self.current
        if running is None:
            return
        if running.shot is None and self.pictures >= MAX_PICTURES:
            return
        if running.shot is None or shot.marks or not running.shot.marks:
            self.pictures += running.shot is None
            running.shot = shot

    def _intervened(self, t: float, verdict: Verdict) -> None:
        if t > self._quiet_until:
            self._event(t, verdict.decision, f"{verdict.check}: {verdict.reason}")
        self._quiet_until = t + QUIET_TIME

    def _event(self, t: float, kind: str, text: str) -> None:
        if len(self.events) < MAX_EVENTS:
            self.events.append(Event(t, kind, text))


def words_of(args: Any) -> dict[str, str]:
    """Arguments given as a mapping or as pairs, as plain words."""
    pairs: Sequence[Any] = list(args.items()) if isinstance(args, Mapping) else list(args or ())
    return {str(pair[0]): str(pair[1]) for pair in pairs if isinstance(pair, list | tuple) and len(pair) == 2}


def _rows(value: Any) -> list[Mapping[str, Any]]:
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list | tuple) else []


def _mark(row: Mapping[str, Any]) -> Mark | None:
    box = row.get("box")
    if not isinstance(box, list | tuple) or len(box) != 4:
        return None
    left, top, right, bottom = (float(x) for x in box)
    label = " ".join(str(row[key]) for key in ("colour", "category", "code") if row.get(key))
    return Mark((left, top, right, bottom), label, bool(row.get("damaged")))
