"""`moravec replay`: makes every decision of a tape again and compares it bit for bit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from moravec.commands.options import Options, save, say, show
from moravec.core.errors import BadInput, TapeError
from moravec.guard.guard import Guard
from moravec.guard.limits import LimitTable
from moravec.tape.layout import opening
from moravec.tape.replay import ReplayReport, replay


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

        _check_is_tape(self.tape)
        try:
            report = replay(self.tape, _guard, recheck_plan)
        except TapeError as error:
            raise BadInput("TAPE", str(self.tape), f"a tape of 'moravec run' ({error})") from error
        result = {
            "decisions": report.decisions,
            "diverged": report.diverged,
            "first": report.first,
            "tampered": list(report.tampered),
            "truncated_at": report.truncated_at,
        }
        save(self, "replay.json", result)
        show(self, result, _words(report))
        for remark in _remarks(self.tape, report):
            say(f"moravec: {remark}")
        return 0 if report.same else 1


def _guard(limits: Mapping[str, Any]) -> Guard:
    return Guard(LimitTable.from_json(json.dumps(limits)))


def _check_is_tape(path: Path) -> None:
    """A foreign file is told from a changed tape by its first bytes. Raises BadInput."""
    allowed = "a tape of 'moravec run', tape.mcap"
    start = opening()[:64]
    try:
        with path.open("rb") as file:
            head = file.read(len(start))
    except OSError as error:
        raise BadInput("TAPE", str(path), f"{allowed} ({error.strerror})") from error
    if not head:
        raise BadInput("TAPE", str(path), f"{allowed} (this file is empty)")
    if head[:8] != start[:8]:
        raise BadInput("TAPE", str(path), f"{allowed} (this file is none: it begins with {head[:8].hex(' ')})")


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
