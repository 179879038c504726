"""Jobs in processes of this machine. Each is watched by itself: what one of them does to itself touches no other."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, final

from moravec.core.errors import BadInput
from moravec.trials.executors.bench import Answer, Bench, Task
from moravec.trials.executors.contract import USUAL, Budget, Group, Tell
from moravec.trials.executors.foreman import Dead, Foreman
from moravec.worlds.processes import begin

GRACE = 5.0  # [s] for one that has nothing left to do to close what it has open


@final
@dataclass(frozen=True, slots=True)
class Processes:
    """As many as `workers`, for as long as there are jobs; none outlives the one that started them."""

    workers: int
    budget: Budget = USUAL
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise BadInput("the processes of a trial", self.workers, "1 or more")

    def run(self, groups: Iterable[Group[Any, Any]], tell: Tell) -> None:
        """See `Executor`. Raises WorldError where no process can be begun."""
        with closing(_Crew(self.budget.growth)) as crew:
            Foreman(crew, self.workers, self.budget, self.clock, tell).run(groups)


class _Crew:
    """See `foreman.Crew`. A worker goes by its end of the line."""

    def __init__(self, growth: int) -> None:
        self._context = multiprocessing.get_context("spawn")  # OpenGL and a model's threads do not survive a fork
        self._theirs, self._ours = self._context.Pipe(duplex=False)
        self._growth = growth
        self._processes: dict[Connection, SpawnProcess] = {}

    def hire(self) -> Connection:
        here, there = self._context.Pipe()
        with there:
            process = self._context.Process(target=_serve, args=(there, self._theirs, self._growth))
            self._processes[here] = process
            process.start()
        return here

    def give(self, worker: Connection, task: Task) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            worker.send(task)

    def heard(self, timeout: float) -> list[tuple[Connection, Answer | Dead]]:
        return [(line, self._word(line)) for line in wait(list(self._processes), timeout) if isinstance(line, Connection)]

    def dismiss(self, worker: Connection) -> None:
        self._end(worker, 0.0)

    def retire(self, worker: Connection) -> None:
        self._end(worker, GRACE)

    def close(self) -> None:
        """Ends all that are left, at once."""
        for worker in list(self._processes):
            self.dismiss(worker)
        self._ours.close()
        self._theirs.close()

    def _word(self, line: Connection) -> Answer | Dead:
        try:
            word: Answer = line.recv()
        except (EOFError, OSError):
            process = self._processes[line]
            process.join(GRACE)
            return Dead(f"its process ended with status {process.exitcode}")
        return word

    def _end(self, worker: Connection, grace: float) -> None:
        worker.close()  # to one that waits for work: no more will come
        process = self._processes.pop(worker)
        if process.pid is None:  # interrupted before it was started
            return
        process.join(grace)
        process.kill()
        process.join(GRACE)
        if process.exitcode is not None:  # not one that the system itself holds
            process.close()


def _serve(line: Connection, lifeline: Connection, growth: int) -> None:
    """In a new process, until there is no more work."""
    begin(lifeline)
    os.dup2(2, 1)  # whatever a policy prints is no part of the command's answer
    with closing(Bench(growth)) as bench:
        with contextlib.suppress(BrokenPipeError):  # the work may be done before it came to it
            line.send(Answer("ready"))
        while True:
            try:
                task: Task = line.recv()
            except (EOFError, ConnectionResetError):
                return
            line.send(bench.do(task))
