"""The one job that may run at a time: begun as a process, watched, and stopped in a controlled way."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias, final

from moravec.core.errors import MoravecError

PATIENCE: Final = 60.0  # [s] for a controlled stop, tape, result and report; then the process is killed
LINE: Final = 8_000_000  # bytes of a line of the job's, its result included
CHILD: Final = (sys.executable, "-m", "moravec.commands.mcp_server.child")

Report: TypeAlias = Callable[[float, str], Awaitable[None]]


@final
class Jobs:
    """Has the life of the server. For one event loop."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._lines: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._busy = ""
        self._stopping = ""
        self.stopped = asyncio.Event()  # that a stop was asked for, of what is claimed
        self.begun = 0
        self.progress = ""  # the last that was told
        self.last: dict[str, Any] | None = None  # how the last job ended

    @property
    def busy(self) -> str:
        """What is being done; "" for nothing."""
        return self._busy

    @contextlib.contextmanager
    def claimed(self, what: str) -> Any:
        """Nobody else may begin meanwhile. Raises MoravecError where somebody has."""
        if self._busy:
            raise MoravecError(f"one job at a time: {self._busy}; the tool 'status' tells how far it is, 'stop' ends it")
        self._busy, self._stopping, self.progress = what, "", ""
        self.stopped = asyncio.Event()
        try:
            yield
        finally:
            if self._watcher is None or self._watcher.done():
                self._busy = ""

    async def run(self, spec: Mapping[str, Any], report: Report) -> dict[str, Any]:
        """Does a job that was claimed. Whoever waits may be cancelled: then the job is stopped, and ends by itself.

        Raises MoravecError where it could not begin.
        """
        if self._stopping:
            raise MoravecError(f"nothing was moved: {self._stopping}")
        self.begun += 1
        self._busy = f"{spec['run']['instruction'][:80]!r} is being done"
        self._lines = asyncio.Queue()
        self._process = await asyncio.create_subprocess_exec(
            *CHILD, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=LINE, start_new_session=True
        )
        self._watcher = asyncio.create_task(self._watch(self._process))
        try:
            assert self._process.stdin is not None
            with contextlib.suppress(ConnectionError):
                self._process.stdin.write(json.dumps(dict(spec)).encode() + b"\n")
                await self._process.stdin.drain()
            count = 0.0
            while (line := await self._lines.get()) is not None:
                if "progress" in line:
                    count += 1.0
                    self.progress = line["progress"]["text"]
                    await report(count, self.progress)
        except asyncio.CancelledError:
            self.stop("the client cancelled it")
            raise
        last = self.last or {}
        if "error" in last:
            raise MoravecError(last["error"])
        return last

    def stop(self, why: str) -> bool:
        """Asks for a controlled stop; whether there was anything to stop. Needs nobody's leave."""
        if not self._busy:
            return False
        self._stopping = self._stopping or why
        self.stopped.set()
        if self._process is not None and self._process.returncode is None and self._process.stdin is not None:
            self._process.stdin.close()
        return True

    async def close(self) -> None:
        """Stops what runs and waits for its end."""
        self.stop("the server ended")
        if self._watcher is not None:
            await asyncio.wait({self._watcher}, timeout=PATIENCE)
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    async def _watch(self, process: asyncio.subprocess.Process) -> None:
        """Reads what the job tells until it ends, whoever waits for it."""
        assert process.stdout is not None
        end: dict[str, Any] = {"error": "the job's process ended without a result; what it left is in its folder"}
        try:
            async for raw in process.stdout:
                line = json.loads(raw)
                if "progress" not in line:
                    end = line.get("end") or {"error": line["error"]}
                self._lines.put_nowait(line)
            await process.wait()
        finally:
            self.last = end | ({"stopped_by": self._stopping} if self._stopping else {})
            self._busy = ""
            self._lines.put_nowait(None)
