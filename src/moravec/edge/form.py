"""What stands in the shared memory, word by word. Every field is eight bytes wide, or a row of such; there is no text.

A mailbox is a head of `HEAD` words and a payload of one of the forms below. The head: the lock (odd while somebody writes),
the record's number, its writer, when it was written [ns, CLOCK_MONOTONIC], the payload's words, and the CRC-32 over all of
that but the lock and itself.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from moravec.guard.kernel.form import JOINTS, PEOPLE, Answer, Asked, Ints, Vec, dtype_of

LOCK, NUMBER, WRITER, STAMP, LENGTH, CRC = 0, 1, 2, 3, 4, 5
HEAD = 6  # words

# Why a record is not used. OK and NOTHING (no new one) are no faults.
OK, NOTHING, TORN, WRONG_LENGTH, CHECKSUM, FOREIGN, REPEATED, STALE, AHEAD, MISFIT = range(10)
CODE_NAMES = (
    "ok", "nothing", "torn", "length", "checksum", "foreign", "repeated", "stale", "ahead", "misfit",
)  # fmt: skip
CODES = 16  # room for counting them

# How a tick ends for the record of it: nothing began, a stop from motion or a latched one, a lapse of commands at rest.
NO_STOP, STOP_BEGAN, LAPSED = 0, 1, 2

# Bodies: joints inside the loop that follow every set-point exactly, or a driver process.
ECHO, DRIVER = 0, 1


def _vec(length: int) -> Vec:
    made: Vec = field(default_factory=lambda: [0.0] * length, metadata={"length": length})
    return made


def _ints(length: int) -> Ints:
    made: Ints = field(default_factory=lambda: [0] * length, metadata={"length": length})
    return made


@dataclass(slots=True)
class CommandBox:
    """From the client. `tick` is the tick it is meant for (0: the next); one that comes later is carried on along `dq`."""

    n: int = 0
    moves: int = 0  # 1: a set-point; 0: only a mode
    mode: int = 0  # may only be tighter than the operator's
    seq: int = 0
    tick: int = 0
    t: float = 0.0
    q: Vec = _vec(JOINTS)
    dq: Vec = _vec(JOINTS)
    grip_width: float = 0.0
    grip_force: float = 0.0
    made: float = 0.0
    expires: float = 0.0
    seen: float = 0.0
    novelty: float = 0.0


@dataclass(slots=True)
class OrderBox:
    """From the operator, who is not the client: what only a person may allow."""

    mode: int = 0
    sets: int = 0  # 1: `mode` holds from here on, also when the operator has gone; 0: it stays as it was
    reset: int = 0  # a reset is asked for where this grows


@dataclass(slots=True)
class StateBox:
    """From the driver: what the body measures of itself, and who is near. Units as in `core.observation.RobotState`."""

    n: int = 0
    estop: int = 0
    people: int = 0
    t: float = 0.0
    people_t: float = 0.0
    q: Vec = _vec(JOINTS)
    dq: Vec = _vec(JOINTS)
    tau: Vec = _vec(JOINTS)
    wrench: Vec = _vec(6)
    grip: Vec = _vec(2)
    person: Vec = _vec(2 * PEOPLE)


@dataclass(slots=True)
class SetpointBox:
    """To the driver: what the guard approved. With `holds` 0 nothing is: there is no posture yet. `power` 0: take it away."""

    holds: int = 0
    power: int = 0
    tick: int = 0
    q: Vec = _vec(JOINTS)
    dq: Vec = _vec(JOINTS)
    grip_width: float = 0.0
    grip_force: float = 0.0


@dataclass(slots=True)
class AnswerBox:
    """To client and operator: the decision on tick `tick`, as in the kernel's Answer, and what was last taken of both."""

    tick: int = 0
    seq: int = 0
    code: int = 0
    state: int = 0
    decision: int = 0
    category: int = 0
    check: int = 0
    joint: int = 0
    braking: int = 0
    own: int = 0
    reset_code: int = 0  # of the operator's last reset that was asked for
    resets: int = 0  # the request it answers
    orders: int = 0  # the number of the operator's last record that was taken
    mode: int = 0  # that holds
    value: float = 0.0
    limit: float = 0.0
    margin: float = 0.0
    relative: float = 0.0
    fastest: float = 0.0
    nearest: float = 0.0
    grip_width: float = 0.0
    grip_force: float = 0.0
    q: Vec = _vec(JOINTS)
    dq: Vec = _vec(JOINTS)


