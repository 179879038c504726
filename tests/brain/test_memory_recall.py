"""Asking a memory: by words, space, time; where things are, what changed, how it went. Bounded, in a stated order."""

from __future__ import annotations

import math
import tempfile
from pathlib import Path
from typing import Any

import pytest
from helpers_brain import BIN_OF, CELL, STORE, FakeWorld, Thing, delivery, things
from helpers_memory import BORN, HOUR, a_clock, memory_at, remembered_job, told
from hypothesis import given, settings
from hypothesis import strategies as st

from moravec.brain.memory.correct import correct
from moravec.brain.memory.costs import ENOUGH, costs_of, counted
from moravec.brain.memory.dates import iso, utc_of
from moravec.brain.memory.listing import KINDS, counts, entries, entry
from moravec.brain.memory.recall import (
    MOST,
    how_did_it_go,
    recall_near,
    recall_text,
    recall_time,
    runs_of,
    what_changed,
    where_is,
)
from moravec.brain.memory.rules import Run
from moravec.brain.memory.store import Memory
from moravec.brain.memory.words import words_of
from moravec.core.errors import BadInput
from moravec.core.wilson import wilson

WORDS = st.sampled_from(["red", "blue", "can", "box", "sharp", "罐", "子"])
NOTES = st.lists(st.lists(WORDS, min_size=1, max_size=4), min_size=1, max_size=8)
PLAIN: frozenset[str] = frozenset()


def sighting(position: tuple[float, float, float]) -> dict[str, Any]:
    return {"object": 0, "job": 1, "event": "seen", "place": "parcel", "t": 0.0, "what": "red can", "position": list(position),
            "confidence": 0.9, "seen_by": "wrist", "looks": None}  # fmt: skip


def noted(memory: Memory, *notes: str) -> None:
    with memory.writing() as log:
        for note in notes:
            log.append("told", told("bin_1", "note", note))


@settings(max_examples=12, deadline=None)
@given(NOTES, st.lists(st.sampled_from(["red", "can", "罐", "none"]), min_size=1, max_size=3))
def test_what_was_written_is_found_by_its_words_with_the_index_or_without(notes: list[list[str]], query: list[str]) -> None:
    """Every word, the newest first; else any word, the most words first. The index changes nothing but the time."""
    with tempfile.TemporaryDirectory() as folder, memory_at(Path(folder) / "site.db") as memory:
        noted(memory, *(" ".join(note) for note in notes))
        found = recall_text(memory, " ".join(query))
        assert found == recall_text(memory, " ".join(query), modules=PLAIN)
        wanted = set(query)
        whole = [i for i, note in enumerate(notes, start=2) if wanted <= set(note)]
        some = sorted((-len(wanted & set(note)), -i) for i, note in enumerate(notes, start=2) if wanted & set(note))
        assert [hit.seq for hit in found] == (whole[::-1] or [-i for _, i in some])


POINTS = st.lists(st.tuples(*[st.floats(-2, 2, width=32)] * 3), max_size=12)


@settings(max_examples=12, deadline=None)
@given(POINTS, st.tuples(*[st.floats(-2, 2)] * 3), st.floats(0.01, 3))
def test_what_was_seen_near_is_found_nearest_first(
    points: list[tuple[float, float, float]], centre: tuple[float, float, float], radius: float
) -> None:
    with tempfile.TemporaryDirectory() as folder, memory_at(Path(folder) / "site.db") as memory:
        with memory.writing() as log:
            for point in points:
                log.append("sighting", sighting(point))
        found = recall_near(memory, centre, radius, MOST)
        assert found == recall_near(memory, centre, radius, MOST, PLAIN)
        near = [(math.dist(p, centre), -i) for i, p in enumerate(points, start=2) if math.dist(p, centre) <= radius]
        assert [(hit.distance, -hit.seq) for hit in found] == sorted(near)


