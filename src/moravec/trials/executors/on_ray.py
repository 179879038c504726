"""Jobs on a Ray cluster, or through Ray on this machine: the same code for both (https://docs.ray.io; the extra `ray`)."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from typing import Any, final

from moravec.core.errors import BadInput, WorldError
from moravec.trials.executors.bench import Answer, Bench, Task
from moravec.trials.executors.contract import USUAL, Budget, Group, Tell
from moravec.trials.executors.foreman import Dead, Foreman
from moravec.worlds.processes import NICE

HERE = "local"
GRACE = 5.0  # [s] for an actor that has nothing left to do to close what it has open
REACH = 10.0  # [s] for a cluster to take a connection


@final
@dataclass(frozen=True, slots=True)
class Ray:
    """`workers` actors, one core each. `address` is that of a cluster, in Ray's own words ("auto", "HOST:PORT"), on whose
    machines moravec and all that the jobs name must be installed; HERE begins one on this machine, and ends it. Where this
    process is at a cluster already, that one is used, and stays."""

    workers: int
    address: str = HERE
    budget: Budget = USUAL
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        if self.workers < 1:
            raise BadInput("the actors of a trial", self.workers, "1 or more")

    def run(self, groups: Iterable[Group[Any, Any]], tell: Tell) -> None:
        """See `Executor`. Raises WorldError where Ray is not installed, or the cluster is not there or takes no actor."""
        ray, todo = _ray(), [group for group in groups if group.jobs]
        if not todo:
            return
        guest = ray.is_initialized()
        if not guest:
            self._begin(ray)
        try:
            with closing(_Crew(ray, self.budget.growth)) as crew:
                Foreman(crew, self.workers, self.budget, self.clock, tell).run(todo)
        finally:
            if not guest:
                ray.shutdown()

    def _begin(self, ray: Any) -> None:
        own = {"num_cpus": self.workers, "include_dashboard": False} if self.address == HERE else {}
        try:
            _reach(self.address)
            ray.init(address=self.address, log_to_driver=False, logging_level="error", **own)
        except (OSError, ValueError, RuntimeError) as error:
            raise WorldError(f"no Ray cluster at {self.address}: {_first_line(error)}") from error


class _Crew:
    """See `foreman.Crew`. A worker goes by its number."""

    def __init__(self, ray: Any, growth: int) -> None:
        self._ray, self._growth = ray, growth
        # A job that kills its actor is counted, and tried once more by the foreman alone.
        self._kind = ray.remote(num_cpus=1, max_restarts=0, max_task_retries=0)(Hand)
        self._actors: dict[int, Any] = {}
        self._asked: dict[Any, int] = {}  # whose answer it will be
        self._hired = 0

    def hire(self) -> int:
        worker = self._hired = self._hired + 1
        self._actors[worker] = self._kind.remote(self._growth)
        self._asked[self._actors[worker].ready.remote()] = worker
        return worker

    def give(self, worker: int, task: Task) -> None:
        self._asked[self._actors[worker].do.remote(task)] = worker

    def heard(self, timeout: float) -> list[tuple[int, Answer | Dead]]:
        waiting = list(self._asked)
        if self._ray.wait(waiting, num_returns=1, timeout=timeout)[0]:
            ready, _ = self._ray.wait(waiting, num_returns=len(waiting), timeout=0)
            return [(self._asked.pop(reference), self._word(reference)) for reference in ready]
        return []

    def dismiss(self, worker: int) -> None:
        self._asked = {reference: each for reference, each in self._asked.items() if each != worker}
        self._ray.kill(self._actors.pop(worker), no_restart=True)

    def retire(self, worker: int) -> None:
        """After its shared thing is closed, as far as that goes in a moment."""
        closed = self._actors[worker].close.remote()
        self._ray.wait([closed], timeout=GRACE)
        self.dismiss(worker)

    def close(self) -> None:
        """Ends all that are left, at once."""
        for worker in list(self._actors):
            self.dismiss(worker)

    def _word(self, reference: Any) -> Answer | Dead:
        try:
            word: Answer = self._ray.get(reference)
        except self._ray.exceptions.RayError as error:
            return Dead(f"its actor ended: {_first_line(error)}")
        return word


class Hand:
    """An actor: a bench on some machine."""

    def __init__(self, growth: int) -> None:
        os.nice(NICE)
        self._bench = Bench(growth)

    def ready(self) -> Answer:
        """It is there."""
        return Answer("ready")

    def do(self, task: Task) -> Answer:
        """See `Bench.do`."""
        return self._bench.do(task)

    def close(self) -> None:
        """See `Bench.close`."""
        self._bench.close()


def _ray() -> Any:
    try:
        import ray
    except ModuleNotFoundError as error:
        raise WorldError(f"this needs the package {error.name!r}: pip install 'moravec[ray]' installs it") from error
    return ray


def _reach(address: str) -> None:
    """Raises OSError where nobody listens at HOST:PORT: Ray itself tries for more than ten minutes."""
    host, colon, port = address.rpartition(":")
    if colon and port.isdecimal() and "/" not in host:
        socket.create_connection((host, int(port)), REACH).close()


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
