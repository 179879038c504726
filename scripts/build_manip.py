"""From an empty folder to a signed Manip, and what it is worth: one command that goes on where it was broken off.

    python scripts/build_manip.py --out runs/manip --key KEYFILE
    python scripts/build_manip.py --out runs/small --tasks reach,drawer-open --episodes 5 --steps 200 --attempts 2   # a small one

Stages: demonstrations, check, cache, training, export, trials (training's words, held-out words, the protocol's drawing), and the
export anew with the trials in its manifest. `stages.json` says how long each took, over all runs.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from moravec.models.package import key_at

CLI = (sys.executable, "-m", "moravec.cli")
TRIALS = {"train": (), "held-out": ("--sentences", "held_out"), "protocol": ("--drawing", "protocol")}


@dataclass(frozen=True, slots=True)
class Stage:
    """One command; `done` is there once it has ended well. Commands that resume find their own half-done work."""

    name: str
    words: tuple[str, ...]
    done: Path


def stages(given: argparse.Namespace, trust: str) -> Iterator[Stage]:
    """In order."""
    out: Path = given.out
    data, cache, run, model = (str(out / name) for name in ("demonstrations", "cache", "run", "model"))
    seed = ("--seed", str(given.seed))
    marks = out / "stages"
    many = ("--tasks", given.tasks, "--episodes", str(given.episodes), "--glimpses", str(given.glimpses))
    yield Stage("demonstrations", ("data", "make", "metaworld", *many, *seed, "--out", data), marks / "demonstrations")
    yield Stage("check", ("data", "check", data), marks / "check")
    yield Stage("card", ("data", "card", data), marks / "card")
    yield Stage("cache", ("data", "cache", data, "--out", cache), marks / "cache")
    steps = ("--steps", str(given.steps), "--batch", str(given.batch))
    yield Stage("training", ("train", "manip", "--data", cache, *steps, *seed, "--out", run), marks / "training")
    key = ("--key", str(given.key))
    yield Stage("export", ("export", run, *key, "--out", model), marks / "export")
    trial = ("trial", "metaworld", "--policy", model, "--trust", trust, "--tasks", given.tasks, "--episodes", str(given.attempts))
    for name, more in TRIALS.items():
        yield Stage(f"trial {name}", (*trial, *more, "--out", str(out / f"trial-{name}")), marks / f"trial-{name}")
    results = ",".join(str(out / f"trial-{name}" / "result.json") for name in TRIALS)
    shown = str(out / "shipped")
    yield Stage("shipped", ("export", run, *key, "--evaluation", results, "--out", shown), marks / "shipped")


def run(stage: Stage, book: Path) -> None:
    """Runs what has no mark yet, and adds up its seconds. Ends the program where a command fails."""
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


def main(words: Sequence[str] | None = None) -> None:
    """All stages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs/manip"))
    parser.add_argument("--key", type=Path, default=Path("~/.config/moravec/signing.key").expanduser())
    parser.add_argument("--tasks", default="all")
    parser.add_argument("--episodes", type=int, default=50)
    parser.add_argument("--glimpses", type=int, default=60)
    parser.add_argument("--steps", type=int, default=40_000)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--attempts", type=int, default=30, help="episodes of each task in a trial")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(words)
    (given.out / "stages").mkdir(parents=True, exist_ok=True)
    trust = key_at(given.key).public_key().public_bytes_raw().hex()
    for stage in stages(given, trust):
        run(stage, given.out / "stages.json")
    times = json.loads((given.out / "stages.json").read_text())
    told = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in times.items())
    print(f"{sum(times.values()) / 60.0:.1f} min in all: {told}; the model: {given.out / 'shipped'}")


if __name__ == "__main__":
    main()
