"""Runs deliveries that come on a conveyor, at several speeds of the belt, and sums up what was picked and what went past.

    python scripts/measure_conveyor.py --speeds 0.03,0.06,0.10 --seeds 0-4 --items 4 --every 30 --out runs/conveyor

Every run is a `moravec run` of its own; `picked` is what was laid on the belt and did not leave the cell at its end, `right` what
ends where it belongs, both by the simulator's truth. Resumes where it was broken off.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from moravec.core.wilson import wilson

SENTENCE = "Unpack the delivery, classify the items, organise and store them."


def one(speed: float, seed: int, items: int, every: float, folder: Path) -> dict[str, Any]:
    """The record of one run: from its file where it is there already."""
    out = folder / f"{round(1000 * speed):03d}-mm-seed-{seed:03d}"
    record = folder / f"{out.name}.json"
    if record.exists():
        return dict(json.loads(record.read_text()))
    command = [sys.executable, "-m", "moravec.cli", "run", SENTENCE, "--conveyor", f"{speed:g}@{every:g}", "--items", str(items)]
    command += ["--seed", str(seed), "--out", str(out), "--json", "--quiet"]
    start = time.monotonic()
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode not in (0, 1):
        raise SystemExit(f"speed {speed}, seed {seed}: exit status {run.returncode}: {run.stderr.strip()[-500:]}")
    result = json.loads(run.stdout)
    laid, past = result["conveyor"]["laid"], result["conveyor"]["past"]
    picks = [step for step in result["steps"] if step["skill"] == "pick"]
    found = {
        "speed": speed, "seed": seed, "laid": len(laid), "past": len(past), "picked": len(laid) - len(past),
        "right": sum(i["location"] == i["belongs"] for name, i in result["final"].items() if name in laid),
        "waiting": len(result["final"]) - len(laid), "guard": result["guard"],
        "failed_picks": [step["code"] for step in picks if step["status"] != "succeeded"],
        "robot_s": round(sum(step["seconds"] for step in result["steps"]), 1), "wall_s": round(time.monotonic() - start, 1),
    }  # fmt: skip
    record.write_text(json.dumps(found, indent=1))
    (out / "tape.mcap").unlink(missing_ok=True)
    return found


def share(k: int, n: int) -> str:
    """As "5 of 6, 83 % (44-97 %)"."""
    low, high = wilson(k, n)
    return f"{k} of {n}, {100 * k / max(n, 1):.0f} % ({100 * low:.0f}-{100 * high:.0f} %)"


def main() -> None:
    """Reads the arguments, runs, sums up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--speeds", default="0.03,0.06,0.10", help="of the belt [m/s]")
    parser.add_argument("--seeds", default="0-4", help="first-last")
    parser.add_argument("--items", type=int, default=4)
    parser.add_argument("--every", type=float, default=30.0, help="seconds from one thing to the next")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("runs/conveyor"))
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    first, last = (int(x) for x in args.seeds.split("-"))
    jobs = [(float(v), seed) for seed in range(first, last + 1) for v in args.speeds.split(",")]
    with ThreadPoolExecutor(args.workers) as pool:
        found = list(pool.map(lambda job: one(*job, args.items, args.every, args.out), jobs))
    for speed in sorted({run["speed"] for run in found}):
        runs = [run for run in found if run["speed"] == speed]
        laid, picked, right = (sum(run[key] for run in runs) for key in ("laid", "picked", "right"))
        codes = sorted(code for run in runs for code in run["failed_picks"])
        stops = sum(run["guard"]["stop"] + run["guard"]["limit"] for run in runs)
        print(f"{speed:.2f} m/s: picked {share(picked, laid)}; right {share(right, laid)}; failed picks {codes}; "
              f"guard limited or stopped {stops} ticks")  # fmt: skip


if __name__ == "__main__":
    main()
