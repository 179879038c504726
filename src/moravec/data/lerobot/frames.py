"""The frames of an episode, found in its file whether that holds one episode or a thousand."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar, final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from moravec.core.errors import BadInput
from moravec.data.lerobot.tables import integers, open_file

Opened = TypeVar("Opened")


@final
class Lately(Generic[Opened]):
    """Keeps the files open that were used last, at most `most` of them."""

    def __init__(self, opening: Callable[[Path], Opened], closing: Callable[[Opened], None], most: int = 8) -> None:
        self._opening, self._closing, self._most = opening, closing, most
        self._open: OrderedDict[Path, Opened] = OrderedDict()

    def get(self, path: Path) -> Opened:
        """The file at `path`, opened unless it is."""
        found = self._open.pop(path, None)
        if found is None:
            found = self._opening(path)
        self._open[path] = found
        while len(self._open) > self._most:
            self._closing(self._open.popitem(last=False)[1])
        return found

    def close(self) -> None:
        """Close them all."""
        while self._open:
            self._closing(self._open.popitem()[1])


@dataclass(frozen=True, slots=True)
class _File:
    """An open file, and the lowest and highest episode of each of its row groups."""

    parquet: pq.ParquetFile
    lows: NDArray[np.float64]
    highs: NDArray[np.float64]


@final
class FrameFiles:
    """Reads rows of data files, no more row groups than it must."""

    def __init__(self) -> None:
        self._files: Lately[_File] = Lately(_open, lambda file: file.parquet.close())

    def columns(self, path: Path) -> list[str]:
        """Names of a file's columns. Raises BadInput where it cannot be read."""
        return list(self._files.get(path).parquet.schema_arrow.names)

    def rows(self, path: Path, episode: int, columns: Sequence[str]) -> pa.Table:
        """The rows of `episode`, in their order, with `columns`. Raises BadInput where the file cannot be read."""
        file = self._files.get(path)
        wanted = [*dict.fromkeys([*columns, "episode_index"])]
        missing = [name for name in wanted if name not in file.parquet.schema_arrow.names]
        if missing:
            raise BadInput(f"the file {path}", f"no column {missing[0]}", "the columns that meta/info.json declares")
        groups = np.flatnonzero((file.lows <= episode) & (episode <= file.highs)).tolist()
        try:
            table = file.parquet.read_row_groups(groups, columns=wanted, use_threads=False)
            mine = integers(table["episode_index"]) == episode
        except (OSError, pa.ArrowException) as error:
            raise BadInput(f"the file {path}", str(error).partition("\n")[0], "a whole Parquet file") from error
        return table if mine.all() else table.filter(pa.array(mine))

    def close(self) -> None:
        """Close all files."""
        self._files.close()


def _open(path: Path) -> _File:
    file = open_file(path)
    bounds = [_bounds(file, group) for group in range(file.num_row_groups)]
    return _File(file, np.array([low for low, _ in bounds]), np.array([high for _, high in bounds]))


def _bounds(file: pq.ParquetFile, group: int) -> tuple[float, float]:
    """Lowest and highest episode of a row group, as the file's footer has them; everything where it is silent."""
    metadata = file.metadata.row_group(group)
    for place in reversed(range(metadata.num_columns)):
        column = metadata.column(place)
        if column.path_in_schema == "episode_index":
            known = column.statistics
            if known is not None and known.has_min_max:
                return float(known.min), float(known.max)
    return -np.inf, np.inf
