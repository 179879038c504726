"""From events to tables: what each kind of event means. The same events give the same tables, row for row."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from moravec.brain.memory.chain import Event
from moravec.brain.memory.schema import MADE_TABLES
from moravec.brain.memory.words import words_of

Body: TypeAlias = Mapping[str, Any]
_INSERT_SIGHTING = "INSERT INTO sightings VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


def project(db: sqlite3.Connection, event: Event) -> None:
    """Takes one event into the tables; a forgotten one changes nothing."""
    if event.body is None:
        return
    body = event.data
    make = _KINDS.get(event.kind)
    if make is not None:
        make(db, event, body)
    told = text_in(event.kind, event.seq, body)
    if told is not None:
        kind, ref, text = told
        words = words_of(text)
        row = (event.seq, event.utc_ns, kind, ref, text, f" {' '.join(words)} ")
        db.execute("INSERT INTO texts VALUES (?, ?, ?, ?, ?, ?)", row)


def project_all(db: sqlite3.Connection, events: Iterable[Event]) -> None:
    """Makes all tables anew."""
    for table in MADE_TABLES:
        db.execute(f"DELETE FROM {table}")
    for event in events:
        project(db, event)


def text_in(kind: str, seq: int, body: Body) -> tuple[str, str, str] | None:
    """What a search by words finds of an event: its kind, what it is about, its text; None where it has none."""
    if kind == "job":
        return "job", f"job-{seq}", str(body["instruction"])
    if kind == "account":
        parts = [str(body[name]) for name in ("goal", "answer", "refused") if body.get(name)]
        return "job", f"job-{body['job']}", "; ".join([*parts, *map(str, body["problems"])])
    if kind == "sighting":
        name = f"object-{body['object'] or seq}"
        return "object", name, " ".join(str(w) for w in (body.get("what"), body["event"], body.get("place")) if w)
    if kind in ("observed", "told", "inferred"):
        words = (body["subject"], body["key"], words_for(body["value"]), body.get("why"))
        return "fact", str(body["subject"]), " ".join(str(w) for w in words if w)
    if kind == "answer":
        return "answer", f"answer-{seq}", f"{body['question']} {body['answer']}"
    return None


def words_for(value: object) -> str:
    """A fact's value for people."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


# ── what each kind does ──────────────────────────────────────────────────────────────────────────────────────────────
def _site(db: sqlite3.Connection, event: Event, body: Body) -> None:
    db.execute("INSERT INTO site VALUES (?)", (body["name"],))


