"""The outside tools of one job: each server behind a process of ours, which is given up when it does not answer in time."""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Self, final

from moravec.brain.tools.settings import ToolServer
from moravec.core.clock import Clock
from moravec.core.errors import BadInput, MoravecError

PROXIES: Final = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
WITHOUT: Final = tuple(word for name in PROXIES for word in ("-u", name))  # what is asked goes to the tool's server alone
WORKER: Final = ("env", *WITHOUT, sys.executable, "-m", "moravec.brain.tools.worker")
START: Final = 60.0  # [s] for a server to start and to list its tools, ours included
MARGIN: Final = 5.0  # [s] beyond a server's own timeout, after which its process is given up
LEAVING: Final = 8.0  # [s] for a process to end by itself, and its server before it
LINE: Final = 1_000_000  # characters of a line of our own process


@dataclass(frozen=True, slots=True)
class Offer:
    """A tool that may be called, as its server describes it: data of a stranger. `name` is "SERVER.TOOL"."""

    name: str
    description: str
    schema: Mapping[str, Any]
    sha256: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one call.

    outcome  "ok"; "error": the tool says that it failed; "late", "lost"; "changed": it is no longer the one that was described
    text     what it said, cut to what is kept: data of a stranger
    sha256   of all that it said
    """

    tool: str
    arguments: Mapping[str, Any]
    outcome: str
    text: str = ""
    why: str = ""
    sha256: str = ""
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)


@final
class Toolbox:
    """A context manager. Entering raises BadInput where an allowed tool is not there, or is not the one that was pinned, and
    MoravecError where a server does not start."""

    def __init__(self, servers: Sequence[ToolServer], clock: Clock) -> None:
        self._servers = servers
        self._clock = clock
        self._workers: dict[str, _Worker] = {}
        self._offers: dict[str, Offer] = {}
        self._dropped: dict[str, str] = {}  # tool -> why it is called no more

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            for server in self._servers:  # beside each other: each takes a while
                self._workers[server.name] = stack.enter_context(_Worker(server))
            for server in self._servers:
                found = self._workers[server.name].ask(None, START)
                self._offers.update({offer.name: offer for offer in _offered(server, found)})
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def offers(self) -> tuple[Offer, ...]:
        """The tools that may still be called, in the order of the file."""
        return tuple(offer for name, offer in self._offers.items() if name not in self._dropped)

    def call(self, tool: str, arguments: Mapping[str, Any]) -> Answer:
        """Asks. Never raises for what a server does; raises BadInput for a tool that is not offered."""
        if tool not in self._offers or tool in self._dropped:
            raise BadInput("an outside tool", tool, [offer.name for offer in self.offers] or "none")
        server, _, name = tool.partition(".")
        worker, began = self._workers[server], self._clock.now()
        line = {"tool": name, "arguments": dict(arguments), "sha256": self._offers[tool].sha256}
        found = worker.ask(line, worker.server.timeout + MARGIN)
        seconds = round(self._clock.now() - began, 6)
        text = {key: str(found.get(key, "")) for key in ("outcome", "text", "why", "sha256")}
        if text["outcome"] == "changed":
            self._dropped[tool] = text["why"]
        elif text["outcome"] == "lost":
            self._dropped |= {offer: text["why"] for offer in self._offers if offer.startswith(f"{server}.")}
        return Answer(tool, dict(arguments), seconds=seconds, **text)

    def to_json(self) -> dict[str, Any]:
        """For the record: which tools there were, by the digest of their descriptions, and which are called no more."""
        return {"tools": {name: offer.sha256 for name, offer in self._offers.items()}, "dropped": dict(self._dropped)}


def _offered(server: ToolServer, found: Mapping[str, Any]) -> list[Offer]:
    if found["outcome"] != "ok":
        where, why = server.url or server.command[0], found.get("why", "")
        raise MoravecError(f"the tool server {server.name!r} ({where}) does not serve: {why}")
    there = found["tools"]
    offers = []
    for name in server.tools:
        if name not in there:
            raise BadInput(f"a tool of {server.name!r}", name, found["names"] or "none: the server lists no tool")
        offer = Offer(f"{server.name}.{name}", there[name]["description"], there[name]["schema"], there[name]["sha256"])
        pin = server.pins.get(name, offer.sha256)
        if pin != offer.sha256:
            raise BadInput(f"the tool {offer.name!r}", f"a description with the SHA-256 {offer.sha256}", f"its pin {pin}")
        offers.append(offer)
    return offers


@final
@dataclass(slots=True)
class _Worker:
    """Our process in front of one server. After a silence that is too long it is ended and stays so."""

    server: ToolServer
    _lines: queue.Queue[str] = field(default_factory=queue.Queue)
    _process: subprocess.Popen[str] | None = None
    _gone: str = ""
    _listener: threading.Thread | None = None
    _reaper: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            WORKER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
        )
        self._listener = threading.Thread(target=self._listen, args=(self._process,), daemon=True)
        self._listener.start()
        server = self.server
        self._say({
            "command": server.command, "url": server.url, "tools": server.tools, "timeout": server.timeout,
            "characters": server.characters,
        })  # fmt: skip
        return self

    def __exit__(self, *_: object) -> None:
        self._end("it was ended")
        for thread in (self._reaper, self._listener):
            if thread is not None:
                thread.join()

    def ask(self, line: Mapping[str, Any] | None, patience: float) -> dict[str, Any]:
        """The answer to `line`, or to what it was started with."""
        if self._gone:
            return {"outcome": "lost", "why": self._gone}
        if line is not None:
            self._say(line)
        try:
            raw = self._lines.get(timeout=patience)
        except queue.Empty:
            self._end(f"it was silent for more than {patience:g} s")
            return {"outcome": "lost", "why": self._gone}
        if not raw:
            self._end("its process ended")
            return {"outcome": "lost", "why": self._gone}
        found: dict[str, Any] = json.loads(raw)
        return found

    def _say(self, line: Mapping[str, Any]) -> None:
        assert self._process is not None and self._process.stdin is not None
        with contextlib.suppress(OSError):  # it ended: that is seen when its answer is read
            self._process.stdin.write(json.dumps(line) + "\n")
            self._process.stdin.flush()

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout:
            while line := process.stdout.readline(LINE):
                self._lines.put(line)
        self._lines.put("")

    def _end(self, why: str) -> None:
        """Asks it to leave, and sees beside everything else that it does."""
        self._gone = self._gone or why
        if self._process is not None and self._reaper is None:
            self._reaper = threading.Thread(target=_reap, args=(self._process,))
            self._reaper.start()


def _reap(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    with contextlib.suppress(OSError):
        process.stdin.close()
    try:
        process.wait(LEAVING)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
