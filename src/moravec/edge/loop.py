"""One tick of the edge process, and the loop around it. In the subset that is compiled; `run` alone touches a clock.

    fetch_all   copies the mailboxes, then the clock is read: what was fetched is from before now
    tick        judges what was fetched, decides, answers, records

A record that is not used counts as none: the last good command goes on, along its own speed and only until it is too old;
then the kernel brakes. A record of another writer, or of the wrong shape, is a fault of its own and stops at once.
"""

from __future__ import annotations

import numpy as np

from moravec.edge.decode import decode_command, decode_order, decode_state
from moravec.edge.form import (
    ANSWER_HEAD,
    ECHO,
    FOREIGN,
    LAPSED,
    MISFIT,
    NO_STOP,
    NOTHING,
    OK,
    STOP_BEGAN,
    TICK_WORDS,
    TORN,
    Link,
    TickHead,
    words_of,
)
from moravec.edge.layout import (
    AT_CLIENT,
    AT_COMMAND,
    AT_DRIVER,
    AT_OPERATOR,
    AT_ORDER,
    AT_STATE,
    AT_STOP,
    AT_TICKS,
    RING,
)
from moravec.edge.letters import write_answer, write_health, write_setpoint
from moravec.edge.machine import fence, now_ns, sleep_until
from moravec.edge.mailbox import FETCHED, UNREADABLE, Shared, fetch
from moravec.guard.kernel.codes import ENDING, FULL, HOLD, INIT, OFF, RUN, STILL
from moravec.guard.kernel.decide import GRANTED, decide, reset
from moravec.guard.kernel.form import Answer, Asked, Memory, Table, Vec

# After a record of another writer no command is taken for so long [ns]: two who quarrel must not take turns.
QUIET = 500_000_000
HEAD_WORDS = words_of(TickHead)
# A sequence number may not grow by more than this at once, either way: what is beyond is the same fault.
LEAP = 1_000_000
# The kernel counts commands up to 1e9; it is renumbered, at rest, long before [ticks].
RENUMBER = 400_000_000
SECONDS = 1e-9  # of a nanosecond
# Width of the bins in which lateness and the time spent are counted [ns].
LATE_BIN, SPENT_BIN = 1_000, 100
# Coming to rest takes less than this [ns] with any lawful table.
ENDURE = 10_000_000_000
# How the loop ended.
DONE, NOT_AT_REST = 0, 1


def fetch_all(k: Link, s: Shared) -> None:
    """The mailboxes, and who may write into them."""
    lease = s.whole[AT_CLIENT]
    if lease != k.lease:
        k.lease, k.number, k.have, k.mode = lease, 0, 0, FULL
    command = s.command.view(np.int64)
    k.fetched = fetch(s.whole, AT_COMMAND, k.lock, command)
    if k.fetched == FETCHED:
        k.lock = command[0]
    operator = s.whole[AT_OPERATOR]
    if operator != k.operator:  # the mode that the last one set goes on to hold
        k.operator, k.order_number, k.reset_asked, k.reset_seen = operator, 0, 0, 0
    order = s.order.view(np.int64)
    k.order_fetched = fetch(s.whole, AT_ORDER, k.order_lock, order)
    if k.order_fetched == FETCHED:
        k.order_lock = order[0]
    if k.body == ECHO:
        return
    driver = s.whole[AT_DRIVER]
    if driver != k.driver:
        k.driver, k.state_number = driver, 0
    state = s.state.view(np.int64)
    k.state_fetched = fetch(s.whole, AT_STATE, k.state_lock, state)
    if k.state_fetched == FETCHED:
        k.state_lock = state[0]


def tick(t: Table, m: Memory, a: Asked, o: Answer, k: Link, s: Shared, now: int) -> None:
    """One tick at time `now` [ns] on what was fetched."""
    k.tick += 1
    k.at, a.now = now, now * SECONDS
    if s.whole[AT_STOP] != 0:
        k.stopping = 1
    take_command(a, k, s, now)
    take_order(k, s, now)
    take_state(a, k, s, now)
    propose(t, m, a, k)
    if k.reset_asked > k.reset_seen:
        k.reset_seen = k.reset_asked
        k.reset_code = reset(t, m, a, o)
        if k.reset_code == GRANTED:  # a reset is no restart: whatever was asked before it counts no more
            k.have, a.command_fits = 0, 0
    before, moved = m.state, moves(m.steps, t.n)
    decide(t, m, a, o)
    note_stop(before, moved, m, k)
    write_setpoint(m, o, k, s)
    write_answer(m, a, o, k, s)
    write_health(m, k, s)
    record(m, k, s)
    if k.body == ECHO:
        follow(t, a, o)


def take_command(a: Asked, k: Link, s: Shared, now: int) -> None:
    """What the client's mailbox held becomes the command that goes on from here, or is counted and changes nothing."""
    k.code, k.fresh, k.fits = NOTHING, 0, 0
    if k.fetched == UNREADABLE:
        k.code = TORN
    elif k.fetched == FETCHED:
        k.code = decode_command(s.command, a, k, now)
    k.refused[k.code] += 1
    if k.code == FOREIGN:
        k.quiet_until = now + QUIET
    if k.code == OK and k.fits == 1:
        k.fresh = 1
        for j in range(k.n):
            k.q[j], k.dq[j] = a.q[j], a.dq[j]
    if k.code == OK:
        k.have = k.fits
    quarrel = now < k.quiet_until
    k.fits = 1 if k.have == 1 and k.code != MISFIT and not quarrel else 0
    if quarrel or k.code == MISFIT:
        k.have = 0


