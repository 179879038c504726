"""A watcher that measures a job while it runs: its steps, its stops, its energy and its forces; and that ends one that goes on
for too long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from moravec.core.observation import CameraFrame, RobotState
from moravec.core.verdict import Verdict
from moravec.skills.contract import Note

EVERY = 5  # ticks; a hundred times a second of a 500 Hz loop
PEOPLE = frozenset({"separation", "people_age", "zone_slow", "zone_stop"})  # checks that stop for somebody


@dataclass(frozen=True, slots=True)
class Step:
    """One skill call that ended at `t` [s] after `seconds`."""

    t: float
    skill: str
    args: Mapping[str, Any]
    code: str
    seconds: float
    words: str = ""

    @property
    def ok(self) -> bool:
        """Whether it did what it was for."""
        return self.code == "ok"


@final
class Meter:
    """`end` is called once when the robot's time passes `most` [s]; `broken()` says how often the simulator's own measure found a
    limit broken so far: a stop that begins where nothing was and nobody is near counts as false."""

    def __init__(self, most: float, end: Callable[[], None], broken: Callable[[], int], someone: bool) -> None:
        self._most, self._end, self._broken, self._someone = most, end, broken, someone
        self.steps: list[Step] = []
        self.stops: Counter[str] = Counter()
        self.false_stops = 0
        self.energy, self.peak_force, self.now, self.stopped = 0.0, 0.0, 0.0, 0.0
        self.over = False  # it went on for too long
        self.refused = ""
        self.questions = 0
        self._decision, self._ticks, self._then = "pass", 0, 0.0

    def ticked(self, t: float, state: RobotState, verdict: Verdict) -> None:
        """Counts stops as they begin; now and then looks at what the body does."""
        if verdict.decision != self._decision:
            if verdict.decision == "stop":
                self._stop_begins(verdict.check)
            self._decision = verdict.decision
        self._ticks += 1
        if self._ticks % EVERY:
            return
        dt, self._then, self.now = t - self._then, t, t
        self.energy += dt * float(np.abs(state.tau * state.dq).sum())  # what is braked is lost: an arm's drive gives nothing back
        self.peak_force = max(self.peak_force, float(np.linalg.norm(state.wrench[:3])))
        self.stopped += dt * (self._decision == "stop")
        if t > self._most and not self.over:
            self.over = True
            self._end()

    def framed(self, frame: CameraFrame) -> None:
        """Nothing."""

    def noted(self, t: float, note: Note) -> None:
        """Steps that end, questions, a refusal."""
        payload = note.payload
        if note.topic == "skill" and payload.get("status") != "started":
            words = str(payload.get("message") or "")
            self.steps.append(
                Step(round(t, 6), payload["skill"], dict(payload["args"]), payload["code"], payload["seconds"], words)
            )
        elif note.topic == "question":
            self.questions += 1
        elif note.topic == "refused":
            self.refused = str(payload.get("why", "refused"))

    def _stop_begins(self, check: str) -> None:
        self.stops[check] += 1
        self.false_stops += not self._broken() and not (check in PEOPLE and self._someone)


def recoveries(steps: list[Step]) -> tuple[list[float], int]:
    """How long [s] it took from each failed step to the next that succeeded with the same item (of steps without an item: to the
    next success of the same skill), failures in between counted as one; and how many failures nothing followed."""
    open_since: dict[str, float] = {}
    took = []
    for step in steps:
        about = str(step.args.get("item") or f"{step.skill} {step.args.get('place', '')}")
        if not step.ok:
            open_since.setdefault(about, step.t)
        elif about in open_since:
            took.append(round(step.t - open_since.pop(about), 6))
    return took, len(open_since)
