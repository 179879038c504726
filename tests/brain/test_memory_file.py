"""The file of a memory: what is refused, what survives, and that nothing is lost or written over."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from helpers_memory import a_clock, memory_at, observed, told

from moravec.brain.memory.check import check
from moravec.brain.memory.file import check_header, connect
from moravec.brain.memory.recall import recall_text
from moravec.brain.memory.store import Memory, events_of
from moravec.core.errors import BadInput

# A process of its own that writes one event a transaction and says so after each.
WRITER = """
import sys
from pathlib import Path
from moravec.brain.memory.store import Memory
from moravec.core.clock import ManualClock
path, name, n = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
with Memory.made(path, "cell", ManualClock()) as memory:
    for i in range(n):
        with memory.writing() as log:
            log.append("observed", {"subject": name, "key": "label", "value": str(i), "why": "seen"})
            log.append("observed", {"subject": name, "key": "note", "value": str(i), "why": "seen"})
        print(i, flush=True)
"""


def some_memory(path: Path, events: int = 40) -> None:
    with memory_at(path) as memory:
        for i in range(events):
            with memory.writing() as log:
                log.append("observed", observed(f"bin_{i % 7}", "label", f"{i}" * 40))


def writer(path: Path, name: str, n: int) -> subprocess.Popen[str]:
    source = Path(__file__).parents[2] / "src"
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(source)!r})\n{WRITER}", str(path), name, str(n)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_a_new_memory_appears_whole_and_an_old_one_is_opened_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "site.db"
    with memory_at(path) as memory:
        assert memory.site == "cell" and memory.head[0] == 1
        with memory.writing() as log:
            log.append("observed", observed("bin_1", "label", "A"))
        head = memory.head
    assert [p.name for p in tmp_path.iterdir()] == ["site.db"]  # no log, no half-made file
    with memory_at(path) as memory:
        assert memory.head == head and check(memory).faults == ()


def test_the_memory_of_another_workplace_is_refused(tmp_path: Path) -> None:
    some_memory(tmp_path / "site.db", 1)
    with pytest.raises(BadInput, match="the memory of the workplace 'shop'; this is that of 'cell'"), memory_at(
        tmp_path / "site.db", site="shop"
    ):
        pass


def foreign(path: Path, kind: str) -> None:
    """A file that is no memory of this version, in several ways."""
    if kind == "empty":
        path.touch()
    elif kind == "text":
        path.write_text("remember the milk, and then some more text so that it is longer than a header" * 3)
    elif kind == "other":
        with sqlite3.connect(path) as db:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("CREATE TABLE milk(a)")
        db.close()
    else:
        some_memory(path, 3)
        raw = bytearray(path.read_bytes())
        raw[63] = 99
        path.write_bytes(raw)


@pytest.mark.parametrize(
    ("kind", "line"),
    [("empty", "this one is empty"), ("text", "this is no database"), ("other", "the database of another program"),
     ("version", "in version 1; this one has version 99")],
)  # fmt: skip
def test_what_is_no_memory_is_refused_in_one_line_and_left_alone(tmp_path: Path, kind: str, line: str) -> None:
    path = tmp_path / "site.db"
    foreign(path, kind)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    for _ in range(2):
        with pytest.raises(BadInput, match=line) as refused, memory_at(path):
            pass
        assert "\n" not in str(refused.value) and str(path) in str(refused.value)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_a_folder_and_a_place_that_does_not_exist(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", Path(os.devnull)):
        with pytest.raises(BadInput, match="this is no file"), memory_at(path):
            pass
    with pytest.raises(BadInput, match="a folder that exists"), memory_at(tmp_path / "no" / "site.db"):
        pass
    with pytest.raises(BadInput, match="No such file"):
        Memory(tmp_path / "none.db", a_clock())
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize("share", [0.0, 0.0001, 0.001, 0.02, 0.1, 0.5, 0.77, 0.999])
def test_a_file_cut_short_is_refused_and_left_as_it_is(tmp_path: Path, share: float) -> None:
    path = tmp_path / "site.db"
    some_memory(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    cut = path.read_bytes()
    with pytest.raises(BadInput, match=r"cut short|empty|malformed") as refused, memory_at(path):
        pass
    assert "\n" not in str(refused.value)
    assert path.read_bytes() == cut


def test_a_damaged_memory_is_refused_before_a_job_writes_to_it(tmp_path: Path) -> None:
    """Nothing where there must be something, as a changed byte may leave it; the people's commands still open it."""
    path = tmp_path / "site.db"
    some_memory(path)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA writable_schema = ON")
        db.execute("UPDATE sqlite_master SET sql = replace(sql, 'skill TEXT NOT NULL', 'skill TEXT') WHERE name = 'runs'")
        schema = db.execute("PRAGMA schema_version").fetchone()[0]
        db.execute(f"PRAGMA schema_version = {schema + 1}")
        db.execute("INSERT INTO runs VALUES (1, 1, 1, NULL, '', '', '', '', 1)")
        db.execute("UPDATE sqlite_master SET sql = replace(sql, 'skill TEXT,', 'skill TEXT NOT NULL,') WHERE name = 'runs'")
    damaged = path.read_bytes()
    with pytest.raises(BadInput, match=r"\(SQLite: NULL value in runs.skill\)") as refused, memory_at(path):
        pass
    assert "\n" not in str(refused.value) and path.read_bytes() == damaged
    with Memory(path, a_clock()) as memory:
        assert check(memory).faults[0] == "the file: NULL value in runs.skill"


