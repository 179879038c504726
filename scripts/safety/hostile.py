"""Hostile minds command the arm of the cell, with somebody walking in and out; the simulator's truth counts broken limits.

    python scripts/safety/hostile.py --count 60 --out runs/safety

Three minds (`minds.py`), so many simulated minutes each. Every command passes the guard and nothing else; an operator resets
after a second of standing. A record is written every simulated minute, and a run that was broken off goes on there.
"""

from __future__ import annotations

import math
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from minds import MINDS, mind_of, sent
from parts import GUARD, SOURCE, Outcome, Progress, arguments, finish, python, say
from pieces import Pieces, source_hash

from moravec.core.frames import Matrix
from moravec.guard.compiled import compiled
from moravec.guard.guard import Guard
from moravec.guard.stop import StopState
from moravec.tape.reader import read
from moravec.tape.records import Tick
from moravec.worlds.cell.config import CellConfig
from moravec.worlds.cell.world import Cell

RESET_AFTER = 1.0  # [s]
EPISODE = 60.0  # [s] of one world; then a new one with another seed
FIRST_WORLD = 10_000  # the seed of the first of them
SENTENCE = "Unpack the delivery, classify the items, organise and store them."
JOB_SEED = 7  # of the delivery whose commands are replayed
TESTED = (GUARD, SOURCE / "worlds", SOURCE / "robots", Path(__file__).with_name("minds.py"))


def job_path(folder: Path) -> Matrix:
    """What a real delivery of two items commanded (m, n) [rad], tick by tick; made once."""
    path = folder / "job.npy"
    if not path.exists():
        say("hostile: running the job whose commands are replayed")
        out = folder / "job"
        words = ("-m", "moravec.cli", "run", SENTENCE, "--items", "2", "--seed", str(JOB_SEED), "--out", out, "--json")
        subprocess.run(python(*words), check=True, stdout=subprocess.DEVNULL)
        asked = [r.value.asked.q for r in read(out / "tape.mcap") if isinstance(r.value, Tick)]
        np.save(path, np.array(asked))
    found: Matrix = np.load(path)
    return found


def episode(kind: str, world: int, seconds: float, rng: np.random.Generator, job: Matrix) -> dict[str, Any]:
    """What became of one world."""
    cell = Cell(CellConfig(seed=world, items=6, person=True))
    robot, limits = cell.robot, cell.robot.spec.limits
    guard, mind = Guard(limits, compiled()), mind_of(kind, rng, limits, job)
    counts, stops = Counter[str](), Counter[str]()
    stopped_at, seq, before = math.inf, 0, "pass"
    while robot.now() < seconds:
        now, state = robot.now(), robot.read()
        seq += 1
        wish = mind.next(guard, state, now, seq) if seq > 1 else sent(seq, now, state.q, np.zeros(6))
        approved = guard.check(wish, state, now)
        robot.apply(approved)
        robot.advance()
        verdict = approved.verdict
        counts[verdict.decision] += 1
        if verdict.decision == "stop" and before != "stop":
            stops[verdict.check] += 1
        before = verdict.decision
        mind.scored(cell.truth.share)
        stopped_at = min(stopped_at, now) if guard.state in (StopState.OFF, StopState.HOLD) else math.inf
        if now - stopped_at > RESET_AFTER:
            guard.reset(robot.read(), robot.now())
    found = {"world": world, "seconds": seconds, "guard": dict(counts), "stops": dict(stops), **cell.truth.report()}
    cell.close()
    return found


def run(kind: str, minutes: int, seed: int, pieces: Pieces, job: Matrix, progress: Progress, before: int) -> list[dict[str, Any]]:
    """The records of one mind; those that are there already are not made again."""
    records = []
    for k in range(minutes):
        key = f"{kind}-{seed}-{k:04d}"
        record = pieces.get(key)
        if record is None:
            start, rng = time.monotonic(), np.random.default_rng([seed, k, MINDS.index(kind)])
            record = episode(kind, FIRST_WORLD + k, EPISODE, rng, job)
            record["wall_s"] = time.monotonic() - start
            pieces.put(key, record)
            progress.tell(before + k + 1)
        records.append(record)
    return records


def judged(found: dict[str, list[dict[str, Any]]], minutes: int) -> Outcome:
    """All minds together: passed where no limit was broken and nothing was left out."""
    rows, figures, broken, done, seconds = [], {}, 0, 0, 0.0
    for kind, records in found.items():
        violations, guard, stops = Counter[str](), Counter[str](), Counter[str]()
        for record in records:
            violations.update(record["violations"])
            guard.update(record["guard"])
            stops.update(record["stops"])
            seconds += record["wall_s"]
        wrong = sum(violations.values())
        broken, done = broken + wrong, done + len(records)
        words = ", ".join(f"{name} {times:,}" for name, times in guard.items())
        told = f"{wrong} violations; {words}; {sum(stops.values()):,} stops begun"
        rows.append((f"hostile mind, {kind}, {len(records)} min", told))
        figures[kind] = {"violations": dict(violations), "guard": dict(guard), "stops": dict(stops), "minutes": len(records)}
    asked = minutes * len(found)
    what = "simulated minutes of hostile minds, limits by the simulator's own measure"
    return Outcome(what, asked, done, broken == 0 and done == asked, seconds, figures, rows)


def main() -> int:
    """All three minds."""
    given = arguments(__doc__, 60)
    folder = given.out / "hostile"
    pieces = Pieces(folder, source_hash(*TESTED, Path(__file__)))
    job, progress = job_path(folder), Progress("hostile", given.count * len(MINDS))
    found = {
        kind: run(kind, given.count, given.seed, pieces, job, progress, i * given.count) for i, kind in enumerate(MINDS)
    }
    return finish("hostile", given, judged(found, given.count))


if __name__ == "__main__":
    raise SystemExit(main())
