"""What a person types while a job runs, at a terminal on which something else is drawn.

Keys are read one by one and not echoed by the terminal: whoever draws shows the line so far. Ctrl-C stays what it is.
"""

from __future__ import annotations

import codecs
import os
import select
import termios
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Self, final

LONGEST = 1_000  # characters of a line; more are not taken
ENTER, ERASE, ERASE_WORD, ERASE_LINE, ESCAPE = "\r\n", "\x7f\x08", "\x17", "\x15", "\x1b"


@final
class Typing:
    """Keys to lines. Backspace, Ctrl-W and Ctrl-U do what they do at a shell; arrows and the like are passed over."""

    def __init__(self) -> None:
        self.line = ""
        self._done: list[str] = []
        self._escape = ""

    def feed(self, keys: str) -> None:
        """Takes what was typed."""
        for key in keys:
            if self._escape:
                self._escape += key
                if _is_whole(self._escape):
                    self._escape = ""
            elif key == ESCAPE:
                self._escape = key
            elif key in ENTER:
                self._done += [self.line.strip()] if self.line.strip() else []
                self.line = ""
            elif key in ERASE:
                self.line = self.line[:-1]
            elif key == ERASE_WORD:
                rest = self.line.rstrip()
                self.line = rest[: rest.rfind(" ") + 1]
            elif key == ERASE_LINE:
                self.line = ""
            elif key.isprintable() and len(self.line) < LONGEST:
                self.line += key

    def taken(self) -> list[str]:
        """The lines that were finished and not taken before."""
        done, self._done = self._done, []
        return done


def _is_whole(sequence: str) -> bool:
    """Whether an escape sequence is at its end: ESC and a key, or ESC [ ... and a letter (ECMA-48, 5.4)."""
    return (len(sequence) == 2 and sequence[1] not in "[O") or (len(sequence) > 2 and "@" <= sequence[-1] <= "~")


@final
class Keyboard:
    """A context manager over the terminal `fd`; outside of it nothing is read. An `Ear`: what was typed is what was said."""

    def __init__(self, fd: int) -> None:
        self._fd, self._typed, self._lock = fd, Typing(), threading.Lock()
        self._decode = codecs.getincrementaldecoder("utf-8")("ignore")
        self._open, self._before = False, termios.tcgetattr(fd)

    def __enter__(self) -> Self:
        self._take()
        return self

    def __exit__(self, *_: object) -> None:
        self._read()
        self._give_back()

    @contextmanager
    def released(self) -> Iterator[None]:
        """Gives the terminal back meanwhile, for a question; what was typed so far stays."""
        self._read()
        self._give_back()
        try:
            yield
        finally:
            self._take()

    def line(self) -> str:
        """What is being typed."""
        self._read()
        return self._typed.line

    def heard(self, now: float) -> Sequence[str]:
        """The lines that were finished since it was last asked, see `Ear`."""
        self._read()
        with self._lock:
            return self._typed.taken()

    def _read(self) -> None:
        with self._lock:
            while self._open and self._is_in_front() and select.select([self._fd], [], [], 0.0)[0]:
                try:
                    keys = os.read(self._fd, 1024)
                except OSError:
                    keys = b""
                self._open = bool(keys)  # without any the terminal is gone
                self._typed.feed(self._decode.decode(keys))

    def _take(self) -> None:
        with self._lock:
            if not self._is_in_front():
                return
            self._before = termios.tcgetattr(self._fd)
            settings = termios.tcgetattr(self._fd)
            settings[3] &= ~(termios.ICANON | termios.ECHO)
            termios.tcsetattr(self._fd, termios.TCSANOW, settings)
            self._open = True

    def _give_back(self) -> None:
        with self._lock:
            if self._open and self._is_in_front():
                termios.tcsetattr(self._fd, termios.TCSADRAIN, self._before)
            self._open = False

    def _is_in_front(self) -> bool:
        """Whether the terminal may be used: the system stops a job in the background that does."""
        try:
            return os.tcgetpgrp(self._fd) == os.getpgrp()
        except OSError:  # it is not the terminal that began this process
            return True
