"""`incident-<n>.html`: one stop on one page, in one file that needs no network and no script."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from html import escape
from importlib.resources import files

import numpy as np

from moravec.console.images import data_uri
from moravec.console.incident import block, words
from moravec.console.incident.drawings import Curve, Moment, bands, curve
from moravec.console.incident.examine import Incident
from moravec.console.incident.plan import NEAR, plan_view
from moravec.console.shell import shell
from moravec.console.svg import Axis, timeline
from moravec.core.errors import TapeError

CLOSE = 1.0  # [s] before the stop, and after rest, that the close view shows
WIDEST = 8.0  # [s] of the close view
PICTURES = 4  # most cameras shown
HAPPENINGS = 60  # most lines told
FAR = 6.0  # [m] the separation's drawing ends here: who is farther decides nothing
KINDS = {
    "reset": ("good", "reset"),
    "refused": ("bad", "refused"),
    "tighten": ("warn", "limits"),
    "mode": ("warn", "mode"),
    "skill": ("plain", "skill"),
    "log": ("plain", "told"),
    "limit": ("warn", "limited"),
    "stop": ("bad", "stopped"),
    "rest": ("plain", "at rest"),
    "pass": ("good", "restart"),
}


def page(incident: Incident, tape: str) -> str:
    """The page about one incident of the tape, or black box, named `tape`. Raises ContractError for a broken picture."""
    css = files("moravec.console.incident").joinpath("incident.css").read_text(encoding="utf-8")
    watched = words.watched(incident.cause.verdict, incident.limits)
    title = f"Incident {incident.cut.number}: {watched}"
    sections = (
        _close(incident), _places(incident), _wide(incident), _events(incident), _asked(incident), _again(incident, tape),
    )  # fmt: skip
    return shell(words.short(title, 80), _header(incident), "".join(sections), css)


# ── the head ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def _header(incident: Incident) -> str:
    cut, verdict = incident.cut, incident.cause.verdict
    what = words.watched(verdict, incident.limits)
    if words.is_fact(verdict):
        lead = f"Check {verdict.check}."
    else:
        value, margin = (f"{words.number(x)} {words.unit_of(verdict.check)}".rstrip() for x in (verdict.value, verdict.margin))
        lead = f"Check {verdict.check}: found {value}, allowed {words.bound(verdict)}, margin {margin}."
    clock = "an unknown time" if incident.clock is None else f"{incident.clock:.3f} s"
    halt = incident.halt
    protective, doing = incident.protective, block.doing(incident)
    figures = [
        ("Stop time", "–" if halt is None else f"{1000 * halt.time:.0f} <small>ms</small>"),
        ("Stop distance, tool", "–" if halt is None else f"{1000 * halt.tool:.1f} <small>mm</small>"),
        ("Category", _category(incident)),
        ("Nearest person", _metres(float(incident.track.nearest[cut.begin]))),
        ("Protective distance", "–" if protective is None else _metres(protective[1])),
        ("Chunk, picture age", f"{_age(incident.chunk_age)}, {_age(incident.sight_age)} <small>s</small>"),
    ]
    cells = "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in figures)
    return (
        f'<header><div class="brand"><b>Moravec</b><span>incident {cut.number}, at {clock}</span>'
        f'<span class="chip bad">Stopped</span></div><h1>{escape(what[:1].upper() + what[1:])}</h1>'
        f'<p class="lead">{escape(lead)}</p><p class="soft">{escape(doing) + ".<br>" if doing else ""}'
        f'{escape(words.path_of(cut.states, cut.start).replace("->", "→"))}</p><dl class="figures">{cells}</dl></header>'
    )


def _category(incident: Incident) -> str:
    first = incident.cause.verdict.category
    return str(first) if first == incident.category else f"{first} <small>then</small> {incident.category}"


def _metres(value: float) -> str:
    return f"{value:.3f} <small>m</small>" if math.isfinite(value) and value < words.UNKNOWN else "–"


def _age(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


# ── over time ────────────────────────────────────────────────────────────────────────────────────────────────────────
def _close(incident: Incident) -> str:
    """A second before the stop to a second after rest: every value, against its limit."""
    track = incident.track
    rest = incident.halt.time if incident.halt else CLOSE
    if incident.measured is not None:
        rest = max(rest, incident.measured.time)
    axis = Axis(max(-CLOSE, float(track.t[0])), max(min(rest + CLOSE, WIDEST, float(track.t[-1])), 0.01))
    moments = _moments(incident)
    check = incident.cause.verdict.check
    drawn = f"<h3>Verdicts</h3>{bands(track, axis, moments, check)}"
    drawn += "".join(_speeds(incident, axis, moments)) + _separation(incident, axis, moments) + _forces(incident, axis, moments)
    return (
        '<section><h2>Around the stop</h2><p class="note">Seconds from the verdict that stopped. The red line is that verdict, '
        "the grey dashes are rest; red dashes are limits. Blue is what was approved, grey what was measured.</p>"
        f'<div class="panel">{drawn}</div></section>'
    )


def _moments(incident: Incident) -> list[Moment]:
    """The stop, graver ones it became, rest, and what the guard was told."""
    cut = incident.cut
    first = incident.cause.verdict
    found = [Moment(0.0, "stop", words.sentence(first, incident.limits))]
    for cause in cut.causes[1:]:
        if cause.verdict.category < first.category:
            text = words.sentence(cause.verdict, cause.rules.limits)
            found.append(Moment(cause.t - cut.start, "stop", text))
    if incident.halt is not None:
        found.append(Moment(incident.halt.time, "rest", f"at rest after {1000 * incident.halt.time:.0f} ms"))
    told = [h for h in cut.happenings if h.kind in ("reset", "refused", "tighten", "mode")]
    return found + [Moment(h.t - cut.start, "told", block.happening(h)) for h in told[:HAPPENINGS]]


def _speeds(incident: Incident, axis: Axis, moments: list[Moment]) -> Iterator[str]:
    track = incident.track
    approved, measured = 100.0 * track.share("approved"), 100.0 * track.share("measured")
    fast = _fastest(incident)
    yield f'<h3>Joint speed, the fastest joint, of its limit <span class="soft">{escape(fast)}</span></h3>'
    lines = [Curve(approved, "first", filled=True), Curve(measured, "second")]
    yield curve(track.t, lines, axis, 100.0, "%", f"Joint speed in per cent of its limit; {fast}", moments)
    yield _tool_speed(incident, axis, moments)


def _fastest(incident: Incident) -> str:
    track, at = incident.track, incident.before
    shares = np.abs(track.dq[at]) / track.velocity[at]
    j = int(np.argmax(shares))
    name = words.joint_name(j, incident.cut.joint_names)
    return f"at the stop {name}, {track.dq[at, j]:.3g} rad/s of {track.velocity[at, j]:.3g}"


def _tool_speed(incident: Incident, axis: Axis, moments: list[Moment]) -> str:
    track, at = incident.track, incident.before
    limit = track.tool_speed_limit
    told = f"at the stop {track.tool_speed[at]:.3g} m/s of {limit[at]:.3g}"
    lines = [Curve(track.tool_speed, "first", filled=True)]
    constant = bool(np.all(limit == limit[0]))
    lines += [] if constant else [Curve(limit, "bound")]
    drawn = curve(track.t, lines, axis, float(limit[0]) if constant else None, "m/s", f"Tool speed; {told}", moments)
    return f'<h3>Tool speed <span class="soft">{told}</span></h3>{drawn}'


def _separation(incident: Incident, axis: Axis, moments: list[Moment]) -> str:
    track = incident.track
    if not np.isfinite(track.nearest).any():
        return ""
    found = incident.protective
    told = "" if found is None else f"at the stop {found[0]:.2f} m, {found[1]:.2f} m needed"
    apart = np.where(np.isfinite(track.apart), track.apart, track.nearest)
    lines = [Curve(np.minimum(apart, FAR), "first", low=True), Curve(np.minimum(track.needed, FAR), "bound")]
    drawn = curve(track.t, lines, axis, None, "m", f"Distance of the nearest person and protective distance; {told}", moments)
    return (
        "<h3>Nearest person, to the part with least room; red: protective distance "
        f'<span class="soft">{told}</span></h3>{drawn}'
    )


def _forces(incident: Incident, axis: Axis, moments: list[Moment]) -> str:
    track, at = incident.track, incident.cut.begin
    torque = 100.0 * track.share("torque")
    told = f"at the stop {words.number(float(torque[at]))} %"
    drawn = f'<h3>Joint torque, the most loaded joint, of its limit <span class="soft">{told}</span></h3>'
    drawn += curve(track.t, [Curve(torque, "second")], axis, 100.0, "%", f"Joint torque; {told}", moments)
    limit = float(track.force_limit[at])
    force, grip = words.number(float(track.force[at])), words.number(float(track.grip[at]))
    told = f"at the stop {force} N of {limit:g}; one finger {grip} N"
    drawn += f'<h3>Contact force on the tool <span class="soft">{told}</span></h3>'
    return drawn + curve(track.t, [Curve(track.force, "second")], axis, limit, "N", f"Contact force; {told}", moments)


def _wide(incident: Incident) -> str:
    """The whole window."""
    track, cut = incident.track, incident.cut
    axis = Axis(float(track.t[0]), max(float(track.t[-1]), float(track.t[0]) + 0.01))
    moments = _moments(incident)
    drawn = f"<h3>Verdicts</h3>{bands(track, axis, moments, incident.cause.verdict.check)}"
    shifted = [
        replace(s, start=s.start - cut.start, end=None if s.end is None else s.end - cut.start) for s in cut.steps
    ]
    if shifted:
        drawn += f"<h3>Steps</h3>{timeline(shifted, (), axis)}"
    drawn += _tool_speed(incident, axis, moments) + _separation(incident, axis, moments)
    return (
        f'<section><h2>The whole window</h2><p class="note">{-track.t[0]:.1f} s before the stop to {track.t[-1]:.1f} s after it, '
        f"{len(track.t)} ticks. Yellow dashes are resets and changes of limits or mode.</p>"
        f'<div class="panel">{drawn}</div></section>'
    )


# ── places and pictures ──────────────────────────────────────────────────────────────────────────────────────────────
def _places(incident: Incident) -> str:
    above = (
        f"<figure>{plan_view(incident)}<figcaption><b>From above</b>, at the moment of the stop. Grey: the arm; blue: the tool’s "
        "way of the last two seconds; red: its way to rest, and the part that decides with its protective distance around "
        f"it; black: people within {NEAR:g} m and where they walked.</figcaption></figure>"
    )
    cut, figures = incident.cut, []
    newest = sorted(cut.pictures.items(), key=lambda item: (-item[1][0], item[0]))
    for name, (t, picture) in newest[:PICTURES]:
        try:
            rgb = picture.decode()
        except TapeError:
            continue
        age = cut.start - t
        figures.append(
            f'<figure><img src="{data_uri(rgb, 560, 74)}" width="{rgb.shape[1]}" height="{rgb.shape[0]}" '
            f'alt="The last picture of the {escape(name)} camera"><figcaption><b>{escape(name)}</b>, the last picture before '
            f"the stop, {age:.2f} s old</figcaption></figure>"
        )
    beside = f'<div class="shots">{"".join(figures)}</div>' if figures or not cut.bare else ""
    return f'<section><h2>Where everything was</h2><div class="uneven">{above}{beside}</div></section>'


# ── words ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def _events(incident: Incident) -> str:
    cut = incident.cut
    told: list[tuple[float, str, str]] = [(h.t - cut.start, h.kind, block.happening(h)) for h in cut.happenings]
    for p in incident.pulled:
        text = f"{p.count} set-points pulled back: {words.sentence(p.worst.verdict, p.worst.rules.limits)}"
        told.append((p.start, "limit", text))
    for cause in cut.causes:
        text = f"{words.sentence(cause.verdict, cause.rules.limits)} ({words.CATEGORIES[cause.verdict.category]})"
        told.append((cause.t - cut.start, "stop", text))
    if incident.halt is not None:
        told.append((incident.halt.time, "rest", f"the set-points rest: {block.halt_words(incident.halt, incident)}"))
    if incident.measured is not None:
        told.append((incident.measured.time, "rest", f"the body rests: {block.halt_words(incident.measured, incident)}"))
    if cut.end is not None:
        told.append((cut.end - cut.start, "pass", "a fresh command passes again"))
    told.sort(key=lambda item: item[0])
    middle = next(i for i, item in enumerate(told) if item[1] == "stop")
    shown = told[max(0, middle - HAPPENINGS // 2) :][:HAPPENINGS]
    rows = "".join(
        f'<li{" class=deciding" if i == told[middle] else ""}><time>{i[0]:+.3f} s</time><span class="chip {KINDS[i[1]][0]}">'
        f"{KINDS[i[1]][1]}</span><span>{escape(i[2])}</span></li>"
        for i in shown
    )
    left = len(told) - len(shown)
    more = f'<p class="note">{left} more lines are left out here; --json has them all.</p>' if left else ""
    return f'<section><h2>What happened</h2><ol class="events">{rows}</ol>{more}</section>'


def _asked(incident: Incident) -> str:
    """Each joint in the deciding tick."""
    track, at = incident.track, incident.cut.begin
    tick = incident.cut.first.tick
    fits = incident.asked_speed is not None
    halts = (incident.halt, incident.measured)
    heads = ("Joint", "Measured", "Asked", "Approved", "Asked speed", "Approved speed", "Limit", "Torque", "Limit",
             "Way to rest", "Body’s way")  # fmt: skip
    rows = ""
    for j in range(incident.limits.joints):
        numbers = (
            track.measured_q[at, j], track.asked_q[at, j], track.q[at, j],
            incident.asked_speed[j] if incident.asked_speed is not None else math.nan, track.dq[at, j], track.velocity[at, j],
            track.tau[at, j], track.torque[at, j], *(math.nan if h is None else h.joints[j] for h in halts),
        )  # fmt: skip
        cells = "".join(f'<td class="number">{_cell(float(x))}</td>' for x in numbers)
        rows += f"<tr><td>{escape(words.joint_name(j, incident.cut.joint_names))}</td>{cells}</tr>"
    head = "".join(f"<th{'' if i == 0 else ' class=number'}>{name}</th>" for i, name in enumerate(heads))
    source = f"by {tick.asked.source}" if fits and isinstance(tick.asked.source, str) else "in no usable form"
    return (
        f'<section><h2>Asked and approved</h2><p class="note">In the tick that stopped, asked {escape(words.short(source, 80))}. '
        "Positions in rad, speeds between set-points in rad/s, torques in N m.</p>"
        '<div class="scroll" tabindex="0" role="group" aria-label="Asked and approved"><table><thead><tr>'
        f"{head}</tr></thead><tbody>{rows}</tbody></table></div></section>"
    )


def _cell(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".") if abs(value) < 1e5 else words.number(value)


def _again(incident: Incident, tape: str) -> str:
    verdict, limits = incident.cause.verdict, incident.limits
    facts = {
        "black box" if incident.cut.bare else "tape": tape,
        "robot": limits.robot,
        "limit table": limits.sha256(),
        "mode": incident.cause.rules.mode,
        "the guard said": verdict.reason,
        "command’s age": words.seconds(incident.command_age),
        "loads": block.load_words(incident),
    }
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in facts.items())
    words_of, replay = "This incident", ""
    if not incident.cut.bare:
        words_of = "Every verdict of the tape, made again bit for bit; and this incident"
        replay = f"moravec replay {escape(tape)}\n"
    return (
        f'<section><h2>Look closer</h2><p class="note">{words_of} with its curves at control rate:</p><pre>{replay}moravec '
        f'incident {escape(tape)} --n {incident.cut.number} --json</pre><dl class="facts">{rows}</dl></section>'
    )
