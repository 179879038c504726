"""A trial's folder, with pictures of what failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, final

import cv2
import numpy as np

from moravec.models.contract import Picture
from moravec.trials import record
from moravec.trials.metaworld.episode import Record
from moravec.trials.record import HEADER, LINES

__all__ = ["HEADER", "LINES", "STRIPS", "Book", "strip_of"]

STRIPS = "failures"


def strip_of(folder: Path, record: Record) -> Path:
    """Where the pictures of a failed attempt stand in a trial's folder."""
    bent = f"{record.variation}-" if record.variation else ""
    return folder / STRIPS / f"{bent}{record.task}-{record.index:03d}.jpg"


@final
class Book(record.Book[Record]):
    """See `record.Book`."""

    def __init__(self, folder: Path, header: Mapping[str, Any]) -> None:
        """Opens or begins it. Raises BadInput."""
        super().__init__(folder, header, Record)

    def add(self, record: Record, strip: Sequence[Picture]) -> None:
        """Writes one more, its pictures first; on disk when this returns."""
        if strip:
            (self.folder / STRIPS).mkdir(exist_ok=True)
            wide = np.ascontiguousarray(np.hstack(list(strip))[:, :, ::-1])
            cv2.imwrite(str(strip_of(self.folder, record)), wide)
        self.write(record)
