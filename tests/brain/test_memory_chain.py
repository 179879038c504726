"""The chain: whatever is changed in a memory is found, and what was forgotten is gone without breaking it."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from helpers_brain import STORE, FakeWorld, Thing, delivery, things
from helpers_memory import BORN, HOUR, a_clock, memory_at, observed, remembered_job, told
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from moravec.brain.memory.chain import BEGINNING, Event, faults_of, linked, sealed
from moravec.brain.memory.check import check
from moravec.brain.memory.correct import correct, forget, forget_before
from moravec.brain.memory.explain import explain
from moravec.brain.memory.listing import entries
from moravec.brain.memory.prior import prior_of
from moravec.brain.memory.recall import recall_text, what_changed, where_is
from moravec.brain.memory.schema import MADE_TABLES
from moravec.brain.memory.store import Memory, events_of
from moravec.core.errors import BadInput


def chain(bodies: list[str]) -> list[Event]:
    """A chain of made-up events."""
    events, before = [], BEGINNING
    for number, body in enumerate(bodies, start=1):
        salt = bytes([number % 256]) * 16
        seal = sealed(salt, body)
        before = linked(before, number, 5 * number, 3 * number, "observed", seal)
        events.append(Event(number, 5 * number, 3 * number, "observed", body, salt, seal, before))
    return events


BODIES = st.lists(st.sampled_from(['{"a":1}', '{"a":2}', "{}", '{"b":"\\u00e9"}']), min_size=1, max_size=6)


@given(BODIES)
def test_a_whole_chain_has_no_fault(bodies: list[str]) -> None:
    events = chain(bodies)
    assert faults_of(events, (len(events), events[-1].link)) == []


@given(BODIES, st.data())
def test_any_changed_field_is_found(bodies: list[str], data: st.DataObject) -> None:
    """One bit of any field of any event; an event left out, put twice, or changed for its neighbour."""
    events = chain(bodies)
    head = (len(events), events[-1].link)
    i = data.draw(st.integers(0, len(events) - 1))
    field = data.draw(st.sampled_from(["seq", "utc_ns", "monotonic_ns", "kind", "body", "salt", "seal", "link"]))
    old = getattr(events[i], field)
    if isinstance(old, int):
        new: object = old ^ (1 << data.draw(st.integers(0, 40)))
    elif isinstance(old, str):
        at = data.draw(st.integers(0, len(old) - 1))
        new = old[:at] + chr(ord(old[at]) ^ 1) + old[at + 1 :]
    else:
        raw = bytearray(old)
        raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        new = bytes(raw)
    changed = [*events[:i], replace(events[i], **{field: new}), *events[i + 1 :]]
    assert faults_of(changed, head)
    assert faults_of([*events[:i], *events[i + 1 :]], head)
    assert faults_of([*events[: i + 1], events[i], *events[i + 1 :]], head)
    bare = [*events[:i], replace(events[i], body=None, salt=None), *events[i + 1 :]]
    assert faults_of(bare, head) == [f"event {i + 1} lost its body, and no event says that it was forgotten"]


@given(BODIES, st.data())
def test_an_event_that_was_written_anew_with_a_link_of_its_own_is_found(bodies: list[str], data: st.DataObject) -> None:
    """Each link rests on all before it: whoever changes one event has to write every later one anew, and the head."""
    events = chain(bodies)
    i = data.draw(st.integers(0, len(events) - 1))
    other = chain([*bodies[:i], '{"forged":true}'])[i]
    faults = faults_of([*events[:i], other, *events[i + 1 :]], (len(events), events[-1].link))
    last = f"event {i + 1}, the last one, is not the one that was written"
    assert faults == [f"event {i + 2} (observed) does not follow the one before it" if i + 1 < len(events) else last]


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A memory with a job, a correction and something forgotten."""
    path = tmp_path_factory.mktemp("memory") / "site.db"
    with memory_at(path) as memory:
        few = {name: thing for name, thing in delivery().items() if name in ("can1", "tool1")}
        remembered_job(memory, STORE, FakeWorld(few))
        correct(memory, "bin_1", "label", "Q", "the shift leader")
        forget(memory, "MV-001")
    return path


