"""Fuzz target: whole ticks of the edge process, with leases, mailboxes and every other word of its memory spoilt in between.

An input is a list of acts on the shared memory of a moving three-joint robot, with simulated joints or with a driver. After every
tick the oracle, which knows the acts and not the loop, holds the approved set-point against the limit table, and a set-point that
was let through against what was good in the mailbox lately: sealed, fresh, in turn, and from the one who held the lease.
"""

from __future__ import annotations

import copy
import math
import struct
import zlib
from dataclasses import dataclass, fields
from functools import cache
from typing import Any

import numpy as np
from bypath import EDGE_TESTS, module_at
from fuzz_records import COMMAND, ORDER, STATE

from moravec.edge import decode, loop, mailbox
from moravec.edge.form import ANSWER_HEAD, DRIVER, ECHO, TICK_WORDS, CommandBox, Link, OrderBox, StateBox, box_words
from moravec.edge.layout import AT_CLIENT, AT_COMMAND, AT_DRIVER, AT_OPERATOR, AT_ORDER, AT_STATE, RING
from moravec.edge.mailbox import Shared
from moravec.edge.records import edge_limits
from moravec.guard.counted import counted
from moravec.guard.kernel.form import Answer, Asked, Memory, Table
from moravec.guard.limits import LimitTable

ME, OTHER, OPERATOR, EDGE = 77, 78, 79, 5
TICK, N, RING_TICKS = 2_000_000, 3, 2  # [ns]; joints
SLACK, EPS = 1e-3, 1e-9
MOST_TICKS = 4  # of one input
RUN, HOLD, OFF = 1, 3, 5
OLDEST, AHEAD = 0.02, 0.002  # [s] no older a command moves anything, nor one from farther ahead
TURN = 6.3  # [rad] beyond its range no joint is where a body was found
REST = 0.02  # [rad/s] measured, slower is at rest
CARRIED, PULLED = 0.15, 0.011  # [s] a late command is carried on for so long; [rad] it may be pulled back
KEPT = 20


def quick_crc32(raw: Any, start: int, end: int, before: int) -> int:
    """As in the module of the same name, by zlib; see tests/edge/test_edge_decode.py."""
    return zlib.crc32(memoryview(raw)[start:end], before)


@dataclass(slots=True)
class Scene:
    """All that one loop works on, at some moment."""

    m: Memory
    a: Asked
    o: Answer
    k: Link
    raw: np.ndarray[Any, np.dtype[np.uint8]]
    command: np.ndarray[Any, np.dtype[np.uint8]]
    order: np.ndarray[Any, np.dtype[np.uint8]]
    state: np.ndarray[Any, np.dtype[np.uint8]]
    now: int = 1_000_000_000_000
    seq: int = 0
    number: int = 0
    reports: int = 0
    orders: int = 0
    lock: int = 0  # of the mailbox, when the oracle last looked
    good: tuple[tuple[float, ...], ...] = ()  # t, q and dq of the last commands that may be followed

    def copied(self) -> Scene:
        """One of its own."""
        made = copy.copy(self)
        made.m, made.a, made.o, made.k = (_copied(each) for each in (self.m, self.a, self.o, self.k))
        made.raw, made.command, made.state = self.raw.copy(), self.command.copy(), self.state.copy()
        made.order = self.order.copy()
        return made


def _copied(record: Any) -> Any:
    made = copy.copy(record)
    for name in _vectors(type(record)):
        setattr(made, name, list(getattr(record, name)))
    return made


@cache
def _vectors(form: type) -> tuple[str, ...]:
    return tuple(item.name for item in fields(form) if item.metadata)


@cache
def _limits() -> tuple[LimitTable, Table]:
    limits = edge_limits(module_at(EDGE_TESTS / "helpers_edge.py").limits())
    return limits, counted(limits)