def test_a_log_cut_short_costs_the_last_transactions_and_no_more(tmp_path: Path) -> None:
    """The log beside the file is what a killed process leaves; each of its frames is sealed by SQLite."""
    path, copy = tmp_path / "site.db", tmp_path / "copy.db"
    with memory_at(path) as memory:
        for i in range(20):
            with memory.writing() as log:
                log.append("observed", observed("bin_1", "label", f"{i}" * 50))
        base, frames = path.read_bytes(), Path(f"{path}-wal").read_bytes()
    seen = []
    for share in (0.0, 0.1, 0.33, 0.7, 0.95, 0.999, 1.0):
        copy.write_bytes(base)
        Path(f"{copy}-wal").write_bytes(frames[: int(len(frames) * share)])
        with memory_at(copy) as memory:
            assert check(memory).faults == ()
            seen.append(memory.head[0])
    assert seen == sorted(seen) and seen[0] == 1 and seen[-1] == 21 and len(set(seen)) > 3


def test_two_processes_write_at_once_and_the_chain_holds(tmp_path: Path) -> None:
    path = tmp_path / "site.db"
    writers = [writer(path, name, 25) for name in ("bin_1", "bin_2")]
    for process in writers:
        assert process.wait(60) == 0
        assert process.stdout is not None
        process.stdout.close()
    with memory_at(path) as memory:
        assert memory.head[0] == 1 + 2 * 2 * 25
        assert check(memory).faults == ()
        with memory.reading() as db:
            order = [e.data["subject"] for e in events_of(db) if e.kind == "observed"]
    assert all(a == b for a, b in zip(order[::2], order[1::2], strict=True))  # a transaction stays together


@pytest.mark.parametrize("after", [1, 4, 9])
def test_a_killed_writer_loses_its_last_transaction_at_most(tmp_path: Path, after: int) -> None:
    path = tmp_path / "site.db"
    process = writer(path, "bin_1", 10_000)
    assert process.stdout is not None
    for _ in range(after):
        last = int(process.stdout.readline())
    time.sleep(0.003 * after)  # anywhere in a transaction
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    last = max([last, *(int(line) for line in process.stdout.read().split("\n")[:-1] if line)])
    process.stdout.close()
    with memory_at(path) as memory:
        assert check(memory).faults == ()
        events, _ = memory.head
        assert events % 2 == 1  # whole transactions of two
        assert (events - 1) // 2 >= last + 1  # what was reported as written is there
        with memory.writing() as log:
            log.append("told", told("bin_1", "label", "Z"))
        assert memory.head[0] == events + 1


