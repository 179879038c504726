"""All that one loop works on, put together: the kernel's records, the loop's own, and the shared memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from moravec.core.errors import BadInput
from moravec.edge.form import CommandBox, Link, OrderBox, StateBox, box_words
from moravec.edge.layout import Memory, Terms
from moravec.edge.mailbox import Shared
from moravec.guard.counted import as_record, counted
from moravec.guard.kernel.form import Answer, Asked, Table
from moravec.guard.kernel.form import Memory as Remembered
from moravec.guard.limits import LimitTable

LATE_BINS, SPENT_BINS = 20_000, 10_000  # up to 20 ms late, up to 1 ms spent
# Silence is noticed at a tick, and a tick may be late: so many periods of a table's command age are kept back for both.
KEPT_BACK = 2


class Records(NamedTuple):
    """The arguments of `loop.tick`, but for the time."""

    t: Any
    m: Any
    a: Any
    o: Any
    k: Any
    s: Shared


def edge_limits(limits: LimitTable, rate: float | None = None) -> LimitTable:
    """The table as the edge process enforces it: at `rate` [Hz], and with the command age shortened by KEPT_BACK periods, so
    that braking has begun when a command becomes as old as `limits` allows. Raises BadInput where that leaves no time."""
    period = limits.control_period if rate is None else 1.0 / rate
    age = limits.command_age_max - KEPT_BACK * period
    if not age >= period:
        least = (KEPT_BACK + 1) / limits.command_age_max
        raise BadInput("the control rate [Hz]", f"{1.0 / period:g}", f"{least:g} or more with this table's command age")
    return replace(limits, control_period=period, command_age_max=age)


def terms_of(limits: LimitTable, rate: float | None = None) -> Terms:
    """What an edge process that was started with this table and rate shows, and its client asks for."""
    enforced = edge_limits(limits, rate)
    return Terms(enforced.sha256(), enforced.control_period, enforced.joints)


def assemble(
    limits: LimitTable, memory: Memory, posture: Sequence[float], body: int, me: int, interpreted: bool = False
) -> Records:
    """The records of one loop that begins with the echo at `posture` (n,) [rad]. Raises BadInput for one that does not fit."""
    if len(posture) != limits.joints or not np.isfinite(posture).all():
        raise BadInput("the first posture", list(posture), f"{limits.joints} finite joint positions [rad]")
    link = Link(n=limits.joints, period=round(limits.control_period * 1e9), body=body, me=me, ring=memory.capacity)
    link.oldest = round(limits.command_age_max * 1e9)
    asked = Asked(state_fits=1 if body == 0 else 0)
    asked.measured_q[: limits.joints] = [float(x) for x in posture]
    asked.measured_grip[0] = limits.grip_width_min
    table: Table = counted(limits)
    arrays = [as_record(form) for form in (table, Remembered(), asked, Answer(), link)]
    t, m, a, o, k = (array.view(np.recarray)[0] if interpreted else array[0] for array in arrays)
    shared = Shared(
        memory.raw, memory.whole, memory.real, _bytes(CommandBox), _bytes(OrderBox), _bytes(StateBox),
        arrays[2].view(np.int64), arrays[3].view(np.int64), _zeros(4), _zeros(LATE_BINS), _zeros(SPENT_BINS),
    )  # fmt: skip
    return Records(t, m, a, o, k, shared)


def _bytes(form: type) -> NDArray[np.uint8]:
    return _zeros(box_words(form)).view(np.uint8)


def _zeros(words: int) -> NDArray[np.int64]:
    return np.zeros(words, dtype=np.int64)
