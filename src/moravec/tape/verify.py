"""Says whether a tape is, byte for byte, what was written.

Every byte is held by something: magic, header and chunks by the SHA-256 in the seal behind them; a seal by its fixed
form; the indexes by the chunk they belong to; the end of a finished tape by being derived anew from the rest. A tape
that was cut off is checked up to its last seal, a complete chunk behind it by its own checksum. What this cannot see:
a tape rewritten as a whole, seals included. Against that, keep `VerifyReport.sha256` somewhere else.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from dataclasses import dataclass
from typing import final

from mcap.opcode import Opcode

from moravec.core.errors import TapeTampered
from moravec.tape import layout
from moravec.tape.scan import Bytes, ScannedChunk, chunk_length, mapped, open_chunk


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What was found. `truncated_at` is the offset up to which a tape that was cut off is sealed."""

    complete: bool
    truncated_at: int | None
    faults: tuple[str, ...]
    sha256: str  # of the whole file, in hex


def verify(path: str | os.PathLike[str]) -> VerifyReport:
    """Check the tape at `path`. A foreign file is a fault. Raises TapeError where it cannot be read at all."""
    with mapped(path) as data:
        walk = _Walk(data)
        try:
            complete = walk.run()
        except TapeTampered as fault:
            walk.faults.append(str(fault))
            complete = False
        sha256 = hashlib.sha256(data).hexdigest()
    faults = tuple(walk.faults)
    return VerifyReport(complete and not faults, None if complete or faults else walk.sealed, faults, sha256)


@final
class _Walk:
    """One pass over the bytes of a tape."""

    def __init__(self, data: Bytes) -> None:
        self.data = data
        self.at = 0
        self.sealed = 0  # offset behind the last seal
        self.faults: list[str] = []
        self.contents = layout.Contents()
        self._sha256 = hashlib.sha256()
        self._crc = 0
        self._hashed = 0

    def run(self) -> bool:
        """Whether the tape is complete. Raises TapeTampered for a fault behind which nothing can be made out."""
        if not self._expect(layout.opening(), "the opening") or not self._seal():
            return False
        while self.at < len(self.data):
            if self.data[self.at] == Opcode.DATA_END:
                return self._end()
            if self.data[self.at] != Opcode.CHUNK:
                raise TapeTampered(f"a record of kind {self.data[self.at]} at byte {self.at}, where a chunk belongs")
            if not self._chunk() or not self._seal():
                return False
        return False

    def _expect(self, wanted: bytes, what: str) -> bool:
        """Step over `wanted`; False where the file ends within it. Raises TapeTampered."""
        found = self.data[self.at : self.at + len(wanted)]
        if found == wanted:
            self.at += len(wanted)
            return True
        if wanted.startswith(found):
            return False
        wrong = next(i for i, (a, b) in enumerate(zip(found, wanted, strict=False)) if a != b)
        raise TapeTampered(f"{what} is not what was written, from byte {self.at + wrong} on")

    def _hash_to(self, offset: int) -> None:
        part = self.data[self._hashed : offset]
        self._sha256.update(part)
        self._crc = zlib.crc32(part, self._crc)
        self._hashed = offset

    def _seal(self) -> bool:
        self._hash_to(self.at)
        at = self.at
        if not self._expect(layout.seal(at, self._sha256.hexdigest()), f"the seal at byte {at}, or what it seals,"):
            return False
        self.contents.seals.append(at)
        self.sealed = self.at
        return True

    def _chunk(self) -> bool:
        """Step over a chunk and its indexes; False where the file ends within them. Raises TapeTampered."""
        at = self.at
        length = chunk_length(self.data, at)
        if length is None:
            self._refuse_later_seal()
            return False
        chunk = open_chunk(self.data, at, length)
        self._check_numbers(chunk, at)
        facts = layout.ChunkFacts.of((m.channel, m.time, m.offset) for m in chunk.messages)
        if (facts.start, facts.end) != (chunk.start, chunk.end):
            raise TapeTampered(f"the chunk at byte {at} claims other times than its messages have")
        group = facts.group(at, self.data[at : at + length], chunk.compressed_size, chunk.size)
        if not self._expect(group.data, f"the indexes of the chunk at byte {at}"):
            return False
        self.contents.add(group)
        return True

    def _check_numbers(self, chunk: ScannedChunk, at: int) -> None:
        contents = self.contents
        for index, message in enumerate(chunk.messages, start=contents.messages):
            if message.sequence != index % 2**32 or message.publish_time != message.time:
                raise TapeTampered(f"the chunk at byte {at} holds record {message.sequence} where {index} belongs")
        contents.schemas += chunk.schemas
        contents.channels += chunk.channels

    def _refuse_later_seal(self) -> None:
        """A chunk that runs over the end was cut off only if nothing sealed follows. Raises TapeTampered."""
        if layout.SEAL_PATTERN.search(self.data, self.at + 1) is not None:
            raise TapeTampered(f"the chunk at byte {self.at} claims to be longer than the file, yet seals follow it")

    def _end(self) -> bool:
        if not self._expect(layout.ending(self.contents, self.at, self._crc_here()), "the end of the tape"):
            return False
        if self.at != len(self.data):
            raise TapeTampered(f"{len(self.data) - self.at} bytes follow the end of the tape at byte {self.at}")
        return True

    def _crc_here(self) -> int:
        self._hash_to(self.at)
        return self._crc
