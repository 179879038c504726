"""One job in a process of its own, as `moravec run` does it. The end of its standard input asks for a controlled stop.

It is told what to do in one line of JSON, and tells in lines of JSON: {"progress"}, at the end {"end"} or {"error"}.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TextIO, final

from moravec.commands.mcp_server.bound import Approval, BoundMind
from moravec.commands.minds import SYMBOLIC, Opened, symbolic_mind
from moravec.commands.run import End, Run
from moravec.commands.session import Session
from moravec.core.errors import MoravecError
from moravec.core.observation import CameraFrame, RobotState
from moravec.core.verdict import Verdict
from moravec.skills.contract import Note

TOLD = ("surprise", "refused", "question", "waiting", "set_aside")


@final
class Teller:
    """A watcher that tells of each step as it begins and ends, and of what went otherwise."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self.inventory: dict[str, Any] | None = None

    def tell(self, **line: Any) -> None:
        """One line; whoever read may be gone."""
        with contextlib.suppress(BrokenPipeError):
            self._out.write(json.dumps(line, allow_nan=False) + "\n")
            self._out.flush()

    def ticked(self, t: float, state: RobotState, verdict: Verdict) -> None:
        """Nothing: five hundred times a second."""

    def framed(self, frame: CameraFrame) -> None:
        """Nothing: pictures stay on the tape."""

    def noted(self, t: float, note: Note) -> None:
        """Steps, surprises, refusals."""
        payload = note.payload
        if note.topic == "inventory":
            self.inventory = dict(payload)
        elif note.topic == "skill":
            words = " ".join([payload["skill"], *(str(value) for value in payload["args"].values())])
            self.tell(progress={"t": round(t, 3), "text": f"{words}: {payload['status']}"})
        elif note.topic in TOLD:
            text = str(payload.get("what") or payload.get("why") or payload.get("text") or "")
            self.tell(progress={"t": round(t, 3), "text": f"{note.topic}: {text}"})


@final
class Stopping:
    """Turns the end of standard input into the signal that a run takes for a controlled stop; after `over` into nothing."""

    def __init__(self) -> None:
        self._over = False
        self.asked = False
        signal.signal(signal.SIGINT, self._early)
        threading.Thread(target=self._listen, daemon=True).start()

    def over(self) -> None:
        """The job has ended."""
        self._over = True

    def _listen(self) -> None:
        while os.read(0, 4096):
            pass
        self.asked = True
        if not self._over:
            os.kill(os.getpid(), signal.SIGINT)

    def _early(self, number: int, frame: object) -> None:
        if not self._over:
            raise KeyboardInterrupt


def main() -> int:
    """The job. Nothing but its own lines goes to standard output."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    spec = json.loads(_line())
    teller, stopping = Teller(out), Stopping()
    try:
        with Session(_run(spec["run"]), lambda run: _approved(spec), (teller,)) as session:
            session.work()
            stopping.over()
        teller.tell(end=_end(session.end, teller.inventory, stopping.asked))
    except MoravecError as error:
        teller.tell(error=" ".join(str(error).split()))
    except KeyboardInterrupt:
        teller.tell(error="it was stopped before it began; nothing was moved")
    return 0


def _line() -> bytes:
    """The first line of standard input, without a buffer that a thread would hold at the end."""
    read = b""
    while not read.endswith(b"\n") and (more := os.read(0, 65536)):
        read += more
    return read


def _run(given: Mapping[str, Any]) -> Run:
    paths = {name: Path(given[name]) if given[name] is not None else None for name in ("out", "memory", "rules")}
    return Run(**{**given, **paths}, ask="never", quiet=True)


@contextlib.contextmanager
def _approved(spec: Mapping[str, Any]) -> Iterator[Opened]:
    approval = Approval(**spec["approval"]).to_json()
    mind = BoundMind(symbolic_mind(), spec["run"]["instruction"], spec["meaning"], spec["first"])
    yield Opened(mind, {"approval": approval}, lambda: {"mind": SYMBOLIC, "approval": approval})


def _end(end: End, inventory: Mapping[str, Any] | None, stopped: bool) -> dict[str, Any]:
    """What a client is told: nothing of the simulator's truth but whether the job was done."""
    kept = ("success", "instruction", "goal", "steps", "questions", "refused", "replans", "guard", "brain")
    return {
        **{name: end.result[name] for name in kept}, "answer": end.answer, "trouble": end.trouble, "stopped": stopped,
        "folder": str(end.folder), "tape": str(end.folder / "tape.mcap"), "result": str(end.folder / "result.json"),
        "report": str(end.folder / "report.html"), "inventory": inventory,
    }  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
