"""The search indexes, where SQLite has the modules for them; without, the same is found by looking at every row.

They are brought up to date at the end of each transaction, and by the next process that can where one could not.
"""

from __future__ import annotations

import sqlite3

from moravec.brain.memory.schema import INDEXES
from moravec.core.errors import MoravecError


def refresh(db: sqlite3.Connection, modules: frozenset[str], anew: bool = False) -> None:
    """Brings the indexes up to date; `anew`: from nothing, because something was forgotten. Raises MoravecError where an index
    of this file cannot be written to here."""
    have = {str(row[0]) for row in db.execute("SELECT name FROM sqlite_master WHERE name IN ('text_index', 'spot_index')")}
    for module, (name, statement) in INDEXES.items():
        if module not in modules:
            if anew and name in have:
                raise MoravecError(
                    f"the file has a search index of SQLite's module {module!r}, which this Python's SQLite lacks; "
                    "what is to be forgotten has to be forgotten with one that has it"
                )
            continue
        if name not in have:
            db.execute(statement)
        if anew:
            db.execute("INSERT INTO text_index(text_index) VALUES ('delete-all')" if module == "fts5" else f"DELETE FROM {name}")
    if "fts5" in modules:
        last = db.execute("SELECT coalesce(max(id), 0) FROM text_index_docsize").fetchone()[0]
        db.execute("INSERT INTO text_index(rowid, words) SELECT seq, words FROM texts WHERE seq > ? ORDER BY seq", (last,))
    if "rtree" in modules:
        last = db.execute("SELECT coalesce(max(id), 0) FROM spot_index").fetchone()[0]
        spots = "SELECT seq, x, x, y, y, z, z FROM sightings WHERE seq > ? AND x IS NOT NULL ORDER BY seq"
        db.execute(f"INSERT INTO spot_index {spots}", (last,))


def usable(db: sqlite3.Connection, modules: frozenset[str], module: str) -> bool:
    """Whether `module`'s index can be asked here: the module is there, and the index is as new as the tables."""
    if module not in modules:
        return False
    name = INDEXES[module][0]
    if db.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (name,)).fetchone() is None:
        return False
    if module == "fts5":
        newest = "SELECT (SELECT coalesce(max(id), 0) FROM text_index_docsize) = (SELECT coalesce(max(seq), 0) FROM texts)"
    else:
        rows = "SELECT coalesce(max(seq), 0) FROM sightings WHERE x IS NOT NULL"
        newest = f"SELECT (SELECT coalesce(max(id), 0) FROM spot_index) = ({rows})"
    return bool(db.execute(newest).fetchone()[0])
