"""A policy on another machine, as if it were here: ours, openpi's, RoboArena's, and servers that lie."""

from __future__ import annotations

import math
import ssl
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from helpers_serving import ACTIONS, SPEC, STOCK, Served, Wall, look, puppet, remote, served

from moravec.core.clock import ManualClock
from moravec.core.errors import BadInput, ContractError, MoravecError
from moravec.models.contract import CameraSpec, Channel, PolicyInput, PolicySpec
from moravec.models.errors import PolicyError, PolicyFailed, PolicyGone, PolicyLate
from moravec.models.remote.client import Patience
from moravec.models.remote.link import check_uri, is_remote
from moravec.models.serving.codec import pack
from moravec.models.serving.wire import WireNames, metadata


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with served() as one:
        yield one


def test_our_own_server_is_used_as_if_it_were_here(server: Served) -> None:
    with remote(server.uri, None, Patience()) as policy:
        assert policy.spec == SPEC
        policy.reset(7)
        chunk = policy.act(look(t=2.5))
        assert chunk.actions.dtype == np.float32 and not chunk.actions.flags.writeable
        assert chunk.actions[:, 0].tolist() == [0.25] * 4
        assert chunk.confidence == 0.75
        assert (chunk.notes["seed"], chunk.notes["asked"], chunk.notes["t"], chunk.notes["lines"]) == (7.0, 1.0, 2.5, 1.0)
        assert chunk.notes["server_timing/infer_ms"] >= 0.0
        policy.reset(8)
        assert policy.act(look()).notes["seed"] == 8.0


def test_the_age_of_a_chunk_is_told_by_the_clock_of_its_observation(server: Served) -> None:
    clock = ManualClock(10.0)
    with remote(server.uri, clock=clock) as policy:
        notes = policy.act(look(t=9.75)).notes
        assert (notes["age_s"], notes["round_trip_s"]) == (0.25, 0.0)
    wall = Wall()
    with remote(server.uri, clock=wall) as policy:
        notes = policy.act(look("sleep 0.2", t=wall.now() - 1.0)).notes
        assert 1.2 <= notes["age_s"] < 3.0 and 0.2 <= notes["round_trip_s"] < notes["age_s"] - 0.9


def test_a_specification_that_does_not_fit_is_refused_on_connecting(server: Served) -> None:
    other = replace(SPEC, state=(replace(SPEC.state[0], unit="mm"), *SPEC.state[1:]))
    with pytest.raises(ContractError, match="the policy says 'm'; the robot says 'mm'"):
        remote(server.uri, other)


def test_an_observation_that_does_not_fit_is_not_sent(server: Served) -> None:
    with remote(server.uri) as policy:
        with pytest.raises(BadInput, match="shape"):
            policy.act(replace(look(), state=np.zeros(4, np.float32)))
        assert policy.act(look()).confidence == 0.75


def test_the_policys_own_failure_is_told_in_its_words(server: Served) -> None:
    with remote(server.uri) as policy:
        policy.reset(5)
        with pytest.raises(PolicyFailed, match=r"says: the policy failed: ZeroDivisionError: the policy divides by nought"):
            policy.act(look("crash"))
        chunk = policy.act(look())  # a new line, the same episode
        assert (chunk.notes["seed"], chunk.notes["lines"]) == (5.0, 2.0)


def test_a_key_is_shown_and_a_wrong_one_is_told_at_once() -> None:
    with served(api_key="right") as server:
        with remote(server.uri, api_key="right") as policy:
            assert policy.act(look()).confidence == 0.75
        began = time.monotonic()
        with pytest.raises(PolicyFailed, match="401 a valid API key is needed"):
            remote(server.uri, api_key="wrong", patience=Patience(connect=5.0))
        assert time.monotonic() - began < 3.0


