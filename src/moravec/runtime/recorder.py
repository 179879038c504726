"""The tape as a runtime's recorder: what skills and minds tell goes to the topic that is made for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, final

from moravec.brain.state import state_to_json
from moravec.brain.validate import revalidate
from moravec.core.command import ActionChunk, Command
from moravec.core.observation import CameraFrame, RobotState
from moravec.core.verdict import Approved, Verdict
from moravec.guard.degraded import Fitness
from moravec.guard.limits import LimitTable
from moravec.skills.contract import Note
from moravec.tape.schemas import FORMS
from moravec.tape.writer import TapeWriter

_WARNINGS = ("surprise", "set_aside", "refused", "grasp", "fallback")


@final
class TapeRecorder:
    """Writes everything to one tape. Every method raises TapeError, from the first failure of the tape on."""

    def __init__(self, tape: TapeWriter) -> None:
        self._tape = tape
        self._write_tick = tape.write_tick

    def tick(self, now: float, state: RobotState, asked: Command, approved: Approved) -> None:
        """One control tick."""
        self._write_tick(now, state, asked, approved)

    def frame(self, frame: CameraFrame) -> None:
        """One picture."""
        self._tape.write_frame(frame)

    def chunk(self, t: float, chunk: ActionChunk) -> None:
        """One action chunk."""
        self._tape.write_chunk(t, chunk)

    def note(self, t: float, note: Note) -> None:
        """One note: on the topic of its name, or, where the tape has none, as a line of the log."""
        topic = f"/{note.topic.lstrip('/')}"
        if topic == "/validation":
            record = note.payload
            state = {tuple(row[:-1]): row[-1] for row in record["state"]}
            plan = {key: record[key] for key in ("plan", "places", "conduct") if key in record}
            self._tape.write_validation(t, plan, state, record["validation"])
        elif topic in FORMS:
            self._tape.write(topic, t, note.payload)
        else:
            level = "warning" if note.topic in _WARNINGS else "info"
            self._tape.write_log(t, level, note.topic, json.dumps(dict(note.payload), sort_keys=True, default=str))

    def reset(self, now: float, state: RobotState, verdict: Verdict) -> None:
        """An operator's reset, granted or refused; without it a replay would not know why the robot moves again."""
        self._tape.write_reset(now, state, verdict)

    def tighten(self, t: float, who: str, limits: LimitTable | None) -> None:
        """Limits that hold from the next tick on; None: the robot's own again."""
        self._tape.write_tighten(t, who, None if limits is None else limits.to_json())

    def mode(self, t: float, fitness: Fitness) -> None:
        """What the system is fit for from the next tick on."""
        self._tape.write_mode(t, fitness.mode.name.lower(), fitness.reason)


@final
class Unrecorded:
    """A recorder that keeps nothing: for benchmarks, films and tests, never for a robot at work."""

    def tick(self, now: float, state: RobotState, asked: Command, approved: Approved) -> None:
        """Kept nowhere."""

    def frame(self, frame: CameraFrame) -> None:
        """Kept nowhere."""

    def chunk(self, t: float, chunk: ActionChunk) -> None:
        """Kept nowhere."""

    def note(self, t: float, note: Note) -> None:
        """Kept nowhere."""

    def reset(self, now: float, state: RobotState, verdict: Verdict) -> None:
        """Kept nowhere."""

    def tighten(self, t: float, who: str, limits: LimitTable | None) -> None:
        """Kept nowhere."""

    def mode(self, t: float, fitness: Fitness) -> None:
        """Kept nowhere."""


def recheck_plan(plan: Any, state: Mapping[tuple[str, ...], Any]) -> dict[str, Any]:
    """A recorded validation made again, from what `TapeRecorder.note` wrote of it. Raises BadInput."""
    recorded = plan if isinstance(plan, Mapping) else {}
    return revalidate({**recorded, "state": state_to_json(state)})
