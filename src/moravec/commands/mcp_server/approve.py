"""Who lets motion pass: a person at the server's own terminal, a person who writes into a file, or nobody.

No client can: neither a call, nor its metadata, nor an annotation reaches what is asked here.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import stat
import sys
import termios
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol, final

from moravec.core.errors import BadInput

POLL: Final = 0.1  # [s] between two looks
LEAST: Final = 16  # characters of a digest that name a plan
MOST: Final = 1_000_000  # bytes of an approvals file
MOST_STEPS: Final = 15  # that are shown
TERMINAL: Final = "/dev/tty"
SOMEBODY: Final = "the person at the terminal"


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether motion may begin; `who` decided, `why` not."""

    approved: bool
    by: str
    who: str = ""
    why: str = ""


class Approver(Protocol):
    """Asks a person."""

    async def decide(self, digest: str, shown: Mapping[str, Any], seconds: float) -> Decision:
        """The person's decision about `shown`, which `digest` names; no after `seconds` without one."""
        ...


def approver(asked: str) -> Approver:
    """For `--approve`: "never", "terminal", or a file. Raises BadInput where there is none."""
    if asked == "never":
        return Nobody()
    if asked == "terminal":
        return Terminal(_terminal())
    path = Path(asked)
    _lines(path)
    if path.stat().st_mode & stat.S_IWOTH:
        raise BadInput("--approve", asked, "a file that not everybody can write: 'chmod o-w' makes it one")
    return File(path)


@final
class Nobody:
    """Plans only."""

    async def decide(self, digest: str, shown: Mapping[str, Any], seconds: float) -> Decision:
        """No."""
        return Decision(False, "never", why="this server approves no motion; 'moravec mcp --approve terminal' or FILE does")


@final
class File:
    """A line "DIGEST yes|no [NAME]" in a file, which may be written while it is waited for. The last line that names a plan
    counts. Keep it where clients cannot write."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def decide(self, digest: str, shown: Mapping[str, Any], seconds: float) -> Decision:
        """Looks until a line names `digest`."""
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while True:
            for line in reversed(_lines(self._path)):
                name, _, rest = line.partition(" ")
                answer, _, who = rest.strip().partition(" ")
                if len(name) >= LEAST and digest.startswith(name.lower()) and answer.lower() in ("yes", "no"):
                    said = answer.lower() == "yes"
                    return Decision(said, "file", who.strip() or "unnamed", "" if said else "it was refused in the file")
            if loop.time() >= end:
                how = f"a person does with the line '{digest[:LEAST]} yes NAME' in the file"
                return Decision(False, "file", why=f"nobody approved it within {seconds:g} s; {how}")
            await asyncio.sleep(POLL)


@final
class Terminal:
    """The word "yes", typed at the terminal that this process belongs to. What was typed before the question does not count."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    async def decide(self, digest: str, shown: Mapping[str, Any], seconds: float) -> Decision:
        """Asks, and waits."""
        if os.tcgetpgrp(self._fd) != os.getpgrp():
            return Decision(False, "terminal", why="the server runs in its terminal's background, where nobody can answer")
        gone = threading.Event()
        try:
            typed = await asyncio.to_thread(self._typed, question(digest, shown, seconds), seconds, gone)
        finally:
            gone.set()
        if typed is None:
            return Decision(False, "terminal", why=f"nobody answered within {seconds:g} s")
        word, _, who = typed.strip().partition(" ")
        if word.lower() != "yes":
            return Decision(False, "terminal", SOMEBODY, f"{SOMEBODY} refused it")
        return Decision(True, "terminal", who.strip() or SOMEBODY)

    def _typed(self, text: str, seconds: float, gone: threading.Event) -> str | None:
        """A line, or None where none came in time."""
        termios.tcflush(self._fd, termios.TCIFLUSH)
        os.write(self._fd, text.encode())
        for _ in range(round(seconds / POLL)):
            if gone.is_set():
                break
            if select.select([self._fd], [], [], POLL)[0]:
                return os.read(self._fd, 1000).decode("utf-8", "replace")
        os.write(self._fd, b"\n(too late, nothing was moved)\n")
        return None


def question(digest: str, shown: Mapping[str, Any], seconds: float) -> str:
    """What a person is asked; what matters most stands last, where it is seen. Everything that a terminal might obey, and what
    turns the direction of writing, is shown as an escape."""
    lines = ["", "A client asks the robot to move."]
    for step in shown["steps"][:MOST_STEPS]:
        words = " ".join([step["skill"], *(str(value) for value in step["args"].values())])
        each = f"   for each of {step['for_each']}" if "for_each" in step else ""
        lines.append(f"  step         {repr(words + each)[1:-1]}")
    if len(shown["steps"]) > MOST_STEPS:
        lines.append(f"  and {len(shown['steps']) - MOST_STEPS} steps more")
    lines += [f"  open         {asked['text']!r} is taken as {asked['answer']!r}" for asked in shown["questions"]]
    lines += [f"  instruction  {shown['instruction']!r}", f"  read as      {shown['means']!r}"]
    ask = f"Type 'yes', and your name where you like, within {seconds:g} s; anything else refuses: "
    return "\r\n".join([*lines, f"  plan         {digest[:LEAST]}", ask])


def _terminal() -> int:
    try:
        fd = os.open(TERMINAL, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        with contextlib.suppress(OSError):
            os.tcgetpgrp(fd)
            return fd
        os.close(fd)
        reason = "it is not this process's own"
    except OSError as error:
        reason = str(error.strerror)
    raise BadInput("--approve", "terminal", f"never, FILE, or a server that was started in a terminal ({reason}; {sys.platform})")


def _lines(path: Path) -> list[str]:
    """The file's lines. Raises BadInput."""
    try:
        if path.stat().st_size > MOST:
            raise BadInput("--approve", str(path), f"a file of at most {MOST} bytes")
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise BadInput("--approve", str(path), f"terminal, never, or a text file that is there ({error.strerror})") from error
