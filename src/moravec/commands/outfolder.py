"""Where a run leaves its files: the folder, and a result that is there from the first moment on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, final

from moravec.commands.options import folder
from moravec.core.errors import BadInput

FILES = ("result.json", "tape.mcap", "report.html")
RESERVED = 65536  # [bytes] of result.json written at the start, so that a full disk cannot keep the result away


def run_folder(out: Path | None, seed: int) -> tuple[Path, Path | None]:
    """The folder of this run, and where an earlier run that stood in it was moved to. Raises BadInput.

    Without `out` it is the first of runs/run-SEED, runs/run-SEED-2, ... that is free. Nothing is ever written over.
    """
    if out is None:
        return _free(Path("runs"), f"run-{seed}"), None
    folder(out)
    earlier = [out / name for name in FILES if (out / name).exists()]
    if not earlier:
        return out, None
    aside = _free(out, "earlier")
    try:
        for path in earlier:
            path.rename(aside / path.name)
    except OSError as error:
        raise BadInput("--out", str(out), f"a folder whose earlier run can be moved ({error.strerror})") from error
    return out, aside


def _free(parent: Path, name: str) -> Path:
    """A new folder in `parent`: `name`, or with the first number that is free. Raises BadInput."""
    folder(parent)
    number = 1
    while True:
        path = parent / (name if number == 1 else f"{name}-{number}")
        try:
            path.mkdir()
        except FileExistsError:
            number += 1
            continue
        except OSError as error:
            raise BadInput("--out", str(path), f"a folder that can be made ({error.strerror})") from error
        return path


@final
class ResultFile:
    """`result.json`. Its room is taken when it is made, its content may change until the end.

    Raises BadInput where it cannot be made, OSError where it cannot be written later.
    """

    def __init__(self, path: Path, first: Mapping[str, Any]) -> None:
        self.path = path
        text = _text(first)
        try:
            path.write_bytes(text + b" " * (RESERVED - len(text) - 1) + b"\n" if len(text) < RESERVED else text)
        except OSError as error:
            raise BadInput("--out", str(path), f"a place with room for the results ({error.strerror})") from error

    def write(self, result: Mapping[str, Any]) -> None:
        """Replaces the content, in the room it has. Raises OSError."""
        text = _text(result)
        with self.path.open("r+b") as file:
            file.write(text)
            file.truncate()


def _text(result: Mapping[str, Any]) -> bytes:
    return (json.dumps(result, indent=2, allow_nan=False) + "\n").encode()
