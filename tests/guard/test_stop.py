"""The stop table, all of it: every state, every event, every mode, and every way of up to four events."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from moravec.guard import stop
from moravec.guard.kernel import codes, stops
from moravec.guard.kernel.codes import (
    ACCEPT,
    BEGIN_MOVING,
    BEGIN_STILL,
    BRAKING,
    ENDING,
    FAULT_0,
    FAULT_1,
    FAULT_2,
    FULL,
    HOLD,
    INIT,
    OFF,
    REDUCED,
    RESET,
    REST,
    RUN,
    STILL,
)
from moravec.guard.kernel.stops import TRANSITIONS, advance, category_of, fault_of

STATES = (INIT, RUN, BRAKING, HOLD, ENDING, OFF)
EVENTS = (BEGIN_STILL, BEGIN_MOVING, ACCEPT, FAULT_2, FAULT_1, FAULT_0, REST, RESET)
MODES = (FULL, REDUCED, STILL)
STEPS = tuple(itertools.product(EVENTS, MODES))
LENGTH = 4

# Written down a second time, by hand, as the changes alone; everything else must stay where it is.
CHANGES = {
    (INIT, BEGIN_STILL): HOLD,
    (INIT, BEGIN_MOVING): BRAKING,
    (RUN, FAULT_2): BRAKING,
    (RUN, FAULT_1): ENDING,
    (RUN, FAULT_0): OFF,
    (BRAKING, FAULT_1): ENDING,
    (BRAKING, FAULT_0): OFF,
    (BRAKING, REST): HOLD,
    (HOLD, ACCEPT): RUN,
    (HOLD, FAULT_1): ENDING,
    (HOLD, FAULT_0): OFF,
    (ENDING, FAULT_0): OFF,
    (ENDING, REST): OFF,
    (OFF, RESET): HOLD,
}


def test_the_numbers_are_different_and_the_names_mean_them() -> None:
    assert STATES == (0, 1, 2, 3, 4, 5) and EVENTS == (0, 1, 2, 3, 4, 5, 6, 7) and MODES == (0, 1, 2)
    for kind, values in ((stop.StopState, STATES), (stop.Event, EVENTS), (stop.Mode, MODES)):
        assert {member.value for member in kind} == set(values) and len(kind) == len(values)
        assert all(member.value == getattr(codes, member.name) for member in kind)


@pytest.mark.parametrize(("state", "event", "mode"), list(itertools.product(STATES, EVENTS, MODES)))
def test_every_state_event_and_mode(state: int, event: int, mode: int) -> None:
    expected = CHANGES.get((state, event), state)
    if (event, mode) == (ACCEPT, STILL):  # answered like a fault
        expected = BRAKING if state == RUN else state
    assert advance(state, event, mode) == expected
    named = stop.advance(stop.StopState(state), stop.Event(event), stop.Mode(mode))
    assert named is stop.StopState(expected)


def test_the_mode_is_full_unless_told() -> None:
    assert stop.advance(stop.StopState.HOLD, stop.Event.ACCEPT) is stop.StopState.RUN


def test_the_table_is_total() -> None:
    assert len(TRANSITIONS) == len(STATES)
    assert all(len(row) == len(EVENTS) and set(row) <= set(STATES) for row in TRANSITIONS)


def ways(state: int) -> Iterator[tuple[tuple[tuple[int, int], ...], tuple[int, ...]]]:
    """Breadth first, every way of up to LENGTH events in any mode from `state`: (events, states passed through)."""
    edge: list[tuple[tuple[tuple[int, int], ...], tuple[int, ...]]] = [((), (state,))]
    for _ in range(LENGTH):
        following = []
        for done, passed in edge:
            after: dict[tuple[int, int], int] = {step: advance(passed[-1], *step) for step in STEPS}
            # Full and reduced mode differ in nothing that the table knows: one way is enough.
            seen: set[tuple[int, int, bool]] = set()
            for step, reached in after.items():
                key = (reached, step[0], step[1] == STILL)
                if key not in seen:
                    seen.add(key)
                    following.append(((*done, step), (*passed, reached)))
        yield from following
        edge = following


def reachable(state: int, without: set[int]) -> set[int]:
    """All states that any number of events, `without` these, can lead to."""
    found, edge = {state}, [state]
    while edge:
        here = edge.pop()
        for event, mode in STEPS:
            there = advance(here, event, mode)
            if event not in without and there not in found:
                found.add(there)
                edge.append(there)
    return found


@pytest.mark.parametrize("state", [ENDING, OFF])
def test_from_a_latched_stop_only_a_reset_and_then_an_accepted_command_run_again(state: int) -> None:
    assert reachable(state, {RESET}) == ({ENDING, OFF} if state == ENDING else {OFF})
    assert RUN not in reachable(state, {ACCEPT})
    for done, passed in ways(state):
        if passed[-1] != RUN:
            continue
        events = [event for event, _ in done]
        off = passed.index(HOLD) - 1  # the reset is given in OFF, and leads to HOLD
        assert passed[off] == OFF and events[off] == RESET
        assert ACCEPT in events[off + 1 :]


def test_init_is_left_by_a_beginning_alone_and_never_entered_again() -> None:
    assert reachable(INIT, {BEGIN_STILL, BEGIN_MOVING}) == {INIT}
    for event, mode in STEPS:
        assert (advance(INIT, event, mode) != INIT) is (event in (BEGIN_STILL, BEGIN_MOVING))
        assert all(advance(state, event, mode) != INIT for state in STATES if state != INIT)


def test_nothing_runs_without_an_accepted_command() -> None:
    for state, (event, mode) in itertools.product(STATES, STEPS):
        if advance(state, event, mode) == RUN and state != RUN:
            assert (state, event) == (HOLD, ACCEPT) and mode != STILL


def test_in_the_mode_that_stands_still_no_command_runs() -> None:
    for state in STATES:
        assert advance(state, ACCEPT, STILL) != RUN
        for event in EVENTS:
            if state != RUN:
                assert advance(state, event, STILL) != RUN
    for mode in (FULL, REDUCED):
        assert advance(HOLD, ACCEPT, mode) == RUN


def test_off_is_left_by_a_reset_alone_and_to_hold_alone() -> None:
    for event, mode in STEPS:
        assert advance(OFF, event, mode) == (HOLD if event == RESET else OFF)


def test_a_fault_is_always_answered_and_never_softened() -> None:
    """After a fault nothing runs, and the graver of two stops stays."""
    grave = {BRAKING: 2, HOLD: 2, ENDING: 1, OFF: 0}
    for state, mode in itertools.product(STATES, MODES):
        if state == INIT:
            continue
        for fault, category in ((FAULT_2, 2), (FAULT_1, 1), (FAULT_0, 0)):
            after = advance(state, fault, mode)
            assert after != RUN and grave[after] <= category
            assert grave[after] <= grave.get(state, 2)


@pytest.mark.parametrize("state", STATES)
def test_every_way_of_up_to_four_events(state: int) -> None:
    """Laws that must hold along every way: no latch is left unasked, no motion begins unasked, none goes on after a fault."""
    count = 0
    for done, passed in ways(state):
        count += 1
        event, mode = done[-1]
        before, after = passed[-2], passed[-1]
        if before == ENDING:
            assert after in (ENDING, OFF)
        if before == OFF:
            assert after == OFF or event == RESET
        if after == RUN and before != RUN:
            assert event == ACCEPT and before == HOLD and mode != STILL
        if before == RUN and event in (FAULT_2, FAULT_1, FAULT_0):
            assert after == {FAULT_2: BRAKING, FAULT_1: ENDING, FAULT_0: OFF}[event]
        if event == RESET and before != OFF:
            assert after == before
    assert count > 1000


# Categories.

BY_CATEGORY = {
    0: {"blind"},
    1: {"estop", "state_shape", "state_finite", "state_age", "tracking", "overspeed", "torque"},
}


@pytest.mark.parametrize("name", codes.CHECK_NAMES)
def test_the_category_of_every_check(name: str) -> None:
    expected = next((category for category, names in BY_CATEGORY.items() if name in names), 2)
    assert category_of(codes.CHECK_NAMES.index(name)) == expected


def test_the_fault_of_every_category() -> None:
    assert (fault_of(0), fault_of(1), fault_of(2)) == (FAULT_0, FAULT_1, FAULT_2)
    assert fault_of(-1) == FAULT_2  # none at all is answered like the mildest


def test_a_fault_in_run_leads_to_the_stop_of_its_category() -> None:
    for category, state in ((0, OFF), (1, ENDING), (2, BRAKING)):
        assert advance(RUN, fault_of(category), FULL) == state


def test_the_table_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        stops.TRANSITIONS[OFF][ACCEPT] = RUN  # type: ignore[index]
