"""How much of the machine executors of trials use, and what they cost for each episode.

    python scripts/measure_executors.py --workers 2 --out runs/executors

Efficiency: the same jobs, which do nothing but use the processor, one after the other in one process (`serial`), in as many
processes as there are workers and without any executor (`bare`: what the machine itself loses when all its cores work), and
by the executors. All in turns, `--rounds` times, so that what else the machine does falls on all alike; medians. `efficiency`
is serial time / (workers x time), the processes' beginning included; `steady` the same from the first answer to the last, as
in a long trial; `of_bare` is bare time / time. Overhead: the time between two answers of one worker whose jobs do nothing.
"""

from __future__ import annotations

import argparse
import importlib.util
import itertools
import json
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Any

from executors_work import answer, burn, burn_many

from moravec.commands.measure import machine
from moravec.trials.executors.contract import Executor, Group, Job, Outcome
from moravec.trials.executors.on_ray import Ray
from moravec.trials.executors.processes import Processes
from moravec.trials.executors.serial import Serial

GROUP = 5  # as trials in Meta-World have
LINKS = 400_000  # of a chain of hashes: some tenths of a second


def grouped(count: int, work: Callable[[Any], object]) -> list[Group[Any, Any]]:
    """`count` jobs, GROUP of them together."""
    keys = [str(k) for k in range(count)]
    return [Group(nullcontext, tuple(Job(key, work) for key in keys[k : k + GROUP])) for k in range(0, count, GROUP)]


def took(executor: Executor, groups: list[Group[Any, Any]]) -> list[float]:
    """When each outcome came [s], from the beginning; the last number is the end of it all."""
    start, came = time.monotonic(), list[float]()

    def told(outcome: Outcome[Any]) -> None:
        if outcome.ended != "done":
            raise SystemExit(f"a job {outcome.ended}: {outcome.words}")
        came.append(time.monotonic() - start)

    executor.run(groups, told)
    return [*came, time.monotonic() - start]


def bare(workers: int, jobs: int) -> float:
    """[s] for the same work shared out evenly, without an executor."""
    context = multiprocessing.get_context("spawn")
    shares = [len(range(k, jobs, workers)) for k in range(workers)]
    start = time.monotonic()
    started = [context.Process(target=burn_many, args=(LINKS, share)) for share in shares]
    for process in started:
        process.start()
    for process in started:
        process.join()
    return time.monotonic() - start


def overhead(executor: Executor, jobs: int, size: int) -> dict[str, float]:
    """[ms] for each of so many jobs that do nothing; the first one, which waits for its process, apart."""
    came = took(executor, grouped(jobs, partial(answer, size)))
    apart = [1e3 * (after - before) for before, after in itertools.pairwise(came[:-1])]
    return {
        "n": len(apart), "p50": statistics.median(apart), "mean": statistics.fmean(apart), "max": max(apart),
        "begin": 1e3 * came[0],
    }  # fmt: skip


def main() -> None:
    """Measures, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--jobs", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--size", type=int, default=200_000, help="bytes that an episode gives: a strip of pictures")
    parser.add_argument("--out", type=Path, default=Path("runs/executors"))
    asked = parser.parse_args()
    kinds: dict[str, Callable[[int], Executor]] = {"serial": lambda workers: Serial(), "processes": Processes}
    if importlib.util.find_spec("ray") is not None:
        kinds["ray"] = Ray
    times: dict[str, list[float]] = {name: [] for name in ("bare", *kinds)}
    apart: dict[str, list[float]] = {name: [] for name in kinds}  # [s] from one answer to the next, on average
    for _ in range(asked.rounds):
        times["bare"].append(bare(asked.workers, asked.jobs))
        for name, kind in kinds.items():
            came = took(kind(asked.workers), grouped(asked.jobs, partial(burn, LINKS)))
            times[name].append(came[-1])
            apart[name].append((came[-2] - came[0]) / (asked.jobs - 1))
    middle = {name: statistics.median(of) for name, of in times.items()}
    pace = {name: statistics.median(of) for name, of in apart.items()}
    result: dict[str, Any] = {"workers": asked.workers, "jobs": asked.jobs, "machine": machine(), "load": os.getloadavg()}
    result["seconds"] = times
    result["efficiency"] = {name: middle["serial"] / (asked.workers * middle[name]) for name in times if name != "serial"}
    result["steady"] = {name: pace["serial"] / (asked.workers * pace[name]) for name in kinds if name != "serial"}
    result["of_bare"] = {name: middle["bare"] / middle[name] for name in kinds if name != "serial"}
    result["overhead_ms"] = {name: overhead(kind(1), asked.jobs * 5, asked.size) for name, kind in kinds.items()}
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / "executors.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
