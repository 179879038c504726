"""Clients to be killed: for each line on standard input one process that moves joints to and fro until it is ended.

Each is forked from this one, which has imported all it needs, so that a hundred of them take seconds. A child says its process
number when it begins, and, when the edge process falls silent, for how long it has been. After a latched stop it waits for the
operator's reset.
"""

from __future__ import annotations

import math
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from moravec.core.command import Command
from moravec.core.errors import ContractError
from moravec.edge.client import EdgeClient
from moravec.worlds.cell.layout import HOME_Q

MOVED = (0, 3, 5)  # joints
SWING, TURN = 0.2, 1.0  # [rad]; [s] to and fro, where no other is asked for
RUN, HOLD = 1, 3


def say(what: object) -> None:
    """One line to the test."""
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def swing(client: EdgeClient, seq: int, turn: float) -> int:
    """From rest to and fro in `turn` [s], until something else than running is found; the last sequence number.

    Always towards where an edge process begins: from wherever the last one was killed a robot would wander off, in the end to a
    zone that the guard forbids.
    """
    n, setpoint = client.terms.joints, client.setpoint()
    if setpoint is None:
        return seq
    q0 = setpoint.q[:n].copy()
    way = np.zeros(n)
    for j in MOVED:
        way[j] = SWING if q0[j] <= HOME_Q[j] else -SWING
    start = tick = client.ticks
    w = 2.0 * math.pi / turn
    while True:
        tick = client.wait(tick + 1)
        answer = client.answer()
        if tick - start > 5 and (answer is None or answer.state != RUN):
            return seq
        s, now = (tick - start) * client.period, time.monotonic()
        seq += 1
        q, dq = q0 + way * (1.0 - math.cos(w * s)) / 2.0, way * w * math.sin(w * s) / 2.0
        client.send(Command(seq, now, q, dq, 0.0, 0.0, "mover", now, now + 1.0, now, 0.0), tick + 1)


def move(path: Path, turn: float) -> None:
    """Until killed, or the edge process is."""
    with EdgeClient(path) as client:
        say(os.getpid())
        seq = 0
        try:
            while True:
                answer = client.answer()
                if answer is not None and answer.state in (RUN, HOLD):
                    seq = swing(client, seq, turn)
                client.wait(client.ticks + 1)
        except ContractError:
            say(f"lost {client.silence():.4f}")


def main(path: Path, live: Callable[[Path], None]) -> None:
    """One child for each line, which lives its life on the edge process at `path`."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for _ in sys.stdin:
        if os.fork() == 0:
            live(path)
            os._exit(0)


if __name__ == "__main__":
    main(Path(sys.argv[1]), lambda path: move(path, float(sys.argv[2]) if len(sys.argv) > 2 else TURN))
