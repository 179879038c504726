"""What policy and robot promise each other: whatever does not fit is named, with what was asked, found and allowed."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from moravec.core.errors import BadInput, ContractError
from moravec.models.contract import (
    LONGEST_PROMPT,
    CameraSpec,
    Channel,
    PolicyChunk,
    PolicyInput,
    PolicySpec,
    check_chunk,
    check_input,
    check_prompt,
    join,
    plain_spec,
    spec_from,
)

SPEC = PolicySpec(
    (Channel("x", "m", "world"), Channel("grip", "1", "", 0.0, 1.0)),
    (CameraSpec("corner", 6, 8),),
    (Channel("dx", "m", "world", -0.1, 0.1), Channel("close", "1")),
    20.0,
    chunk=3,
)


def seen(**changes: Any) -> PolicyInput:
    whole: dict[str, Any] = {
        "t": 0.0, "state": np.zeros(2, np.float32), "pictures": {"corner": np.zeros((6, 8, 3), np.uint8)}, "prompt": "push it",
    }  # fmt: skip
    return PolicyInput(**{**whole, **changes})


def test_what_fits_joins() -> None:
    more = (CameraSpec("wrist", 1, 1), *SPEC.cameras)
    join(SPEC, replace(SPEC, chunk=1, language=False, cameras=more))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"rate": 10.0}, ("rate: the policy asks for 20 Hz; the robot has 10 Hz",)),
        ({"cameras": ()}, ("camera 'corner': the robot has none",)),
        ({"cameras": (CameraSpec("corner2", 6, 8),)}, ("camera 'corner': the robot has corner2", "did you mean 'corner2'?")),
        ({"cameras": (CameraSpec("corner", 8, 6),)}, ("camera 'corner': the policy sees 6x8; the robot's is 8x6",)),
        ({"state": SPEC.state[:1]}, ("state: the policy has 2 (x, grip); the robot has 1 (x)",)),
        ({"action": ()}, ("action: the policy has 2 (dx, close); the robot has 0 ()",)),
        ({"state": SPEC.state[::-1]}, ("state[0] name: the policy says 'x'; the robot says 'grip'", "state[1] name")),
        ({"action": (Channel("dx", "mm", "world"), SPEC.action[1])}, ("action[0] unit: the policy says 'm'; the robot", "'mm'")),
        ({"action": (Channel("dx", "m", "base"), SPEC.action[1])}, ("action[0] frame: the policy says 'world'", "'base'")),
        ({"rate": 10.0, "cameras": (), "action": ()}, ("rate: ", "camera 'corner'", "action: ")),
    ],
)  # fmt: skip
def test_everything_that_does_not_fit_is_named(changes: dict[str, Any], told: tuple[str, ...]) -> None:
    with pytest.raises(ContractError) as error:
        join(SPEC, replace(SPEC, **changes))
    assert "\n" not in str(error.value)
    assert all(words in str(error.value) for words in told)


def test_an_observation_that_fits_is_let_through() -> None:
    check_input(SPEC, seen())
    check_input(SPEC, seen(pictures={**seen().pictures, "another": np.zeros(1, np.uint8)}))
    check_input(replace(SPEC, language=False), seen(prompt=""))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"state": np.zeros(3, np.float32)}, ("found (3,)", "shape (2,): x, grip")),
        ({"state": np.array([0.0, math.nan])}, ("state, grip: found nan", "a finite number")),
        ({"state": np.array([-math.inf, 0.0])}, ("state, x: found -inf",)),
        ({"pictures": {}}, ("camera corner: found 'no picture'",)),
        ({"pictures": {"coner": np.zeros((6, 8, 3), np.uint8)}}, ("camera corner: found 'coner'",)),
        ({"pictures": {"corner": np.zeros((8, 6, 3), np.uint8)}}, ("found '(8, 6, 3) uint8'", "(6, 8, 3) uint8")),
        ({"pictures": {"corner": np.zeros((6, 8), np.uint8)}}, ("found '(6, 8) uint8'",)),
        ({"pictures": {"corner": np.zeros((6, 8, 3), np.float32)}}, ("found '(6, 8, 3) float32'",)),
        ({"prompt": ""}, ("the instruction: found ''", "some words")),
        ({"prompt": " \t?!\n"}, ("some words",)),
        ({"prompt": None}, ("found 'NoneType'",)),
        ({"prompt": "a" * 10_000}, ("found '10,000 letters'", "at most 1,000")),
    ],
)
def test_an_observation_that_does_not_fit_is_refused(changes: dict[str, Any], told: tuple[str, ...]) -> None:
    with pytest.raises(BadInput) as error:
        check_input(SPEC, seen(**changes))
    assert all(words in str(error.value) for words in told)


def test_the_longest_prompt_is_read_and_one_letter_more_is_not() -> None:
    check_prompt("a" * LONGEST_PROMPT)
    with pytest.raises(BadInput, match="at most"):
        check_prompt("a" * (LONGEST_PROMPT + 1))


def test_a_chunk_within_bounds_is_let_through_up_to_the_last_bit() -> None:
    """0.1 is no float32: its nearest one lies above, and is what a clipped action holds."""
    assert float(np.float32(0.1)) > 0.1
    check_chunk(SPEC, PolicyChunk(np.array([[0.1, 1e9], [-0.1, -1e9]], np.float32)))
    check_chunk(SPEC, PolicyChunk(np.zeros((1, 2), np.float32)))


@pytest.mark.parametrize(
    ("actions", "told"),
    [
        (np.zeros((0, 2)), "found shape (0, 2); allowed: (1 or more, 2)"),
        (np.zeros(2), "found shape (2,)"),
        (np.zeros((3, 3)), "found shape (3, 3)"),
        (np.array([[0.0, 0.0], [0.0, math.nan]]), "action 1, close: found nan; allowed: finite"),
        (np.array([[math.inf, 0.0]]), "action 0, dx: found inf"),
        (np.array([[0.0, 0.0], [0.100001, 0.0]], np.float32), "dx: found 0 to 0.100001; allowed: -0.1 to 0.1 m"),
        (np.array([[-0.2, 0.0], [0.0, 0.0]]), "dx: found -0.2 to 0; allowed"),
    ],
)
def test_a_chunk_that_breaks_the_contract_is_refused(actions: Any, told: str) -> None:
    with pytest.raises(ContractError) as error:
        check_chunk(SPEC, PolicyChunk(actions))
    assert told in str(error.value)


names = st.text("abc xyz", min_size=1, max_size=5)
bounds = st.sampled_from([-math.inf, -1.0, 0.0, 0.1, math.inf])
channels = st.lists(st.builds(Channel, names, names, names, bounds, bounds), max_size=4).map(tuple)


@given(channels, channels, st.booleans(), st.integers(1, 20))
def test_a_specification_survives_json_with_or_without_bounds(
    state: tuple[Channel, ...], action: tuple[Channel, ...], language: bool, chunk: int
) -> None:
    sane = tuple(replace(c, low=min(c.low, 0.0), high=max(c.high, 0.0)) for c in action)
    spec = PolicySpec(tuple(replace(c, low=-math.inf, high=math.inf) for c in state), SPEC.cameras, sane, 5.0, chunk, language)
    assert spec_from(json.loads(json.dumps(plain_spec(spec), allow_nan=False))) == spec