def test_an_error_inside_a_transaction_leaves_nothing_of_it(tmp_path: Path) -> None:
    with memory_at(tmp_path / "site.db") as memory:
        head = memory.head
        with pytest.raises(ValueError, match="not JSON compliant"), memory.writing() as log:
            log.append("observed", observed("bin_1", "label", "A"))
            log.append("observed", observed("bin_1", "label", float("nan")))
        assert memory.head == head and check(memory).faults == ()


def test_without_the_search_modules_the_same_is_found_and_the_next_one_catches_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "site.db"
    with memory_at(path) as memory:
        with monkeypatch.context() as without:
            without.setattr("moravec.brain.memory.store.features", lambda db: frozenset())
            with memory.writing() as log:
                log.append("told", told("bin_1", "note", "mind the sharp edge"))
            plain = recall_text(memory, "sharp edges", modules=frozenset())
            assert [hit.ref for hit in plain] == ["bin_1"]
            assert recall_text(memory, "sharp edges") == plain  # the index is behind; every row is looked at
        with memory.writing() as log:
            log.append("told", told("bin_2", "note", "blunt edge"))
        assert recall_text(memory, "sharp edges") == plain
        assert check(memory).faults == ()


def test_the_header_is_read_without_touching_the_file(tmp_path: Path) -> None:
    path = tmp_path / "site.db"
    some_memory(path, 2)
    shutil.copy(path, tmp_path / "copy.db")
    check_header(path)
    assert path.read_bytes() == (tmp_path / "copy.db").read_bytes()
    connect(path).close()


# A process of its own that may write no file longer than it is told, as on a disk that is full: what it says of each attempt.
FULL_DISK = """
import resource, sys
from pathlib import Path
from moravec.brain.memory.check import check
from moravec.brain.memory.store import Memory
from moravec.core.clock import ManualClock
from moravec.core.errors import BadInput
path, new = Path(sys.argv[1]), Path(sys.argv[2])
limits = resource.getrlimit(resource.RLIMIT_FSIZE)
def event(n):
    return {"subject": "bin_1", "key": "note", "value": str(n) * 20000, "why": "seen"}
with Memory(path, ManualClock()) as memory:
    head = memory.head
    for room in (0, 4096, 16384, 65536):
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
        try:
            with memory.writing() as log:
                for n in range(9):
                    log.append("observed", event(n))
            print("written", flush=True)
        except BadInput as error:
            refused = str(error)
        try:
            Memory.made(new, "cell", ManualClock()).close()
            print("made", flush=True)
        except BadInput:
            pass
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        print(refused, memory.head == head, check(memory).faults, flush=True)
    with memory.writing() as log:
        log.append("observed", event(1))
    print(memory.head[0] - head[0], check(memory).faults)
"""


def test_a_full_disk_loses_nothing_and_is_one_clear_line(tmp_path: Path) -> None:
    """What was there stays whole, a new file leaves no half behind, and with room again the next event is written."""
    path, new = tmp_path / "site.db", tmp_path / "new.db"
    some_memory(path)
    source = Path(__file__).parents[2] / "src"
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(source)!r})\n{FULL_DISK}", str(path), str(new)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    *refused, last = done.stdout.splitlines()
    assert len(refused) == 4 and last == "1 ()", done.stdout
    assert all("whole and free to be written to (SQLite: " in line and line.endswith(" True ()") for line in refused)
    assert [p.name for p in tmp_path.iterdir()] == ["site.db"]


def test_a_memory_that_another_process_holds_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "site.db"
    some_memory(path, 3)
    monkeypatch.setattr("moravec.brain.memory.file.PATIENCE", 0.05)
    with memory_at(path) as holder, holder.writing() as log:
        log.append("told", told("bin_1", "label", "Z"))
        with memory_at(path) as other:
            assert other.head[0] == 4  # reading goes on
            with pytest.raises(BadInput, match="database is locked") as refused, other.writing():
                pass
            assert "\n" not in str(refused.value)
    with memory_at(path) as memory:
        assert memory.head[0] == 5 and check(memory).faults == ()
