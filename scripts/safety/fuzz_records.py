"""Fuzz targets: a client's command, an operator's order and a driver's report, as bytes, into the edge process's decoders.

The oracle is a predicate of well-formedness, written a second time from the words of the layout and with zlib's checksum: a
record is taken exactly where it holds, what is taken stands there bit for bit, and what is refused changes nothing.

One input: four bytes of circumstances, then the mailbox. With the first bit of the first byte the mailbox gets its full length
and a good seal, and with the next ones a good writer, number and date: without that no fuzzer would ever pass the checksum.
"""

from __future__ import annotations

import copy
import struct
import zlib
from dataclasses import fields
from typing import Any

from moravec.edge import decode
from moravec.edge.form import Link
from moravec.guard.kernel.form import Asked

# The words of a mailbox, once more: lock, number, writer, stamp, words, checksum; then
COMMAND = struct.Struct("<5qd16d16d6d")  # n, moves, mode, seq, tick; t; q; dq; grip 2, made, expires, seen, novelty
ORDER = struct.Struct("<3q")  # mode, sets, reset
STATE = struct.Struct("<3q2d16d16d16d6d2d16d")  # n, estop, people; t, people_t; q; dq; tau; wrench; grip; person
HEAD = struct.Struct("<6q")
ME, OPERATOR, NOW, OLDEST, LAST = 77, 79, 5_000_000_000, 16_000_000, 3
AHEAD, FAR = 1_000, 1 << 31  # [ns]; numbers from here on are none of ours
JOINTS, PEOPLE, MODES = 16, 8, 3


class Raw:
    """Bytes as the decoders take them, as bytes or words. Read word by word in Python, a memoryview is quicker than NumPy."""

    def __init__(self, data: bytes) -> None:
        self.bytes, self.size = memoryview(data), len(data)

    def view(self, kind: Any) -> memoryview:
        """As whole or real numbers."""
        return self.bytes.cast("d" if kind is float or kind.__name__ == "float64" else "q")


def quick_crc32(raw: Raw, start: int, end: int, before: int) -> int:
    """The decoders' checksum, by zlib; that the two are one is tested by tests/edge/test_edge_decode.py."""
    return zlib.crc32(raw.bytes[start:end], before)


def crc_of(data: bytes) -> int:
    """The checksum of a whole mailbox."""
    return zlib.crc32(data[48:], zlib.crc32(data[8:40]))