def test_times_are_half_open_and_results_are_bounded(tmp_path: Path) -> None:
    clock = a_clock()
    with memory_at(tmp_path / "site.db", clock) as memory:
        for note in "abcd":
            noted(memory, note * 3)
            clock.advance(HOUR)
        hour = round(HOUR * 1e9)
        assert [h.text.split()[2] for h in recall_time(memory, BORN + hour, BORN + 3 * hour)] == ["ccc", "bbb"]
        assert len(recall_time(memory, 0, BORN * 2, limit=3)) == len(recall_text(memory, "note", limit=3)) == 3
        for limit in (0, MOST + 1, -1):
            with pytest.raises(BadInput, match="1 to 1000"):
                recall_time(memory, 0, 1, limit)
        with pytest.raises(BadInput, match="a beginning before its end"):
            recall_time(memory, 5, 5)
        for near in ((math.nan, 0.0, 0.0), (0.0, 0.0, math.inf)):
            with pytest.raises(BadInput, match="finite"):
                recall_near(memory, near, 1.0)
        with pytest.raises(BadInput, match="radius above 0"):
            recall_near(memory, (0.0, 0.0, 0.0), 0.0)
        for nothing in ("", " ?!", '"'):
            with pytest.raises(BadInput, match="at least one word"):
                recall_text(memory, nothing)


TRICKS = ('" OR words MATCH "', "a* NEAR(b)", "'; DROP TABLE events; --", "words:red", "NOT AND OR", "%", "_ a")


@pytest.mark.parametrize("query", TRICKS)
def test_a_query_is_words_and_no_language(tmp_path: Path, query: str) -> None:
    with memory_at(tmp_path / "site.db") as memory:
        noted(memory, "a red can")
        if words_of(query):
            assert recall_text(memory, query) == recall_text(memory, query, modules=PLAIN)
        assert memory.head[0] == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [("Two red CANS in bin_2", "two red can in bin 2"), ("MV-017!", "mv 017"), ("boxes, glass", "box glass"),
     ("红色的罐", "红 色 的 罐")],
)  # fmt: skip
def test_words(text: str, words: str) -> None:
    assert " ".join(words_of(text)) == words


def test_a_delivery_is_remembered_thing_by_thing(tmp_path: Path) -> None:
    clock = a_clock()
    with memory_at(tmp_path / "site.db", clock) as memory:
        ran = remembered_job(memory, STORE, FakeWorld(delivery()))
        (tool,) = where_is(memory, "MV-017")
        assert (tool.place, tool.provenance, tool.thing.category) == ("bin_6", "seen", "tool")
        assert {w.thing.code for w in where_is(memory, "red cans")} == {"MV-001", "MV-002"}
        assert [w.place for w in where_is(memory, "damaged box")] == ["reject"]
        assert where_is(memory, "purple ball") == []
        (job,) = entries(memory, "jobs")
        assert job["success"] is True and job["instruction"] == STORE and job["steps"] == len(ran.report.steps)
        assert job["seconds"] == sum(s["seconds"] for s in ran.report.steps)
        (stow,) = how_did_it_go(memory, "stow", "can", "bin_3")
        assert (stow.n, stow.successes, stow.median_s) == (3, 3, 1.0)
        assert {e["name"]: e["label"] for e in entries(memory, "places") if "label" in e}["bin_3"] == "B"
        clock.advance(HOUR)
        later = memory.clock.utc_ns()
        correct(memory, "MV-017", "place", "bin_1")
        assert [h.text for h in what_changed(memory, later)] == [f"{tool.thing.name} place bin_1 told by a person"]
        assert where_is(memory, "MV-017")[0].provenance == "told"
        seen = entry(memory, tool.thing.name)["seen"]
        assert [row["event"] for row in seen[:2]] == ["seen", "moved"] and seen[-1]["event"] == "new"
        assert counts(memory) == {kind: len(entries(memory, kind)) for kind in KINDS}
        for kind in KINDS:
            assert len(entries(memory, kind, 1)) <= 1
        with pytest.raises(BadInput, match="did you mean 'objects'"):
            entries(memory, "object")


def test_the_same_code_is_the_same_object_and_a_robot_that_moves_it_ends_what_was_told_of_its_place(tmp_path: Path) -> None:
    with memory_at(tmp_path / "site.db") as memory:
        remembered_job(memory, STORE, FakeWorld(delivery()))
        first = where_is(memory, "MV-017")[0].thing
        correct(memory, "MV-017", "place", "table")
        correct(memory, "MV-017", "category", "part")
        remembered_job(memory, STORE, FakeWorld(delivery()))
        (tool,) = where_is(memory, "MV-017")
        assert tool.thing.id == first.id and tool.place == BIN_OF["F"] and tool.provenance == "seen"
        assert tool.thing.category == "part"  # what it is, a person still knows better: it went to the parts


