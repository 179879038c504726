"""How many of the three hundred instructions lead to what was wanted: each is played in a cell of symbols, by a mind's reading.

    python scripts/measure_instructions.py --reader FOLDER --out runs/instructions

`--reader` is a package of scripts/build_reader.py; without it the shipped one reads. What is judged, and how,
stands in tests/brain/instructions/README.md: nothing is to be tuned on it, so that only the table is printed. Each language has
its own; `OUT/verdicts.jsonl` holds what became of each, for whoever audits the judge.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "brain"))

from judge_instructions import Verdict, table, verdict_on  # noqa: E402

from moravec.brain.mind import Mind, SymbolicMind  # noqa: E402
from moravec.commands.minds import symbolic_mind  # noqa: E402

INSTRUCTIONS = ROOT / "tests" / "brain" / "instructions"
LANGUAGES = ("english", "chinese")


def mind_of(reader: Path | None, trust: str) -> Mind:
    """The mind that is judged. Raises BadInput."""
    if reader is None:
        return symbolic_mind()
    from moravec.brain.reader.mind import reads_by
    from moravec.brain.reader.shipped import open_reader
    from moravec.models.suite import TRUSTED, keys

    return SymbolicMind(reads_by(open_reader(reader, (*TRUSTED, *keys(trust)))))


def judged(language: str, mind: Mind) -> list[Verdict]:
    """A verdict on each instruction, with progress."""
    scenes = json.loads((INSTRUCTIONS / "scenes.json").read_text(encoding="utf-8"))
    lines = (INSTRUCTIONS / f"{language}.jsonl").read_text(encoding="utf-8").splitlines()
    by_id = {entry["id"]: entry for entry in map(json.loads, lines)}
    verdicts = list[Verdict]()
    start = time.monotonic()
    for entry in by_id.values():
        verdicts.append(verdict_on(entry, by_id, scenes, mind))
        done = f"\r{language}: {len(verdicts)} of {len(by_id)}, {time.monotonic() - start:.0f} s"
        print(done, end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return verdicts


def main() -> None:
    """Both languages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reader", type=Path, metavar="FOLDER")
    parser.add_argument("--trust", default="", metavar="KEY", help="a public key that signed the reader")
    parser.add_argument("--out", type=Path, default=Path("runs/instructions"))
    given = parser.parse_args()
    mind = mind_of(given.reader, given.trust)
    given.out.mkdir(parents=True, exist_ok=True)
    with (given.out / "verdicts.jsonl").open("w", encoding="utf-8") as file:
        for language in LANGUAGES:
            verdicts = judged(language, mind)
            file.writelines(json.dumps({"language": language} | asdict(v), ensure_ascii=False) + "\n" for v in verdicts)
            print(f"{language}\n{table(verdicts)}\n")


if __name__ == "__main__":
    main()
