"""What the loop counted, in figures for people and machines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from moravec.edge.form import CODE_NAMES, NOTHING, OK
from moravec.edge.loop import LATE_BIN, SPENT_BIN
from moravec.edge.records import Records

STATES = ("init", "run", "braking", "hold", "ending", "off")  # of the stop machine, by number


def quantile(counts: NDArray[np.int64], share: float) -> int:
    """The first bin at which `share` of all are counted; 0 where nothing is."""
    total = np.cumsum(counts)
    return int(np.searchsorted(total, share * total[-1])) if total[-1] else 0


def spread(counts: NDArray[np.int64], width: int) -> dict[str, float]:
    """Median and high quantiles [us] of what is counted in bins of `width` [ns], each the upper edge of its bin."""
    named = (("p50", 0.5), ("p99", 0.99), ("p99_9", 0.999))
    return {name: round((quantile(counts, share) + 1) * width * 1e-3, 3) for name, share in named}


def named_counts(counts: NDArray[np.int64]) -> dict[str, int]:
    """The refused records by reason, those that came."""
    faults = [code for code in range(len(CODE_NAMES)) if code not in (OK, NOTHING)]
    return {CODE_NAMES[code]: int(counts[code]) for code in faults if counts[code]}


def summary(records: Records) -> Mapping[str, Any]:
    """What the loop counted since its start."""
    k, s = records.k, records.s
    return {
        "ticks": int(k["tick"]),
        "lateness_us": spread(s.late, LATE_BIN) | {"max": int(k["worst"]) / 1e3},
        "tick_us": spread(s.spent, SPENT_BIN),
        "overruns": int(k["overruns"]),
        "missed": int(k["missed"]),
        "commands": int(k["refused"][OK]),
        "refused": named_counts(k["refused"]),
        "state_refused": named_counts(k["state_refused"]),
        "order_refused": named_counts(k["order_refused"]),
        "stops": int(k["stops"]),
        "lapses": int(k["lapses"]),
        "state": STATES[int(records.m["state"])],
    }
