"""Takes in a job: what was asked, done, seen and answered, as events; then the rules say what follows from it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from moravec.brain.memory.facts import Value, beliefs, facts_of
from moravec.brain.memory.recall import runs_of
from moravec.brain.memory.rules import RECENT, findings
from moravec.brain.memory.store import Log, Memory
from moravec.brain.memory.things import with_code
from moravec.brain.state import GONE, HAND
from moravec.core.workplace import Place, Workplace

SCOPES = ("once", "task", "site", "always")
FULL_HOLDS = 8 * 3600  # [s] a shift: somebody has emptied a full bin by then
_PUTS = ("place", "stow", "discard")


@dataclass(frozen=True, slots=True)
class Heard:
    """A person's answer to a question, and how far it holds."""

    question: str
    options: tuple[str, ...]
    answer: str
    why: str
    scope: str = "once"


@dataclass(frozen=True, slots=True)
class Account:
    """What a job leaves to be remembered: what the mind believes of it, never what a simulator knows.

    `steps` as in `result.json`; `items` and `history` as in `Inventory.snapshot`; `labels`: bin -> label as it was read;
    `known`: item -> the remembered object that it is; `used`: the remembered answers that were used; `refuted`: remembered
    objects that are gone from where they were; `empty`: places in which a look found nothing.
    """

    success: bool
    goal: str = ""
    answer: str = ""
    problems: tuple[str, ...] = ()
    refused: str | None = None
    trouble: str = ""
    replans: int = 0
    questions: int = 0
    steps: Sequence[Mapping[str, Any]] = ()
    items: Sequence[Mapping[str, Any]] = ()
    history: Sequence[Mapping[str, Any]] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    known: Mapping[str, int] = field(default_factory=dict)
    used: tuple[int, ...] = ()
    refuted: tuple[int, ...] = ()
    empty: frozenset[str] = frozenset()
    heard: tuple[Heard, ...] = ()


def begin(memory: Memory, instruction: str, workplace: Workplace) -> int:
    """Notes that a job begins, and what the drawing says of the places where it says something new; the job's number.

    A job that has no end in the memory was broken off.
    """
    with memory.writing() as log:
        columns = "name, kind, x, y, floor, rim, size_x, size_y"
        drawn = {row[0]: row for row in log.db.execute(f"SELECT {columns} FROM places").fetchall()}
        for place in workplace.places:
            if place.kind != "obstacle" and drawn.get(place.name) != _row(place):
                body = {"name": place.name, "kind": place.kind, "floor": place.floor, "rim": place.rim}
                log.append("place", {**body, "centre": list(place.centre), "size": list(place.size)})
        return log.append("job", {"instruction": instruction})


def take_in(memory: Memory, job: int, account: Account) -> None:
    """All of a job in one transaction."""
    now = memory.clock.utc_ns()
    with memory.writing() as log:
        _calls(log, job, account)
        _things(log, job, account, now)
        _places(log, job, account, now)
        for heard in account.heard:
            options = {"options": list(heard.options), "expires_ns": None, "who": None}
            log.append("answer", {"job": job, "question": heard.question, "answer": heard.answer, "why": heard.why,
                                  "scope": heard.scope, **options})  # fmt: skip
        for used in account.used:
            log.append("used", {"job": job, "answer": used})
        account_of = {"goal": account.goal, "answer": account.answer, "refused": account.refused}
        log.append("account", {"job": job, "problems": list(account.problems), **account_of})
        failed = sum(step["status"] != "succeeded" for step in account.steps)
        seconds = round(sum(float(step["seconds"]) for step in account.steps), 6)
        log.append("ended", {"job": job, "success": account.success, "trouble": account.trouble, "seconds": seconds,
                             "steps": len(account.steps), "failed": failed, "replans": account.replans,
                             "questions": account.questions})  # fmt: skip
        review(log, now)


def review(log: Log, utc_ns: int) -> None:
    """Brings what the rules say up to date: new findings are noted with their evidence, and what holds no longer is lifted."""
    found = {(f.subject, f.key): f for f in findings(runs_of(log.db, RECENT))}
    inferred = [fact for fact in facts_of(log.db) if fact.provenance == "inferred"]
    held = beliefs(inferred, utc_ns)
    for about, fact in sorted(held.items()):
        if about not in found:
            log.append("lifted", {"subject": fact.subject, "key": fact.key, "why": "the rule behind it no longer holds"})
    for about, finding in sorted(found.items()):
        fact_now = held.get(about)
        if fact_now is None or fact_now.value != finding.value or not _rests(log.db, fact_now.id, finding.evidence):
            body = {"subject": finding.subject, "key": finding.key, "value": finding.value, "why": finding.why}
            log.append("inferred", {**body, "evidence": list(finding.evidence)})


