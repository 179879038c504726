"""One random motion again, tick by tick: what was asked, what was answered, what the judge says.

    python scripts/safety/retrace.py 0 1 12 --motion 95

The three seeds and the motion's number stand with every violation in the result of `motions.py`. Guard in machine code, all else
interpreted: slow, but everything can be looked at.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from types import FunctionType
from typing import Any

import numpy as np
import wild
from notes import RULES, Book
from sessions import STARTS, Bench, bench_of, draw_batch, new_book
from tables import LONGEST, draw_setting
from wild import Batch

from moravec.guard.compiled import Kernel, compiled
from moravec.guard.kernel.codes import CHECK_NAMES


class Plain:
    """A record of one row, with its fields as attributes: what machine code has, for the interpreter."""

    def __init__(self, record: Any) -> None:
        object.__setattr__(self, "record", record)

    def __getattr__(self, name: str) -> Any:
        value = self.record[name][0]
        return value if np.ndim(value) else value.item()

    def __setattr__(self, name: str, value: Any) -> None:
        self.record[name][0] = value


Tell = Callable[[int, Plain, Plain, Plain], None]


def retrace(bench: Bench, batch: Batch, motion: int, kernel: Kernel, tell: Tell, longest: int = 3 * LONGEST) -> Book:
    """Runs one motion of `batch` before `kernel`, with `tell(tick, memory, input, answer)` after each decision."""
    m, a, o = (Plain(record.copy()) for record in bench.fresh)
    table, book = bench.table[0], new_book()
    book.at[0] = motion

    def decide(*records: Any) -> None:
        kernel.decide(table, m.record[0], a.record[0], o.record[0])
        tell(int(book.at[1]), m, a, o)

    def reset(*records: Any) -> int:
        return kernel.reset(table, m.record[0], a.record[0], o.record[0])

    space = dict(vars(wild))
    for name, f in vars(wild).items():
        if isinstance(f, FunctionType) and f.__module__ == wild.__name__:
            space[name] = FunctionType(f.__code__, space, name)
    space["decide"], space["reset"] = decide, reset
    space["run_session"](bench.law, bench.notes, book, bench.scene, batch, motion, None, m, a, o, longest)
    return book


def main() -> None:
    """Prints one motion."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seeds", type=int, nargs=3)
    parser.add_argument("--motion", type=int, required=True)
    parser.add_argument("--group", type=int, default=250, help="motions of the group, 250 but in the last one of a run")
    given = parser.parse_args()
    rng = np.random.default_rng(given.seeds)
    setting = draw_setting(rng)
    bench = bench_of(setting.limits, setting.limits, int(rng.integers(3)) if setting.limits.separation else 0)
    batch, kind = draw_batch(rng, bench, setting, given.group)
    law, notes = bench.law, bench.notes
    print(f"table: {setting.kind}, {law.n} joints; start: {STARTS[kind[given.motion]]}")

    def tell(tick: int, m: Plain, a: Plain, o: Plain) -> None:
        decision = ("pass", "limit", "stop")[o.decision]
        print(f"{tick:3d}  {a.now:.4f} s  {decision} {CHECK_NAMES[o.check]} ({o.value:.5g}, {o.limit:.5g})  state {m.state}"
              f"  clearance {m.clearance:.5f}  depth {m.depth:.5f}")  # fmt: skip
        for name, q in (("asked", a.q), ("answered", o.q)):
            speeds = (q[: law.n] - notes.q[: law.n]) / law.period
            print(f"     {name:8s} {np.array2string(speeds, precision=4, suppress_small=True)} rad/s")

    book = retrace(bench, batch, given.motion, compiled(), tell)
    for row in book.found[: int(book.broken.sum())].tolist():
        print(f"broken at tick {int(row[2])}: {RULES[int(row[0])]}, found {row[3]:.6g}, allowed {row[4]:.6g}")


if __name__ == "__main__":
    main()
