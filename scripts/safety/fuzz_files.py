"""Fuzz targets: the file of the shared memory, what clients and drivers read of it, and the file of a black box.

The oracles are predicates written a second time, from the words of the layout and with hashlib and zlib alone: a file or record
is taken exactly where it is whole, and whatever else is wrong ends in the one error that its reader promises.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import struct
import zlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from moravec.core.errors import ContractError, TapeTampered
from moravec.edge import blackbox, client, layout
from moravec.edge.form import AnswerBox, HealthBox, SetpointBox, layout_hash
from moravec.guard.kernel.form import dtype_of

LONGEST = {"layout": 400, "answers": 500, "blackbox": 1200}  # bytes of one input
PATCH = struct.Struct("<Hq")  # a word, and what is written into it
TICKS, MOST = 3, 3  # ticks in the ring of the file that is spoilt; and in a black box


class Spoilt:
    """A good file of shared memory, of which every input spoils a copy."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "moravec-edge-fuzz"
        layout.make(self._path, layout.Terms("ab" * 32, 0.002, 6), 5, 1, TICKS)
        layout.publish(self._path)
        self._good = self._path.read_bytes()
        self._handle = os.open(self._path, os.O_RDWR)

    def one(self, data: bytes) -> None:
        """One input: a length, and words of a good file that are something else."""
        size, made = int.from_bytes(data[:2], "little"), bytearray(self._good)
        for at in range(2, len(data) - PATCH.size + 1, PATCH.size):
            word, value = PATCH.unpack_from(data, at)
            struct.pack_into("<q", made, 8 * (word % 24), value)
        if size & 1:
            made = made[: size >> 1].ljust(size >> 1, b"\0")
        fits = file_fits(bytes(made), self._good)
        taken = self._look(made)
        assert (taken is not None) == fits, f"a file that {'fits' if fits else 'does not fit'}"
        if taken is not None:
            terms, words = taken.terms(), struct.unpack("<21q", made[:168])
            assert (terms.joints, terms.period, terms.limits) == (words[12], words[11] * 1e-9, made[40:72].hex())
            assert len(taken.ring()) == taken.capacity and taken.ticks == words[19]

    def _look(self, data: bytearray) -> layout.Memory | None:
        os.pwrite(self._handle, data, 0)
        os.ftruncate(self._handle, len(data))
        try:
            return layout.look(self._path)
        except ContractError:
            return None


def file_fits(data: bytes, good: bytes) -> bool:
    """Whether a file of shared memory may be looked at: the words of its header, once more."""
    if len(data) % 8 or len(data) < 8 * layout.RING:
        return False
    words = struct.unpack("<21q", data[:168])
    same = data[:40] == good[:40] and data[72:88] == good[72:88]  # magic and layout; this start of the machine
    period, joints, ring, body = words[11], words[12], words[13], words[20]
    room = (len(data) - 8 * layout.RING) // (8 * layout.TICK_WORDS)
    exact = len(data) == 8 * (layout.RING + ring * layout.TICK_WORDS)
    return same and period > 0 and 1 <= joints <= 16 and ring == room >= 1 and exact and body in (0, 1)


class Words:
    """Shared memory that is a piece of this process's own."""

    def __init__(self, data: bytes) -> None:
        self.whole = np.frombuffer(bytearray(data), dtype=np.int64)


def answers(data: bytes) -> None:
    """One input: which record, whose, whether it is sealed, and the mailbox: as a client or a driver reads it."""
    which, writer, how = data[:3].ljust(3, b"\0")
    form = (SetpointBox, AnswerBox, HealthBox)[which % 3]
    size = dtype_of(form).itemsize
    box = data[3 : 51 + size].ljust(48 + size, b"\0")
    lock, number, author, stamp, words, crc = struct.unpack("<6q", box[:48])
    if how & 1:
        lock, words, author = lock & ~1, size // 8, author if how & 2 else writer
        box = struct.pack("<6q", lock, number, author, stamp, words, 0) + box[48:]
        crc = zlib.crc32(box[48:], zlib.crc32(box[8:40]))
        box = box[:40] + struct.pack("<q", crc) + box[48:]
    good = lock % 2 == 0 and words == size // 8 and crc == zlib.crc32(box[48:], zlib.crc32(box[8:40]))
    good = good and writer in (0, author)
    found = client.read(Words(box), 0, form, writer)  # type: ignore[arg-type]
    assert (found is not None) == good, f"a record that {'fits' if good else 'does not fit'}"
    if found is not None:
        assert np.atleast_1d(np.array([found])).tobytes() == box[48:]


