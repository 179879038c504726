"""Asking a memory. Each answer is bounded by `limit`, at most MOST, and comes in the order that is stated."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from moravec.brain.memory.costs import Cost, costs_of
from moravec.brain.memory.file import features
from moravec.brain.memory.indexes import usable
from moravec.brain.memory.project import text_in
from moravec.brain.memory.rules import Run
from moravec.brain.memory.store import Memory, event_of
from moravec.brain.memory.things import Known, things
from moravec.brain.memory.words import words_of
from moravec.brain.state import GONE
from moravec.core.errors import BadInput

MOST = 1000
_HIT = "SELECT seq, utc_ns, kind, ref, text, words FROM texts WHERE"


@dataclass(frozen=True, slots=True)
class Hit:
    """Something found: the event, what it is about, and its words. `position` [m], `distance` [m] where it was asked for."""

    seq: int
    utc_ns: int
    kind: str
    ref: str
    text: str
    place: str = ""
    position: tuple[float, float, float] | None = None
    distance: float | None = None


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where an object is believed to be, since when, and who says so."""

    thing: Known
    place: str
    since_ns: int
    provenance: str


def bounded(limit: int) -> int:
    """`limit`, if it is allowed. Raises BadInput."""
    if not 1 <= limit <= MOST:
        raise BadInput("the number of results", limit, f"1 to {MOST}")
    return limit


def recall_text(memory: Memory, query: str, limit: int = 20, modules: frozenset[str] | None = None) -> list[Hit]:
    """What holds every word of `query`, the newest first; where nothing does, what holds any, the most words first, then the
    newest. Raises BadInput for a query without a word.

    `modules`: the search modules to use, by default those that SQLite has; they change nothing but the time it takes.
    """
    words = tuple(dict.fromkeys(words_of(query)))
    if not words:
        raise BadInput("what to search for", query, "at least one word or number")
    bounded(limit)
    with memory.reading() as db:
        have = features(db) if modules is None else modules
        fast = usable(db, have, "fts5")
        rows = _with_words(db, words, " AND ", fast, limit)
        if not rows:
            rows = _with_words(db, words, " OR ", fast)
            rows.sort(key=lambda row: -sum(f" {word} " in row[5] for word in words))  # stable: the newest first among equals
        return [Hit(*row[:5]) for row in rows[:limit]]


def _with_words(
    db: sqlite3.Connection, words: Sequence[str], joined: str, fast: bool, limit: int = -1
) -> list[tuple[Any, ...]]:
    if fast:
        match = joined.join(f'"{word}"' for word in words)
        found = "seq IN (SELECT rowid FROM text_index WHERE words MATCH ?)"
        return db.execute(f"{_HIT} {found} ORDER BY seq DESC LIMIT ?", (match, limit)).fetchall()
    like = joined.join(["instr(words, ?) > 0"] * len(words))
    return db.execute(f"{_HIT} ({like}) ORDER BY seq DESC LIMIT ?", [*(f" {word} " for word in words), limit]).fetchall()


def recall_near(
    memory: Memory, position: tuple[float, float, float], radius: float, limit: int = 20, modules: frozenset[str] | None = None
) -> list[Hit]:
    """What was seen at most `radius` [m] from `position` [m], the nearest first, then the newest. Raises BadInput."""
    if not (math.isfinite(radius) and radius > 0.0 and all(map(math.isfinite, position))):
        raise BadInput("a radius around a position", (position, radius), "finite numbers, and a radius above 0 m")
    bounded(limit)
    with memory.reading() as db:
        ends = [end for c in position for end in (c - radius, c + radius)]
        columns = "seq, utc_ns, object, what, event, place, x, y, z"
        if usable(db, features(db) if modules is None else modules, "rtree"):
            box = "x1 >= ? AND x0 <= ? AND y1 >= ? AND y0 <= ? AND z1 >= ? AND z0 <= ?"  # rounded outwards by the index
            rows = db.execute(f"SELECT {columns} FROM sightings WHERE seq IN (SELECT id FROM spot_index WHERE {box})", ends)
        else:
            box = "x >= ? AND x <= ? AND y >= ? AND y <= ? AND z >= ? AND z <= ?"
            rows = db.execute(f"SELECT {columns} FROM sightings WHERE {box}", ends)
        hits = []
        for seq, utc_ns, thing, what, event, place, *spot in rows.fetchall():
            at = (spot[0], spot[1], spot[2])
            distance = math.dist(at, position)
            if distance <= radius:
                text = " ".join(str(w) for w in (what, event, place) if w)
                hits.append(Hit(seq, utc_ns, "object", f"object-{thing}", text, place or "", at, distance))
    return sorted(hits, key=lambda hit: (hit.distance, -hit.seq))[:limit]


