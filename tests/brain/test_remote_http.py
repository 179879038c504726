"""What goes over the line and what does not: keys, deadlines that hold whatever hangs, encryption, what is charged for."""

from __future__ import annotations

import json
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from helpers_brain import CELL, STORE
from model_server import Serving

pytest.importorskip("httpx", reason="the extra remote brings it")

from helpers_remote import mind_at
from told import table, told_mind

from moravec.brain.remote.errors import ServerError
from moravec.brain.remote.http import HttpTransport
from moravec.brain.remote.limits import CallLimits, Prices


def test_the_key_goes_to_the_server_and_nowhere_else(tmp_path: Path, serving: Serving) -> None:
    key = "sk-very-secret-42"
    with serving(tmp_path, {"do": "echo_key"}) as server:
        mind = mind_at(server, key=key)
        mind.read(STORE, CELL)
        assert server.requests()[0]["headers"]["Authorization"] == f"Bearer {key}"
        reply = HttpTransport(server.url, key).send("/chat/completions", {}, 5.0)
        assert key.encode() not in reply.body and b"***" in reply.body
        escaped = "".join(f"\\u{ord(c):04X}" if n % 2 else c for n, c in enumerate(key))
    for body in (f'{{"error": "{escaped}"}}', json.dumps({"error": f'{{"key": "{escaped}"}}'})):
        with serving(tmp_path, {"do": "reply", "status": 400, "body": body, "type": f"text/{key}\x9b"}) as server:
            reply = HttpTransport(server.url, key).send("/chat/completions", {}, 5.0)
        assert reply.body.count(b"***") == 1 and b"sk-" not in reply.body and reply.content_type == "text/***"
    told = json.dumps([payload for _, payload in mind.told()]) + json.dumps(mind.chat.ledger.to_json())
    assert key not in told and "HTTP 401" in told


def test_a_short_key_is_no_secret_and_spoils_no_answer(tmp_path: Path, serving: Serving) -> None:
    with serving(tmp_path, readings={STORE: {"readings": [table()[STORE]]}}) as server:
        mind = mind_at(server, key="e")
        assert mind.read(STORE, CELL) == told_mind().read(STORE, CELL) and mind.chat.ledger.fallbacks == ()
        assert server.requests()[0]["headers"]["Authorization"] == "Bearer e"


def test_the_deadline_holds_while_a_name_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    def lookup(*words: Any, **more: Any) -> Any:
        over.wait(20.0)
        raise OSError("nobody knows it")

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    start = time.monotonic()
    with pytest.raises(ServerError) as caught:
        HttpTransport("http://name.invalid").send("/models", None, 0.3)
    assert caught.value.kind == "late" and time.monotonic() - start < 5.0
    over.set()


def test_a_server_without_encryption_gets_nothing_over_https(tmp_path: Path, serving: Serving) -> None:
    with serving(tmp_path) as server:
        with pytest.raises(ServerError, match="no server at https://127") as caught:
            HttpTransport(server.url.replace("http:", "https:"), "k" * 20).send("/chat/completions", {}, 5.0)
        assert caught.value.kind == "unreachable" and server.requests() == []


def test_what_was_sent_with_a_call_that_broke_off_is_counted(tmp_path: Path, serving: Serving) -> None:
    for turn, counts in (({"do": "drop"}, True), ({"do": "reply", "body": "{}"}, True), ({"do": "reply", "status": 503}, False)):
        with serving(tmp_path, turn) as server:
            mind = mind_at(server, CallLimits(retries=0), prices=Prices(1.0, 2.0))
            mind.read(STORE, CELL)
        (entry,) = mind.chat.ledger.entries
        assert (entry.tokens_in > 200) is counts and entry.counted is not counts and entry.tokens_out == 0
        assert mind.chat.ledger.totals.cost == pytest.approx(entry.tokens_in / 1e6)
