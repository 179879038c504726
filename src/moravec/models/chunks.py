"""From chunks to actions, one for each step of the robot, without touching the model: when to ask, and which action to
take.

A stepper (`Executed`, `Ensembled`, `RealTime` in realtime.py) is asked once for each step and gives a `Step`: an
action, or none and why. None is an answer: the robot holds. No action is ever made up, repeated, or taken from a chunk
that is too old. All of them count steps and read the observations' own times; none looks at a clock, so the same
observations and the same arrivals give the same actions, bit for bit.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, final

import numpy as np

from moravec.core.errors import BadInput
from moravec.models.contract import Floats, Policy, PolicyChunk, PolicyInput, PolicySpec, check_chunk, check_input
from moravec.models.errors import PolicyError
from moravec.models.lines import Line, as_line


class Why(StrEnum):
    """What a step rests on, or why it has no action."""

    ACT = "act"
    WAITING = "waiting"  # the first chunk of the episode has not come
    SPENT = "spent"  # the chunk ran out before the next one came
    AGED = "aged"  # the action that is there rests on an observation that is too old


@dataclass(frozen=True, slots=True)
class Step:
    """What to do at one step: `action` (a,), read-only, or None: hold.

    `age` [steps] and `seconds` [s] are those of the oldest observation in the action. `confidence` is that of the
    newest chunk in it. `late` [steps] is how long the request was under way that was answered, or failed, at this step;
    -1: none was. `trouble` is what went wrong with it; empty: nothing.
    """

    action: Floats | None
    why: Why
    age: int = 0
    seconds: float = 0.0
    confidence: float = math.nan
    late: int = -1
    trouble: str = ""


class Stepper(Protocol):
    """Gives one action for each step."""

    @property
    def spec(self) -> PolicySpec:
        """What the policy behind it needs and gives."""
        ...

    def reset(self, seed: int) -> None:
        """A new episode."""
        ...

    def next(self, seen: PolicyInput) -> Step:
        """What to do now. Called once for each step of the robot, with what it sees at that step.

        Trouble on the line (PolicyError) is told in the step. Raises BadInput for an observation that does not fit or
        goes back in time, ContractError for a chunk that breaks the policy's contract, and whatever else the policy
        raises.
        """
        ...


@dataclass(frozen=True, slots=True)
class AgeLimit:
    """How old an observation may be, in steps and in seconds [s] of the observations' own time, when an action that
    rests on it is carried out. Steps alone would not see that the loop stood still."""

    steps: int
    seconds: float

    def __post_init__(self) -> None:
        if self.steps < 0 or not self.seconds >= 0.0:
            raise BadInput("the age of an action", f"{self.steps} steps, {self.seconds:g} s", "0 or more of both")

    def allows(self, steps: int, seconds: float) -> bool:
        """Whether an action of that age may be carried out."""
        return steps <= self.steps and seconds <= self.seconds


def usual_age(spec: PolicySpec) -> AgeLimit:
    """Twice a chunk: longer than any chunk that keeps up, shorter than any that does not."""
    return AgeLimit(2 * spec.chunk, 2 * spec.chunk / spec.rate)


@dataclass(frozen=True, slots=True)
class Plan:
    """A chunk that came: `actions` (n, a), the first of them for the step `step`, at whose observation of time `t` [s]
    it was asked for. `late` [steps]: how long it was under way."""

    actions: Floats
    step: int
    t: float
    confidence: float
    late: int


@final
class Desk:
    """What all steppers share: it counts the steps, asks, and takes answers."""

    def __init__(self, source: Policy | Line, age: AgeLimit | None) -> None:
        self._line = as_line(source)
        self.age = usual_age(self._line.spec) if age is None else age
        self._clear()

    def _clear(self) -> None:
        self.step, self.t = -1, -math.inf
        self.trouble, self.late = "", -1
        self.failed = False  # whether the last request gave no answer
        self._asked = (-1, -math.inf)

    @property
    def spec(self) -> PolicySpec:
        """What the policy needs and gives."""
        return self._line.spec

    @property
    def busy(self) -> bool:
        """Whether a request is under way."""
        return self._line.busy

    def reset(self, seed: int) -> None:
        """A new episode."""
        self._clear()
        self._line.reset(seed)

    def tick(self, seen: PolicyInput) -> None:
        """The next step begins. Raises BadInput where time stands in doubt."""
        if not math.isfinite(seen.t) or seen.t < self.t:
            raise BadInput("the observation's time", seen.t, f"seconds, not before the last one's {self.t:g}")
        self.step, self.t = self.step + 1, seen.t
        self.trouble, self.late = "", -1

    def ask(self, seen: PolicyInput) -> None:
        """Asks, unless a request is under way. Raises BadInput for an observation that does not fit."""
        if not self._line.busy:
            check_input(self.spec, seen)
            self._asked = (self.step, self.t)
            self._line.ask(self.step, seen)

    def fetch(self) -> Plan | None:
        """The answer that has come by now, checked. None: none came, or it is too old for its first use."""
        try:
            chunk = self._line.answer(self.step)
        except PolicyError as error:
            self.failed, self.trouble, self.late = True, str(error), self.step - self._asked[0]
            return None
        if chunk is None:
            return None
        check_chunk(self.spec, chunk)
        step, t = self._asked
        self.failed, self.late = False, self.step - step
        plan = Plan(frozen(chunk.actions), step, t, chunk.confidence, self.late)
        if not self.fresh(step, t):
            self.failed, self.trouble = True, f"an answer was {self.late} steps, {self.t - t:g} s late: too old to use"
            return None
        return plan

    def overtaken(self, plan: Plan) -> None:
        """Every step that the answer has an action for is gone by."""
        self.failed = True
        self.trouble = f"an answer was {plan.late} steps late: all its {len(plan.actions)} actions are for steps gone by"

    def fresh(self, step: int, t: float) -> bool:
        """Whether an action may be carried out now that rests on an observation of `step` and `t` [s]."""
        return self.age.allows(self.step - step, self.t - t)

    def act(self, action: Floats, step: int, t: float, confidence: float) -> Step:
        """A step with an action."""
        return Step(frozen(action), Why.ACT, self.step - step, self.t - t, confidence, self.late, self.trouble)

    def hold(self, why: Why) -> Step:
        """A step without one."""
        return Step(None, why, late=self.late, trouble=self.trouble)


def frozen(array: Floats) -> Floats:
    """A copy that nobody can change, in the policy's own precision."""
    copy = np.array(array, dtype=np.float32)
    copy.flags.writeable = False
    return copy