def content(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """All that the tables hold."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        return {t: sorted(db.execute(f"SELECT * FROM {t}").fetchall(), key=repr) for t in ("events", "head", *MADE_TABLES)}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 2**24), bit=st.integers(0, 7))
def test_a_changed_byte_of_the_file_is_found_or_changes_nothing(stored: Path, at: int, bit: int) -> None:
    """Any byte of the real file: it is refused, or a check finds a fault, or everything it holds is as it was."""
    raw = bytearray(stored.read_bytes())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "site.db"
        raw[at % len(raw)] ^= 1 << bit
        path.write_bytes(raw)
        try:
            with memory_at(path) as memory:
                found = check(memory)
        except BadInput:
            return
        if not found.faults:
            assert content(path) == content(stored)


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE facts SET value = '\"B\"' WHERE provenance = 'told'", "the table facts does not hold what the events say"),
        ("UPDATE events SET body = replace(body, 'Q', 'R') WHERE kind = 'told'", "does not hold what was written"),
        ("DELETE FROM events WHERE seq = (SELECT max(seq) FROM events)", "were written"),
        ("DELETE FROM events WHERE seq = 3", "event 3 is missing"),
        ("UPDATE events SET body = NULL WHERE seq = 5", "lost its body"),
        ("UPDATE events SET utc_ns = utc_ns + 1 WHERE seq = 4", "does not follow"),
        ("INSERT INTO texts VALUES (99999, 0, 'fact', 'x', 'y', ' y ')", "the table texts"),
        ("DELETE FROM spot_index", ""),
    ],
)
def test_what_somebody_changes_by_hand_is_told(stored: Path, tmp_path: Path, statement: str, fault: str) -> None:
    path = tmp_path / "site.db"
    shutil.copy(stored, path)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(statement)
    with memory_at(path) as memory:
        faults = check(memory).faults
    assert any(fault in line for line in faults) if fault else faults == ()


SECRETS = ("MV-901", "MV-902", "MV-903")


@settings(max_examples=15, deadline=None)
@given(chosen=st.sampled_from(SECRETS))
def test_forgetting_removes_it_and_only_that(chosen: str) -> None:
    """Neither the tables nor the bytes of the file know it any more; all the others are as they were; the chain holds."""
    named = [Thing(f"t{i}", "can", "red", code=code) for i, code in enumerate(SECRETS)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "site.db"
        with memory_at(path) as memory:
            remembered_job(memory, "store everything", FakeWorld(things(*named)))
            correct(memory, chosen, "note", "belongs to nobody")
            with memory.writing() as log:
                log.append("job", {"instruction": f"where is {chosen}?"})
            before = {code: where_is(memory, code) for code in SECRETS}
            runs = rows(path, "runs")
            done = forget(memory, chosen, "the shift leader")
            assert len(done.events) >= 5
            assert where_is(memory, chosen) == []
            assert all(where_is(memory, code) == before[code] for code in SECRETS if code != chosen)
            assert not [hit for hit in recall_text(memory, chosen) if chosen in hit.text]
            assert rows(path, "runs") == runs  # how skills went does not name it
            assert check(memory).faults == () and check(memory).forgotten == len(done.events)
            raw = b"".join(p.read_bytes() for p in Path(folder).iterdir())
            assert chosen.encode() not in raw and chosen[3:].encode() not in index_terms(path)
            with pytest.raises(BadInput, match="something in this memory"):
                forget(memory, chosen)


def rows(path: Path, table: str) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(path)) as db:
        return db.execute(f"SELECT * FROM {table}").fetchall()


def index_terms(path: Path) -> bytes:
    with contextlib.closing(sqlite3.connect(path)) as db:
        return b"".join(row[0] for row in db.execute("SELECT block FROM text_index_data").fetchall())


def test_forgetting_before_a_date_keeps_what_came_after(tmp_path: Path) -> None:
    clock = a_clock()
    with memory_at(tmp_path / "site.db", clock) as memory:
        with memory.writing() as log:
            log.append("observed", observed("bin_1", "label", "A"))
            log.append("told", told("bin_2", "label", "B"))
        clock.advance(HOUR)
        with memory.writing() as log:
            log.append("told", told("bin_3", "label", "C"))
        done = forget_before(memory, BORN + 1)
        assert done.events == (2, 3)  # not the event that says whose memory it is
        assert memory.site == "cell"
        assert [hit.ref for hit in recall_text(memory, "label")] == ["bin_3"]
        assert forget_before(memory, BORN + 1).noted == 0
        assert check(memory).faults == ()
        with memory.reading() as db:
            assert [e.kind for e in events_of(db) if e.body is None] == ["observed", "told"]


@pytest.mark.parametrize(
    "statement",
    ["UPDATE facts SET value = '\"B'", "UPDATE objects SET extent = '[0.1,'", "UPDATE events SET body = substr(body, 1, 20)",
     "UPDATE events SET body = replace(body, '\"why\"', '\"whv\"')", "UPDATE events SET salt = NULL WHERE body IS NOT NULL"],
)  # fmt: skip
def test_a_damaged_row_is_one_clear_line_wherever_it_is_met(stored: Path, tmp_path: Path, statement: str) -> None:
    path = tmp_path / "site.db"
    shutil.copy(stored, path)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(statement)
    uses: list[Callable[[Memory], object]] = [
        prior_of, lambda m: explain(m, "bin_1"), lambda m: where_is(m, "tool"), lambda m: what_changed(m, 0),
        lambda m: entries(m, "objects"),
    ]  # fmt: skip
    with memory_at(path) as memory:
        assert check(memory).faults
        lines = []
        for use in uses:
            try:
                use(memory)
            except BadInput as error:
                lines.append(str(error))
    assert lines and all("\n" not in line and "'moravec memory check' tells" in line for line in lines)


def test_a_damaged_event_is_not_forgotten_over(stored: Path, tmp_path: Path) -> None:
    """Forgetting makes all tables anew from the events: not from one that is not what was written."""
    path = tmp_path / "site.db"
    shutil.copy(stored, path)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("UPDATE events SET body = replace(body, 'shift', 'shaft') WHERE kind = 'told'")
    with memory_at(path) as memory, pytest.raises(BadInput, match="not what was written"):
        forget(memory, "MV-017")
