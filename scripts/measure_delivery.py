"""Runs the whole-delivery sentence on a range of seeds and sums up what became of it. Resumes where it was broken off.

    python scripts/measure_delivery.py --seeds 0-49 --out runs/measure

Every run is a `moravec run` of its own, followed by a `moravec replay` of its tape; nothing is measured that a user could
not see. The summary is printed and written to `summary.json`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from moravec.core.wilson import wilson
from moravec.tape.reader import read
from moravec.tape.records import Entry, Tick

SENTENCE = "Unpack the delivery, classify the items, organise and store them."


def _told(tape: Path) -> dict[str, Any]:
    """What the run's tape tells: steps outside a limit by the simulator's own measure, by kind; the checks whose stops began;
    the robot's time [s]."""
    stops, before, seconds = Counter[str](), "pass", 0.0
    for recorded in read(tape):
        if isinstance(recorded.value, Tick):
            verdict, seconds = recorded.value.approved.verdict, recorded.value.now
            if verdict.decision == "stop" and before != "stop":
                stops[verdict.check] += 1
            before = verdict.decision
        elif recorded.topic == "/result" and isinstance(recorded.value, Entry):
            violations = dict(recorded.value.payload["extremes"]["violations"])
            return {"violations": violations, "stops_begun": dict(stops), "robot_s": seconds}
    raise SystemExit(f"{tape}: no result on it")


def one(seed: int, folder: Path, renderer: str | None, *more: str) -> dict[str, Any]:
    """The record of one seed, run with `more` options: from its file where it is there already."""
    out = folder / f"seed-{seed:03d}"
    record = folder / f"seed-{seed:03d}.json"
    if record.exists():
        return dict(json.loads(record.read_text()))
    command = [sys.executable, "-m", "moravec.cli", "run", SENTENCE, "--seed", str(seed), "--out", str(out), "--json"]
    command += [*more, *(["--renderer", renderer] if renderer else [])]
    start = time.monotonic()
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - start
    if run.returncode not in (0, 1):
        raise SystemExit(f"seed {seed}: exit status {run.returncode}: {run.stderr.strip()[-500:]}")
    result = json.loads(run.stdout)
    replay = subprocess.run(
        [sys.executable, "-m", "moravec.cli", "replay", str(out / "tape.mcap"), "--json"], capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    replayed = json.loads(replay.stdout)
    final = result["final"].values()
    found = {
        "seed": seed, "items": len(final), "right": sum(i["location"] == i["belongs"] for i in final),
        "success": result["success"], "replans": result["replans"], "guard": result["guard"], "wall_s": round(seconds, 1),
        "cycle_time_s": result["cycle_time_s"], "decisions": replayed["decisions"], "diverged": replayed["diverged"],
        "wrong": {k: v for k, v in result["final"].items() if v["location"] != v["belongs"]},
        **_told(out / "tape.mcap"),
    }  # fmt: skip
    record.write_text(json.dumps(found, indent=1))
    if replay.returncode == 0 and found["right"] == found["items"]:
        (out / "tape.mcap").unlink()  # what went well need not stay: two hundred megabytes for fifty seeds
    return found


def main() -> None:
    """Reads the arguments, runs, sums up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="0-49", help="first-last")
    parser.add_argument("--out", type=Path, default=Path("runs/measure"))
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--renderer")
    parser.add_argument("--person", action="store_true", help="somebody walks in and out")
    options = parser.parse_args()
    first, last = (int(part) for part in options.seeds.split("-"))
    options.out.mkdir(parents=True, exist_ok=True)
    more = ("--person",) if options.person else ()
    records = []
    with ThreadPoolExecutor(options.workers) as pool:
        for record in pool.map(lambda seed: one(seed, options.out, options.renderer, *more), range(first, last + 1)):
            records.append(record)
            line = f"seed {record['seed']}: {record['right']}/{record['items']} right, {record['wall_s']} s wall"
            print(line + (f", wrong {record['wrong']}" if record["wrong"] else ""), flush=True)
    items, right = sum(r["items"] for r in records), sum(r["right"] for r in records)
    perfect = sum(r["right"] == r["items"] for r in records)
    summary = {
        "seeds": options.seeds, "sentence": SENTENCE, "runs": len(records), "items": items, "items_right": right,
        "items_right_share": right / items, "items_right_ci95": wilson(right, items), "runs_perfect": perfect,
        "runs_perfect_share": perfect / len(records), "runs_perfect_ci95": wilson(perfect, len(records)),
        "decisions": sum(r["decisions"] for r in records), "diverged": sum(r["diverged"] for r in records),
        "guard": {k: sum(r["guard"][k] for r in records) for k in ("pass", "limit", "stop")},
        "violations": sum(sum(r["violations"].values()) for r in records),
        "replans": sum(r["replans"] for r in records), "robot_s": round(sum(r["robot_s"] for r in records), 1),
        "stops_begun": dict(sum((Counter(r["stops_begun"]) for r in records), Counter[str]())),
    }  # fmt: skip
    (options.out / "summary.json").write_text(json.dumps(summary, indent=1))
    print(json.dumps(summary, indent=1))


if __name__ == "__main__":
    main()
