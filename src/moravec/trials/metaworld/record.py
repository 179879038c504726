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

__all__ = ["HEADER", "LINES", "STRIPS", "Book"]

STRIPS = "failures"


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
            cv2.imwrite(str(self.folder / STRIPS / f"{record.task}-{record.index:03d}.jpg"), wide)
        self.write(record)