class InMemory:
    """A path whose file is these bytes."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def read_bytes(self) -> bytes:
        """As of a file."""
        return self._data


def box_fits(data: bytes) -> bool:
    """Whether a black box is whole: once more, from the words of its module."""
    if len(data) < 16 or data[:8] != b"MVBBOX01":
        return False
    (length,), row = struct.unpack("<q", data[8:16]), 8 * layout.TICK_WORDS
    rest = len(data) - 16 - length - 48
    if not 0 < length <= 1 << 20 or rest < 0 or rest % (row + 32):
        return False
    header = data[16 : 16 + length]
    told = _json(header)
    if not isinstance(told, dict) or sorted(told) != sorted(_good_header()):
        return False
    if any(type(told[name]) is not type(value) for name, value in _good_header().items()):
        return False
    chain = _hex(told["chain_before"])
    if told["layout"] != layout_hash().hex() or chain is None or len(chain) != 32 or not 0.0 < told["rate"] < math.inf:
        return False
    for i in range(rest // (row + 32)):
        at = 16 + length + i * (row + 32)
        chain = hashlib.sha256(chain + data[at : at + row]).digest()
        if data[at + row : at + row + 32] != chain or struct.unpack("<q", data[at : at + 8])[0] != told["first_tick"] + i:
            return False
    count = rest // (row + 32)
    end = hashlib.sha256(header + struct.pack("<q", count) + chain).digest()
    return data[-48:] == b"MVBBEND1" + struct.pack("<q", count) + end


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _hex(text: str) -> bytes | None:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return None


@cache
def _good_header() -> Mapping[str, Any]:
    return blackbox.header_of("{}", "ab" * 32, 500.0, 7, bytes(32), "")


def sealed_box(data: bytes) -> bytes:
    """A black box around fuzzed bytes: how much of it is honest, the header or one field of it, and records."""
    how, count, which, low, high = data[:5].ljust(5, b"\0")
    told, text, rest = dict(_good_header()), data[5 : 5 + low + 256 * high], data[5 + low + 256 * high :]
    if how & 1:
        name = sorted(told)[which % len(told)]
        told[name] = _json(text) if how & 2 else text.decode("latin-1")
    header = text if how & 4 and text else json.dumps(told).encode()
    row, chain = 8 * layout.TICK_WORDS, hashlib.sha256().digest() if how & 8 else bytes(32)
    made = b"MVBBOX01" + struct.pack("<q", len(header)) + header
    for i in range(count % (MOST + 1)):
        record = rest[8 * i : 8 * i + 8 * (how >> 5)].ljust(row, b"\0")
        record = record if how & 16 else struct.pack("<q", 7 + i) + record[8:]
        chain = hashlib.sha256(chain + record).digest()
        made += record + chain
    end = struct.pack("<q", count % (MOST + 1))
    made += b"MVBBEND1" + end + hashlib.sha256(header + end + chain).digest()
    return made


def black_box(data: bytes) -> None:
    """One input: the bytes of a file as they are, or a black box that is sealed around them, with a few bytes spoilt."""
    kind, spoil, where = data[:1], data[1:2], int.from_bytes(data[2:4], "little")
    made = data[4:] if kind[:1] > b"\xc0" else sealed_box(data[4:])
    if spoil > b"\x80" and made:
        made = made[: where % len(made)] + bytes([spoil[0] ^ made[where % len(made)]]) + made[where % len(made) + 1 :]
    fits = box_fits(made)
    try:
        found = blackbox.read_box(InMemory(made))  # type: ignore[arg-type]
    except TapeTampered:
        assert not fits, "a black box that is whole was refused"
        return
    assert fits, "a black box that is not whole was taken"
    assert len(found.ticks) == (len(made) - 64 - struct.unpack("<q", made[8:16])[0]) // (8 * layout.TICK_WORDS + 32)


def seeds(target: str) -> list[bytes]:
    """Good inputs to begin from."""
    if target == "layout":
        return [b"\0\0", b"\0\0" + PATCH.pack(12, 7) + PATCH.pack(13, TICKS), struct.pack("<H", 1 | 2 * 9000) + PATCH.pack(20, 0)]
    if target == "answers":
        return [bytes([i, 5, 1]) + bytes(100) for i in range(3)] + [bytes([0, 0, 3]) + bytes(60)]
    told = json.dumps(dict(_good_header())).encode()
    size = struct.pack("<H", len(told))
    return [bytes([0, 0, 0, 0, 0, 2, 0, 0, 0]), bytes([0, 0, 0, 0, 32, 3, 0, 0, 0]) + bytes(range(64)),
            bytes([0, 0, 0, 0, 3, 1, 6, 5, 0]) + b"400.5", bytes([0, 0, 0, 0, 4, 1, 0]) + size + told,
            bytes([255, 0, 0, 0]) + b"MVBBOX01" + struct.pack("<q", 2) + b"{}"]  # fmt: skip
