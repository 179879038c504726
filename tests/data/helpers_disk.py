"""Hands that change what is on disk."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from helpers_data import FPS, data_file, video_file

from moravec.data.lerobot.video import Encoder, VideoFile, encode


def change_column(path: Path, name: str, change: Callable[[list[Any]], list[Any]], kind: pa.DataType | None = None) -> None:
    """Put other values into a column of a Parquet file."""
    table = pq.read_table(path)
    place = table.schema.get_field_index(name)
    values = pa.array(change(table[name].to_pylist()), kind or table.schema.field(name).type)
    pq.write_table(table.set_column(place, name, values), path)


def change_rows(path: Path, change: Callable[[pa.Table], pa.Table]) -> None:
    """Put other rows into a Parquet file."""
    pq.write_table(change(pq.read_table(path)), path)


def change_json(path: Path, **values: Any) -> None:
    """Put other values into a JSON file."""
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def repack(root: Path, into: Path, per_file: int, files_per_chunk: int, row_groups: bool = True) -> Path:
    """The same dataset as lerobot would have it: several episodes a file, and videos joined, over several chunks."""
    table = pq.read_table(root / "meta/episodes/chunk-000/file-000.parquet")
    rows = [{k: v for k, v in row.items() if not k.startswith(("stats/", "moravec/"))} for row in table.to_pylist()]
    info = json.loads((root / "meta/info.json").read_text())
    keys = [key for key, entry in info["features"].items() if entry["dtype"] == "video"]
    for start in range(0, len(rows), per_file):
        group = rows[start : start + per_file]
        chunk, file = divmod(start // per_file, files_per_chunk)
        tail = f"chunk-{chunk:03d}/file-{file:03d}"
        for row in group:
            row |= {"data/chunk_index": chunk, "data/file_index": file}
        tables = [pq.read_table(data_file(root, row["episode_index"])) for row in group]
        path = into / f"data/{tail}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        with pq.ParquetWriter(path, tables[0].schema) as writer:
            for each in tables if row_groups else [pa.concat_tables(tables)]:
                writer.write_table(each)
        for key in keys:
            joined, done = [], 0
            for row in group:
                with VideoFile(video_file(root, row["episode_index"], key.rpartition(".")[2])) as video:
                    joined.append(video.frames(video.times().tolist()))
                row |= {f"videos/{key}/chunk_index": chunk, f"videos/{key}/file_index": file}
                row[f"videos/{key}/from_timestamp"] = done / FPS
                done += row["length"]
                row[f"videos/{key}/to_timestamp"] = done / FPS
            path = into / f"videos/{key}/{tail}.mp4"
            path.parent.mkdir(parents=True, exist_ok=True)
            encode(path, np.concatenate(joined), FPS, Encoder(crf=10))
    meta = into / "meta/episodes/chunk-000"
    meta.mkdir(parents=True)
    kept = [name for name in table.schema.names if name in rows[0]]
    schema = pa.schema([table.schema.field(name) for name in kept])
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), meta / "file-000.parquet")
    for name in ("info.json", "stats.json", "tasks.parquet"):
        shutil.copy(root / "meta" / name, into / "meta" / name)
    return into