def sealed(data: bytes, how: int, payload: int, me: int = ME) -> bytes:
    """`data` with as much made good as `how` says, and its full length: `payload` bytes behind the head."""
    if how & 1 == 0:
        return data
    lock, number, writer, stamp, _, _ = HEAD.unpack(data[:48].ljust(48, b"\0"))
    number, writer = number if how & 2 else LAST + 1, writer if how & 4 else me
    stamp = stamp if how & 8 else NOW - 1_000
    rest = data[48 : 48 + payload].ljust(payload, b"\0")
    made = HEAD.pack(lock & ~1, number, writer, stamp, payload // 8, 0) + rest
    return made[:40] + struct.pack("<q", crc_of(made)) + rest


def whole(data: bytes, payload: int, lease: int, last: int) -> bool:
    """Whether the mailbox is whole, of the writer `lease`, newer than record `last`, and of now."""
    if len(data) != 48 + payload:
        return False
    lock, number, writer, stamp, words, crc = HEAD.unpack(data[:48])
    if lock % 2 or words != payload // 8 or crc != crc_of(data):
        return False
    return writer == lease != 0 and number > last and NOW - OLDEST <= stamp <= NOW + AHEAD


def command_fits(data: bytes, k: Link) -> bool:
    """Whether a command is one that may be taken, by a client whose robot has k.n joints, at tick k.tick."""
    if not whole(data, COMMAND.size, k.lease, k.number):
        return False
    n, moves, mode, seq, tick = COMMAND.unpack(data[48:])[:5]
    if moves not in (0, 1) or mode not in range(MODES) or abs(seq) >= FAR or tick < 0:
        return False
    return moves == 0 or (n == k.n and (tick == 0 or k.tick - 64 <= tick <= k.tick + 2))


def link_of(data: bytes) -> tuple[Link, bytes, int]:
    """The loop's memory that the first four bytes stand for, the rest, and what is to be made good of it."""
    how, n, tick, have = data[:4].ljust(4, b"\0")
    link = Link(n=n % JOINTS + 1, oldest=OLDEST, tick=tick, lease=ME, driver=ME, number=LAST, state_number=LAST)
    link.operator, link.order_number, link.order_mode = OPERATOR, LAST, have % MODES
    link.have, link.seq = have & 1, (have >> 1) - 64
    if how & 16:
        link.lease = link.driver = link.operator = 0
    if how & 32:
        link.operator = link.lease
    return link, data[4:], how


def _numbers(record: Any) -> list[Any]:
    """All fields of a record, lists copied."""
    values = [getattr(record, item.name) for item in fields(record)]
    return [list(value) if isinstance(value, list) else value for value in values]


def _bits(values: list[float]) -> bytes:
    return struct.pack(f"<{len(values)}d", *values)


def command(data: bytes) -> None:
    """One input. Raises AssertionError where the decoder takes what it must not, or refuses what is good."""
    k, mailbox, how = link_of(data)
    mailbox, a = sealed(mailbox, how, COMMAND.size), Asked()
    fits, before = command_fits(mailbox, k), (k.have, k.seq)
    was = _numbers(k)
    code = decode.decode_command(Raw(mailbox), a, k, NOW)
    assert (code == 0) == fits, f"code {code} for a command that {'fits' if fits else 'does not fit'}"
    if not fits:
        assert _numbers(k) == was and a == UNTOUCHED, "a command that was refused left something behind"
        return
    n, moves, mode, seq, tick, t, *rest = COMMAND.unpack(mailbox[48:])
    assert (k.fits, k.mode, k.number) == (moves, mode, HEAD.unpack(mailbox[:48])[1])
    if moves == 0:
        assert a == UNTOUCHED, "a command that does not move changed the set-point"
        return
    assert k.seq == seq and k.step == (seq - before[1] if before[0] else 1) and k.command_tick == (tick or k.tick)
    asked = [t, *a.q[:n], *a.dq[:n], a.grip_width, a.grip_force, a.made, a.expires, a.seen, a.novelty]
    assert _bits([a.t, *asked[1:]]) == _bits([t, *rest[:n], *rest[16 : 16 + n], *rest[32:]])
    assert not any(a.q[n:]) and not any(a.dq[n:]), "joints that the robot has not"


def order(data: bytes) -> None:
    """One input. Raises AssertionError where the decoder takes what it must not, or refuses what is good."""
    k, mailbox, how = link_of(data)
    mailbox = sealed(mailbox, how, ORDER.size, OPERATOR if k.operator == OPERATOR else ME)
    fits = k.operator != k.lease and whole(mailbox, ORDER.size, k.operator, k.order_number)
    mode, sets, reset = ORDER.unpack(mailbox[48:]) if fits else (0, 0, 0)
    fits = fits and mode in range(MODES) and sets in (0, 1) and 0 <= reset < FAR
    was = copy.deepcopy(k)
    code = decode.decode_order(Raw(mailbox), k, NOW)
    assert (code == 0) == fits, f"code {code} for an order that {'fits' if fits else 'does not fit'}"
    if fits:
        was.order_number, was.reset_asked = HEAD.unpack(mailbox[:48])[1], reset
        was.order_mode = mode if sets else was.order_mode
    assert _numbers(k) == _numbers(was), "an order that left something else behind than it says"


def state(data: bytes) -> None:
    """One input. Raises AssertionError where the decoder takes what it must not, or refuses what is good."""
    k, mailbox, how = link_of(data)
    mailbox, a = sealed(mailbox, how, STATE.size), Asked()
    fits = whole(mailbox, STATE.size, k.driver, k.state_number)
    n, estop, people, t, people_t, *rest = STATE.unpack(mailbox[48:]) if fits else (0, 0, 0, 0.0, 0.0)
    fits = fits and n == k.n
    was = _numbers(k)
    code = decode.decode_state(Raw(mailbox), a, k, NOW)
    assert (code == 0) == fits, f"code {code} for a report that {'fits' if fits else 'does not fit'}"
    if not fits:
        assert _numbers(k) == was and a == UNTOUCHED, "a report that was refused left something behind"
        return
    assert k.state_number == HEAD.unpack(mailbox[:48])[1]
    assert (a.estop == 0) == (estop == 0), "an emergency stop that is not plainly released"
    assert a.people == (people if 0 <= people <= PEOPLE else -1), "a list of people that cannot be one"
    told = [t, people_t, *rest[:n], *rest[16 : 16 + n], *rest[32 : 32 + n], *rest[48:]]
    found = [a.state_t, a.people_t, *a.measured_q[:n], *a.measured_dq[:n], *a.measured_tau[:n], *a.wrench, *a.measured_grip]
    assert _bits([*found, *a.person]) == _bits(told)


UNTOUCHED = Asked()


def seeds(target: str) -> list[bytes]:
    """Good inputs to begin from."""
    circumstances = bytes([1, 2, 100, 0])  # to be sealed; three joints
    if target == "command":
        numbers = (0.1,) * 7 + (0.0,) * 32
        payloads = [COMMAND.pack(3, moves, 0, 9, 100 * moves, 4.9, *numbers[:38]) for moves in (0, 1)]
        payloads.append(COMMAND.pack(3, 1, 2, -1, 0, 4.9, *numbers[:38]))
    elif target == "order":
        payloads = [ORDER.pack(0, 0, 1), ORDER.pack(2, 1, 0), ORDER.pack(1, 0, 7)]
    else:
        payloads = [STATE.pack(3, estop, 2, 4.9, 4.9, *(0.1,) * 72) for estop in (0, 1)]
    made = [circumstances + bytes(48) + payload for payload in payloads]
    good = sealed(bytes(48) + payloads[-1], 1, len(payloads[-1]), OPERATOR if target == "order" else ME)
    return [*made, bytes([0, 2, 100, 1]) + good]
