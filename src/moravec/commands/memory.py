"""`moravec memory`: what is remembered from job to job, why, and how people put it right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from moravec.commands.options import Options, amount, say, show, typed, unset, whole
from moravec.core.errors import BadInput

if TYPE_CHECKING:
    from moravec.brain.memory.recall import Hit
    from moravec.brain.memory.store import Memory as File

ACTIONS = ("list", "show", "explain", "correct", "forget", "search", "check")
_USES = {
    "list": "'moravec memory list [KIND]'", "show": "'moravec memory show NAME'",
    "explain": "'moravec memory explain NAME [KEY]'", "correct": "'moravec memory correct NAME KEY VALUE'",
    "forget": "'moravec memory forget NAME', or with --before DATE",
    "search": "'moravec memory search WORDS', or with --near or --since and --until", "check": "'moravec memory check'",
}  # fmt: skip
_COUNTS = {  # of words after the action: at least, at most
    "list": (0, 1), "show": (1, 1), "explain": (1, 2), "correct": (3, 3), "forget": (0, 1), "search": (0, 99), "check": (0, 0),
}  # fmt: skip

Limit = Annotated[int, typed(whole("--limit", 1, 1000), "N")]
Radius = Annotated[float, typed(amount("--radius", 0.001, 1000.0), "M")]


@dataclass(frozen=True, kw_only=True)
class Memory(Options):
    """List, explain, correct, forget and search what is remembered from job to job.

    list [KIND]: how much there is, or all of one kind (jobs, objects, places, facts, skills, answers). show NAME: one of them.
    explain NAME [KEY]: why it is believed, with the evidence. correct NAME KEY VALUE: a person says so, which outranks what is
    seen. forget NAME: everything about it. search WORDS: what holds them. check: whether anything in the file was changed.
    """

    action: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="|".join(ACTIONS))]
    """What to do."""
    words: Annotated[tyro.conf.Positional[tuple[str, ...]], tyro.conf.arg(metavar="[WORDS]", help_behavior_hint="")] = field(
        default_factory=tuple
    )
    """What it is about."""
    memory: Annotated[Path | None, unset("FILE")] = None
    """The file of 'moravec run --memory FILE'."""
    who: Annotated[str | None, unset("NAME")] = None
    """correct, forget: who says so."""
    until: Annotated[str | None, unset("DATE")] = None
    """correct: how long it holds. search: up to when."""
    since: Annotated[str | None, unset("DATE")] = None
    """search: from when on. list: what changed from then on."""
    before: Annotated[str | None, unset("DATE")] = None
    """forget: everything that was written before, what people told included."""
    near: Annotated[str | None, unset("X,Y,Z")] = None
    """search: a position [m] in the workplace's world frame."""
    radius: Radius = 0.2
    """search: how far from --near [m]."""
    limit: Limit = 50
    """list, search: at most so many results."""

    def execute(self) -> int:
        """Does it; 1 where a check found faults. Raises BadInput."""
        from moravec.brain.memory.store import Memory as File
        from moravec.commands.clock import WallClock

        doing: dict[str, Callable[[File], int]] = {
            "list": self._list, "show": self._show, "explain": self._explain, "correct": self._correct, "forget": self._forget,
            "search": self._search, "check": self._check,
        }  # fmt: skip
        if self.action not in doing:
            raise BadInput("what to do with a memory", self.action, ACTIONS)
        if self.memory is None:
            raise BadInput("--memory", "nothing", "the file of 'moravec run --memory FILE'")
        few, many = _COUNTS[self.action]
        if not few <= len(self.words) <= many:
            raise BadInput(f"'moravec memory {self.action}'", " ".join(self.words) or "nothing", _USES[self.action])
        with File(self.memory, WallClock()) as file:
            return doing[self.action](file)

    # ── asking ───────────────────────────────────────────────────────────────────────────────────────────────────
    def _list(self, file: File) -> int:
        from moravec.brain.memory.listing import counts, entries
        from moravec.brain.memory.recall import what_changed
        from moravec.commands.memory_words import hits_in_words, listed

        if self.since is not None:
            since = _date("--since", self.since)
            if self.words:
                raise BadInput("'moravec memory list'", self.words[0], "a kind or --since DATE, not both")
            changes = what_changed(file, since, self.limit)
            show(self, {"changes": hits_to_json(changes)}, hits_in_words(changes) or "nothing changed")
            return 0
        if self.words:
            found = entries(file, self.words[0], self.limit)
            show(self, {"kind": self.words[0], "entries": found}, listed(self.words[0], found))
            return 0
        (events, head), there = file.head, counts(file)
        words = [f"the memory of {file.site!r}, {events} events", *(f"{n:>8} {kind}" for kind, n in there.items())]
        show(self, {"site": file.site, "events": events, "head": head, "counts": there}, "\n".join(words))
        return 0

    def _show(self, file: File) -> int:
        from moravec.brain.memory.listing import entry
        from moravec.commands.memory_words import shown

        found = entry(file, self.words[0])
        show(self, found, shown(found))
        return 0

    def _explain(self, file: File) -> int:
        from moravec.brain.memory.explain import explain
        from moravec.commands.memory_words import explained

        found = explain(file, self.words[0], *self.words[1:])
        show(self, found, explained(found))
        return 0

    def _search(self, file: File) -> int:
        from moravec.brain.memory.recall import recall_near, recall_text, recall_time, where_is
        from moravec.commands.memory_words import hits_in_words

        ways = [bool(self.words), self.near is not None, self.since is not None or self.until is not None]
        if sum(ways) != 1:
            raise BadInput("'moravec memory search'", f"{sum(ways)} ways to search", f"one: {_USES['search']}")
        if self.near is not None:
            hits = recall_near(file, _position(self.near), self.radius, self.limit)
        elif self.words:
            query = " ".join(self.words)
            hits = recall_text(file, query, self.limit)
            places = [{"name": w.thing.name, "what": w.thing.describe(), "place": w.place, "provenance": w.provenance}
                      for w in where_is(file, query, self.limit)]  # fmt: skip
            where = [f"{p['what']} ({p['name']}): {p['place'] or 'nobody knows'}, {p['provenance']}" for p in places]
            words = "\n".join([*where, hits_in_words(hits)]).strip()
            show(self, {"where": places, "hits": hits_to_json(hits)}, words or "nothing found")
            return 0
        else:
            start = 0 if self.since is None else _date("--since", self.since)
            end = file.clock.utc_ns() + 1 if self.until is None else _date("--until", self.until)
            hits = recall_time(file, start, end, self.limit)
        show(self, {"hits": hits_to_json(hits)}, hits_in_words(hits) or "nothing found")
        return 0

    def _check(self, file: File) -> int:
        from moravec.brain.memory.check import check

        found = check(file)
        for fault in found.faults:
            say(fault)
        words = f"{found.events} events, {found.forgotten} forgotten, {len(found.faults)} faults; chain {found.head}"
        show(self, {**asdict(found), "faults": list(found.faults)}, words)
        return 1 if found.faults else 0

    # ── putting right ────────────────────────────────────────────────────────────────────────────────────────────
    def _correct(self, file: File) -> int:
        from moravec.brain.memory.correct import correct
        from moravec.brain.memory.explain import explain

        name, key, value = self.words
        until = None if self.until is None else _date("--until", self.until)
        if until is not None and until <= file.clock.utc_ns():
            raise BadInput("--until", self.until, "a date that is to come")
        fact = correct(file, name, key, value, self.who, until)
        (belief,) = explain(file, name, key)["beliefs"]
        beside = sum(row["value"] != belief["value"] for row in belief["beside"])
        words = f"fact-{fact}: {key} of {name} is {value}" + (f"; {beside} other beliefs are kept beside it" if beside else "")
        show(self, {"fact": f"fact-{fact}", "belief": belief}, words)
        return 0

    def _forget(self, file: File) -> int:
        from moravec.brain.memory.correct import forget, forget_before

        if (self.before is None) == (not self.words):
            raise BadInput("'moravec memory forget'", " ".join(self.words) or "nothing", f"one of both: {_USES['forget']}")
        if self.before is not None:
            done = forget_before(file, _date("--before", self.before), self.who)
        else:
            done = forget(file, self.words[0], self.who)
        words = f"{len(done.events)} events forgotten" if done.events else "there was nothing to forget"
        show(self, {"events": list(done.events), "noted": done.noted}, words)
        return 0


def hits_to_json(hits: list[Hit]) -> list[dict[str, Any]]:
    from moravec.brain.memory.dates import iso

    return [
        {"event": h.seq, "time": iso(h.utc_ns), "kind": h.kind, "about": h.ref, "text": h.text}
        | ({} if h.position is None else {"place": h.place, "position": list(h.position), "distance": h.distance})
        for h in hits
    ]


def _date(asked: str, text: str) -> int:
    from moravec.brain.memory.dates import utc_of

    return utc_of(asked, text)


def _position(text: str) -> tuple[float, float, float]:
    """As "0.5,0,0.1". Raises BadInput."""
    try:
        x, y, z = (float(part) for part in text.split(","))
    except ValueError as error:
        raise BadInput("--near", text, 'three numbers [m] as "0.5,0,0.1"; a negative first one as --near=-0.5,0,0.1') from error
    return x, y, z
