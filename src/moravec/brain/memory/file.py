"""Opens a memory file, or makes one. What is not a whole memory of this version is refused and left as it is."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import struct
from collections.abc import Callable
from pathlib import Path

from moravec.brain.memory.schema import APPLICATION_ID, INDEXES, MADE, PAGE, TRUTH, VERSION
from moravec.core.errors import BadInput

ASKED = "--memory"
ALLOWED = "a memory file of 'moravec run --memory FILE'"
PATIENCE = 20.0  # [s] for which another process may hold the file
# What reading a damaged file raises: SQLite may quote it in its complaint, and what it quotes may be no text.
DAMAGED = (sqlite3.Error, UnicodeDecodeError)
_MAGIC = b"SQLite format 3\x00"


def connect(path: Path) -> sqlite3.Connection:
    """The file, opened for reading and writing. Raises BadInput for one that is no whole memory of this version."""
    check_header(path)
    # An absolute name: a relative one would begin with "file:" or ":memory:" for somebody.
    uri = f"{path.absolute().as_uri()}?mode=rw"
    connection = sqlite3.connect(uri, uri=True, timeout=PATIENCE, isolation_level=None)
    try:
        settle(connection)
        connection.execute("SELECT count(*) FROM head").fetchone()
    except DAMAGED as error:
        connection.close()
        raise broken(path, error) from error
    return connection


def broken(path: Path, error: Exception | str) -> BadInput:
    """What SQLite says of the file, as the one error line."""
    return BadInput(ASKED, str(path), f"{ALLOWED}, whole and free to be written to (SQLite: {error})")


def settle(connection: sqlite3.Connection) -> None:
    """How every connection works: deleted bytes are overwritten, a commit is on the disk before it returns."""
    for name, value in (("secure_delete", "ON"), ("synchronous", "FULL"), ("trusted_schema", "OFF"), ("foreign_keys", "OFF")):
        connection.execute(f"PRAGMA {name} = {value}")


def check_header(path: Path) -> None:
    """Reads the first bytes, without SQLite, which would already change some files. Raises BadInput."""
    if path.exists() and not path.is_file():  # opening a pipe would wait for somebody to write
        raise BadInput(ASKED, str(path), f"{ALLOWED}; this is no file")
    try:
        with path.open("rb") as file:
            head = file.read(100)
            size = os.fstat(file.fileno()).st_size
        log = Path(f"{path}-wal")
        logged = log.exists() and log.stat().st_size > 0
    except OSError as error:
        raise BadInput(ASKED, str(path), f"{ALLOWED} ({error.strerror})") from error
    if not size:
        raise BadInput(ASKED, str(path), f"{ALLOWED}; this one is empty")
    if head[:16] != _MAGIC[: len(head)]:
        raise BadInput(ASKED, str(path), f"{ALLOWED}; this is no database")
    if len(head) < 100:
        raise BadInput(ASKED, str(path), f"{ALLOWED}; this one was cut short at {size} bytes")
    version, application = struct.unpack(">I", head[60:64])[0], struct.unpack(">I", head[68:72])[0]
    if application != APPLICATION_ID:
        raise BadInput(ASKED, str(path), f"{ALLOWED}; this is the database of another program")
    if version != VERSION:
        raise BadInput(ASKED, str(path), f"{ALLOWED} in version {VERSION}; this one has version {version}")
    page, pages = struct.unpack(">H", head[16:18])[0], struct.unpack(">I", head[28:32])[0]
    page = 65536 if page == 1 else page
    if not logged and page and (size % page or size < pages * page):  # with a log SQLite itself mends the file
        raise BadInput(ASKED, str(path), f"{ALLOWED}; this one was cut short at {size} of {pages * page} bytes")


def create(path: Path, first: Callable[[sqlite3.Connection], None]) -> None:
    """Makes a new memory at `path`, with what `first` writes; it appears whole or not at all.

    A file that is there already, or appears meanwhile, stays. Raises BadInput where none can be made.
    """
    if not path.parent.is_dir():
        raise BadInput(ASKED, str(path), "a file in a folder that exists")
    made = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        made.unlink(missing_ok=True)
        with contextlib.closing(sqlite3.connect(made, isolation_level=None)) as connection:
            connection.execute(f"PRAGMA page_size = {PAGE}")
            settle(connection)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(TRUTH + MADE)
            for module in sorted(features(connection)):
                connection.execute(INDEXES[module][1])
            first(connection)
        _appear(made, path)
    except OSError as error:
        raise BadInput(ASKED, str(path), f"a place where a file can be made ({error.strerror})") from error
    except DAMAGED as error:
        raise broken(path, error) from error
    finally:
        made.unlink(missing_ok=True)


def _appear(made: Path, path: Path) -> None:
    """Gives the finished file its name, unless somebody else was quicker. Raises OSError."""
    with contextlib.suppress(FileExistsError):
        try:
            os.link(made, path)
        except FileExistsError:
            raise
        except OSError:  # a file system without hard links
            with path.open("xb") as file:
                file.write(made.read_bytes())


def features(connection: sqlite3.Connection) -> frozenset[str]:
    """Which of the modules behind INDEXES this Python's SQLite has."""
    names = {str(row[0]) for row in connection.execute("SELECT name FROM pragma_module_list")}
    return frozenset(names & set(INDEXES))
