"""A real server process: it speaks openpi's protocol, and who misbehaves hurts only himself."""

from __future__ import annotations

import contextlib
import http.client
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgpack
import numpy as np
import pytest
from helpers_serving import SPEC, Obedient, Served, Stock, Wall, plain, served, wire
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from moravec.core.errors import BadInput, ContractError
from moravec.models.contract import CameraSpec, PolicySpec
from moravec.models.serving.server import ServerOptions, serve
from moravec.models.serving.wire import spec_from_wire, spec_to_wire


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with served(answer=5.0, idle=30.0) as one:
        yield one


def get(server: Served, path: str, headers: dict[str, str] | None = None) -> tuple[int, str]:
    line = http.client.HTTPConnection(server.address, timeout=5)
    with contextlib.closing(line):
        line.request("GET", path, headers=headers or {})
        answer = line.getresponse()
        return answer.status, answer.read().decode()


def fine(server: Served) -> bool:
    """Whether another client is answered, and soon."""
    began = time.monotonic()
    with Stock(server.uri) as client:
        actions = client.infer(wire())["actions"]
    return actions.shape == (4, 2) and time.monotonic() - began < 2.0


def last_words(server: Served, message: Any) -> tuple[str, int]:
    """What the server says to `message`, and its close code."""
    with Stock(server.uri) as client:
        client.ws.send(message if isinstance(message, bytes | str) else msgpack.packb(message, default=plain))
        text = client.ws.recv(5)
        assert isinstance(text, str) and "\n" not in text and "Traceback" not in text
        with pytest.raises(ConnectionClosed) as closed:
            client.ws.recv(5)
        assert closed.value.rcvd is not None
        return text, closed.value.rcvd.code


def test_a_stock_client_is_answered(server: Served) -> None:
    with Stock(server.uri + "/v1/realtime/robot/openpi") as client:
        assert client.metadata["image_resolution"] == [6, 8]
        assert (client.metadata["action_dim"], client.metadata["action_horizon"]) == (2, 4)
        assert spec_from_wire(client.metadata["moravec"]) == SPEC
        first, second = client.infer(wire()), client.infer(wire())
    assert set(first) == {"actions", "confidence", "policy_timing", "server_timing", "notes"}
    assert first["actions"].dtype == np.float32
    assert first["actions"].tolist() == pytest.approx(np.array([[0.25, i / 10] for i in range(4)]))
    assert first["confidence"] == 0.75
    assert first["policy_timing"]["infer_ms"] >= 0.0
    assert set(first["server_timing"]) == {"infer_ms", "wait_ms"}
    assert set(second["server_timing"]) == {"infer_ms", "wait_ms", "prev_total_ms"}
    assert (first["notes"]["asked"], second["notes"]["asked"], first["notes"]["seed"]) == (1.0, 2.0, 0.0)


def test_a_state_may_come_in_other_numbers(server: Served) -> None:
    with Stock(server.uri) as client:
        for state in ([0.25, 0.5, 1], np.array([0.25, 0.5, 1.0]), np.array([0.25, 0.5, 1], np.float16)):
            assert client.infer(wire(**{"observation/state": state}))["actions"][0, 0] == 0.25
        assert client.infer(wire(prompt=np.array("push")))["confidence"] == 0.75
        assert client.infer(wire(session_id="abc", endpoint="infer", more=[1]))["confidence"] == 0.75


def test_its_health_can_be_asked_without_a_socket(server: Served) -> None:
    assert get(server, "/healthz") == (200, "OK\n")
    assert get(server, "/")[0] == 426


