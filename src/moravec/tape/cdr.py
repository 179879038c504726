"""The fast records in CDR, the wire form of ROS 2: little-endian, members aligned to their size.

Source: OMG DDSI-RTPS 2.5, 10.5 (encapsulation), and CDR of OMG CORBA 3.3 part 2, 9.3 (alignment). The layout of each
message stands in `schemas.py`; any ROS 2 decoder reads it from there. `pack_tick` runs at every control tick, so its
layouts are compiled once per set of array lengths.
"""

from __future__ import annotations

import struct
from functools import lru_cache

import numpy as np

from moravec.core.command import Command
from moravec.core.errors import TapeError
from moravec.core.frames import Matrix
from moravec.core.observation import RobotState
from moravec.core.verdict import Approved, Decision, Verdict
from moravec.tape.misfit import fits, neutral, restored
from moravec.tape.records import Joints, Picture, Tick
from moravec.tape.stamps import SECOND, nanoseconds

_LITTLE = b"\x00\x01\x00\x00"  # encapsulation: plain CDR, little-endian
_PADDING = tuple(b"\x00" * (-n % 8) for n in range(8))
_PADDING_TO_4 = tuple(b"\x00" * (-n % 4) for n in range(4))
_COMMAND = "qddddddd"  # seq, t, grip_width, grip_force, made, expires, seen, novelty
_STATE = "qdddd"  # seq, t, grip_width, grip_force, people_t
_DOUBLE = struct.Struct("<d")
_VERDICT = struct.Struct("<dddii")  # value, limit, margin, joint, category
_POWER = (b"\x00", b"\x01")
_DECISIONS: tuple[Decision, ...] = ("pass", "limit", "stop")
_F64 = np.dtype("<f8")


@lru_cache(maxsize=64)
def _block(head: str, counts: tuple[int, ...], tail: str) -> struct.Struct:
    """A block that starts and ends on a multiple of 8: 8-byte members, then float64 sequences, then `tail`."""
    form, offset = "<" + head, 8 * len(head)
    for count in counts:
        form, offset = form + "I", offset + 4
        if count:
            gap = -offset % 8
            form, offset = f"{form}{gap}x{8 * count}s", offset + gap + 8 * count
    if tail == "?":
        form, offset = form + "?", offset + 1
        form += f"{-offset % 8}x"
    return struct.Struct(form)


def pack_tick(tick: Tick) -> bytes:
    """`tick` as moravec_msgs/msg/Tick.

    What was asked and measured may be anything at all; an answer that does not keep its contract is a TapeError.
    """
    note = ""
    if not fits(tick):
        tick, note = neutral(tick)
    try:
        approved = tick.approved
        power = approved.power
        if power is not True and power is not False:
            raise TypeError(f"found power {power!r}; allowed: True or False")
        verdict = pack_verdict(approved.verdict)
        return b"".join(
            (
                _LITTLE,
                _DOUBLE.pack(tick.now),
                _pack_state(tick.state),
                pack_command(tick.asked),
                pack_command(approved.command),
                verdict,
                _POWER[power],
                _PADDING_TO_4[(len(verdict) + 1) % 4],
                _string(note),
            )
        )
    except (struct.error, TypeError, ValueError, AttributeError) as error:
        raise TapeError(f"a tick cannot be recorded: {error}") from error


def pack_command(command: Command) -> bytes:
    """The body of one moravec_msgs/msg/Command, padded to a multiple of 8."""
    parts: list[object] = []
    counts = (_sequence(command.q, parts), _sequence(command.dq, parts))
    block = _block(_COMMAND, counts, "")
    body = block.pack(
        command.seq, command.t, command.grip_width, command.grip_force,
        command.made, command.expires, command.seen, command.novelty, *parts,
    )  # fmt: skip
    return _padded(body + _string(command.source))  # a block ends on a multiple of 4, where a string may begin


def pack_verdict(verdict: Verdict) -> bytes:
    """The body of one moravec_msgs/msg/Verdict."""
    check = _string(verdict.check)
    decision = _string(verdict.decision)
    return b"".join(
        (
            _VERDICT.pack(verdict.value, verdict.limit, verdict.margin, verdict.joint, verdict.category),
            decision,
            _PADDING_TO_4[len(decision) % 4],
            check,
            _PADDING_TO_4[len(check) % 4],
            _string(verdict.reason),
        )
    )


def _pack_state(state: RobotState) -> bytes:
    parts: list[object] = []
    counts = tuple(_sequence(array, parts) for array in (state.q, state.dq, state.tau, state.wrench, state.people))
    block = _block(_STATE, counts, "?")
    return block.pack(state.seq, state.t, state.grip_width, state.grip_force, state.people_t, *parts, state.estop)


def _sequence(array: Matrix, parts: list[object]) -> int:
    """Adds the count and the raw bytes of `array` (flattened) to `parts`; the bytes keep every NaN as it is."""
    values = np.asarray(array, dtype=_F64)
    count = values.size
    parts.append(count)
    if count:
        parts.append(values.tobytes())
    return count


@lru_cache(maxsize=1024)
def _string(text: str) -> bytes:
    data = text.encode("utf-8", "backslashreplace") + b"\x00"
    return struct.pack("<I", len(data)) + data


def _padded(data: bytes) -> bytes:
    return data + _PADDING[len(data) % 8]


