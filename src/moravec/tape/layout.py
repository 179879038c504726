"""How the bytes of a tape are laid out: MCAP, arranged so that every byte can be checked.

    magic, header, seal, { chunk, its message indexes, seal }, data end, summary, footer, magic

A seal is an MCAP metadata record that holds the SHA-256 of every byte before it. Seals stand after every chunk, so in
a tape that was cut off everything up to the last seal is held by it; in a finished tape the end follows from the
rest, byte for byte. Everything here is a pure function of its arguments, used by the writer to write and by `verify`
to say what should have been written.

Source: the MCAP specification, https://mcap.dev/spec.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field

import zstandard
from mcap.data_stream import RecordBuilder
from mcap.opcode import Opcode
from mcap.records import (
    Channel,
    ChunkIndex,
    Footer,
    Header,
    McapRecord,
    MetadataIndex,
    Schema,
    Statistics,
    SummaryOffset,
)

from moravec.tape.schemas import Form

MAGIC = b"\x89MCAP0\r\n"
PROFILE = "moravec"
LIBRARY = "moravec-tape/2"  # the number counts the layouts of the records; only this one is read
SEAL_NAME = "moravec.seal"
HEAD = struct.Struct("<BQ")  # opcode, length: every record begins so
CHUNK_HEAD = struct.Struct("<BQQQQII4sQ")  # ..., start, end, size, crc, length of "zstd", "zstd", compressed size
MESSAGE_HEAD = struct.Struct("<BQHIQQ")  # ..., channel, sequence, log time, publish time
_INDEX_HEAD = struct.Struct("<BQHI")
_ZSTD_LEVEL = 3
_SEQUENCES = 2**32


def serialised(record: McapRecord) -> bytes:
    """`record` as the mcap library writes it."""
    builder = RecordBuilder()
    record.write(builder)
    return bytes(builder.end())  # type: ignore[no-untyped-call]


def opening() -> bytes:
    """What stands before the first seal."""
    return MAGIC + serialised(Header(PROFILE, LIBRARY))


def layout_named(data: bytes) -> str | None:
    """The layout that the first bytes of a tape, older or newer, name; None where they are not those of a tape."""
    found = _OPENING_PATTERN.match(data)
    return None if found is None else found[1].decode()


# ── seals ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def _prefixed(text: bytes) -> bytes:
    return struct.pack("<I", len(text)) + text


def seal(offset: int, sha256: str) -> bytes:
    """The seal at `offset`, over all bytes before it. It always has the same length."""
    pairs = _prefixed(b"offset") + _prefixed(b"%020d" % offset) + _prefixed(b"sha256") + _prefixed(sha256.encode())
    body = _prefixed(SEAL_NAME.encode()) + _prefixed(pairs)
    return HEAD.pack(Opcode.METADATA, len(body)) + body


_OPENING_PATTERN = re.compile(
    re.escape(MAGIC) + rb"\x01.{8}" + re.escape(_prefixed(PROFILE.encode())) + rb".{4}(moravec-tape/[0-9]{1,9})",
    re.DOTALL,
)
SEAL_LENGTH = len(seal(0, "0" * 64))
_BEFORE, _BETWEEN, _ = (re.escape(part) for part in re.split(rb"0{64}|0{20}", seal(0, "0" * 64)))
SEAL_PATTERN = re.compile(_BEFORE + rb"[0-9]{20}" + _BETWEEN + rb"[0-9a-f]{64}", re.DOTALL)  # any seal


# ── chunks ───────────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Pending:
    """One record on its way into a chunk: a message of `channel`; with channel 0 a whole schema or channel record."""

    channel: int
    time: int  # [ns]
    data: bytes


@dataclass(frozen=True, slots=True)
class Group:
    """A chunk with its message indexes, and what the summary says of it."""

    data: bytes
    index: ChunkIndex
    counts: dict[int, int]  # channel -> messages
    messages: int


@dataclass(frozen=True, slots=True)
class ChunkFacts:
    """What follows from a chunk's records: places of messages, in the order in which channels first appear."""

    places: dict[int, list[int]]  # channel -> [time, offset, time, offset, ...]
    start: int  # [ns] earliest message
    end: int  # [ns] latest message

    @staticmethod
    def of(messages: Iterable[tuple[int, int, int]]) -> ChunkFacts:
        """From (channel, time, offset in the chunk) of each message."""
        places: dict[int, list[int]] = {}
        start, end = -1, 0
        for channel, time, offset in messages:
            places.setdefault(channel, []).extend((time, offset))
            start = time if start < 0 or time < start else start
            end = time if time > end else end
        return ChunkFacts(places, max(start, 0), end)

    def indexes(self) -> bytes:
        """The message index records."""
        return b"".join(
            _INDEX_HEAD.pack(Opcode.MESSAGE_INDEX, 6 + 8 * len(flat), channel, 8 * len(flat))
            + struct.pack(f"<{len(flat)}Q", *flat)
            for channel, flat in self.places.items()
        )

    def group(self, at: int, chunk: bytes, compressed_size: int, size: int) -> Group:
        """`chunk`, standing at offset `at`, with its indexes behind it."""
        offset = at + len(chunk)
        offsets: dict[int, int] = {}
        for channel, flat in self.places.items():
            offsets[channel] = offset
            offset += _INDEX_HEAD.size + 8 * len(flat)
        counts = {channel: len(flat) // 2 for channel, flat in self.places.items()}
        index = ChunkIndex(
            chunk_length=len(chunk),
            chunk_start_offset=at,
            compression="zstd",
            compressed_size=compressed_size,
            message_end_time=self.end,
            message_index_length=offset - at - len(chunk),
            message_index_offsets=offsets,
            message_start_time=self.start,
            uncompressed_size=size,
        )
        return Group(chunk + self.indexes(), index, counts, sum(counts.values()))


def group_of(pending: Iterable[Pending], at: int, sequence: int) -> Group:
    """The chunk of `pending` at file offset `at`; `sequence` is the number of its first message."""
    parts: list[bytes] = []
    messages: list[tuple[int, int, int]] = []
    offset = 0
    for item in pending:
        if item.channel:
            messages.append((item.channel, item.time, offset))
            number = (sequence + len(messages) - 1) % _SEQUENCES
            length = MESSAGE_HEAD.size - HEAD.size + len(item.data)
            parts.append(MESSAGE_HEAD.pack(Opcode.MESSAGE, length, item.channel, number, item.time, item.time))
            offset += MESSAGE_HEAD.size
        parts.append(item.data)
        offset += len(item.data)
    content = b"".join(parts)
    compressed = zstandard.compress(content, _ZSTD_LEVEL)
    facts = ChunkFacts.of(messages)
    chunk = chunk_head(len(compressed), facts.start, facts.end, len(content), zlib.crc32(content)) + compressed
    return facts.group(at, chunk, len(compressed), len(content))


def chunk_head(compressed_size: int, start: int, end: int, size: int, crc: int) -> bytes:
    """What stands before a chunk's compressed records."""
    length = CHUNK_HEAD.size - HEAD.size + compressed_size
    return CHUNK_HEAD.pack(Opcode.CHUNK, length, start, end, size, crc, 4, b"zstd", compressed_size)


def schema_record(number: int, form: Form) -> Schema:
    """The schema of `form` under `number`."""
    return Schema(id=number, data=form.schema, encoding=form.schema_encoding, name=form.schema_name)


def channel_record(number: int, topic: str, form: Form, schema: int) -> Channel:
    """The channel of `topic` under `number`."""
    return Channel(id=number, topic=topic, message_encoding=form.message_encoding, metadata={}, schema_id=schema)


# ── the end ──────────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(slots=True)
class Contents:
    """What the summary tells of the tape so far."""

    schemas: list[Schema] = field(default_factory=list)
    channels: list[Channel] = field(default_factory=list)
    chunks: list[ChunkIndex] = field(default_factory=list)
    seals: list[int] = field(default_factory=list)  # their offsets
    counts: dict[int, int] = field(default_factory=dict)
    messages: int = 0
    start: int = 0  # [ns]
    end: int = 0  # [ns]

    def add(self, group: Group) -> None:
        """Count one more chunk."""
        if group.messages:
            start = group.index.message_start_time
            self.start = min(self.start, start) if self.messages else start
            self.end = max(self.end, group.index.message_end_time)
        self.messages += group.messages
        self.chunks.append(group.index)
        for channel, count in group.counts.items():
            self.counts[channel] = self.counts.get(channel, 0) + count


def ending(contents: Contents, at: int, data_crc: int) -> bytes:
    """Everything from offset `at` on, behind the last seal; `data_crc` is the CRC-32 of all bytes before `at`."""
    data_end = HEAD.pack(Opcode.DATA_END, 4) + struct.pack("<I", data_crc)
    statistics = Statistics(
        attachment_count=0,
        channel_count=len(contents.channels),
        channel_message_counts=contents.counts,
        chunk_count=len(contents.chunks),
        message_count=contents.messages,
        message_end_time=contents.end,
        message_start_time=contents.start,
        metadata_count=len(contents.seals),
        schema_count=len(contents.schemas),
    )
    seals = [MetadataIndex(offset=offset, length=SEAL_LENGTH, name=SEAL_NAME) for offset in contents.seals]
    groups: list[tuple[Opcode, Iterable[McapRecord]]] = [
        (Opcode.SCHEMA, contents.schemas),
        (Opcode.CHANNEL, contents.channels),
        (Opcode.STATISTICS, [statistics]),
        (Opcode.CHUNK_INDEX, contents.chunks),
        (Opcode.METADATA_INDEX, seals),
    ]
    start = at + len(data_end)
    summary, offsets = b"", b""
    for opcode, records in groups:
        data = b"".join(serialised(record) for record in records)
        if data:
            offsets += serialised(SummaryOffset(opcode, start + len(summary), len(data)))
            summary += data
    offsets_start = start + len(summary)
    summary += offsets
    head = struct.pack("<BQQQ", Opcode.FOOTER, 20, start, offsets_start)
    footer = Footer(summary_start=start, summary_offset_start=offsets_start, summary_crc=zlib.crc32(summary + head))
    return data_end + summary + serialised(footer) + MAGIC