def test_an_episode_is_reset_in_two_dialects(server: Served) -> None:
    with Stock(server.uri) as client:
        client.infer(wire())
        client.ws.send(msgpack.packb({"endpoint": "reset", "session_id": "abc"}))
        assert client.ws.recv(5) == "reset successful"
        assert client.infer(wire())["notes"]["asked"] == 1.0
        assert client.infer({"moravec": {"reset": 7}}) == {"moravec": {"reset": 7}}
        assert client.infer(wire())["notes"] == {"asked": 1.0, "seed": 7.0, "t": pytest.approx(0.0, abs=10.0)}
        assert client.infer(wire(moravec={"t": 3.5}))["notes"]["t"] == 3.5


def test_each_client_has_an_episode_of_its_own(server: Served) -> None:
    with Stock(server.uri) as one, Stock(server.uri) as other:
        for number in (1.0, 2.0):
            assert one.infer(wire())["notes"]["asked"] == number
        assert other.infer(wire())["notes"]["asked"] == 1.0
        other.infer({"moravec": {"reset": 9}})
        assert one.infer(wire())["notes"]["asked"] == 3.0


@pytest.mark.parametrize(
    ("message", "named"),
    [
        ("text", "text frame"),
        (b"", "cut short"),
        (b"\xc1garbage", "0xc1"),
        (b"\x91" * 100_000, "deep"),
        ([1, 2], "a map"),
        ({}, "observation/state"),
        ({k: v for k, v in wire().items() if k != "observation/front"}, "observation/front"),
        ({"observation/fornt" if "front" in k else k: v for k, v in wire().items()}, "fornt"),
        (wire(endpoint="infre"), "did you mean 'infer'"),
        (wire(**{"observation/state": np.zeros(4, np.float32)}), "shape"),
        (wire(**{"observation/state": np.zeros((3, 1), np.float32)}), "one dimension"),
        (wire(**{"observation/state": np.array([0, np.nan, 0], np.float32)}), "y"),
        (wire(**{"observation/state": np.array([0.0, 1e300, 0.0])}), "finite"),
        (wire(**{"observation/state": "012"}), "array"),
        (wire(**{"observation/front": np.zeros((8, 6, 3), np.uint8)}), "front"),
        (wire(**{"observation/front": np.zeros((6, 8, 3), np.float32)}), "uint8"),
        (wire(**{"observation/front": [[0]]}), "array"),
        (wire(prompt=""), "instruction"),
        (wire(prompt="a" * 10_000), "10,000"),
        (wire(prompt=3), "text"),
        (wire(moravec={"t": "now"}), "time"),
        (wire(moravec={"reset": -1}), "seed"),
        (wire(moravec={"reset": True}), "seed"),
        ({"endpoint": "reset", "seed": "x"}, "seed"),
        (wire("crash"), "ZeroDivisionError: the policy divides by nought in two lines"),
        (wire(endpoint=np.zeros(3)), "endpoint"),
        (wire(prompt=np.array("half \ud800")), "whole letters"),
        (wire("exit"), "exit status 3"),
        (wire("nan"), "found nan; allowed: finite"),
        (wire("wide"), "shape (4, 7)"),
        (wire("far"), "found 0.25 to 1.5"),
    ],
)
def test_what_cannot_be_answered_is_said_in_one_line(server: Served, message: Any, named: str) -> None:
    text, code = last_words(server, message)
    assert named in text and code == 1011
    assert fine(server)


def test_an_array_that_lies_about_its_shape_is_refused(server: Served) -> None:
    lie = {b"__ndarray__": True, b"data": b"\0" * 12, b"dtype": "<f4", b"shape": [2**40]}
    assert "shape" in last_words(server, wire(**{"observation/state": lie}))[0]
    assert fine(server)


def test_a_message_beyond_the_limit_ends_its_sender_only(server: Served) -> None:
    with Stock(server.uri) as client, pytest.raises(ConnectionClosed) as closed:
        client.ws.send(bytes(33 << 20))
        client.ws.recv(5)
    assert closed.value.rcvd is None or closed.value.rcvd.code == 1009
    assert fine(server)


