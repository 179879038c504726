"""How soon the edge process brakes when its client falls silent: the worst on a simulated clock, and the usual on the real one.

    python scripts/safety/silence.py --count 10000 --seed 0 --out runs/safety

Simulated, `count` times: the loop's own tick, on a clock whose ticks come up to a whole period late; from the last command, at
any moment between two ticks and at any speed, to the first set-point that is slower. Real, a tenth as often: two processes, as
in `moravec bench silence`; from the last command's own time to the first tick that brakes.
"""

from __future__ import annotations

import math
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from bypath import EDGE_TESTS, module_at
from parts import GUARD, SOURCE, Arguments, Outcome, Progress, arguments, finish
from pieces import Pieces, source_hash

from moravec.commands import measure_edge
from moravec.core.errors import MoravecError

COUNT, SHARE = 10_000, 10  # simulated; one of so many is real as well
PIECES = {"simulated": 2_500, "real": 100}
MOST = 20.0  # [ms], the table
SOURCES = (GUARD, SOURCE / "edge", SOURCE / "commands" / "measure_edge.py", EDGE_TESTS / "helpers_edge.py", Path(__file__))

Record = Mapping[str, Any]


def simulated(count: int, seed: int) -> Record:
    """Milliseconds of `count` silences on the simulated clock."""
    helpers: Any = module_at(EDGE_TESTS / "helpers_edge.py")
    with tempfile.TemporaryDirectory() as folder:
        return {"ms": list(1e3 * helpers.silences(Path(folder) / "shared", count, seed)), "stalls": 0}


def real(count: int, seed: int) -> Record:
    """Milliseconds of `count` silences on the real clock, and how often this machine stalled the client before."""
    seconds, stalls = measure_edge.silence_times(count, seed)
    return {"ms": list(1e3 * seconds), "stalls": stalls}


CLOCKS: Mapping[str, Callable[[int, int], Record]] = {"simulated": simulated, "real": real}


def measure(given: Arguments, clocks: Mapping[str, Callable[[int, int], Record]] = CLOCKS) -> int:
    """All pieces, those of before where they are there; the exit status."""
    pieces = Pieces(given.out / "silence", source_hash(*SOURCES))
    asked = {"simulated": given.count, "real": math.ceil(given.count / SHARE)}
    found: dict[str, list[Record]] = {clock: [] for clock in clocks}
    progress, done = Progress("silence", sum(asked.values())), 0
    for clock, run in clocks.items():
        for index in range(math.ceil(asked[clock] / PIECES[clock])):
            count = min(PIECES[clock], asked[clock] - index * PIECES[clock])
            key = f"{given.seed}-{clock}-{index:03d}-{count}"
            record = pieces.get(key)
            if record is None:
                begun = time.monotonic()
                made = run(count, given.seed * 100_000 + index)
                record = dict(made) | {"seconds": round(time.monotonic() - begun, 1)}
                pieces.put(key, record)
            found[clock].append(record)
            done += len(record["ms"])
            progress.tell(done)
    return finish("silence", given, outcome(given, found))


def outcome(given: Arguments, found: Mapping[str, list[Record]]) -> Outcome:
    """What all pieces found."""
    ms = {clock: np.array([value for record in records for value in record["ms"]]) for clock, records in found.items()}
    figures: dict[str, dict[str, Any]] = {}
    for clock, values in ms.items():
        p50, p99, most = (round(float(np.percentile(values, q)), 3) for q in (50, 99, 100))
        stalls = sum(record["stalls"] for record in found[clock])
        figures[clock] = {"n": len(values), "p50_ms": p50, "p99_ms": p99, "max_ms": most, "stalls": stalls}
    worst, usual = figures["simulated"]["max_ms"], figures["real"]["p99_ms"]
    rows = [
        (f"silence to first deceleration, worst of {len(ms['simulated']):,} on the simulated clock", f"{worst:.2f} ms"),
        (f"the same, p99 of {len(ms['real']):,} on the real clock", f"{usual:.2f} ms (worst {figures['real']['max_ms']:.2f} ms)"),
    ]
    seconds = sum(record["seconds"] for records in found.values() for record in records)
    passed = bool(worst <= MOST and usual <= MOST)
    what = f"silences to the first deceleration, allowed {MOST:g} ms"
    return Outcome(what, given.count, len(ms["simulated"]), passed, seconds, figures, rows)


def main() -> int:
    """Reads the arguments and measures."""
    try:
        return measure(arguments(__doc__, COUNT))
    except MoravecError as error:
        print(f"silence: {error}", file=sys.stderr)
        return error.exit_status


if __name__ == "__main__":
    sys.exit(main())
