"""A policy whose server is late, killed, frozen, started anew, deaf, or not there: nothing takes longer than it may."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import signal
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from helpers_serving import ACTIONS, SPEC, STOCK, Wall, free_port, look, puppet, remote, served
from websockets.exceptions import ConnectionClosed

from moravec.core.clock import ManualClock
from moravec.models.chunks import Step, Why
from moravec.models.contract import CameraSpec, PolicyInput, PolicySpec
from moravec.models.errors import PolicyFailed, PolicyGone, PolicyLate
from moravec.models.lines import Background
from moravec.models.realtime import RealTime
from moravec.models.remote.client import Patience


def test_who_answers_late_is_told_and_its_answer_is_never_mistaken() -> None:
    with served() as server, remote(server.uri) as policy:
        began = time.monotonic()
        with pytest.raises(PolicyLate, match="deadline"):
            policy.act(look("sleep 0.7", x=0.125))
        assert 0.45 < time.monotonic() - began < 2.0
        time.sleep(0.3)
        for x in (0.5, 0.75):
            assert policy.act(look(x=x)).actions[0, 0] == x


def test_a_late_line_is_cut_so_that_the_server_hears_of_it() -> None:
    heard = threading.Event()

    def answer(ws: Any, request: dict[str, Any]) -> None:
        with contextlib.suppress(TimeoutError):
            try:
                ws.recv(timeout=5.0)
            except ConnectionClosed:
                heard.set()

    with puppet({}, answer) as uri, remote(uri, patience=Patience(act=0.2)) as policy:
        with pytest.raises(PolicyLate):
            policy.act(look())
        assert heard.wait(3.0)


def test_a_server_that_is_away_is_not_knocked_at_for_every_observation() -> None:
    clock, knocks = ManualClock(), []

    def doorman(door: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                peer, name = door.accept()
                knocks.append(name)
                peer.close()

    with puppet({}, lambda ws, request: STOCK) as uri:
        policy = remote(uri, clock=clock)
    with socket.create_server(("127.0.0.1", int(uri.rpartition(":")[2]))) as door:
        threading.Thread(target=doorman, args=(door,), daemon=True).start()
        for pause in (0.05, 0.1, 0.1):  # twice as long each time, up to the longest
            for _ in range(3):
                with pytest.raises(PolicyGone):
                    policy.act(look())
            clock.advance(pause + 1e-6)
        door.shutdown(socket.SHUT_RDWR)
    assert len(knocks) == 3


def test_a_server_that_is_killed_and_started_again_is_found_again() -> None:
    port = free_port()
    with served(port=port) as first:
        policy = remote(first.uri)
        policy.reset(3)
        policy.act(look())
        first.kill()
        for _ in range(3):
            began = time.monotonic()
            with pytest.raises(PolicyGone, match=f"127.0.0.1:{port}"):
                policy.act(look())
            assert time.monotonic() - began < 2.0
    with served(port=port):
        time.sleep(0.15)  # the longest pause
        chunk = policy.act(look())
        assert (chunk.notes["lines"], chunk.notes["seed"], chunk.notes["asked"]) == (2.0, 3.0, 1.0)
        policy.close()


def test_a_server_started_anew_between_two_observations_costs_nothing() -> None:
    port = free_port()
    with served(port=port) as first:
        policy = remote(first.uri)
        policy.act(look())
        assert first.stop() == 0
    with served(port=port), policy:
        assert policy.act(look()).notes["lines"] == 2.0


def test_a_line_that_was_let_go_for_its_silence_is_made_anew() -> None:
    with served(idle=0.2) as server, remote(server.uri) as policy:
        policy.reset(4)
        time.sleep(0.4)
        notes = policy.act(look()).notes
        assert (notes["lines"], notes["seed"]) == (2.0, 4.0)


def test_a_reset_finds_a_server_that_was_started_anew() -> None:
    port = free_port()
    with served(port=port) as first:
        policy = remote(first.uri)
        first.kill()
        with pytest.raises(PolicyGone, match="tried"):
            policy.reset(6)
    with served(port=port), policy:
        policy.reset(6)
        assert policy.act(look()).notes["seed"] == 6.0


def test_a_frozen_server_is_late_and_then_back() -> None:
    with served() as server, remote(server.uri, patience=Patience(act=0.3)) as policy:
        policy.act(look())
        server.process.send_signal(signal.SIGSTOP)
        for _ in range(2):
            began = time.monotonic()
            with pytest.raises((PolicyLate, PolicyGone)):
                policy.act(look())
            assert time.monotonic() - began < 2.0
        server.process.send_signal(signal.SIGCONT)
        time.sleep(0.2)
        assert policy.act(look(x=0.5)).actions[0, 0] == 0.5


def test_a_robot_holds_while_its_server_is_away_and_goes_on_when_it_is_back() -> None:
    clock, port = Wall(), free_port()

    def until(good: Callable[[Step], bool]) -> Step:
        for _ in range(500):
            step = stepper.next(look("sleep 0.01", t=clock.now()))
            if good(step):
                return step
            time.sleep(0.01)
        raise AssertionError(f"never within 5 s; last {step}")

    with served(port=port) as first:
        policy = remote(first.uri)
        line = Background(policy)
        stepper = RealTime(line, every=1, overlap=1)
        stepper.reset(2)
        assert until(lambda step: step.action is not None).confidence == 0.75
        first.kill()
        gone = until(lambda step: step.action is None and bool(step.trouble))
        assert f"127.0.0.1:{port}" in gone.trouble and gone.why is Why.SPENT
    with served(port=port):
        back = until(lambda step: step.action is not None)
        assert back.action is not None and back.action[0] == 0.25
    line.close()
    policy.close()


def test_connecting_is_tried_again_and_ends() -> None:
    slept: list[float] = []
    clock = ManualClock()

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock.advance(seconds)

    with pytest.raises(PolicyGone, match=r"tried 6 times in 0\.5 s"):
        remote(f"ws://127.0.0.1:{free_port()}", clock=clock, wait=sleep)
    assert slept == [0.05, 0.1, 0.1, 0.1, 0.1]
    slept.clear()
    with pytest.raises(PolicyGone):  # on a clock that stands still
        remote(f"ws://127.0.0.1:{free_port()}", clock=ManualClock(), wait=slept.append)
    assert len(slept) == 5


def test_a_server_that_is_still_loading_is_waited_for() -> None:
    port = free_port()
    started: list[contextlib.ExitStack] = []

    def sleep(seconds: float) -> None:
        if not started:
            started.append(contextlib.ExitStack())
            started[0].enter_context(puppet({}, lambda ws, request: STOCK, port))

    with remote(f"ws://127.0.0.1:{port}", wait=sleep) as policy:
        assert policy.act(look()).actions.tolist() == ACTIONS.tolist()
    started[0].close()


def test_a_server_that_never_speaks_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        began = time.monotonic()
        with pytest.raises(PolicyGone):
            remote(f"ws://127.0.0.1:{mute.getsockname()[1]}")
        assert time.monotonic() - began < 4.0


def test_what_is_no_policy_server_is_told_at_once() -> None:
    def reply(line: socket.socket, answer: bytes) -> None:
        for _ in range(20):
            with contextlib.suppress(OSError):
                peer, _ = line.accept()
                with peer:
                    peer.recv(4096)
                    peer.sendall(answer)

    cases = ((b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", PolicyFailed), (b"SSH-2.0-OpenSSH\r\n", PolicyGone))
    for answer, kind in cases:
        with socket.create_server(("127.0.0.1", 0)) as line:
            threading.Thread(target=reply, args=(line, answer), daemon=True).start()
            with pytest.raises(kind):
                remote(f"ws://127.0.0.1:{line.getsockname()[1]}")
            line.shutdown(socket.SHUT_RDWR)


def test_a_server_that_closes_on_every_request_ends_in_an_error_in_time() -> None:
    def answer(ws: Any, request: dict[str, Any]) -> None:
        ws.close(1011)

    with puppet({}, answer) as uri, remote(uri) as policy:
        for _ in range(3):
            began = time.monotonic()
            with pytest.raises(PolicyGone):
                policy.act(look())
            assert time.monotonic() - began < 2.0


def deaf(line: socket.socket, done: threading.Event) -> None:
    """A server that shakes hands, says {} of itself and never reads again."""
    peer, _ = line.accept()
    asked = peer.recv(4096).decode()
    key = next(row.split(": ")[1] for row in asked.splitlines() if row.lower().startswith("sec-websocket-key"))
    accept = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
    words = f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}"
    peer.sendall(words.encode() + b"\r\n\r\n\x82\x01\x80")
    done.wait(10.0)
    peer.close()


def test_a_server_that_does_not_read_is_late_and_not_for_longer() -> None:
    big = PolicySpec((), (CameraSpec("wall", 2000, 2000),), SPEC.action, 10.0)
    seen = PolicyInput(0.0, np.zeros(0, np.float32), {"wall": np.zeros((2000, 2000, 3), np.uint8)}, "go")
    with socket.create_server(("127.0.0.1", 0)) as line:
        done = threading.Event()
        thread = threading.Thread(target=deaf, args=(line, done))
        thread.start()
        with remote(f"ws://127.0.0.1:{line.getsockname()[1]}", big) as policy:
            began = time.monotonic()
            with pytest.raises(PolicyLate, match="does not read"):
                policy.act(seen)
            assert 0.45 < time.monotonic() - began < 2.0
        done.set()
        thread.join()
