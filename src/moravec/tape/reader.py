"""Reads a tape, whole or cut off."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import numpy as np
from mcap.opcode import Opcode
from mcap.records import Channel

from moravec.core.command import ActionChunk
from moravec.core.errors import TapeError, TapeTampered
from moravec.core.frames import frozen
from moravec.core.observation import RobotState
from moravec.tape import layout
from moravec.tape.cdr import unpack_joints, unpack_picture, unpack_tick
from moravec.tape.misfit import restored_state
from moravec.tape.plain import decode, number
from moravec.tape.records import Entry, Recorded, Value
from moravec.tape.scan import Bytes, Message, chunk_length, mapped, open_chunk
from moravec.tape.schemas import CONTROL, JOINTS, META


def read(path: str | os.PathLike[str]) -> Iterator[Recorded]:
    """All records in the order of their recording.

    A tape that was cut off (a killed process, a full disk) gives every record of its complete chunks, then ends. Raises
    TapeError for a file that is not a tape, TapeTampered where a chunk does not fit its checksum. That the tape is
    what was written, byte for byte, is for `verify` to say.
    """
    with mapped(path) as data:
        at = _after_opening(data, path)
        channels: dict[int, Channel] = {}
        while at < len(data):
            opcode = data[at]
            if opcode == Opcode.DATA_END:
                return
            if opcode == Opcode.CHUNK:
                length = chunk_length(data, at)
                if length is None:
                    return
                chunk = open_chunk(data, at, length)
                channels.update((channel.id, channel) for channel in chunk.channels)
                for message in chunk.messages:
                    yield _recorded(message, channels)
                at += length
                continue
            if opcode not in (Opcode.MESSAGE_INDEX, Opcode.METADATA):
                raise TapeTampered(f"tape {path}: a record of kind {opcode} at byte {at}, where none belongs")
            if at + layout.HEAD.size > len(data):
                return
            at += layout.HEAD.size + int(layout.HEAD.unpack_from(data, at)[1])


def read_meta(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What ran: the first record of the tape. Raises TapeError."""
    for record in read(path):
        if record.topic == META and isinstance(record.value, Entry):
            return record.value.payload
        break
    raise TapeError(f"tape {path}: it was cut off before it said what ran; it holds nothing")


def chunk_of(entry: Entry) -> ActionChunk:
    """The action chunk of a /chunk record, bit for bit. Raises TapeError, ContractError."""
    payload = entry.payload
    try:
        times = np.array([number(x) for x in payload["times"]])
        q, dq = (np.array([[number(x) for x in row] for row in payload[key]]) for key in ("q", "dq"))
        return ActionChunk.of(times, q, dq, str(payload["source"]))
    except (KeyError, TypeError, ValueError) as error:
        raise TapeError(f"an action chunk on the tape cannot be read: {error!r}") from error


def state_of(entry: Entry) -> dict[tuple[str, ...], Any]:
    """The symbolic state of a /validation record. Raises TapeError."""
    try:
        return {tuple(fact["fluent"]): fact["value"] for fact in entry.payload["state"]}
    except (KeyError, TypeError) as error:
        raise TapeError(f"a symbolic state on the tape cannot be read: {error!r}") from error


def reset_of(entry: Entry) -> tuple[float, RobotState, Any]:
    """Time [s], state and recorded verdict (JSON data) of a reset in /guard. Raises TapeError."""
    try:
        raw = dict(entry.payload["state"])
        for name in ("q", "dq", "tau", "wrench"):
            raw[name] = frozen([number(x) for x in raw[name]])
        for name in ("t", "grip_width", "grip_force", "people_t"):
            raw[name] = number(raw[name])
        raw["people"] = frozen([[number(x) for x in row] for row in raw["people"]]).reshape(-1, 2)
        state = restored_state(RobotState(**raw), entry.payload["misfits"])
        return number(entry.payload["now"]), state, entry.payload["verdict"]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise TapeError(f"a reset on the tape cannot be read: {error!r}") from error


def tightening_of(entry: Entry) -> tuple[str, dict[str, Any] | None]:
    """Who asked for the tightening in /guard, and the limit table as JSON data; None gives the first one back.

    Raises TapeError.
    """
    payload = entry.payload
    limits = payload.get("limits")
    if isinstance(payload.get("who"), str) and "limits" in payload and (limits is None or isinstance(limits, dict)):
        return payload["who"], limits
    raise TapeError(f"a tightening on the tape cannot be read: found the fields {sorted(payload)}")


def mode_of(entry: Entry) -> tuple[str, str]:
    """The mode that a change of mode in /guard names, and why. Raises TapeError."""
    mode, why = entry.payload.get("mode"), entry.payload.get("why")
    if isinstance(mode, str) and isinstance(why, str):
        return mode, why
    raise TapeError(f"a change of mode on the tape cannot be read: found mode {mode!r}, why {why!r}")


def _after_opening(data: Bytes, path: str | os.PathLike[str]) -> int:
    """Where the records begin. Raises TapeError for a foreign file."""
    opening = layout.opening()
    if data[: len(opening)] == opening:
        return len(opening)
    if data[: len(layout.MAGIC)] != layout.MAGIC:
        found = "nothing" if not data else repr(data[:8])
        raise TapeError(f"tape {path}: not an MCAP file; found {found} at its start; allowed: {layout.MAGIC!r}")
    if len(data) < len(opening) and opening.startswith(data[:]):
        raise TapeError(f"tape {path}: it was cut off after {len(data)} bytes; it holds nothing")
    named = layout.layout_named(data[:64])
    if named is not None:
        raise TapeError(f"tape {path}: its layout is {named!r}; this version reads {layout.LIBRARY!r} and no other")
    raise TapeError(
        f"tape {path}: an MCAP file, but not a tape of Moravec; "
        f"allowed: profile {layout.PROFILE!r} written by {layout.LIBRARY!r}"
    )


def _recorded(message: Message, channels: dict[int, Channel]) -> Recorded:
    channel = channels.get(message.channel)
    if channel is None:
        raise TapeTampered(f"record {message.sequence} is of channel {message.channel}, which the tape never names")
    return Recorded(channel.topic, message.time, message.sequence, _value(channel, message.data))


def _value(channel: Channel, data: bytes) -> Value:
    if channel.topic == CONTROL:
        return unpack_tick(data)
    if channel.topic == JOINTS:
        return unpack_joints(data)
    if channel.message_encoding == "json":
        payload = decode(data)
        return Entry(number(payload.get("t", 0.0)), payload)
    return unpack_picture(data, channel.topic.rpartition("/")[2])
