"""Takes the bytes of a tape apart, trusting none of them. Shared by `reader` and `verify`."""

from __future__ import annotations

import mmap
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TypeAlias

import zstandard
from mcap.data_stream import ReadDataStream
from mcap.opcode import Opcode
from mcap.records import Channel, Schema

from moravec.core.errors import TapeError, TapeTampered
from moravec.tape import layout

Bytes: TypeAlias = bytes | mmap.mmap
_LARGEST_CHUNK = 1 << 30  # [bytes] uncompressed


@contextmanager
def mapped(path: str | os.PathLike[str]) -> Iterator[Bytes]:
    """The bytes of the file at `path`; a slice of them is a copy. Raises TapeError."""
    try:
        with Path(path).open("rb") as file:
            empty = os.fstat(file.fileno()).st_size == 0  # an empty file cannot be mapped
            content = None if empty else mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise TapeError(f"tape {path}: cannot be read: {error.strerror}") from error
    if content is None:
        yield b""
        return
    with content:
        yield content


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it stands in a chunk."""

    channel: int
    sequence: int
    time: int  # [ns]
    publish_time: int  # [ns]
    offset: int  # in the chunk's records
    data: bytes


@dataclass(frozen=True, slots=True)
class ScannedChunk:
    """The records of one chunk, and the head it claims."""

    start: int  # [ns]
    end: int  # [ns]
    compressed_size: int
    size: int
    schemas: tuple[Schema, ...]
    channels: tuple[Channel, ...]
    messages: tuple[Message, ...]


def chunk_length(data: Bytes, at: int) -> int | None:
    """The length of the chunk record at `at`, head included; None where the file ends before the chunk does.

    Raises TapeTampered for a head that contradicts itself.
    """
    head = data[at : at + layout.CHUNK_HEAD.size]
    if len(head) < layout.CHUNK_HEAD.size:
        return None
    fields = layout.CHUNK_HEAD.unpack(head)
    length, word_length, word, compressed = fields[1], fields[6], fields[7], fields[8]
    if word_length != 4 or word != b"zstd" or length != layout.CHUNK_HEAD.size - layout.HEAD.size + compressed:
        raise TapeTampered(f"the chunk at byte {at} has a head that contradicts itself")
    whole: int = layout.HEAD.size + length
    return whole if at + whole <= len(data) else None


def open_chunk(data: Bytes, at: int, length: int) -> ScannedChunk:
    """The chunk of `length` bytes at `at`. Raises TapeTampered where it does not fit its own checks."""
    _, _, start, end, size, crc, _, _, compressed = layout.CHUNK_HEAD.unpack(data[at : at + layout.CHUNK_HEAD.size])
    content = _inflate(data[at + layout.CHUNK_HEAD.size : at + length], size, at)
    if zlib.crc32(content) != crc:
        raise TapeTampered(f"the chunk at byte {at} does not fit its checksum")
    schemas: list[Schema] = []
    channels: list[Channel] = []
    messages: list[Message] = []
    try:
        for opcode, offset, stop in _records(content):
            body = content[offset + layout.HEAD.size : stop]
            if opcode == Opcode.MESSAGE:
                _, _, channel, sequence, time, publish = layout.MESSAGE_HEAD.unpack_from(content, offset)
                payload = content[offset + layout.MESSAGE_HEAD.size : stop]
                messages.append(Message(channel, sequence, time, publish, offset, payload))
            elif opcode == Opcode.SCHEMA:
                schemas.append(Schema.read(ReadDataStream(BytesIO(body))))
            elif opcode == Opcode.CHANNEL:
                channels.append(Channel.read(ReadDataStream(BytesIO(body))))
            else:
                raise TapeTampered(f"the chunk at byte {at} holds a record of kind {opcode}")
    except (struct.error, ValueError) as error:
        raise TapeTampered(f"the chunk at byte {at} holds a broken record: {error}") from error
    return ScannedChunk(start, end, compressed, size, tuple(schemas), tuple(channels), tuple(messages))


def _inflate(compressed: bytes, size: int, at: int) -> bytes:
    try:
        claimed = zstandard.frame_content_size(compressed)
        if claimed != size or size > _LARGEST_CHUNK:
            raise TapeTampered(f"the chunk at byte {at} claims {size} bytes and its data {claimed}")
        return zstandard.ZstdDecompressor().decompress(compressed, max_output_size=size, allow_extra_data=False)
    except zstandard.ZstdError as error:
        raise TapeTampered(f"the chunk at byte {at} cannot be decompressed: {error}") from error


def _records(content: bytes) -> Iterator[tuple[int, int, int]]:
    """(opcode, offset, end) of each record. Raises ValueError where one runs over the end."""
    offset = 0
    while offset < len(content):
        opcode, length = layout.HEAD.unpack_from(content, offset)
        stop = offset + layout.HEAD.size + length
        if stop > len(content):
            raise ValueError(f"the record at {offset} runs over the chunk's end")
        yield opcode, offset, stop
        offset = stop
