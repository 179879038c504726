"""The attempts of a trial on disk: one line each, written as they end, so that a trial that was broken off goes on."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
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


class Wanted(Protocol):
    """An attempt that is asked for."""

    @property
    def key(self) -> str:
        """Its name, another for each of a trial."""
        ...


R = TypeVar("R", bound=Recorded)
W = TypeVar("W", bound=Wanted)


class Book(Generic[R]):
    """A trial's folder. Records of another trial (other policy, tasks, drawing or words) are never mixed with this one's."""

    def __init__(self, folder: Path, header: Mapping[str, Any], make: Callable[..., R]) -> None:
        """Opens or begins it; `make` makes a record of its parts. A last line that was cut short is dropped, which `notice` says.

        Raises BadInput where another trial stands there, what is there cannot be read, or nobody knows of which trial it is."""
        self.folder, self.header = folder, header
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / HEADER
        if path.exists():
            found = _header(path)
            other = [name for name in header if found.get(name) != header[name]]
            if other:
                raise BadInput(f"the trial in {folder}", f"another {', '.join(other)}", "the same, or another --out")
        else:
            if (folder / LINES).exists():
                raise BadInput(f"the trial in {folder}", f"{LINES} without {HEADER}", "both, or another --out")
            _write(path, json.dumps(header, indent=1) + "\n")
        cut = _cut(folder / LINES)
        self.notice = f"the last line of {folder / LINES} was cut short; that attempt is made again: {cut[:60]!r}" if cut else ""
        self.records: dict[str, R] = {r.key: r for r in _read(folder / LINES, make)}

    def missing(self, wanted: Sequence[W], same: Sequence[str]) -> dict[str, W]:
        """Those of `wanted` that have no record yet, by their keys. Raises BadInput where a record of the same name tells another
        thing of any of `same`, which are names of attributes that an attempt and its record share."""
        for attempt in wanted:
            found = self.records.get(attempt.key)
            there, now = (", ".join(f"{name} {getattr(of, name, None)!r}" for name in same) for of in (found, attempt))
            if found is not None and there != now:
                raise BadInput(f"the trial in {self.folder}, {attempt.key}", there, f"{now}, as now asked for; or another --out")
        return {attempt.key: attempt for attempt in wanted if attempt.key not in self.records}

    def write(self, record: R) -> None:
        """One more; on disk when this returns."""
        with (self.folder / LINES).open("a") as file:
            file.write(json.dumps(record.plain()) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self.records[record.key] = record


def _write(path: Path, text: str) -> None:
    """The whole file or nothing, on disk when this returns."""
    beside = path.with_suffix(".new")
    with beside.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _cut(path: Path) -> str:
    """Takes off a last line that has no end, as a kill or a full disk leaves it; what it said."""
    raw = path.read_bytes() if path.exists() else b""
    whole = raw.rfind(b"\n") + 1
    if whole < len(raw):
        os.truncate(path, whole)
    return raw[whole:].decode(errors="replace")


def _read(path: Path, make: Callable[..., R]) -> list[R]:
    """Raises BadInput for a line that is no record."""
    found = []
    for number, line in enumerate(path.read_bytes().splitlines() if path.exists() else (), start=1):
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
