"""What the loop writes in each tick: the set-point to the driver, the answer to the client, the heartbeat to everybody."""

from __future__ import annotations

from moravec.edge.form import CODES, HEAD, AnswerBox, HealthBox, Link, SetpointBox, at, words_of
from moravec.edge.layout import AT_ANSWER, AT_HEALTH, AT_SETPOINT
from moravec.edge.mailbox import Shared, close_box, open_box
from moravec.guard.kernel.codes import INIT, OFF
from moravec.guard.kernel.form import Answer, Asked, Memory

_P, _A, _H = AT_SETPOINT + HEAD, AT_ANSWER + HEAD, AT_HEALTH + HEAD
SETPOINT_WORDS, ANSWER_WORDS, HEALTH_WORDS = words_of(SetpointBox), words_of(AnswerBox), words_of(HealthBox)

P_HOLDS, P_POWER, P_TICK = (_P + at(SetpointBox, name) for name in ("holds", "power", "tick"))
P_Q, P_DQ, P_WIDTH, P_FORCE = (_P + at(SetpointBox, name) for name in ("q", "dq", "grip_width", "grip_force"))

A_TICK, A_SEQ, A_CODE, A_STATE = (_A + at(AnswerBox, name) for name in ("tick", "seq", "code", "state"))
A_DECISION, A_CATEGORY, A_CHECK, A_JOINT = (_A + at(AnswerBox, name) for name in ("decision", "category", "check", "joint"))
A_BRAKING, A_OWN = (_A + at(AnswerBox, name) for name in ("braking", "own"))
A_RESET_CODE, A_RESETS, A_ORDERS, A_MODE = (_A + at(AnswerBox, name) for name in ("reset_code", "resets", "orders", "mode"))
A_VALUE, A_LIMIT, A_MARGIN, A_RELATIVE = (_A + at(AnswerBox, name) for name in ("value", "limit", "margin", "relative"))
A_FASTEST, A_NEAREST = (_A + at(AnswerBox, name) for name in ("fastest", "nearest"))
A_WIDTH, A_FORCE, A_Q, A_DQ = (_A + at(AnswerBox, name) for name in ("grip_width", "grip_force", "q", "dq"))

H_TICK, H_STATE, H_STOPPING, H_STOPS, H_LAPSES = (
    _H + at(HealthBox, name) for name in ("tick", "state", "stopping", "stops", "lapses")
)
H_LATENESS, H_WORST, H_OVERRUNS, H_MISSED = (
    _H + at(HealthBox, name) for name in ("lateness", "worst", "overruns", "missed")
)
H_REFUSED, H_STATE_REFUSED, H_ORDER_REFUSED = (
    _H + at(HealthBox, name) for name in ("refused", "state_refused", "order_refused")
)


def write_setpoint(m: Memory, o: Answer, k: Link, s: Shared) -> None:
    """The approved set-point. Before anything was measured there is none, and where the guard is off, no power."""
    w, r = s.whole, s.real
    open_box(w, AT_SETPOINT)
    w[P_HOLDS] = 0 if m.state == INIT else 1
    w[P_POWER] = 0 if m.state == INIT or m.state == OFF else 1
    w[P_TICK] = k.tick
    for j in range(k.n):
        r[P_Q + j], r[P_DQ + j] = o.q[j], o.dq[j]
    r[P_WIDTH], r[P_FORCE] = o.grip_width, o.grip_force
    close_box(s.raw, w, AT_SETPOINT, SETPOINT_WORDS, k.me, k.at)


def write_answer(m: Memory, a: Asked, o: Answer, k: Link, s: Shared) -> None:
    """The decision and the finding it rests on."""
    w, r = s.whole, s.real
    open_box(w, AT_ANSWER)
    w[A_TICK], w[A_SEQ], w[A_CODE], w[A_STATE] = k.tick, k.seq, k.code, m.state
    w[A_DECISION], w[A_CATEGORY], w[A_CHECK], w[A_JOINT] = o.decision, o.category, o.check, o.joint
    w[A_BRAKING], w[A_OWN], w[A_RESET_CODE], w[A_RESETS] = o.braking, o.own, k.reset_code, k.reset_seen
    w[A_ORDERS], w[A_MODE] = k.order_number, a.mode
    r[A_VALUE], r[A_LIMIT], r[A_MARGIN], r[A_RELATIVE] = o.value, o.limit, o.margin, o.relative
    r[A_FASTEST], r[A_NEAREST], r[A_WIDTH], r[A_FORCE] = o.fastest, o.nearest, o.grip_width, o.grip_force
    for j in range(k.n):
        r[A_Q + j], r[A_DQ + j] = o.q[j], o.dq[j]
    close_box(s.raw, w, AT_ANSWER, ANSWER_WORDS, k.me, k.at)


def write_health(m: Memory, k: Link, s: Shared) -> None:
    """The heartbeat, and what was counted."""
    w = s.whole
    open_box(w, AT_HEALTH)
    w[H_TICK], w[H_STATE], w[H_STOPPING], w[H_STOPS], w[H_LAPSES] = k.tick, m.state, k.stopping, k.stops, k.lapses
    w[H_LATENESS], w[H_WORST], w[H_OVERRUNS], w[H_MISSED] = k.lateness, k.worst, k.overruns, k.missed
    for i in range(CODES):
        w[H_REFUSED + i], w[H_STATE_REFUSED + i] = k.refused[i], k.state_refused[i]
        w[H_ORDER_REFUSED + i] = k.order_refused[i]
    close_box(s.raw, w, AT_HEALTH, HEALTH_WORDS, k.me, k.at)
