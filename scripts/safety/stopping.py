"""The stop time and the stop distance that the guard keeps: the cell's arm cruises, and something goes wrong in the next tick.

    python scripts/safety/stopping.py --count 30000 --out runs/safety

At 33, 66 and 100 % of the speed limits (of every joint and of the tool, whichever is reached first), through random postures, one
joint moving or all of them; what ISO 10218-1 asks of a robot's maker in an annex, here of set-points. The time runs from the last
set-point that was let through to the first that stands still. It fails where a stop lasts longer than its slowest joint's
deceleration allows, or leads a part farther than the separation formula reckons with (v_r T_s).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import machine
import numpy as np
from halting import FAULTS, MEASURES, PART_WAY, RECKONED, REFUSED, TIME, TIME_SHARE, TOOL_WAY
from parts import GUARD, ROOT, Arguments, Outcome, Progress, arguments, finish
from pieces import Pieces, source_hash
from records import Floats
from sessions import Bench, bench_of, lawful
from tables import Setting

from moravec.guard.limits import LimitTable
from moravec.worlds.cell.layout import HOME_Q
from moravec.worlds.cell.limits import cell_limits

COUNT = 30_000
SPEEDS = (0.33, 0.66, 1.0)  # of the limits: ISO 10218-1 asks for these
MOVING = ("one joint", "all joints")
PIECE, DRAW = 2_500, 500  # stops of one record; motions tried at once
ROUNDING = 1e-9
HERE = Path(__file__).resolve().parent
TESTED = (
    GUARD, ROOT / "src" / "moravec" / "robots", ROOT / "src" / "moravec" / "worlds" / "cell" / "limits.py",
    ROOT / "src" / "moravec" / "worlds" / "cell" / "layout.py",
    *(HERE / f"{name}.py" for name in (
        "geometry", "halting", "law", "notes", "people", "records", "sessions", "stopping", "wild"
    )),
)  # fmt: skip


def draw(rng: np.random.Generator, bench: Bench, setting: Setting, share: float, moving: str) -> tuple[Floats, Floats]:
    """Postures (m, n) [rad] and speeds (m, n) [rad/s]: as fast as that `share` of the limits of joints and tool allows."""
    law, n = bench.law, bench.law.n
    pool = lawful(rng, bench, setting)
    q = pool[rng.integers(len(pool), size=DRAW)]
    speeds = share * law.speed[:n] * rng.choice([-1.0, 1.0], (DRAW, n))
    if moving == "one joint":
        speeds *= np.arange(n) == rng.integers(n, size=(DRAW, 1))
    else:
        speeds *= np.where(rng.random((DRAW, 1)) < 0.5, 1.0, rng.uniform(0.1, 1.0, (DRAW, n)))
    machine.functions()["tame"](law, bench.notes, q, speeds, np.full(DRAW, share))
    return q, speeds


def stops(rng: np.random.Generator, bench: Bench, setting: Setting, share: float, moving: str, count: int) -> tuple[Floats, int]:
    """`count` measured stops (count, MEASURES), and how many motions were tried for them: not everywhere is room to cruise."""
    rows, tried, found = list[Floats](), 0, 0
    while found < count:
        q, speeds = draw(rng, bench, setting, share, moving)
        faults, out = np.arange(DRAW) % len(FAULTS), np.zeros((DRAW, len(MEASURES)))
        machine.functions()["measure_stops"](
            bench.law, bench.notes, bench.table[0], bench.fresh, bench.records, q, speeds, faults,
            np.zeros((bench.law.parts, 2)), out,
        )  # fmt: skip
        good = out[out[:, REFUSED] == 0.0]
        rows.append(good)
        tried, found = tried + DRAW, found + len(good)
    return np.concatenate(rows)[:count], tried


def run_piece(seeds: Sequence[int], share: float, moving: str, count: int, guarded: LimitTable | None = None) -> dict[str, Any]:
    """`count` stops as one record. `guarded`, where it is another table than the cell's, is a fault that must be found."""
    begun, rng, limits = time.monotonic(), np.random.default_rng(list(seeds)), cell_limits()
    bench, setting = bench_of(guarded or limits, limits, 0), Setting("cell", limits, np.array(HOME_Q, float))
    rows, tried = stops(rng, bench, setting, share, moving, count)
    return {"rows": rows.tolist(), "tried": tried, "seconds": time.monotonic() - begun}


def run(given: Arguments, guarded: LimitTable | None = None) -> Outcome:
    """Every speed, one joint and all of them; pieces that are there already are not made again."""
    pieces, progress = Pieces(given.out / "stopping", source_hash(*TESTED)), Progress("stopping", given.count)
    cases = [(i, j) for i in range(len(SPEEDS)) for j in range(len(MOVING))]
    found, seconds, done = dict[tuple[int, int], Floats](), 0.0, 0
    for i, j in cases:
        each, rows = -(-given.count // len(cases)), []
        for k in range(-(-each // PIECE)):
            size = min(PIECE, each - k * PIECE)
            key = f"{given.seed}-{i}-{j}-{k:03d}-{size}"
            record = pieces.get(key)
            if record is None:
                record = run_piece((given.seed, i, j, k), SPEEDS[i], MOVING[j], size, guarded)
                pieces.put(key, record)
                progress.tell(done + size)
            rows += record["rows"]
            seconds, done = seconds + record["seconds"], done + size
        found[i, j] = np.array(rows)
    return summed(found, given.count, seconds)


def summed(found: dict[tuple[int, int], Floats], asked: int, seconds: float) -> Outcome:
    """All cases: a row each; passed where every stop was in time and no part went farther than is reckoned with."""
    rows, figures, done = list[tuple[str, str]](), dict[str, Any](), 0
    for (i, j), stopped in found.items():
        done += len(stopped)
        label = f"stopping from {100 * SPEEDS[i]:.0f} % speed, {MOVING[j]}"
        worst, middle = stopped.max(axis=0), np.median(stopped, axis=0)
        words = ", ".join(
            f"{name} {scale * worst[at]:.0f} {unit} worst, {scale * middle[at]:.0f} median"
            for name, at, scale, unit in (
                ("time", TIME, 1e3, "ms"), ("tool", TOOL_WAY, 1e3, "mm"), ("farthest part", PART_WAY, 1e3, "mm")
            )
        )  # fmt: skip
        rows.append((label, f"{words}; {100 * worst[RECKONED]:.0f} % of the way reckoned with"))
        figures[label] = {
            name: {"worst": float(worst[k]), "median": float(middle[k])} for k, name in enumerate(MEASURES) if k != REFUSED
        } | {"stops": len(stopped)}
    all_stops = np.concatenate(list(found.values()))
    late = int((all_stops[:, TIME_SHARE] > 1.0 + ROUNDING).sum())
    far = int((all_stops[:, RECKONED] > 1.0 + ROUNDING).sum())
    figures |= {"late": late, "farther than reckoned": far}
    what = "stops out of lawful cruising under the cell's table: time and distance of set-points"
    return Outcome(what, asked, done, late == 0 and far == 0 and done >= asked, seconds, figures, rows)


def main() -> int:
    """The whole part; its table as well."""
    given = arguments(__doc__, COUNT)
    outcome = run(given)
    for label, words in outcome.rows:
        print(f"{label}: {words}")
    return finish("stopping", given, outcome)


if __name__ == "__main__":
    raise SystemExit(main())
