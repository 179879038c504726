"""What `--memory` means for a run: nothing, or a file that is read when the job begins and written to when it ends."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, final

from moravec.brain.goal import goal_from_json
from moravec.brain.memory.learn import Account, Heard, begin, take_in
from moravec.brain.memory.prior import prior_of
from moravec.brain.memory.recollect import Recollection
from moravec.brain.memory.store import Memory
from moravec.commands.clock import WallClock
from moravec.core.workplace import Workplace
from moravec.runtime.job import Journal, Outcome


@final
class Remembering:
    """The memory of one run; without a `memory` all of it is empty and nothing is done."""

    def __init__(self, memory: Memory | None = None, instruction: str = "", workplace: Workplace | None = None) -> None:
        self._memory = memory
        self.heard: list[Heard] | None = None
        self.recollection: Recollection | None = None
        self.named: Mapping[str, Any] = {}  # for the tape
        if memory is not None and workplace is not None:
            self.heard = []
            self.recollection = Recollection(prior_of(memory), self.heard)
            self.named = {"memory": {"events": self.recollection.prior.events, "head": self.recollection.prior.head}}
            self._job = begin(memory, instruction, workplace)

    def take_in(self, outcome: Outcome, journal: Journal) -> None:
        """Writes the job into the memory. Raises BadInput where that cannot be done."""
        if self._memory is None or self.recollection is None:
            return
        recollection, report = self.recollection, outcome.report
        told = journal if report is None else report  # of a job that was broken off: what was noted until then
        items, history = recollection.believed()
        account = Account(
            success=report is not None and report.success, goal=goal_from_json(told.goal).describe(),
            answer="" if report is None else report.answer, problems=() if report is None else report.problems,
            refused=told.refused, trouble=outcome.trouble, replans=told.replans, questions=len(told.questions),
            steps=journal.broken_off() if report is None else report.steps, items=items, history=history,
            labels=dict(recollection.read), known=dict(recollection.known), used=tuple(recollection.used),
            refuted=tuple(recollection.refuted), empty=frozenset(recollection.empty), heard=tuple(self.heard or ()),
        )  # fmt: skip
        take_in(self._memory, self._job, account)


@contextlib.contextmanager
def remembering(path: Path | None, instruction: str, workplace: Workplace) -> Iterator[Remembering]:
    """The memory at `path`, made where there is none. Raises BadInput for a file that is none, or another workplace's."""
    if path is None:
        yield Remembering()
        return
    with Memory.made(path, workplace.name, WallClock()) as memory:
        yield Remembering(memory, instruction, workplace)
