"""Things that come on a conveyor, at several speeds of the belt: what was picked and what went past.

    python scripts/measure_conveyor.py --speeds 0.03,0.06,0.10 --seeds 0-4 --items 4 --every 30 --out runs/conveyor
    python scripts/measure_conveyor.py --skills-alone --speeds 0.03,0.06,0.10 --seeds 0-4 --items 3 --every 20 --out runs/picks

Every run is a `moravec run` of its own; `picked` is what was laid on the belt and did not leave the cell at its end, `right` what
ends where it belongs, both by the simulator's truth. With --skills-alone nobody plans, inspects or stores: look at the belt, pick
what leaves first, once, and drop it in the reject bin; `picked` is what ends there. Resumes where it was broken off.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from moravec.core.wilson import wilson
from moravec.perception.detection import Detection
from moravec.perception.vision import Vision
from moravec.runtime.loop import Runtime
from moravec.runtime.pace import AsFastAsPossible
from moravec.skills.arm import Arm
from moravec.skills.belt import QUICKEST, leaves
from moravec.skills.context import SkillContext
from moravec.skills.delivery import delivery_skills
from moravec.worlds.cell.config import CellConfig
from moravec.worlds.cell.conveyor import Conveyor
from moravec.worlds.cell.world import Cell

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


def skills_alone(speed: float, seed: int, items: int, every: float, folder: Path) -> dict[str, Any]:
    """The record of `items` things picked by the skills, once each: from its file where it is there already."""
    record = folder / f"{round(1000 * speed):03d}-mm-seed-{seed:03d}-skills.json"
    if record.exists():
        return dict(json.loads(record.read_text()))
    cell = Cell(CellConfig(seed=seed, items=items, conveyor=Conveyor(speed, every)))
    assert cell.belt is not None  # it was asked for
    start, runtime = time.monotonic(), Runtime(cell.robot, NoRecord(), AsFastAsPossible(), lambda ask: ask.default)
    believed: dict[str, Detection] = {}
    context = SkillContext(
        cell.workplace, Arm(cell.workplace), Vision(cell.workplace), runtime.now, runtime.state, runtime.posture, believed.get
    )
    (belt,), skills, codes = cell.workplace.of_kind("belt"), delivery_skills(), list[str]()
    while True:
        seen = runtime.run(skills["look"].run(context, {"place": belt.name})).data.get("detections", [])
        seen = [thing for thing in seen if leaves(thing, belt) > runtime.now() + QUICKEST]
        if not seen:
            break
        believed["it"] = min(seen, key=lambda thing: leaves(thing, belt))
        picked = runtime.run(skills["pick"].run(context, {"item": "it"}))
        codes += [picked.code] if picked.status != "succeeded" else []
        if picked.status == "succeeded":
            runtime.run(skills["discard"].run(context, {"item": "it", "place": "reject"}))
    places = [cell.truth.place(item) for item in cell.items if item.name in cell.belt.laid]
    found = {
        "speed": speed, "seed": seed, "laid": len(places), "past": len(cell.belt.past), "picked": places.count("reject"),
        "right": places.count("reject"), "guard": dict(runtime.counts), "failed_picks": codes, "robot_s": round(runtime.now(), 1),
        "broken": cell.truth.report()["violations"], "wall_s": round(time.monotonic() - start, 1),
    }  # fmt: skip
    record.write_text(json.dumps(found, indent=1))
    cell.close()
    return found


class NoRecord:
    """A recorder that keeps nothing."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *args, **more: None


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
    parser.add_argument("--skills-alone", action="store_true", help="no brain, no station, no bins")
    parser.add_argument("--workers", type=int, default=1, help="runs at a time; with --skills-alone always one")
    parser.add_argument("--out", type=Path, default=Path("runs/conveyor"))
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    first, last = (int(x) for x in args.seeds.split("-"))
    jobs = [(float(v), seed) for seed in range(first, last + 1) for v in args.speeds.split(",")]
    work = skills_alone if args.skills_alone else one
    with ThreadPoolExecutor(1 if args.skills_alone else args.workers) as pool:
        found = list(pool.map(lambda job: work(*job, args.items, args.every, args.out), jobs))
    for speed in sorted({run["speed"] for run in found}):
        runs = [run for run in found if run["speed"] == speed]
        laid, picked, right = (sum(run[key] for run in runs) for key in ("laid", "picked", "right"))
        codes = sorted(code for run in runs for code in run["failed_picks"])
        stops = sum(run["guard"]["stop"] + run["guard"]["limit"] for run in runs)
        print(f"{speed:.2f} m/s: picked {share(picked, laid)}; right {share(right, laid)}; failed picks {codes}; "
              f"guard limited or stopped {stops} ticks")  # fmt: skip


if __name__ == "__main__":
    main()
