"""How late the ticks of the edge process are, on an idle machine and on a busy one, and how long one decision takes.

    python scripts/safety/lateness.py --count 600 --seed 0 --out runs/safety

`count` seconds of `moravec edge` at 500 Hz with nothing else running, as many with a spinning process on every core, and the time
of 100,000 compiled decisions. Every tick's lateness is read from the ring, not from the process's own figures; each one that came
a period late or later stands in the result with its time. Leave the machine alone meanwhile: what else runs is measured as well.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from bypath import EDGE_TESTS, module_at
from parts import GUARD, SOURCE, Arguments, Outcome, Progress, arguments, finish, python
from pieces import Pieces, source_hash

from moravec.commands import measure_edge
from moravec.core.errors import ContractError, MoravecError

COUNT = 600  # [s]
PIECE = 30  # [s]; the ring holds 48 s
DECISIONS = 100_000
LOADS = ("idle", "busy")
# The table: p99 of lateness [us] by load, share of overruns when idle [1], p99.9 of a decision [us].
P99_MOST, OVERRUNS_MOST, DECISION_MOST = {"idle": 200.0, "busy": 1000.0}, 0.005, 50.0
SOURCES = (GUARD, SOURCE / "edge", SOURCE / "commands" / "measure_edge.py", EDGE_TESTS / "helpers_process.py", Path(__file__))
SPIN = "import sys, time\nend = time.monotonic() + float(sys.argv[1])\nwhile time.monotonic() < end:\n    pass"

Record = Mapping[str, Any]


@contextlib.contextmanager
def load(kind: str, seconds: float) -> Iterator[None]:
    """A machine that is left alone, or one with a spinning process for every core; those end by themselves, too."""
    cores = len(os.sched_getaffinity(0)) if kind == "busy" else 0
    spinning = [subprocess.Popen(python("-c", SPIN, f"{seconds:g}")) for _ in range(cores)]
    try:
        yield
    finally:
        for each in spinning:
            each.kill()
            each.wait()


def ran(kind: str, seconds: int, index: int) -> Record:
    """One edge process for so many seconds."""
    helpers: Any = module_at(EDGE_TESTS / "helpers_process.py")
    name = f"late_{os.getpid()}_{kind}_{index}"
    with (
        tempfile.TemporaryDirectory() as folder,
        load(kind, seconds + helpers.START),
        helpers.EdgeProcess(Path(folder), name, "--seconds", str(seconds)) as edge,
    ):
        words, _ = edge.process.communicate(timeout=seconds + helpers.START)
        if edge.process.returncode != 0:
            raise ContractError(f"edge process: ended with {edge.process.returncode}: {words.strip()[-300:]}")
        rows = edge.memory.ring()[: edge.memory.ticks]
        told = json.loads(words)
    found = counted(rows["at"], rows["lateness"], edge.memory.period, time.time() - time.monotonic())
    wrong = [] if found["overruns"] == told["overruns"] else [f"{told['overruns']} overruns told, {found['overruns']} found"]
    return found | {"missed": told["missed"], "granted": told["granted"], "wrong": wrong, "machine_load": os.getloadavg()[0]}


def counted(at: Any, lateness: Any, period: float, epoch: float) -> dict[str, Any]:
    """Ticks by their lateness in microseconds, rounded up, and every one that came a period late. `at` and `lateness` (m,) [ns]
    on the monotonic clock, whose zero is at `epoch` [s]."""
    late = np.maximum(np.asarray(lateness), 0)
    bins = Counter((-(-late // 1000)).tolist())
    misses = [
        {"tick": i + 1, "utc": _utc(epoch + at[i] * 1e-9), "late_ms": round(late[i] * 1e-6, 3)}
        for i in np.nonzero(late >= round(1e9 * period))[0].tolist()
    ]
    return {
        "ticks": len(late), "bins": {str(key): bins[key] for key in sorted(bins)}, "overruns": len(misses), "misses": misses,
        "worst_us": round(float(late.max()) * 1e-3, 3),
    }  # fmt: skip


def _utc(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).isoformat(timespec="milliseconds")


def decided(count: int, seed: int) -> Record:
    """Microseconds of `count` decisions, and p99.9 of the least that each took of several times: on a virtual machine one
    interrupt of the system's clock takes 40 us and meets two decisions of a thousand, whatever they do."""
    spent = 1e6 * measure_edge.decision_times(count, seed, measure_edge.AGAIN)
    named = (("p50", 50), ("p99", 99), ("p99_9", 99.9), ("max", 100))
    found = {name: round(float(np.percentile(spent, q)), 2) for name, q in named}
    return {"n": count, **found, "least_p99_9": round(float(np.percentile(spent.min(0), 99.9)), 2)}


