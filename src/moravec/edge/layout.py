"""The shared memory: one file of words. A header, six mailboxes, and the ring of the last ticks."""

from __future__ import annotations

import mmap
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from moravec.core.errors import BadInput, ContractError
from moravec.edge.form import (
    DRIVER,
    ECHO,
    TICK_WORDS,
    AnswerBox,
    CommandBox,
    HealthBox,
    OrderBox,
    SetpointBox,
    StateBox,
    box_words,
    layout_hash,
    tick_dtype,
)
from moravec.guard.kernel.form import JOINTS

MAGIC = 0x4D56_4544_4745_0001  # a number of this layout's own
FOLDER = Path("/dev/shm")  # memory, not disk
BEFORE, AFTER = 30.0, 10.0  # [s] that a black box holds before and after a stop
SLACK = 8.0  # [s] for the one who copies

# Words of the header.
AT_MAGIC, AT_LAYOUT, AT_LIMITS, AT_BOOT, AT_PERIOD, AT_JOINTS, AT_RING, AT_PID, AT_EDGE = 0, 1, 5, 9, 11, 12, 13, 14, 15
AT_CLIENT, AT_DRIVER, AT_STOP, AT_TICKS, AT_BODY = 16, 17, 18, 19, 20
AT_OPERATOR, AT_CLIENT_PID, AT_OPERATOR_PID = 21, 22, 23
HEADER = 64