def recall_time(memory: Memory, start_ns: int, end_ns: int, limit: int = 20) -> list[Hit]:
    """What was written from `start_ns` up to, not including, `end_ns` (UTC), the newest first. Raises BadInput."""
    if start_ns >= end_ns:
        raise BadInput("an interval of time", (start_ns, end_ns), "a beginning before its end")
    bounded(limit)
    with memory.reading() as db:
        rows = db.execute(f"{_HIT} utc_ns >= ? AND utc_ns < ? ORDER BY seq DESC LIMIT ?", (start_ns, end_ns, limit))
        return [Hit(*row[:5]) for row in rows.fetchall()]


def where_is(memory: Memory, description: str, limit: int = 20) -> list[Whereabouts]:
    """Where what fits all words of `description` is believed to be, as "red can" or "MV-017"; the one seen last first, and
    what nobody knows the place of at the end. Raises BadInput for a description without a word."""
    words = frozenset(words_of(description))
    if not words:
        raise BadInput("what is looked for", description, 'words as "red can", or a code')
    bounded(limit)
    now = memory.clock.utc_ns()
    with memory.reading() as db:
        found = [thing for thing in things(db, now) if thing.fits(words)]
    places = [Whereabouts(t, t.place, t.last_ns, "told" if "place" in t.told else "seen") for t in found]
    return sorted(places, key=lambda w: w.place in (GONE, ""))[:limit]


def what_changed(memory: Memory, since_ns: int, limit: int = 20) -> list[Hit]:
    """What became otherwise from `since_ns` (UTC) on: objects that came, moved, went or turned out otherwise, facts that were
    told, learned, lifted, or seen for the first time with this value; in the order in which it happened, the latest `limit`."""
    bounded(limit)
    kinds = ("told", "inferred", "lifted", "forgot")
    with memory.reading() as db:
        moves = "SELECT seq FROM sightings WHERE utc_ns >= ? AND event != 'seen'"
        first = "SELECT id FROM facts WHERE first_ns >= ? AND provenance = 'seen'"
        other = f"SELECT seq FROM events WHERE utc_ns >= ? AND kind IN ({', '.join('?' * len(kinds))})"
        union = f"{moves} UNION {first} UNION {other} ORDER BY 1 DESC LIMIT ?"
        seqs = [row[0] for row in db.execute(union, (since_ns, since_ns, since_ns, *kinds, limit)).fetchall()]
        events = [event for seq in reversed(seqs) if (event := event_of(db, seq)) is not None and event.body is not None]
    return [Hit(e.seq, e.utc_ns, e.kind, *_words(e.kind, e.seq, e.data)) for e in events]


def _words(kind: str, seq: int, body: dict[str, Any]) -> tuple[str, str]:
    """What an event is about, and its text."""
    told = text_in(kind, seq, body)
    if told is not None:
        return told[1], told[2]
    if kind == "lifted":
        return str(body.get("subject", "")), f"{body.get('subject')} {body.get('key')} no longer: {body.get('why')}"
    return "", f"{len(body['events'])} events were forgotten: {body['what']}"


def first_job(db: sqlite3.Connection, jobs: int) -> int:
    """The number of the first of the last `jobs` jobs; 0 where there are none."""
    nth = "SELECT min(id) FROM (SELECT id FROM jobs ORDER BY id DESC LIMIT ?)"
    return int(db.execute(nth, (jobs,)).fetchone()[0] or 0)


def runs_of(db: sqlite3.Connection, jobs: int | None = None) -> list[Run]:
    """Every call of a skill, or those since the last `jobs` jobs began, in order."""
    first = 0 if jobs is None else first_job(db, jobs)
    columns = "seq, job, skill, category, place, status, code, seconds"
    return [Run(*row) for row in db.execute(f"SELECT {columns} FROM runs WHERE seq > ? ORDER BY seq", (first,)).fetchall()]


def how_did_it_go(memory: Memory, skill: str = "", category: str = "", place: str = "", limit: int = 100) -> list[Cost]:
    """How often skills succeeded and how long they took, by skill, category and place; "" for any. By name."""
    bounded(limit)
    wanted = (skill, category, place)
    with memory.reading() as db:
        groups = costs_of(runs_of(db)).groups
    exact = groups.get(wanted)
    if skill and (category or place) and exact is not None:
        return [exact]
    return [c for of, c in groups.items() if all(w in ("", part) for w, part in zip(wanted, of, strict=True))][:limit]