@cache
def _moving(body: int) -> Scene:
    """A robot in motion, after twenty good ticks."""
    scratch = np.zeros(8 * (RING + RING_TICKS * TICK_WORDS), np.uint8)
    boxes = [np.zeros(8 * box_words(form), np.uint8) for form in (CommandBox, OrderBox, StateBox)]
    link = Link(n=N, period=TICK, oldest=16_000_000, body=body, me=EDGE, ring=RING_TICKS)
    asked = Asked(state_fits=1 - body)
    asked.measured_q[:N] = [0.1, -1.0, 1.2]
    scene = Scene(Memory(), asked, Answer(), link, scratch, *boxes)
    whole = scene.raw.view(np.int64)
    whole[AT_CLIENT], whole[AT_DRIVER], whole[AT_OPERATOR] = ME, ME if body == DRIVER else 0, OPERATOR
    _report(scene)
    _tick(scene, 0)
    for _ in range(20):
        _command(scene, 8.0)
        _report(scene)
        _tick(scene, 0)
    assert scene.m.state == RUN and scene.m.steps[0] > 0.0
    return scene


@cache
def _latched() -> Scene:
    """A robot with a driver, whose emergency stop was pressed and released long ago."""
    scene = _moving(DRIVER).copied()
    _report(scene, spoil=(1, 1))
    while scene.m.state != OFF:
        _tick(scene, 0)
        _report(scene)
    scene.now += 600_000_000
    _report(scene)
    _tick(scene, 0)
    assert scene.m.state == OFF and scene.a.estop == 0
    return scene


