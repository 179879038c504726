"""The worst failures in one picture: a strip of frames each, with the task, the words and the cause."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from moravec.trials.metaworld.episode import STRIP, THUMB, Record
from moravec.trials.metaworld.record import strip_of
from moravec.trials.metaworld.result import cause_in_words, worst

MOST, COLUMNS = 24, 2
NAME = "failures.jpg"
_TEXT, _FONT = 40, cv2.FONT_HERSHEY_SIMPLEX


def grid(folder: Path, records: Sequence[Record]) -> Path | None:
    """Draws FOLDER/failures.jpg from the strips that were kept; None where nothing failed that anybody saw."""
    tiles = []
    for record in worst(records, MOST):
        path = strip_of(folder, record)
        strip = cv2.imread(str(path)) if path.exists() else None
        if strip is None or strip.shape != (THUMB, STRIP * THUMB, 3):
            continue
        words = np.full((_TEXT, STRIP * THUMB, 3), 255, np.uint8)
        lines = (f'{record.key}: "{record.prompt}"', f"{cause_in_words(record)} (step {record.decided})")
        for row, line in enumerate(lines):
            cv2.putText(words, line[:84], (4, 15 + 17 * row), _FONT, 0.4, (40, 40, 40), 1, cv2.LINE_AA)
        tiles.append(np.vstack([words, strip]))
    if not tiles:
        return None
    tiles += [np.full_like(tiles[0], 255)] * (-len(tiles) % COLUMNS)
    rows = [np.hstack(tiles[k : k + COLUMNS]) for k in range(0, len(tiles), COLUMNS)]
    cv2.imwrite(str(folder / NAME), np.ascontiguousarray(np.vstack(rows)))
    return folder / NAME
