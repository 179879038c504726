"""From an empty folder to the signed model that leads the cell's hand, and what it is worth; goes on where it was broken off.

    python scripts/build_cell.py --out runs/cell --key KEYFILE
    python scripts/build_cell.py --out runs/small --episodes 10 --steps 20 --attempts 1   # a small one

Stages: demonstrations, check, card, cache, training, export, trials (picking and putting down, each told the words of training
and held-out words, each beside the hard-coded skills), and the export anew with the trials in its manifest. `stages.json` says
how long each took, over all runs.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from stages import Stage, run_all, stage

from moravec.models.package import key_at

WORDS = ("train", "held_out")
SUITES = ("cell-pick", "cell-place")


def stages(given: argparse.Namespace, trust: str) -> Iterator[Stage]:
    """In order."""
    out: Path = given.out
    data, cache, run, model = (out / name for name in ("demonstrations", "cache", "run", "model"))
    named, key = partial(stage, out), ("--key", given.key)
    seed = ("--seed", given.seed)
    yield named("demonstrations", "data", "make", "cell", "--episodes", given.episodes, *seed, "--out", data)
    yield named("check", "data", "check", data)
    yield named("card", "data", "card", data)
    yield named("cache", "data", "cache", data, "--out", cache)
    train = ("train", "manip", "--data", cache, "--steps", given.steps, "--batch", given.batch, *seed, "--out", run)
    yield named("training", *train)
    yield named("export", "export", run, *key, "--out", model)
    results = []
    for suite in SUITES:
        for words in WORDS:
            name = f"trial {suite} {words}"
            results.append(out / name.replace(" ", "-") / "result.json")
            trial = ("trial", suite, "--policy", model, "--trust", trust, "--sentences", words, "--episodes", given.attempts)
            yield named(name, *trial, "--out", results[-1].parent)
    evaluation = ("--evaluation", ",".join(str(path) for path in results))
    yield named("shipped", "export", run, *key, *evaluation, "--out", out / "shipped")


def main(words: Sequence[str] | None = None) -> None:
    """All stages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs/cell"))
    parser.add_argument("--key", type=Path, default=Path("~/.config/moravec/signing.key").expanduser())
    parser.add_argument("--episodes", type=int, default=2_000, help="demonstrations")
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--attempts", type=int, default=100, help="deliveries in a trial")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(words)
    trust = key_at(given.key).public_key().public_bytes_raw().hex()
    told = run_all(given.out, stages(given, trust))
    print(f"{told}; the model: {given.out / 'shipped'}")


if __name__ == "__main__":
    main()
