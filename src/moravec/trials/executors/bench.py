"""Where a job is done: opens what its group shares, packs what the job gave or how it failed, watches its process's memory."""

from __future__ import annotations

import gc
import os
import pickle
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, final

from moravec.core.errors import MoravecError
from moravec.trials.executors.contract import Group, Job, Outcome

WORD_LIMIT = 240  # of what is kept of an error's words
_PAGE = os.sysconf("SC_PAGE_SIZE")  # [bytes]


@dataclass(frozen=True, slots=True)
class Task:
    """A job on its way to a worker: `group` is its group's number, `packed` what opens it and what is to be done."""

    group: int
    packed: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What a worker says: that it is "ready" for its first task, that a job is "done", that it "crashed", or that it "raised" an
    error on purpose. `packed` is the value, or that error; `leaked` is that of `Outcome`."""

    said: Literal["ready", "done", "crashed", "raised"]
    packed: bytes = b""
    words: str = ""
    leaked: int = 0


def task_of(number: int, group: Group[Any, Any], job: Job[Any, Any]) -> Task:
    """Packs a job of the `number`-th group. Raises what pickle raises for what cannot go to another process."""
    return Task(number, pickle.dumps((group.opened, job.work)))


def outcome_of(key: str, answer: Answer, seconds: float, tries: int) -> Outcome[Any] | MoravecError:
    """Unpacks an answer; an error that was raised on purpose is returned."""
    if answer.said == "crashed":
        return Outcome(key, "crashed", None, answer.words, seconds, tries, answer.leaked)
    held: list[Any] = []
    check = answered(lambda: held.append(pickle.loads(answer.packed)))
    if check.said != "done":
        words = check.words or "what the job gave cannot be unpacked"
        return Outcome(key, "crashed", None, words, seconds, tries, answer.leaked)
    if answer.said == "raised":
        error: MoravecError = held[0]
        return error
    return Outcome(key, "done", held[0], "", seconds, tries, answer.leaked)


def answered(work: Callable[[], Any]) -> Answer:
    """Calls `work`: whatever it does, there is an answer. Only Ctrl-C goes through."""
    try:
        return Answer("done", pickle.dumps(work()))
    except MoravecError as error:
        packed = answered(partial(_itself, error))
        return replace(packed, said="raised") if packed.said == "done" else packed
    except (Exception, SystemExit) as error:  # noqa: BLE001 - counted as a failure of whoever was tried, and told
        return Answer("crashed", words=_in_words(error))


@final
class Bench:
    """One worker's. For one thread."""

    def __init__(self, growth: int) -> None:
        """`growth` [bytes]: see `Budget`."""
        self._growth = growth
        self._level: int | None = None  # [bytes], what the process held after its first job
        self._group: int | None = None  # whose shared thing is open
        self._shared: Any = None
        self._stack = ExitStack()

    def do(self, task: Task) -> Answer:
        """Does a job. Raises what closing the former group's shared thing raises: that is not this job's failure."""
        if task.group != self._group:
            self.close()
        answer = answered(lambda: self._work(task))
        if answer.said != "done":
            answered(self.close)  # it may be broken, and the job counts as failed already
        return replace(answer, leaked=self._leaked())

    def close(self) -> None:
        """Closes what is open. Raises what that raises."""
        self._group, self._shared = None, None
        self._stack.close()

    def _work(self, task: Task) -> Any:
        opened, work = pickle.loads(task.packed)
        if task.group != self._group:
            self._shared = self._stack.enter_context(opened())
            self._group = task.group
        return work(self._shared)

    def _leaked(self) -> int:
        """[bytes] beyond the budget; what is told is not told again."""
        if self._level is None:
            self._level = resident()
        if resident() - self._level <= self._growth:
            return 0
        gc.collect()  # what nobody holds any more is no leak
        more = resident() - self._level
        if more <= self._growth:
            return 0
        self._level += more
        return more


def resident() -> int:
    """[bytes] of memory that this process holds; see proc_pid_statm(5)."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE


def _itself(error: MoravecError) -> MoravecError:
    return error


def _in_words(error: BaseException) -> str:
    """One line: the error, and where it was raised, without folders, which differ from machine to machine."""
    what = " ".join("".join(traceback.format_exception_only(error)).split())[:WORD_LIMIT]
    frames = traceback.extract_tb(error.__traceback__)
    return f"{what} ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else what
