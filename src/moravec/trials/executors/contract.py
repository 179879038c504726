"""What is to be done, what became of it, and who does it. The same jobs end the same way on every executor."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, TypeVar

from moravec.core.errors import BadInput

S = TypeVar("S")  # what the jobs of a group share
T = TypeVar("T")  # what a job gives

SERIAL, PROCESSES, RAY = EXECUTORS = ("serial", "processes", "ray")  # by name, see named.py

Ended = Literal["done", "crashed", "hung", "died"]
# How a job can end without a result, in the words of a trial's causes.
LOST: dict[str, str] = {
    "crashed": "whoever was tried, or what it was tried in, raised an error that nobody meant",
    "hung": "it took longer than an attempt may, and was ended",
    "died": "its process died, and another one at the second try",
}


@dataclass(frozen=True, slots=True)
class Job(Generic[S, T]):
    """`work` is called with what its group shares. `key` is the job's name, another for each of a run."""

    key: str
    work: Callable[[S], T]


@dataclass(frozen=True, slots=True)
class Group(Generic[S, T]):
    """Jobs that share something costly: a scene, a model. A worker opens it, does the jobs one after the other, and closes it.

    It is opened anew after a job that ended with an error or took its process with it, so no job may leave anything in it
    that another one needs. Everything here goes to other processes: it must be importable by name, or picklable.
    """

    opened: Callable[[], AbstractContextManager[S]]
    jobs: tuple[Job[S, T], ...]


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """How the job `key` ended: "done" with a `value`, otherwise a key of LOST, with `words`. `seconds` is how long the last of
    its `tries` took. `leaked` [bytes] is what its process held more than after its first job, where that was beyond the
    budget; 0: it was not."""

    key: str
    ended: Ended
    value: T | None = None
    words: str = ""
    seconds: float = 0.0
    tries: int = 1
    leaked: int = 0


@dataclass(frozen=True, slots=True)
class Budget:
    """What a job may take: `seconds` [s] of the wall clock, with the opening of what its group shares; and how much memory a
    process may hold more after a job than after its first one, `growth` [bytes]."""

    seconds: float = 600.0
    growth: int = 1 << 30

    def __post_init__(self) -> None:
        if not 0.0 < self.seconds < math.inf:
            raise BadInput("a job's time", self.seconds, "seconds, more than 0")
        if self.growth <= 0:
            raise BadInput("the memory that a process may grow by", self.growth, "bytes, more than 0")


USUAL = Budget()
Tell = Callable[[Outcome[Any]], None]


class Executor(Protocol):
    """Does jobs."""

    def run(self, groups: Iterable[Group[Any, Any]], tell: Tell) -> None:
        """Does every job, and tells each one's outcome as it ends, in any order.

        A job that crashes, hangs or kills its process is an outcome like any other, and the rest goes on. A MoravecError ends
        all: it is raised after what had ended before was told. So does whatever `tell` raises, and Ctrl-C; what is under way
        is not waited for.
        """
        ...
