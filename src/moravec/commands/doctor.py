"""`moravec doctor`: what this machine can and cannot do, and the one command that mends each."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moravec.commands.minds import SYMBOLIC, BrainOptions, check_unused
from moravec.commands.options import save, show

if TYPE_CHECKING:
    from moravec.doctor import Finding

_SIGNS = {"ok": "ok     ", "better": "better ", "missing": "MISSING"}


@dataclass(frozen=True, kw_only=True)
class Doctor(BrainOptions):
    """Say what this machine can and cannot do, and the one command that mends each.

    With --brain URL also what a model server can do: it is asked to read a sentence and to point at coloured squares. Exit
    status 1 where something is missing without which Moravec, or that server as its brain, does not run.
    """

    def execute(self) -> int:
        """The diagnosis."""
        from moravec.doctor import diagnose

        if self.brain == SYMBOLIC:
            check_unused(self)

        findings = diagnose(self.out if self.out is not None and self.out.is_dir() else None)
        told: dict[str, Any] = {}
        if self.brain != SYMBOLIC:
            from moravec.commands.examine_mind import examine

            more, examined = examine(self)
            findings, told = [*findings, *more], {"brain": examined}
        healthy = all(finding.status != "missing" for finding in findings)
        result: dict[str, Any] = {"healthy": healthy, "findings": [dataclasses.asdict(finding) for finding in findings], **told}
        save(self, "doctor.json", result)
        show(self, result, "\n".join(_words(finding) for finding in findings))
        return 0 if healthy else 1


def _words(finding: Finding) -> str:
    line = f"{_SIGNS[finding.status]}  {finding.name:<20} {finding.detail}"
    return line + (f"\n{'':9}mend: {finding.mend}" if finding.mend else "")