def _lines(words: int) -> int:
    """Rounded up to whole cache lines of 64 bytes: two writers never share one."""
    return -(-words // 8) * 8


AT_COMMAND = HEADER
AT_ORDER = AT_COMMAND + _lines(box_words(CommandBox))
AT_STATE = AT_ORDER + _lines(box_words(OrderBox))
AT_SETPOINT = AT_STATE + _lines(box_words(StateBox))
AT_ANSWER = AT_SETPOINT + _lines(box_words(SetpointBox))
AT_HEALTH = AT_ANSWER + _lines(box_words(AnswerBox))
RING = AT_HEALTH + _lines(box_words(HealthBox))


def ring_ticks(period: float) -> int:
    """How many ticks the ring holds."""
    return int((BEFORE + AFTER + SLACK) / period)


def boot_id() -> bytes:
    """Which start of this machine this is (16 bytes): the monotonic clock means nothing across two."""
    try:
        text = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
    except OSError:
        return bytes(16)
    return bytes.fromhex(text.strip().replace("-", ""))


def path_of(name: str, folder: Path = FOLDER) -> Path:
    """The file of the edge process `name`. Raises BadInput for a name that is none."""
    if not name.isidentifier() or len(name) > 64:
        raise BadInput("the edge process's name", name, "letters, digits and _, up to 64")
    return folder / f"moravec-edge-{name}"


@dataclass(frozen=True, slots=True)
class Terms:
    """What edge process and client must agree on."""

    limits: str  # hexadecimal SHA-256 of the limit table
    period: float  # [s]
    joints: int


@final
class Memory:
    """The mapped file as bytes, whole and real numbers. `close` lets go of it."""

    def __init__(self, handle: int, size: int) -> None:
        self._map = mmap.mmap(handle, size)
        self.raw: NDArray[np.uint8] = np.frombuffer(self._map, dtype=np.uint8)
        self.whole: NDArray[np.int64] = self.raw.view(np.int64)
        self.real: NDArray[np.float64] = self.raw.view(np.float64)

    @property
    def ticks(self) -> int:
        """How many ticks the ring has got so far."""
        return int(self.whole[AT_TICKS])

    @property
    def capacity(self) -> int:
        """How many ticks the ring holds."""
        return int(self.whole[AT_RING])

    @property
    def period(self) -> float:
        """[s]"""
        return float(self.whole[AT_PERIOD]) * 1e-9

    def ring(self) -> NDArray[Any]:
        """The ring (capacity,) as records of `tick_dtype`; tick number k stands at (k - 1) % capacity."""
        words = self.whole[RING : RING + self.capacity * TICK_WORDS]
        return words.view(np.uint8).view(tick_dtype())

    def terms(self) -> Terms:
        """What its edge process was started with."""
        told = self.whole[AT_LIMITS : AT_LIMITS + 4].tobytes().hex()
        return Terms(told, self.period, int(self.whole[AT_JOINTS]))


def make(path: Path, terms: Terms, edge: int, body: int, ring: int | None = None) -> Memory:
    """A new file beside `path`, readable and writable by its owner only; `publish` puts it there. All its memory is taken now.
    `ring` is how many ticks its ring holds, by default `ring_ticks`. Raises BadInput where it cannot be made."""
    ring = ring_ticks(terms.period) if ring is None else ring
    size = 8 * (RING + ring * TICK_WORDS)
    fresh = _fresh(path)
    try:
        handle = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            os.posix_fallocate(handle, 0, size)  # found out now, and not in the middle of a motion
            memory = Memory(handle, size)
        finally:
            os.close(handle)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise BadInput("shared memory", str(path), f"a folder with {size / 1e6:.0f} MB free ({error.strerror})") from error
    memory.raw[:] = 0  # every page is touched once
    whole = memory.whole
    whole[AT_LAYOUT : AT_LAYOUT + 4] = np.frombuffer(layout_hash(), dtype=np.int64)
    whole[AT_LIMITS : AT_LIMITS + 4] = np.frombuffer(bytes.fromhex(terms.limits), dtype=np.int64)
    whole[AT_BOOT : AT_BOOT + 2] = np.frombuffer(boot_id(), dtype=np.int64)
    whole[AT_PERIOD], whole[AT_JOINTS], whole[AT_RING] = round(terms.period * 1e9), terms.joints, ring
    whole[AT_PID], whole[AT_EDGE], whole[AT_BODY] = os.getpid(), edge, body
    whole[AT_MAGIC] = MAGIC
    return memory


def publish(path: Path) -> None:
    """Puts what was made in the place of any older file: whoever still looks at that one sees a heart that stopped."""
    os.replace(_fresh(path), path)


def discard(path: Path) -> None:
    """Removes what was made and not published."""
    _fresh(path).unlink(missing_ok=True)


def _fresh(path: Path) -> Path:
    """Where it is made."""
    return path.with_name(f"{path.name}.{os.getpid()}")


def look(path: Path) -> Memory:
    """The file of an edge process that runs. Raises ContractError for one of another kind, version, owner or start."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    except OSError as error:
        raise ContractError(f"edge process: found no {path} ({error.strerror}); start one with 'moravec edge'") from error
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or status.st_mode & 0o077:
            raise ContractError(f"edge process: {path} is open to others; allowed: a file of your own with mode 0600")
        if status.st_size < 8 * RING or status.st_size % 8 != 0:
            raise ContractError(f"edge process: {path} has {status.st_size} bytes; allowed: whole words, {8 * RING} or more")
        memory = Memory(handle, status.st_size)
    finally:
        os.close(handle)
    whole = memory.whole
    if whole[AT_MAGIC] != MAGIC or whole[AT_LAYOUT : AT_LAYOUT + 4].tobytes() != layout_hash():
        raise ContractError(f"edge process: {path} has another layout; allowed: client and edge process of one version")
    if memory.capacity < 1 or status.st_size != 8 * (RING + memory.capacity * TICK_WORDS):
        raise ContractError(f"edge process: {path} has {status.st_size} bytes, which do not fit its ring")
    if not 1 <= whole[AT_JOINTS] <= JOINTS or whole[AT_PERIOD] < 1 or whole[AT_BODY] not in (ECHO, DRIVER):
        raise ContractError(f"edge process: {path} has a header that no edge process writes; start one with 'moravec edge'")
    if whole[AT_BOOT : AT_BOOT + 2].tobytes() != boot_id():
        raise ContractError(f"edge process: {path} is from before the machine's last start; start one with 'moravec edge'")
    return memory