class _Cursor:
    """Reads aligned members one after the other; the four bytes of encapsulation do not count."""

    def __init__(self, data: bytes) -> None:
        if data[:4] != _LITTLE:
            raise TapeError(f"a CDR record on the tape starts with {data[:4]!r}; allowed: {_LITTLE!r}")
        self._data = data
        self._at = 4

    def take(self, form: str, size: int) -> tuple[float, ...]:
        """Members of one `size`, aligned to it."""
        self._at += -(self._at - 4) % size
        values = struct.unpack_from("<" + form, self._data, self._at)
        self._at += size * len(values)
        return values

    def integer(self) -> int:
        return int(self.take("q", 8)[0])

    def boolean(self) -> bool:
        return bool(self.take("?", 1)[0])

    def count(self) -> int:
        count = int(self.take("I", 4)[0])
        if count > len(self._data) - self._at:
            raise TapeError(f"a CDR record on the tape asks for {count} values and ends before them")
        return count

    def array(self) -> Matrix:
        count = self.count()
        if count:
            self._at += -(self._at - 4) % 8
        values = np.frombuffer(self._data, dtype=_F64, count=count, offset=min(self._at, len(self._data)))
        self._at += 8 * count
        return values  # read-only, because `bytes` is

    def raw(self) -> bytes:
        count = self.count()
        self._at += count
        return self._data[self._at - count : self._at]

    def text(self) -> str:
        return self.raw()[:-1].decode("utf-8")


def unpack_tick(data: bytes) -> Tick:
    """The tick in `data`, bit for bit as it was packed. Raises TapeError."""
    try:
        cursor = _Cursor(data)
        (now,) = cursor.take("d", 8)
        tick = Tick(now, _unpack_state(cursor), _unpack_command(cursor), _unpack_approved(cursor))
        note = cursor.text()
        return restored(tick, note) if note else tick
    except (struct.error, ValueError) as error:
        raise TapeError(f"a tick on the tape cannot be read: {error}") from error


def _unpack_state(cursor: _Cursor) -> RobotState:
    seq = cursor.integer()
    t, width, force, people_t = cursor.take("dddd", 8)
    q, dq, tau, wrench = cursor.array(), cursor.array(), cursor.array(), cursor.array()
    people = cursor.array().reshape(-1, 2)
    return RobotState(seq, t, q, dq, tau, width, force, wrench, cursor.boolean(), people_t, people)


def _unpack_command(cursor: _Cursor) -> Command:
    seq = cursor.integer()
    t, width, force, made, expires, seen, novelty = cursor.take("ddddddd", 8)
    q, dq = cursor.array(), cursor.array()
    return Command(seq, t, q, dq, width, force, cursor.text(), made, expires, seen, novelty)


def _unpack_approved(cursor: _Cursor) -> Approved:
    command = _unpack_command(cursor)
    value, limit, margin = cursor.take("ddd", 8)
    joint, category = (int(x) for x in cursor.take("ii", 4))
    word, check, reason = cursor.text(), cursor.text(), cursor.text()
    power = cursor.boolean()
    for decision in _DECISIONS:
        if decision == word:
            return Approved(command, Verdict(decision, check, joint, value, limit, margin, reason, category), power)
    raise TapeError(f"a tick on the tape holds the decision {word!r}; allowed: one of {', '.join(_DECISIONS)}")


def _add(body: bytearray, alignment: int, data: bytes) -> None:
    body += b"\x00" * (-len(body) % alignment)
    body += data


def pack_joints(joints: Joints) -> bytes:
    """`joints` as sensor_msgs/msg/JointState."""
    body = _header(joints.t, "")
    _add(body, 4, struct.pack("<I", len(joints.names)))
    for name in joints.names:
        _add(body, 4, _string(name))
    for array in (joints.q, joints.dq, joints.tau):
        values = np.asarray(array, dtype=_F64)
        _add(body, 4, struct.pack("<I", values.size))
        if values.size:
            _add(body, 8, values.tobytes())
    return _LITTLE + body


def unpack_joints(data: bytes) -> Joints:
    """The joints in `data`. Raises TapeError."""
    try:
        cursor = _Cursor(data)
        t = _unpack_header(cursor)[0]
        names = tuple(cursor.text() for _ in range(cursor.count()))
        return Joints(t, names, cursor.array(), cursor.array(), cursor.array())
    except (struct.error, ValueError) as error:
        raise TapeError(f"a joint state on the tape cannot be read: {error}") from error


def pack_picture(picture: Picture) -> bytes:
    """`picture` as sensor_msgs/msg/CompressedImage."""
    body = _header(picture.t, picture.camera)
    _add(body, 4, _string(picture.format))
    _add(body, 4, struct.pack("<I", len(picture.data)))
    return b"".join((_LITTLE, body, picture.data))


def unpack_picture(data: bytes, kind: str) -> Picture:
    """The picture in `data`. Raises TapeError."""
    try:
        cursor = _Cursor(data)
        t, camera = _unpack_header(cursor)
        return Picture(camera, "color" if kind == "color" else "depth", t, cursor.text(), cursor.raw())
    except (struct.error, ValueError) as error:
        raise TapeError(f"a picture on the tape cannot be read: {error}") from error


def _header(t: float, frame_id: str) -> bytearray:
    seconds, rest = divmod(nanoseconds(t), SECOND)
    return bytearray(struct.pack("<iI", min(seconds, 2**31 - 1), rest) + _string(frame_id))


def _unpack_header(cursor: _Cursor) -> tuple[float, str]:
    seconds, rest = cursor.take("iI", 4)
    return seconds + rest * 1e-9, cursor.text()
