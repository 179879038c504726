"""Kills and pauses of the processes around a real edge process, in motion; each must end in a controlled stop.

    python scripts/safety/kills.py --count 10000 --seed 0 --out runs/safety

Killed and paused are clients that move the robot, drivers that are its body, both at once, and the edge process itself is paused
(its watcher, a thread of its own, stands still with it). After each the robot must have come to rest inside every limit, within
its budget, and the edge process must live. Several edge processes run side by side, half of them with a driver process. A host
that stalls makes ticks late, which is counted and no failure; a broken limit, or a robot that does not rest, is one.
"""

from __future__ import annotations

import math
import os
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from bypath import EDGE_TESTS
from killing import CLIENT_KINDS, DRIVER_KINDS, HELPERS, TURNS, Robot
from parts import GUARD, Arguments, Outcome, Progress, arguments, finish
from pieces import Pieces, source_hash

from moravec.core.errors import MoravecError
from moravec.edge.blackbox import read_box
from moravec.edge.form import STOP_BEGAN

COUNT = 10_000
PIECE = 400  # kills of one piece, over all robots: about a minute
ROBOTS = 4  # edge processes side by side
HERE = Path(__file__).parent
SOURCES = (GUARD, GUARD.with_name("edge"), *(HERE / f"{name}.py" for name in ("kills", "killing", "setpoints")),
           *(EDGE_TESTS / f"{name}.py" for name in ("helpers_process", "mover", "body")))  # fmt: skip

Record = Mapping[str, Any]


