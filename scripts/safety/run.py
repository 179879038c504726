"""The long form of every safety test: `make safety`. Hours of work that go on where they were broken off.

    python scripts/safety/run.py --out runs/safety            # everything
    python scripts/safety/run.py --only mutants,kills         # some parts
    python scripts/safety/run.py --short                      # the same, a hundredth of it, in some minutes

Each part is a program of its own (`scripts/safety/<part>.py`) and leaves `<part>.json`. Parts that measure no times run two at a
time; those that do run alone, at the end. The table is printed and written to `table.md`; the exit status is 0 if all passed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parts import machine, python, say

from moravec.core.errors import BadInput

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its program, how much in the short form, and whether it measures times and therefore runs alone."""

    name: str
    short: int
    alone: bool = False


PARTS = (
    Part("covered", 1),
    Part("faults", 1),
    Part("kernels", 10_000),
    Part("motions", 10_000),
    Part("metamorphic", 1_000),
    Part("stopping", 100),
    Part("mutants", 100),
    Part("decoders", 100_000),
    Part("hostile", 1),
    Part("deliveries", 200),
    Part("cost", 1),
    Part("kills", 50, alone=True),
    Part("silence", 100, alone=True),
    Part("lateness", 10, alone=True),
)


def chosen(only: str) -> list[Part]:
    """The parts named in `only`, separated by commas; all where it is empty. Raises BadInput for an unknown one."""
    names = [name for name in only.split(",") if name]
    known = {part.name: part for part in PARTS}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise BadInput("--only", ", ".join(unknown), f"some of {', '.join(known)}")
    return [part for part in PARTS if not names or part.name in names]


def run(part: Part, out: Path, short: bool) -> int:
    """One part in a process of its own; its exit status. What it says stands in OUT/<part>.log as well."""
    command = python(HERE / f"{part.name}.py", "--out", out)
    command += ["--count", str(part.short)] if short else []
    with (out / f"{part.name}.log").open("a") as log:
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
            assert process.stdout is not None
            for line in process.stdout:
                log.write(line)
                log.flush()
                say(line.rstrip())
        return process.returncode


def record_of(part: Part, out: Path) -> dict[str, Any] | None:
    """What a part left; None where it left nothing that can be read."""
    try:
        found = json.loads((out / f"{part.name}.json").read_text())
    except (FileNotFoundError, ValueError):
        return None
    return dict(found) if isinstance(found, dict) else None


def table(parts: Sequence[Part], out: Path) -> str:
    """The table of what was found, as Markdown."""
    lines = [f"Machine: {machine()}.", "", "| part | what was found | passed |", "|---|---|---|"]
    for part in parts:
        record = record_of(part, out)
        if record is None:
            lines.append(f"| {part.name} | nothing: it did not get to its end | **no** |")
            continue
        passed = "yes" if record["passed"] else "**no**"
        lines.append(f"| {part.name}: {record['what']} | {record['done']:,} of {record['asked']:,} | {passed} |")
        lines += [f"| – {label} | {words} | |" for label, words in record["rows"]]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Everything, or what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs/safety"))
    parser.add_argument("--only", default="", help="parts, separated by commas")
    parser.add_argument("--short", action="store_true", help="a short form of each part")
    options = parser.parse_args()
    try:
        parts = chosen(options.only)
    except BadInput as error:
        parser.error(str(error))
    options.out.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda part: run(part, options.out, options.short), [part for part in parts if not part.alone]))
    for part in parts:
        if part.alone:
            run(part, options.out, options.short)
    told = table(parts, options.out)
    (options.out / "table.md").write_text(told)
    say(told)
    records = [record_of(part, options.out) for part in parts]
    return 0 if all(record is not None and record["passed"] for record in records) else 1


if __name__ == "__main__":
    raise SystemExit(main())