def _place(db: sqlite3.Connection, event: Event, body: Body) -> None:
    row = (body["name"], body["kind"], *body["centre"], body["floor"], body["rim"], *body["size"])
    db.execute("INSERT OR REPLACE INTO places VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)


def _job(db: sqlite3.Connection, event: Event, body: Body) -> None:
    columns = "id, begun_ns, instruction"
    db.execute(f"INSERT INTO jobs({columns}) VALUES (?, ?, ?)", (event.seq, event.utc_ns, body["instruction"]))


def _account(db: sqlite3.Connection, event: Event, body: Body) -> None:
    db.execute("INSERT OR IGNORE INTO jobs(id) VALUES (?)", (body["job"],))
    row = (body["goal"], body["answer"], json.dumps(body["problems"]), body["refused"], body["job"])
    db.execute("UPDATE jobs SET goal = ?, answer = ?, problems = ?, refused = ? WHERE id = ?", row)


def _ended(db: sqlite3.Connection, event: Event, body: Body) -> None:
    db.execute("INSERT OR IGNORE INTO jobs(id) VALUES (?)", (body["job"],))
    names = ("success", "trouble", "seconds", "steps", "failed", "replans", "questions")
    sets = ", ".join(f"{name} = ?" for name in names)
    db.execute(f"UPDATE jobs SET ended_ns = ?, {sets} WHERE id = ?", (event.utc_ns, *(body[n] for n in names), body["job"]))


def _run(db: sqlite3.Connection, event: Event, body: Body) -> None:
    names = ("skill", "category", "place", "status", "code", "seconds")
    row = (event.seq, body["job"], event.utc_ns, *(body[name] for name in names))
    db.execute("INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)


def _sighting(db: sqlite3.Connection, event: Event, body: Body) -> None:
    thing = int(body["object"] or event.seq)
    x, y, z = body["position"] or (None, None, None)
    where = (body["place"], x, y, z, body["confidence"], body["seen_by"])
    row = (event.seq, thing, body["job"], event.utc_ns, body["t"], body["event"], body["what"], *where)
    db.execute(_INSERT_SIGHTING, row)
    db.execute("INSERT OR IGNORE INTO objects(id, first_ns) VALUES (?, ?)", (thing, event.utc_ns))
    fresh = {**{k: v for k, v in (body.get("looks") or {}).items() if v is not None}, "place": body["place"]}
    fresh |= {"last_ns": event.utc_ns, "job": body["job"], "x": x, "y": y, "z": z}
    fresh |= {k: body[k] for k in ("confidence", "seen_by") if body[k] is not None}
    if "extent" in fresh:
        fresh["extent"] = json.dumps(fresh["extent"])
    sets = ", ".join(f"{name} = ?" for name in fresh)
    db.execute(f"UPDATE objects SET {sets} WHERE id = ?", (*fresh.values(), thing))
    if body["event"] == "moved":  # the robot did that itself: where a person saw it before is over
        ended = (event.seq, f"object-{thing}")
        db.execute("UPDATE facts SET ended_seq = ? WHERE subject = ? AND key = 'place' AND ended_seq IS NULL", ended)


def _fact(db: sqlite3.Connection, event: Event, body: Body) -> None:
    """What is seen or inferred again is counted; a word of a person is a fact of its own."""
    provenance = {"observed": "seen", "told": "told", "inferred": "inferred"}[event.kind]
    same, value = (body["subject"], body["key"], provenance), json.dumps(body["value"], ensure_ascii=False)
    of_same = "subject = ? AND key = ? AND provenance = ? AND ended_seq IS NULL"
    known = None
    if provenance != "told":
        known = db.execute(f"SELECT id FROM facts WHERE {of_same} AND value = ?", (*same, value)).fetchone()
    # The newest word of a person, or of a rule, ends the one before; what a person says for a while lies over it until then.
    if known is None and provenance != "seen" and body.get("expires_ns") is None:
        db.execute(f"UPDATE facts SET ended_seq = ? WHERE {of_same}", (event.seq, *same))
    about = (body.get("why"), body.get("expires_ns"))
    if known is None:
        row = (event.seq, *same[:2], value, provenance, body.get("who"), *about, event.utc_ns, event.utc_ns, event.seq, 1, None)
        db.execute("INSERT INTO facts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    else:
        again = "UPDATE facts SET why = ?, expires_ns = ?, last_ns = ?, last_seq = ?, count = count + 1 WHERE id = ?"
        db.execute(again, (*about, event.utc_ns, event.seq, known[0]))
    fact = event.seq if known is None else known[0]
    rows = [(fact, seq) for seq in {event.seq, *body.get("evidence", ())}]
    db.executemany("INSERT OR IGNORE INTO evidence VALUES (?, ?)", sorted(rows))


def _lifted(db: sqlite3.Connection, event: Event, body: Body) -> None:
    over = "UPDATE facts SET ended_seq = ? WHERE subject = ? AND key = ? AND provenance = 'inferred' AND ended_seq IS NULL"
    db.execute(over, (event.seq, body["subject"], body["key"]))


def _answer(db: sqlite3.Connection, event: Event, body: Body) -> None:
    words = (body["question"], json.dumps(body["options"], ensure_ascii=False), body["answer"], body["why"])
    row = (event.seq, body["job"], event.utc_ns, *words, body["who"], body["scope"], body["expires_ns"], 0)
    db.execute("INSERT INTO answers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)


def _used(db: sqlite3.Connection, event: Event, body: Body) -> None:
    db.execute("UPDATE answers SET used = used + 1 WHERE id = ?", (body["answer"],))


_KINDS: dict[str, Callable[[sqlite3.Connection, Event, Body], None]] = {
    "site": _site, "place": _place, "job": _job, "account": _account, "ended": _ended, "run": _run, "sighting": _sighting,
    "observed": _fact, "told": _fact, "inferred": _fact, "lifted": _lifted, "answer": _answer, "used": _used,
}  # fmt: skip
