"""From an empty folder to a signed Manip, and what it is worth: one command that goes on where it was broken off.

    python scripts/build_manip.py --out runs/manip --key KEYFILE
    python scripts/build_manip.py --out runs/small --tasks reach,drawer-open --episodes 5 --steps 200 --attempts 2   # a small one

Stages: demonstrations, check, cache, training, export, trials (training's words, held-out words, the protocol's drawing), and the
export anew with the trials in its manifest. Training stops at milestones, where a short trial says how far it is: `success.svg`
shows that while it goes on. `stages.json` says how long each stage took, over all runs.
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

from moravec.console.curves import successes
from moravec.models.package import key_at

CLI = (sys.executable, "-m", "moravec.cli")
MILESTONES = 4  # parts of a training; after each but the last
GLANCED = 2  # attempts at each task are made
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
    key, tried = ("--key", str(given.key)), ("--trust", trust, "--tasks", given.tasks)
    train = ("train", "manip", "--data", cache, "--steps", str(given.steps), "--batch", str(given.batch), *seed, "--out", run)
    for step in milestones(given.steps):
        yield Stage(f"training {step}", (*train, "--until", str(step)), marks / f"training-{step}")
        here = milestone(out, step)
        yield Stage(f"export {step}", ("export", run, *key, "--out", str(here / "model")), marks / f"export-{step}")
        short = ("trial", "metaworld", "--policy", str(here / "model"), *tried, "--episodes", str(min(GLANCED, given.attempts)))
        yield Stage(f"trial {step}", (*short, "--out", str(here / "trial")), marks / f"trial-{step}")
    yield Stage("training", train, marks / "training")
    yield Stage("export", ("export", run, *key, "--out", model), marks / "export")
    trial = ("trial", "metaworld", "--policy", model, *tried, "--episodes", str(given.attempts))
    for name, more in TRIALS.items():
        yield Stage(f"trial {name}", (*trial, *more, "--out", str(out / f"trial-{name}")), marks / f"trial-{name}")
    results = ",".join(str(out / f"trial-{name}" / "result.json") for name in TRIALS)
    shown = str(out / "shipped")
    yield Stage("shipped", ("export", run, *key, "--evaluation", results, "--out", shown), marks / "shipped")


def milestones(steps: int) -> list[int]:
    """The steps of a training after which it is tried, the last one left out."""
    return sorted({steps * k // MILESTONES for k in range(1, MILESTONES)} - {0})


def milestone(out: Path, step: int) -> Path:
    """Where its model and its trial are."""
    return out / "milestones" / f"{step:07d}"


def draw(out: Path, steps: int) -> None:
    """The success so far, as shares by tier."""
    found = [(step, milestone(out, step) / "trial") for step in milestones(steps)] + [(steps, out / "trial-train")]
    read = [(step, json.loads((at / "result.json").read_text())) for step, at in found if (at / "result.json").exists()]
    rows = []
    for step, result in read:
        shares = {"all": result["pc_success"], **{name: tier["pc_success"] for name, tier in result["per_tier"].items()}}
        rows.append({"step": float(step), **{name: share / 100.0 for name, share in shares.items()}})
    (out / "success.svg").write_text(successes(rows))


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
        draw(given.out, given.steps)
    times = json.loads((given.out / "stages.json").read_text())
    told = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in times.items())
    print(f"{sum(times.values()) / 60.0:.1f} min in all: {told}; the model: {given.out / 'shipped'}")


if __name__ == "__main__":
    main()
