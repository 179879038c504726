"""Whole deliveries, unpacked under the guard: how often it stops where nothing was wrong, and what becomes of the job.

    python scripts/safety/deliveries.py --count 28800 --out runs/safety

A count is one second of the robot's time; nobody is in the cell, so that every stop of the guard is a false one. Seeds go up from
--seed, and each run is one of scripts/measure_delivery.py: by `moravec run`, and replayed.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from parts import DOING, ROOT, Outcome, Progress, arguments, finish
from pieces import Pieces, source_hash

sys.path.insert(0, str(ROOT / "scripts"))

from measure_delivery import one

HOUR = 3600.0  # [s]
ALLOWED_STOPS = 1  # in eight hours


def run(seed: int, folder: Path, pieces: Pieces, *more: str) -> tuple[dict[str, Any], bool]:
    """The record of one delivery, and whether it was run now."""
    key = f"seed-{seed:04d}{''.join(more)}"
    record = pieces.get(key)
    if record is not None:
        return record, False
    work = folder / "runs"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    start = time.monotonic()
    record = one(seed, work, None, *more)
    record["work_s"] = time.monotonic() - start
    pieces.put(key, record)
    return record, True


def judged(records: Sequence[dict[str, Any]], asked: int) -> Outcome:
    """Passed where the guard stopped no oftener than it may, and nothing was broken or diverged."""
    seconds = sum(r["robot_s"] for r in records)
    stops = sum((Counter(r["stops_begun"]) for r in records), Counter[str]())
    guard = sum((Counter(r["guard"]) for r in records), Counter[str]())
    violations, diverged = sum(sum(r["violations"].values()) for r in records), sum(r["diverged"] for r in records)
    items, right = sum(r["items"] for r in records), sum(r["right"] for r in records)
    perfect, false = sum(r["right"] == r["items"] for r in records), sum(stops.values())
    allowed = ALLOWED_STOPS * max(1.0, seconds / (8.0 * HOUR))
    rows = [
        ("false stops", f"{false} in {seconds / HOUR:.2f} h of the robot's time ({dict(stops) or 'none'}); allowed 1 in 8 h"),
        ("verdicts", ", ".join(f"{name} {guard[name]:,}" for name in ("pass", "limit", "stop"))),
        ("limits broken in the simulator's truth; decisions that diverged in replay", f"{violations}; {diverged}"),
        ("items in the right place; runs without a mistake", f"{right} of {items}; {perfect} of {len(records)}"),
    ]
    figures = {"false_stops": false, "hours": seconds / HOUR, "stops": dict(stops), "violations": violations, "items": items,
               "right": right, "runs": len(records), "perfect": perfect, "diverged": diverged}  # fmt: skip
    passed = false <= allowed and violations == 0 and diverged == 0 and seconds >= asked
    what = "seconds of the robot's time in whole deliveries, nobody near"
    return Outcome(what, asked, int(seconds), passed, sum(r["work_s"] for r in records), figures, rows)


def main() -> int:
    """Eight hours, or what is asked for."""
    given = arguments(__doc__, int(8 * HOUR))
    folder = given.out / "deliveries"
    pieces, progress = Pieces(folder, source_hash(*DOING)), Progress("deliveries", given.count)
    records, seconds, seed = list[dict[str, Any]](), 0.0, given.seed
    while seconds < given.count:
        record, fresh = run(seed, folder, pieces)
        records.append(record)
        seconds, seed = seconds + record["robot_s"], seed + 1
        if fresh:
            progress.tell(int(seconds))
    return finish("deliveries", given, judged(records, given.count))


if __name__ == "__main__":
    raise SystemExit(main())
