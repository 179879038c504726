"""What is believed: facts with where they come from, and which of several counts.

A person's word outranks what was seen, and that what a rule made of it, in whichever order they arrived; of the same kind the
newest counts. What does not count is kept beside it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from moravec.brain.memory.chain import read_back

Provenance = Literal["told", "seen", "inferred"]
Value: TypeAlias = str | bool | int | float | None
RANK: Mapping[str, int] = {"inferred": 0, "seen": 1, "told": 2}


@dataclass(frozen=True, slots=True)
class Fact:
    """One belief about `subject`. Times UTC [ns]; `count`: how often it was seen or told."""

    id: int
    subject: str
    key: str
    value: Value
    provenance: Provenance
    who: str | None
    why: str | None
    expires_ns: int | None
    first_ns: int
    last_ns: int
    last_seq: int
    count: int
    ended_seq: int | None = None  # the event that ended it

    @property
    def name(self) -> str:
        """Its name for people, as "fact-12"."""
        return f"fact-{self.id}"

    def counts(self, utc_ns: int) -> bool:
        """Whether it is neither ended nor expired."""
        return self.ended_seq is None and (self.expires_ns is None or utc_ns < self.expires_ns)


def believed(facts: Iterable[Fact], utc_ns: int) -> Fact | None:
    """Which of the facts on one key of one subject counts at `utc_ns`; None where none does."""
    live = [fact for fact in facts if fact.counts(utc_ns)]
    return max(live, key=lambda fact: (RANK[fact.provenance], fact.last_seq), default=None)


def facts_of(db: sqlite3.Connection, subject: str | None = None, key: str | None = None) -> list[Fact]:
    """All facts, those that do not count included, by subject, key and age."""
    where, values = [], []
    for column, value in (("subject", subject), ("key", key)):
        if value is not None:
            where.append(f"{column} = ?")
            values.append(value)
    clause = f" WHERE {' AND '.join(where)}" if where else ""
    columns = "id, subject, key, value, provenance, who, why, expires_ns, first_ns, last_ns, last_seq, count, ended_seq"
    rows = db.execute(f"SELECT {columns} FROM facts{clause} ORDER BY subject, key, id", values).fetchall()
    return [Fact(*(read_back(part) if i == 3 else part for i, part in enumerate(row))) for row in rows]


def beliefs(facts: Sequence[Fact], utc_ns: int) -> dict[tuple[str, str], Fact]:
    """(subject, key) -> the fact that counts."""
    groups: dict[tuple[str, str], list[Fact]] = {}
    for fact in facts:
        groups.setdefault((fact.subject, fact.key), []).append(fact)
    chosen = {about: believed(group, utc_ns) for about, group in groups.items()}
    return {about: fact for about, fact in chosen.items() if fact is not None}
