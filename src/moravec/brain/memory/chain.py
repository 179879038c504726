"""The chain of events: each row's link is the hash of all before it.

    seal = SHA-256(salt, body)            link = SHA-256(link before, [seq, utc_ns, monotonic_ns, kind] as JSON, seal)

A body that was forgotten leaves its seal behind, so that the chain can still be checked; the salt goes with the body, so that
nobody can find a short body by trying.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from moravec.core.errors import BadInput

BEGINNING = bytes(32)  # the link before the first event
SALT = 16  # [bytes]
WHOLE = "a whole file; 'moravec memory check' tells what was changed"


@dataclass(frozen=True, slots=True)
class Event:
    """One row of the chain. `body` and `salt` are None where it was forgotten."""

    seq: int
    utc_ns: int
    monotonic_ns: int
    kind: str
    body: str | None
    salt: bytes | None
    seal: bytes
    link: bytes

    @property
    def whole(self) -> bool:
        """Whether the body is what was sealed; not where it was forgotten."""
        return self.body is not None and self.salt is not None and sealed(self.salt, self.body) == self.seal

    @property
    def data(self) -> dict[str, Any]:
        """The body's fields; none where it was forgotten. Raises BadInput where it is not what was written."""
        if self.body is None:
            return {}
        if not self.whole:
            raise BadInput(f"event {self.seq} of the memory", "not what was written", WHOLE)
        return dict(json.loads(self.body))


def text_of(body: Mapping[str, Any]) -> str:
    """`body` as JSON in one way only: keys sorted, no blanks. Raises ValueError for NaN."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def read_back(text: str) -> Any:
    """The JSON data that a table holds. Raises BadInput where it is none any more."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise BadInput("a row of the memory", text[:60], WHOLE) from error


def sealed(salt: bytes, body: str) -> bytes:
    """The body's seal."""
    return hashlib.sha256(salt + body.encode()).digest()


def linked(before: bytes, seq: int, utc_ns: int, monotonic_ns: int, kind: str, seal: bytes) -> bytes:
    """The link of one event."""
    header = json.dumps([seq, utc_ns, monotonic_ns, kind], separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(before + header.encode() + seal).digest()


def faults_of(events: Iterable[Event], head: tuple[object, object]) -> list[str]:
    """What was changed in a chain that should end with `head`, (seq, link); one line each, none for a whole chain.

    An event may lack its body only where a later event of kind "forgot" names it.
    """
    faults: list[str] = []
    before, expected = BEGINNING, 1
    bare: set[int] = set()
    forgotten: set[int] = set()
    for event in events:
        if not _is_event(event):
            return [*faults, f"event {expected} is no event"]
        if event.seq != expected:
            faults.append(f"event {expected} is missing")
        if event.body is None or event.salt is None:
            bare.add(event.seq)
        elif not event.whole:
            faults.append(f"event {event.seq} ({event.kind}) does not hold what was written")
        elif event.kind == "forgot":
            forgotten |= {int(seq) for seq in event.data.get("events", ()) if int(seq) < event.seq}
        if linked(before, event.seq, event.utc_ns, event.monotonic_ns, event.kind, event.seal) != event.link:
            faults.append(f"event {event.seq} ({event.kind}) does not follow the one before it")
        before, expected = event.link, event.seq + 1
    if expected - 1 != head[0]:
        faults.append(f"it ends with event {expected - 1}; {head[0]} were written")
    elif before != head[1]:
        faults.append(f"event {head[0]}, the last one, is not the one that was written")
    faults += [f"event {seq} lost its body, and no event says that it was forgotten" for seq in sorted(bare - forgotten)]
    return faults


def _is_event(event: Event) -> bool:
    """Whether each field has its type; SQLite does not hold a damaged row to it."""
    numbers = (event.seq, event.utc_ns, event.monotonic_ns)
    whole = all(isinstance(n, int) for n in numbers) and isinstance(event.kind, str)
    whole = whole and isinstance(event.seal, bytes) and isinstance(event.link, bytes)
    return whole and isinstance(event.body, str | None) and isinstance(event.salt, bytes | None)
