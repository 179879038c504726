"""What is known, by kind, as plain JSON data; the newest first, and names in order."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from moravec.brain.memory.chain import read_back
from moravec.brain.memory.costs import Cost, costs_of
from moravec.brain.memory.dates import iso
from moravec.brain.memory.facts import Fact, beliefs, facts_of
from moravec.brain.memory.names import Named, named
from moravec.brain.memory.recall import bounded, runs_of
from moravec.brain.memory.store import Memory
from moravec.brain.memory.things import things
from moravec.core.errors import BadInput

Entries = list[dict[str, Any]]


def counts(memory: Memory) -> dict[str, int]:
    """How many of each kind there are."""
    rows = {kind: kind for kind in KINDS} | {"skills": "(SELECT skill, category FROM runs UNION SELECT skill, '' FROM runs)"}
    with memory.reading() as db:
        there = {kind: int(db.execute(f"SELECT count(*) FROM {of}").fetchone()[0]) for kind, of in rows.items()}
        return there | {"facts": len(_facts(db, memory.clock.utc_ns()))}


def entries(memory: Memory, kind: str, limit: int | None = None) -> Entries:
    """All that is known of one kind, of KINDS. Raises BadInput."""
    if kind not in KINDS:
        raise BadInput("a kind of memory", kind, KINDS)
    if limit is not None:
        bounded(limit)
    with memory.reading() as db:
        return KINDS[kind](db, memory.clock.utc_ns())[:limit]


def entry(memory: Memory, name: str) -> dict[str, Any]:
    """What is known of what is called `name`: {"kind", ...} with its fields, and "facts" that count. Raises BadInput."""
    now = memory.clock.utc_ns()
    with memory.reading() as db:
        about = named(db, name, now)
        facts = [_fact(f) for f in beliefs(facts_of(db, about.name), now).values()]
        return {"kind": about.kind, **_fields(db, about, now), "facts": facts}


def _fields(db: sqlite3.Connection, about: Named, now: int) -> dict[str, Any]:
    """The listed entry, or what comes closest to one."""
    if about.kind == "skill":
        skill, _, category = about.name.partition("(")
        groups = costs_of(runs_of(db)).groups.items()
        mine = [cost for of, cost in groups if of[0] == skill and (not category or of[1] == category[:-1])]
        return {"name": about.name, "went": [cost_to_json(cost) for cost in mine]}
    rows = {"object": _objects, "place": _places, "job": _jobs, "answer": _answers, "fact": _facts}[about.kind](db, now)
    found = next((row for row in rows if row["name"] == about.name), None)
    if found is None:  # a fact that does not count
        found = next(_fact(fact) for fact in facts_of(db) if fact.name == about.name)
    if about.kind == "object":
        seen = "SELECT utc_ns, event, place, x, y, z, confidence, seen_by, job FROM sightings WHERE object = ? ORDER BY seq DESC"
        found["seen"] = [
            {"time": iso(r[0]), "event": r[1], "place": r[2], "position": None if r[3] is None else list(r[3:6]),
             "confidence": r[6], "seen_by": r[7], "job": f"job-{r[8]}"}
            for r in db.execute(f"{seen} LIMIT 50", (about.number,)).fetchall()
        ]  # fmt: skip
    if about.kind == "place":
        found["holds"] = [{"name": t.name, "what": t.describe()} for t in things(db, now) if t.place == about.name]
    return found


def _jobs(db: sqlite3.Connection, now: int) -> Entries:
    names = ("begun_ns", "ended_ns", "instruction", "goal", "answer", "problems", "refused", "success", "trouble", "seconds",
             "steps", "failed", "replans", "questions")  # fmt: skip
    rows = db.execute(f"SELECT id, {', '.join(names)} FROM jobs ORDER BY id DESC").fetchall()
    found = []
    for number, *values in rows:
        row = {"name": f"job-{number}", **dict(zip(names, values, strict=True))}
        row |= {"begun": iso(row.pop("begun_ns")), "ended": iso(row.pop("ended_ns"))}
        row["problems"] = read_back(row["problems"]) if row["problems"] else []
        row["success"] = None if row["success"] is None else bool(row["success"])
        found.append(row)
    return found


def _objects(db: sqlite3.Connection, now: int) -> Entries:
    return [
        {"name": t.name, "what": t.describe(), "category": t.category, "colour": t.colour, "damaged": t.damaged, "code": t.code,
         "place": t.place, "position": list(t.position), "confidence": t.confidence, "seen_by": t.seen_by,
         "first": iso(t.first_ns), "last": iso(t.last_ns), "job": f"job-{t.job}", "told": list(t.told)}
        for t in things(db, now)
    ]  # fmt: skip


def _places(db: sqlite3.Connection, now: int) -> Entries:
    held = beliefs(facts_of(db), now)
    rows = db.execute("SELECT name, kind, x, y, floor FROM places ORDER BY name").fetchall()
    return [
        {"name": name, "kind": kind, "position": [x, y, floor], **{k: f.value for (s, k), f in held.items() if s == name}}
        for name, kind, x, y, floor in rows
    ]


def _facts(db: sqlite3.Connection, now: int) -> Entries:
    return [_fact(fact) for _, fact in sorted(beliefs(facts_of(db), now).items())]


def _fact(fact: Fact) -> dict[str, Any]:
    return {
        "name": fact.name, "subject": fact.subject, "key": fact.key, "value": fact.value, "provenance": fact.provenance,
        "who": fact.who, "why": fact.why, "expires": iso(fact.expires_ns), "first": iso(fact.first_ns),
        "last": iso(fact.last_ns), "count": fact.count,
    }  # fmt: skip


def _skills(db: sqlite3.Connection, now: int) -> Entries:
    groups = costs_of(runs_of(db)).groups
    return [cost_to_json(cost) for of, cost in groups.items() if not of[2]]


def cost_to_json(cost: Cost) -> dict[str, Any]:
    """A group of calls as JSON data; the share's interval is Wilson's, 95 %."""
    skill, category, place = cost.of
    return {
        "name": f"{skill}({category})" if category else skill, "skill": skill, "category": category, "place": place, "n": cost.n,
        "successes": cost.successes, "low": round(cost.low, 4), "high": round(cost.high, 4), "median_s": cost.median_s,
        "codes": dict(cost.codes),
    }  # fmt: skip


def _answers(db: sqlite3.Connection, now: int) -> Entries:
    held = beliefs(facts_of(db), now)
    columns = "id, job, utc_ns, question, options, answer, why, who, scope, expires_ns, used"
    found = []
    for number, job, given, question, options, answer, why, who, scope, expires, used in db.execute(
        f"SELECT {columns} FROM answers ORDER BY id DESC"
    ).fetchall():
        row = {"name": f"answer-{number}", "job": f"job-{job}", "given": iso(given), "question": question, "answer": answer}
        row |= {"options": read_back(options), "why": why, "who": who, "scope": scope, "expires": iso(expires), "used": used}
        said = {key: held.get((f"answer-{number}", key)) for key in ("answer", "scope")}
        found.append(row | {key: fact.value for key, fact in said.items() if fact is not None})
    return found


KINDS: dict[str, Callable[[sqlite3.Connection, int], Entries]] = {
    "jobs": _jobs, "objects": _objects, "places": _places, "facts": _facts, "skills": _skills, "answers": _answers,
}  # fmt: skip
