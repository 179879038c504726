"""Reading and writing mailboxes without ever waiting: a lock word that is odd while somebody writes (a seqlock)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from moravec.edge.checksum import Bytes, crc32
from moravec.edge.form import CRC, HEAD, LENGTH, LOCK, NUMBER, STAMP, WRITER
from moravec.edge.machine import fence

Whole = NDArray[np.int64]
Real = NDArray[np.float64]

# So many tries to read a mailbox in which somebody writes: writing takes microseconds, and the next tick tries again.
TRIES = 3
UNCHANGED, UNREADABLE, FETCHED = 0, 1, 2


class Shared(NamedTuple):
    """The shared memory as bytes, whole numbers and real ones (the same memory), and what the loop needs beside it.

    command, order, state   buffers of one mailbox each, private to the loop
    asked, answer           the words of the kernel's records
    times                   (4,) scratch for the clock
    late, spent             how often a tick came that late [us], and took that long [0.1 us]; the last bin holds all above
    """

    raw: Bytes
    whole: Whole
    real: Real
    command: Bytes
    order: Bytes
    state: Bytes
    asked: Whole
    answer: Whole
    times: Whole
    late: Whole
    spent: Whole


def fetch(whole: Whole, at: int, seen: int, into: Whole) -> int:
    """Copies the mailbox at word `at`, as long as `into`, unless its lock still says `seen`. UNCHANGED, UNREADABLE while
    somebody writes, or FETCHED, and then no write fell between."""
    for _ in range(TRIES):
        before = whole[at + LOCK]
        fence()
        if before == seen:
            return UNCHANGED
        if before & 1 != 0:
            continue
        for i in range(into.size):
            into[i] = whole[at + i]
        fence()
        if whole[at + LOCK] == before:
            into[LOCK] = before
            return FETCHED
    return UNREADABLE


def open_box(whole: Whole, at: int) -> None:
    """From here on no reader takes the mailbox for whole. A writer that died while writing left it open: it stays so."""
    lock = whole[at + LOCK]
    whole[at + LOCK] = lock + 2 if lock & 1 != 0 else lock + 1
    fence()


def close_box(raw: Bytes, whole: Whole, at: int, words: int, writer: int, now: int) -> None:
    """The payload of `words` words stands there; numbers, dates [ns] and seals it."""
    whole[at + NUMBER] += 1
    whole[at + WRITER], whole[at + STAMP], whole[at + LENGTH] = writer, now, words
    found = crc32(raw, 8 * (at + NUMBER), 8 * (at + CRC), 0)
    whole[at + CRC] = crc32(raw, 8 * (at + HEAD), 8 * (at + HEAD + words), found)
    fence()
    whole[at + LOCK] += 1
    fence()