def measure(
    given: Arguments, run: Callable[[str, int, int], Record] = ran, decide: Callable[[int, int], Record] = decided
) -> int:
    """All pieces, those of before where they are there; the exit status."""
    pieces = Pieces(given.out / "lateness", source_hash(*SOURCES))
    progress, done = Progress("lateness", 2 * given.count), 0

    def kept(key: str, make: Callable[[], Record]) -> Record:
        record = pieces.get(key)
        if record is None:
            begun = time.monotonic()
            record = dict(make())
            record["seconds"] = round(time.monotonic() - begun, 1)
            pieces.put(key, record)
        return record

    n = min(DECISIONS, 1000 * given.count)
    decision = kept(f"{given.seed}-decision-{n}", lambda: decide(n, given.seed))
    found: dict[str, list[Record]] = {kind: [] for kind in LOADS}
    for kind in LOADS:
        for index in range(math.ceil(given.count / PIECE)):
            seconds = min(PIECE, given.count - index * PIECE)
            key, job = f"{given.seed}-{kind}-{index:03d}-{seconds}", functools.partial(run, kind, seconds, index)
            found[kind].append(kept(key, job))
            done += seconds
            progress.tell(done)
    return finish("lateness", given, outcome(given, found, decision))


def summed(records: list[Record]) -> dict[str, Any]:
    """Several pieces as one."""
    bins: Counter[int] = Counter()
    for record in records:
        bins.update({int(key): count for key, count in record["bins"].items()})
    edges = np.array(sorted(bins))
    total = np.cumsum([bins[int(edge)] for edge in edges])
    shares = (("p50", 0.5), ("p99", 0.99), ("p99_9", 0.999))
    quantiles = {f"{name}_us": int(edges[np.searchsorted(total, share * total[-1])]) for name, share in shares}
    ticks, overruns = int(total[-1]), sum(record["overruns"] for record in records)
    return quantiles | {
        "max_us": max(record["worst_us"] for record in records), "ticks": ticks, "overruns": overruns,
        "overruns_share": overruns / ticks, "never_came": sum(record["missed"] for record in records),
        "granted": records[0]["granted"], "machine_load": [round(record["machine_load"], 2) for record in records],
        "wrong": [line for record in records for line in record["wrong"]],
        "misses": [{"piece": i} | miss for i, record in enumerate(records) for miss in record["misses"]],
    }  # fmt: skip


def outcome(given: Arguments, found: Mapping[str, list[Record]], decision: Record) -> Outcome:
    """What all pieces found."""
    figures: dict[str, Any] = {kind: summed(records) for kind, records in found.items()} | {"decision_us": dict(decision)}
    rows = [
        ("one compiled decision, 7 joints, every check, one person",
         f"p99.9 {decision['p99_9']:.1f} us (p50 {decision['p50']:.1f}, p99 {decision['p99']:.1f}, max {decision['max']:.0f}); "
         f"the same decisions made {measure_edge.AGAIN} times, the least of each: p99.9 {decision['least_p99_9']:.1f} us"),
    ]  # fmt: skip
    passed = decision["least_p99_9"] <= DECISION_MOST and figures["idle"]["overruns_share"] <= OVERRUNS_MOST
    for kind in LOADS:
        f = figures[kind]
        passed = passed and f["p99_us"] <= P99_MOST[kind] and not f["wrong"]
        where = "an idle machine" if kind == "idle" else "a machine with every core busy"
        rows.append((f"lateness of a 500 Hz loop on {where}, {given.count:,} s",
                     f"p99 {f['p99_us'] / 1e3:.3f} ms (p50 {f['p50_us'] / 1e3:.3f}, p99.9 {f['p99_9_us'] / 1e3:.3f}, "
                     f"max {f['max_us'] / 1e3:.1f}), overruns {100.0 * f['overruns_share']:.3f} % ({f['overruns']:,} of "
                     f"{f['ticks']:,}; {f['never_came']:,} ticks never came)"))  # fmt: skip
    seconds = sum(record["seconds"] for records in found.values() for record in records) + decision["seconds"]
    return Outcome("seconds at 500 Hz on an idle and on a busy machine", given.count, given.count, passed, seconds, figures, rows)


def main() -> int:
    """Reads the arguments and measures."""
    try:
        return measure(arguments(__doc__, COUNT))
    except MoravecError as error:
        print(f"lateness: {error}", file=sys.stderr)
        return error.exit_status


if __name__ == "__main__":
    sys.exit(main())
