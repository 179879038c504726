"""From chunks to actions: carried out, averaged, recorded; and nothing that is too old."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

import numpy as np
import pytest
from helpers_chunks import Oracle, at, episode, said, spec_of
from hypothesis import given
from hypothesis import strategies as st

from moravec.core.errors import BadInput, ContractError
from moravec.models.chunks import AgeLimit, Ensembled, Exchange, Executed, Recorded, Stepper, Why
from moravec.models.contract import Policy, PolicyChunk, PolicyInput
from moravec.models.errors import PolicyError, PolicyLate
from moravec.models.lines import Background, Delayed, Line
from moravec.models.realtime import RealTime

Make = Callable[[Policy | Line], Stepper]
STEPPERS: dict[str, Make] = {
    "executed": lambda source: Executed(source, 3),
    "ensembled": lambda source: Ensembled(source),
    "realtime": lambda source: RealTime(source, every=3, overlap=2),
}


@pytest.fixture(params=sorted(STEPPERS))
def make(request: pytest.FixtureRequest) -> Make:
    return STEPPERS[request.param]


def test_the_first_k_actions_are_carried_out() -> None:
    oracle = Oracle(5)
    steps = episode(Executed(oracle, 3), 8)
    assert said(steps) == [(0, 0), (1, 0), (2, 0), (3, 1), (4, 1), (5, 1), (6, 2), (7, 2)]
    assert oracle.asked == [0, 3, 6]
    assert [one.age for one in steps] == [0, 1, 2, 0, 1, 2, 0, 1]
    assert [one.late for one in steps] == [0, -1, -1, 0, -1, -1, 0, -1]
    assert steps[3].confidence == 0.5 and steps[4].seconds == pytest.approx(0.1)


def test_a_chunk_shorter_than_k_is_carried_out_whole() -> None:
    assert said(episode(Executed(Oracle(2), 9), 4)) == [(0, 0), (1, 0), (2, 1), (3, 1)]


def test_of_the_first_chunk_fewer_may_be_carried_out_in_every_episode() -> None:
    oracle = Oracle(5)
    stepper = Executed(oracle, 3, first=1)
    for seed in (1, 2):
        assert said(episode(stepper, 6, seed)) == [(0, 0), (1, 1), (2, 1), (3, 1), (4, 2), (5, 2)]
        assert oracle.asked == [0, 1, 4]
    with pytest.raises(BadInput, match="1 or more"):
        Executed(oracle, 3, first=0)


def test_behind_a_slow_policy_the_robot_holds_between_chunks() -> None:
    steps = episode(Executed(Delayed(Oracle(4), 2), 3), 10)
    assert said(steps)[:2] == ["waiting", "waiting"]
    assert said(steps)[2:5] == [(0, 0), (1, 0), (2, 0)]
    assert said(steps)[5:] == ["spent", "spent", (5, 1), (6, 1), (7, 1)]
    assert steps[2].late == 2 and steps[2].age == 2


def test_the_mean_of_all_that_is_said_of_a_step() -> None:
    steps = episode(Ensembled(Oracle(3), k=0.5), 5)
    weights = np.exp(-0.5 * np.arange(3))
    by = [0.0, weights[:2] @ [0, 1] / weights[:2].sum(), *(weights @ [s - 2, s - 1, s] / weights.sum() for s in (2, 3, 4))]
    assert [one.action[0] for one in steps if one.action is not None] == [0, 1, 2, 3, 4]
    assert [one.action[1] for one in steps if one.action is not None] == pytest.approx(by)
    assert [one.age for one in steps] == [0, 1, 2, 2, 2]
    assert steps[4].confidence == 1 / 5  # the newest chunk's


def test_the_usual_decay_is_that_of_act() -> None:
    steps = episode(Ensembled(Oracle(2)), 2)
    assert steps[1].action is not None
    assert steps[1].action[1] == pytest.approx(math.exp(-0.01) / (1 + math.exp(-0.01)))


@given(st.integers(1, 6), st.integers(1, 12), st.floats(-2, 2), st.floats(-1, 1, width=32))
def test_a_mean_of_the_same_is_the_same_and_stays_in_bounds(chunk: int, steps: int, k: float, value: float) -> None:
    oracle = Oracle(chunk, value=lambda number, step: value)
    assert all(one.action is not None and one.action[1] == np.float32(value) for one in episode(Ensembled(oracle, k), steps))


def test_an_ensemble_behind_a_slow_policy_uses_what_has_come() -> None:
    oracle = Oracle(4)
    steps = episode(Ensembled(Delayed(oracle, 3)), 7)
    assert said(steps)[:3] == ["waiting"] * 3
    assert said(steps)[3] == (3, 0)
    assert oracle.asked == [0, 3]
    assert said(steps)[4:] == ["spent", "spent", (6, 1)]


def test_every_action_is_for_the_step_at_which_it_is_carried_out(make: Make) -> None:
    assert [one[0] for one in said(episode(make(Oracle(5)), 20))] == list(range(20))


def test_the_same_episode_twice_is_the_same_to_the_bit(make: Make) -> None:
    stepper = make(Delayed(Oracle(6, value=lambda n, s: math.sin(7 * n + s)), [2, 0, 3, 1]))
    first, second = episode(stepper, 40), episode(stepper, 40)
    assert [repr(one) for one in first] == [repr(one) for one in second]


def test_actions_cannot_be_changed(make: Make) -> None:
    (step,) = episode(make(Oracle(5)), 1)
    assert step.action is not None and not step.action.flags.writeable and step.action.dtype == np.float32
    assert step.why is Why.ACT


def test_a_new_episode_forgets_the_last_one(make: Make) -> None:
    oracle = Oracle(5)
    stepper = make(Delayed(oracle, 2))
    episode(stepper, 4, seed=1)
    steps = episode(stepper, 3, seed=2)
    assert said(steps) == ["waiting", "waiting", (0, 0) if isinstance(stepper, Executed) else (2, 0)]
    assert oracle.seeds == [1, 2] and oracle.asked[0] == 0
    assert stepper.spec == oracle.spec


def test_trouble_on_the_line_is_a_step_without_an_action_and_asked_again(make: Make) -> None:
    oracle = Oracle(5, fail=[0, 1])
    steps = episode(make(oracle), 4)
    assert said(steps)[:2] == ["waiting", "waiting"]
    assert [one.trouble for one in steps] == ["request 0 failed", "request 1 failed", "", ""]
    assert [one.late for one in steps[:3]] == [0, 0, 0]
    assert said(steps)[2] == (2, 2)
    assert oracle.asked[:3] == [0, 1, 2]


def test_what_breaks_the_contract_is_not_carried_out(make: Make) -> None:
    class Wide(Oracle):
        def act(self, seen: PolicyInput) -> PolicyChunk:
            return PolicyChunk(np.full((2, 2), np.nan, dtype=np.float32))

    stepper = make(Wide(5))
    stepper.reset(0)
    with pytest.raises(ContractError, match="finite"):
        stepper.next(at(0))


@pytest.mark.parametrize("t", [0.19, math.nan, math.inf, -1.0])
def test_time_that_goes_back_or_nowhere_is_refused(make: Make, t: float) -> None:
    stepper = make(Oracle(5))
    stepper.reset(0)
    stepper.next(at(0, 0.2))
    with pytest.raises(BadInput, match="time"):
        stepper.next(at(1, t))
    stepper.reset(0)
    stepper.next(at(0, 0.0))


def test_an_observation_that_does_not_fit_is_refused(make: Make) -> None:
    stepper = make(Oracle(5))
    stepper.reset(0)
    with pytest.raises(BadInput, match="state"):
        stepper.next(PolicyInput(0.0, np.zeros(3, np.float32), {}, ""))


AGED: dict[str, Callable[[Policy | Line, AgeLimit], Stepper]] = {
    "executed": lambda source, age: Executed(source, 9, age),
    "ensembled": lambda source, age: Ensembled(source, age=age),
    "realtime": lambda source, age: RealTime(source, every=9, overlap=3, age=age),
}


@pytest.mark.parametrize("name", sorted(AGED))
def test_no_action_is_older_than_allowed_in_steps(name: str) -> None:
    slow = Delayed(Oracle(9), [0, 20])  # the second answer never comes
    steps = episode(AGED[name](slow, AgeLimit(3, 1e9)), 12)
    assert [one.why for one in steps[:5]] == [Why.ACT] * 4 + [Why.AGED]
    assert all(one.action is None for one in steps[4:])
    assert all(one.age <= 3 for one in steps)


@pytest.mark.parametrize("name", sorted(AGED))
def test_no_action_is_older_than_allowed_in_seconds(name: str) -> None:
    stepper = AGED[name](Delayed(Oracle(9), [0, 20]), AgeLimit(99, 0.5))
    stepper.reset(0)
    assert stepper.next(at(0)).why is Why.ACT
    assert stepper.next(at(1)).why is Why.ACT
    assert stepper.next(at(2, 0.51)).why is Why.AGED  # the loop stood still
    assert stepper.next(at(3, 0.52)).action is None


@pytest.mark.parametrize("name", sorted(AGED))
def test_an_answer_that_comes_too_late_is_not_used(name: str) -> None:
    oracle = Oracle(9)
    stepper = AGED[name](Delayed(oracle, [4, 0]), AgeLimit(3, 1e9))
    steps = episode(stepper, 6)
    assert said(steps)[:4] == ["waiting"] * 4
    assert said(steps)[4] == (4, 1)  # asked anew with what is seen now
    assert steps[5].action is not None and steps[5].action[0] == 5
    assert oracle.asked[:2] == [0, 4]


def test_a_fresh_chunk_is_asked_for_where_the_old_one_is_too_old() -> None:
    oracle = Oracle(9)
    stepper = Executed(oracle, 9, AgeLimit(99, 0.5))
    stepper.reset(0)
    stepper.next(at(0))
    assert said([stepper.next(at(1, 30.0))]) == [(1, 1)]


@pytest.mark.parametrize("wrong", [lambda: AgeLimit(-1, 1.0), lambda: AgeLimit(1, math.nan), lambda: Executed(Oracle(2), 0),
                                   lambda: Ensembled(Oracle(2), math.nan), lambda: Delayed(Oracle(2), -1),
                                   lambda: Delayed(Oracle(2), []), lambda: RealTime(Oracle(2), every=0),
                                   lambda: RealTime(Oracle(2), overlap=-1)])  # fmt: skip
def test_what_makes_no_sense_is_refused(wrong: Callable[[], object]) -> None:
    with pytest.raises(BadInput):
        wrong()


def test_a_delayed_policy_answers_at_its_step_and_once() -> None:
    line = Delayed(Oracle(3), [2, 0])
    line.reset(0)
    assert not line.busy and line.answer(0) is None
    line.ask(5, at(5))
    assert line.busy
    with pytest.raises(ContractError, match="one at a time"):
        line.ask(5, at(5))
    assert line.answer(6) is None
    chunk = line.answer(7)
    assert chunk is not None and chunk.actions[0, 0] == 5 and not line.busy and line.answer(8) is None
    line.ask(8, at(8))
    assert line.answer(8) is not None


def test_what_is_asked_and_answered_is_recorded() -> None:
    notes: list[Exchange] = []
    policy = Recorded(Oracle(2, fail=[1]), notes.append)
    assert policy.spec == spec_of(2)
    policy.reset(7)
    first = policy.act(at(0))
    with pytest.raises(PolicyError):
        policy.act(at(1))
    assert [(one.seed, one.number, one.seen.state[0]) for one in notes] == [(7, 0, 0.0), (7, 1, 1.0)]
    assert notes[0].chunk is first and notes[1].chunk is None
    policy.reset(8)
    policy.act(at(0))
    assert (notes[2].seed, notes[2].number) == (8, 0)


def test_a_recorded_policy_is_the_same_policy(make: Make) -> None:
    plain, noted = make(Oracle(6)), make(Recorded(Oracle(6), lambda exchange: None))
    assert [repr(one) for one in episode(plain, 15)] == [repr(one) for one in episode(noted, 15)]


class Slow(Oracle):
    """Answers when it is let go."""

    def __init__(self, chunk: int) -> None:
        super().__init__(chunk)
        self.go = threading.Event()

    def act(self, seen: PolicyInput) -> PolicyChunk:
        assert self.go.wait(5.0)
        return super().act(seen)


def until(line: Line, step: int) -> PolicyChunk | None:
    """The answer, as soon as it is there."""
    for _ in range(500):
        chunk = line.answer(step)
        if chunk is not None:
            return chunk
        time.sleep(0.01)
    return None


def test_a_policy_in_the_background_never_holds_up_the_loop() -> None:
    slow = Slow(4)
    line = Background(slow)
    line.reset(3)
    assert slow.seeds == [3]
    line.ask(0, at(0))
    assert line.busy and line.answer(0) is None and line.answer(1) is None  # the policy has not answered yet
    slow.go.set()
    chunk = until(line, 2)
    assert chunk is not None and chunk.actions[0, 0] == 0 and not line.busy
    line.close()


def test_what_a_policy_in_the_background_raises_comes_out() -> None:
    line = Background(Oracle(4, fail=[0]))
    line.reset(0)
    line.ask(0, at(0))
    with pytest.raises(PolicyError, match="request 0"):
        until(line, 0)
    assert not line.busy
    line.close()


def test_an_answer_of_the_last_episode_never_comes_out(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = Slow(4)
    line = Background(slow)
    line.ask(0, at(0))
    time.sleep(0.05)
    monkeypatch.setattr("moravec.models.lines.RESET", 0.1)
    with pytest.raises(PolicyLate, match="new episode"):
        line.reset(1)
    assert not line.busy
    slow.go.set()
    monkeypatch.setattr("moravec.models.lines.RESET", 5.0)
    line.reset(2)
    line.ask(5, at(5))
    chunk = until(line, 5)
    assert chunk is not None and chunk.actions[0, 0] == 5
    line.close()


def test_a_stepper_over_a_thread_is_run_again_from_the_steps_at_which_answers_came() -> None:
    class Naps(Oracle):
        def act(self, seen: PolicyInput) -> PolicyChunk:
            time.sleep(0.004 * (1 + len(self.asked) % 3))
            return super().act(seen)

    line = Background(Naps(12))
    live = RealTime(line, every=2, overlap=3)
    live.reset(0)
    steps = []
    for step in range(60):
        steps.append(live.next(at(step)))
        time.sleep(0.004)
    line.close()
    late = [one.late for one in steps if one.late >= 0]
    assert max(late) > 0
    again = episode(RealTime(Delayed(Oracle(12), late), every=2, overlap=3), 60)
    assert [repr(one) for one in again][: 60 - 12] == [repr(one) for one in steps][: 60 - 12]
