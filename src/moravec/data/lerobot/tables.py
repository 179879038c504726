"""Parquet tables of the format: frames, episodes, tasks. Built from arrays, and read back as arrays."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from moravec.core.errors import BadInput
from moravec.data.episode import CAMERA_KEY, Episode, Features
from moravec.data.lerobot import stats
from moravec.data.lerobot.layout import ACTION, OWN, STATE, TASKS
from moravec.models.contract import Floats, Picture

SUCCESS, NOTES = "moravec/success", "moravec/notes"  # columns of an episode's row that are ours
_IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def to_bytes(table: pa.Table) -> bytes:
    """A table as one Parquet file with one row group, compressed as lerobot does it."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="snappy", use_dictionary=True, row_group_size=max(1, len(table)))
    data: bytes = sink.getvalue().to_pybytes()
    return data


def open_file(path: Path) -> pq.ParquetFile:
    """A Parquet file, open for reading. Raises BadInput where it is missing, cut short or none."""
    try:
        return pq.ParquetFile(path)
    except (OSError, pa.ArrowException) as error:
        raise BadInput(f"the file {path}", str(error).partition("\n")[0], "a whole Parquet file") from error


def read_table(path: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """A table from a Parquet file, with `columns` if it has them. Raises BadInput where it cannot be read."""
    with open_file(path) as file:
        chosen = None if columns is None else [name for name in columns if name in file.schema_arrow.names]
        try:
            return file.read(columns=chosen, use_threads=False)
        except (OSError, pa.ArrowException) as error:
            raise BadInput(f"the file {path}", str(error).partition("\n")[0], "a whole Parquet file") from error


# ── frames ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def frames_table(episode: Episode, features: Features, index: int, first: int, task: int, images: bool) -> pa.Table:
    """The rows of episode number `index`, whose first frame is the dataset's frame `first` and whose task is `task`.

    With `images`, every picture stands in its row as PNG.
    """
    columns: dict[str, pa.Array] = {}
    for key, values in {STATE: episode.state, ACTION: episode.actions, **episode.extras}.items():
        if values.shape[1]:
            columns[key] = _numbers_column(values)
    if images:
        for camera in features.cameras:
            columns[CAMERA_KEY + camera.name] = pa.array([_png(p) for p in episode.pictures[camera.name]], _IMAGE)
    frames = np.arange(len(episode))
    columns["timestamp"] = pa.array((frames / features.fps).astype(np.float32))
    columns["frame_index"] = pa.array(frames)
    columns["episode_index"] = pa.array(np.full(len(episode), index))
    columns["index"] = pa.array(frames + first)
    columns["task_index"] = pa.array(np.full(len(episode), task))
    return pa.table(columns)


def numbers(column: pa.ChunkedArray, width: int) -> tuple[Floats, list[int]]:
    """A column of numbers as (T, width) float32, and the rows that do not hold `width` numbers: these are NaN."""
    whole = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    found = np.full((len(whole), width), np.nan, np.float32)
    if _is_list(whole.type):
        lengths = pc.fill_null(pc.list_value_length(whole), -1).to_numpy(zero_copy_only=False)
        good = lengths == width
        flat = pc.list_flatten(whole.filter(pa.array(good)))
        found[good] = _floats(flat).reshape(-1, width)
    else:
        good = np.asarray(pc.is_valid(whole).to_numpy(zero_copy_only=False)) & (width == 1)
        if width == 1:
            found[:, 0] = _floats(whole)
    return found, [int(row) for row in np.flatnonzero(~good)]


def integers(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """A column of whole numbers; -1 where a row has none."""
    return np.asarray(pc.fill_null(column.cast(pa.int64()), -1).to_numpy(), np.int64)


def decode_image(cell: Mapping[str, Any] | None, root: Path) -> Picture | None:
    """The picture (h, w, 3), RGB, of a cell with {"bytes", "path"}; None where there is none that can be read."""
    data = (cell or {}).get("bytes")
    if data is None and (cell or {}).get("path"):
        path = root / str((cell or {})["path"])
        data = path.read_bytes() if path.is_file() and path.resolve().is_relative_to(root.resolve()) else None
    if not data:
        return None
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)
    return None if picture is None else np.asarray(picture, np.uint8)


def _numbers_column(values: Floats) -> pa.Array:
    """One number a row as it is, more as a list of fixed length, as the format has it."""
    flat = pa.array(np.ascontiguousarray(values, np.float32).ravel())
    if values.shape[1] == 1:
        return flat
    kind = pa.list_(pa.field("element", pa.float32()), values.shape[1])
    return pa.FixedSizeListArray.from_arrays(flat, type=kind)


def _png(picture: Picture) -> dict[str, bytes | None]:
    _, data = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    return {"bytes": data.tobytes(), "path": None}


def _is_list(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def _floats(flat: pa.Array) -> Floats:
    if pa.types.is_boolean(flat.type):
        flat = flat.cast(pa.int8())
    return np.asarray(flat.to_numpy(zero_copy_only=False), np.float32)


# ── tasks ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def tasks_table(tasks: Sequence[str]) -> pa.Table:
    """All sentences. Readers take them from the index that pandas would have made, which only the metadata names."""
    table = pa.table({"task_index": pa.array(range(len(tasks)), pa.int64()), "task": pa.array(tasks, pa.string())})
    whole = {"pandas_type": "int64", "numpy_type": "int64"}
    text = {"pandas_type": "unicode", "numpy_type": "object"}
    described = {
        "index_columns": ["task"],
        "column_indexes": [{"name": None, "field_name": None, **text, "metadata": {"encoding": "UTF-8"}}],
        "columns": [
            {"name": "task_index", "field_name": "task_index", **whole, "metadata": None},
            {"name": "task", "field_name": "task", **text, "metadata": None},
        ],
        "attributes": {},
        "creator": {"library": "pyarrow", "version": pa.__version__},
        "pandas_version": "2.2.0",
    }
    return table.replace_schema_metadata({"pandas": json.dumps(described)})


def task_column(table: pa.Table) -> str | None:
    """The column that pandas would take as the index, and with it the sentences; None where nothing names one."""
    try:
        names = json.loads((table.schema.metadata or {})[b"pandas"])["index_columns"]
    except (KeyError, TypeError, ValueError):
        return None
    return names[0] if isinstance(names, list) and names and names[0] in table.column_names else None


def read_tasks(root: Path) -> list[str]:
    """Sentence k is that of task_index k. Raises BadInput where the table is broken or names no sentences."""
    table = read_table(root / TASKS)
    column = task_column(table)
    if column is None or "task_index" not in table.column_names:
        raise BadInput(f"the file {root / TASKS}", table.column_names, "columns task_index and task, the index of pandas")
    places = integers(table["task_index"])
    if not np.array_equal(np.sort(places), np.arange(len(places))):
        raise BadInput(f"the file {root / TASKS}, task_index", places.tolist()[:20], f"0 to {len(places) - 1}, each once")
    texts = table[column].to_pylist()
    return [str(texts[k] or "") for k in np.argsort(places)]


# ── episodes ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def episodes_schema(numbers: Sequence[str], cameras: Sequence[str], videos: bool) -> pa.Schema:
    """Columns of an episode's row: of features with `numbers`, and of `cameras` by their keys."""
    fields = [("episode_index", pa.int64()), ("tasks", pa.list_(pa.string())), ("length", pa.int64())]
    names = ["data/chunk_index", "data/file_index", "dataset_from_index", "dataset_to_index"]
    fields += [(name, pa.int64()) for name in names]
    for key in cameras if videos else ():
        fields += [(f"videos/{key}/{name}", pa.int64()) for name in ("chunk_index", "file_index")]
        fields += [(f"videos/{key}/{name}", pa.float64()) for name in ("from_timestamp", "to_timestamp")]
    deep = pa.list_(pa.list_(pa.list_(pa.float64())))
    for key in (*numbers, *cameras):
        for name in stats.KEYS:
            of_values = deep if key in cameras else pa.list_(pa.float64())
            fields.append((f"stats/{key}/{name}", pa.list_(pa.int64()) if name == "count" else of_values))
    fields += [("meta/episodes/chunk_index", pa.int64()), ("meta/episodes/file_index", pa.int64())]
    return pa.schema([*fields, (SUCCESS, pa.bool_()), (NOTES, pa.string())])


def numbers_keys(features: Features) -> list[str]:
    """Features of numbers that every frame has, in the order of meta/info.json."""
    groups = {STATE: features.state, ACTION: features.action, **features.extras}
    return [*(key for key, channels in groups.items() if channels), *OWN]
