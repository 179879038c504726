"""Metamorphic rules: tighter, later, nearer or heavier never means faster, and never passes what was refused before.

    python scripts/safety/metamorphic.py --count 100000 --out runs/safety

In the ticks of random sessions (`wild.py`) the compiled guard decides twice from the same memory: as things are, and with one
thing changed for the worse, in the input (`relations.py`) or in its table (`tightening.py`). No expected answer is needed: the
second decision may let through only what the first would have, and never a faster motion.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import machine
import numpy as np
from parts import GUARD, ROOT, Arguments, Outcome, Progress, arguments, finish
from pieces import Pieces, source_hash
from relations import COMPARED, FASTER, FOUND, INPUTS, NESTED, PASSED, PULLED, REFUSED, RESULTS
from sessions import bench_of, draw_batch
from tables import draw_setting
from tightening import CHANGES, INSIDE_ONLY, MAY_SPEED

from moravec.core.errors import GuardConfigError
from moravec.guard.counted import as_record, counted
from moravec.guard.kernel.checks import HUGE
from moravec.guard.limits import LimitTable

COUNT = 100_000
PIECE = 20_000  # comparisons of one record, at least
GROUP, TIGHTER = 60, 24  # sessions under one table; tables tighter than that
KINDS = (*INPUTS, *CHANGES)
HERE = Path(__file__).resolve().parent
TESTED = (
    GUARD, ROOT / "src" / "moravec" / "robots", ROOT / "src" / "moravec" / "worlds" / "cell" / "limits.py",
    ROOT / "tests" / "guard" / "fuzz_kernel.py", ROOT / "tests" / "guard" / "helpers_guard.py",
    *(HERE / f"{name}.py" for name in (
        "geometry", "law", "metamorphic", "notes", "people", "records", "relations", "sessions", "tables", "tightening", "wild"
    )),
)  # fmt: skip
# What becomes of a tightened table before it is used: a fault is planted here.
Spoil = Callable[[str, LimitTable, LimitTable], LimitTable]


def run_group(seeds: Sequence[int], spoil: Spoil | None = None) -> tuple[Any, list[dict[str, Any]]]:
    """One table and its tighter ones: counts (KINDS, RESULTS), and what was found wrong."""
    rng = np.random.default_rng(list(seeds))
    setting = draw_setting(rng)
    limits, names = setting.limits, list(CHANGES)
    bench = bench_of(limits, limits, int(rng.integers(1, 3)) if limits.separation else 0)
    batch, _ = draw_batch(rng, bench, setting, GROUP)
    base = as_record(counted(limits))
    tables, kinds = [base] * len(INPUTS), list(range(len(INPUTS)))
    for name in rng.choice(names, TIGHTER, replace=False).tolist():
        tighter = None
        with contextlib.suppress(GuardConfigError):  # what contradicts itself then is no table at all
            tighter = CHANGES[name](limits, rng, float(10.0 ** rng.uniform(-4.0, 0.0)))
        if tighter is not None:
            tables.append(as_record(counted(spoil(name, limits, tighter) if spoil else tighter)))
            kinds.append(len(INPUTS) + names.index(name))
    tally, found = np.zeros((len(KINDS), len(RESULTS))), np.zeros((FOUND, 5))
    m, a, o = bench.fresh
    smooth = as_record(counted(replace(limits, jerk=(HUGE,) * limits.joints)))
    machine.functions()["compare_batch"](
        bench.law, bench.notes, bench.scene, batch, bench.table[0], smooth[0], np.concatenate(tables), np.array(kinds),
        np.array([[int(KINDS[kind] in names) for names in (MAY_SPEED, INSIDE_ONLY)] for kind in kinds]),
        bench.fresh, bench.records, (m.copy(), m.copy(), a.copy(), o.copy()), tally, found,
    )  # fmt: skip
    wrong = int(tally[:, [PASSED, FASTER, NESTED]].sum())
    rows = [
        {"what": KINDS[int(row[0])], "result": RESULTS[int(row[1])], "seeds": list(seeds), "session": int(row[2]),
         "tick": int(row[3]), "before": int(row[4]), "table": setting.kind}
        for row in found[: min(wrong, FOUND)].tolist()
    ]  # fmt: skip
    return tally, rows


def run_piece(seed: int, piece: int, count: int, spoil: Spoil | None = None) -> dict[str, Any]:
    """At least `count` comparisons, as one record."""
    begun, tally, found, group = time.monotonic(), np.zeros((len(KINDS), len(RESULTS))), list[dict[str, Any]](), 0
    while tally[:, COMPARED].sum() < count:
        more, rows = run_group((seed, piece, group), spoil)
        tally, group = tally + more, group + 1
        found += rows[: max(0, 40 - len(found))]
    return {"tally": tally.tolist(), "found": found, "seconds": time.monotonic() - begun}


def run(given: Arguments, spoil: Spoil | None = None) -> Outcome:
    """All pieces; those that are there already are not made again."""
    pieces, progress = Pieces(given.out / "metamorphic", source_hash(*TESTED)), Progress("metamorphic", given.count)
    tally, found, seconds, left, k = np.zeros((len(KINDS), len(RESULTS))), list[dict[str, Any]](), 0.0, given.count, 0
    while left > 0:
        size = min(PIECE, left)
        key = f"{given.seed}-{k:04d}-{size}"
        record = pieces.get(key)
        if record is None:
            record = run_piece(given.seed, k, size, spoil)
            pieces.put(key, record)
            progress.tell(given.count - left + size)
        tally, found, seconds = tally + np.array(record["tally"]), found + record["found"], seconds + record["seconds"]
        left, k = left - size, k + 1
    return summed(tally, found, given.count, seconds)


def summed(tally: Any, found: list[dict[str, Any]], asked: int, seconds: float) -> Outcome:
    """All pieces together: passed where no rule was broken."""
    done = int(tally[:, COMPARED].sum())
    wrong = {f"{KINDS[k]}: {RESULTS[r]}": int(tally[k, r]) for r in (PASSED, FASTER, NESTED) for k in np.flatnonzero(tally[:, r])}
    felt = tally[:, REFUSED] + tally[:, PULLED]
    words = ", ".join(f"{name} {times}" for name, times in wrong.items()) or "none"
    rows = (
        ("metamorphic rules, violations", f"{words}, in {done:,} comparisons of {int((tally[:, COMPARED] > 0).sum())} kinds"),
        ("metamorphic rules, felt", f"{int(felt.sum()):,} set-points were refused or pulled back for what was made tighter"),
    )
    figures = {
        "wrong": wrong, "found": found[:100],
        "kinds": {name: dict(zip(RESULTS, row, strict=True)) for name, row in zip(KINDS, tally.tolist(), strict=True)},
    }  # fmt: skip
    what = "pairs of decisions: tighter, later, nearer, heavier is never faster and never passes what was refused"
    return Outcome(what, asked, done, not wrong and done >= asked, seconds, figures, rows)


def main() -> int:
    """The whole part."""
    given = arguments(__doc__, COUNT)
    return finish("metamorphic", given, run(given))


if __name__ == "__main__":
    raise SystemExit(main())
