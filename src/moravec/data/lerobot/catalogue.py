"""Which episodes a dataset has, and where each lies. Kept as columns, so that a million of them fit into memory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from moravec.core.errors import BadInput
from moravec.data.episode import Note
from moravec.data.lerobot.layout import Info
from moravec.data.lerobot.tables import NOTES, SUCCESS, integers, open_file

_WHERE = ("length", "data/chunk_index", "data/file_index", "dataset_from_index", "dataset_to_index")


@dataclass(frozen=True, slots=True)
class VideoPlace:
    """Where an episode's pictures of one camera are: a file, and seconds inside it."""

    chunk: int
    file: int
    start: float
    stop: float


@dataclass(frozen=True, slots=True)
class Entry:
    """One episode of the catalogue: its tasks, its frames in the whole dataset (`start` to before `stop`), its files."""

    index: int
    tasks: tuple[str, ...]
    length: int
    chunk: int
    file: int
    start: int
    stop: int
    videos: Mapping[str, VideoPlace] = field(default_factory=dict)
    success: bool | None = None
    notes: Mapping[str, Note] = field(default_factory=dict)


@final
class Catalogue:
    """The rows of meta/episodes in the order in which they are stored."""

    def __init__(self, info: Info, table: pa.Table) -> None:
        """Raises BadInput where a column is missing or a row has no whole number in it."""
        self._keys = info.video_keys()
        self._table = table
        videos = [f"videos/{key}/{name}" for key in self._keys for name in ("chunk_index", "file_index")]
        self._whole = {name: self._integers(name) for name in ("episode_index", *_WHERE, *videos)}
        spans = [f"videos/{key}/{name}" for key in self._keys for name in ("from_timestamp", "to_timestamp")]
        self._seconds = {name: self._column(name).to_numpy() for name in spans}

    def __len__(self) -> int:
        return len(self._table)

    @property
    def indices(self) -> NDArray[np.int64]:
        """episode_index of every row."""
        return self._whole["episode_index"]

    def sorted(self) -> Catalogue:
        """The same, in the order of episode_index."""
        if np.all(np.diff(self.indices) > 0):
            return self
        other = object.__new__(Catalogue)
        order = np.argsort(self.indices, kind="stable")
        other._keys, other._table = self._keys, self._table.take(order)
        other._whole = {name: values[order] for name, values in self._whole.items()}
        other._seconds = {name: values[order] for name, values in self._seconds.items()}
        return other

    def lengths(self) -> NDArray[np.int64]:
        """Frames of every episode."""
        return self._whole["length"]

    def successes(self) -> list[bool | None]:
        """How every episode ended; None where nobody said."""
        return self._texts(SUCCESS)

    def entry(self, row: int) -> Entry:
        """What stands in a row."""
        whole = {name: int(values[row]) for name, values in self._whole.items()}
        length, chunk, file, start, stop = (whole[name] for name in _WHERE)
        tasks = self._cell("tasks", row)
        return Entry(
            whole["episode_index"], tuple(str(task) for task in tasks or ()), length, chunk, file, start, stop,
            {key: self._video(key, row) for key in self._keys}, self._cell(SUCCESS, row), _notes(self._cell(NOTES, row)),
        )  # fmt: skip

    def _video(self, key: str, row: int) -> VideoPlace:
        chunk, file = (int(self._whole[f"videos/{key}/{name}"][row]) for name in ("chunk_index", "file_index"))
        start, stop = (float(self._seconds[f"videos/{key}/{name}"][row]) for name in ("from_timestamp", "to_timestamp"))
        return VideoPlace(chunk, file, start, stop)

    def _column(self, name: str) -> pa.ChunkedArray:
        if name not in self._table.column_names:
            raise BadInput("the columns of meta/episodes", f"no {name}", f"{name} in every file")
        return self._table[name]

    def _integers(self, name: str) -> NDArray[np.int64]:
        try:
            found = integers(self._column(name))
        except pa.ArrowException as error:
            raise BadInput(f"meta/episodes, {name}", str(error), "whole numbers") from error
        if np.any(found < 0):
            raise BadInput(f"meta/episodes, {name}, row {int(np.argmax(found < 0))}", int(found.min()), "0 or more")
        return found

    def _cell(self, name: str, row: int) -> Any:
        return self._table[name][row].as_py() if name in self._table.column_names else None

    def _texts(self, name: str) -> list[Any]:
        return self._table[name].to_pylist() if name in self._table.column_names else [None] * len(self)


def read_episodes(root: Path, statistics: bool = False) -> pa.Table:
    """All rows of meta/episodes, file by file in the order of their names, without their statistics unless asked.

    Raises BadInput where a file cannot be read or there is none.
    """
    paths = sorted((root / "meta" / "episodes").glob("*/*.parquet"))
    if not paths:
        raise BadInput(f"the dataset {root}", "no file in meta/episodes", "a row for each episode")
    tables = []
    for path in paths:
        with open_file(path) as file:
            names = [name for name in file.schema_arrow.names if statistics or not name.startswith("stats/")]
            try:
                tables.append(file.read(columns=names, use_threads=False))
            except (OSError, pa.ArrowException) as error:
                raise BadInput(f"the file {path}", str(error).partition("\n")[0], "a whole Parquet file") from error
    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except pa.ArrowException as error:
        raise BadInput(f"the files of {root / 'meta' / 'episodes'}", str(error), "the same columns in all of them") from error


def read_catalogue(root: Path, info: Info) -> Catalogue:
    """The catalogue, in the order of its files. Raises BadInput where it is missing or broken."""
    if info.episodes == 0 and not (root / "meta" / "episodes").is_dir():
        names = ["episode_index", *_WHERE]
        for key in info.video_keys():
            names += [f"videos/{key}/{name}" for name in ("chunk_index", "file_index", "from_timestamp", "to_timestamp")]
        return Catalogue(info, pa.table({name: pa.array([], pa.int64()) for name in names}))
    return Catalogue(info, read_episodes(root))


def _notes(text: str | None) -> Mapping[str, Note]:
    """An episode's notes; none where another program left something else."""
    try:
        notes = json.loads(text or "{}")
    except ValueError:
        return {}
    return notes if isinstance(notes, dict) else {}