def take_order(k: Link, s: Shared, now: int) -> None:
    """What the operator's mailbox held: a mode, and the request for a reset. What is not used is counted and changes nothing."""
    k.order_code = NOTHING
    if k.order_fetched == UNREADABLE:
        k.order_code = TORN
    elif k.order_fetched == FETCHED:
        k.order_code = decode_order(s.order, k, now)
    k.order_refused[k.order_code] += 1


def take_state(a: Asked, k: Link, s: Shared, now: int) -> None:
    """What the body measures. The echo is where it was told to be."""
    k.state_code = NOTHING
    if k.body == ECHO:
        a.state_t = a.people_t = a.now
        return
    if k.state_fetched == UNREADABLE:
        k.state_code = TORN
    elif k.state_fetched == FETCHED:
        k.state_code = decode_state(s.state, a, k, now)
    k.state_refused[k.state_code] += 1
    if k.state_code == OK:
        a.state_fits = 1
    if k.state_code == MISFIT:
        a.state_fits = 0


def propose(t: Table, m: Memory, a: Asked, k: Link) -> None:
    """The command of this tick: the last good one, carried on along its speed from the tick it was meant for. The mode is the
    operator's, or the client's where that is tighter."""
    a.mode = STILL if k.stopping == 1 else max(k.order_mode, k.mode)
    a.command_fits = k.fits
    if k.fits == 0:
        return
    if k.sent > RENUMBER and m.state == HOLD:
        k.sent, m.numbered = 0, 0
    step = k.step if k.fresh == 1 else 1
    k.sent += max(-LEAP, min(LEAP, step))
    a.seq = k.sent
    ahead = (k.tick - k.command_tick) * t.period
    for j in range(t.n):
        a.q[j] = k.q[j] + k.dq[j] * ahead
        a.dq[j] = k.dq[j]


def note_stop(before: int, moved: bool, m: Memory, k: Link) -> None:
    """Whether a stop began, and then that whatever was asked before it counts no more."""
    k.began = NO_STOP
    latched = (m.state == ENDING or m.state == OFF) and before != ENDING and before != OFF
    if latched or (before == RUN and m.state != RUN and moved):
        k.began = STOP_BEGAN
        k.stops += 1
        k.have = 0
    elif before == RUN and m.state != RUN:
        k.began = LAPSED
        k.lapses += 1


def follow(t: Table, a: Asked, o: Answer) -> None:
    """The echo: joints without weight, which are at the next tick where they were told to be."""
    for j in range(t.n):
        a.measured_q[j], a.measured_dq[j] = o.q[j], o.dq[j]
    a.measured_grip[0], a.measured_grip[1] = o.grip_width, o.grip_force


def moves(steps: Vec, n: int) -> bool:
    """Whether the approved set-point moves."""
    for j in range(n):
        if steps[j] != 0.0:
            return True
    return False


def record(m: Memory, k: Link, s: Shared) -> None:
    """This tick into the ring."""
    at = RING + (k.tick - 1) % k.ring * TICK_WORDS
    s.whole[at], s.whole[at + 1], s.whole[at + 2], s.whole[at + 3] = k.tick, k.at, k.lateness, m.state
    s.whole[at + 4], s.whole[at + 5], s.whole[at + 6], s.whole[at + 7] = k.began, k.code, k.state_code, k.seq
    s.whole[at + 8], s.whole[at + 9], s.whole[at + 10] = k.order_code, k.reset_seen, k.reset_code
    at += HEAD_WORDS
    for i in range(s.asked.size):
        s.whole[at + i] = s.asked[i]
    at += s.asked.size
    for i in range(ANSWER_HEAD):
        s.whole[at + i] = s.answer[i]
    fence()
    s.whole[AT_TICKS] = k.tick


def note_time(late: int, k: Link, s: Shared) -> None:
    """The watchdog over the loop itself: this tick began `late` [ns] after it was due."""
    k.lateness = late
    k.worst = max(k.worst, late)
    if late >= k.period:
        k.overruns += 1
    s.late[min(max(late, 0) // LATE_BIN, s.late.size - 1)] += 1


def run(t: Table, m: Memory, a: Asked, o: Answer, k: Link, s: Shared, ticks: int) -> int:
    """Ticks on the machine's clock until the stop flag is set or `ticks` are over, and then until the guard is at rest, but
    for ENDURE at most. Returns DONE or NOT_AT_REST. A tick that comes too late is not made up for: time is not given twice."""
    due = now_ns(s.times) + k.period
    left = ENDURE // k.period
    while True:
        sleep_until(due, s.times)
        fetch_all(k, s)
        now = now_ns(s.times)
        note_time(now - due, k, s)
        if k.tick >= ticks:
            k.stopping = 1
        tick(t, m, a, o, k, s, now)
        after = now_ns(s.times)
        s.spent[min((after - now) // SPENT_BIN, s.spent.size - 1)] += 1
        if k.stopping == 1:
            left -= 1
            if m.state == INIT or m.state == HOLD or m.state == OFF:
                return DONE
            if left < 0:
                return NOT_AT_REST
        due += k.period
        if due <= after:
            missed = (after - due) // k.period + 1
            k.missed += missed
            due += missed * k.period
