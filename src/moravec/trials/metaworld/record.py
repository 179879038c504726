"""The attempts of a trial on disk: one line each, written as they end, so that a trial that was broken off goes on."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from moravec.core.errors import BadInput
from moravec.models.contract import Picture
from moravec.trials.metaworld.episode import Record

LINES = "episodes.jsonl"
HEADER = "trial.json"
STRIPS = "failures"


class Book:
    """A trial's folder. Records of another trial (other policy, tasks, drawing or words) are never mixed with this one's."""

    def __init__(self, folder: Path, header: Mapping[str, Any]) -> None:
        """Opens or begins it. Raises BadInput where another trial stands there, or what is there cannot be read."""
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
        self.records: dict[str, Record] = {f"{r.task}/{r.index}": r for r in _read(folder / LINES)}

    def add(self, record: Record, strip: Sequence[Picture]) -> None:
        """Writes one more; on disk when this returns."""
        if strip:
            (self.folder / STRIPS).mkdir(exist_ok=True)
            wide = np.ascontiguousarray(np.hstack(list(strip))[:, :, ::-1])
            cv2.imwrite(str(self.folder / STRIPS / f"{record.task}-{record.index:03d}.jpg"), wide)
        with (self.folder / LINES).open("a") as file:
            file.write(json.dumps(record.plain()) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self.records[f"{record.task}/{record.index}"] = record


def _read(path: Path) -> list[Record]:
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
            found.append(Record(**json.loads(line)))
        except (ValueError, TypeError) as error:
            raise BadInput(f"{path}, line {number}", repr(error), "an attempt that 'moravec trial' wrote") from error
    return found


def _header(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise BadInput(f"the trial's file {path}", repr(error), "what 'moravec trial' wrote") from error
