"""The hard-coded program of the cell on fixtured deliveries, and what is left of it where things lie off their pockets.

    python scripts/measure_crane.py --seeds 0-4 --scatters 0,0.01,0.02,0.03,free --out runs/crane
    python scripts/measure_crane.py --seeds 0-4 --scatters 0 --robot --out runs/crane

A scatter is how far [m] things lie off their pockets at most; "free" are ordinary deliveries. With --robot the robot with cameras
unpacks the same deliveries as well, each a `moravec run` of its own. `right` is what ends where it belongs, by the simulator's
truth; of what is damaged that is the reject bin, which the crane cannot know. Resumes where it was broken off.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from moravec.core.wilson import wilson
from moravec.runtime.recorder import Unrecorded
from moravec.trials.crane.run import run_crane
from moravec.trials.shares import quantiles
from moravec.worlds.registry import WorldOptions, open_world

SENTENCE = "Unpack the delivery, classify the items, organise and store them."
FREE = "free"


def crane(seed: int, items: int | None, scatter: str) -> dict[str, Any]:
    """The record of one delivery, unpacked by the crane."""
    options = WorldOptions(seed, items, "rays", fixture=None if scatter == FREE else float(scatter))
    with closing(open_world("cell", options)) as world:
        record = run_crane(world, Unrecorded()).plain()
        return record | {"violations": world.extremes()["violations"], "fixture": world.extremes().get("fixture", {})}


def robot(seed: int, items: int | None, scatter: str) -> dict[str, Any]:
    """The same of the robot."""
    command = [sys.executable, "-m", "moravec.cli", "run", SENTENCE, "--seed", str(seed), "--json", "--quiet"]
    command += [] if items is None else ["--items", str(items)]
    command += [] if scatter == FREE else ["--fixture", scatter]
    command += ["--out", str(Path("runs") / "crane-robot" / f"{scatter}-{seed}")]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode not in (0, 1):
        raise SystemExit(f"seed {seed}: exit status {run.returncode}: {run.stderr.strip()[-500:]}")
    result = json.loads(run.stdout)
    final = list(result["final"].values())
    right = [thing for thing in final if thing["location"] == thing["belongs"]]
    return {
        "items": len(final), "right": len(right), "undamaged": sum(not thing["damaged"] for thing in final),
        "undamaged_right": sum(not thing["damaged"] for thing in right), "cycle_s": result["cycle_time_s"],
        "seconds": round(sum(step["seconds"] for step in result["steps"]), 3), "guard": result["guard"],
        "trouble": result["refused"] or "",
    }  # fmt: skip


def summary(records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Of one program at one scatter: shares right with intervals, seconds of the robot's time, what ended runs early."""
    total = {name: sum(r[name] for r in records) for name in ("items", "right", "undamaged", "undamaged_right")}
    cycles = [c for r in records for c in r["cycle_s"]]
    low, high = wilson(total["undamaged_right"], total["undamaged"])
    seconds = float(sum(r["seconds"] for r in records))
    return {
        "deliveries": len(records), **total, "undamaged_right_ci95": [round(low, 4), round(high, 4)],
        "seconds_per_item": round(seconds / total["items"], 3),
        "cycle_s": quantiles(cycles),
        "right_per_hour": round(3600.0 * total["right"] / seconds, 1),
        "ended_early": sum(bool(r["trouble"]) for r in records),
        "guard": {kind: sum(r["guard"][kind] for r in records) for kind in ("pass", "limit", "stop")},
    }  # fmt: skip


def seeds(text: str) -> list[int]:
    """Seeds written as "0-4" or "3"."""
    first, _, last = text.partition("-")
    return list(range(int(first), int(last or first) + 1))


def main() -> None:
    """Measures what has no record yet, and prints the summary."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=seeds, default=seeds("0-4"))
    parser.add_argument("--items", type=int, default=None)
    parser.add_argument("--scatters", default="0")
    parser.add_argument("--robot", action="store_true")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    told: dict[str, Any] = {}
    for scatter in options.scatters.split(","):
        for name, run in (("crane", crane), *([("robot", robot)] if options.robot else [])):
            records = []
            for seed in options.seeds:
                file = options.out / f"{name}-{scatter}-{options.items or 'drawn'}-{seed:03d}.json"
                if not file.exists():
                    file.write_text(json.dumps(run(seed, options.items, scatter), indent=1))
                records.append(json.loads(file.read_text()))
            told[f"{name}, {scatter}"] = summary(records)
    (options.out / "summary.json").write_text(json.dumps(told, indent=1) + "\n")
    sys.stdout.write(json.dumps(told, indent=1) + "\n")


if __name__ == "__main__":
    main()
