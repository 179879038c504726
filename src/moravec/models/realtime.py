"""Real-time chunking, for policies that think for longer than a step: the robot goes on with the old chunk meanwhile.

The idea is that of Black, Galliker and Levine, "Real-time execution of action chunking flow policies" (2025), done
outside the model, so that it serves any policy, near or far:

- An answer's actions are for the steps from its observation on. Those for steps that are gone by the time it comes are
  dropped: as many as the robot has really taken, which is counted, never guessed from a clock.
- Where old and new chunk overlap, they are blended, the old one with the weights (m - j) / (m + 1), j = 0 .. m - 1. So
  no seam jumps by more than 1 / (m + 1) of what the two disagree by.
- An overlap that is shorter than asked for is blended over what there is; nothing is padded.
- A chunk that runs out, or is too old, ends in a step without an action: the robot holds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from moravec.core.errors import BadInput
from moravec.models.chunks import AgeLimit, Desk, Plan, Step, Why
from moravec.models.contract import Floats, Policy, PolicyInput, PolicySpec
from moravec.models.lines import Line


def soft_weights(m: int) -> NDArray[np.float64]:
    """Weights (m,) of the old chunk over an overlap of `m` steps: from just below 1 to just above 0, in equal steps."""
    return (m - np.arange(m, dtype=np.float64)) / (m + 1)


@dataclass(frozen=True, slots=True)
class Rows:
    """Actions still to be carried out: `actions` (n, a), the first for `step`; for each the step (n,) and the time (n,)
    [s] of the oldest observation in it."""

    actions: Floats
    step: int
    born: NDArray[np.int64]
    seen: NDArray[np.float64]

    def since(self, step: int) -> Rows:
        """What is left from `step` on; may be nothing."""
        cut = max(0, step - self.step)
        return Rows(self.actions[cut:], self.step + cut, self.born[cut:], self.seen[cut:])


def rows_of(plan: Plan) -> Rows:
    """All of a chunk."""
    n = len(plan.actions)
    return Rows(plan.actions, plan.step, np.full(n, plan.step, dtype=np.int64), np.full(n, plan.t))


def blend(old: Rows, new: Rows, overlap: int, age: AgeLimit, t: float, rate: float) -> Rows:
    """`new`, its first steps blended with `old`; both begin at the same step, which is now, at `t` [s].

    Old actions that would be too old when their step comes (at `rate` [Hz]) take no part.
    """
    m = min(overlap, len(old.actions), len(new.actions))
    weights = soft_weights(m)
    for j in range(m):
        if not age.allows(new.step + j - int(old.born[j]), t + j / rate - float(old.seen[j])):
            weights[j] = 0.0
    share = weights[:, None]
    mixed = share * old.actions[:m].astype(np.float64) + (1.0 - share) * new.actions[:m].astype(np.float64)
    low, high = np.minimum(old.actions[:m], new.actions[:m]), np.maximum(old.actions[:m], new.actions[:m])
    used = weights > 0.0
    return Rows(
        _with(new.actions, np.where(share > 0.0, np.clip(mixed, low, high), new.actions[:m])),
        new.step,
        _with(new.born, np.where(used, np.minimum(old.born[:m], new.born[:m]), new.born[:m])),
        _with(new.seen, np.where(used, np.minimum(old.seen[:m], new.seen[:m]), new.seen[:m])),
    )


def _with(array: NDArray[Any], first: NDArray[Any]) -> NDArray[Any]:
    """A copy of `array` that begins with `first`."""
    copy = array.copy()
    copy[: len(first)] = first
    return copy


@final
class RealTime:
    """Goes on with the old chunk while the next one is under way, and passes softly from one to the other.

    `every`: a new chunk is asked for when so many steps have gone since the last was (or at once, when there is nothing
    left); half a chunk if not given. `overlap`: over how many steps old and new are blended, as far as both reach; a
    quarter of a chunk if not given. A policy that answers d steps late keeps up without a gap if its chunks are
    max(every, d) + d long.
    """

    def __init__(
        self, source: Policy | Line, every: int | None = None, overlap: int | None = None, age: AgeLimit | None = None
    ) -> None:
        self._desk = Desk(source, age)
        chunk = self._desk.spec.chunk
        self._every = max(1, chunk // 2) if every is None else every
        self._overlap = chunk // 4 if overlap is None else overlap
        if self._every < 1 or self._overlap < 0:
            raise BadInput("real-time chunking", f"every {every}, overlap {overlap}", "every 1 or more, overlap 0 or more")
        self._clear()

    def _clear(self) -> None:
        self._rows: Rows | None = None
        self._asked = -math.inf  # the step of the last request
        self._confidence = math.nan

    @property
    def spec(self) -> PolicySpec:
        """What the policy behind it needs and gives."""
        return self._desk.spec

    def reset(self, seed: int) -> None:
        """A new episode."""
        self._clear()
        self._desk.reset(seed)

    def next(self, seen: PolicyInput) -> Step:
        """What to do now."""
        desk = self._desk
        desk.tick(seen)
        self._take(desk.fetch())
        if self._wants():
            self._asked = desk.step
            desk.ask(seen)
            self._take(desk.fetch())  # from a policy that answers at once
        left = self._left()
        if left is None:
            return desk.hold(Why.WAITING if self._rows is None else Why.SPENT)
        if self._stale(left):
            return desk.hold(Why.AGED)
        return desk.act(left.actions[0], int(left.born[0]), float(left.seen[0]), self._confidence)

    def _left(self) -> Rows | None:
        """What is still to be carried out, from this step on; None: nothing."""
        left = None if self._rows is None else self._rows.since(self._desk.step)
        return None if left is None or not len(left.actions) else left

    def _stale(self, left: Rows) -> bool:
        """Whether the action for this step is too old. Those after it may rest on a newer observation."""
        return not self._desk.fresh(int(left.born[0]), float(left.seen[0]))

    def _wants(self) -> bool:
        """Whether it is time to ask."""
        left = self._left()
        due = self._desk.failed or self._desk.step - self._asked >= self._every
        return not self._desk.busy and (due or left is None or self._stale(left))

    def _take(self, plan: Plan | None) -> None:
        """Goes over to a chunk that came."""
        if plan is None:
            return
        desk, old = self._desk, self._left()
        new = rows_of(plan).since(desk.step)
        if not len(new.actions):
            desk.overtaken(plan)
            return
        self._confidence = plan.confidence
        self._rows = new if old is None else blend(old, new, self._overlap, desk.age, desk.t, desk.spec.rate)
