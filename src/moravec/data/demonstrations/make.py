"""Demonstrations into a dataset: in several processes, in an order that does not depend on them, resumed after a kill."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TypeVar

from moravec.core.errors import BadInput, WorldError
from moravec.data.demonstrations.metaworld import (
    ATTEMPTS,
    GLIMPSE,
    SEEDS_APART,
    WHOLE,
    Lesson,
    Teacher,
    Teaching,
    features,
    first_seed,
    lessons,
)
from moravec.data.episode import Episode
from moravec.data.lerobot.read import Reader
from moravec.data.lerobot.video import Encoder
from moravec.data.lerobot.write import Writer
from moravec.data.provenance import Provenance
from moravec.worlds.processes import Job, Pool, pool

S = TypeVar("S")
T = TypeVar("T")

AHEAD = 2  # lessons under way for each process, beside those it works on


@dataclass(frozen=True, slots=True)
class Made:
    """How far it is: episodes in the dataset, episodes wanted, frames, and attempts of this run that failed."""

    episodes: int
    wanted: int
    frames: int
    failed: int
    task: str


def make_metaworld(
    root: Path, tasks: Sequence[str], teaching: Teaching, processes: int, provenance: Provenance, tell: Callable[[Made], None]
) -> Made:
    """Writes or goes on with the dataset in `root`. The same arguments give the same episodes, however often it was broken off.

    Raises BadInput where another dataset stands there, WorldError where an expert fails too often.
    """
    wanted = len(tasks) * (teaching.episodes + teaching.glimpses)
    with Writer(root, features(teaching.size), Encoder(), provenance) as writer, pool(processes) as workers:
        there, last = _there(root, writer.episodes, teaching)
        made, failed = Made(writer.episodes, wanted, writer.frames, 0, ""), 0
        for task in tasks:
            for kind, number in ((WHOLE, teaching.episodes), (GLIMPSE, teaching.glimpses)):
                count, seed = there[task, kind], last.get((task, kind), -1)
                left = (lesson for lesson in lessons(task, teaching, kind == WHOLE) if lesson.seed > seed)
                for episode in ordered(workers, partial(teach, teaching), left, processes * AHEAD) if count < number else ():
                    if episode is None:
                        failed += 1
                        continue
                    writer.append(episode)
                    count += 1
                    made = Made(writer.episodes, wanted, writer.frames, failed, task)
                    tell(made)
                    if count == number:
                        break
                if count < number:
                    raise WorldError(f"{task}: the expert succeeded {count} times in {ATTEMPTS * number}; wanted {number}")
    return made


def ordered(workers: Pool, work: Callable[[S], T], items: Iterable[S], ahead: int) -> Iterator[T]:
    """What `work` makes of each item, in their order, with at most `ahead` more under way than were taken. Raises what `work`
    raises."""
    waiting: deque[Job[T]] = deque()
    try:
        for item in items:
            waiting.append(workers.do(work, item))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    except GeneratorExit:  # enough of them
        for job in waiting:
            job.future.cancel()
        raise


def _there(root: Path, episodes: int, teaching: Teaching) -> tuple[Counter[tuple[str, str]], dict[tuple[str, str], int]]:
    """What a dataset holds already: how many of each task and kind, and the last seed of each. Raises BadInput for seeds of
    another teaching."""
    counts, last = Counter[tuple[str, str]](), dict[tuple[str, str], int]()
    if episodes:
        with Reader(root) as reader:
            for index in range(episodes):
                notes = reader.entry(index).notes
                name, seed = (str(notes["task"]), str(notes["kind"])), int(notes["seed"])
                first = first_seed(teaching, name[1] == WHOLE)
                if not first <= seed < first + max(SEEDS_APART, ATTEMPTS * teaching.episodes, teaching.glimpses):
                    raise BadInput(f"the demonstrations in {root}", "those of another --seed", "the same, or another --out")
                counts[name] += 1
                last[name] = max(last.get(name, -1), seed)
    return counts, last


class _Class:
    """What a worker keeps from one lesson to the next: the teacher of the task at hand."""

    def __init__(self, teaching: Teaching) -> None:
        self._teaching = teaching
        self._teacher: Teacher | None = None

    def lesson(self, lesson: Lesson) -> Episode | None:
        if self._teacher is None or self._teacher.task != lesson.task:
            if self._teacher is not None:
                self._teacher.close()
            self._teacher = Teacher(lesson.task, self._teaching)
        return self._teacher.lesson(lesson)


@lru_cache(1)
def _class(teaching: Teaching) -> _Class:
    """The one of this worker."""
    return _Class(teaching)


def teach(teaching: Teaching, lesson: Lesson) -> Episode | None:
    """In a worker: one lesson."""
    return _class(teaching).lesson(lesson)
