"""From an empty folder to a signed Manip, and what it is worth: one command that goes on where it was broken off.

    python scripts/build_manip.py --out runs/manip --key KEYFILE
    python scripts/build_manip.py --out runs/small --tasks reach,drawer-open --episodes 5 --steps 200 --attempts 2 # small

Stages: demonstrations, check, cache, training, export, trials (training's words, held-out words, the protocol's drawing, the
other sentence of a scene), and the export anew with the trials in its manifest. Training stops at milestones, where a short trial
says how far it is: `success.svg` shows that while it goes on. `stages.json` says how long each stage took, over all runs.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from stages import Stage, run_all, stage

from moravec.console.curves import successes
from moravec.models.package import key_at

EVERY = 2  # frames, of 80 a second, of which one picture is kept: neighbours hardly differ, and twice as many fill the memory
MILESTONES = 4  # parts of a training; after each but the last
GLANCED = 2  # attempts at each task are made
TRIALS = {
    "train": ("metaworld",), "held-out": ("metaworld", "--sentences", "held_out"),
    "protocol": ("metaworld", "--drawing", "protocol"), "swap": ("metaworld-swap",),
}  # fmt: skip


def stages(given: argparse.Namespace, trust: str) -> Iterator[Stage]:
    """In order."""
    out: Path = given.out
    data, cache, run, model = (out / name for name in ("demonstrations", "cache", "run", "model"))
    seed, named = ("--seed", given.seed), partial(stage, out)
    many = ("--tasks", given.tasks, "--episodes", given.episodes, "--glimpses", given.glimpses)
    yield named("demonstrations", "data", "make", "metaworld", *many, *seed, "--out", data)
    yield named("check", "data", "check", data)
    yield named("card", "data", "card", data)
    yield named("cache", "data", "cache", data, "--every", EVERY, "--out", cache)
    key, tried = ("--key", given.key), ("--trust", trust, "--tasks", given.tasks)
    train = ("train", "manip", "--data", cache, "--steps", given.steps, "--batch", given.batch, *seed, "--out", run)
    for step in milestones(given.steps):
        yield named(f"training {step}", *train, "--until", step)
        here = milestone(out, step)
        yield named(f"export {step}", "export", run, *key, "--out", here / "model")
        short = ("trial", "metaworld", "--policy", here / "model", *tried, "--episodes", min(GLANCED, given.attempts))
        yield named(f"trial {step}", *short, "--out", here / "trial")
    yield named("training", *train)
    yield named("export", "export", run, *key, "--out", model)
    trial = ("--policy", model, *tried, "--episodes", given.attempts)
    trials = {name: words for name, words in TRIALS.items() if name != "swap" or given.tasks == "all"}
    for name, words in trials.items():
        yield named(f"trial {name}", "trial", *words, *trial, "--out", out / f"trial-{name}")
    results = ",".join(str(out / f"trial-{name}" / "result.json") for name in trials)
    yield named("shipped", "export", run, *key, "--evaluation", results, "--out", out / "shipped")


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
    trust = key_at(given.key).public_key().public_bytes_raw().hex()
    told = run_all(given.out, stages(given, trust), lambda: draw(given.out, given.steps))
    print(f"{told}; the model: {given.out / 'shipped'}")


if __name__ == "__main__":
    main()
