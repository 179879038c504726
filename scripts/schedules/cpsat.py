"""One problem of `compare.py`, solved by CP-SAT. Runs in the solver's environment; prints JSON.

    python cpsat.py PROBLEM.json SECONDS
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from ortools.sat.python import cp_model

UNIT = 1000  # whole numbers of these make a second


def modelled(given: dict[str, Any]) -> tuple[cp_model.CpModel, cp_model.IntVar]:
    """Times of all steps, a robot for each block, nobody twice at once, and the end to be made early."""
    model = cp_model.CpModel()
    seconds = [[round(UNIT * s) for s in row] for row in given["seconds"]]
    horizon = sum(max(row[n] for row in seconds) for n in range(len(seconds[0])))
    steps = sorted(n for block in given["blocks"] for n in block)
    start, end = ({n: model.new_int_var(0, horizon, "") for n in steps} for _ in range(2))
    last = model.new_int_var(0, horizon, "")

    def between(a: int, b: int) -> cp_model.IntervalVar:
        return model.new_interval_var(start[a], model.new_int_var(0, horizon, ""), end[b], "")

    busy: list[list[cp_model.IntervalVar]] = [[] for _ in seconds]
    for block, able in zip(given["blocks"], given["able"], strict=True):
        chosen = []
        for robot in able:
            chosen.append(model.new_bool_var(""))
            size = model.new_int_var(0, horizon, "")
            busy[robot].append(model.new_optional_interval_var(start[block[0]], size, end[block[-1]], chosen[-1], ""))
            for n in block:
                model.add(end[n] == start[n] + seconds[robot][n]).only_enforce_if(chosen[-1])
            model.add(last >= end[block[-1]] + seconds[robot][given["last"]]).only_enforce_if(chosen[-1])
        model.add_exactly_one(chosen)
        for a, b in zip(block, block[1:], strict=False):
            model.add(start[b] >= end[a])
    for a, b in given["pairs"]:
        model.add(start[b] >= end[a])
    for intervals in busy:
        model.add_no_overlap(intervals)
    shared = [(room, [between(n, n) for n in there]) for room, there in given["arms"]]
    shared += [(room, [between(a, b) for a, b in stays]) for room, stays in given["rooms"]]
    for room, intervals in shared:
        model.add_cumulative(intervals, [1] * len(intervals), room)
    model.minimize(last)
    return model, last


def main() -> int:
    model, last = modelled(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds, solver.parameters.num_workers = float(sys.argv[2]), 1
    begun = time.perf_counter()
    status = solver.solve(model)
    spent = time.perf_counter() - begun
    found = {"proven": status == cp_model.OPTIMAL, "makespan": solver.value(last) / UNIT, "seconds": round(spent, 2)}
    print(json.dumps(found | {"bound": solver.best_objective_bound / UNIT}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
