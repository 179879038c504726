"""What a person calls by name in a memory: "object-12", "MV-017", "bin_3", "job-4", "answer-9", "fact-7", "pick(can)"."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from moravec.brain.memory.things import with_code
from moravec.core.errors import BadInput

KINDS = ("object", "place", "job", "answer", "fact", "skill")
_NUMBERED = {"object": "objects", "job": "jobs", "answer": "answers", "fact": "facts"}


@dataclass(frozen=True, slots=True)
class Named:
    """One thing of the memory; `number` where its name has one, else 0."""

    kind: str
    name: str
    number: int = 0


def named(db: sqlite3.Connection, name: str, utc_ns: int) -> Named:
    """What is called `name`, or carries it as its code at `utc_ns`. Raises BadInput, with what may have been meant."""
    known = _all(db)
    if name in known:
        return known[name]
    number = with_code(db, name, utc_ns)
    if number is not None:
        return Named("object", f"object-{number}", number)
    codes = [str(r[0]) for r in db.execute("SELECT DISTINCT code FROM objects WHERE code IS NOT NULL").fetchall()]
    everything = [*known, *codes]
    if len(everything) <= 12:
        raise BadInput("something in this memory", name, everything or "nothing, for it is empty")
    near = BadInput("", name, everything)
    hint = str(near).rpartition("; did you mean ")[2] if "; did you mean " in str(near) else ""
    allowed = "the name of an object, place, job, answer, fact or skill, as 'moravec memory list KIND' shows them"
    raise BadInput("something in this memory", name, allowed + (f"; did you mean {hint}" if hint else ""))


def _all(db: sqlite3.Connection) -> dict[str, Named]:
    found: dict[str, Named] = {}
    for kind, table in _NUMBERED.items():
        for (number,) in db.execute(f"SELECT id FROM {table} ORDER BY id").fetchall():
            found[f"{kind}-{number}"] = Named(kind, f"{kind}-{number}", int(number))
    for (name,) in db.execute("SELECT name FROM places ORDER BY name").fetchall():
        found[str(name)] = Named("place", str(name))
    for skill, category in db.execute("SELECT DISTINCT skill, category FROM runs ORDER BY skill, category").fetchall():
        found.setdefault(str(skill), Named("skill", str(skill)))
        if category:
            found[f"{skill}({category})"] = Named("skill", f"{skill}({category})")
    return found