def test_no_web_page_may_come_in(server: Served) -> None:
    with pytest.raises(InvalidStatus) as refused:
        connect(server.uri, origin="https://example.org", proxy=None).__enter__()  # type: ignore[arg-type]
    assert refused.value.response.status_code == 403


def test_pings_and_others_are_answered_while_the_policy_thinks(server: Served) -> None:
    with Stock(server.uri, ping_interval=0.1, ping_timeout=0.4) as slow, ThreadPoolExecutor(1) as beside:
        for word in ("sleep 0.8", "spin 0.8"):
            thinking = beside.submit(slow.infer, wire(word))
            time.sleep(0.1)
            began = time.monotonic()
            assert get(server, "/healthz") == (200, "OK\n")
            with Stock(server.uri) as other:
                assert time.monotonic() - began < 0.6
                assert other.infer(wire())["server_timing"]["wait_ms"] > 100.0  # its turn came after the slow one's
            assert thinking.result()["actions"].shape == (4, 2)


def test_who_stalls_or_mumbles_before_the_handshake_hurts_nobody(server: Served) -> None:
    with contextlib.ExitStack() as open_lines:
        for words in (b"", b"GET / HTTP/1.1\r\nUpgr", b"\x16\x03\x01 no web", b"\0" * 1000):
            line = open_lines.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            line.sendall(words)
        assert fine(server)


def test_who_stalls_within_a_message_hurts_nobody(server: Served) -> None:
    with Stock(server.uri, close_timeout=0.1) as client:
        client.ws.socket.sendall(b"\x82\xfe\x27\x10" + b"\0" * 100)  # 10,000 bytes announced, few sent
        assert fine(server)


def test_a_flood_of_requests_leaves_room_for_others(server: Served) -> None:
    frame = msgpack.packb(wire(), default=plain)
    with Stock(server.uri) as flood:
        for _ in range(200):
            flood.ws.send(frame)
        assert fine(server)
        for _ in range(200):
            assert isinstance(flood.ws.recv(5), bytes)


def test_twenty_clients_at_once_get_their_own_answers() -> None:
    def work(x: float) -> bool:
        with Stock(server.uri) as client:
            state = np.array([x, 0, 0], np.float32)
            return all(client.infer(wire(**{"observation/state": state}))["actions"][0, 0] == state[0] for _ in range(10))

    with served(connections=20, waiting=20) as server, ThreadPoolExecutor(20) as crowd:
        assert all(crowd.map(work, np.linspace(0, 1, 20)))


