"""From the bytes of a mailbox to the kernel's Asked, or a code that says why not. Pure, in the subset that is compiled.

Any bytes of any length may come: nothing raises, nothing outside the array is read, and a record that is refused changes
nothing. Numbers that are not finite go through: the kernel judges them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from moravec.edge.checksum import Bytes, crc32
from moravec.edge.form import (
    AHEAD,
    CHECKSUM,
    CRC,
    FOREIGN,
    HEAD,
    LENGTH,
    LOCK,
    MISFIT,
    NUMBER,
    OK,
    REPEATED,
    STALE,
    STAMP,
    TORN,
    WRITER,
    WRONG_LENGTH,
    CommandBox,
    Link,
    OrderBox,
    StateBox,
    at,
    words_of,
)
from moravec.guard.kernel.codes import STILL
from moravec.guard.kernel.form import PEOPLE, Asked

Whole = NDArray[np.int64]
Real = NDArray[np.float64]

COMMAND_WORDS, ORDER_WORDS, STATE_WORDS = words_of(CommandBox), words_of(OrderBox), words_of(StateBox)

C_N, C_MOVES, C_MODE = (HEAD + at(CommandBox, name) for name in ("n", "moves", "mode"))
C_SEQ, C_TICK, C_T, C_Q, C_DQ = (HEAD + at(CommandBox, name) for name in ("seq", "tick", "t", "q", "dq"))
C_WIDTH, C_FORCE, C_MADE = (HEAD + at(CommandBox, name) for name in ("grip_width", "grip_force", "made"))
C_EXPIRES, C_SEEN, C_NOVELTY = (HEAD + at(CommandBox, name) for name in ("expires", "seen", "novelty"))

O_MODE, O_SETS, O_RESET = (HEAD + at(OrderBox, name) for name in ("mode", "sets", "reset"))

S_N, S_ESTOP, S_PEOPLE, S_T, S_PEOPLE_T = (HEAD + at(StateBox, name) for name in ("n", "estop", "people", "t", "people_t"))
S_Q, S_DQ, S_TAU = (HEAD + at(StateBox, name) for name in ("q", "dq", "tau"))
S_WRENCH, S_GRIP, S_PERSON = (HEAD + at(StateBox, name) for name in ("wrench", "grip", "person"))

# A stamp may seem this much newer than now [ns]: it is taken before the record is read, and now after it.
FUTURE = 1_000
# A command may be meant for so many ticks ago, and so many ahead; its age is judged apart from that.
LATE_TICKS, EARLY_TICKS = 64, 2
# Sequence numbers and requests beyond this are no numbers of ours.
FAR = 1 << 31
# Words of a record that says nothing yet: nobody has written.
EMPTY = 0


def screen(raw: Bytes, words: int, lease: int, number: int, now: int, oldest: int) -> int:
    """Whether a record of `words` words of payload is whole, of the writer `lease`, newer than record `number`, and at time
    `now` [ns] not older than `oldest` [ns] and not from the future."""
    if raw.size != 8 * (HEAD + words):
        return WRONG_LENGTH
    whole = raw.view(np.int64)
    if whole[LOCK] & 1 != 0:
        return TORN
    if whole[LENGTH] != words:
        return WRONG_LENGTH
    found = crc32(raw, 8 * NUMBER, 8 * CRC, 0)
    if whole[CRC] != crc32(raw, 8 * HEAD, 8 * (HEAD + words), found):
        return CHECKSUM
    if whole[WRITER] != lease or lease == 0:
        return FOREIGN
    if whole[NUMBER] <= number:
        return REPEATED
    stamp = whole[STAMP]
    if stamp > now + FUTURE:
        return AHEAD
    if stamp < now - oldest:
        return STALE
    return OK


def decode_command(raw: Bytes, a: Asked, k: Link, now: int) -> int:
    """The client's record. On OK its fields stand in `a`, and number, tick and mode in `k`."""
    code = screen(raw, COMMAND_WORDS, k.lease, k.number, now, k.oldest)
    if code != OK:
        return code
    whole = raw.view(np.int64)
    real = raw.view(np.float64)
    if not 0 <= whole[C_MOVES] <= 1 or not 0 <= whole[C_MODE] <= STILL:
        return MISFIT
    if not -FAR < whole[C_SEQ] < FAR or whole[C_TICK] < 0:
        return MISFIT
    moves = whole[C_MOVES] == 1
    if moves and whole[C_N] != k.n:
        return MISFIT
    if moves and whole[C_TICK] != EMPTY and not k.tick - LATE_TICKS <= whole[C_TICK] <= k.tick + EARLY_TICKS:
        return MISFIT
    k.number, k.mode = whole[NUMBER], whole[C_MODE]
    k.fits = 1 if moves else 0
    if not moves:
        return OK
    if k.have == 1:
        k.step = whole[C_SEQ] - k.seq
    else:
        k.step = 1
    k.seq = whole[C_SEQ]
    k.command_tick = k.tick if whole[C_TICK] == EMPTY else whole[C_TICK]
    for j in range(k.n):
        a.q[j], a.dq[j] = real[C_Q + j], real[C_DQ + j]
    a.t, a.grip_width, a.grip_force = real[C_T], real[C_WIDTH], real[C_FORCE]
    a.made, a.expires, a.seen, a.novelty = real[C_MADE], real[C_EXPIRES], real[C_SEEN], real[C_NOVELTY]
    return OK


def decode_order(raw: Bytes, k: Link, now: int) -> int:
    """The operator's record. On OK its number, its mode where it sets one, and its request for a reset stand in `k`. Whoever
    holds the client's lease is no operator."""
    operator = 0 if k.operator == k.lease else k.operator
    code = screen(raw, ORDER_WORDS, operator, k.order_number, now, k.oldest)
    if code != OK:
        return code
    whole = raw.view(np.int64)
    if not 0 <= whole[O_SETS] <= 1 or not 0 <= whole[O_MODE] <= STILL or not 0 <= whole[O_RESET] < FAR:
        return MISFIT
    k.order_number, k.reset_asked = whole[NUMBER], whole[O_RESET]
    if whole[O_SETS] == 1:
        k.order_mode = whole[O_MODE]
    return OK


def decode_state(raw: Bytes, a: Asked, k: Link, now: int) -> int:
    """The driver's record. On OK the measured state stands in `a`; an emergency stop that is not plainly released counts as
    pressed, and a list of people that cannot be used as no reading."""
    code = screen(raw, STATE_WORDS, k.driver, k.state_number, now, k.oldest)
    if code != OK:
        return code
    whole = raw.view(np.int64)
    real = raw.view(np.float64)
    if whole[S_N] != k.n:
        return MISFIT
    k.state_number = whole[NUMBER]
    for j in range(k.n):
        a.measured_q[j], a.measured_dq[j], a.measured_tau[j] = real[S_Q + j], real[S_DQ + j], real[S_TAU + j]
    for i in range(6):
        a.wrench[i] = real[S_WRENCH + i]
    a.measured_grip[0], a.measured_grip[1] = real[S_GRIP], real[S_GRIP + 1]
    a.state_t, a.people_t = real[S_T], real[S_PEOPLE_T]
    a.estop = 0 if whole[S_ESTOP] == 0 else 1
    a.people = whole[S_PEOPLE] if 0 <= whole[S_PEOPLE] <= PEOPLE else -1
    for i in range(2 * PEOPLE):
        a.person[i] = real[S_PERSON + i]
    return OK
