"""The official client, against `moravec mcp` as a process of its own, for tests that are no coroutines."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

T = TypeVar("T")
PATIENCE = 120.0  # [s] on a machine that does much else


class Session:
    """One connection; what was told of a call's progress is kept in `progress`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, client: Client) -> None:
        self.client = client
        self.progress: list[str] = []
        self._loop = loop

    def begin(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Starts `work` and does not wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """What `work` gives."""
        return self.begin(work).result(PATIENCE)

    def calling(self, tool: str, on_progress: Callable[[str], None] | None = None, **arguments: Any) -> Future[Any]:
        """A call that is under way."""

        async def told(done: float, total: float | None, text: str | None) -> None:
            self.progress.append(text or "")
            if on_progress is not None:
                on_progress(text or "")

        return self.begin(self.client.call_tool(tool, arguments, progress_callback=told))

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The result as JSON data, of a call that is no error."""
        result = self.calling(tool, **arguments).result(PATIENCE)
        assert not result.is_error, result.content[0].text
        assert isinstance(result.structured_content, dict)
        return result.structured_content

    def refused(self, tool: str, **arguments: Any) -> str:
        """The words of a call that is an error."""
        result = self.calling(tool, **arguments).result(PATIENCE)
        assert result.is_error, result.content[0].text
        return str(result.content[0].text)


@contextmanager
def connected(environment: dict[str, str], folder: Path, *words: str, terminal: str | None = None) -> Iterator[Session]:
    """A server `moravec mcp WORDS` in `folder`, and a client. `terminal`: the device that is to be the server's own terminal."""
    command = [sys.executable, "-m", "moravec.cli", "mcp", *words]
    if terminal is not None:
        opening = "import os, sys; os.open(sys.argv[1], os.O_RDWR); os.execv(sys.argv[2], sys.argv[2:])"
        command = [sys.executable, "-c", opening, terminal, *command]
    asked = StdioServerParameters(command=command[0], args=command[1:], env=environment, cwd=folder)
    ready: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event, Client]] = Future()

    async def live() -> None:
        done = asyncio.Event()
        with (folder / "stderr.txt").open("w") as said:
            async with Client(stdio_client(asked, errlog=said)) as client:
                ready.set_result((asyncio.get_running_loop(), done, client))
                await done.wait()

    def body() -> None:
        try:
            asyncio.run(live())
        except BaseException as error:
            if not ready.done():
                ready.set_exception(error)
            raise

    thread = threading.Thread(target=body)
    thread.start()
    loop, done, client = ready.result(PATIENCE)
    try:
        yield Session(loop, client)
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join(PATIENCE)