def test_who_does_not_read_is_cut_off() -> None:
    with served(send=0.5) as server, socket.create_connection(("127.0.0.1", server.port)) as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.sendall(
            b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        body = msgpack.packb(wire("rows 10000"), default=plain)
        frame = b"\x82\xfe" + len(body).to_bytes(2, "big") + b"\0\0\0\0" + body
        with contextlib.suppress(OSError):  # cut off while it still sends
            for _ in range(1_000):
                raw.sendall(frame)
        assert "unread" in server.wait_for("refused")
        assert fine(server)


def test_a_policy_that_hangs_is_given_up_and_told() -> None:
    with served(answer=0.3) as server, ThreadPoolExecutor(1) as beside:
        hanging = beside.submit(last_words, server, wire("sleep 1.0"))
        time.sleep(0.1)
        waiting = last_words(server, wire())
        text, code = hanging.result()
        assert "0.3 s" in text and "0.3 s" in waiting[0] and code == 1011
        assert get(server, "/healthz")[0] == 503
        assert server.wait_for("failed").startswith("the policy")
        time.sleep(0.8)
        assert get(server, "/healthz") == (200, "OK\n")
        assert fine(server)


def test_it_stops_while_a_policy_hangs() -> None:
    with served() as server, Stock(server.uri) as client:
        client.ws.send(msgpack.packb(wire("sleep 60"), default=plain))
        time.sleep(0.3)
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < 3.0
        with pytest.raises(ConnectionClosed) as closed:
            client.ws.recv(5)
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1001


def test_a_request_of_one_who_left_is_never_begun() -> None:
    with served() as server:
        with Stock(server.uri) as slow, ThreadPoolExecutor(1) as beside:
            thinking = beside.submit(slow.infer, wire("sleep 0.8"))
            time.sleep(0.2)
            for _ in range(3):  # each would take as long
                with Stock(server.uri) as gone:
                    gone.ws.send(msgpack.packb(wire("sleep 0.8"), default=plain))
            thinking.result()
        assert fine(server)


def test_too_many_requests_and_too_many_clients_are_turned_away() -> None:
    with served(waiting=1, connections=2) as server, Stock(server.uri) as one, Stock(server.uri) as two:
        one.ws.send(msgpack.packb(wire("sleep 0.5"), default=plain))
        time.sleep(0.2)
        with pytest.raises(InvalidStatus) as refused:
            Stock(server.uri)
        assert refused.value.response.status_code == 503
        with pytest.raises(RuntimeError, match="busy"):
            two.infer(wire())
        with pytest.raises(ConnectionClosed) as closed:
            two.ws.recv(5)
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1013
        assert isinstance(one.ws.recv(5), bytes)


def test_who_says_nothing_for_long_is_let_go() -> None:
    with served(idle=0.3) as server, Stock(server.uri) as client:
        assert "0.3 s" in str(client.ws.recv(5))
        with pytest.raises(ConnectionClosed):
            client.ws.recv(5)


def test_a_key_is_asked_for_and_checked() -> None:
    with served(api_key="right") as server:
        with Stock(server.uri, key="right") as client:
            assert client.infer(wire())["confidence"] == 0.75
        for key in (None, "wrong", "righ", "right2", "\u00e9"):
            with pytest.raises(InvalidStatus) as refused:
                Stock(server.uri, key=key)
            assert refused.value.response.status_code == 401
        with pytest.raises(InvalidStatus):
            two = [("Authorization", "Api-Key right"), ("Authorization", "Api-Key right")]
            connect(server.uri, additional_headers=two, proxy=None).__enter__()
        assert get(server, "/healthz") == (200, "OK\n")
        assert "key" in server.wait_for("refused")


def test_an_address_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BadInput, match=str(port)):
            serve(Obedient, ServerOptions(port=port), clock=Wall())


@pytest.mark.parametrize(
    "wrong", [{"port": 70_000}, {"port": -1}, {"api_key": ""}, {"api_key": "a\nb"}, {"idle": 0.0}, {"connections": 0}]
)
def test_options_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        ServerOptions(**wrong)


def test_a_policy_whose_keys_collide_is_not_served() -> None:
    class Twice(Obedient):
        spec = PolicySpec(SPEC.state, (CameraSpec("state", 6, 8),), SPEC.action, 10.0)

    with pytest.raises(ContractError, match="observation/state"):
        serve(Twice, ServerOptions(port=0), clock=Wall())


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2}, {"version": np.ones(2)}, {"rate": 0.0}, {"rate": "10"}, {"chunk": 0}, {"chunk": 1.5}, {"chunk": 10**9},
        {"state": 3},
        {"state": [3]}, {"state": [{}] * 2000}, {"action": [{"name": "x", "unit": "m", "low": 1.0, "high": 0.0}]},
        {"action": [{"name": "x", "unit": "m", "low": "a", "high": 0.0}]}, {"cameras": [{"name": "a", "height": 0, "width": 1}]},
        {"cameras": [{"name": 3, "height": 1, "width": 1}]},
    ],
)  # fmt: skip
def test_a_specification_that_makes_no_sense_is_refused(change: dict[str, Any]) -> None:
    good = spec_to_wire(SPEC)
    assert spec_from_wire(good) == SPEC
    with pytest.raises(ContractError):
        spec_from_wire(good | change)
    with pytest.raises(ContractError):
        spec_from_wire([good])
