"""The black box's file: every tick around a stop, each sealed into a chain of SHA-256 with all before it.

    magic, length of the header, header (JSON), then for each tick its record and the chain's hash up to it, then the trailer:
    magic, how many, and the SHA-256 over header, count and the last hash

A bit that changed, a record that is missing, doubled or moved, or an end that is cut off: each is found when it is read.
What it cannot show is that somebody made the whole file anew; the last hash, noted elsewhere, shows that too.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, final

import numpy as np
from numpy.typing import NDArray

from moravec.core.errors import TapeError, TapeTampered
from moravec.edge.form import TICK_WORDS, layout_hash, tick_dtype

MAGIC = b"MVBBOX01"
END = b"MVBBEND1"
HASH = 32  # bytes
RECORD = 8 * TICK_WORDS  # bytes
_ROW = RECORD + HASH
_HEADER_MAX = 1 << 20  # bytes
NOTHING_BEFORE = bytes(HASH)  # the chain before its first record
_KINDS = {
    "layout": str, "limits": dict, "limits_sha256": str, "rate": float, "first_tick": int, "chain_before": str,
    "previous_box": str,
}  # fmt: skip


def chained(before: bytes, record: bytes) -> bytes:
    """The chain's next hash."""
    return hashlib.sha256(before + record).digest()


def seal(header: bytes, count: int, last: bytes) -> bytes:
    """The trailer's hash."""
    return hashlib.sha256(header + struct.pack("<q", count) + last).digest()


@dataclass(frozen=True, slots=True)
class BlackBox:
    """One black box, verified.

    header    as from `header_of`: layout, limits and their hash, rate [Hz], first tick, the chain's hash before it, and the
              last hash of the box before this one ("" for none)
    ticks     (m,) records of `tick_dtype`
    last      the chain's hash after the last record
    """

    header: Mapping[str, Any]
    ticks: NDArray[Any]
    last: str


@final
class BoxWriter:
    """Writes one box, in pieces. Every method raises OSError where the disk refuses."""

    def __init__(self, path: Path, header: Mapping[str, Any]) -> None:
        self._header = json.dumps(header, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
        self._file: BinaryIO = path.open("xb", buffering=0)
        self.path, self.count, self.last = path, 0, bytes.fromhex(str(header["chain_before"]))
        try:
            self._write(MAGIC + struct.pack("<q", len(self._header)) + self._header)
        except OSError:
            self._file.close()
            path.unlink(missing_ok=True)
            raise

    def add(self, records: NDArray[np.uint8], hashes: NDArray[np.uint8]) -> None:
        """Records (m, RECORD) and their hashes (m, HASH), as bytes."""
        self._write(np.concatenate([records, hashes], axis=1).tobytes())
        self.count += len(records)
        self.last = hashes[-1].tobytes()

    def close(self) -> str:
        """Seals the box; the chain's last hash, hexadecimal."""
        try:
            self._write(END + struct.pack("<q", self.count) + seal(self._header, self.count, self.last))
            os.fsync(self._file.fileno())  # what ends the power must not end this as well
        finally:
            self._file.close()
        return self.last.hex()

    def abandon(self) -> None:
        """Lets go of a box that cannot be finished."""
        self._file.close()

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[self._file.write(rest) :]


def header_of(limits_json: str, limits_sha256: str, rate: float, first: int, before: bytes, previous: str) -> dict[str, Any]:
    """What stands in a box's header."""
    return {
        "layout": layout_hash().hex(),
        "limits": json.loads(limits_json),
        "limits_sha256": limits_sha256,
        "rate": rate,
        "first_tick": first,
        "chain_before": before.hex(),
        "previous_box": previous,
    }


def read_box(path: Path) -> BlackBox:
    """A black box, every hash checked. Raises TapeError where it cannot be read, TapeTampered where it is not what was
    written."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TapeError(f"black box {path}: found nothing that can be read ({error.strerror})") from error
    if data[: len(MAGIC)] != MAGIC or len(data) < 16:
        raise TapeTampered(f"black box {path}: found another beginning; allowed: {MAGIC!r}")
    length = struct.unpack_from("<q", data, 8)[0]
    tail = 16 + HASH
    body = len(data) - 16 - length - tail
    if not 0 < length <= _HEADER_MAX or body < 0 or body % _ROW:
        raise TapeTampered(f"black box {path}: found {len(data)} bytes, which are no whole number of records; cut off?")
    header, end = data[16 : 16 + length], data[-tail:]
    rows = np.frombuffer(data, dtype=np.uint8, count=body, offset=16 + length).reshape(-1, _ROW)
    told = _header(path, header)
    last = _follow(path, bytes.fromhex(told["chain_before"]), rows, told["first_tick"])
    if end != END + struct.pack("<q", len(rows)) + seal(header, len(rows), last):
        raise TapeTampered(f"black box {path}: found another header, count or end than was sealed")
    return BlackBox(told, np.ascontiguousarray(rows[:, :RECORD]).view(tick_dtype())[:, 0], last.hex())


def _header(path: Path, header: bytes) -> dict[str, Any]:
    try:
        told = json.loads(header)
        kinds = {name: type(value) for name, value in told.items()} if isinstance(told, dict) else {}
        same = kinds == _KINDS and len(bytes.fromhex(told["chain_before"])) == HASH and 0.0 < told["rate"] < math.inf
        same = same and told["layout"] == layout_hash().hex()
    except (ValueError, RecursionError) as error:
        raise TapeTampered(f"black box {path}: found a header that is not what was written ({error!r})") from error
    if not same:
        raise TapeTampered(f"black box {path}: found a header of another layout, or changed; allowed: this version's")
    return dict(told)


def _follow(path: Path, before: bytes, rows: NDArray[np.uint8], first: int) -> bytes:
    for i, row in enumerate(rows):
        before = chained(before, row[:RECORD].tobytes())
        if before != row[RECORD:].tobytes():
            raise TapeTampered(f"black box {path}: found record {i} (of {len(rows)}) not to follow from those before it")
        number = int(row[:8].view(np.int64)[0])
        if number != first + i:
            raise TapeTampered(f"black box {path}: found tick {number} as record {i}; allowed: {first + i}")
    return before
