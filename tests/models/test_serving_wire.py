"""What messages say: everything comes back as it was, and whatever another end says is read or refused, never worse."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from helpers_serving import SPEC, look
from hypothesis import given, settings
from hypothesis import strategies as st

from moravec.core.errors import BadInput, ContractError
from moravec.models.contract import CameraSpec, Channel, PolicyInput, PolicySpec
from moravec.models.serving.codec import pack, unpack
from moravec.models.serving.wire import (
    WireNames,
    check_names,
    chunk_from_wire,
    metadata,
    observation,
    seen_from_wire,
    spec_from_wire,
    spec_to_wire,
)

NUMBER = st.floats(allow_nan=False, width=32)
CHANNEL = st.builds(
    lambda name, unit, frame, ends: Channel(name, unit, frame, min(ends), max(ends)),
    st.text(max_size=20), st.sampled_from(["m", "rad", "1"]), st.text(max_size=5), st.tuples(NUMBER, NUMBER),
)  # fmt: skip
SPECS = st.builds(
    PolicySpec,
    st.lists(CHANNEL, max_size=4).map(tuple),
    st.lists(st.builds(CameraSpec, st.text(max_size=9), st.integers(1, 999), st.integers(1, 999)), max_size=2).map(tuple),
    st.lists(CHANNEL, max_size=4).map(tuple),
    st.floats(0.5, 500.0),
    st.integers(1, 100),
    st.booleans(),
)


@given(SPECS)
def test_a_specification_comes_back_as_it_was(spec: PolicySpec) -> None:
    assert spec_from_wire(unpack(pack(metadata(spec, {"reset_pose": [0.0]})))["moravec"]) == spec


def test_an_observation_comes_back_as_it_was() -> None:
    seen = look("grasp the mug", t=2.0)
    found = seen_from_wire(SPEC, unpack(pack(observation(SPEC, seen) | {"moravec": {"t": 2.0}})), now=9.0)
    assert (found.t, found.prompt) == (2.0, "grasp the mug")
    assert np.array_equal(found.state, seen.state) and np.array_equal(found.pictures["front"], seen.pictures["front"])
    assert seen_from_wire(SPEC, observation(SPEC, seen), now=9.0).t == 9.0


def test_a_policy_that_needs_little_is_asked_with_little() -> None:
    blind = PolicySpec((), (), SPEC.action, 10.0, language=False)
    request = observation(blind, PolicyInput(0.0, np.zeros(0, np.float32), {}, ""))
    assert request == {}
    assert seen_from_wire(blind, unpack(pack(request)), now=0.0).state.shape == (0,)


@pytest.mark.parametrize("camera", ["state", "x/../state"])
def test_two_meanings_of_one_key_are_refused(camera: str) -> None:
    spec = PolicySpec(SPEC.state, (CameraSpec(camera, 4, 4),), SPEC.action, 10.0)
    names = WireNames(cameras={"x/../state": "prompt"})
    with pytest.raises(ContractError, match="twice"):
        check_names(spec, names)
    check_names(spec, WireNames(cameras={camera: "observation/other"}))


ARRAYS = [
    np.zeros(0), np.ones(2), np.ones((4, 2), np.float32), np.array("a"), np.float32(2), np.zeros((6, 8, 3), np.uint8),
    np.array([["a"]]), np.zeros((4, 0)),
]  # fmt: skip
LEAF = st.none() | st.booleans() | st.integers(-9, 2**40) | st.floats() | st.text(max_size=5) | st.sampled_from(ARRAYS)
WORDS = (
    "moravec version state cameras action rate chunk language name unit frame low high height width actions confidence"
    " notes policy_timing infer_ms t reset endpoint prompt observation/state observation/front arm hand"
)
KEYS = st.sampled_from(sorted(WORDS.split()))
ANYTHING = st.recursive(LEAF, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=8)
GOOD: dict[str, Any] = spec_to_wire(SPEC)


@given(ANYTHING, st.dictionaries(KEYS, ANYTHING, max_size=3))
@settings(max_examples=60, deadline=None)
def test_whatever_a_server_says_is_read_or_refused(anything: Any, changes: dict[str, Any]) -> None:
    for said in (anything, GOOD | changes):
        try:
            spec_from_wire(unpack(pack(said)))
        except ContractError as error:
            text = str(error)
            assert len(text) < 400
    parts = {"actions": {"arm": anything, "hand": np.ones((4, 1))}}
    for said in (anything, {"actions": np.zeros((4, 2), np.float32)} | changes, parts):
        try:
            chunk = chunk_from_wire(SPEC, unpack(pack(said)), WireNames(actions=("arm", "hand")))
        except ContractError:
            continue
        assert chunk.actions.dtype == np.float32 and chunk.actions.ndim == 2
        assert math.isnan(chunk.confidence) or 0.0 <= chunk.confidence <= 1.0


@given(st.dictionaries(KEYS, ANYTHING, max_size=4))
@settings(max_examples=60, deadline=None)
def test_whatever_a_client_says_is_read_or_refused(changes: dict[str, Any]) -> None:
    try:
        seen = seen_from_wire(SPEC, unpack(pack(observation(SPEC, look()) | changes)), now=0.0)
    except BadInput:
        return
    assert seen.state.shape == (3,) and np.isfinite(seen.state).all() and math.isfinite(seen.t)
