"""The guard's decision, interpreted and in machine code, on the same random sessions: every bit of both must agree.

    python scripts/safety/kernels.py --count 1000000 --out runs/safety

The sessions are those of tests/guard/fuzz_kernel.py: random arms in random cells, lawful and hostile. A count is one tick.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path

from parts import GUARD, ROOT, Outcome, Progress, arguments, finish
from pieces import Pieces, source_hash

from moravec.guard.compiled import Kernel, compiled
from moravec.guard.kernel import codes

TESTS = ROOT / "tests" / "guard"
PIECE = 16_000  # ticks
sys.path.insert(0, str(TESTS))

from fuzz_kernel import SESSION, fuzz  # noqa: E402 - it stands with the tests


def judged(ticks: int, seed: int, pieces: Pieces, other: Kernel, asked: int) -> Outcome:
    """`ticks` of sessions, piece by piece. A difference ends it, with its seed, session and tick."""
    seen, seconds, done, progress = Counter[str](), 0.0, 0, Progress("kernels", asked)
    while done < ticks:
        size = min(PIECE, ticks - done)
        key = f"{seed}-{done:08d}-{size}"
        record = pieces.get(key)
        if record is None:
            start = time.monotonic()
            try:
                record = {"seen": dict(fuzz(size, seed * 1_000_000 + done // PIECE, other)), "difference": ""}
            except AssertionError as error:
                record = {"seen": {}, "difference": str(error)}
            record["wall_s"] = time.monotonic() - start
            pieces.put(key, record)
            progress.tell(done + size)
        seconds += record["wall_s"]
        if record["difference"]:
            what = "ticks in both forms; the first difference: " + record["difference"]
            return Outcome(what, asked, done, False, seconds)
        seen.update(record["seen"])
        done += -(-size // SESSION) * SESSION
    decisions = {name: sum(n for k, n in seen.items() if k.startswith(name)) for name in ("pass", "limit", "stop")}
    met = {k.split(" ", 1)[1] for k in seen if k.split(" ", 1)[0] in decisions}
    missed = sorted(set(codes.CHECK_NAMES) - met)
    words = ", ".join(f"{name} {n:,}" for name, n in decisions.items())
    told = f"{len(met)} of {len(codes.CHECK_NAMES)}; never met: {', '.join(missed) or 'none'}"
    rows = [("verdicts of both forms, bit for bit the same", words), ("checks that decided", told)]
    return Outcome("ticks in both forms, bit for bit the same", asked, done, True, seconds, dict(seen), rows)


def main() -> int:
    """The long form: a million ticks."""
    given = arguments(__doc__, 1_000_000)
    pieces = Pieces(given.out / "kernels", source_hash(GUARD, TESTS / "fuzz_kernel.py", Path(__file__)))
    return finish("kernels", given, judged(given.count, given.seed, pieces, compiled(), given.count))


if __name__ == "__main__":
    raise SystemExit(main())
