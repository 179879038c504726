"""One memory file, open: reading, and writing in transactions that are whole or not there."""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import astuple
from pathlib import Path
from typing import Any, Self, final

from moravec.brain.memory.chain import BEGINNING, SALT, Event, linked, sealed, text_of
from moravec.brain.memory.file import DAMAGED, broken, connect, create, features
from moravec.brain.memory.indexes import refresh
from moravec.brain.memory.project import project, project_all
from moravec.core.clock import Calendar
from moravec.core.errors import BadInput

Salt = Callable[[int], bytes]
_COLUMNS = "seq, utc_ns, monotonic_ns, kind, body, salt, seal, link"


@final
class Log:
    """The events of one transaction, as they are added. Times come from `clock`."""

    def __init__(self, db: sqlite3.Connection, clock: Calendar, salt: Salt) -> None:
        self.db = db
        self._clock, self._salt = clock, salt
        self._seq, link = head_of(db)
        self._link = bytes.fromhex(link)

    def append(self, kind: str, body: Mapping[str, Any]) -> int:
        """Adds one event and what follows from it; its number. Raises ValueError for a body that is no JSON data."""
        text, salt = text_of(body), self._salt(SALT)
        utc_ns, monotonic_ns = self._clock.utc_ns(), round(self._clock.now() * 1e9)
        seal, seq = sealed(salt, text), self._seq + 1
        link = linked(self._link, seq, utc_ns, monotonic_ns, kind, seal)
        event = Event(seq, utc_ns, monotonic_ns, kind, text, salt, seal, link)
        self.db.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)", astuple(event))
        self.db.execute("INSERT OR REPLACE INTO head VALUES (1, ?, ?)", (seq, link))
        project(self.db, event)
        self._seq, self._link = seq, link
        return seq

    def blank(self, seqs: list[int]) -> None:
        """Takes the bodies of events away and makes all tables anew from what is left."""
        self.db.executemany("UPDATE events SET body = NULL, salt = NULL WHERE seq = ?", [(seq,) for seq in seqs])
        project_all(self.db, events_of(self.db))
        refresh(self.db, features(self.db), anew=True)


@final
class Memory:
    """A context manager around one file.

    Every method raises BadInput for a file that is, or becomes, no whole memory.
    """

    def __init__(self, path: Path, clock: Calendar, salt: Salt = secrets.token_bytes) -> None:
        self.path, self.clock = path, clock
        self._salt = salt
        self._db = connect(path)

    @classmethod
    def made(cls, path: Path, site: str, clock: Calendar, salt: Salt = secrets.token_bytes) -> Self:
        """The memory at `path` of the workplace `site`; a new one where there is none. Raises BadInput for another's, and for
        one that SQLite finds damaged, before anything is written to it."""
        if not path.exists():

            def first(db: sqlite3.Connection) -> None:
                db.execute("BEGIN")
                Log(db, clock, salt).append("site", {"name": site})
                db.execute("COMMIT")

            create(path, first)
        with contextlib.ExitStack() as stack:
            memory = stack.enter_context(cls(path, clock, salt))
            with memory.reading() as db:
                (found,) = db.execute("PRAGMA quick_check(1)").fetchone()
            if found != "ok":
                raise broken(path, " ".join(found.split()))
            if memory.site != site:
                raise BadInput("--memory", str(path), f"the memory of the workplace {site!r}; this is that of {memory.site!r}")
            stack.pop_all()
            return memory

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the file."""
        self._db.close()

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The tables as they are at one moment."""
        with self._within("BEGIN"):
            yield self._db

    @contextlib.contextmanager
    def writing(self) -> Iterator[Log]:
        """One transaction: all of its events, or none where something is raised."""
        with self._within("BEGIN IMMEDIATE"):
            yield Log(self._db, self.clock, self._salt)
            refresh(self._db, features(self._db))

    @contextlib.contextmanager
    def _within(self, begin: str) -> Iterator[None]:
        try:
            self._db.execute(begin)
            yield
            self._db.execute("COMMIT")
        except DAMAGED as error:
            raise broken(self.path, error) from error
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    def scrub(self) -> None:
        """Takes what was deleted out of the log beside the file, as far as nobody else is reading."""
        try:
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        except DAMAGED as error:
            raise broken(self.path, error) from error

    @property
    def site(self) -> str:
        """The name of the workplace this is the memory of."""
        with self.reading() as db:
            return site_of(db)

    @property
    def head(self) -> tuple[int, str]:
        """How many events there are, and the last link, hexadecimal."""
        with self.reading() as db:
            return head_of(db)


def site_of(db: sqlite3.Connection) -> str:
    """The name of the workplace this is the memory of; "" for nobody's."""
    row = db.execute("SELECT name FROM site").fetchone()
    return "" if row is None else str(row[0])


def head_of(db: sqlite3.Connection) -> tuple[int, str]:
    """How many events there are, and the last link, hexadecimal."""
    seq, link = db.execute("SELECT seq, link FROM head").fetchone() or (0, BEGINNING)
    return int(seq), bytes(link).hex()


def events_of(db: sqlite3.Connection) -> Iterator[Event]:
    """Every event in order."""
    rows = db.execute(f"SELECT {_COLUMNS} FROM events ORDER BY seq").fetchall()
    return (Event(*row) for row in rows)


def event_of(db: sqlite3.Connection, seq: int) -> Event | None:
    """One event."""
    row = db.execute(f"SELECT {_COLUMNS} FROM events WHERE seq = ?", (seq,)).fetchone()
    return None if row is None else Event(*row)
