"""What the tests of the steppers share: a policy that says for which step each of its actions is, and episodes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from moravec.models.chunks import Step, Stepper
from moravec.models.contract import Channel, PolicyChunk, PolicyInput, PolicySpec
from moravec.models.errors import PolicyError

RATE = 10.0


def spec_of(chunk: int) -> PolicySpec:
    """One number seen, two actions told."""
    return PolicySpec((Channel("step", "1"),), (), (Channel("for", "1"), Channel("by", "1")), RATE, chunk, language=False)


class Oracle:
    """Action i of the chunk asked for at step s is (s + i, number of the request): it knows the future, and who said so."""

    def __init__(self, chunk: int, fail: Iterable[int] = (), value: Callable[[int, int], float] | None = None) -> None:
        self.spec = spec_of(chunk)
        self.asked: list[int] = []
        self.seeds: list[int] = []
        self._fail = set(fail)
        self._value = value or (lambda number, step: float(number))

    def reset(self, seed: int) -> None:
        """A new episode."""
        self.seeds.append(seed)
        self.asked.clear()

    def act(self, seen: PolicyInput) -> PolicyChunk:
        """Raises PolicyError for the requests that are to fail."""
        number, step = len(self.asked), int(seen.state[0])
        self.asked.append(step)
        if number in self._fail:
            raise PolicyError(f"request {number} failed")
        rows = [(step + i, self._value(number, step + i)) for i in range(self.spec.chunk)]
        return PolicyChunk(np.array(rows, dtype=np.float32), confidence=1.0 / (1 + number))


def at(step: int, t: float | None = None) -> PolicyInput:
    """What is seen at a step."""
    return PolicyInput(step / RATE if t is None else t, np.array([step], dtype=np.float32), {}, "")


def episode(stepper: Stepper, steps: int, seed: int = 0) -> list[Step]:
    """Steps 0 to `steps` - 1 of a new episode."""
    stepper.reset(seed)
    return [stepper.next(at(step)) for step in range(steps)]


def said(steps: Iterable[Step]) -> list[tuple[float, float] | str]:
    """Each step's action, or why there is none."""
    return [str(one.why) if one.action is None else (float(one.action[0]), float(one.action[1])) for one in steps]
