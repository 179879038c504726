"""The other ends of the shared memory, in plain Python: the one client, and the one driver of a body. The operator's
end is in `operator`."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import time
import zlib
from pathlib import Path
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray

from moravec.core.command import Command
from moravec.core.errors import ContractError
from moravec.core.observation import RobotState
from moravec.edge.form import (
    CRC,
    DRIVER,
    HEAD,
    LENGTH,
    LOCK,
    NUMBER,
    STAMP,
    WRITER,
    AnswerBox,
    CommandBox,
    HealthBox,
    SetpointBox,
    StateBox,
    words_of,
)
from moravec.edge.layout import (
    AT_ANSWER,
    AT_BODY,
    AT_CLIENT,
    AT_CLIENT_PID,
    AT_COMMAND,
    AT_DRIVER,
    AT_EDGE,
    AT_HEALTH,
    AT_OPERATOR_PID,
    AT_PID,
    AT_SETPOINT,
    AT_STATE,
    AT_STOP,
    Memory,
    Terms,
    look,
)
from moravec.guard.kernel.form import PEOPLE, dtype_of

# An edge process whose heart has not beaten for so long is gone [s]: 50 ticks, and longer than most machines stall.
SILENCE = 0.1
TRIES = 1000
# A lease is asked for so often, so far apart [s]: whoever looks whether somebody holds it takes it for that moment.
ASKED, BETWEEN = 10, 0.001


@final
class Lease:
    """The right to write into one mailbox. It ends with its holder: the system itself lets go of the lock of a dead one."""

    def __init__(self, path: Path, what: str) -> None:
        self._path = path
        for _ in range(ASKED):
            try:
                self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            except OSError as error:
                raise ContractError(f"{what}: found no {path} that can be written ({error.strerror})") from error
            if self._locked() and self._stands():
                return
            os.close(self._handle)  # somebody holds it, or it was removed between the two steps by the one who did
            time.sleep(BETWEEN)
        raise ContractError(f"{what}: found one that holds {path}; allowed: one at a time")

    def _locked(self) -> bool:
        """Whether nobody else has it locked."""
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _stands(self) -> bool:
        """Whether the file that is locked is the one that others would lock."""
        try:
            return os.path.samestat(os.fstat(self._handle), os.stat(self._path, follow_symlinks=False))
        except FileNotFoundError:
            return False

    def close(self) -> None:
        """Gives it back."""
        if self._stands():
            self._path.unlink(missing_ok=True)
        os.close(self._handle)


def held(path: Path, what: str) -> bool:
    """Whether anybody holds that lease."""
    try:
        Lease(path, what).close()
    except ContractError:
        return True
    return False


def lease_path(path: Path, what: str) -> Path:
    """The lock file of a lease."""
    return path.with_name(f"{path.name}.{what}")


def post(memory: Memory, at: int, payload: np.ndarray[Any, Any], number: int, writer: int, stamp: int) -> None:
    """Writes one record (1,) into the mailbox at word `at`, numbered, dated [ns] and sealed."""
    whole, words = memory.whole, payload.dtype.itemsize // 8
    lock = int(whole[at + LOCK])
    whole[at + LOCK] = lock + 1 + (lock & 1)
    head = np.array([number, writer, stamp, words], dtype=np.int64)
    body = payload.view(np.int64)
    whole[at + NUMBER : at + NUMBER + 4] = head
    whole[at + CRC] = zlib.crc32(body.tobytes(), zlib.crc32(head.tobytes()))
    whole[at + HEAD : at + HEAD + words] = body
    whole[at + LOCK] += 1


def read(memory: Memory, at: int, form: type, writer: int = 0) -> np.record | None:
    """The record in the mailbox at word `at`, as a copy; None where nothing whole stands there, or another's than `writer`'s
    (0: whoever's)."""
    words = words_of(form)
    for _ in range(TRIES):
        before = int(memory.whole[at + LOCK])
        if before & 1:
            continue
        copy = memory.whole[at : at + HEAD + words].copy()
        if int(memory.whole[at + LOCK]) != before or copy[LENGTH] != words:
            continue
        if copy[CRC] == zlib.crc32(copy[HEAD:].tobytes(), zlib.crc32(copy[NUMBER : NUMBER + 4].tobytes())):
            if writer not in (0, copy[WRITER]):
                return None
            found: np.record = copy[HEAD:].view(dtype_of(form)).view(np.recarray)[0]
            return found
    return None


class End:
    """What client, operator and driver have in common."""

    def __init__(self, path: Path, what: str, at: int) -> None:
        self._lease = Lease(lease_path(path, what), what)
        try:
            self._memory = look(path)
        except ContractError:
            self._lease.close()
            raise
        self._at, self._number = at, 0
        self._edge = int(self._memory.whole[AT_EDGE])  # whoever else writes into its mailboxes is not believed
        self._me = secrets.randbits(62) + 1
        self._memory.whole[at] = self._me

    @property
    def terms(self) -> Terms:
        """What the edge process was started with."""
        return self._memory.terms()

    @property
    def period(self) -> float:
        """The control period [s]."""
        return self._memory.period

    @property
    def ticks(self) -> int:
        """How many ticks are over."""
        return self._memory.ticks

    def health(self) -> np.record | None:
        """The heartbeat and the counters, as `HealthBox`; None before the first tick."""
        return self._read(AT_HEALTH, HealthBox)

    def answer(self) -> np.record | None:
        """The last decision, as `AnswerBox`."""
        return self._read(AT_ANSWER, AnswerBox)

    def silence(self) -> float:
        """For how long the edge process's heart has not beaten [s]; infinite before its first tick."""
        stamp = int(self._memory.whole[AT_HEALTH + STAMP])
        return (time.monotonic_ns() - stamp) * 1e-9 if stamp else float("inf")

    def alive(self) -> bool:
        """Whether it beats."""
        return self.silence() <= SILENCE

    def wait(self, tick: int, timeout: float = SILENCE) -> int:
        """Waits until tick number `tick` is over; its number or a later one's. Raises ContractError after `timeout` [s]."""
        end = time.monotonic() + timeout
        while (now := self._memory.ticks) < tick:
            if time.monotonic() > end:
                raise ContractError(
                    f"edge process {int(self._memory.whole[AT_PID])}: found no tick for {timeout:g} s, heart silent for "
                    f"{self.silence():.3g} s; allowed: a tick every {self.period:g} s"
                )
            time.sleep(self.period / 16)
        return now

    def stop(self) -> None:
        """Asks the edge process to come to rest and to end."""
        self._memory.whole[AT_STOP] = 1

    def _read(self, at: int, form: type) -> np.record | None:
        return read(self._memory, at, form, self._edge)

    def _post(self, at: int, payload: np.ndarray[Any, Any]) -> None:
        self._number += 1
        post(self._memory, at, payload, self._number, self._me, time.monotonic_ns())

    def _stand_apart(self, path: Path, mine: int, theirs: int, other: str) -> None:
        """Who commands and who resets are never one process. `mine` and `theirs` are the header's words for the processes of
        both. Raises ContractError where this process holds the lease of the `other` as well."""
        self._memory.whole[mine] = os.getpid()
        if self._memory.whole[theirs] == os.getpid() and held(lease_path(path, other), other):
            raise ContractError(
                f"edge process: found one process that asks to be client and operator at once (it is the {other}); "
                "allowed: the operator apart from whoever commands"
            )

    def close(self) -> None:
        """Gives the lease back. Whatever a client moves is braked."""
        if self._memory.whole[self._at] == self._me:
            self._memory.whole[self._at] = 0
        self._lease.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@final
class EdgeClient(End):
    """The one who commands. Raises ContractError where none runs, another client holds the lease, or `terms` are not its own
    (see `records.terms_of`).

    Times are those of `time.monotonic()`. Motion is counted in ticks, not in time: wait for a tick, then send the set-point
    of the next. One that comes late is carried on along its `dq`; after the table's command age the edge process brakes.
    """

    def __init__(self, path: Path, terms: Terms | None = None, timeout: float = 5.0) -> None:
        super().__init__(path, "client", AT_CLIENT)
        self._payload = np.zeros(1, dtype_of(CommandBox))
        try:
            self._stand_apart(path, AT_CLIENT_PID, AT_OPERATOR_PID, "operator")
            if terms is not None and terms != self.terms:
                raise ContractError(f"edge process: found {self.terms}; allowed: {terms}, as the client's own limit table")
            self.wait(self._memory.ticks + 2, timeout)  # what another one left in the mailbox was seen, and is not ours
        except ContractError:
            self.close()
            raise

    def send(self, command: Command, tick: int = 0, mode: int = 0) -> None:
        """One set-point, meant for tick number `tick` (0: whichever is next), in `mode` of the guard or the
        operator's, whichever is tighter. Raises ContractError for a command of another number of joints, or when the edge process
        is silent."""
        n, row = self.terms.joints, self._payload[0]
        if command.q.shape != (n,) or command.dq.shape != (n,):
            raise ContractError(f"command: found q {command.q.shape}, dq {command.dq.shape}; allowed: ({n},), ({n},)")
        row["n"], row["moves"], row["mode"] = n, 1, int(mode)
        row["seq"], row["tick"], row["t"] = command.seq, tick, command.t
        row["q"][:n], row["dq"][:n] = command.q, command.dq
        for name in ("grip_width", "grip_force", "made", "expires", "seen", "novelty"):
            row[name] = getattr(command, name)
        self._send()

    def rest(self, mode: int = 0) -> None:
        """Asks for nothing to move, in `mode`. A latched stop only the operator resets."""
        row = self._payload[0]
        row["moves"], row["mode"] = 0, int(mode)
        self._send()

    def _send(self) -> None:
        if not self.alive():
            raise ContractError(
                f"edge process: found a heart silent for {self.silence():.3g} s; allowed: {SILENCE:g} s. Nothing was sent"
            )
        self._post(AT_COMMAND, self._payload)

    def ring(self, first: int) -> NDArray[Any]:
        """The ticks from number `first` up to now, as copies of `tick_dtype` records; only those the ring still holds."""
        memory = self._memory
        last = memory.ticks
        first = max(first, last - memory.capacity // 2, 1)
        return memory.ring()[np.arange(first - 1, last) % memory.capacity]

    def setpoint(self) -> np.record | None:
        """The last approved set-point, as `SetpointBox`."""
        return self._read(AT_SETPOINT, SetpointBox)

    def measured(self) -> np.record | None:
        """What the driver last reported, as `StateBox`; None with the built-in body, which is where the set-point is."""
        return read(self._memory, AT_STATE, StateBox)


@final
class EdgeDriver(End):
    """The one who moves a body: reports its state in each period, and follows the set-point. A body whose driver falls silent
    is one that cannot be measured; the guard ends in a latched stop. Raises ContractError where none runs, where another driver
    holds the lease, and where the edge process moves joints of its own and would not look at a body."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "driver", AT_DRIVER)
        self._payload = np.zeros(1, dtype_of(StateBox))
        if self._memory.whole[AT_BODY] != DRIVER:
            self.close()
            raise ContractError("driver: found an edge process with joints of its own; start it with 'moravec edge --driver'")

    def report(self, state: RobotState) -> None:
        """The measured state; its time `t` [s] is that of `time.monotonic()`."""
        n, row = self.terms.joints, self._payload[0]
        row["n"], row["estop"], row["t"], row["people_t"] = n, int(state.estop), state.t, state.people_t
        row["q"][:n], row["dq"][:n], row["tau"][:n] = state.q, state.dq, state.tau
        row["wrench"], row["grip"] = state.wrench, (state.grip_width, state.grip_force)
        people = np.asarray(state.people, dtype=np.float64)
        fits = people.ndim == 2 and people.shape[1] == 2 and len(people) <= PEOPLE
        row["people"] = len(people) if fits else -1
        if fits:
            row["person"][: people.size] = people.reshape(-1)
        self._post(AT_STATE, self._payload)

    def setpoint(self) -> np.record | None:
        """What was approved last, as `SetpointBox`; None where nothing was, or the edge process is silent: then a body brakes
        on its own."""
        return self._read(AT_SETPOINT, SetpointBox) if self.alive() else None


def forget(path: Path) -> None:
    """Removes what a dead edge process left behind."""
    for each in (path, *(lease_path(path, what) for what in ("client", "driver", "operator"))):
        with contextlib.suppress(FileNotFoundError):
            each.unlink()
