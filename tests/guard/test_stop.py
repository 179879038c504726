"""The stop table, all of it: every state, every event."""

from __future__ import annotations

import itertools

import pytest

from moravec.guard.stop import TRANSITIONS, Event, StopState, advance

S, E = StopState, Event

# Written down a second time, by hand, as the changes alone; everything else must stay where it is.
CHANGES = {
    (S.INIT, E.BEGIN_STILL): S.HOLD,
    (S.INIT, E.BEGIN_MOVING): S.BRAKING,
    (S.INIT, E.ESTOP): S.ESTOP,
    (S.RUN, E.FAULT): S.BRAKING,
    (S.RUN, E.ESTOP): S.ESTOP,
    (S.BRAKING, E.REST): S.HOLD,
    (S.BRAKING, E.ESTOP): S.ESTOP,
    (S.HOLD, E.ACCEPT): S.RUN,
    (S.HOLD, E.ESTOP): S.ESTOP,
    (S.ESTOP, E.RESET): S.HOLD,
}


@pytest.mark.parametrize(("state", "event"), list(itertools.product(StopState, Event)))
def test_every_state_and_event(state: StopState, event: Event) -> None:
    assert advance(state, event) is CHANGES.get((state, event), state)


def test_the_table_is_total_and_cannot_be_changed() -> None:
    assert set(TRANSITIONS) == set(itertools.product(StopState, Event))
    with pytest.raises(TypeError):
        TRANSITIONS[(S.ESTOP, E.ACCEPT)] = S.RUN  # type: ignore[index]


def test_from_every_state_estop_latches_until_reset() -> None:
    others = [event for event in Event if event is not E.RESET]
    for state in StopState:
        latched = advance(state, E.ESTOP)
        assert latched is S.ESTOP
        for sequence in itertools.product(others, repeat=3):
            for event in sequence:
                latched = advance(latched, event)
            assert latched is S.ESTOP


def test_no_single_event_leads_from_estop_to_motion() -> None:
    assert {advance(S.ESTOP, event) for event in Event} == {S.ESTOP, S.HOLD}


def test_run_is_entered_from_hold_alone_and_by_accept_alone() -> None:
    into = {pair for pair, after in TRANSITIONS.items() if after is S.RUN and pair[0] is not S.RUN}
    assert into == {(S.HOLD, E.ACCEPT)}
