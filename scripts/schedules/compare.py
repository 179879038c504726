"""How far schedules are from the shortest: the same problems given to OR-tools' CP-SAT, which proves what is shortest.

    python scripts/schedules/compare.py --out runs/schedules --things 8 --seconds 60

OR-tools (Apache-2.0) is installed into an environment of its own under OUT; Moravec does not need it. Each problem is the storing
of a delivery by one of five crews, with a plate for one thing or for four, and times drawn between 0.6 and 1.6 times the cell's.
The solver has one worker and so many seconds for each problem.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
import venv
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from moravec.brain.bench import STORE_ALL, bench_inventory
from moravec.brain.plan import make_plan
from moravec.brain.schedule.arrange import arrange
from moravec.brain.schedule.expect import expectations
from moravec.brain.schedule.problem import Model, Problem, model_of
from moravec.brain.schedule.site import Robot, same_robots, site_of
from moravec.brain.schedule.touched import touched
from moravec.commands.measure_plans import SITES
from moravec.skills.manifests import BY_NAME

HERE = Path(__file__).resolve().parent
SOLVER = "ortools==9.15.6755"
BRINGS = frozenset({"parcel", "station"})
STORES = frozenset({"station", "reject", *(f"bin_{i + 1}" for i in range(6))})
CREWS: dict[str, tuple[Robot, ...]] = {
    "two alike": same_robots(2),
    "three alike": same_robots(3),
    "one brings, one stores": (Robot("a", places=BRINGS), Robot("b", places=STORES)),
    "one brings, two store": (Robot("a", places=BRINGS), Robot("b", places=STORES), Robot("c", places=STORES, speed=1.5)),
    "four unlike": (Robot("a"), Robot("b", speed=0.7), Robot("c", places=BRINGS), Robot("d", places=STORES)),
}


def problems(things: int, seed: int) -> dict[str, Problem]:
    """Every crew at every site."""
    inventory, rng = bench_inventory(things, seed), np.random.default_rng(seed)
    steps, state = make_plan(STORE_ALL, inventory).steps, inventory.state()
    usual = expectations(touched(steps, state, BY_NAME), BY_NAME)
    times = tuple(replace(e, seconds=e.seconds * float(rng.uniform(0.6, 1.6))) for e in usual)
    return {
        f"{crew}, {site}": Problem(steps, state, site_of(robots, inventory.kinds, resources), times)
        for crew, robots in CREWS.items()
        for site, resources in SITES.items()
    }


def plain(model: Model) -> dict[str, Any]:
    """The problem as numbers, for a program that knows nothing of robots."""
    stays: dict[int, list[tuple[int, int]]] = {i: [] for i in model.rooms}
    for i, pairs in stays.items():
        places, brought = model.problem.site.resources[i].places, {}
        for n, step in enumerate(model.touched):
            if step.lays in places:
                brought[step.item] = n
            elif step.lifts in places and step.item in brought:
                pairs.append((brought.pop(step.item), n))
    return {
        "seconds": model.seconds, "blocks": [block.steps for block in model.blocks.blocks], "able": model.able,
        "last": model.blocks.own[0], "pairs": sorted(model.pairs),
        "arms": [
            (resource.arms, [n for n, taken in enumerate(model.takes_up) if i in taken])
            for i, resource in enumerate(model.problem.site.resources)
        ],
        "rooms": [(model.rooms[i].things, pairs) for i, pairs in stays.items()],
    }  # fmt: skip


def solver(folder: Path) -> Path:
    """The Python of the solver's environment, made where it is missing."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", SOLVER], check=True)
    return python


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--things", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    python, rows = solver(options.out / "solver"), []
    for name, problem in problems(options.things, options.seed).items():
        start = time.perf_counter()
        schedule = arrange(problem, options.seed)
        spent = time.perf_counter() - start
        given = options.out / "problem.json"
        given.write_text(json.dumps(plain(model_of(problem))), encoding="utf-8")
        command = [python, HERE / "cpsat.py", given, str(options.seconds)]
        found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        row = {"problem": name, "makespan": schedule.makespan, "bound": schedule.bound, "seconds": spent, "solver": found}
        rows.append(row)
        ours = f"{schedule.makespan:.2f} s in {spent:.2f} s, bound {schedule.bound:.2f}"
        proven = ", proven the shortest" if found["proven"] else ""
        theirs = f"{found['makespan']:.2f} s in {found['seconds']:.1f} s{proven}, bound {found['bound']:.2f}"
        print(f"{name}: {ours}; CP-SAT {theirs}", flush=True)
    (options.out / "schedules.json").write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
