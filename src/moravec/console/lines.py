"""Progress as plain lines, for pipes, logs and terminals that cannot draw."""

from __future__ import annotations

from typing import TextIO, final

from moravec.console.collect import SETTLED, words_of
from moravec.core.observation import CameraFrame, RobotState
from moravec.core.verdict import Verdict
from moravec.skills.contract import Note


@final
class Lines:
    """A watcher that writes one line for each step that ended, each new plan, each question."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._steps = 0

    def ticked(self, t: float, state: RobotState, verdict: Verdict) -> None:
        """Nothing: a line for each tick would be five hundred a second."""

    def framed(self, frame: CameraFrame) -> None:
        """Nothing."""

    def noted(self, t: float, note: Note) -> None:
        """Writes the line, where the note deserves one."""
        payload = note.payload
        topic = note.topic.lstrip("/")
        if topic == "skill" and payload.get("status") in SETTLED:
            self._steps += 1
            name = f"{payload.get('skill', '?')} {' '.join(words_of(payload.get('args')).values())}".strip()
            seconds = float(payload.get("seconds", 0.0))
            ending = "ok" if payload["status"] == "succeeded" else f"{payload.get('code')}: {payload.get('message')}"
            self._say(t, f"{self._steps:>3}  {name:<28} {seconds:5.1f} s  {ending}")
        elif topic == "turn":
            self._say(t, f"turn {payload.get('turn')} of {payload.get('of')}: {payload.get('instruction', '')}")
        elif topic == "heard":
            self._say(t, f"     heard: {payload.get('text', '')}")
        elif topic == "order":
            self._say(t, f"     now: {payload.get('instruction', '')}")
        elif topic in ("resumed", "taken_back"):
            self._say(t, f"     {'goes on' if topic == 'resumed' else 'taken back'}: {payload.get('instruction', '')}")
        elif topic == "finding_out":
            self._say(t, f"     first: {payload.get('text', '')}")
        elif topic == "plan":
            self._say(t, f"     plan: {len(payload.get('steps', ()))} steps")
        elif topic == "waiting":
            self._say(t, f"     waiting: {payload.get('why', '')}")
        elif topic == "surprise":
            self._say(t, f"     surprise: {payload.get('what', '')}")
        elif topic == "fallback":
            self._say(t, f"     the symbolic mind takes over ({payload.get('purpose', '')}): {payload.get('why', '')}")
        elif topic == "goal":
            self._say(t, f"     goal: {payload.get('text', '')}")
        elif topic == "question":
            self._say(t, f"     question: {payload.get('text', '')} -> {payload.get('answer', '')}")

    def _say(self, t: float, text: str) -> None:
        print(f"{t:7.1f} s {text}", file=self._out, flush=True)