def test_a_stock_server_is_used_with_a_specification_given() -> None:
    asked: list[dict[str, Any]] = []

    def answer(_: object, request: dict[str, Any]) -> object:
        asked.append(request)
        return STOCK

    with puppet({"reset_pose": [0, -1.5]}, answer) as uri, remote(uri) as policy:
        policy.reset(1)  # openpi has no word for it
        chunk = policy.act(look())
        assert set(asked[0]) == {"observation/state", "observation/front", "prompt"} and len(asked) == 1
        assert asked[0]["observation/state"].dtype == np.float32 and asked[0]["observation/front"].shape == (6, 8, 3)
        assert chunk.actions.tolist() == ACTIONS.tolist() and math.isnan(chunk.confidence)
        assert chunk.notes["policy_timing/infer_ms"] == 3.0 and chunk.notes["server_timing/infer_ms"] == 4.0
        assert policy.metadata == {"reset_pose": [0, -1.5]}
    with puppet({"action_dim": 2}, answer) as uri, pytest.raises(ContractError, match=r"declares no .*found action_dim"):
        remote(uri, None)


def test_a_roboarena_server_hears_its_own_dialect() -> None:
    asked: list[dict[str, Any]] = []

    def answer(_: object, request: dict[str, Any]) -> object:
        asked.append(request)
        return "reset successful" if request["endpoint"] == "reset" else ACTIONS

    with puppet({"needs_session_id": True, "image_resolution": None}, answer) as uri, remote(uri) as policy:
        policy.reset(1)
        assert policy.act(look()).actions.tolist() == ACTIONS.tolist()
    assert [one["endpoint"] for one in asked] == ["reset", "infer"]
    assert asked[0]["session_id"] == asked[1]["session_id"]


def test_names_and_parts_of_another_robot_are_mapped() -> None:
    spec = PolicySpec(
        tuple(Channel(f"q{i}", "rad") for i in range(7)) + (Channel("grip", "1"),),
        (CameraSpec("outside", 4, 4),),
        tuple(Channel(f"dq{i}", "rad/s") for i in range(3)),
        15.0,
    )
    names = WireNames(
        state=(("observation/joint_position", 7), ("observation/gripper_position", 1)),
        cameras={"outside": "observation/exterior_image_1_left"},
        actions=("arm", "hand"),
    )

    def answer(_: object, request: dict[str, Any]) -> object:
        assert request["observation/joint_position"].tolist() == list(range(7))
        assert request["observation/gripper_position"].tolist() == [7.0]
        assert request["observation/exterior_image_1_left"].shape == (4, 4, 3)
        arm, hand = np.ones((5, 2), np.float32), np.zeros((5, 1), np.float32)
        return {"actions": {"hand": hand, "arm": arm}}

    seen = PolicyInput(0.0, np.arange(8, dtype=np.float32), {"outside": np.zeros((4, 4, 3), np.uint8)}, "go")
    with puppet({}, answer) as uri:
        with remote(uri, spec, names=names) as policy:
            assert policy.act(seen).actions.tolist() == [[1.0, 1.0, 0.0]] * 5
        with (
            remote(uri, spec, names=replace(names, actions=())) as policy,
            pytest.raises(ContractError, match=r"hand, arm; .*WireNames.actions"),
        ):
            policy.act(seen)
        with pytest.raises(ContractError, match="8 channels"):
            remote(uri, spec, names=replace(names, state=(("observation/joint_position", 7),)))


@pytest.mark.parametrize(
    ("answer", "error", "named"),
    [
        ({"actions": np.zeros((4, 3), np.float32)}, ContractError, "shape"),
        ({"actions": np.zeros(2, np.float32)}, ContractError, "shape"),
        ({"actions": np.zeros((1, 4, 2), np.float32)}, ContractError, "shape"),
        ({"actions": np.zeros((0, 2), np.float32)}, ContractError, "shape"),
        ({"actions": np.full((4, 2), np.nan, np.float32)}, ContractError, "finite"),
        ({"actions": np.full((4, 2), 1e300)}, ContractError, "finite"),
        ({"actions": np.full((4, 2), 5.0, np.float32)}, ContractError, "found 5 to 5"),
        ({"actions": [[0.0, 0.0]]}, ContractError, "list"),
        ({"actions": np.array([["a", "b"]])}, ContractError, "<U1"),
        ({"action": ACTIONS}, ContractError, "found action"),
        ({"actions": ACTIONS, "confidence": 2.0}, ContractError, "confidence"),
        ({"actions": {"arm": ACTIONS}}, ContractError, "arm"),
        ({}, ContractError, "nothing"),
        ([1], ContractError, "list"),
        (b"\xc1", ContractError, "0xc1"),
        (pack({"actions": ACTIONS})[:-1], ContractError, "cut short"),
        (b"\x91" * 5000, ContractError, "deep"),
        ("Traceback (most recent call last):\n  File x\nValueError: no such robot\n", PolicyFailed, "says: ValueError: no such"),
        ("", PolicyFailed, "nothing"),
    ],
)
def test_a_server_that_lies_is_refused_and_the_next_answer_is_fine(answer: object, error: type, named: str) -> None:
    answers = iter([answer, STOCK])
    with puppet({}, lambda ws, request: next(answers)) as uri, remote(uri) as policy:
        with pytest.raises(error, match=named) as raised:
            policy.act(look())
        assert isinstance(raised.value, MoravecError) and "\n" not in str(raised.value)
        assert policy.act(look()).actions.tolist() == ACTIONS.tolist()


