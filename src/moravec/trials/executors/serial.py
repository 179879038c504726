"""All jobs one after the other, in this process: for looking closely, and for very short ones."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from typing import Any, final

from moravec.core.errors import MoravecError
from moravec.trials.executors.bench import Bench, outcome_of, task_of
from moravec.trials.executors.contract import USUAL, Budget, Group, Outcome, Tell


@final
@dataclass(frozen=True, slots=True)
class Serial:
    """It cannot end a job that hangs, and one that ends this process ends the trial: where that is to be feared, take
    `Processes(1)`. A job that took longer than it may and did end is counted as "hung", as elsewhere; a leak is told, and
    goes on."""

    budget: Budget = USUAL
    clock: Callable[[], float] = time.monotonic

    def run(self, groups: Iterable[Group[Any, Any]], tell: Tell) -> None:
        """See `Executor`."""
        with closing(Bench(self.budget.growth)) as bench:
            for number, group in enumerate(groups):
                for job in group.jobs:
                    start = self.clock()
                    answer = bench.do(task_of(number, group, job))  # packed here too: no job sees what another did to itself
                    found = outcome_of(job.key, answer, self.clock() - start, 1)
                    if isinstance(found, MoravecError):
                        raise found
                    tell(self._in_time(found))

    def _in_time(self, found: Outcome[Any]) -> Outcome[Any]:
        if found.seconds <= self.budget.seconds:
            return found
        words = f"no answer within {self.budget.seconds:g} s"
        return Outcome(found.key, "hung", None, words, found.seconds, 1, found.leaked)
