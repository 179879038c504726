"""Lines and branches of the guard that its tests run: 100 % of both, or this part fails.

    python scripts/safety/covered.py --out runs/safety

The kernel runs interpreted here; what becomes machine code is covered by its Python text. One piece is one file of tests; all of
them run, whatever `--count` says. Whoever takes a line out by `pragma: no cover` writes the reason behind it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import coverage
from parts import GUARD, ROOT, Arguments, Outcome, Progress, arguments, finish, python
from pieces import Pieces, source_hash

from moravec.core.errors import BadInput

PRAGMA = re.compile(r"#\s*pragma:\s*no\s*(?:cover|branch)(.*)")
REASON = 20  # letters at least
SHOWN = 20  # places that are named


@dataclass(frozen=True, slots=True)
class Suite:
    """What must be covered, by which tests, and what Python must find to run them."""

    source: Path
    tests: Path
    path: Path

    def files(self) -> list[Path]:
        """The files of tests, one piece each."""
        return sorted(self.tests.glob("test_*.py"))


THE_GUARD = Suite(GUARD, ROOT / "tests" / "guard", ROOT / "src")


def run_one(suite: Suite, test: Path, data: Path) -> dict[str, Any]:
    """Runs one file of tests under coverage, into `data`; its record."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(suite.path), os.environ.get("PYTHONPATH"))))}
    under = python("-m", "coverage", "run", "--branch", "--rcfile", os.devnull, "--source", suite.source, "--data-file", data)
    start = time.monotonic()
    data.unlink(missing_ok=True)
    command = [*under, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(test)]
    done = subprocess.run(command, cwd=suite.tests, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.stderr.write(done.stdout[-4000:] + done.stderr[-2000:])
    hashed = sha256(data.read_bytes()).hexdigest() if data.exists() else ""
    return {"status": done.returncode, "seconds": time.monotonic() - start, "data": hashed}


def measured(suite: Suite, data: list[Path], into: Path) -> dict[str, Any]:
    """All `data` together: coverage's own report, as its JSON file tells it."""
    kept, source = str(into.with_suffix(".all")), [str(suite.source)]
    together = coverage.Coverage(data_file=kept, branch=True, source=source, config_file=False)
    together.combine([str(path) for path in data], strict=True, keep=True)
    together.save()
    together.json_report(outfile=str(into), ignore_errors=False)
    report: dict[str, Any] = json.loads(into.read_text())
    return report


def unreasoned(source: Path) -> list[str]:
    """Places where lines are taken out of the measurement without a reason beside it."""
    found = []
    for file in sorted(source.rglob("*.py")):
        for number, line in enumerate(file.read_text().splitlines(), 1):
            match = PRAGMA.search(line)
            if match and sum(c.isalpha() for c in match[1]) < REASON:
                found.append(f"{file.name}:{number} is taken out without a reason")
    return found


def missing(report: dict[str, Any]) -> list[str]:
    """Places that no test reaches."""
    found = []
    for name, file in sorted(report["files"].items()):
        found += [f"{Path(name).name}:{line} is never run" for line in file["missing_lines"]]
        found += [f"{Path(name).name}:{start} never goes on at {end}" for start, end in file["missing_branches"]]
    return found


def covered(suite: Suite, given: Arguments) -> Outcome:
    """Runs what has not run yet, and counts."""
    folder, stamp = given.out / "covered", _stamp(suite)
    pieces = Pieces(folder, stamp)
    tests = suite.files()
    if not tests:
        raise BadInput("a folder of tests", str(suite.tests), "one with files test_*.py in it")
    progress, seconds, data, wrong = Progress("covered", len(tests)), 0.0, [], []
    for k, test in enumerate(tests):
        into = (folder / f"{test.stem}.data").resolve()
        record = pieces.get(test.stem)
        if record is None or not into.exists() or sha256(into.read_bytes()).hexdigest() != record["data"]:
            record = run_one(suite, test.resolve(), into)
            progress.tell(k + 1)
            if record["status"] == 0:
                pieces.put(test.stem, record)
            else:
                wrong.append(f"{test.name} fails")
        seconds += record["seconds"]
        data += [into] if record["data"] else []
    report = measured(suite, data, folder / "report") if data else {"files": {}, "totals": {}}
    wrong += unreasoned(suite.source) + missing(report)
    wrong += [] if _stamp(suite) == stamp else ["the guard or its tests changed while this ran: run it again"]
    for line in wrong[:SHOWN]:
        print(f"covered: {line}", flush=True)
    return _outcome(report["totals"], len(tests), seconds, wrong)


def _stamp(suite: Suite) -> str:
    """What the measurement depends on."""
    return f"{source_hash(suite.source, suite.tests, Path(__file__))} coverage {coverage.__version__}"


def _outcome(totals: dict[str, Any], tests: int, seconds: float, wrong: list[str]) -> Outcome:
    lines, branches = totals.get("num_statements", 0), totals.get("num_branches", 0)
    run, taken = totals.get("covered_lines", 0), totals.get("covered_branches", 0)
    figures = {"lines": lines, "lines_covered": run, "branches": branches, "branches_covered": taken, "wrong": wrong[:SHOWN]}
    rows = [
        ("lines of the guard that tests run", f"{run:,} of {lines:,}"),
        ("branches of the guard that tests take", f"{taken:,} of {branches:,}"),
    ]
    passed = not wrong and lines > 0 and run == lines and taken == branches
    return Outcome("files of tests, lines and branches of the guard", tests, tests, passed, seconds, figures, rows)


def main() -> int:
    """Runs the part; the exit status."""
    given = arguments(__doc__, 1)
    try:
        return finish("covered", given, covered(THE_GUARD, given))
    except BadInput as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
