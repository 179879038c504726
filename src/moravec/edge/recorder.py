"""Watches the ring from outside the loop: chains every tick, notes those that came late, and keeps what lies around a stop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import final

import numpy as np

from moravec.edge.blackbox import HASH, NOTHING_BEFORE, RECORD, BoxWriter, chained, header_of
from moravec.edge.form import STOP_BEGAN, TICK_WORDS
from moravec.edge.layout import AFTER, BEFORE, RING, Memory
from moravec.guard.limits import LimitTable

AT_NUMBER, AT_TIME, AT_LATENESS, AT_BEGAN = 0, 1, 2, 4  # words of a tick's record
PIECE = 2000  # ticks written at once: about 3 MB
LONGEST = 300.0  # [s]; stop upon stop makes a box longer, but not longer than this
MISSES = 10_000  # so many late ticks are noted one by one; all are counted


@final
class Recorder:
    """Call `poll` a few times a second. Its own troubles, such as a full disk, are told and counted, and end with the box."""

    def __init__(self, memory: Memory, limits: LimitTable, out: Path | None, tell: Callable[[str], None]) -> None:
        self._limits, self._out, self._tell = limits, out, tell
        self._capacity = memory.capacity
        self._rows = memory.whole[RING : RING + self._capacity * TICK_WORDS].view(np.uint8).reshape(-1, RECORD)
        self._memory = memory
        self._hashes = np.zeros((self._capacity, HASH), dtype=np.uint8)
        self._chain, self._seen = NOTHING_BEFORE, 0
        self._begun = 1  # the first tick that this chain holds
        self._box: BoxWriter | None = None
        self._first = self._end = 0
        self._done = 0  # ticks that stand in a box already
        self._waiting = 0  # a stop for which the open box has no room any more; the next one holds it
        self._last = ""
        self.boxes: list[Path] = []
        self.failed = self.lost = 0
        self.misses: list[dict[str, float]] = []

    @property
    def chain(self) -> str:
        """The chain's hash up to now, hexadecimal."""
        return self._chain.hex()

    def poll(self) -> None:
        """Takes in what is new, and writes on."""
        head, capacity = self._memory.ticks, self._capacity
        if head - self._seen > capacity // 2:  # nobody looked for too long: what was overwritten is gone
            self.lost += head - self._seen
            self._abandon(f"{head - self._seen} ticks were not read in time")
            self._seen, self._chain, self._begun = head, NOTHING_BEFORE, head + 1
        for number in range(self._seen + 1, head + 1):
            slot = (number - 1) % capacity
            record = self._rows[slot].tobytes()
            self._chain = chained(self._chain, record)
            self._hashes[slot] = np.frombuffer(self._chain, dtype=np.uint8)
            self._seen = number
            self._look(number, np.frombuffer(record, dtype=np.int64, count=8))
        self._write(PIECE)

    def finish(self) -> None:
        """Ends the box that is open with what there is."""
        self.poll()
        while self._box is not None:
            self._end = min(self._end, self._seen)
            self._write(PIECE)

    def _look(self, number: int, words: np.ndarray[tuple[int], np.dtype[np.int64]]) -> None:
        """At one tick's first words."""
        late = int(words[AT_LATENESS]) * 1e-9
        if late >= self._limits.control_period and len(self.misses) < MISSES:
            self.misses.append({"tick": number, "monotonic_s": int(words[AT_TIME]) * 1e-9, "late_ms": round(1e3 * late, 6)})
        if int(words[AT_BEGAN]) == STOP_BEGAN:
            self._stopped(number)

    def _stopped(self, number: int) -> None:
        """A stop began at this tick."""
        if self._out is None:
            return
        period = self._limits.control_period
        end = number + int(AFTER / period)
        if self._box is not None:
            if end <= self._first + int(LONGEST / period):
                self._end = end
            else:
                self._waiting = number
            return
        self._first = max(number - int(BEFORE / period), self._begun, self._done + 1)
        self._end = end
        slot = (self._first - 2) % self._capacity
        before = NOTHING_BEFORE if self._first == self._begun else self._hashes[slot].tobytes()
        limits = self._limits
        header = header_of(limits.to_json(), limits.sha256(), 1.0 / period, self._first, before, self._last)
        path = self._free()
        try:
            self._box = BoxWriter(path, header)
        except OSError as error:
            self.failed += 1
            self._tell(f"black box {path}: not written ({error.strerror}); the loop goes on")

    def _free(self) -> Path:
        assert self._out is not None
        number = 1
        while (path := self._out / f"blackbox-{number}.bin").exists():
            number += 1
        return path

    def _write(self, most: int) -> None:
        if self._box is None:
            return
        first = self._first + self._box.count
        count = min(most, min(self._end, self._seen) - first + 1)
        try:
            if count > 0:
                slots = np.arange(first - 1, first - 1 + count) % self._capacity
                records = self._rows[slots]
                if self._memory.ticks - first >= self._capacity - 1:  # the loop may have come round while they were copied
                    self._abandon("its first ticks were not read in time")
                    return
                self._box.add(records, self._hashes[slots])
                first += count
            if first > self._end:
                self._close(self._box)
        except OSError as error:
            self._abandon(f"not written ({error.strerror}); the loop goes on")

    def _close(self, box: BoxWriter) -> None:
        """Seals a box that holds all it should, and begins the next one where a stop waits for it."""
        self._last, self._done = box.close(), self._end
        self.boxes.append(box.path)
        self._tell(f"black box {box.path}: {box.count} ticks, last hash {self._last[:16]}")
        self._box = None
        if (number := self._waiting) != 0:
            self._waiting = 0
            self._stopped(number)

    def _abandon(self, why: str) -> None:
        self._waiting = 0
        if self._box is not None:
            self.failed += 1
            self._box.abandon()
            self._tell(f"black box {self._box.path}: {why}")
            self._box = None
