"""`moravec doctor`: what this machine can and cannot do, and the one command that mends each."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from moravec.commands.options import Options, save, show

if TYPE_CHECKING:
    from moravec.doctor import Finding

_SIGNS = {"ok": "ok     ", "better": "better ", "missing": "MISSING"}


@dataclass(frozen=True, kw_only=True)
class Doctor(Options):
    """Say what this machine can and cannot do, and the one command that mends each.

    Exit status 1 where something is missing without which Moravec does not run.
    """

    def execute(self) -> int:
        """The diagnosis."""
        from moravec.doctor import diagnose

        findings = diagnose(self.out if self.out is not None and self.out.is_dir() else None)
        healthy = all(finding.status != "missing" for finding in findings)
        result = {"healthy": healthy, "findings": [dataclasses.asdict(finding) for finding in findings]}
        save(self, "doctor.json", result)
        show(self, result, "\n".join(_words(finding) for finding in findings))
        return 0 if healthy else 1


def _words(finding: Finding) -> str:
    line = f"{_SIGNS[finding.status]}  {finding.name:<20} {finding.detail}"
    return line + (f"\n{'':9}mend: {finding.mend}" if finding.mend else "")