def _rests(db: sqlite3.Connection, fact: int, evidence: tuple[int, ...]) -> bool:
    """Whether the fact has all of the evidence already."""
    known = {row[0] for row in db.execute("SELECT seq FROM evidence WHERE fact = ?", (fact,)).fetchall()}
    return set(evidence) <= known


def _row(place: Place) -> tuple[Any, ...]:
    return (place.name, place.kind, *place.centre, place.floor, place.rim, *place.size)


# ── the parts of a job ───────────────────────────────────────────────────────────────────────────────────────────────
def _calls(log: Log, job: int, account: Account) -> None:
    """Each call of a skill, by category and place and without the item's name, so that the figures outlast the item."""
    categories = {str(item["id"]): str(item["category"]) for item in account.items}
    at = {str(e["item"]): str(e["place"]) for e in account.history if e["event"] == "new"}
    for step in account.steps:
        item, place = str(step["args"].get("item", "")), str(step["args"].get("place", ""))
        where = place or at.get(item, "")
        body = {"skill": step["skill"], "category": categories.get(item, ""), "place": where}
        log.append("run", {"job": job, **body, **{key: step[key] for key in ("status", "code", "seconds")}})
        if item and step["status"] == "succeeded" and step["skill"] in ("pick", *_PUTS):
            at[item] = "" if step["skill"] == "pick" else place


def _things(log: Log, job: int, account: Account, utc_ns: int) -> None:
    """Where each item was and went, and at the end as what and where it is believed to be."""
    objects: dict[str, int] = dict(account.known)
    final = {str(item["id"]): item for item in account.items}
    for name, item in final.items():
        met = with_code(log.db, item["code"], utc_ns) if item["code"] else None
        if met is not None and met not in objects.values():  # what carries the same code is the same thing
            objects.setdefault(name, met)
    for entry, place, event in _moves(account.history):
        name = str(entry["item"])
        what = str(entry["now"]) if event != "moved" and "now" in entry else ""
        objects.setdefault(name, _sighting(log, job, objects.get(name, 0), event, place, t=entry["t"], what=what))
    for thing in account.refuted:
        if thing not in objects.values():
            _sighting(log, job, thing, "gone", GONE)
    for name, item in final.items():
        looks = {key: item[key] for key in ("category", "colour", "damaged", "code", "extent")}
        position = None if item["location"] in (GONE, HAND) else list(item["position"])
        about = {"what": _words(item), "position": position, "looks": looks, "confidence": item["category_p"],
                 "seen_by": item["camera"] or "robot"}  # fmt: skip
        objects.setdefault(name, _sighting(log, job, objects.get(name, 0), "seen", item["location"], **about))


def _sighting(log: Log, job: int, thing: int, event: str, place: str, **about: Any) -> int:
    """Notes where an object is; `thing` 0: one that was not met before. The event's number."""
    unknown = dict.fromkeys(("t", "what", "position", "looks", "confidence", "seen_by"))
    return log.append("sighting", {**unknown, "object": thing, "job": job, "event": event, "place": place, **about})


def _moves(history: Sequence[Mapping[str, Any]]) -> Iterator[tuple[Mapping[str, Any], str, str]]:
    """The entries that tell where an item is: the entry, the place, and what happened."""
    for entry in history:
        event = str(entry["event"])
        if not entry["item"]:
            continue
        if event == "moved":
            yield entry, str(entry["now"]), event
        elif event == "gone":
            yield entry, "gone", event
        elif event in ("new", "found"):
            yield entry, str(entry["place"]), event


def _words(item: Mapping[str, Any]) -> str:
    extra = [word for word in ("damaged" if item["damaged"] else "", item["code"] or "") if word]
    return " ".join([str(item["colour"]), str(item["category"]), *extra])


def _places(log: Log, job: int, account: Account, utc_ns: int) -> None:
    """Labels as they were read, and which places are full: nothing more fitted, or something did again, or nothing lay there."""

    def note(place: str, key: str, value: Value, why: str, expires_ns: int | None = None) -> None:
        body = {"subject": place, "key": key, "value": value, "job": job, "why": why, "expires_ns": expires_ns}
        log.append("observed", body)

    for place, label in sorted(account.labels.items()):
        note(place, "label", label, "read from its label")
    full = {str(e["place"]) for e in account.history if e["event"] == "full"}
    seen = beliefs([fact for fact in facts_of(log.db, key="full") if fact.provenance == "seen"], utc_ns).values()
    held = {fact.subject for fact in seen if fact.value is True}
    put = {str(s["args"].get("place")) for s in account.steps if s["skill"] in _PUTS and s["status"] == "succeeded"}
    for place in sorted(full):
        note(place, "full", True, "nothing more fitted in", utc_ns + FULL_HOLDS * 1_000_000_000)
    for place in sorted((held & (put | account.empty)) - full):
        note(place, "full", False, "something fitted in again" if place in put else "nothing lay in it")