@final
class Executed:
    """Carries out the first `k` actions of a chunk, then asks anew and holds until the answer is there.

    Behind a slow policy the robot waits at the end of each chunk, as the clients of openpi do: the world is as it was
    seen. Of an episode's first chunk only `first` are carried out, where that is given: a camera's first picture may be
    older than the episode.
    """

    def __init__(self, source: Policy | Line, k: int, age: AgeLimit | None = None, first: int | None = None) -> None:
        self._desk = Desk(source, age)
        if k < 1 or (first is not None and first < 1):
            raise BadInput("the actions of a chunk to carry out", k if k < 1 else first, "1 or more")
        self._k, self._first = k, k if first is None else first
        self._chunks = 0
        self._plan: Plan | None = None
        self._done = 0

    @property
    def spec(self) -> PolicySpec:
        """What the policy behind it needs and gives."""
        return self._desk.spec

    def reset(self, seed: int) -> None:
        """A new episode."""
        self._plan, self._done, self._chunks = None, 0, 0
        self._desk.reset(seed)

    def next(self, seen: PolicyInput) -> Step:
        """What to do now."""
        desk, plan, why = self._desk, self._plan, Why.WAITING
        desk.tick(seen)
        most = self._first if self._chunks == 1 else self._k
        if plan is not None and self._done >= min(most, len(plan.actions)):
            plan, why = None, Why.SPENT
        elif plan is not None and not desk.fresh(plan.step, plan.t):
            plan, why = None, Why.AGED
        elif plan is None and self._done:
            why = Why.SPENT
        if plan is None:
            plan = self._renew(seen)
        self._plan = plan
        if plan is None:
            return desk.hold(why)
        self._done += 1
        return desk.act(plan.actions[self._done - 1], plan.step, plan.t, plan.confidence)

    def _renew(self, seen: PolicyInput) -> Plan | None:
        """A new chunk, if one can be had at this step."""
        desk = self._desk
        plan = desk.fetch()
        if plan is None:
            desk.ask(seen)
            plan = desk.fetch()
        if plan is not None:
            self._done, self._chunks = 0, self._chunks + 1
        return plan


