"""Why something is believed: the belief that counts, what it rests on, and what stands beside it. Plain JSON data."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from moravec.brain.memory.dates import iso
from moravec.brain.memory.facts import Fact, believed, facts_of
from moravec.brain.memory.names import Named, named
from moravec.brain.memory.project import text_in
from moravec.brain.memory.store import Memory, event_of
from moravec.brain.memory.things import CORRECTABLE
from moravec.core.errors import BadInput

MOST = 20  # rows of evidence that are told for one belief, the newest


def explain(memory: Memory, name: str, key: str | None = None) -> dict[str, Any]:
    """{"name", "kind", "beliefs"}: each belief with "value", "provenance", who, why and since when, its "evidence" (events with
    their times, the newest first) and, "beside" it, what does not count and why. Raises BadInput."""
    now = memory.clock.utc_ns()
    with memory.reading() as db:
        about = named(db, name, now)
        if about.kind == "fact":
            (subject, key) = db.execute("SELECT subject, key FROM facts WHERE id = ?", (about.number,)).fetchone()
            about = _named(db, subject, now)
        facts = facts_of(db, about.name)
        groups: dict[str, list[Fact]] = {}
        for fact in facts:
            groups.setdefault(fact.key, []).append(fact)
        seen = _as_seen(db, about)
        keys = sorted({*groups, *seen})
        if key is not None and key not in keys:
            raise BadInput(f"what is known of {about.name}", key, keys or "nothing is")
        chosen = [k for k in keys if key in (None, k)]
        told = [_belief(db, k, groups.get(k, []), seen.get(k), now) for k in chosen]
    return {"name": about.name, "kind": about.kind, "beliefs": [belief for belief in told if belief is not None]}


def _named(db: sqlite3.Connection, name: str, now: int) -> Named:
    """What a fact is about, which may have been forgotten."""
    try:
        return named(db, name, now)
    except BadInput:
        return Named("place", name)


def _belief(
    db: sqlite3.Connection, key: str, facts: Sequence[Fact], seen: dict[str, Any] | None, now: int
) -> dict[str, Any] | None:
    """One key: what counts first. What was seen of an object counts where no fact does."""
    best = believed(facts, now)
    rows = [_told(db, fact, now) for fact in sorted(facts, key=lambda f: -f.last_seq)]
    if best is None:
        if seen is None and not rows:
            return None
        head = seen or {"key": key, "value": None, "provenance": None, "evidence": []}
        return {**head, "beside": rows}
    (first,) = [row for row in rows if row["fact"] == best.name]
    beside = [row for row in rows if row is not first]
    if seen is not None:
        beside = [{**seen, "not_counted": _agrees(seen["value"] == best.value)}, *beside]
    for row in beside:
        row.setdefault("not_counted", _agrees(row["value"] == best.value))
    return {**first, "beside": beside}


def _agrees(same: bool) -> str:
    return "it says the same" if same else "it is outranked"


def _told(db: sqlite3.Connection, fact: Fact, now: int) -> dict[str, Any]:
    """A fact as JSON data."""
    seqs = [r[0] for r in db.execute("SELECT seq FROM evidence WHERE fact = ? ORDER BY seq DESC", (fact.id,)).fetchall()]
    row = {
        "key": fact.key, "value": fact.value, "provenance": fact.provenance, "fact": fact.name, "who": fact.who, "why": fact.why,
        "expires": iso(fact.expires_ns), "first": iso(fact.first_ns), "last": iso(fact.last_ns),
        "count": fact.count, "evidence": [_event(db, seq) for seq in seqs[:MOST]],
    }  # fmt: skip
    if fact.ended_seq is not None:
        row["not_counted"] = f"event {fact.ended_seq} ended it"
    elif not fact.counts(now):
        row["not_counted"] = "it has expired"
    return row


def _event(db: sqlite3.Connection, seq: int) -> dict[str, Any]:
    """An event in a few words."""
    event = event_of(db, seq)
    if event is None or event.body is None:
        return {"event": seq, "time": None if event is None else iso(event.utc_ns), "kind": "forgotten", "text": "forgotten"}
    told = text_in(event.kind, seq, event.data)
    data = event.data
    if event.kind == "run":
        where = f" at {data['place']}" if data["place"] else ""
        text = f"job-{data['job']}: {data['skill']} {data['category']}{where}: {data['status']}, {data['code']}"
    else:
        text = told[2] if told is not None else event.kind
    return {"event": seq, "time": iso(event.utc_ns), "kind": event.kind, "text": " ".join(text.split())}


def _as_seen(db: sqlite3.Connection, about: Named) -> dict[str, dict[str, Any]]:
    """What of an object was seen, by key."""
    if about.kind != "object":
        return {}
    row = db.execute(f"SELECT {', '.join(CORRECTABLE)} FROM objects WHERE id = ?", (about.number,)).fetchone()
    newest = "SELECT seq FROM sightings WHERE object = ? ORDER BY seq DESC LIMIT ?"
    evidence = [_event(db, r[0]) for r in db.execute(newest, (about.number, MOST)).fetchall()]
    looks = [entry for entry in evidence if entry["text"] and " seen" in f" {entry['text']}"]
    values = dict(zip(CORRECTABLE, row, strict=True))
    values["damaged"] = None if values["damaged"] is None else bool(values["damaged"])
    return {
        key: {"key": key, "value": value, "provenance": "seen", "evidence": evidence if key == "place" else looks}
        for key, value in values.items()
        if value is not None
    }
