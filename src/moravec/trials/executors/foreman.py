"""Hands jobs to workers of any kind, and watches them: who hangs is ended, who dies or leaks is replaced."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, final

from moravec.core.errors import MoravecError, WorldError
from moravec.trials.executors.bench import Answer, Task, outcome_of, task_of
from moravec.trials.executors.contract import Budget, Group, Job, Outcome, Tell

W = TypeVar("W", bound=Hashable)

RETRIES = 1  # of a job whose process died: it may have been somebody else's fault
BEGIN = 300.0  # [s] until a worker is there; a cluster may have to start a machine
STOOD = 1.0  # [s] that a wait may be longer than asked before this process is believed to have stood still


@dataclass(frozen=True, slots=True)
class Dead:
    """A worker's end that nobody asked for."""

    words: str


class Crew(Protocol[W]):
    """Workers of one kind."""

    def hire(self) -> W:
        """One more; it says "ready" when it can be given something."""
        ...

    def give(self, worker: W, task: Task) -> None:
        """Something to do, for one that does nothing. That it died meanwhile is heard later."""
        ...

    def heard(self, timeout: float) -> list[tuple[W, Answer | Dead]]:
        """What there is to hear by now, of each worker at most one word; waits for it, at most `timeout` [s]."""
        ...

    def dismiss(self, worker: W) -> None:
        """Ends one at once, whatever it does."""
        ...

    def retire(self, worker: W) -> None:
        """Lets one that does nothing close what it has open, and end."""
        ...


@dataclass(slots=True)
class _Left:
    """The jobs of a group that nobody has begun."""

    number: int
    group: Group[Any, Any]
    jobs: deque[Job[Any, Any]]


@dataclass(slots=True)
class _Seat:
    """A worker's: the group that it keeps to, its job, and since when [s] it has been at that, or on its way to its first."""

    since: float
    begun: bool = False
    left: _Left | None = None
    job: Job[Any, Any] | None = None


@final
class Foreman(Generic[W]):
    """For one run."""

    def __init__(self, crew: Crew[W], workers: int, budget: Budget, clock: Callable[[], float], tell: Tell) -> None:
        self._crew, self._workers, self._budget, self._clock, self._tell = crew, workers, budget, clock, tell
        self._queue: deque[_Left] = deque()
        self._seats: dict[W, _Seat] = {}
        self._deaths: Counter[str] = Counter()

    def run(self, groups: Iterable[Group[Any, Any]]) -> None:
        """See `Executor.run`. Whoever calls ends the workers that are left where this raises."""
        self._queue.extend(_Left(number, group, deque(group.jobs)) for number, group in enumerate(groups) if group.jobs)
        self._staff()
        while self._queue or any(seat.job is not None or (seat.left and seat.left.jobs) for seat in self._seats.values()):
            for found in self._round():
                if isinstance(found, MoravecError):
                    raise found
                self._tell(found)
        for worker, seat in self._seats.items():
            end = self._crew.retire if seat.begun else self._crew.dismiss
            end(worker)

    def _round(self) -> list[Outcome[Any] | MoravecError]:
        """Waits until something happens; what has ended by then, errors last. All have work again before anything is told."""
        patience, before = self._patience(), self._clock()
        heard = self._crew.heard(patience)
        now = self._clock()
        stood = now - before - patience
        if stood > STOOD:  # the whole group of processes was paused (Ctrl-Z), so nobody is late
            for seat in self._seats.values():
                seat.since += stood
        found = [self._take(worker, word, now) for worker, word in heard]
        names = {worker for worker, _ in heard}
        found += [self._late(worker, seat, now) for worker, seat in list(self._seats.items()) if worker not in names]
        self._staff()
        return sorted((each for each in found if each is not None), key=lambda each: isinstance(each, MoravecError))

    def _patience(self) -> float:
        """[s] until the next worker is late."""
        now = self._clock()
        due = [seat.since + self._allowed(seat) - now for seat in self._seats.values() if not seat.begun or seat.job is not None]
        return max(0.0, min(due, default=0.0))

    def _allowed(self, seat: _Seat) -> float:
        return self._budget.seconds if seat.begun else BEGIN

    def _staff(self) -> None:
        """Gives everybody something to do, and hires as many as there is work for."""
        for worker, seat in self._seats.items():
            if seat.begun and seat.job is None:
                self._give(worker, seat)
        free = sum(not seat.begun and seat.left is None for seat in self._seats.values())
        for _ in range(min(len(self._queue) - free, self._workers - len(self._seats))):
            self._hire(None)

    def _hire(self, left: _Left | None) -> None:
        self._seats[self._crew.hire()] = _Seat(self._clock(), left=left)

    def _give(self, worker: W, seat: _Seat) -> None:
        if seat.left is None or not seat.left.jobs:
            seat.left = self._queue.popleft() if self._queue else None
        if seat.left is not None:
            seat.job = seat.left.jobs.popleft()
            seat.since = self._clock()
            self._crew.give(worker, task_of(seat.left.number, seat.left.group, seat.job))

    def _take(self, worker: W, word: Answer | Dead, now: float) -> Outcome[Any] | MoravecError | None:
        """What follows from a worker's word."""
        seat = self._seats[worker]
        if isinstance(word, Dead):
            return self._lost(worker, "died", word.words, now)
        if not seat.begun:
            seat.begun = True
            return None
        assert seat.job is not None
        job, seat.job = seat.job, None
        if word.leaked:
            self._replace(worker)
        return outcome_of(job.key, word, now - seat.since, 1 + self._deaths[job.key])

    def _late(self, worker: W, seat: _Seat, now: float) -> Outcome[Any] | MoravecError | None:
        if now - seat.since < self._allowed(seat) or (seat.begun and seat.job is None):
            return None
        return self._lost(worker, "hung", f"no answer within {self._allowed(seat):g} s", now)

    def _lost(self, worker: W, ended: Any, words: str, now: float) -> Outcome[Any] | MoravecError | None:
        """A worker that is no more, or is to be no more; its job is tried once more where nothing is known against it."""
        seat = self._seats[worker]
        if not seat.begun:
            return WorldError(f"a process for trials could not begin: {words}")
        job, left, seat.job = seat.job, seat.left, None
        if job is None or left is None:
            self._replace(worker)
            return None
        tries = 1 + self._deaths[job.key]
        if ended == "died":
            self._deaths[job.key] += 1
            if tries <= RETRIES:
                left.jobs.appendleft(job)
                self._replace(worker)
                return None
        self._replace(worker)
        return Outcome(job.key, ended, None, words, now - seat.since, tries)

    def _replace(self, worker: W) -> None:
        """Ends a worker. What it kept to is for a fresh one: whatever another one has done must not count against it."""
        left = self._seats.pop(worker).left
        self._crew.dismiss(worker)
        if left is not None and left.jobs:
            self._hire(left)