@pytest.mark.parametrize(
    ("hello", "named"),
    [
        (b"\xc1", "0xc1"),
        ([1], "list"),
        ({"moravec": 3}, "version"),
        ({"moravec": {"version": np.ones(2)}}, "version"),
        ({"moravec": {"version": 99}}, "99"),
        (metadata(replace(SPEC, rate=20.0), {}), "20 Hz"),
    ],
)
def test_a_handshake_that_does_not_fit_is_refused(hello: object, named: str) -> None:
    with puppet(hello, lambda ws, request: STOCK) as uri, pytest.raises(ContractError, match=named):
        remote(uri)


def test_a_handshake_in_words_is_an_error_of_the_server() -> None:
    with puppet("out of memory", lambda ws, request: None) as uri, pytest.raises(PolicyFailed, match="out of memory"):
        remote(uri)


def test_another_model_behind_the_same_address_is_refused() -> None:
    hellos = iter([metadata(SPEC, {}), metadata(replace(SPEC, chunk=8), {})])

    class Changing:
        def __call__(self, ws: Any, request: dict[str, Any]) -> object:
            ws.close()
            return None

    with puppet(pack(next(hellos)), Changing()) as uri:
        port = int(uri.rpartition(":")[2])
        policy = remote(uri)
    with puppet(pack(next(hellos)), Changing(), port), pytest.raises(ContractError, match="another policy"):
        policy.act(look())


def test_an_answer_beyond_the_limit_is_not_taken() -> None:
    with (
        puppet({}, lambda ws, request: {"actions": ACTIONS, "more": bytes(40 << 20)}) as uri,
        remote(uri, patience=Patience(act=5.0)) as policy,
        pytest.raises(PolicyGone),
    ):
        policy.act(look())


@pytest.mark.parametrize(
    ("uri", "named"),
    [
        ("http://robot:8000", "did you mean ws://"),
        ("robot:8000", "ws://HOST:PORT"),
        ("ws://", "ws://HOST:PORT"),
        ("ws://robot:port", "ws://HOST:PORT"),
        ("ws://robot:99999", "ws://HOST:PORT"),
        ("ws://ann:secret@robot", "API key"),
        ("ws://robot/#part", "ws://HOST:PORT"),
        ("", "ws://HOST:PORT"),
    ],
)
def test_what_is_no_address_is_refused(uri: str, named: str) -> None:
    with pytest.raises(BadInput, match=named) as raised:
        check_uri(uri)
    assert "secret" not in str(raised.value)


def test_an_address_is_known_by_its_beginning() -> None:
    assert is_remote("ws://a") and is_remote("WSS://a:1/b") and not is_remote("manip") and not is_remote("ws")
    assert check_uri("wss://robot:8000/v1?x=1") == "wss://robot:8000/v1"
    assert check_uri("ws://[::1]:8000") == "ws://[::1]:8000"


def test_what_cannot_go_with_an_address_is_refused() -> None:
    with pytest.raises(BadInput, match="wss"):
        remote("ws://127.0.0.1:1", tls=ssl.create_default_context())
    with pytest.raises(BadInput, match="API key"):
        remote("ws://127.0.0.1:1", api_key="a\r\nX: y")


@pytest.mark.parametrize("wrong", [{"act": 0.0}, {"connect": math.inf}, {"pause": math.nan}, {"longest": -1.0}])
def test_a_patience_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(BadInput):
        Patience(**wrong)


def test_the_errors_are_one_family() -> None:
    assert all(issubclass(one, PolicyError) and issubclass(one, MoravecError) for one in (PolicyLate, PolicyGone, PolicyFailed))
