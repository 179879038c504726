"""The network as it is shipped: two ONNX files, one that reads a sentence, one that writes a token."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from moravec.models.reader.beam import Array
from moravec.models.session import open_session

READ_FILE, WRITE_FILE = "read.onnx", "write.onnx"
READ_OUT = ("memory", "cross", "keys")
WRITE_OUT = ("scores", "present")


class Network:
    """One thread, so that equal sentences give equal readings and control is not starved."""

    def __init__(self, read: Path, write: Path) -> None:
        """Raises ContractError where a file is none of these."""
        self._read, self._write = open_session(read), open_session(write)

    def read(self, words: NDArray[np.int64], pieces: NDArray[np.int64]) -> Writing:
        """Reads (n,) words and (n, PIECES) pieces."""
        memory, cross, keys = self._read.run(list(READ_OUT), {"words": words[None], "pieces": pieces[None]})
        return Writing(self._write, {"memory": memory, "cross": cross, "keys": keys})


class Writing:
    """One sentence's readings as they are written; see beam.Writer."""

    def __init__(self, session: Any, given: dict[str, NDArray[Any]]) -> None:
        self._session, self._given = session, given
        layers, _, _, heads, _, depth = given["cross"].shape
        self._past: NDArray[Any] = np.zeros((layers, 2, 1, heads, 0, depth), np.float32)

    def write(self, previous: list[int], chosen: list[int] | None) -> Array:
        """Scores (readings, tokens + places)."""
        past = self._past if chosen is None else self._past[:, :, chosen]
        given = {**self._given, "previous": np.array(previous, np.int64)[:, None], "past": past}
        scores, self._past = self._session.run(list(WRITE_OUT), given)
        return np.asarray(scores[:, 0])