def _post(scene: Scene, at: int, payload: bytes, number: int, writer: int, stamp: int) -> None:
    """A sealed record into the mailbox at word `at`."""
    head = struct.pack("<4q", number, writer, stamp, len(payload) // 8)
    lock = int(scene.raw.view(np.int64)[at]) & 0xFFFFFFFF
    crc = zlib.crc32(payload, zlib.crc32(head))
    box = struct.pack("<q", lock - lock % 2 + 2) + head + struct.pack("<q", crc) + payload
    scene.raw[8 * at : 8 * at + len(box)] = np.frombuffer(box, np.uint8)


def _command(scene: Scene, acceleration: float, writer: int = ME, spoil: tuple[int, int] | None = None) -> None:
    """A good command that speeds joint 0 up; but for one word of its payload, where that is spoilt, or its writer."""
    scene.seq += 1
    scene.number += 1
    now, speed = scene.now * 1e-9, scene.m.steps[0] / 0.002 + acceleration * 0.002
    q = [x if scene.m.state else y for x, y in zip(scene.m.q[:N], scene.a.measured_q[:N], strict=True)]
    q[0] += speed * 0.002
    rest = (*q, *[0.0] * 13, speed, *[0.0] * 15, 0.05, 1.0, now, now + 1.0, now, 0.0)
    words = list(struct.unpack(f"<{COMMAND.size // 8}q", COMMAND.pack(N, 1, 0, scene.seq, scene.k.tick + 1, now, *rest)))
    if spoil is not None:
        words[spoil[0] % len(words)] = spoil[1]
    _post(scene, AT_COMMAND, struct.pack(f"<{len(words)}q", *words), scene.number, writer, scene.now)


def _report(scene: Scene, spoil: tuple[int, int] | None = None, writer: int = ME) -> None:
    """A good report of a body that is where it was told to be; but for one word."""
    scene.reports += 1
    q = scene.m.q if scene.m.state else scene.a.measured_q
    rest = (*q, *[step / 0.002 for step in scene.m.steps], *[0.0] * 16, *[0.0] * 6, 0.05, 1.0, *[0.0] * 16)
    words = list(struct.unpack(f"<{STATE.size // 8}q", STATE.pack(N, 0, -1, scene.now * 1e-9, 0.0, *rest)))
    if spoil is not None:
        words[spoil[0] % len(words)] = spoil[1]
    _post(scene, AT_STATE, struct.pack(f"<{len(words)}q", *words), scene.reports, writer, scene.now)


def _order(scene: Scene, mode: int, sets: int, writer: int = OPERATOR) -> None:
    """An operator's order, with one more request for a reset."""
    scene.orders += 1
    _post(scene, AT_ORDER, ORDER.pack(mode, sets, scene.orders), scene.orders, writer, scene.now)


def _tick(scene: Scene, late: int) -> None:
    """One tick, `late` [ns], and what the oracle says of it."""
    limits, table = _limits()
    shared = Shared(
        scene.raw, scene.raw.view(np.int64), scene.raw.view(np.float64), scene.command, scene.order, scene.state,
        np.zeros(0, np.int64), np.zeros(ANSWER_HEAD, np.int64), *(np.zeros(0, np.int64) for _ in range(3)),
    )  # fmt: skip
    scene.now += TICK
    now = scene.now + late
    foreign, ordered = _look(scene, now), _ordered(scene, now)
    was, mode = scene.m.state, scene.k.order_mode
    q, steps, resets, before = list(scene.m.q[:N]), list(scene.m.steps[:N]), scene.k.reset_seen, scene.m.now
    loop.fetch_all(scene.k, shared)
    loop.tick(table, scene.m, scene.a, scene.o, scene.k, shared, now)
    assert all(limits.position_min[j] - TURN <= scene.o.q[j] <= limits.position_max[j] + TURN for j in range(N)), "no posture"
    if was != 0 and not (was in (HOLD, OFF) and scene.k.reset_seen != resets):  # a reset makes the measured posture the set-point
        if _rested(scene, limits, now * 1e-9, before):
            steps = [0.0] * N
        _judge(scene, limits, q, steps, now)
    assert ordered or not (was == OFF and scene.m.state != OFF), "reset, and no operator asked for it"
    assert ordered or scene.k.order_mode == mode, "the operator's mode, and no operator set it"
    assert not scene.a.mode < scene.k.order_mode, "more than the operator allows"
    assert not (foreign and scene.m.state == RUN), "it runs on though another one commands as well"


def _look(scene: Scene, now: int) -> bool:
    """Notes what the mailbox holds that may be followed now: of the leaseholder, whole, fresh, and a motion. Whether it holds
    something new and whole of somebody else."""
    box = scene.raw[8 * AT_COMMAND : 8 * AT_COMMAND + 48 + COMMAND.size].tobytes()
    lock, _, writer, stamp, words, crc = struct.unpack("<6q", box[:48])
    if lock % 2 or words != COMMAND.size // 8 or crc != zlib.crc32(box[48:], zlib.crc32(box[8:40])):
        return False
    n, moves, mode, seq, _, t, *rest = COMMAND.unpack(box[48:])
    lease = int(scene.raw.view(np.int64)[AT_CLIENT])
    new, scene.lock = lock != scene.lock, lock
    if writer != lease or lease == 0:
        return new
    if moves == 1 and n == N and mode in (0, 1) and stamp > now - 16_000_001 and abs(seq) < 1 << 31:
        scene.good = (*scene.good[-KEPT:], (t, *rest[:N], *rest[16 : 16 + N]))
    return False


def _ordered(scene: Scene, now: int) -> bool:
    """Whether the operator's mailbox holds an order that may be followed now: sealed, fresh, and not the client's."""
    box = scene.raw[8 * AT_ORDER : 8 * AT_ORDER + 48 + ORDER.size].tobytes()
    lock, _, writer, stamp, words, crc = struct.unpack("<6q", box[:48])
    leases = scene.raw.view(np.int64)
    mine = writer == int(leases[AT_OPERATOR]) != 0 and writer != int(leases[AT_CLIENT]) and stamp > now - 16_000_001
    return mine and lock % 2 == 0 and words == ORDER.size // 8 and crc == zlib.crc32(box[48:], zlib.crc32(box[8:40]))


def _rested(scene: Scene, limits: LimitTable, now: float, before: float) -> bool:
    """Whether the body was measured at rest lately [s], in a silence longer than a command may be old: from there it goes on."""
    oldest = limits.command_age_max
    still = all(abs(speed) <= REST for speed in scene.a.measured_dq[:N])
    return still and now - before > oldest and -AHEAD <= now - scene.a.state_t <= oldest + AHEAD


def _judge(scene: Scene, limits: LimitTable, q: list[float], steps: list[float], now: int) -> None:
    """The approved set-point inside every limit of its joints; one that was let through, after something good and fresh."""
    o, period = scene.o, limits.control_period
    for j in range(N):
        step = o.q[j] - q[j]
        assert math.isfinite(step) and abs(step) <= limits.velocity[j] * period * (1.0 + SLACK) + EPS, "joint speed"
        most = limits.acceleration[j] * period**2 * (1.0 + SLACK) + EPS
        assert abs(step - steps[j]) <= most or (step == 0.0 and o.category == 0), "joint acceleration"
        low, high = min(limits.position_min[j], q[j]), max(limits.position_max[j], q[j])  # from outside, only back
        assert low - 1e-5 <= o.q[j] <= high + 1e-5, "joint position"
    if o.own == 1 or o.q[:N] == q:
        return
    fresh = [good for good in scene.good if -AHEAD <= now * 1e-9 - good[0] <= OLDEST]
    assert scene.m.state == RUN and any(_led_to(good, o.q) for good in fresh), "let through what nobody who may asked for lately"


def _led_to(good: tuple[float, ...], q: list[float]) -> bool:
    """Whether a command may have led to the set-point `q`: carried on along its speed, and pulled back a little."""
    return all(abs(q[j] - good[1 + j]) <= abs(good[1 + N + j]) * CARRIED + PULLED for j in range(N))


def ticks(data: bytes) -> None:
    """One input: which body, or a latched stop, then acts of a kind and ten bytes each; a tick is one of them."""
    begin, done = data[0] if data else 0, 0
    scene = (_latched() if begin >= 170 else _moving(DRIVER if begin >= 85 else ECHO)).copied()
    whole = scene.raw.view(np.int64)
    for at in range(1, len(data), 11):
        act = data[at : at + 11].ljust(11, b"\0")
        kind, word, value = act[0] % 12, act[1] + 256 * act[2], int.from_bytes(act[3:], "little", signed=True)
        if kind <= 2:  # what should come, and the tick
            _command(scene, 8.0 if kind else 0.0)
            _report(scene)
        elif kind == 3:
            _command(scene, 8.0, spoil=(word, value))
        elif kind == 4:
            _report(scene, spoil=(word, value))
        elif kind == 5:
            whole[word % RING] = value
        elif kind == 6:
            whole[(AT_CLIENT, AT_DRIVER, AT_OPERATOR)[word % 3]] = (0, ME, OTHER, OPERATOR, value)[(word >> 2) % 5]
        elif kind == 7:
            _command(scene, 8.0, writer=OTHER if word & 1 else value)
        elif kind == 8:
            scene.now += value % 100_000_000
        elif kind == 9:
            _command(scene, float(value % 100 - 50))
        else:
            _order(scene, value % 4, word & 1, (OPERATOR, ME, OTHER, value)[(word >> 1) % 4] if kind == 11 else OPERATOR)
        if kind in (0, 1, 2) or word >> 15:
            _tick(scene, word % 1_000_000)
            done += 1
        if done >= MOST_TICKS:
            return


def seeds() -> list[bytes]:
    """Good ticks, with one thing wrong each; and orders for a reset and another mode, by the operator and by the client."""
    good, made = bytes(11), []
    for body in (b"\0", b"\x80", b"\xff"):
        for kind, word in [*((kind, 18) for kind in range(12)), (10, 3), (11, 3)]:
            act = bytes([kind, word, 128]) + (5).to_bytes(8, "little")
            made.append(body + good + act + good)
    return made


def quicken() -> None:
    """The loop reads and writes with zlib's checksum, and counters wrap as in machine code."""
    decode.crc32 = mailbox.crc32 = quick_crc32  # type: ignore[assignment]
    np.seterr(over="ignore")
