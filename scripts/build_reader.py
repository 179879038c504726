"""From nothing to a signed reader of instructions: one command that goes on where it was broken off.

    python scripts/build_reader.py --out runs/reader --steps 20000 --threads 2 --key KEYFILE

Training draws its sentences by itself and saves every 100 steps. `loss.svg` shows its course. Then follow the export to ONNX,
the temperature and the conformal threshold on sentences that training never saw, and the signed package in `OUT/shipped`.
`--until N` stops the training at a step and ships what there is by then. `--from WEIGHTS` begins with those of another run.
`--written FILE...` are sentences that were written freely, `{"text", "wishes"}` a line: the calibration is made on every other
one, the rest is only measured; what is read wrongly stands in `OUT/wrong.txt`. Last come the three hundred instructions of
scripts/measure_instructions.py, of which nothing but the share that led to what was wanted is kept.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from measure_instructions import LANGUAGES, judged

from moravec.brain.mind import SymbolicMind
from moravec.brain.reader.calibrate import CERTAIN, Calibration, Pair, calibrated, measured
from moravec.brain.reader.grammar import WISHES
from moravec.brain.reader.lesson import fingerprint, held_out, lesson, words
from moravec.brain.reader.mind import reads_by
from moravec.brain.reader.reader import Reader
from moravec.brain.reader.shipped import write
from moravec.brain.reader.written import read
from moravec.console.curves import curves
from moravec.core.wilson import wilson
from moravec.models.checkpoint import load
from moravec.models.package import key_at
from moravec.models.reader.config import TrainConfig
from moravec.models.reader.export import export, rebuilt
from moravec.models.reader.network import READ_FILE, WRITE_FILE, Network
from moravec.models.reader.text import Vocabulary
from moravec.models.reader.train import WEIGHTS, Trainer
from moravec.models.run import keep_memory

DRAWN = 200  # sentences for the calibration, and as many to measure it


def known(out: Path, data: str) -> Vocabulary:
    """The vocabulary of a run, made once."""
    path = out / f"vocabulary-{data[:12]}.json"
    if not path.exists():
        out.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(words().known, ensure_ascii=False))
    return Vocabulary(tuple(json.loads(path.read_text())))


def train(given: argparse.Namespace) -> None:
    """To the end, or to --until."""
    data = fingerprint()
    config = TrainConfig(given.steps, given.batch, given.rate, bfloat16=given.bfloat16, seed=given.seed)
    trainer = Trainer(lesson, data, known(given.out, data), WISHES, config, given.out)
    if given.begin is not None and trainer.step == 0:
        weights, facts = load(given.begin)
        trainer.begin_with(weights, facts["vocabulary"])
    began, first = time.monotonic(), trainer.step
    last = min(given.steps, given.until or given.steps)

    def tell(step: int, means: dict[str, float]) -> None:
        each = (time.monotonic() - began) / max(1, step - first)
        left = (last - step) * each / 60.0
        print(f"step {step:6d}  loss {means['loss']:.4f}  sentences right {means['right']:.3f}  "
              f"{each:.2f} s a step, {left:.0f} min left", flush=True)  # fmt: skip

    trainer.run(tell, last, apart=True)


def written(path: Path) -> list[Pair]:
    """Sentences and their wishes, from a file."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [(line["text"], read(line["wishes"])) for line in lines]


def ship(given: argparse.Namespace) -> str:
    """Export, calibration, measurement, package. What was found, in words."""
    out, folder = given.out, given.out / "shipped"
    weights, facts = load(out / WEIGHTS)
    difference = export(rebuilt(facts, weights), folder)
    network, vocabulary = Network(folder / READ_FILE, folder / WRITE_FILE), Vocabulary(tuple(facts["vocabulary"]))
    reader = Reader(network, vocabulary, CERTAIN)
    people = {path.stem.replace("_", " "): written(path) for path in given.written}
    drawn = [held_out(number) for number in range(2 * DRAWN)]
    calibration = calibrated(reader.readings, [pair for pairs in people.values() for pair in pairs[::2]] or drawn[:DRAWN])
    sets = {"drawn": drawn[DRAWN:], **{name: pairs[1::2] for name, pairs in people.items()}}
    evaluation = {name: asdict(measured(reader.readings, pairs, calibration)) for name, pairs in sets.items()}
    evaluation |= instructions(Reader(network, vocabulary, calibration))
    note_wrong(out / "wrong.txt", reader, [pair for pairs in people.values() for pair in pairs], calibration)
    write(folder, facts, difference, calibration, evaluation, key_at(given.key))
    size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
    return f"step {facts['step']}, {calibration}, {json.dumps(evaluation)}, {size:.1f} MB"


def instructions(reader: Reader) -> dict[str, dict[str, Any]]:
    """Of the three hundred, by language: how many led to what was wanted, and of the others how many were asked about."""
    mind, found = SymbolicMind(reads_by(reader)), dict[str, dict[str, Any]]()
    for language in LANGUAGES:
        verdicts = judged(language, mind)
        wrong = [verdict for verdict in verdicts if not verdict.right]
        n, right = len(verdicts), len(verdicts) - len(wrong)
        asked = sum(verdict.asked for verdict in wrong) / max(1, len(wrong))
        found[f"instructions, {language}"] = {
            "sentences": n, "right": right / n, "right_ci95": wilson(right, n), "wrong_asked": asked
        }  # fmt: skip
    return found


def note_wrong(path: Path, reader: Reader, pairs: Iterable[Pair], calibration: Calibration) -> None:
    """Every written sentence whose best reading is another."""
    lines = []
    for sentence, wishes in pairs:
        readings = reader.readings(sentence, calibration.temperature)
        if not readings or readings[0].wishes != wishes:
            found = [f"  {reading.probability:.3f}  {reading.wishes}" for reading in readings[:2]]
            lines.append("\n".join((sentence, f"  wanted {wishes}", *found, "")))
    path.write_text("".join(lines), encoding="utf-8")


def draw(out: Path) -> None:
    """The course of the training so far."""
    rows = [json.loads(line) for line in (out / "history.jsonl").read_text().splitlines()]
    (out / "loss.svg").write_text(curves([{"step": row["step"], "loss": row["loss"]} for row in rows]))


def main() -> None:
    """All stages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs/reader"))
    parser.add_argument("--key", type=Path, default=Path("~/.config/moravec/signing.key").expanduser())
    parser.add_argument("--from", dest="begin", type=Path, metavar="WEIGHTS")
    parser.add_argument("--written", type=Path, nargs="*", default=[], metavar="FILE")
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--until", type=int)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--bfloat16", action="store_true", help="faster where the processor has matrix units for it")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    keep_memory()
    train(given)
    draw(given.out)
    print(ship(given))


if __name__ == "__main__":
    main()
