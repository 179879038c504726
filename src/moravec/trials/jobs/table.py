"""The jobs of a trial as a table, for people's own tools."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from moravec.trials.jobs.record import Record


def write_table(path: Path, records: Sequence[Record]) -> str:
    """One row a job, in parquet; lists and objects as JSON text. Returns what hinders it, in words: it needs an extra."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError:
        return " (episodes.parquet needs pip install 'moravec[data]')"
    rows = [
        {
            name: json.dumps(value, sort_keys=True) if isinstance(value, list | dict) else value
            for name, value in (record.plain() | {"variation": record.variation, "success": record.success}).items()
        }
        for record in records
    ]
    pq.write_table(pa.Table.from_pylist(rows), path)
    return ""
