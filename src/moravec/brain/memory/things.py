"""The objects that were met, as they are believed to be: what was seen, with what people said laid over it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from moravec.brain.memory.chain import read_back
from moravec.brain.memory.facts import Fact, beliefs, facts_of
from moravec.brain.memory.words import words_of

_COLUMNS = "id, category, colour, damaged, code, extent, place, x, y, z, confidence, seen_by, first_ns, last_ns, job"
CORRECTABLE = ("category", "colour", "code", "damaged", "place")  # what of an object a person's word is laid over


@dataclass(frozen=True, slots=True)
class Known:
    """One object. Lengths [m] in the workplace's world frame; `confidence` in [0, 1] is that of its category; times UTC [ns].

    `told` names the fields that come from a person.
    """

    id: int
    category: str
    colour: str
    damaged: bool
    code: str | None
    extent: tuple[float, float, float]
    place: str
    position: tuple[float, float, float]
    confidence: float
    seen_by: str
    first_ns: int
    last_ns: int
    job: int
    told: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """As "object-12"."""
        return f"object-{self.id}"

    # What `brain.match` compares
    @property
    def colour_p(self) -> float:
        """How certain its colour is."""
        return 1.0 if "colour" in self.told else 0.9

    @property
    def category_p(self) -> float:
        """How certain its category is."""
        return 1.0 if "category" in self.told else self.confidence

    def describe(self) -> str:
        """As "red can (damaged, MV-017)"."""
        extra = [word for word in ("damaged" if self.damaged else "", self.code or "") if word]
        return f"{self.colour} {self.category}".strip() + (f" ({', '.join(extra)})" if extra else "")

    def fits(self, words: frozenset[str]) -> bool:
        """Whether all of `words` (see `words_of`) describe it."""
        condition = "damaged" if self.damaged else "intact"
        return words <= set(words_of(f"{self.name} {self.category} {self.colour} {self.code or ''} {condition}"))


def things(db: sqlite3.Connection, utc_ns: int, job: int = 0) -> list[Known]:
    """Every object that was met in `job` or later, or of which a person told something; the one seen last first."""
    said: dict[str, dict[str, Fact]] = {}
    for (subject, key), fact in beliefs(facts_of(db), utc_ns).items():
        if fact.provenance == "told" and key in CORRECTABLE and subject.startswith("object-"):
            said.setdefault(subject, {})[key] = fact
    of_people = "SELECT CAST(substr(subject, 8) AS INTEGER) FROM facts WHERE provenance = 'told' AND subject GLOB 'object-*'"
    wanted = f"job >= ? OR id IN ({of_people})"
    rows = db.execute(f"SELECT {_COLUMNS} FROM objects WHERE {wanted} ORDER BY last_ns DESC, id DESC", (job,)).fetchall()
    return [_known(row, said.get(f"object-{row[0]}", {})) for row in rows]


def with_code(db: sqlite3.Connection, code: str, utc_ns: int) -> int | None:
    """The number of the object that carries `code`, as a person said or else as it was read; of several the one met last."""
    said = {about[0]: fact.value for about, fact in beliefs(facts_of(db, key="code"), utc_ns).items()}
    told = [int(subject.removeprefix("object-")) for subject, value in said.items() if value == code]
    rows = db.execute("SELECT id FROM objects WHERE code = ? ORDER BY last_ns DESC, id DESC", (code,)).fetchall()
    return max(told, default=next((int(row[0]) for row in rows if f"object-{row[0]}" not in said), None))


def _known(row: tuple[Any, ...], said: Mapping[str, Fact]) -> Known:
    number, category, colour, damaged, code, extent, place, x, y, z, confidence, seen_by, first, last, job = row
    fields: dict[str, Any] = {"category": category or "", "colour": colour or "", "damaged": bool(damaged), "code": code}
    fields |= {"place": place or ""}
    fields |= {key: fact.value for key, fact in said.items()}
    return Known(
        id=number, extent=tuple(read_back(extent)) if extent else (0.0, 0.0, 0.0),
        position=(x or 0.0, y or 0.0, z or 0.0), confidence=confidence or 0.0, seen_by=seen_by or "",
        first_ns=first or 0, last_ns=last or 0, job=job or 0, told=tuple(sorted(said)), **fields,
    )  # fmt: skip
