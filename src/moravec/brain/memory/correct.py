"""What people do to a memory: tell it better, and make it forget."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from moravec.brain.memory.chain import Event
from moravec.brain.memory.facts import Value
from moravec.brain.memory.learn import SCOPES, review
from moravec.brain.memory.names import Named, named
from moravec.brain.memory.store import Log, Memory, events_of
from moravec.brain.memory.words import words_of
from moravec.core.errors import BadInput

KEYS: dict[str, tuple[str, ...]] = {
    "object": ("category", "code", "colour", "damaged", "note", "place"),
    "place": ("full", "label", "note", "sticks"),
    "skill": ("note", "often"),
    "answer": ("answer", "scope"),
    "job": ("note",),
}
_YES_NO = ("damaged", "full", "sticks")
_KEPT = ("site", "forgot")  # what no forgetting touches: whose memory it is, and that something was forgotten


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was taken away: the events whose bodies are gone, and the event that says so (0: there was nothing)."""

    events: tuple[int, ...]
    noted: int


def correct(
    memory: Memory, name: str, key: str, value: str, who: str | None = None, expires_ns: int | None = None
) -> int:
    """A person says that `key` of what is called `name` is `value`; it outranks all that is seen. The fact's event.

    Raises BadInput for an unknown name, a key or a value that it cannot have.
    """
    with memory.writing() as log:
        about = named(log.db, name, memory.clock.utc_ns())
        if about.kind not in KEYS:
            raise BadInput("what can be corrected", name, "an object, place, skill, job or answer; a fact by its subject")
        if key not in KEYS[about.kind]:
            raise BadInput(f"what can be told of {about.name}", key, KEYS[about.kind])
        told = _value(log, about, key, value)
        body = {"subject": about.name, "key": key, "value": told, "who": who, "expires_ns": expires_ns}
        return log.append("told", {**body, "why": f"told by {who}" if who else "told by a person"})


def _value(log: Log, about: Named, key: str, value: str) -> Value:
    if key in _YES_NO:
        if value not in ("yes", "no"):
            raise BadInput(f"{key} of {about.name}", value, ("yes", "no"))
        return value == "yes"
    if key == "scope" and value not in SCOPES:
        raise BadInput(f"the scope of {about.name}", value, SCOPES)
    if key == "place":
        places = [str(row[0]) for row in log.db.execute("SELECT name FROM places ORDER BY name").fetchall()]
        if value not in (*places, "gone"):
            raise BadInput(f"the place of {about.name}", value, [*places, "gone"])
    if not value.strip():
        raise BadInput(f"{key} of {about.name}", value, "at least one letter")
    return value


def forget(memory: Memory, name: str, who: str | None = None) -> Forgotten:
    """Takes away every event that is about, or names, what is called `name`. Raises BadInput for an unknown name."""
    with memory.writing() as log:
        about = named(log.db, name, memory.clock.utc_ns())
        events = list(events_of(log.db))
        doomed = _about(log, about, events)
        what = about.name if about.kind != "skill" else f"the skill {about.name}"
        done = _forget(log, doomed, what, who, memory.clock.utc_ns())
    memory.scrub()
    return done


def forget_before(memory: Memory, utc_ns: int, who: str | None = None) -> Forgotten:
    """Takes away everything that was written before `utc_ns`, what people told included."""
    with memory.writing() as log:
        doomed = [event.seq for event in events_of(log.db) if event.utc_ns < utc_ns]
        done = _forget(log, doomed, f"everything before {utc_ns} ns", who, memory.clock.utc_ns())
    memory.scrub()
    return done


def _forget(log: Log, doomed: Sequence[int], what: str, who: str | None, utc_ns: int) -> Forgotten:
    kinds = {event.seq: event for event in events_of(log.db)}
    gone = sorted(seq for seq in doomed if kinds[seq].kind not in _KEPT and kinds[seq].body is not None)
    if not gone:
        return Forgotten((), 0)
    noted = log.append("forgot", {"what": what, "events": gone, "who": who})
    log.blank(gone)
    review(log, utc_ns)
    return Forgotten(tuple(gone), noted)


def _about(log: Log, about: Named, events: Sequence[Event]) -> list[int]:
    """The events that go with `about`."""
    if about.kind == "fact":
        rows = log.db.execute("SELECT subject, key, provenance FROM facts WHERE id = ?", (about.number,)).fetchone()
        kind = {"seen": "observed", "told": "told", "inferred": "inferred"}[rows[2]]
        value = next(e.data["value"] for e in events if e.seq == about.number)
        same = (rows[0], rows[1], value)
        facts = [(e.seq, e.data) for e in events if e.kind == kind]
        return [seq for seq, data in facts if (data.get("subject"), data.get("key"), data.get("value")) == same]
    if about.kind == "job":
        mine = [e.seq for e in events if e.seq == about.number or e.data.get("job") == about.number]
        return [*mine, *(e.seq for e in events if e.data.get("subject") == about.name)]
    patterns: list[tuple[str, ...]] = []
    if about.kind == "object":  # a code or a name of its own may stand in what people wrote
        looks = [e.data["looks"] for e in events if _is_of(e, about.number) and e.data.get("looks")]
        codes = {str(look["code"]) for look in looks if look["code"]}
        codes |= {str(e.data["value"]) for e in events if e.data.get("subject") == about.name and e.data.get("key") == "code"}
        patterns = [words_of(name) for name in sorted({about.name, *codes})]
    return [e.seq for e in events if _concerns(e, about) or any(_says(e, words) for words in patterns)]


def _is_of(event: Event, thing: int) -> bool:
    return event.kind == "sighting" and (event.data.get("object") or event.seq) == thing


def _concerns(event: Event, about: Named) -> bool:
    """Whether the event's own fields are about it."""
    data = event.data
    if about.kind == "object":
        return _is_of(event, about.number) or data.get("subject") == about.name
    if about.kind == "answer":
        return event.seq == about.number or data.get("answer") == about.number or data.get("subject") == about.name
    if about.kind == "skill":
        skill, _, category = about.name.partition("(")
        same = event.kind == "run" and data["skill"] == skill and (not category or data["category"] == category[:-1])
        return same or data.get("subject") == about.name
    return about.name in (data.get("place"), data.get("subject"), data.get("name")) or event.seq == about.number


def _says(event: Event, words: tuple[str, ...]) -> bool:
    """Whether a text of the event has these words one after the other."""
    if event.kind not in ("job", "account", "answer", "told", "inferred"):
        return False
    return any(_within(words, words_of(text)) for text in _texts(event.data))


def _texts(value: object) -> list[str]:
    if isinstance(value, dict):
        return [text for part in value.values() for text in _texts(part)]
    if isinstance(value, list):
        return [text for part in value for text in _texts(part)]
    return [value] if isinstance(value, str) else []


def _within(words: tuple[str, ...], text: tuple[str, ...]) -> bool:
    return any(text[i : i + len(words)] == words for i in range(len(text) - len(words) + 1))
