"""What `moravec memory` says to people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from moravec.brain.memory.dates import iso
from moravec.brain.memory.project import words_for

if TYPE_CHECKING:
    from moravec.brain.memory.recall import Hit

WIDE = 110  # characters of a told text


def hits_in_words(hits: Sequence[Hit]) -> str:
    """One line each."""
    lines = []
    for hit in hits:
        away = "" if hit.distance is None else f", {hit.distance:.3f} m away"
        lines.append(f"{iso(hit.utc_ns)}  {hit.ref}  {shorten(hit.text, WIDE, placeholder=' …')}{away}")
    return "\n".join(lines)


def listed(kind: str, entries: Sequence[Mapping[str, Any]]) -> str:
    """One line for each entry."""
    lines = {"jobs": _job, "objects": _object, "places": _place, "facts": _fact, "skills": _skill, "answers": _answer}
    return "\n".join(lines[kind](entry) for entry in entries) or f"no {kind} yet"


def _job(job: Mapping[str, Any]) -> str:
    end = {True: "done", False: "not done", None: "no end was written"}[job["success"]]
    text = shorten(job["instruction"] or "(forgotten)", WIDE, placeholder=" …")
    return f"{job['name']}  {job['begun'] or '(forgotten)'}  {end}  {text}"


def _object(thing: Mapping[str, Any]) -> str:
    told = f" (told: {', '.join(thing['told'])})" if thing["told"] else ""
    return f"{thing['name']}  {thing['what']}  {thing['place']}  {thing['last']}{told}"


def _place(place: Mapping[str, Any]) -> str:
    facts = [f"{key} {words_for(value)}" for key, value in place.items() if key not in ("name", "kind", "position")]
    return f"{place['name']}  {place['kind']}" + (f"  {', '.join(facts)}" if facts else "")


def _fact(fact: Mapping[str, Any]) -> str:
    why = f": {fact['why']}" if fact["why"] else ""
    until = f", until {fact['expires']}" if fact["expires"] else ""
    said = f"{fact['name']}  {fact['subject']} {fact['key']} {words_for(fact['value'])}"
    return f"{said}  {fact['provenance']} {fact['count']} times, last {fact['last']}{until}{why}"


def _skill(cost: Mapping[str, Any]) -> str:
    seconds = "" if cost["median_s"] is None else f", median {cost['median_s']:.1f} s"
    codes = ", ".join(f"{code} {n}" for code, n in cost["codes"].items())
    at = f" at {cost['place']}" if cost["place"] else ""
    share = f"{cost['successes']} of {cost['n']}, 95 % interval {100 * cost['low']:.0f} to {100 * cost['high']:.0f} %"
    return f"{cost['name']}{at}  {share}{seconds}" + (f"; failed: {codes}" if codes else "")


def _answer(answer: Mapping[str, Any]) -> str:
    said = f"{answer['name']}  {answer['given']}  {answer['question']} -> {answer['answer']}"
    return f"{said}  @{answer['scope']}, used {answer['used']} times"


def shown(entry: Mapping[str, Any]) -> str:
    """One entry with all its fields."""
    lines = []
    for key, value in entry.items():
        if key == "facts":
            lines += [f"  {_fact(fact)}" for fact in value]
        elif key == "went":
            lines += [f"  {_skill(cost)}" for cost in value]
        elif key == "seen":
            lines += [f"  {row['time']}  {row['event']}  {row['place']}" for row in value]
        elif key == "holds":
            lines += [f"  holds {row['what']} ({row['name']})" for row in value]
        elif value not in (None, "", []):
            lines.append(f"{key}: {', '.join(map(_part, value)) if isinstance(value, list) else words_for(value)}")
    return "\n".join(lines)


def _part(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def explained(found: Mapping[str, Any]) -> str:
    """Each belief, what it rests on, and what stands beside it."""
    lines = [f"{found['name']} ({found['kind']})"]
    for belief in found["beliefs"]:
        lines.append(f"{belief['key']}: {_said(belief)}")
        lines += _evidence(belief)
        for row in belief["beside"]:
            lines.append(f"  beside it: {_said(row)}; {row.get('not_counted', 'it does not count')}")
            lines += _evidence(row)
    return "\n".join(lines) if found["beliefs"] else f"nothing is believed of {found['name']}"


def _said(belief: Mapping[str, Any]) -> str:
    if belief["provenance"] is None:
        return "nothing that counts"
    who = f" by {belief['who']}" if belief.get("who") else ""
    times = f", {belief['count']} times since {belief['first']}" if belief.get("count") else ""
    why = f" ({belief['why']})" if belief.get("why") and belief["provenance"] == "inferred" else ""
    until = f", until {belief['expires']}" if belief.get("expires") else ""
    return f"{words_for(belief['value'])}, {belief['provenance']}{who}{times}{until}{why}"


def _evidence(belief: Mapping[str, Any]) -> list[str]:
    rows = belief["evidence"]
    return [f"    {row['time']}  event {row['event']}  {shorten(row['text'], WIDE, placeholder=' …')}" for row in rows]
