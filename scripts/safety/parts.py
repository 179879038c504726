"""What every part of `make safety` has in common: its arguments, its result, its progress."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "moravec"
GUARD = SOURCE / "guard"
DOING = tuple(  # what a delivery depends on
    SOURCE / room for room in ("core", "guard", "tape", "robots", "worlds", "perception", "skills", "brain", "runtime")
)


@dataclass(frozen=True, slots=True)
class Arguments:
    """What a part is started with: how much, from which seed, and where its pieces and its result go."""

    count: int
    seed: int
    out: Path


@dataclass(slots=True)
class Outcome:
    """What a part found. `rows` stand in the printed table; `figures` are the numbers behind them."""

    what: str
    asked: int
    done: int
    passed: bool
    seconds: float
    figures: Mapping[str, Any] = field(default_factory=dict)
    rows: Sequence[tuple[str, str]] = ()


def arguments(doc: str | None, count: int) -> Arguments:
    """From the command line; `count` is that of the long form."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=count, help=f"how much, by default {count}")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("runs/safety"))
    options = parser.parse_args()
    if options.count < 1:
        parser.error(f"--count: found {options.count}; allowed: 1 or more")
    return Arguments(options.count, options.seed, options.out)


def finish(part: str, given: Arguments, outcome: Outcome) -> int:
    """Writes OUT/<part>.json and says what was found; the exit status."""
    command = shlex.join(["python", f"scripts/safety/{part}.py", "--count", str(given.count), "--seed", str(given.seed)])
    record = {
        "part": part, "what": outcome.what, "command": command, "seed": given.seed, "asked": outcome.asked,
        "done": outcome.done, "passed": outcome.passed, "figures": dict(outcome.figures),
        "rows": [list(row) for row in outcome.rows], "seconds": round(outcome.seconds, 1), "machine": machine(),
    }  # fmt: skip
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / f"{part}.json").write_text(json.dumps(record, indent=1) + "\n")
    say(f"{part}: {'passed' if outcome.passed else 'FAILED'}; {outcome.done:,} of {outcome.asked:,}, {outcome.what}")
    return 0 if outcome.passed else 1


def machine() -> str:
    """The machine in words: processor architecture, cores, system, Python."""

    cores = len(os.sched_getaffinity(0))
    return f"{platform.machine()}, {cores} cores, Linux {platform.release().split('-')[0]}, Python {platform.python_version()}"


def say(line: str) -> None:
    """One line of progress, seen at once."""
    print(line, flush=True)


@dataclass(slots=True)
class Progress:
    """Tells how far a part is, once a piece."""

    part: str
    asked: int
    start: float = field(default_factory=time.monotonic)

    def tell(self, done: int) -> None:
        """So much is done."""
        say(f"{self.part}: {done:,} of {self.asked:,}, {time.monotonic() - self.start:.0f} s")


def python(*words: str | Path) -> list[str]:
    """The command that runs this Python with `words`."""
    return [sys.executable, *map(str, words)]