def test_a_code_that_a_person_put_right_is_the_identity_from_then_on(tmp_path: Path) -> None:
    """What carries the code in a later job is the corrected object; what carries the misread one is another."""
    with memory_at(tmp_path / "site.db") as memory:
        remembered_job(memory, STORE, FakeWorld(things(Thing("a", "tool", "red", code="MV-071"))))
        (first,) = where_is(memory, "MV-071")
        correct(memory, "MV-071", "code", "MV-017", "the early shift")
        with pytest.raises(BadInput, match="did you mean 'MV-0"):
            correct(memory, "MV-07", "note", "sharp")
        for new in (Thing("b", "tool", "blue", code="MV-071"), Thing("a", "tool", "red", code="MV-017")):
            remembered_job(memory, STORE, FakeWorld(things(new)))
        (tool,), (other,) = where_is(memory, "MV-017"), where_is(memory, "MV-071")
        assert tool.thing.id == first.thing.id and tool.thing.colour == "red"
        assert other.thing.id != first.thing.id and other.thing.colour == "blue"
        assert entry(memory, "MV-017")["name"] == first.thing.name
        assert entry(memory, "MV-071")["name"] == other.thing.name


def test_two_things_with_one_code_stay_two(tmp_path: Path) -> None:
    """A code that is read twice in one job was misread, or is no name of its own."""
    twins = things(Thing("a", "can", "red", code="MV-001"), Thing("b", "can", "blue", code="MV-001"))
    with memory_at(tmp_path / "site.db") as memory:
        remembered_job(memory, STORE, FakeWorld(things(twins["a"])))
        remembered_job(memory, STORE, FakeWorld(twins))
        assert len({w.thing.id for w in where_is(memory, "MV-001")}) == 2


def test_costs_speak_for_the_narrowest_group_that_has_enough() -> None:
    def calls(n: int, category: str, place: str, code: str, seconds: float) -> list[Run]:
        status = "succeeded" if code == "ok" else "failed"
        return [Run(0, 1, "pick", category, place, status, code, seconds)] * n

    runs = [*calls(4, "can", "parcel", "ok", 2.0), *calls(6, "can", "station", "missed", 9.0)]
    runs += calls(20, "box", "parcel", "ok", 4.0)
    costs = costs_of(runs)
    assert ENOUGH == 5
    assert costs.cost("pick", "can", "station").of == ("pick", "can", "station")
    assert costs.cost("pick", "can", "parcel").of == ("pick", "can", "")  # four calls are too few
    assert costs.cost("pick", "ball", "parcel").of == ("pick", "", "parcel")
    assert costs.cost("pick", "ball", "table").of == ("pick", "", "")
    can = costs.cost("pick", "can")
    assert (can.n, can.successes, can.median_s, can.codes) == (10, 4, 2.0, (("missed", 6),))
    assert (can.low, can.high) == wilson(4, 10)
    none = costs.cost("fly")
    assert (none.n, none.low, none.high, none.median_s) == (0, 0.0, 1.0, None)
    assert counted([Run(0, 1, "pick", "", "", "cancelled", "cancelled", 1.0)], ("pick", "", "")).n == 0


@pytest.mark.parametrize(
    ("text", "back"), [("2023-11-14T22:13:20Z", BORN), ("2023-11-14T23:13:20+01:00", BORN), ("1970-01-01", 0)]
)
def test_dates(text: str, back: int) -> None:
    assert utc_of("--since", text) == back
    with pytest.raises(BadInput, match="a date as"):
        utc_of("--since", "yesterday")
    assert iso(BORN) == "2023-11-14T22:13:20Z" and iso(None) is None


def test_calls_of_the_last_jobs(tmp_path: Path) -> None:
    with memory_at(tmp_path / "site.db") as memory:
        for _ in range(3):
            remembered_job(memory, "go home", FakeWorld(delivery()))
        with memory.reading() as db:
            every = runs_of(db)
            assert len({run.job for run in every}) == 3
            assert [len({run.job for run in runs_of(db, n)}) for n in (1, 2, 3, 4)] == [1, 2, 3, 3]
            assert runs_of(db, 1) == [run for run in every if run.job == every[-1].job]


def test_the_workplace_is_drawn_once(tmp_path: Path) -> None:
    with memory_at(tmp_path / "site.db") as memory:
        for _ in range(2):
            remembered_job(memory, "go home", FakeWorld(delivery()))
        assert len(entries(memory, "places")) == len(CELL.places)
        with memory.reading() as db:
            assert db.execute("SELECT count(*) FROM events WHERE kind = 'place'").fetchone()[0] == len(CELL.places)
