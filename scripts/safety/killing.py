"""One real edge process with a client that moves its robot, with or without a driver process, and the ways they are killed."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import numpy as np
from bypath import EDGE_TESTS, module_at
from setpoints import BRAKING, HOLD, OFF, TAKEN, Ending, Rows, judge, moving

from moravec.core.errors import ContractError
from moravec.edge.operator import OperatorClient

HELPERS: Any = module_at(EDGE_TESTS / "helpers_process.py")
CLIENT_KINDS = ("client killed", "client paused", "client stopped, then killed", "edge process paused")
DRIVER_KINDS = ("driver killed", "driver paused", "client killed", "client paused", "driver and client killed")
WAIT = 0.15  # [s] longest wait in motion before the kill
PAUSE = (0.03, 0.25)  # [s]; a shorter one the command age bears, and nothing stops
GIVE_UP = 10.0  # [s] of this machine's time until a robot that does not rest is one that never will; hosts stall
BEGIN = 60.0  # [s] until it moves again
TURNS = (0.6, 1.2)  # [s] to and fro: joints at up to 1 rad/s, or half of that
LOOK = 0.003  # [s]
LONGEST = 1800  # [s] that an edge process lives, should nobody be left who ends it


class Child:
    """A process that a mother forked. Its descriptor is never another process's, as its number may become."""

    def __init__(self, number: int) -> None:
        self._handle = os.pidfd_open(number)

    def send(self, what: int) -> bool:
        """Whether it was there to be sent to."""
        try:
            signal.pidfd_send_signal(self._handle, what)
        except ProcessLookupError:
            return False
        return True

    def close(self) -> None:
        """Ends it, and waits until it is gone: its lease goes with it."""
        self.send(signal.SIGKILL)
        select.select([self._handle], [], [], GIVE_UP)
        os.close(self._handle)


class Robot:
    """The edge process called `name`, with its black boxes in `out`; its client moves the robot to and fro in `turn` [s]."""

    def __init__(self, out: Path, name: str, driven: bool, turn: float) -> None:
        more = ["--seconds", str(LONGEST), *(["--driver"] if driven else [])]
        with contextlib.ExitStack() as stack:
            self._edge = stack.enter_context(HELPERS.EdgeProcess(out, name, *more))
            self._mothers = {"client": stack.enter_context(HELPERS.Movers(self._edge.path, "mover.py", f"{turn:g}"))}
            if driven:
                self._mothers["driver"] = stack.enter_context(HELPERS.Movers(self._edge.path, "body.py"))
            self._operator = stack.enter_context(OperatorClient(self._edge.path))
            self._stack = stack.pop_all()
        self._children: dict[str, Child] = {}
        self._memory = self._edge.memory

    def kill(self, kind: str, rng: np.random.Generator) -> Ending | None:
        """Kills or pauses at a random moment of a motion. None where the robot did not move any more by then."""
        self._move()
        first = self._memory.ticks
        time.sleep(float(rng.uniform(0.0, WAIT)))
        victims = [name for name in ("driver", "client") if name in kind] or ["edge"]
        rng.shuffle(victims)
        pause = float(rng.uniform(*PAUSE))
        killed = self._memory.ticks  # read once: this process may be stalled between two readings, and the robot stops meanwhile
        was_moving = moving(self._rows(killed)[0])
        for victim in victims:
            self._strike(victim, kind, pause)
        rows = self._until_rest(first, killed)
        if "killed" in kind:
            for victim in victims:
                self._children.pop(victim).close()
        if not was_moving:
            return None
        if self._edge.process.poll() is not None:
            return Ending((f"the edge process ended with {self._edge.process.returncode}",), np.nan, np.nan, True)
        if rows is None:
            return Ending((f"not at rest within {GIVE_UP:g} s",), np.nan, np.nan, True)
        return judge(rows, killed, self._edge.limits, victims[0], "driver" not in victims)

    def end(self) -> dict[str, Any]:
        """The edge process is asked to end; what it counted."""
        told: dict[str, Any] = self._edge.end()
        return told

    def _strike(self, victim: str, kind: str, pause: float) -> None:
        send: Callable[[int], Any] = self._edge.process.send_signal if victim == "edge" else self._children[victim].send
        if kind.endswith("paused"):
            send(signal.SIGSTOP)
            time.sleep(pause)
            send(signal.SIGCONT)
        else:
            send(signal.SIGSTOP if "stopped" in kind else signal.SIGKILL)

    def _rows(self, first: int) -> Rows:
        """The ticks from number `first` on, copied."""
        at = np.arange(first - 1, self._memory.ticks) % self._memory.capacity
        return np.asarray(self._memory.ring()[at])

    def _until_rest(self, first: int, killed: int) -> Rows | None:
        """The ticks from number `first` to the first one at rest after `killed`; None where there is none in time."""
        end = time.monotonic() + GIVE_UP
        while time.monotonic() < end:
            rows = self._rows(killed)
            still = ~rows["answer"]["dq"].any(axis=1) & np.isin(rows["state"], (HOLD, OFF)) & (rows["tick"] > killed)
            (rests,) = np.nonzero(still)
            if len(rests):
                return self._rows(first)[: killed - first + int(rests[0]) + 1]
            time.sleep(LOOK)
        return None

    def _move(self) -> None:
        """Until the robot moves; who is missing for that is begun. Raises ContractError where it never does."""
        end, begun = time.monotonic() + BEGIN, 0.0
        while time.monotonic() < end:
            if time.monotonic() > begun + 1.0:  # one that the edge process's pause drove away is found missing here
                self._begin_missing()
                begun = time.monotonic()
            row = self._rows(self._memory.ticks)[-1]
            if int(row["state"]) == OFF and int(row["state_code"]) == TAKEN:  # the body is measured: the operator resets
                self._operator.reset()
            if moving(row) and float(np.abs(row["answer"]["dq"]).max()) > 0.05 and int(row["state"]) < BRAKING:
                return
            time.sleep(LOOK)
        found = f"state {int(row['state'])}, of the body's {int(row['state_code'])}, answer {row['answer']}"
        raise ContractError(f"edge process {self._edge.path.name}: found a robot that did not move within {BEGIN:g} s: {found}")

    def _begin_missing(self) -> None:
        for name in sorted(self._mothers, reverse=True):  # the driver first: a client needs a posture to begin from
            child = self._children.get(name)
            if child is not None and child.send(0):
                continue
            if child is not None:
                child.close()
            self._children[name] = Child(self._mothers[name].begin())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for child in self._children.values():
            child.close()
        self._stack.close()
