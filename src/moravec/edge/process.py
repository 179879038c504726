"""The edge process put together: the loop in a thread of its own, and beside it one that watches, records and tells."""

from __future__ import annotations

import contextlib
import gc
import secrets
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any, final

import numpy as np

from moravec.core.errors import ContractError
from moravec.edge.client import Lease, forget, lease_path
from moravec.edge.compiled import Loop, compile_run, compiled_loop, edge_cache
from moravec.edge.figures import STATES, quantile, summary
from moravec.edge.form import ECHO
from moravec.edge.layout import AT_STOP, FOLDER, Memory, discard, make, path_of, publish
from moravec.edge.loop import DONE, LATE_BIN
from moravec.edge.privileges import (
    Granted,
    lock_memory,
    off_core,
    raise_priority,
    take_core,
    unlock_memory,
    wake_on_time,
)
from moravec.edge.recorder import Recorder
from moravec.edge.records import Records, assemble, edge_limits, terms_of
from moravec.guard.limits import LimitTable

POLL = 0.05  # [s] between two looks at the ring
FOREVER = 1 << 62  # ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What one edge process is started with.

    limits   the robot's table; what is enforced is `edge_limits` of it
    posture  where the built-in body begins (n,) [rad]; a driver's body begins where it is
    rate     [Hz]; None: as the table says
    seconds  how long; None: until it is asked to stop
    out      folder for black boxes; None: none are kept
    """

    limits: LimitTable
    posture: Sequence[float]
    rate: float | None = None
    seconds: float | None = None
    out: Path | None = None
    name: str = "robot"
    folder: Path = FOLDER
    body: int = ECHO


def run_edge(settings: Settings, tell: Callable[[str], None]) -> Mapping[str, Any]:
    """Runs until the time is over or somebody asks for the end, then brings the robot to rest. What was counted.

    Raises BadInput for settings that do not fit, ContractError where one of that name runs already or the loop breaks down.
    Only for the main thread: it hears SIGINT and SIGTERM, and both ask for a controlled stop.
    """
    limits = edge_limits(settings.limits, settings.rate)
    path = path_of(settings.name, settings.folder)
    lease = Lease(lease_path(path, "edge"), "edge process")
    try:
        if not edge_cache().exists():
            tell("edge: compiling the loop for this machine, once; about a minute")
        loop, me = compiled_loop(), secrets.randbits(62) + 1
        try:
            memory = make(path, terms_of(settings.limits, settings.rate), me, settings.body)
            records = assemble(limits, memory, settings.posture, settings.body, me)
            publish(path)
            return _Process(settings, limits, loop, memory, records, tell).run()
        finally:
            discard(path)
            forget(path)
    finally:
        lease.close()


@final
class _Process:
    """Loop and watcher."""

    def __init__(
        self, settings: Settings, limits: LimitTable, loop: Loop, memory: Memory, records: Records, tell: Callable[[str], None]
    ) -> None:
        self._settings, self._limits, self._told = settings, limits, tell
        self._loop, self._memory, self._records = loop, memory, records
        self._recorder = Recorder(memory, limits, settings.out, self._tell)
        self._granted = Granted()
        self._ended: int | None = None
        self._ready = threading.Event()
        self._late = records.s.late.copy()

    def run(self) -> Mapping[str, Any]:
        """Everything, in its order."""
        seconds, period = self._settings.seconds, self._limits.control_period
        ticks = FOREVER if seconds is None else max(1, round(seconds / period))
        compile_run(self._loop, self._records)
        with _signals(self._stop), _quiet_collector():
            memory = lock_memory()
            thread = threading.Thread(target=self._work, args=(ticks, memory), name="edge-loop", daemon=True)
            thread.start()
            self._ready.wait()
            with off_core(self._granted.core):
                self._tell(f"edge: {1.0 / period:g} Hz, {self._granted.words()}")
                try:
                    self._watch(thread)
                finally:  # whatever happens to the watcher, the robot comes to rest first
                    self._stop()
                    thread.join()
            unlock_memory()
        if self._ended is None:
            raise ContractError("edge process: the loop broke down; whoever drives the robot sees no heartbeat and brakes")
        self._recorder.finish()
        return self._summary()

    def _tell(self, text: str) -> None:
        """One line, where anybody can still be told: a log on a full disk is no reason to stop."""
        with contextlib.suppress(OSError):
            self._told(text)

    def _stop(self) -> None:
        self._memory.whole[AT_STOP] = 1

    def _work(self, ticks: int, memory: str) -> None:
        """The loop's thread."""
        core = take_core()
        wake_on_time()
        self._granted = Granted(raise_priority(), memory, core)
        self._ready.set()
        self._ended = self._loop.run(*self._records, ticks)

    def _watch(self, thread: threading.Thread) -> None:
        second = time.monotonic() + 1.0
        while thread.is_alive():
            self._recorder.poll()
            if time.monotonic() >= second:
                second += 1.0
                self._tell(self._line())
            thread.join(POLL)

    def _line(self) -> str:
        """One second in one line."""
        k, late = self._records.k, self._records.s.late.copy()
        new, self._late = late - self._late, late
        p99 = (quantile(new, 0.99) + 1) * LATE_BIN * 1e-6
        return (
            f"edge: {int(np.sum(new))} ticks, p99 {p99:.3f} ms late, worst {int(k['worst']) * 1e-6:.3f} ms, "
            f"overruns {int(k['overruns'])}, stops {int(k['stops'])}, {STATES[int(self._records.m['state'])]}"
        )

    def _summary(self) -> Mapping[str, Any]:
        recorder = self._recorder
        return {
            "name": self._settings.name,
            "robot": self._limits.robot,
            "rate": 1.0 / self._limits.control_period,
            **summary(self._records),
            "at_rest": self._ended == DONE,
            "granted": asdict(self._granted),
            "black_boxes": [str(path) for path in recorder.boxes],
            "black_boxes_failed": recorder.failed,
            "ticks_not_chained": recorder.lost,
            "misses": recorder.misses,
            "chain": recorder.chain,
        }


@contextlib.contextmanager
def _signals(stop: Callable[[], None]) -> Iterator[None]:
    """SIGINT and SIGTERM ask for a controlled stop, however often."""

    def handle(number: int, frame: FrameType | None) -> None:
        stop()

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _quiet_collector() -> Iterator[None]:
    """What exists now is never searched for garbage again, and nothing is while the loop runs."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()
