"""The symbolic language: terms, conditions, effects."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moravec.skills.conformance import manifest_complaints
from moravec.skills.manifests import ALL, BY_NAME, PICK, STOW
from moravec.skills.symbols import Condition, Effect, Fluent, Value, changes, ground, resolve, unmet

STATE: dict[Fluent, Value] = {
    ("location", "can"): "parcel",
    ("location", "ball"): "gone",
    ("open", "parcel"): True,
    ("open", "bin_1"): True,
    ("kind", "bin_1"): "bin",
    ("holding",): "nothing",
}
ARGS: dict[str, Value] = {"item": "can", "place": "bin_1", "count": 3}

names = st.sampled_from(["a", "b", "c"])
values = st.one_of(st.none(), st.booleans(), st.integers(-2, 2), names)
fluents = st.tuples(names, names)
states = st.dictionaries(fluents, values)


def test_terms() -> None:
    assert resolve("bin_1", ARGS, STATE) == "bin_1" and resolve(3, ARGS, STATE) == 3 and resolve(None, ARGS, STATE) is None
    assert resolve("?item", ARGS, STATE) == "can" and resolve("?count", ARGS, STATE) == 3
    assert resolve(("open", ("location", "?item")), ARGS, STATE) is True
    assert resolve(("open", ("location", "ball")), ARGS, STATE) is None  # nobody knows
    assert ground(("open", ("location", "?item")), ARGS, STATE) == ("open", "parcel")
    with pytest.raises(KeyError):
        resolve("?lid", ARGS, STATE)


@given(states, fluents, values)
def test_is_and_differs_are_opposites(state: dict[Fluent, Value], fluent: Fluent, value: Value) -> None:
    same, other = Condition(fluent, value, "w"), Condition(fluent, value, "w", "differs")
    assert bool(unmet((same,), {}, state)) is not bool(unmet((other,), {}, state))
    assert (unmet((same,), {}, state) == ()) is (state.get(fluent) == value)


@given(states, st.lists(st.tuples(fluents, values), max_size=4, unique_by=lambda pair: pair[0]))
def test_after_its_effects_a_condition_on_them_holds(state: dict[Fluent, Value], pairs: list[tuple[Fluent, Value]]) -> None:
    effects = tuple(Effect(fluent, value) for fluent, value in pairs)
    after = {**state, **changes(effects, {}, state)}
    assert unmet(tuple(Condition(f, v, "w") for f, v in pairs), {}, after) == ()
    assert {k: v for k, v in after.items() if k not in dict(pairs)} == {k: v for k, v in state.items() if k not in dict(pairs)}


def test_effects_read_the_state_before() -> None:
    """A swap needs no third hand."""
    effects = (Effect(("at", "x"), ("at", "y")), Effect(("at", "y"), ("at", "x")))
    state: dict[Fluent, Value] = {("at", "x"): 1, ("at", "y"): 2}
    assert changes(effects, {}, state) == {("at", "x"): 2, ("at", "y"): 1} and state == {("at", "x"): 1, ("at", "y"): 2}


@given(st.permutations(range(3)))
def test_all_that_is_unmet_is_named_in_order(order: list[int]) -> None:
    conditions = [Condition(("holding",), "can", "w0"), Condition(("holding",), "nothing", "w1"), Condition(("x",), 1, "w2")]
    chosen = tuple(conditions[i] for i in order)
    assert [c.why for c in unmet(chosen, {}, STATE)] == [c.why for c in chosen if c.why != "w1"]


def test_what_pick_and_stow_need_and_change() -> None:
    assert unmet(PICK.preconditions, {"item": "can"}, STATE) == ()
    assert [c.why for c in unmet(PICK.preconditions, {"item": "ball"}, STATE)] == [
        "the place it lies in is closed", "nobody knows where it is",
    ]  # fmt: skip
    picked = {**STATE, **changes(PICK.effects, {"item": "can"}, STATE)}
    assert picked["holding",] == "can" and picked["location", "can"] == "hand"
    assert unmet(STOW.preconditions, ARGS, picked) == ()
    assert [c.why for c in unmet(STOW.preconditions, ARGS, STATE)] == ["it does not hold that item"]
    full = {**picked, ("full", "bin_1"): True}
    assert [c.why for c in unmet(STOW.preconditions, ARGS, full)] == ["the bin is full"]
    stowed = {**picked, **changes(STOW.effects, ARGS, picked)}
    assert stowed["holding",] == "nothing" and stowed["location", "can"] == "bin_1"


@pytest.mark.parametrize("manifest", ALL, ids=lambda m: m.name)
def test_every_manifest_is_sound(manifest) -> None:  # type: ignore[no-untyped-def]
    assert manifest_complaints(manifest) == []
    assert BY_NAME[manifest.name] is manifest
    for error in manifest.errors:
        assert manifest.error(error.code) is error
