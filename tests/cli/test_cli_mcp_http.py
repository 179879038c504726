"""`moravec mcp --http`: for clients on this machine, and nobody else."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from moravec.cli import main

GO = "go home"
PATIENCE = 120.0


def turned_away(url: str, **headers: str) -> int:
    """The status for a request that a web page might make."""
    asked = urllib.request.Request(url, b"{}", {"Content-Type": "application/json", **headers}, method="POST")
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(asked, timeout=PATIENCE)
    error.value.close()
    return int(error.value.code)


def test_a_client_that_connects(environment: dict[str, str], tmp_path: Path) -> None:
    """The same tools and the same gate; pages of other origins are turned away; a request that is dropped stops the job; SIGTERM
    ends the server with exit status 0."""
    (tmp_path / "approved.txt").touch()
    command = [sys.executable, "-m", "moravec.cli", "mcp", "--world", "toy", "--speed", "0.15", "--http", "127.0.0.1:0"]
    command += ["--approve", "approved.txt", "--approve-within", "60"]

    async def talk(url: str) -> Any:
        moving = asyncio.Event()

        async def told(done: float, total: float | None, text: str | None) -> None:
            if text == "home: started":
                moving.set()

        async def call(tool: str, **arguments: Any) -> Any:
            return (await client.call_tool(tool, arguments)).structured_content

        async with Client(url) as client:
            plan = (await call("plan", instruction=GO))["plan"]
            refused = await client.call_tool("run_instruction", {"instruction": GO, "plan": "0" * 64})
            assert refused.is_error
            (tmp_path / "approved.txt").write_text(f"{plan} yes Ann\n")
            asked = {"instruction": GO, "plan": plan}
            job = asyncio.ensure_future(client.call_tool("run_instruction", asked, progress_callback=told))
            await asyncio.wait_for(moving.wait(), PATIENCE)
            job.cancel()
            while (await call("status"))["busy"]:
                pass
            return (await call("last_result"))["last"]

    with subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr is not None
            url = server.stderr.readline().strip()
            assert url.startswith("http://127.0.0.1:") and url.endswith("/mcp")
            assert turned_away(url, Host="example.com") == 421
            assert turned_away(url, Origin="https://example.com") == 403
            last = asyncio.run(talk(url))
            assert last["stopped"] and last["trouble"] == "it was interrupted" and last["brain"]["approval"]["who"] == "Ann"
            server.send_signal(signal.SIGTERM)
            assert server.wait(PATIENCE) == 0
        finally:
            server.kill()


@pytest.mark.parametrize("text", ["0.0.0.0:80", "example.com:80", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000", ":80", ""])
def test_only_this_machines_own_address(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mcp", "--http", text]) == 2
    assert f"--http: found {text!r}; allowed: 127.0.0.1:PORT" in capsys.readouterr().err


def test_an_address_that_is_taken_is_one_clear_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        text = f"127.0.0.1:{taken.getsockname()[1]}"
        assert main(["mcp", "--http", text]) == 2
        shown = capsys.readouterr()
        assert shown.err.count("\n") == 1 and f"--http: found {text!r}; allowed: an address that can be had" in shown.err
