"""What a job may know from before, taken out of the memory when it begins. Values only: nothing here reads or writes a file.

None of it moves anything by itself: labels and things are offered to be confirmed or refuted by a look, answers are answers
that a person gave, and `avoid` only puts places behind others that would do as well.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from moravec.brain.memory.chain import read_back
from moravec.brain.memory.costs import Costs, costs_of
from moravec.brain.memory.facts import Fact, Value, beliefs, facts_of
from moravec.brain.memory.recall import first_job, runs_of
from moravec.brain.memory.rules import RECENT
from moravec.brain.memory.store import Memory, head_of, site_of
from moravec.brain.memory.things import Known, things

LASTING = ("site", "always")  # scopes of answers that hold for later jobs
_ABOUT_ONE = re.compile(r"\bitem-\d+\b")  # names of items mean something else in the next job
STORES = ("bin", "reject")
OFFERED = 200  # things, those met last: what was put away hundreds of jobs ago is hardly there any more


@dataclass(frozen=True, slots=True)
class KnownAnswer:
    """What a person answered before. `id` is the event of the answer."""

    id: int
    question: str
    answer: str
    scope: str
    utc_ns: int


@dataclass(frozen=True, slots=True)
class Label:
    """What is remembered of a bin's label: by whom, and how often it was seen."""

    text: str
    told: bool
    count: int


@dataclass(frozen=True, slots=True)
class Prior:
    """The memory as it was when the job began; `events` and `head` name that state of it."""

    site: str = ""
    events: int = 0
    head: str = ""
    labels: Mapping[str, Label] = field(default_factory=dict)
    things: tuple[Known, ...] = ()
    answers: Mapping[str, KnownAnswer] = field(default_factory=dict)
    avoid: frozenset[str] = frozenset()
    told: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)  # code -> what people said of the thing that carries it
    costs: Costs = field(default_factory=lambda: Costs({}))  # how skills went in the last RECENT jobs


def lasts(question: str) -> bool:
    """Whether the answer to a question can mean the same in another job: not where it is about one item."""
    return _ABOUT_ONE.search(question) is None


def prior_of(memory: Memory) -> Prior:
    """The memory's beliefs now."""
    now = memory.clock.utc_ns()
    with memory.reading() as db:
        events, head = head_of(db)
        held = beliefs(facts_of(db), now)
        labels = {s: Label(str(f.value), f.provenance == "told", f.count) for (s, key), f in held.items() if key == "label"}
        avoid = frozenset(s for (s, key), fact in held.items() if key in ("full", "sticks") and fact.value is True)
        kinds = dict(db.execute("SELECT name, kind FROM places").fetchall())
        met = things(db, now, first_job(db, RECENT))
        stored = tuple(thing for thing in met if kinds.get(thing.place) in STORES)[:OFFERED]
        costs = costs_of(runs_of(db, RECENT))
        return Prior(site_of(db), events, head, labels, stored, _answers(db, held, now), avoid, _told(met), costs)


def _told(met: Sequence[Known]) -> dict[str, dict[str, Value]]:
    """What people said of things with a code; of several with the same one the one met last counts."""
    said: dict[str, dict[str, Value]] = {}
    for thing in reversed(met):
        is_what: dict[str, Value] = {"category": thing.category, "colour": thing.colour, "damaged": thing.damaged}
        if thing.code:
            said[thing.code] = {key: value for key, value in is_what.items() if key in thing.told}
    return {code: says for code, says in said.items() if says}


def _answers(db: sqlite3.Connection, held: Mapping[tuple[str, str], Fact], utc_ns: int) -> dict[str, KnownAnswer]:
    """Question -> the newest answer that still holds; what a person corrected of an answer is laid over it."""
    found: dict[str, KnownAnswer] = {}
    columns = "id, question, options, answer, scope, utc_ns, expires_ns"
    for number, question, options, answer, scope, given, expires in db.execute(f"SELECT {columns} FROM answers ORDER BY id"):
        said = {key: held.get((f"answer-{number}", key)) for key in ("answer", "scope")}
        words = answer if said["answer"] is None else str(said["answer"].value)
        reach = scope if said["scope"] is None else str(said["scope"].value)
        live = reach in LASTING and (expires is None or utc_ns < expires) and words in read_back(options)
        if live and lasts(question):
            found[question] = KnownAnswer(number, question, words, reach, given)
    return found
