"""What happened, in words and with its numbers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from moravec.console.collect import words_of
from moravec.core.verdict import Verdict
from moravec.guard.limits import LimitTable
from moravec.guard.reasons import CHECKS, place_of
from moravec.guard.stop import StopState

UNKNOWN = 1e9  # numbers from here on stand for what is not known, or not a number
LONGEST = 240  # characters of one line from a tape
CATEGORIES = {
    0: "category 0: power removed at once",
    1: "category 1: braked, then power removed",
    2: "category 2: braked, power kept",
}


def number(value: float | None) -> str:
    """Four digits, as many as anybody reads."""
    return "unknown" if value is None or not -UNKNOWN < value < UNKNOWN else f"{value:.4g}"


def unit_of(check: str) -> str:
    """The unit of a check's value, "" where it has none."""
    return CHECKS.get(check, ("", ""))[0]


def is_fact(verdict: Verdict) -> bool:
    """Whether the check says yes or no and measures nothing."""
    return unit_of(verdict.check) == "" and verdict.limit == 0.0


def watched(verdict: Verdict, limits: LimitTable) -> str:
    """What the deciding check watches, as "distance of the nearest person from the forearm"."""
    what = CHECKS.get(verdict.check, ("", verdict.check))[1]
    return (what + _place(verdict, limits)).rstrip(",")


def _place(verdict: Verdict, limits: LimitTable) -> str:
    try:
        return place_of(verdict.check, verdict.joint, limits)
    except IndexError:
        return f" number {verdict.joint}"


def bound(verdict: Verdict) -> str:
    """The limit with what it bounds, as "at least 0.63 m"."""
    unit = unit_of(verdict.check)
    least = abs(verdict.value - verdict.limit - verdict.margin) <= abs(verdict.limit - verdict.value - verdict.margin)
    return f"at {'least' if least else 'most'} {number(verdict.limit)} {unit}".rstrip()


def sentence(verdict: Verdict, limits: LimitTable) -> str:
    """As "distance of the nearest person from the forearm: 0.52 m, allowed at least 0.63 m, margin -0.11 m"."""
    if is_fact(verdict):
        return watched(verdict, limits)
    unit = unit_of(verdict.check)
    value, margin = (f"{number(x)} {unit}".rstrip() for x in (verdict.value, verdict.margin))
    return f"{watched(verdict, limits)}: {value}, allowed {bound(verdict)}, margin {margin}"


def told(topic: str, payload: Mapping[str, Any]) -> str:
    """One line for what a skill or the log told."""
    if topic == "/skill":
        name = f"{payload.get('skill', '?')}({', '.join(words_of(payload.get('args')).values())})"
        status = str(payload.get("status", "started"))
        why = str(payload.get("message") or payload.get("code") or "")
        return short(f"{name} {'begins' if status == 'started' else status}" + (f": {why}" if why else ""))
    return short(f"{payload.get('name', '')}: {_essence(str(payload.get('message', '')))}")


def _essence(message: str) -> str:
    """Of a note that the log holds as JSON, what it says to people."""
    try:
        raw = json.loads(message)
    except ValueError:
        return message
    if not isinstance(raw, dict):
        return message
    said = [str(raw[key]) for key in ("what", "item", "why", "text") if raw.get(key)]
    return "; ".join(said) or message


def changed_limits(old: LimitTable, new: LimitTable) -> str:
    """Which fields of the table changed, with their values where these are numbers."""
    parts, values = [], asdict(new)
    for name, one in asdict(old).items():
        other = values[name]
        if one != other:
            plain = isinstance(one, int | float) and isinstance(other, int | float)
            parts.append(f"{name} {one:g} -> {other:g}" if plain else name)
    return short(", ".join(parts)) if parts else "nothing"


def joint_name(index: int, names: Sequence[str]) -> str:
    """As "joint 2 (elbow)"."""
    return f"joint {index} ({names[index]})" if index < len(names) else f"joint {index}"


def seconds(value: float | None) -> str:
    """A duration [s]."""
    return "unknown" if value is None else f"{value:.3f} s"


def relative(t: float, start: float) -> str:
    """A time [s] as counted from the stop."""
    return f"{t - start:+.3f} s"


def path_of(states: Sequence[tuple[float, StopState]], start: float) -> str:
    """As "RUN -> BRAKING -> HOLD (+0.142 s) -> RUN (+3.210 s)"."""
    words = [states[0][1].name] if states else []
    words += [s.name if t <= start else f"{s.name} ({relative(t, start)})" for t, s in states[1:]]
    return " -> ".join(words)


def short(text: str, length: int = LONGEST) -> str:
    """One line of at most `length` characters."""
    text = " ".join(text.split())
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"