@dataclass(slots=True)
class HealthBox:
    """To everybody: the heartbeat, and what the watchdog counted since the start."""

    tick: int = 0
    state: int = 0
    stopping: int = 0
    stops: int = 0  # begun in motion, or latched
    lapses: int = 0  # at rest the commands ceased: nothing happened
    lateness: int = 0  # of this tick [ns]
    worst: int = 0  # lateness [ns]
    overruns: int = 0  # ticks that came a whole period late, or later
    missed: int = 0  # ticks that never came
    refused: Ints = _ints(CODES)  # records of the client not used, by code
    state_refused: Ints = _ints(CODES)  # and of the driver
    order_refused: Ints = _ints(CODES)  # and of the operator


@dataclass(slots=True)
class Link:
    """What the loop remembers beside the guard's own memory."""

    n: int = 0
    period: int = 0  # [ns]
    oldest: int = 0  # a record written longer ago is not used [ns]
    body: int = 0
    me: int = 0  # the writer of what goes out
    ring: int = 0  # ticks that the ring holds; what stands in shared memory may be anything
    tick: int = 0
    stopping: int = 0
    at: int = 0  # when this tick began [ns]
    lateness: int = 0
    worst: int = 0
    overruns: int = 0
    missed: int = 0
    stops: int = 0
    lapses: int = 0
    began: int = 0
    lease: int = 0  # the client whose commands are taken
    lock: int = 0
    number: int = 0
    code: int = 0
    fetched: int = 0
    quiet_until: int = 0  # [ns], no command is taken before
    have: int = 0  # 1: a command of this client stands below
    fits: int = 0
    fresh: int = 0  # 1: it came in this tick
    command_tick: int = 0
    q: Vec = _vec(JOINTS)
    dq: Vec = _vec(JOINTS)
    mode: int = 0
    seq: int = 0  # the client's
    step: int = 0  # by how much its number grew
    sent: int = 0  # the number the kernel was last given
    operator: int = 0  # whose orders are taken
    order_lock: int = 0
    order_number: int = 0
    order_code: int = 0
    order_fetched: int = 0
    order_mode: int = 0
    reset_asked: int = 0
    reset_seen: int = 0
    reset_code: int = 0
    driver: int = 0
    state_lock: int = 0
    state_number: int = 0
    state_code: int = 0
    state_fetched: int = 0
    refused: Ints = _ints(CODES)
    state_refused: Ints = _ints(CODES)
    order_refused: Ints = _ints(CODES)


@dataclass(slots=True)
class TickHead:
    """The first words of a tick in the ring; the kernel's Asked and the head of its Answer follow."""

    tick: int = 0
    at: int = 0  # [ns]
    lateness: int = 0  # [ns]
    state: int = 0
    began: int = 0
    code: int = 0
    state_code: int = 0
    seq: int = 0
    order_code: int = 0
    resets: int = 0  # the last request for a reset that was answered,
    reset_code: int = 0  # and how


def words_of(form: type) -> int:
    """How many words a form takes."""
    return dtype_of(form).itemsize // 8


def at(form: type, name: str) -> int:
    """At which word of the form a field begins."""
    found = dtype_of(form).fields
    assert found is not None
    return int(found[name][1]) // 8


def box_words(form: type) -> int:
    """How many words a mailbox with that payload takes."""
    return HEAD + words_of(form)


ANSWER_HEAD = at(Answer, "wanted")  # what follows is scratch space
TICK_WORDS = words_of(TickHead) + words_of(Asked) + ANSWER_HEAD


@cache
def tick_dtype() -> np.dtype[np.void]:
    """One tick of the ring as a NumPy record: the fields of TickHead, then `asked` and `answer`."""
    head, answer = dtype_of(TickHead), dtype_of(Answer)
    names = answer.names or ()
    kept = [(name, answer[name]) for name in names if at(Answer, name) < ANSWER_HEAD]
    rows = [(name, head[name]) for name in head.names or ()]
    made = np.dtype([*rows, ("asked", dtype_of(Asked)), ("answer", np.dtype(kept))])
    assert made.itemsize == 8 * TICK_WORDS
    return made


FORMS = (CommandBox, OrderBox, StateBox, SetpointBox, AnswerBox, HealthBox)


@cache
def layout_hash() -> bytes:
    """SHA-256 (32 bytes) over the names and types of everything that is shared: who differs in it must not connect."""
    told = [(form.__name__, repr(dtype_of(form).descr)) for form in FORMS] + [("Tick", repr(tick_dtype().descr))]
    return hashlib.sha256(repr((HEAD, CODE_NAMES, told)).encode()).digest()
