"""The file under a tape: append-only, hashed as it grows, safe from interrupts."""

from __future__ import annotations

import errno
import hashlib
import os
import signal
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import final

from moravec.core.errors import TapeError
from moravec.tape import layout

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@final
class HashedFile:
    """A new file that only grows, with the SHA-256 and the CRC-32 of all its bytes.

    Raises TapeError where it exists already (unless `replace`) or cannot be made, and where a write fails.
    """

    def __init__(self, path: Path, replace: bool) -> None:
        self.path = path
        self.size = 0  # [bytes] handed to the operating system
        self.crc = 0
        self._sha256 = hashlib.sha256()
        try:
            if replace:
                path.unlink(missing_ok=True)
            self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o644)
        except FileExistsError as error:
            raise TapeError(f"tape {path}: it exists already; a tape is never written over") from error
        except OSError as error:
            raise TapeError(f"tape {path}: cannot be made: {error.strerror}") from error

    @property
    def sha256(self) -> str:
        """Of all bytes so far, in hex."""
        return self._sha256.hexdigest()

    def append_sealed(self, data: bytes) -> int:
        """Write `data` and a seal over everything up to it, in one go; returns the seal's offset. Raises TapeError."""
        at = self.size + len(data)
        upto = self._sha256.copy()
        upto.update(data)
        self.append(data + layout.seal(at, upto.hexdigest()))
        return at

    def append(self, data: bytes) -> None:
        """Write `data`. Raises TapeError."""
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._fd, rest) :]
        except OSError as error:
            what = "the disk is full" if error.errno in _FULL else "it cannot be written"
            found = f"{what} ({error.strerror}) after {self.size} bytes"
            raise TapeError(f"tape {self.path}: {found}; what was recorded so far is readable") from error
        self.size += len(data)
        self.crc = zlib.crc32(data, self.crc)
        self._sha256.update(data)

    def close(self, sync: bool) -> None:
        """Close the file, with `sync` not before the disk has it."""
        try:
            if sync:
                os.fsync(self._fd)
        except OSError as error:
            raise TapeError(f"tape {self.path}: the disk did not take it ({error.strerror})") from error
        finally:
            os.close(self._fd)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Put Ctrl-C and SIGTERM off until the block is left, so that they cannot tear it.

    Only the main thread is ever interrupted by Python's signal handlers, so elsewhere there is nothing to do.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def remember(number: int, _frame: FrameType | None) -> None:
        came.append(number)

    signals = (signal.SIGINT, signal.SIGTERM)
    mine = {number: handler for number in signals if callable(handler := signal.getsignal(number))}
    for number in mine:
        signal.signal(number, remember)
    try:
        yield
    finally:
        for number, handler in mine.items():
            signal.signal(number, handler)
        for late in came:
            signal.raise_signal(late)
