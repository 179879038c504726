"""Asking a policy at one step and hearing its answer at the same or at a later one. Time is counted in steps of the
robot."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Protocol, final, runtime_checkable

from moravec.core.errors import BadInput, ContractError
from moravec.models.contract import Policy, PolicyChunk, PolicyInput, PolicySpec
from moravec.models.errors import PolicyLate
from moravec.models.worker import Worker

RESET = 30.0  # s for a policy beside the loop to end what it does and to begin an episode


@runtime_checkable
class Line(Protocol):
    """A policy that answers when it can. One request at a time."""

    @property
    def spec(self) -> PolicySpec:
        """What the policy needs and gives."""
        ...

    @property
    def busy(self) -> bool:
        """Whether a request is under way."""
        ...

    def reset(self, seed: int) -> None:
        """A new episode: what is under way is forgotten, its answer never comes."""
        ...

    def ask(self, step: int, seen: PolicyInput) -> None:
        """Asks, at `step`. Raises ContractError while busy."""
        ...

    def answer(self, step: int) -> PolicyChunk | None:
        """The answer, once, if it is there at `step`. Raises what the policy raised; the line is free again then."""
        ...


@final
class Delayed:
    """A policy whose answers come so many steps late: nought is the policy itself, at once.

    `late` is one number, or one for each request of an episode (the last stands for all after it), so that a recorded
    run can be run again. The same steps give the same answers: nothing here looks at a clock.
    """

    def __init__(self, policy: Policy, late: int | Sequence[int] = 0) -> None:
        self._late = (late,) if isinstance(late, int) else tuple(late)
        if not self._late or min(self._late) < 0:
            raise BadInput("the steps that answers are late", late, "one number or several, 0 or more")
        self._policy = policy
        self._asked = 0
        self._pending: tuple[int, PolicyInput] | None = None

    @property
    def spec(self) -> PolicySpec:
        """What the policy needs and gives."""
        return self._policy.spec

    @property
    def busy(self) -> bool:
        """Whether a request is under way."""
        return self._pending is not None

    def reset(self, seed: int) -> None:
        """A new episode."""
        self._asked, self._pending = 0, None
        self._policy.reset(seed)

    def ask(self, step: int, seen: PolicyInput) -> None:
        """Asks, at `step`. Raises ContractError while busy."""
        _free(self)
        self._pending = step + self._late[min(self._asked, len(self._late) - 1)], seen
        self._asked += 1

    def answer(self, step: int) -> PolicyChunk | None:
        """The answer, once, from the step on at which it is due."""
        if self._pending is None or step < self._pending[0]:
            return None
        (_, seen), self._pending = self._pending, None
        return self._policy.act(seen)


@final
class Background:
    """A policy in a thread beside the loop, which never waits for it. When an answer comes depends on the machine; what
    is done with it does not: note at which step it came, and `Delayed` runs the same again."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._worker = Worker()
        self._pending: Future[PolicyChunk] | None = None

    @property
    def spec(self) -> PolicySpec:
        """What the policy needs and gives."""
        return self._policy.spec

    @property
    def busy(self) -> bool:
        """Whether a request is under way."""
        return self._pending is not None

    def reset(self, seed: int) -> None:
        """A new episode. Waits for the policy to end what it does, not for longer than RESET: then raises
        PolicyLate."""
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.cancel()
        try:
            self._worker.do(lambda: self._policy.reset(seed)).result(RESET)
        except TimeoutError as error:
            raise PolicyLate(f"the policy: found no new episode after {RESET:g} s; allowed: sooner") from error

    def ask(self, step: int, seen: PolicyInput) -> None:
        """Asks; `seen` must not change from here on. Raises ContractError while busy."""
        _free(self)
        self._pending = self._worker.do(lambda: self._policy.act(seen))

    def answer(self, step: int) -> PolicyChunk | None:
        """The answer, once, if it is there."""
        if self._pending is None or not self._pending.done():
            return None
        done, self._pending = self._pending, None
        return done.result()

    def close(self) -> None:
        """Ends the thread. The policy is the caller's to close."""
        self._worker.close()


def as_line(source: Policy | Line) -> Line:
    """A line as it is; a policy as one that answers at once."""
    return source if isinstance(source, Line) else Delayed(source)


def _free(line: Line) -> None:
    if line.busy:
        raise ContractError("a line to a policy: found a request under way; allowed: one at a time")
