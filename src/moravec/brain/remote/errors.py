"""What goes wrong between a robot and a model server. The symbolic mind takes over for each but the last.

MoravecError
├── ServerError      there is no answer that can be used; `kind` names the cause
└── CassetteError    a recording that cannot be used, or lacks what was asked for; nobody takes over
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from moravec.core.errors import MoravecError

Kind: TypeAlias = Literal["unreachable", "lost", "late", "busy", "refused", "garbled", "too_big", "rejected", "budget", "loop"]


class ServerError(MoravecError):
    """There is no answer that can be used. `retry_after` [s] is what the server asked for, None where it said nothing."""

    def __init__(self, kind: Kind, message: str, retry_after: float | None = None) -> None:
        self.kind = kind
        self.retry_after = retry_after
        super().__init__(message)


class CassetteError(MoravecError):
    """A recording that cannot be read or written, or that holds no answer to what is asked."""

    exit_status = 2
