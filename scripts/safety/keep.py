"""The pieces of long work in one file that can be kept: what stands behind the figures, and where the work goes on elsewhere.

    python scripts/safety/keep.py pack runs/safety docs/safety-pieces.jsonl      # every piece, one line each
    python scripts/safety/keep.py unpack docs/safety-pieces.jsonl runs/safety    # on another machine; then run.py goes on

A piece counts only with the very sources it was made with (`pieces.py`), wherever it is. What is there already is kept.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from moravec.core.errors import BadInput


def packed(folder: Path) -> Iterator[str]:
    """One line of JSON for each piece under `folder`, in order. Raises BadInput for a piece that cannot be read."""
    for path in sorted(folder.glob("*/*.json")):
        try:
            content = json.loads(path.read_text())
        except (OSError, ValueError) as error:
            raise BadInput("a piece", str(path), f"a JSON file that can be read ({error})") from error
        if isinstance(content, dict) and content.keys() == {"stamp", "record"}:
            yield json.dumps({"part": path.parent.name, "key": path.stem, **content})


def unpack(lines: list[str], folder: Path) -> int:
    """Writes the pieces of `lines` under `folder`; how many were new. Raises BadInput for a line that is none, before any is
    written."""
    found: list[tuple[Path, str]] = []
    for number, line in enumerate(lines, 1):
        try:
            piece = json.loads(line)
            names = (str(piece["part"]), str(piece["key"]))
            content = json.dumps({"stamp": piece["stamp"], "record": piece["record"]})
        except (ValueError, KeyError, TypeError) as error:
            raise BadInput(f"line {number} of the pieces", line[:80], '{"part", "key", "stamp", "record"}') from error
        if not all(name and all(c.isalnum() or c in "-_" for c in name) for name in names):
            raise BadInput(f"the names in line {number} of the pieces", names, "letters, digits, - and _")
        found.append((folder / names[0] / f"{names[1]}.json", content))
    fresh = [(path, content) for path, content in found if not path.exists()]
    for path, content in fresh:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return len(fresh)


def main() -> int:
    """Either way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("way", choices=("pack", "unpack"))
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    given = parser.parse_args()
    try:
        if given.way == "pack":
            lines = list(packed(given.source))
            given.target.write_text("".join(line + "\n" for line in lines))
            print(f"{len(lines)} pieces in {given.target}")
        else:
            print(f"{unpack(given.source.read_text().splitlines(), given.target)} new pieces in {given.target}")
    except (BadInput, OSError) as error:
        parser.error(str(error))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