def run_piece(count: int, seed: int, piece: int) -> Record:
    """`count` kills, spread over ROBOTS edge processes of this piece's own."""
    shares = [count // ROBOTS + (1 if i < count % ROBOTS else 0) for i in range(ROBOTS)]
    begun, broken_off = time.monotonic(), threading.Event()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(ROBOTS) as pool:
        jobs = []
        for i, share in enumerate(shares):
            if share:
                out = Path(folder) / str(i)
                out.mkdir()
                jobs.append(pool.submit(one_robot, out, i, share, np.random.default_rng([seed, piece, i]), broken_off))
        try:
            records = [job.result() for job in jobs]
        finally:
            broken_off.set()
    return summed(records) | {"seconds": round(time.monotonic() - begun, 1)}


def warm() -> None:
    """One edge process alone: the first on a machine compiles, and several at once would each."""
    with tempfile.TemporaryDirectory() as folder, HELPERS.EdgeProcess(Path(folder), f"warm_{os.getpid()}"):
        pass


def one_robot(out: Path, index: int, count: int, rng: np.random.Generator, broken_off: threading.Event) -> Record:
    """`count` kills around one edge process; every other one has a driver process."""
    driven = index % 2 == 1
    kinds: Counter[str] = Counter()
    failures, endings, stalls, starved = [], [], 0, 0
    with Robot(out, f"kills_{os.getpid()}_{index}", driven, float(rng.uniform(*TURNS))) as robot:
        while len(endings) < count and not failures and not broken_off.is_set():
            kind = str(rng.choice(DRIVER_KINDS if driven else CLIENT_KINDS))
            ending = robot.kill(kind, rng)
            if ending is None:  # a stall of this machine stopped the robot before it was killed: it counts for nothing
                stalls += 1
                continue
            if ending.starved:  # nor does one in which this machine let the body's process starve
                starved += 1
                continue
            endings.append(ending)
            kinds[kind] += 1
            failures += [f"{kind}: {what}" for what in ending.broken]
        told = robot.end()
    failures += boxes_hold(told)
    punctual = [e.silent for e in endings if not e.late]
    return {
        "done": len(endings), "kinds": dict(kinds), "failures": failures, "stalls": stalls, "starved": starved,
        "stops": told["stops"],
        "late": sum(e.late for e in endings), "silent": punctual, "braking": [e.braking for e in endings],
        "granted": told["granted"]["priority"] == "", "worst_late_ms": told["lateness_us"]["max"] / 1e3,
    }  # fmt: skip


def boxes_hold(told: Record) -> list[str]:
    """What is wrong with the black boxes of one edge process: each is read, and all its stops stand in them."""
    ticks = [read_box(Path(path)).ticks["began"] for path in told["black_boxes"]]
    held = sum(int((began == STOP_BEGAN).sum()) for began in ticks)
    wrong = [] if told["at_rest"] else ["the edge process ended in motion"]
    if told["black_boxes_failed"] or held != told["stops"]:
        wrong.append(f"black boxes hold {held} stops of {told['stops']}, {told['black_boxes_failed']} boxes failed")
    return wrong


def summed(records: list[Record]) -> dict[str, Any]:
    """The records of several robots, or of several pieces, as one."""
    kinds: Counter[str] = Counter()
    for record in records:
        kinds.update(record["kinds"])
    joined = {name: [x for record in records for x in record[name]] for name in ("failures", "silent", "braking")}
    totals = {name: sum(record[name] for record in records) for name in ("done", "stalls", "starved", "stops", "late")}
    worst = max((record["worst_late_ms"] for record in records), default=0.0)
    return {
        "kinds": dict(sorted(kinds.items())), **joined, **totals, "worst_late_ms": worst,
        "granted": all(record["granted"] for record in records),
    }  # fmt: skip


def measure(given: Arguments, run: Callable[[int, int, int], Record] = run_piece) -> int:
    """All pieces, those of before where they are there; the exit status."""
    pieces = Pieces(given.out / "kills", source_hash(*SOURCES))
    progress, records, done = Progress("kills", given.count), list[Record](), 0
    for piece in range(math.ceil(given.count / PIECE)):
        count = min(PIECE, given.count - done)
        key = f"{given.seed}-{piece:03d}-{count}"
        record = pieces.get(key)
        if record is None:
            record = dict(run(count, given.seed, piece))
            pieces.put(key, record)
        records.append(record)
        done += record["done"]
        progress.tell(done)
        if record["failures"]:
            break
    return finish("kills", given, outcome(given, records))


def outcome(given: Arguments, records: list[Record]) -> Outcome:
    """What all pieces found."""
    all_of = summed(records)
    failures = all_of["failures"]
    for line in failures[:10]:
        print(f"kills: {line}", file=sys.stderr)
    silent, braking = 1e3 * np.array(all_of["silent"] or [0.0]), 1e3 * np.array(all_of["braking"] or [0.0])
    figures = {
        "kinds": all_of["kinds"], "failures": failures[:100], "stops": all_of["stops"],
        "silent_ms": {"p50": round(float(np.median(silent)), 3), "max": round(float(silent.max()), 3)},
        "braking_ms": {"p50": round(float(np.median(braking)), 3), "max": round(float(braking.max()), 3)},
        "with_late_ticks": all_of["late"], "worst_late_ms": all_of["worst_late_ms"],
        "stalled_before": all_of["stalls"], "bodies_starved": all_of["starved"], "real_time_priority": all_of["granted"],
    }  # fmt: skip
    rows = [
        ("kills and pauses that ended in a controlled stop inside every limit",
         f"{all_of['done'] - len(failures):,} of {all_of['done']:,}"),
        ("from the last record to the first tick that brakes, where no tick came late",
         f"worst {figures['silent_ms']['max']:.2f} ms of {len(all_of['silent']):,}"),  # type: ignore[index]
        ("from there to rest", f"worst {figures['braking_ms']['max']:.0f} ms"),  # type: ignore[index]
    ]  # fmt: skip
    passed = not failures and all_of["done"] == given.count
    seconds = sum(record["seconds"] for record in records)
    what = "kills and pauses of clients, drivers and the edge process, each in motion"
    return Outcome(what, given.count, all_of["done"], passed, seconds, figures, rows)


def main() -> int:
    """Reads the arguments and measures."""
    given = arguments(__doc__, COUNT)
    try:
        warm()
        return measure(given)
    except MoravecError as error:
        print(f"kills: {error}", file=sys.stderr)
        return error.exit_status


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was started is ended on the way out
    sys.exit(main())
