"""`moravec incident`: prints and draws what happened around each stop on a tape, or in a black box."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console

from moravec.commands.options import Options, Which, folder, say, show
from moravec.commands.tapefile import ALLOWED, ALLOWED_BOX, check_is_tape, is_black_box
from moravec.console.incident.block import block, heading, lines
from moravec.console.incident.box import BoxIncidents
from moravec.console.incident.cut import Cut
from moravec.console.incident.examine import examine, to_json
from moravec.console.incident.find import Incidents
from moravec.console.incident.page import page
from moravec.console.incident.words import sentence
from moravec.core.errors import BadInput, GuardConfigError, TapeError
from moravec.tape.verify import VerifyReport, verify

MOST = 20  # incidents that are drawn, or given with their curves, without being asked for by their number
WIDTH = 130  # characters of a line, where no terminal says otherwise


@dataclass(frozen=True, slots=True)
class _Told:
    """One incident, ready to be shown."""

    heading: tuple[str, str]
    lines: tuple[tuple[str, str], ...]
    data: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Incident(Options):
    """Print and draw what happened around each stop on a tape, or in a black box of the edge process.

    One block for each, newest last, and a page incident-<n>.html in --out, or beside the tape (<box>-incident-<n>.html for a
    black box). Exit status 2 where the file is none of both, or was changed.
    """

    tape: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="TAPE")]
    """A tape.mcap, or a blackbox-<n>.bin."""
    n: Which = 0
    """Only the incident of this number; 0: all."""

    def execute(self) -> int:
        """All of it. Raises BadInput for a file that is no tape, or no longer what was recorded."""
        boxed = is_black_box(self.tape)
        if not boxed:
            check_is_tape(self.tape, ALLOWED_BOX)
        incidents = BoxIncidents(self.tape) if boxed else Incidents(self.tape)
        try:
            report = self._whole_box() if boxed else verify(self.tape)
            if report.faults:
                raise TapeError(f"it was changed: {report.faults[0]}")
            cuts = 0
            told = []
            for cut in incidents:
                cuts += 1
                if self.n in (0, cut.number):
                    told.append(self._tell(cut))
        except (TapeError, GuardConfigError) as error:
            allowed = ALLOWED_BOX if boxed else ALLOWED
            raise BadInput("TAPE", str(self.tape), f"{allowed}, as it was recorded ({error})") from error
        if self.n > cuts > 0:
            raise BadInput("--n", self.n, f"a number from 1 to {cuts}, of the incidents in it")
        self._show(incidents, told, cuts, report)
        for remark in self._remarks(incidents, cuts, report):
            say(f"moravec: {remark}")
        return 0

    def _whole_box(self) -> VerifyReport:
        """A black box is whole or refused, when its ticks are read."""
        try:
            return VerifyReport(True, None, (), hashlib.sha256(self.tape.read_bytes()).hexdigest())
        except OSError as error:
            raise TapeError(f"it cannot be read ({error.strerror})") from error

    def _tell(self, cut: Cut) -> _Told:
        """Examines one incident and draws its page."""
        incident = examine(cut)
        curious = self.n == cut.number or cut.number <= MOST
        data, words = to_json(incident, self.json and curious), tuple(lines(incident))
        data["page"] = None
        if curious:
            name = f"{self.tape.stem}-incident" if cut.bare else "incident"  # beside one box there are others
            path = folder(self.out or self.tape.parent) / f"{name}-{cut.number}.html"
            try:
                path.write_text(page(incident, str(self.tape)), encoding="utf-8")
            except OSError as error:
                raise BadInput("--out", str(path), f"a file that can be written ({error.strerror})") from error
            data["page"] = str(path)
            words += (("drawn", str(path)),)
        return _Told(heading(incident), words, data)

    def _show(self, incidents: Incidents | BoxIncidents, told: list[_Told], cuts: int, report: VerifyReport) -> None:
        result = {
            "tape": str(self.tape),
            "kind": "black box" if isinstance(incidents, BoxIncidents) else "tape",
            "sha256": report.sha256,
            "chain": incidents.last if isinstance(incidents, BoxIncidents) else None,
            "complete": report.complete,
            "truncated_at": report.truncated_at,
            "seconds": incidents.duration,
            "verdicts": incidents.counts,
            "nearest": _nearest(incidents),
            "count": cuts,
            "incidents": [entry.data for entry in told],
        }
        if self.json or not told:
            show(self, result, _nothing(incidents))
            return
        console = Console(highlight=False)
        console = console if console.is_terminal else Console(highlight=False, width=WIDTH)
        for i, entry in enumerate(told):
            if i:
                console.print()
            console.print(block(entry.heading, cuts, entry.lines))

    def _remarks(self, incidents: Incidents | BoxIncidents, cuts: int, report: VerifyReport) -> Iterator[str]:
        if self.n == 0 and cuts > MOST:
            yield f"only the first {MOST} of {cuts} incidents are drawn; --n K draws any other"
        if report.truncated_at is not None:
            yield (
                f"{self.tape} was cut off: it is sealed up to byte {report.truncated_at}, and that much was read; "
                f"its last tick stands at {incidents.duration:.3f} s"
            )


def _nearest(incidents: Incidents | BoxIncidents) -> dict[str, Any] | None:
    found = incidents.nearest
    if found is None:
        return None
    verdict = found.verdict
    return {
        "t": found.t, "check": verdict.check, "value": verdict.value, "limit": verdict.limit, "margin": verdict.margin,
        "words": sentence(verdict, found.rules.limits),
    }  # fmt: skip


def _nothing(incidents: Incidents | BoxIncidents) -> str:
    counts, found = incidents.counts, _nearest(incidents)
    where = "in this black box" if isinstance(incidents, BoxIncidents) else "on this tape"
    words = f"no stop {where}: {sum(counts.values())} verdicts, {counts['limit']} of them limited"
    if found is None:
        return words
    share = 100.0 * found["margin"] / found["limit"]
    return f"{words}; nearest margin {share:.2g} % of the limit, at {found['t']:.3f} s: {found['words']}"
