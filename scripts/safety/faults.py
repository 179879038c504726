"""The fault matrix: every input x every fault x every mode, as tests/guard/test_fault_matrix.py has it, counted.

    python scripts/safety/faults.py --out runs/safety
"""

from __future__ import annotations

import subprocess
import time
from collections import Counter

from parts import ROOT, Outcome, arguments, finish, python

TESTS = ROOT / "tests" / "guard"


def judged(count: int) -> Outcome:
    """Runs the matrix's tests and counts its rows by the state they end in."""
    rows = [line.split() for line in (TESTS / "fault_matrix.txt").read_text().splitlines() if line]
    ends, inputs, faults = Counter(row[3] for row in rows), {row[0] for row in rows}, {row[1] for row in rows}
    start = time.monotonic()
    words = ("-m", "pytest", "-q", "-p", "no:cacheprovider", TESTS / "test_fault_matrix.py")
    tested = subprocess.run(python(*words), cwd=ROOT, capture_output=True, text=True, check=False)
    told = [
        ("inputs, faults, modes", f"{len(inputs)} x {len(faults)} x {len({row[2] for row in rows})}"),
        ("states they end in", ", ".join(f"{end} {n}" for end, n in ends.most_common())),
        ("tests", tested.stdout.strip().splitlines()[-1] if tested.stdout.strip() else tested.stderr.strip()[-200:]),
    ]
    right = len(rows) if tested.returncode == 0 else 0
    what = "rows of the fault matrix end where the table says, lawfully and in time"
    return Outcome(what, len(rows), right, tested.returncode == 0, time.monotonic() - start, dict(ends), told)


def main() -> int:
    """All of it; there is no shorter form."""
    given = arguments(__doc__, 1)
    return finish("faults", given, judged(given.count))


if __name__ == "__main__":
    raise SystemExit(main())
