"""Whether a memory is what was written: the file, the chain, and the tables that are made from it."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass

from moravec.brain.memory.chain import faults_of
from moravec.brain.memory.file import DAMAGED, features
from moravec.brain.memory.project import project_all
from moravec.brain.memory.schema import INDEXES, MADE, MADE_TABLES
from moravec.brain.memory.store import Memory, events_of
from moravec.core.errors import BadInput

_INTEGRITY = {
    "fts5": "INSERT INTO text_index(text_index) VALUES ('integrity-check')",
    "rtree": "SELECT rtreecheck('main', 'spot_index')",
}


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found: how many events, how many of them forgotten, the last link (hexadecimal), and every fault."""

    events: int
    forgotten: int
    head: str
    faults: tuple[str, ...]


def check(memory: Memory) -> Checked:
    """Reads all of it. A file that SQLite itself finds broken is one fault as well."""
    try:
        with memory.reading() as db:
            pages = [str(row[0]) for row in db.execute("PRAGMA integrity_check(5)").fetchall()]
            faults = [f"the file: {' '.join(text.split())}" for text in pages if text != "ok"]
            heads = db.execute("SELECT one, seq, link FROM head").fetchall()
            one, *head = heads[0] if heads else (1, 0, b"")
            if one != 1 or len(heads) > 1:
                faults.append("the note of the last event is not what was written")
            events = list(events_of(db))
            faults += faults_of(events, (head[0], head[1]))
            if not faults:
                faults += _tables(db)
                faults += _indexes(db)
            link = head[1].hex() if isinstance(head[1], bytes) else ""
            return Checked(len(events), sum(event.body is None for event in events), link, tuple(faults))
    except BadInput as error:
        return Checked(0, 0, "", (str(error),))


def _tables(db: sqlite3.Connection) -> list[str]:
    """Tables that do not hold what the events say."""
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as anew:
        anew.executescript(MADE)
        project_all(anew, events_of(db))
        return [
            f"the table {table} does not hold what the events say"
            for table in MADE_TABLES
            if _rows(db, table) != _rows(anew, table)
        ]


def _rows(db: sqlite3.Connection, table: str) -> list[tuple[object, ...]]:
    return sorted(db.execute(f"SELECT * FROM {table}").fetchall(), key=repr)


def _indexes(db: sqlite3.Connection) -> list[str]:
    """Search indexes that are broken, or do not point at the rows there are; only those that can be read here."""
    faults = []
    have = {str(row[0]) for row in db.execute("SELECT name FROM sqlite_master")}
    for module in sorted(features(db)):
        name = INDEXES[module][0]
        if name not in have:
            continue
        db.execute("SAVEPOINT looked")
        try:
            found = db.execute(_INTEGRITY[module]).fetchone()
            if found is not None and found[0] != "ok":
                faults.append(f"the index {name}: {found[0]}")
        except DAMAGED as error:
            faults.append(f"the index {name}: {error}")
        finally:
            db.execute("ROLLBACK TO looked")
            db.execute("RELEASE looked")
    return faults
