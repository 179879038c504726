"""The attempts of a trial on disk: one line each, written as they end, so that a trial that was broken off goes on."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from moravec.core.errors import BadInput

LINES = "episodes.jsonl"
HEADER = "trial.json"


class Recorded(Protocol):
    """What became of an attempt."""

    @property
    def key(self) -> str:
        """The attempt's name, another for each of a trial."""
        ...

    def plain(self) -> dict[str, Any]:
        """For JSON: what it is made of again."""
        ...


R = TypeVar("R", bound=Recorded)


class Book(Generic[R]):
    """A trial's folder. Records of another trial (other policy, tasks, drawing or words) are never mixed with this one's."""

    def __init__(self, folder: Path, header: Mapping[str, Any], make: Callable[..., R]) -> None:
        """Opens or begins it; `make` makes a record of its parts. Raises BadInput where another trial stands there, or what is
        there cannot be read."""
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / HEADER
        if path.exists():
            found = _header(path)
            other = [name for name in header if found.get(name) != header[name]]
            if other:
                raise BadInput(f"the trial in {folder}", f"another {', '.join(other)}", "the same, or another --out")
        else:
            beside = path.with_suffix(".new")
            beside.write_text(json.dumps(header, indent=1) + "\n")
            beside.replace(path)
        self.records: dict[str, R] = {r.key: r for r in _read(folder / LINES, make)}

    def write(self, record: R) -> None:
        """One more; on disk when this returns."""
        with (self.folder / LINES).open("a") as file:
            file.write(json.dumps(record.plain()) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self.records[record.key] = record


def _read(path: Path, make: Callable[..., R]) -> list[R]:
    """Whole lines; a last one that was cut short is dropped, from the file as well. Raises BadInput."""
    if not path.exists():
        return []
    raw = path.read_bytes()
    whole = raw[: raw.rfind(b"\n") + 1]
    if whole != raw:
        os.truncate(path, len(whole))
    found = []
    for number, line in enumerate(whole.splitlines(), start=1):
        try:
            found.append(make(**json.loads(line)))
        except (ValueError, TypeError) as error:
            raise BadInput(f"{path}, line {number}", repr(error), "an attempt that 'moravec trial' wrote") from error
    return found


def _header(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise BadInput(f"the trial's file {path}", repr(error), "what 'moravec trial' wrote") from error
