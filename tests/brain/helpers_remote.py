"""A remote mind as tests open it."""

from __future__ import annotations

import time

from model_server import Server
from told import told_mind

from moravec.brain.remote.chat import Chat
from moravec.brain.remote.http import HttpTransport
from moravec.brain.remote.limits import CallLimits, Prices
from moravec.brain.remote.mind import RemoteMind

QUICK = CallLimits(deadline=5.0, patience=20.0, pause=0.01)


class Wall:
    """The wall's clock."""

    def now(self) -> float:
        return time.monotonic()


def mind_at(server: Server, limits: CallLimits = QUICK, key: str | None = None, prices: Prices | None = None) -> RemoteMind:
    """A mind on `server` that does not sleep between calls."""
    transport = HttpTransport(server.url, key, limits.answer_bytes)
    return RemoteMind(Chat(transport, "toy-model", transport.base, Wall(), lambda s: None, limits, prices), told_mind())
