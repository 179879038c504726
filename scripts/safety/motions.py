"""A million random motions, from lawful and unlawful starts, through the compiled guard; an independent judge watches.

    python scripts/safety/motions.py --count 1000000 --out runs/safety

Each is one session: it starts anywhere, gets commands that are lawful, a little too much, or hostile, and ends in silence, out of
which the guard brakes to rest (`wild.py`). Every approved set-point is judged by other arithmetic than the guard's (`judge.py`),
under the real tables and made-up ones (`tables.py`). A record is written every few thousand motions, and a run that was broken
off goes on there. What is found broken is kept with the seeds that show it again, tick by tick, to `retrace.py`.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from notes import RULES, S_CLEAR, S_DEPTH, S_FASTEST, S_GAP, S_LONGEST, S_TOOL, SCORES, Book
from parts import GUARD, ROOT, Arguments, Outcome, Progress, arguments, finish
from pieces import Pieces, source_hash
from sessions import STARTS, bench_of, draw_batch, new_book, run_sessions
from tables import KINDS, Setting, draw_setting

from moravec.guard.limits import LimitTable

COUNT = 1_000_000
PIECE, GROUP = 20_000, 250  # motions of one record; under one table
LEAST, MOST = (S_GAP, S_CLEAR, S_DEPTH), (S_LONGEST, S_TOOL, S_FASTEST)  # scores that are extremes; the others are counts
SHOWN = 5  # of each rule in one record, with all numbers
ENOUGH = 5_000  # motions after which every kind of start and table must have been seen
HERE = Path(__file__).resolve().parent
TESTED = (
    GUARD, ROOT / "src" / "moravec" / "robots", ROOT / "src" / "moravec" / "worlds" / "cell" / "limits.py",
    ROOT / "src" / "moravec" / "worlds" / "cell" / "layout.py", ROOT / "tests" / "guard" / "fuzz_kernel.py",
    ROOT / "tests" / "guard" / "helpers_guard.py",
    *(HERE / f"{name}.py" for name in (
        "geometry", "judge", "law", "motions", "notes", "people", "records", "sessions", "tables", "wild"
    )),
)  # fmt: skip
Loosen = Callable[[LimitTable], LimitTable]


def run_group(
    seeds: Sequence[int], count: int, loosen: Loosen | None = None, given: Setting | None = None
) -> tuple[Setting, Book, list[int]]:
    """`count` motions under one table, drawn or `given`: the table, what was found, and how each motion started.

    With `loosen` the guard holds to a looser table than the judge: a fault that must be found.
    """
    rng = np.random.default_rng(list(seeds))
    setting = given or draw_setting(rng)
    people = int(rng.integers(3)) if setting.limits.separation else 0
    bench = bench_of(loosen(setting.limits) if loosen else setting.limits, setting.limits, people)
    batch, kind = draw_batch(rng, bench, setting, count)
    book = new_book()
    run_sessions(bench, batch, book)
    return setting, book, [int(k) for k in kind]


def run_piece(seed: int, piece: int, count: int, loosen: Loosen | None = None) -> dict[str, Any]:
    """`count` motions in groups, as one record."""
    begun, total = time.monotonic(), new_book()
    tables, starts, found, times, worst = Counter[str](), Counter[str](), [], Counter[str](), dict[str, list[float]]()
    for group in range(-(-count // GROUP)):
        size = min(GROUP, count - group * GROUP)
        setting, book, kinds = run_group((seed, piece, group), size, loosen)
        tables[setting.kind] += size
        before = worst.get(setting.kind, [0.0, 0.0])
        worst[setting.kind] = [max(before[0], book.score[S_TOOL]), min(before[1], book.score[S_DEPTH])]
        starts.update(STARTS[k] for k in kinds)
        add(total, book)
        for row in book.found[: int(min(book.broken.sum(), len(book.found)))].tolist():
            rule = RULES[int(row[0])]
            times[rule] += 1
            if times[rule] > SHOWN:
                continue
            found.append({
                "rule": rule, "seeds": [seed, piece, group], "motion": int(row[1]), "tick": int(row[2]),
                "value": repr(row[3]), "limit": repr(row[4]), "state": int(row[5]), "table": setting.kind,
                "start": STARTS[kinds[int(row[1])]],
            })  # fmt: skip
    return {
        "motions": count, "broken": dict(zip(RULES, total.broken.tolist(), strict=True)), "tables": dict(tables),
        "starts": dict(starts), "score": total.score.tolist(), "found": found, "worst": worst,
        "seconds": time.monotonic() - begun,
    }  # fmt: skip


def add(total: Book, book: Book) -> None:
    """Adds what one group found."""
    total.broken[:] += book.broken
    merge(total.score, book.score)


def merge(total: Any, score: Any) -> None:
    """Adds scores: extremes as such, counts as sums."""
    for i in range(len(SCORES)):
        if i in LEAST:
            total[i] = min(total[i], score[i])
        elif i in MOST:
            total[i] = max(total[i], score[i])
        else:
            total[i] += score[i]


def run(given: Arguments, loosen: Loosen | None = None) -> Outcome:
    """All pieces; those that are there already are not made again."""
    pieces, progress = Pieces(given.out / "motions", source_hash(*TESTED)), Progress("motions", given.count)
    records, done = [], 0
    for k in range(-(-given.count // PIECE)):
        size = min(PIECE, given.count - k * PIECE)
        key = f"{given.seed}-{k:04d}-{size}"
        record = pieces.get(key)
        if record is None:
            record = run_piece(given.seed, k, size, loosen)
            pieces.put(key, record)
            progress.tell(done + size)
        records.append(record)
        done += size
    return summed(records, given.count)


def summed(records: Sequence[dict[str, Any]], asked: int) -> Outcome:
    """All pieces together: passed where no rule was broken, nothing left out, and every start and table seen."""
    broken, tables, starts, total = Counter[str](), Counter[str](), Counter[str](), new_book().score
    worst = {name: [0.0, 0.0] for name in KINDS}
    for record in records:
        for name, (speed, depth) in record["worst"].items():
            worst[name] = [max(worst[name][0], speed), min(worst[name][1], depth)]
        broken.update({name: int(times) for name, times in record["broken"].items() if times})
        tables.update(record["tables"])
        starts.update(record["starts"])
        merge(total, record["score"])
    score, done = dict(zip(SCORES, total.tolist(), strict=True)), sum(record["motions"] for record in records)
    seen = done < ENOUGH or (set(starts) == set(STARTS) and set(tables) == set(KINDS))
    passed = not broken and done == asked and seen and score["passed in motion"] > 0
    wrong = ", ".join(f"{name} {times}" for name, times in broken.items()) or "none"
    begun = ", ".join(f"{name} {starts[name]:,}" for name in STARTS)
    rows = (
        ("random motions, violations", f"{wrong}, in {done:,} motions of {score['ticks'] / 1e6:.1f} million ticks"),
        ("random motions, starts", begun),
        ("random motions, set-points", (
            f"{score['passed in motion']:,.0f} let through in motion, {score['pulled back']:,.0f} of all pulled back, "
            f"{score['coming back']:,.0f} on the way back from outside"
        )),
        ("random motions, stops", f"{score['stops']:,.0f}; the longest {score['longest stop']:.3f} s"),
        *((f"random motions, tool in a stop, {name} table", (
            f"at most {100 * speed:.1f} % of its speed limit, {1e3 * max(0.0, -depth):.2f} mm outside its workspace"
        )) for name, (speed, depth) in worst.items()),
        ("random motions, people", f"{score['near ticks']:,.0f} ticks within 0.5 m of the distance that must be kept"),
    )  # fmt: skip
    figures = {
        "broken": dict(broken), "tables": dict(tables), "starts": dict(starts), "score": score,
        "tool in a stop": worst, "found": [row for record in records for row in record["found"]][:200],
    }  # fmt: skip
    what = "random motions from lawful and unlawful starts through the compiled guard, by an independent judge"
    return Outcome(what, asked, done, passed, sum(record["seconds"] for record in records), figures, rows)


def main() -> int:
    """The whole part."""
    given = arguments(__doc__, COUNT)
    return finish("motions", given, run(given))


if __name__ == "__main__":
    raise SystemExit(main())
