"""What the guard costs in the delivery job with nobody near: cycle times with it, and with one that objects to nothing.

    python scripts/safety/cost.py --count 10 --out runs/safety

A count is one seed, run twice. No switch in the product leaves the guard out; this program, in a process of its own, gives the
runtime a limit table whose limits nothing reaches. A command that passes is sent on bit for bit, so that a guard which neither
limits nor stops should cost nothing at all: this measures it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from parts import DOING, Outcome, Progress, arguments, finish, python
from pieces import Pieces, source_hash

from moravec.guard.compiled import Kernel
from moravec.guard.guard import Guard
from moravec.guard.limits import LimitTable
from moravec.guard.parts import Box
from moravec.runtime import loop
from moravec.runtime.governor import Governor

SENTENCE = "Unpack the delivery, classify the items, organise and store them."
ALLOWED = 0.03  # of the cycle
FAR = 100.0  # [m, m/s, rad/s ...]
ALONE = "--without"


def boundless(limits: LimitTable) -> LimitTable:
    """A table like `limits` whose limits nothing reaches, and that watches for nobody."""
    n = limits.joints
    return replace(
        limits, velocity=(FAR,) * n, acceleration=(1e4,) * n, jerk=(1e8,) * n, torque=(1e4,) * n, tracking=(FAR,) * n,
        tool_speed=FAR, tool_speed_reduced=FAR, tool_force=1e5, payload=1e3, allowed=(Box((-FAR,) * 3, (FAR,) * 3),),
        forbidden=(), bodies=(), apart=(), obstacles=(), zones=(), separation=None, touch=None,
    )  # fmt: skip


def without(seed: str, out: str) -> int:
    """The job with a guard that objects to nothing."""
    from moravec.cli import main

    def guard(limits: LimitTable, kernel: Kernel) -> Guard:
        return Guard(boundless(limits), kernel)

    loop.Guard = guard  # type: ignore[misc, assignment]
    loop.Governor = lambda limits: Governor(boundless(limits))  # type: ignore[misc, assignment]
    return main(["run", SENTENCE, "--seed", seed, "--out", out, "--json"])


def run(words: Sequence[str | Path], out: Path) -> dict[str, Any]:
    """One job; what it measured."""
    shutil.rmtree(out, ignore_errors=True)
    done = subprocess.run(python(*words), capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{words}: exit status {done.returncode}: {done.stderr.strip()[-500:]}")
    result = json.loads(done.stdout)
    steps = [step["seconds"] for step in result["steps"]]
    return {"cycles": result["cycle_time_s"], "robot_s": sum(steps), "guard": result["guard"], "success": result["success"]}


def pair(seed: int, folder: Path) -> dict[str, Any]:
    """One seed with and without."""
    start, words = time.monotonic(), ("-m", "moravec.cli", "run", SENTENCE, "--seed", str(seed))
    guarded = run((*words, "--out", folder / "with", "--json"), folder / "with")
    free = run((Path(__file__), ALONE, str(seed), folder / "without"), folder / "without")
    return {"with": guarded, "without": free, "work_s": time.monotonic() - start}


def judged(records: Sequence[dict[str, Any]]) -> Outcome:
    """All seeds together: passed where the cycles together are at most ALLOWED longer."""
    totals = {side: sum(sum(r[side]["cycles"]) for r in records) for side in ("with", "without")}
    counts = {side: sum(len(r[side]["cycles"]) for r in records) for side in ("with", "without")}
    means = {side: totals[side] / max(counts[side], 1) for side in totals}
    longer = means["with"] / means["without"] - 1.0
    same = sum(r["with"]["cycles"] == r["without"]["cycles"] for r in records)
    rows = [
        ("mean cycle with and without the guard", f"{means['with']:.3f} s, {means['without']:.3f} s: {100 * longer:+.2f} %"),
        ("runs whose cycles are the same to the last digit", f"{same} of {len(records)}"),
    ]
    figures = {"longer": longer, "means": means, "same": same}
    work = sum(r["work_s"] for r in records)
    return Outcome("seeds with and without the guard", len(records), len(records), longer <= ALLOWED, work, figures, rows)


def main() -> int:
    """Ten seeds, or what is asked for."""
    if sys.argv[1:2] == [ALONE]:
        return without(*sys.argv[2:4])
    given = arguments(__doc__, 10)
    folder = given.out / "cost"
    pieces, progress = Pieces(folder, source_hash(*DOING, Path(__file__))), Progress("cost", given.count)
    records = []
    for seed in range(given.seed, given.seed + given.count):
        record = pieces.get(f"seed-{seed:04d}")
        if record is None:
            record = pair(seed, folder)
            pieces.put(f"seed-{seed:04d}", record)
            progress.tell(seed - given.seed + 1)
        records.append(record)
    return finish("cost", given, judged(records))


if __name__ == "__main__":
    raise SystemExit(main())
