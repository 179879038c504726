"""Stages of a long job, each a command of its own, run in order and gone on with where they were broken off."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

CLI = (sys.executable, "-m", "moravec.cli")
BOOK, MARKS = "stages.json", "stages"


@dataclass(frozen=True, slots=True)
class Stage:
    """One command; `done` is there once it has ended well. Commands that resume find their own half-done work."""

    name: str
    words: tuple[str, ...]
    done: Path


def stage(out: Path, name: str, *words: object) -> Stage:
    """One of the job in `out`."""
    return Stage(name, tuple(str(word) for word in words), out / MARKS / name.replace(" ", "-"))


def run_all(out: Path, stages: Iterable[Stage], after: Callable[[], None] = lambda: None) -> str:
    """Runs what has no mark yet, `after` after each; how long each took, over all runs, in words. `stages.json` in `out` says it
    too. Ends the program where a command fails."""
    (out / MARKS).mkdir(parents=True, exist_ok=True)
    for each in stages:
        _run(each, out / BOOK)
        after()
    times = json.loads((out / BOOK).read_text())
    told = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in times.items())
    return f"{sum(times.values()) / 60.0:.1f} min in all: {told}"


def _run(stage: Stage, book: Path) -> None:
    """Runs what has no mark yet, and adds up its seconds."""
    if stage.done.exists():
        return
    print(f"== {stage.name}: moravec {' '.join(stage.words)}", flush=True)
    start = time.monotonic()
    done = subprocess.run([*CLI, *stage.words], check=False, stdout=None if "card" not in stage.words else subprocess.DEVNULL)
    times = json.loads(book.read_text()) if book.exists() else {}
    times[stage.name] = round(times.get(stage.name, 0.0) + time.monotonic() - start, 1)
    book.write_text(json.dumps(times, indent=1) + "\n")
    if done.returncode != 0:
        raise SystemExit(f"{stage.name}: exit status {done.returncode}; run the same command again to go on")
    stage.done.touch()
