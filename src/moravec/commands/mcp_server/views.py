"""What a client may read, as plain JSON data. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from moravec.brain.memory.explain import explain
from moravec.brain.memory.listing import KINDS, counts, entries, entry
from moravec.brain.memory.recall import recall_near, recall_text, recall_time, where_is
from moravec.brain.memory.store import Memory
from moravec.commands.clock import WallClock
from moravec.commands.memory import hits_to_json
from moravec.core.errors import BadInput
from moravec.core.workplace import Workplace
from moravec.skills.contract import Manifest
from moravec.skills.delivery import delivery_skills

FEW = 20  # results, where nothing else is asked for


def places(workplace: Workplace) -> dict[str, Any]:
    """The workplace as its drawing shows it: sizes [m] in the world frame, the words that instructions use, the storing rule."""
    return {
        "name": workplace.name,
        "places": [
            {"name": p.name, "kind": p.kind, "centre": list(p.centre), "size": list(p.size), "floor": p.floor, "rim": p.rim}
            for p in workplace.places
        ],
        "categories": list(workplace.categories), "colours": list(workplace.colours), "labels": list(workplace.labels),
        "storing_rule": dict(workplace.storing_rule),
    }  # fmt: skip


def skills() -> dict[str, Any]:
    """Each skill's manifest; `parameters` is the JSON schema of its arguments. A plan calls them; no client does."""
    return {"skills": [_skill(skill.manifest) for skill in delivery_skills().values()]}


def inventory(memory: Path | None, believed: Mapping[str, Any] | None, limit: int = FEW) -> dict[str, Any]:
    """What is believed to be where: by the memory, where there is one, else by the last job. Raises BadInput."""
    if memory is not None:
        with _opened(memory) as file:
            return {"source": "memory", "counts": counts(file), "objects": entries(file, "objects", limit)}
    objects = [] if believed is None else list(believed.get("items", ()))
    source = "nothing" if believed is None else "last job"
    return {"source": source, "counts": {"objects": len(objects)}, "objects": objects[:limit]}


def search(memory: Path | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """By words, by place, or by time; exactly one of them. Raises BadInput."""
    ways = [name for name, used in (("words", "words" in given), ("near", "near" in given),
                                    ("since or until", "since" in given or "until" in given)) if used]  # fmt: skip
    if len(ways) != 1:
        raise BadInput("a search", " and ".join(ways) or "nothing to search for", "exactly one of words; near; since and until")
    limit = given.get("limit", FEW)
    with _opened(memory) as file:
        if "near" in given:
            return {"where": [], "hits": hits_to_json(recall_near(file, given["near"], given.get("radius", 0.2), limit))}
        if "words" in given:
            found = where_is(file, given["words"], limit)
            where = [{"name": w.thing.name, "what": w.thing.describe(), "place": w.place, "provenance": w.provenance}
                     for w in found]  # fmt: skip
            return {"where": where, "hits": hits_to_json(recall_text(file, given["words"], limit))}
        start, end = given.get("since"), given.get("until")
        after = 0 if start is None else _date("since", start)
        before = file.clock.utc_ns() + 1 if end is None else _date("until", end)
        return {"where": [], "hits": hits_to_json(recall_time(file, after, before, limit))}


def listed(memory: Path | None, kind: str, limit: int = FEW) -> dict[str, Any]:
    """The newest of one kind of what is remembered. Raises BadInput."""
    with _opened(memory) as file:
        return {"kind": kind, "entries": entries(file, kind, limit)}


def explained(memory: Path | None, name: str, key: str | None = None) -> dict[str, Any]:
    """What is known of `name`, and why it is believed, with the evidence. Raises BadInput."""
    with _opened(memory) as file:
        return {"entry": entry(file, name), **explain(file, name, key)}


def remembered_kinds() -> tuple[str, ...]:
    """What `listed` can list."""
    return tuple(KINDS)


def _opened(memory: Path | None) -> Memory:
    if memory is None:
        raise BadInput("the memory", "none", "a server that was started with 'moravec mcp --memory FILE'")
    return Memory(memory, WallClock())


def _date(asked: str, text: str) -> int:
    from moravec.brain.memory.dates import utc_of

    return utc_of(f"{asked!r} of a search", text)


def _skill(manifest: Manifest) -> dict[str, Any]:
    takes = manifest.parameters
    properties = {p.name: {"type": "string", "description": f"{p.doc} (a symbol of the kind {p.kind})"} for p in takes}
    schema = {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    return {
        "name": manifest.name, "doc": manifest.doc, "parameters": schema,
        "cannot_because": [condition.why for condition in manifest.preconditions],
        "errors": [{"code": e.code, "recoverable": e.recoverable, "doc": e.doc} for e in manifest.errors],
        "timeout_s": manifest.timeout,
    }  # fmt: skip
