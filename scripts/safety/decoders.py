"""Coverage-guided fuzzing (Atheris, libFuzzer) of every decoder of what the edge process shares with others.

    python scripts/safety/decoders.py --count 10000000 --seed 0 --out runs/safety

Seven targets, each with an oracle of its own: a client's command, an operator's order, a driver's report, whole ticks with leases
and mailboxes spoilt in between, the file of the shared memory, what clients and drivers read of it, and a black box. A crash is
a failure, and so is anything taken that its oracle does not take. The corpus stays under OUT/decoders/corpus; an input that fails
under OUT/decoders/failures. Needs `pip install atheris`.
"""

from __future__ import annotations

import importlib.util
import math
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bypath import EDGE_TESTS
from parts import GUARD, Arguments, Outcome, Progress, arguments, finish, python
from pieces import Pieces, source_hash

from moravec.core.errors import BadInput, MoravecError

COUNT = 10_000_000
# Share of all executions [1], and how many make one piece of about a minute. A tick takes thirty times as long as a record.
TARGETS = {"ticks": (0.05, 25_000), "command": (0.3, 1_000_000), "state": (0.2, 1_000_000), "order": (0.05, 1_000_000),
           "blackbox": (0.2, 1_000_000),
           "layout": (0.1, 1_000_000), "answers": (0.1, 1_000_000)}  # fmt: skip
WORKERS = 2
LONGEST = 3600.0  # [s] of one piece
HERE = Path(__file__).parent
SOURCES = (GUARD, GUARD.with_name("edge"), EDGE_TESTS / "helpers_edge.py",
           *(HERE / f"{name}.py" for name in ("decoders", "fuzz_child", "fuzz_records", "fuzz_files", "fuzz_ticks")))  # fmt: skip

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work."""

    target: str
    index: int
    count: int
    seed: int


def jobs(count: int, seed: int) -> list[Job]:
    """All of it: `count` executions. The targets take turns, the slow one first."""
    made = []
    left = count
    for order, (target, (share, piece)) in enumerate(TARGETS.items()):
        whole = left if order == len(TARGETS) - 1 else math.floor(share * count)
        left -= whole
        for index in range(math.ceil(whole / piece)):
            made.append(Job(target, index, min(piece, whole - index * piece), seed))
    return sorted(made, key=lambda job: job.index)


def fuzz(job: Job, folder: Path) -> Record:
    """One fuzzer, from the corpus that those before it left."""
    (folder / "failures").mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    options = [
        f"-runs={job.count}", f"-seed={1 + job.seed * 1000 + job.index}", "-print_final_stats=1", "-len_control=0", "-timeout=60",
        "-rss_limit_mb=2048", f"-artifact_prefix={folder / 'failures' / job.target}-",
    ]  # fmt: skip
    words = python(HERE / "fuzz_child.py", job.target, folder / "corpus" / job.target, *options)
    try:
        done = subprocess.run(words, capture_output=True, text=True, errors="replace", check=False, timeout=LONGEST)
    except subprocess.TimeoutExpired:
        return {"done": 0, "failure": f"{job.target}: not done within {LONGEST:g} s", "seconds": LONGEST}
    executed = re.search(r"number_of_executed_units:\s*(\d+)", done.stderr)
    branches = re.findall(r"cov: (\d+)", done.stderr)
    failure = None
    if done.returncode != 0 or executed is None or int(executed[1]) < job.count:
        said = done.stdout + done.stderr
        what = re.findall(r"^(\w*(?:Error|Exception|Tampered)\b.*|SUMMARY: .*)$", said, re.M) or [said[-300:]]
        failure = f"{job.target}: exit status {done.returncode}: {what[0]}"
    return {
        "done": 0 if executed is None else int(executed[1]), "failure": failure, "target": job.target,
        "branches": int(branches[-1]) if branches else 0, "seconds": round(time.monotonic() - begun, 1),
    }  # fmt: skip


def measure(given: Arguments, run: Callable[[Job, Path], Record] = fuzz) -> int:
    """All pieces, those of before where they are there; the exit status."""
    folder = given.out / "decoders"
    pieces, progress = Pieces(folder, source_hash(*SOURCES)), Progress("decoders", given.count)

    def one(job: Job) -> Record:
        key = f"{job.seed}-{job.target}-{job.index:03d}-{job.count}"
        record = pieces.get(key)
        if record is None:
            record = dict(run(job, folder))
            pieces.put(key, record)
        return record

    records, done = list[Record](), 0
    with ThreadPoolExecutor(WORKERS) as pool:
        for record in pool.map(one, jobs(given.count, given.seed)):
            records.append(record)
            done += record["done"]
            progress.tell(done)
            if record["failure"]:
                pool.shutdown(cancel_futures=True)
                break
    return finish("decoders", given, outcome(given, records))


def outcome(given: Arguments, records: list[Record]) -> Outcome:
    """What all pieces found."""
    failures = [record["failure"] for record in records if record["failure"]]
    for line in failures:
        print(f"decoders: {line}", file=sys.stderr)
    figures: dict[str, Any] = {"failures": failures}
    for target in TARGETS:
        own = [record for record in records if record.get("target") == target]
        spent = sum(record["seconds"] for record in own)
        figures[target] = {
            "executions": sum(record["done"] for record in own), "branches": max((r["branches"] for r in own), default=0),
            "a_second": round(sum(record["done"] for record in own) / spent) if spent else 0,
        }  # fmt: skip
    done = sum(record["done"] for record in records)
    row = ("executions of the edge process's decoders without a crash, and nothing taken that its oracle refuses",
           f"{done:,}, {len(failures)} failures")  # fmt: skip
    seconds = sum(record["seconds"] for record in records)
    what = "guided executions of every decoder on the edge process's shared memory"
    return Outcome(what, given.count, done, not failures and done >= given.count, seconds, figures, [row])


def main() -> int:
    """Reads the arguments and fuzzes."""
    given = arguments(__doc__, COUNT)
    try:
        if importlib.util.find_spec("atheris") is None:
            raise BadInput("a fuzzer", "no module atheris", "pip install atheris==3.0.0 into the environment of this command")
        return measure(given)
    except MoravecError as error:
        print(f"decoders: {error}", file=sys.stderr)
        return error.exit_status


if __name__ == "__main__":
    sys.exit(main())