@final
class Ensembled:
    """Asks at every step, and takes the mean of what all chunks that are there say of this step (temporal ensembling).

    The weight of the i-th chunk, the oldest first, is exp(-k i): `k` > 0 trusts the older ones more, as in ACT (Zhao et
    al. 2023, section IV-C), k = 0 all the same. A mean of hands that open and close is neither: for such channels use
    `Executed`.
    """

    def __init__(self, source: Policy | Line, k: float = 0.01, age: AgeLimit | None = None) -> None:
        self._desk = Desk(source, age)
        if not math.isfinite(k):
            raise BadInput("the weights' decay", k, "a finite number")
        self._k = k
        self._plans: list[Plan] = []
        self._begun = False

    @property
    def spec(self) -> PolicySpec:
        """What the policy behind it needs and gives."""
        return self._desk.spec

    def reset(self, seed: int) -> None:
        """A new episode."""
        self._plans, self._begun = [], False
        self._desk.reset(seed)

    def next(self, seen: PolicyInput) -> Step:
        """What to do now."""
        desk = self._desk
        desk.tick(seen)
        came = [desk.fetch()]
        desk.ask(seen)
        came.append(desk.fetch())  # from a policy that answers at once
        self._plans += [plan for plan in came if plan is not None]
        due = [plan for plan in self._plans if desk.step - plan.step < len(plan.actions)]
        self._plans = [plan for plan in due if desk.fresh(plan.step, plan.t)]
        if not self._plans:
            return desk.hold(Why.AGED if due else Why.SPENT if self._begun else Why.WAITING)
        self._begun = True
        votes = np.array([plan.actions[desk.step - plan.step] for plan in self._plans], dtype=np.float64)
        weights = np.exp(-self._k * np.arange(len(votes)))
        mean = (weights[:, None] * votes).sum(axis=0) / weights.sum()
        oldest = self._plans[0]
        action = np.clip(mean, votes.min(axis=0), votes.max(axis=0))  # rounding must not leave the votes' own bounds
        return desk.act(action.astype(np.float32), oldest.step, oldest.t, self._plans[-1].confidence)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question and its answer: the `number`-th of an episode begun with `seed` (-1: never begun). No chunk: it
    raised."""

    seed: int
    number: int
    seen: PolicyInput
    chunk: PolicyChunk | None


@final
class Recorded:
    """A policy that tells what it was asked and what it answered, and is otherwise the same."""

    def __init__(self, policy: Policy, note: Callable[[Exchange], None]) -> None:
        self._policy = policy
        self._note = note
        self._seed, self._number = -1, 0

    @property
    def spec(self) -> PolicySpec:
        """What the policy needs and gives."""
        return self._policy.spec

    def reset(self, seed: int) -> None:
        """A new episode."""
        self._policy.reset(seed)
        self._seed, self._number = seed, 0

    def act(self, seen: PolicyInput) -> PolicyChunk:
        """The policy's own answer, or what it raises: noted either way."""
        chunk = None
        try:
            chunk = self._policy.act(seen)
        finally:
            self._note(Exchange(self._seed, self._number, seen, chunk))
            self._number += 1
        return chunk
