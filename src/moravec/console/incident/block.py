"""One incident as a short block of lines for a terminal."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np
from rich.table import Table
from rich.text import Text

from moravec.console.incident.cut import Happening
from moravec.console.incident.examine import Halt, Incident, loads
from moravec.console.incident.words import CATEGORIES, joint_name, number, path_of, seconds, sentence, watched

MOST_LINES = 6  # of one kind
LATELY = 5.0  # [s] before a stop, in which limits that were met are worth a line


def heading(incident: Incident) -> tuple[str, str]:
    """Number and time, and the check that decided."""
    clock = "at an unknown time" if incident.clock is None else f"at {incident.clock:.3f} s"
    return f"{incident.cut.number}", f"{clock}, {incident.cause.verdict.check}"


def block(head: tuple[str, str], of: int, told: Sequence[tuple[str, str]]) -> Table:
    """The block of one of `of` incidents, from its `heading` and its `lines`."""
    table = Table.grid(padding=(0, 2), pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row(Text(f"incident {head[0]} of {of}", style="bold"), Text(head[1], style="bold red"))
    for name, words in told:
        table.add_row(Text(f"  {name}", style="dim"), Text(words))
    return table


def lines(incident: Incident) -> Iterator[tuple[str, str]]:
    """Heading and words of every line, those without content left out."""
    cut, cause = incident.cut, incident.cause
    yield "why", sentence(cause.verdict, cause.rules.limits)
    yield "stop", became(incident)
    if told_of := doing(incident):
        yield "doing", told_of
    yield "states", path_of(cut.states, cut.start)
    yield "at rest", rest(incident)
    if asked := asked_words(incident):
        yield "asked", asked
    yield "loads", load_words(incident)
    if people := people_words(incident):
        yield "people", people
    for p in [p for p in incident.pulled if p.end >= -LATELY][-MOST_LINES:]:
        span = f"{p.start:+.3f} s" if p.count == 1 else f"{p.start:+.3f} to {p.end:+.3f} s"
        yield "limited", f"{p.count} x, {span}: {sentence(p.worst.verdict, p.worst.rules.limits)}"
    told = [h for h in cut.happenings if h.kind in ("reset", "refused", "tighten", "mode")]
    for _, group in groupby(told, key=lambda h: (h.kind, h.text)):
        same = list(group)
        times = f" ({len(same)} x)" if len(same) > 1 else ""
        yield "told", f"{same[0].t - cut.start:+.3f} s, {happening(same[0])}{times}"


def happening(h: Happening) -> str:
    """What happened, in words."""
    heads = {"mode": "mode ", "tighten": "limits changed by "}
    return heads.get(h.kind, "") + h.text


def became(incident: Incident) -> str:
    """The category, and what the stop turned into."""
    first, words = incident.cause, []
    for cause in incident.cut.causes[1 : MOST_LINES + 1]:
        what = watched(cause.verdict, cause.rules.limits)
        words.append(f"{cause.t - incident.cut.start:+.3f} s {what} (category {cause.verdict.category})")
    more = len(incident.cut.causes) - 1 - len(words)
    rest = "; then " + "; ".join(words) if words else ""
    return CATEGORIES[first.verdict.category] + rest + (f"; and {more} more causes" if more > 0 else "")


def doing(incident: Incident) -> str:
    """What was being done, and how old what it rested on was."""
    cut = incident.cut
    words = [] if cut.bare else ["no skill under way"]
    if cut.doing is not None:
        words = [f"{cut.doing.words}, step {cut.step_number}, {cut.start - cut.doing.start:.3f} s after it began"]
    if cut.chunk is not None:
        words.append(f"last chunk of motion from {cut.chunk.source}")
    if not (cut.bare and incident.chunk_age is None):
        words.append(f"motion made {seconds(incident.chunk_age)} before, on a picture {seconds(incident.sight_age)} old")
    return "; ".join(words)


def rest(incident: Incident) -> str:
    """How long and how far to rest, for set-points and body."""
    parts = [f"{name}: {halt_words(h, incident)}" for name, h in
             (("set-points", incident.halt), ("body", incident.measured)) if h is not None]  # fmt: skip
    return "; ".join(parts) or ("not in this black box" if incident.cut.bare else "not on this tape")


def halt_words(halt: Halt, incident: Incident) -> str:
    """As "0.142 s, tool 41.2 mm, most joint 2 (elbow) 0.0810 rad"."""
    most = int(np.argmax(halt.joints))
    if halt.joints[most] == 0.0:
        return f"{halt.time:.3f} s, nothing moved"
    name = joint_name(most, incident.cut.joint_names)
    return f"{halt.time:.3f} s, tool {1000 * halt.tool:.1f} mm, most {name} {halt.joints[most]:.4f} rad"


def asked_words(incident: Incident) -> str:
    """The joint whose asked-for speed differs most from what was approved."""
    if incident.asked_speed is None:
        return ""
    approved = incident.track.dq[incident.cut.begin]
    gap = np.abs(incident.asked_speed - approved)
    if not np.isfinite(gap).any():
        return "numbers that are not finite"
    if not np.nanmax(gap) > 0.0:
        return "what was approved"
    j = int(np.nanargmax(gap))
    name, wanted = joint_name(j, incident.cut.joint_names), float(incident.asked_speed[j])
    return f"{name} at {number(wanted)} rad/s, approved {number(float(approved[j]))} rad/s"


def load_words(incident: Incident) -> str:
    """Tool speed, joint speed, torque and force against their limits."""
    found = loads(incident)
    tool, force = found["tool_speed"], found["tool_force"]
    words = [f"tool {number(tool['at'])} of {number(tool['limit'])} m/s"]
    for key, name in (("joint_speed", "joint speed"), ("torque", "torque")):
        at, peak = found[key]["at"], found[key]["peak"]
        words.append(f"{name} {percent(at)} (peak {percent(peak)})")
    words.append(f"force {number(force['at'])} of {number(force['limit'])} N")
    return ", ".join(words)


def percent(share: float | None) -> str:
    """A share of a limit."""
    return "unknown" if share is None else f"{100.0 * share:.1f} %"


def people_words(incident: Incident) -> str:
    """Who was near, and how far they had to be."""
    nearest = incident.track.nearest
    at = float(nearest[incident.cut.begin])
    found, words = incident.protective, []
    if math.isfinite(at):
        words.append(f"nearest {number(at)} m away")
    if found is not None:
        part = incident.deciding_part
        name = "" if part < 0 else f" from the {incident.limits.bodies[part].name}"
        words.append(f"{number(found[0])} m{name}, which needs {number(found[1])} m")
    after = nearest[incident.cut.begin :]
    if np.isfinite(after).any():
        i = int(np.nanargmin(after))
        words.append(f"least {number(float(after[i]))} m at {incident.track.t[incident.cut.begin + i]:+.3f} s")
    return ", ".join(words)
