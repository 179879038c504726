"""`moravec mcp` and whoever does not keep to the protocol: garbage, messages that are too long, signals."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

HELLO = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "a client", "version": "1"}}


def test_garbage_is_answered_and_a_signal_ends_it(environment: dict[str, str], tmp_path: Path) -> None:
    """Every line on standard output is JSON; the server is there for the next message; SIGTERM ends it with exit status 0."""
    command = [sys.executable, "-m", "moravec.cli", "mcp", "--world", "toy"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as server:
        assert server.stdin is not None and server.stdout is not None and server.stderr is not None

        def say(line: bytes) -> None:
            assert server.stdin is not None
            server.stdin.write(line + b"\n")
            server.stdin.flush()

        def answer(number: int) -> dict[str, Any]:
            assert server.stdout is not None
            while True:
                line: dict[str, Any] = json.loads(server.stdout.readline())
                if line.get("id") == number:
                    return line

        def ask(number: int, method: str, **params: Any) -> dict[str, Any]:
            say(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode())
            return answer(number)

        assert ask(1, "initialize", **HELLO)["result"]["serverInfo"]["name"] == "moravec"
        say(b'{"jsonrpc": "2.0", "method": "notifications/initialized"}')
        for junk in (b"hello", b"\xff\xfe\x00", b"[]", b"[" * 5000, b'{"jsonrpc": "2.0", "id"', b"x" * 3_000_000, b""):
            say(junk)
        assert "error" in ask(2, "tools/nothing")
        assert "error" in ask(3, "tools/call", name=7)
        found = ask(4, "tools/call", name="status", arguments={})["result"]["structuredContent"]
        assert found == {"busy": "", "progress": "", "jobs_begun": 0}
        refused = ask(5, "tools/call", name="run_instruction", arguments={"instruction": "go home"})["result"]
        assert refused["isError"] and "this server approves no motion" in refused["content"][0]["text"]
        server.send_signal(signal.SIGTERM)
        assert server.wait(60) == 0 and server.stdout.read() == b""
    assert list(tmp_path.iterdir()) == []
