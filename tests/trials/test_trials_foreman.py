"""The foreman's own rules, with workers that do what a test says, in a time of their own."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from helpers_executors import alone, draws

from moravec.core.errors import WorldError
from moravec.trials.executors.bench import Answer, Task
from moravec.trials.executors.contract import Budget, Outcome
from moravec.trials.executors.foreman import BEGIN, Dead, Foreman

READY, DONE = Answer("ready"), Answer("done", pickle.dumps(1))
Heard = list[tuple[int, Answer | Dead]]


class Scripted:
    """Each wait is one entry of the script: how much longer than asked it lasts [s] (None: it ends at once), what is heard."""

    def __init__(self, *script: tuple[float | None, Heard]) -> None:
        self.now = 0.0
        self.hired, self.given = 0, list[int]()
        self.dismissed, self.retired = list[int](), list[int]()
        self._script = iter(script)

    def hire(self) -> int:
        self.hired += 1
        return self.hired

    def give(self, worker: int, task: Task) -> None:
        self.given.append(worker)

    def heard(self, timeout: float) -> Heard:
        longer, found = next(self._script)
        self.now += 0.0 if longer is None else timeout + longer
        return found

    def dismiss(self, worker: int) -> None:
        self.dismissed.append(worker)

    def retire(self, worker: int) -> None:
        self.retired.append(worker)


def run(crew: Scripted, workers: int, *keys: str) -> list[Outcome[Any]]:
    """Jobs of these names, each in a group of its own; ten seconds for each."""
    told: list[Outcome[Any]] = []
    works: dict[str, Callable[[Any], object]] = {key: partial(draws, 1) for key in keys}
    Foreman(crew, workers, Budget(10.0), lambda: crew.now, told.append).run(alone(**works))
    return told


def test_no_more_are_hired_than_there_is_work_for() -> None:
    crew = Scripted((None, [(1, READY), (2, READY)]), (None, [(1, DONE), (2, DONE)]))
    assert [outcome.ended for outcome in run(crew, 8, "a", "b")] == ["done", "done"]
    assert crew.hired == 2 and crew.retired == [1, 2] and crew.dismissed == []


def test_all_have_work_again_before_anything_is_told() -> None:
    crew = Scripted((None, [(1, READY)]), (None, [(1, DONE)]), (None, [(1, DONE)]))
    seen: list[int] = []
    works: dict[str, Callable[[Any], object]] = {key: partial(draws, 1) for key in "ab"}
    Foreman(crew, 1, Budget(10.0), lambda: crew.now, lambda told: seen.append(len(crew.given))).run(alone(**works))
    assert seen == [2, 2]


def test_who_is_late_is_replaced() -> None:
    crew = Scripted((None, [(1, READY)]), (0.0, []), (None, [(2, READY)]), (None, [(2, DONE)]))
    assert [(each.key, each.ended, each.seconds) for each in run(crew, 1, "a", "b")] == [("a", "hung", 10.0), ("b", "done", 0.0)]
    assert crew.dismissed == [1] and crew.retired == [2]


def test_while_everything_stands_still_nobody_is_late() -> None:
    """Ctrl-Z, and an hour later `fg`: workers stood as well. The rest of the time is still theirs, and no more."""
    crew = Scripted((None, [(1, READY)]), (3600.0, []), (None, [(1, DONE)]))
    assert [each.ended for each in run(crew, 1, "a")] == ["hung"], "the time that was asked for had gone by as well"
    crew = Scripted((None, [(1, READY), (2, READY)]), (None, []), (3600.0, [(2, DONE)]), (None, [(1, DONE)]))
    assert sorted((each.key, each.ended) for each in run(crew, 2, "a", "b"))[1] == ("b", "done")


def test_who_does_not_begin_ends_all() -> None:
    with pytest.raises(WorldError, match=f"could not begin: no answer within {BEGIN:g} s"):
        run(Scripted((0.0, [])), 1, "a")
    with pytest.raises(WorldError, match="could not begin: killed"):
        run(Scripted((None, [(1, Dead("killed"))])), 1, "a")


def test_a_job_whose_worker_died_is_tried_again_by_a_fresh_one() -> None:
    """Not by one that has nothing to do: what it did before could be at fault."""
    crew = Scripted(
        (None, [(1, READY), (2, READY)]), (None, [(2, DONE)]), (None, [(1, Dead("killed"))]), (None, [(3, READY)]),
        (None, [(3, DONE)]),
    )  # fmt: skip
    assert [(each.key, each.tries) for each in run(crew, 2, "a", "b")] == [("b", 1), ("a", 2)]
    assert crew.given == [1, 2, 3] and crew.dismissed == [1] and crew.retired == [2, 3]


def test_who_dies_with_nothing_to_do_costs_nothing() -> None:
    crew = Scripted(
        (None, [(1, READY), (2, READY)]), (None, [(2, DONE)]), (None, [(2, Dead("killed"))]), (None, [(1, DONE)])
    )  # fmt: skip
    assert [(each.key, each.ended) for each in run(crew, 2, "a", "b")] == [("b", "done"), ("a", "done")]
    assert crew.hired == 2 and crew.retired == [1]
