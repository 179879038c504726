"""`moravec replay`: makes every decision of a tape again and compares it bit for bit."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, final

import tyro

from moravec.commands.options import Options, save, say, show
from moravec.commands.tapefile import ALLOWED, check_is_tape
from moravec.core.command import Command
from moravec.core.errors import BadInput, GuardConfigError, TapeError
from moravec.core.observation import RobotState
from moravec.core.verdict import Approved, Verdict
from moravec.guard.compiled import compiled
from moravec.guard.guard import Guard
from moravec.guard.reload import limits_from_json
from moravec.guard.stop import Mode
from moravec.tape.reader import read, read_meta
from moravec.tape.records import Entry
from moravec.tape.replay import ReplayReport, replay
from moravec.tape.schemas import LOG


@dataclass(frozen=True, kw_only=True)
class Replay(Options):
    """Recompute every guard verdict and every plan validation of a tape.

    Exit status 1 where one comes out otherwise or the tape was changed, 2 where the file is no tape.
    """

    tape: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="TAPE")]
    """A tape.mcap."""

    def execute(self) -> int:
        """The replay. Raises BadInput for a file that is no tape."""
        from moravec.runtime.recorder import recheck_plan

        check_is_tape(self.tape)
        try:
            report = replay(self.tape, RecordedGuard, recheck_plan)
        except (TapeError, GuardConfigError) as error:
            raise BadInput("TAPE", str(self.tape), f"{ALLOWED} ({error})") from error
        result: dict[str, Any] = {
            "decisions": report.decisions,
            "diverged": report.diverged,
            "first": report.first,
            "tampered": list(report.tampered),
            "truncated_at": report.truncated_at,
        }
        config = read_meta(self.tape).get("config", {})
        turns = [str(text) for text in config.get("turns", ())]
        heard = list(_heard(self.tape)) if config.get("say") else []
        result |= ({"turns": turns} if turns else {}) | ({"heard": heard} if heard else {})
        save(self, "replay.json", result)
        said = [f"turn {n}: {text}" for n, text in enumerate(turns, start=1)]
        said += [f"heard at {one['t']:.1f} s: {one['text']}" for one in heard]
        show(self, result, "\n".join([_words(report), *said]))
        for remark in _remarks(self.tape, report):
            say(f"moravec: {remark}")
        return 0 if report.same else 1


@final
class RecordedGuard:
    """The guard as the tape asks for it: its tables and modes come as JSON data. Raises GuardConfigError."""

    def __init__(self, limits: Mapping[str, Any]) -> None:
        self._guard = Guard(limits_from_json(json.dumps(limits)), compiled())

    def check(self, command: Command, state: RobotState, now: float) -> Approved:
        """The verdict on `command` at `now` [s]. Raises ContractError."""
        return self._guard.check(command, state, now)

    def reset(self, state: RobotState, now: float) -> Verdict:
        """The answer to an operator's reset at `now` [s]."""
        return self._guard.reset(state, now)

    def tighten(self, limits: Mapping[str, Any] | None) -> None:
        """From now on `limits` hold; None: the guard's own again. Raises GuardConfigError."""
        self._guard.tighten(None if limits is None else limits_from_json(json.dumps(limits)))

    def degrade(self, mode: str) -> None:
        """From now on only what the mode of this name allows. Raises BadInput."""
        modes = {mode.name.lower(): mode for mode in Mode}
        if mode not in modes:
            raise BadInput("mode of the guard", mode, modes)
        self._guard.degrade(modes[mode])


def _heard(path: Path) -> Iterator[dict[str, Any]]:
    """What was said while the job ran, and when it was heard [s]."""
    for record in read(path):
        if record.topic == LOG and isinstance(record.value, Entry) and record.value.payload.get("name") == "heard":
            note = json.loads(str(record.value.payload["message"]))
            yield {"t": note["t"], "text": str(note["text"])}


def _words(report: ReplayReport) -> str:
    lines = [f"decisions {report.decisions}, diverged {report.diverged}"]
    if report.first is not None:
        lines.append(f"first: {report.first}")
    return "\n".join(lines)


def _remarks(path: Path, report: ReplayReport) -> list[str]:
    remarks = [f"{path} was changed: {fault}" for fault in report.tampered[:1]]
    if report.truncated_at is not None:
        remarks.append(f"{path} was cut off: it is sealed up to byte {report.truncated_at}, and that much was replayed")
    return remarks
